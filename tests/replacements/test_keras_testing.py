"""Modes of Keras's tests: which cases run, in which mode, beside the originals of Keras 2."""

import importlib
import unittest

import pytest
import tensorflow as tf
from absl.testing import parameterized

from tfcompat import replacements


def originals():
    for tests, utilities in (
        ("keras.src.testing_infra.test_combinations", "keras.src.testing_infra.test_utils"),
        ("keras.testing_infra.test_combinations", "keras.testing_infra.test_utils"),
        ("tensorflow.python.keras.keras_parameterized", "tensorflow.python.keras.testing_utils"),
    ):
        try:
            found = importlib.import_module(tests), importlib.import_module(utilities)
        except ImportError:
            continue
        yield found[0].TestCase, found[0].run_all_keras_modes, found[1].should_run_eagerly


OURS = (
    replacements.KerasTestCase,
    replacements.run_all_keras_modes,
    replacements.should_run_eagerly,
)
BOTH = [OURS, *originals()]


def run(case):
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    assert result.wasSuccessful(), result.errors + result.failures
    return result.testsRun


def cases(test_case, modes, eagerly, whole, **options):
    seen = []

    class Case(test_case):
        def test_plain(self):
            seen.append((self.id().rpartition(".")[2], eagerly(), tf.executing_eagerly()))

        @parameterized.named_parameters(("_a", 1), ("_b", 2))
        def test_parameters(self, value):
            seen.append((self.id().rpartition(".")[2], eagerly(), value))

    if whole:
        run(modes(Case, **options) if not options else modes(**options)(Case))
    else:

        class One(test_case):
            test_one = modes(**options)(Case.test_plain)

        run(One)
    return sorted(seen, key=str)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(
    "options", [{}, {"always_skip_v1": True}, {"always_skip_eager": True}], ids=str
)
def test_cases_are_those_of_the_original(whole, options):
    results = [cases(*group, whole, **options) for group in BOTH]
    eager = [mode for _, mode, _ in results[0]]
    assert (True in eager) is ("always_skip_eager" not in options)
    assert False in eager
    assert all(result == results[0] for result in results)


def test_without_a_mode_nobody_knows():
    for _, _, eagerly in BOTH:
        with pytest.raises(ValueError, match="run_eagerly_scope"):
            eagerly()
    with replacements.run_eagerly_scope(True):
        assert replacements.should_run_eagerly()
        with tf.Graph().as_default():
            assert not replacements.should_run_eagerly()
