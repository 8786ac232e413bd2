"""What pytest calls. Everything else is imported when it is first used.

pytest loads this file in every environment that has tfcompat, so that it must cost nothing
there: nothing is imported here that pytest has not imported itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tfcompat.testing.crossing import StateCrossing
    from tfcompat.testing.imports import Recorder

_STATES = "tfcompat_states"
_PACKAGES = "tfcompat_packages"
_REPORT = "tfcompat_report"
_IMPORTS = "no_private_imports"
_DEFAULT_STATES = ".tfcompat/states"

_recorder: pytest.StashKey[Recorder] = pytest.StashKey()
_claimed: pytest.StashKey[dict[str, str]] = pytest.StashKey()
_crossing: pytest.StashKey[StateCrossing] = pytest.StashKey()
_malformed: pytest.StashKey[pytest.UsageError] = pytest.StashKey()
_wants_no_private: pytest.StashKey[bool] = pytest.StashKey()


# Each marker with the line that `pytest --markers` shows. They stand here since they are
# registered in every session, and what applies them is imported where one is used.
MARKERS = {
    "tensorflow": (
        'tensorflow(specifier): skip the test unless TensorFlow fits, such as ">=2.11" '
        "(tfcompat; a nightly build or pre-release of 2.22 counts as 2.22)"
    ),
    "keras": (
        "keras(version): skip the test unless the Keras of tf.keras fits, a major version such "
        'as 3 or a specifier such as ">=3.4" (tfcompat; tf_keras is Keras 2)'
    ),
    "legacy_keras": "legacy_keras: skip the test unless tf.keras is tf_keras (tfcompat)",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("tfcompat", "TensorFlow libraries (tfcompat)")
    group.addoption(
        "--tfcompat-report",
        dest=_REPORT,
        metavar="FILE",
        help="write the results of all environments that were given the same FILE as one page "
        "of HTML, and beside it as .xml for tools that read JUnit's",
    )
    parser.addini(
        _STATES,
        "the folder that the environments share for state_crossing, relative to the ini file "
        f"(default: {_DEFAULT_STATES})",
        default="",
    )
    parser.addini(
        _PACKAGES,
        "the packages under test, whose imports no_private_imports looks at",
        type="args",
        default=[],
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """See imports from the beginning: a conftest.py often imports the package under test."""
    _record(early_config)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and what writes the report.

    Raises:
        pytest.UsageError: the name of the report is that of the .xml beside it.
    """
    for line in MARKERS.values():
        config.addinivalue_line("markers", line)
    _record(config)  # where a conftest.py has loaded the plugin
    report = config.getoption(_REPORT)
    # With pytest-xdist the results arrive in the process that starts the others.
    if report and not hasattr(config, "workerinput") and not config.getoption("collectonly"):
        from tfcompat.testing.results import Results

        results = Results(config.invocation_params.dir / report)
        config.pluginmanager.register(results, "tfcompat-results")


def _record(config: pytest.Config) -> None:
    packages = config.getini(_PACKAGES)
    if not packages or _recorder in config.stash:
        return
    from tfcompat.testing.imports import Recorder

    recorder = config.stash[_recorder] = Recorder(packages)
    recorder.install()
    config.add_cleanup(recorder.remove)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Tell what the tests run on, where an option of ours is set."""
    options = (config.getini(_STATES), config.getini(_PACKAGES), config.getoption(_REPORT))
    if not any(options):
        return None
    from tfcompat.testing import environment

    return f"tfcompat: {environment.describe()}, environment {environment.name()}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs another environment, and look at the imports last.

    Raises:
        pytest.UsageError: some markers are malformed; all of them are listed.
    """
    if any(mark.name in MARKERS for item in items for mark in item.iter_markers()):
        from tfcompat.testing import markers

        try:
            markers.apply(items, markers.of_the_project(config.getini("markers")))
        except pytest.UsageError as error:
            if not hasattr(config, "workerinput"):
                raise
            # A process of pytest-xdist that ends here is taken to have crashed, and what it
            # says is lost: every test says it instead.
            config.stash[_malformed] = error
    if _recorder in config.stash:
        # So that they see what all other tests have imported.
        items.sort(key=_looks_at_imports)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail where a usage error could not end the session."""
    error = item.config.stash.get(_malformed, None)
    if error is not None:
        raise error


def _looks_at_imports(item: pytest.Item) -> bool:
    return _IMPORTS in getattr(item, "fixturenames", ())


@pytest.fixture
def state_crossing(request: pytest.FixtureRequest) -> StateCrossing:
    """Save the state of a model or module, and restore what every environment has saved.

    See `tfcompat.testing.crossing.StateCrossing`, which this is: `state_crossing(build, *,
    train=None, outputs=None, name=None, tolerance=1e-5)`.
    """
    from tfcompat.testing import environment
    from tfcompat.testing.crossing import StateCrossing

    config, test = request.config, request.node.nodeid
    beside = config.inipath.parent if config.inipath is not None else config.rootpath
    given = config.getini(_STATES)
    shared = beside / given if given else config.rootpath / _DEFAULT_STATES
    claimed = config.stash.setdefault(_claimed, {})
    mine: set[str] = set()

    def claim(state: str) -> None:
        # A test that is run again has its own state again.
        if state in mine or claimed.setdefault(state, test) != test:
            raise pytest.UsageError(
                f"Two states of this session would be saved as {state!r}, the second by {test}. "
                "Give each a name of its own: state_crossing(build, name=...)."
            )
        mine.add(state)

    crossing = StateCrossing(shared, environment.name(), test, claim)
    request.node.stash[_crossing] = crossing
    return crossing


@pytest.fixture
def no_private_imports(request: pytest.FixtureRequest) -> None:
    """Fail the test if a package under test has imported a private name in this session.

    The packages are those of the ini option `tfcompat_packages`. Tests that ask for this run
    after all others. Every import counts that succeeded since pytest began, by whichever test
    or conftest.py, in a function or at the top of a module; see
    `tfcompat.testing.imports.Recorder`.

    Raises:
        pytest.UsageError: the option is not set, or a package was imported before pytest had
            loaded this plugin.
    """
    recorder = request.config.stash.get(_recorder, None)
    if recorder is None:
        raise pytest.UsageError(
            "no_private_imports has to know the packages under test. Name them in the ini "
            f"option {_PACKAGES}, in pyproject.toml: [tool.pytest.ini_options] "
            f'{_PACKAGES} = ["mylibrary"]'
        )
    if recorder.early:
        raise pytest.UsageError(
            f"{', '.join(recorder.early[:3])} had been imported before pytest loaded tfcompat's "
            "plugin, which has not seen what that imported. If a plugin of your own does it, "
            "have it import the package where it is used."
        )
    request.node.stash[_wants_no_private] = True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Look at the imports once the test has done its own."""
    outcome: Any = yield
    if outcome.excinfo is not None or not item.stash.get(_wants_no_private, False):
        return
    found = item.config.stash[_recorder].private()
    if found:
        from tfcompat.testing import imports

        try:
            pytest.fail(imports.explain(found, str(item.config.rootpath)), pytrace=False)
        except pytest.fail.Exception as error:
            outcome.force_exception(error)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Add the pairs of writer and reader to the report of the test, for the page."""
    outcome: Any = yield
    crossing = item.stash.get(_crossing, None)
    if crossing is not None and call.when == "call":
        import dataclasses

        # Plain values, which pytest-xdist carries from one process to the other.
        pairs = [dataclasses.asdict(pair) for pair in crossing.pairs]
        outcome.get_result().tfcompat_pairs = pairs
