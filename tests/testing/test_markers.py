"""The markers. None of this needs TensorFlow: what is installed is pretended."""

from __future__ import annotations

import os

import pytest
from packaging.version import Version

from tfcompat import _runtime
from tfcompat.testing import markers, plugin

PLUGIN = ("-p", "tfcompat.testing.plugin", "-p", "no:cacheprovider")


@pytest.fixture
def pretend(monkeypatch):
    """Return what makes this process run on other versions."""

    def versions(tensorflow, keras, legacy=False):
        found = _runtime.Runtime(
            tensorflow=Version(tensorflow),
            keras=Version(keras),
            era="keras2" if Version(keras).major == 2 else "keras3",
            legacy_keras=legacy,
            nightly=Version(tensorflow).is_devrelease,
            python=Version("3.10.0"),
        )
        monkeypatch.setattr(_runtime, "runtime", lambda: found)

    return versions


def outcome(pytester, marker):
    pytester.makepyfile(f"import pytest\n@pytest.mark.{marker}\ndef test_it():\n    pass\n")
    result = pytester.runpytest_inprocess(*PLUGIN, "-rs", "--strict-markers")
    found = result.parseoutcomes()
    assert sum(found.values()) == 1, result.stdout.str()
    (skips,) = [[line for line in result.outlines if line.startswith("SKIPPED")]]
    return next(iter(found)), skips[0] if skips else ""


@pytest.mark.parametrize(
    ("installed", "marker", "expected"),
    [
        (("2.11.0", "2.11.0"), 'tensorflow(">=2.11")', "passed"),
        (("2.10.1", "2.10.0"), 'tensorflow(">=2.11")', "skipped"),
        (("2.22.0.dev20261101", "3.16.0.dev1"), 'tensorflow(">=2.22")', "passed"),
        (("2.22.0.dev20261101", "3.16.0.dev1"), 'tensorflow("<2.22")', "skipped"),
        (("2.16.0rc1", "3.0.5"), 'tensorflow("==2.16.*")', "passed"),
        (("2.21.0", "3.12.4"), "keras(3)", "passed"),
        (("2.21.0", "3.12.4"), "keras(2)", "skipped"),
        (("2.21.0", "2.21.0", True), "keras(2)", "passed"),
        (("2.21.0", "2.21.0", True), "keras(3)", "skipped"),
        (("2.21.0", "3.3.3"), 'keras(">=3.4")', "skipped"),
        (("2.21.0", "3.4.0"), 'keras(">=3.4")', "passed"),
        (("2.22.0.dev1", "3.4.0.dev20260101"), 'keras(">=3.4")', "passed"),
        (("2.21.0", "2.21.0", True), "legacy_keras", "passed"),
        (("2.21.0", "3.12.4"), "legacy_keras", "skipped"),
        (("2.15.1", "2.15.0"), "legacy_keras", "skipped"),
    ],
)
def test_runs_where_the_environment_fits(pytester, pretend, installed, marker, expected):
    pretend(*installed)
    assert outcome(pytester, marker)[0] == expected


def test_the_reason_names_the_runtime_and_all_that_is_needed(pytester, pretend):
    pretend("2.10.1", "2.10.0")
    pytester.makepyfile(
        "import pytest\n"
        'pytestmark = pytest.mark.tensorflow(">=2.16")\n'
        "@pytest.mark.keras(3)\n@pytest.mark.tensorflow('<3')\ndef test_it():\n    pass\n"
    )
    result = pytester.runpytest_inprocess(*PLUGIN, "-rs")
    result.stdout.fnmatch_lines(
        ["*needs Keras 3 and TensorFlow >=2.16; this is TensorFlow 2.10.1, Keras 2.10.0, *"]
    )


def test_without_tensorflow_the_tests_are_skipped(pytester, monkeypatch):
    def missing():
        raise _runtime.UnsupportedReleaseError("TensorFlow is not installed.")

    monkeypatch.setattr(_runtime, "runtime", missing)
    found, reason = outcome(pytester, 'tensorflow(">=2.5")')
    assert found == "skipped"
    assert "needs TensorFlow >=2.5; this is TensorFlow is not installed." in reason


def test_all_malformed_markers_are_named_at_once(pytester):
    bad = ['tensorflow("2.11")', "tensorflow()", "tensorflow(2.11)", "keras(4)", "keras(True)"]
    bad += ['keras("3")', "legacy_keras(1)", 'tensorflow(">=2", reason="x")', 'tensorflow("")']
    tests = [f"@pytest.mark.{m}\ndef test_{i}():\n    pass\n" for i, m in enumerate(bad)]
    pytester.makepyfile("import pytest\n" + "".join(tests) + "def test_good():\n    pass\n")
    result = pytester.runpytest_inprocess(*PLUGIN)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    text = result.stderr.str()
    for number in range(len(bad)):
        assert f"::test_{number}: @pytest.mark." in text
    assert text.count("@pytest.mark.") == len(bad)
    assert '@pytest.mark.tensorflow(2.11): it takes one version specifier, such as ">=2.11"' in text
    assert "@pytest.mark.keras(4): the major versions are 2 and 3" in text


def test_a_name_that_the_project_uses_is_left_to_it(pytester):
    pytester.makeini("[pytest]\nmarkers =\n    tensorflow: needs the GPU of ours\n")
    pytester.makepyfile("import pytest\n@pytest.mark.tensorflow\ndef test_it():\n    pass\n")
    result = pytester.runpytest_inprocess(*PLUGIN, "--strict-markers")
    result.assert_outcomes(passed=1)
    assert markers.of_the_project([*plugin.MARKERS.values()]) == frozenset()


def test_the_header_is_there_where_an_option_is_set(pytester, pretend, monkeypatch):
    monkeypatch.setenv("TOX_ENV_NAME", "py310-one")
    pretend("2.12.0", "2.12.1")
    pytester.makepyfile("def test_it():\n    pass\n")
    header = "tfcompat: TensorFlow 2.12.0, Keras 2.12.1, Python 3.10.0, environment py310-one"
    assert header not in pytester.runpytest_inprocess(*PLUGIN).outlines
    for options in (("-o", "tfcompat_states=s"), ("--tfcompat-report", "r.html")):
        assert header in pytester.runpytest_inprocess(*PLUGIN, *options).outlines
    monkeypatch.delenv("TOX_ENV_NAME")
    pytester.runpytest_inprocess(*PLUGIN, "-o", "tfcompat_states=s").stdout.fnmatch_lines(
        ["*, environment py3*-tf2.12.0-keras2.12.1"]
    )


def test_a_session_that_uses_nothing_pays_nothing(pytester, monkeypatch):
    """In a process of its own, with the entry point and `-p` both."""
    info = pytester.mkdir("site") / "tfcompat_again-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tfcompat_again\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[pytest11]\ntfcompat = tfcompat.testing\n")
    paths = [str(info.parent), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    pytester.makepyfile(
        """
        import sys

        def test_it(request):
            assert request.config.pluginmanager.hasplugin("tfcompat")
            ours = {name for name in sys.modules if name.startswith("tfcompat")}
            assert ours == {"tfcompat", "tfcompat.testing", "tfcompat.testing.plugin"}
            assert not {"tensorflow", "keras", "numpy"} & {*sys.modules}
        """
    )
    result = pytester.runpytest_subprocess(*PLUGIN)
    result.assert_outcomes(passed=1)
    # pytest itself lists what is installed.
    lines = [line for line in result.outlines if not line.startswith("plugins: ")]
    assert "tfcompat" not in "\n".join(lines)
    assert result.stderr.str() == ""
    without = pytester.runpytest_subprocess("-p", "no:tfcompat", "--markers")
    assert "legacy_keras" not in without.stdout.str()
