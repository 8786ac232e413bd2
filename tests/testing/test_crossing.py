"""The fixture `state_crossing`: two environments by name, in one process with TensorFlow."""

from __future__ import annotations

import os
import pathlib
import shutil
import warnings

import numpy as np
import pytest
import tensorflow as tf

from tests.testing import pages
from tests.testing.running import run
from tfcompat import ArithmeticWarning
from tfcompat.testing import crossing

LIBRARY = pathlib.Path(__file__).parent.parent / "example_library"
TEST = """
    import os
    import tensorflow as tf

    SHAPE = 2
    FACTOR = 1.0

    def build():
        module = tf.Module()
        module.weight = tf.Variable(tf.zeros([SHAPE]))
        return {"module": module, "steps": 0}

    def train(state):
        state["module"].weight.assign_add(tf.ones([SHAPE]) * 3)
        state["steps"] += 5

    def outputs(state):
        return {"twice": [state["module"].weight * 2 * FACTOR], "steps": state["steps"]}

    def test_it(state_crossing):
        state_crossing(build, train=train, outputs=outputs)
"""
STATE = "test_it.test_it"


@pytest.fixture
def environment(pytester, monkeypatch):
    """Return what runs the test in an environment; with changes, on another library."""

    def run_in(name, *changes, source=TEST):
        monkeypatch.setenv("TOX_ENV_NAME", name)
        for before, after in changes:
            assert before in source
            source = source.replace(before, after)
        pytester.makepyfile(test_it=source)
        shutil.rmtree(pytester.path / "__pycache__", ignore_errors=True)
        return run(pytester, "--tfcompat-report", "report.html")

    return run_in


@pytest.fixture
def shared(pytester):
    return pytester.path / ".tfcompat" / "states" / STATE


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return tmp_path_factory.mktemp("written") / "first"


@pytest.fixture
def first(environment, shared, written):
    """Leave the state of the environment `first`; it is the same for each test."""
    if not written.exists():
        environment("first").assert_outcomes(passed=1)
        shutil.copytree(shared / "first", written)
    elif not (shared / "first").exists():
        shutil.copytree(written, shared / "first")


def test_states_cross_and_the_page_shows_each_pair(environment, shared, pytester):
    for name in ("first", "second", "first"):
        environment(name).assert_outcomes(passed=1)
    assert sorted(path.name for path in shared.iterdir()) == ["first", "second"]
    assert sorted(path.name for path in (shared / "first").iterdir()) == [
        "about.json",
        "expected.npz",
        "state",
    ]
    # Read with NumPy and TensorFlow alone: what the writer says it had.
    with np.load(shared / "first" / "expected.npz", allow_pickle=False) as arrays:
        found = {name: arrays[name].tolist() for name in arrays.files}
    assert found == {"variable0": [3, 3], "output0": [6, 6], "output1": 5}
    assert pages.read(pytester.path / "report.html").states == {
        (STATE, writer, reader): "passed"
        for writer in ("first", "second")
        for reader in ("first", "second")
    }


def test_an_incompatible_state_is_a_failure_that_names_the_pair_and_the_cause(
    first, environment, pytester
):
    environment("middle").assert_outcomes(passed=1)
    result = environment("second", ("SHAPE = 2", "SHAPE = 3"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            f"2 of 3 environments' states of {STATE} did not arrive here:",
            "first -> second: *",
            "    *module/weight: *(2) in the state, *(3) here",
            "middle -> second: *",
        ]
    )
    page = pages.read(pytester.path / "report.html")
    assert page.states[STATE, "first", "second"] == "failed"
    assert page.states[STATE, "second", "second"] == "passed"
    assert "module/weight" in page.texts["first", "second"]


def test_a_variable_that_the_state_lacks_is_named(first, environment):
    more = ('return {"module"', 'module.extra = tf.Variable(1.0)\n        return {"module"')
    result = environment("second", more)
    result.stdout.fnmatch_lines(["first -> second: *", "*missing*", "*module/extra*"])


def test_outputs_that_differ_are_told_with_how_far_and_where(first, environment):
    environment("close", ("FACTOR = 1.0", "FACTOR = 1.000001")).assert_outcomes(passed=1)
    result = environment("second", ("FACTOR = 1.0", "FACTOR = 1.5"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "first -> second: 1 of 2 outputs differ: output twice/0: differs by 3 at [[]0]: "
            "6 by the writer, 9 here (2 of 2 values differ, tolerance 1e-05)"
        ]
    )


def test_a_variable_that_did_not_get_its_value_is_a_failure(first, environment, shared):
    path = shared / "first" / "expected.npz"
    with np.load(path) as file:
        arrays = dict(file)
    arrays["variable0"] = np.nextafter(arrays["variable0"], np.float32(9))
    np.savez(path, **arrays)
    result = environment("second")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["first -> second: 1 of 1 variables differ: module/weight: differs by 2.38e-07 at *"]
    )


def damage_about(directory):
    (directory / "about.json").unlink()


def damage_text(directory):
    (directory / "about.json").write_text('{"format": 1, "var')


def damage_format(directory):
    path = directory / "about.json"
    path.write_text(path.read_text().replace('"format": 1', '"format": 7'))


def damage_arrays(directory):
    path = directory / "expected.npz"
    path.write_bytes(path.read_bytes()[:-40])


def damage_pickle(directory):
    np.savez(directory / "expected.npz", variable0=np.array([{}], dtype=object))


def damage_state(directory):
    (path,) = (directory / "state").glob("state-*/*.data-*")
    data = bytearray(path.read_bytes())
    data[:4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)


def damage_all(directory):
    shutil.rmtree(directory / "state")


DAMAGES = (
    damage_about,
    damage_text,
    damage_format,
    damage_arrays,
    damage_pickle,
    damage_state,
    damage_all,
)


def test_what_is_damaged_is_named_and_the_others_are_read(first, environment, shared):
    for damage in DAMAGES:
        shutil.copytree(shared / "first", shared / damage.__name__)
        damage(shared / damage.__name__)
    (shared / "empty").mkdir()
    (shared / "notes.txt").write_text("no environment")
    result = environment("second")
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert f"8 of 10 environments' states of {STATE} did not arrive here:" in text
    for name in (*(damage.__name__ for damage in DAMAGES), "empty"):
        assert f"{name} -> second: what {name} left in {shared / name} is damaged: " in text
    assert "allow_pickle=False" in text
    assert "first -> second" not in text


def test_a_state_that_fails_to_be_saved_leaves_the_earlier_one(first, environment, shared):
    before = (shared / "first" / "about.json").read_bytes()
    (shared / ".first.writing-01234567").mkdir()  # a run that was killed
    (shared / ".second.writing-01234567").mkdir()  # one that may go on
    result = environment("first", ("def outputs(state):", "def outputs(state):\n        1 / 0"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *ZeroDivisionError*"])
    assert (shared / "first" / "about.json").read_bytes() == before
    assert sorted(os.listdir(shared)) == [".second.writing-01234567", "first"]


def test_code_that_raises_when_it_reads_is_a_failure_of_the_pair(environment):
    fails = (
        'return {"twice"',
        'assert os.environ["TOX_ENV_NAME"] == "first", "only there"\n        return {"twice"',
    )
    environment("first", fails).assert_outcomes(passed=1)
    reads = ("def build():", "BUILT = []\n\n    def build():\n        BUILT.append(1)\n"
             "        assert len(BUILT) < 2, 'once only'")  # fmt: skip
    result = environment("second", reads)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["first -> second: AssertionError: once only*"])


def test_two_states_of_one_name_are_a_usage_error(environment):
    twice = ("outputs=outputs)", "outputs=outputs)\n        state_crossing(build)")
    result = environment("first", twice)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*UsageError: Two states of this session*'{STATE}'*name=*"])
    named = ("outputs=outputs)", "outputs=outputs)\n        state_crossing(build, name='other')")
    environment("first", named).assert_outcomes(passed=1)


def test_the_folder_is_relative_to_the_ini_file(environment, pytester):
    pytester.makeini("[pytest]\ntfcompat_states = elsewhere/states\n")
    environment("first").assert_outcomes(passed=1)
    assert (pytester.path / "elsewhere" / "states" / STATE / "first" / "about.json").exists()


@pytest.mark.parametrize(
    ("expected", "found", "tolerance", "message"),
    [
        ([1.0, np.nan, np.inf], [1.0, np.nan, np.inf], None, None),
        ([1.0, 2.0], [1.0, np.nan], 1e-5, "differs by inf at [1]: 2 by the writer, nan here"),
        ([np.inf], [-np.inf], 1e-5, "inf by the writer, -inf here"),
        ([np.inf], [1.0], 1e9, "inf by the writer, 1 here"),
        ([1e6], [1e6 + 1], 1e-5, None),
        ([1e6], [1e6 + 1], 1e-7, "differs by 1 at [0]"),
        ([1.0], [1.0 + 1e-12], None, "differs by 1e-12"),
        (np.array([1, 2]), np.array([1, 4]), 1.0, "differs by 2 at [1]: 2 by the writer, 4 here"),
        (np.array([1], np.int32), np.array([1], np.int64), None, None),
        (np.zeros((2, 3)), np.zeros((3, 2)), 1.0, "shape (2, 3) by the writer, (3, 2) here"),
        (
            np.array([b"a\0"], object),
            np.array([b"a"], object),
            1.0,
            "b'a\\x00' by the writer, b'a' here",
        ),
        (["é"], ["é".encode()], None, None),
        (True, False, None, "differs by 1: True by the writer, False here"),
        ([1j], [1j + 1], 1e-5, "differs by 1 at [0]"),
    ],
)
def test_differences(expected, found, tolerance, message):
    arrays = [crossing._plain(np.asarray(one)) for one in (expected, found)]
    difference = crossing._difference(*arrays, tolerance)
    if message is None:
        assert difference is None
    else:
        assert message in difference


def test_what_numpy_has_no_type_for_is_kept_exactly():
    value = tf.constant([1.0, -3.140625, 1e30], tf.bfloat16)
    plain = crossing._plain(value.numpy())
    assert plain.dtype == np.float32
    np.testing.assert_array_equal(plain, tf.cast(value, tf.float32).numpy())
    ragged = np.array([[1], [2, 3]], dtype=object)
    with pytest.raises(pytest.UsageError, match="arrays of numbers"):
        crossing._plain(ragged)


def warn_of_both():
    warnings.warn("goes on otherwise", ArithmeticWarning, stacklevel=1)
    warnings.warn("of another kind", UserWarning, stacklevel=1)


def test_arithmetic_is_noted_and_other_warnings_go_on():
    notes = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with crossing._noted(notes):
            warn_of_both()
    assert notes == ["goes on otherwise"]
    assert [str(one.message) for one in caught] == ["of another kind"]


def test_names_of_states():
    names = [
        crossing.state_name(text)
        for text in ("a/test_b.py::test_c", "t.py::t[A]", "t.py::t[a]", "t.py::t[a b]", "x" * 300)
    ]
    assert names[0] == "a.test_b.test_c"
    assert len({name.lower() for name in names}) == len(names)
    assert all(len(name) < 200 and "/" not in name and "[" not in name for name in names)


def test_the_example_library(pytester, monkeypatch):
    """Once with its own tests as they are, and once with a private import in its model."""
    shutil.copytree(LIBRARY, pytester.path, dirs_exist_ok=True)
    monkeypatch.setenv("TOX_ENV_NAME", "here")
    pytester.syspathinsert(pytester.path)
    result = run(pytester, "--tfcompat-report", "report.html", "-rs")
    counts = result.parseoutcomes()
    # One of the two that want one Keras; one or both of the two that want a release.
    assert counts["passed"] + counts["skipped"] == 10
    assert set(counts) <= {"passed", "skipped", "warnings", "warning"}
    assert 1 <= counts["skipped"] <= 3
    assert [line for line in result.outlines if line.startswith("tfcompat: TensorFlow ")]
    states = pages.read(pytester.path / "report.html").states
    assert set(states.values()) == {"passed"}
    assert len(states) == 2

    model = pytester.path / "gated" / "model.py"
    private = "from tensorflow.python.framework import ops\n"
    model.write_text(
        model.read_text().replace("\nimport tfcompat", f"\n{private}import tfcompat", 1)
    )
    result = run(pytester, "-k", "test_no_private_imports")
    result.assert_outcomes(failed=1, deselected=9)
    result.stdout.fnmatch_lines(["gated/model.py:7: tensorflow.python.framework.ops: *"])
