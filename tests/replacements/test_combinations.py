"""Tests that are generated of combinations, against the private original."""

import sys
import unittest
from typing import ClassVar

import pytest
import tensorflow as tf
from absl.testing import parameterized

from tests.replacements.originals import original
from tfcompat import replacements
from tfcompat.replacements import combinations

combine = replacements.combine


def outcome(case):
    """What running the tests of a class gives, by their names."""
    loader = unittest.defaultTestLoader
    found = {}
    for test in loader.loadTestsFromTestCase(case):
        result = test.run(unittest.TestResult())
        bad = [text.strip().splitlines()[-1] for _, text in (*result.failures, *result.errors)]
        skipped = [reason for _, reason in result.skipped]
        found[test.id().rpartition(".")[2]] = (bad, skipped)
    return found


class Named:
    """Has an address in its repr."""


def case_of(generate, customized):
    class Case(parameterized.TestCase):
        seen: ClassVar = []

        @generate(combine(mode=["graph", "eager"], x=[1, "a b", Named()]))
        def test_mode(self, x):
            self.seen.append(("mode", repr(x).split(" at ")[0], tf.executing_eagerly()))

        @generate(combine(mode=["graph", "eager"], tf_api_version=[1, 2]))
        def test_asks_for_them(self, mode, tf_api_version):
            self.seen.append((mode, tf_api_version))

        @generate(combine(x=[1, 2]))
        def test_fails(self, x):
            assert x == 1

        @generate(combine(x=1))
        def test_unknown(self):
            pass

        @generate(combine(x=1))
        def test_missing(self, x, y):
            pass

        @generate(combine(mode="neither"))
        def test_no_mode(self):
            pass

        @generate(combine(x=[1, 2], y=3), test_combinations=customized)
        def test_customized(self, x, z):
            self.seen.append(("customized", x, z))

    return Case


def class_of(generate):
    @generate(combine(mode="eager", x=[1, 2]))
    class Case(unittest.TestCase):
        seen: ClassVar = []

        def test_one(self, x):
            self.seen.append((x, tf.executing_eagerly()))

        def helper(self):
            raise AssertionError

    return Case


def customization():
    entered = []

    class Modifier(original("framework.test_combinations.ParameterModifier")):
        def modified_arguments(self, kwargs, requested_parameters):
            assert requested_parameters == ["self", "x", "z"]
            return {"y": self.DO_NOT_PASS_TO_THE_TEST, "z": kwargs["y"] * 10}

    class Context:
        def __enter__(self):
            entered.append(self)

        def __exit__(self, *args):
            entered.remove(self)

    class Combination(original("framework.test_combinations.TestCombination")):
        def should_execute_combination(self, kwargs):
            return (kwargs["x"] == 1, "x is not 1")

        def parameter_modifiers(self):
            return [Modifier()]

        def context_managers(self, kwargs):
            return [Context()]

    return (Combination(),)


def test_generate():
    results = []
    for generate in (original("framework.combinations.generate"), replacements.generate):
        case = case_of(generate, customization())
        results.append((case, outcome(case)))
    (old, expected), (new, found) = results
    assert new.seen == old.seen
    assert len(new.seen) == 6 + 2 + 1
    assert list(found) == list(expected)
    for name, (bad, skipped) in found.items():
        old_bad, old_skipped = expected[name]
        assert [text.partition(":")[0] for text in bad] == [
            text.partition(":")[0] for text in old_bad
        ]
        assert skipped == old_skipped
    assert [name for name, (bad, _) in found.items() if bad] == [
        "test_fails_test_x_2",
        "test_missing_test_x_1",
        "test_no_mode_test_mode_neither",
        "test_unknown_test_x_1",
    ]


def test_generate_for_a_class():
    old, new = (
        class_of(generate)
        for generate in (original("framework.combinations.generate"), replacements.generate)
    )
    assert outcome(new) == outcome(old)
    assert new.seen == old.seen == [(1, True), (2, True)]


NAMES = [name for name in combinations.__all__ if "strategy" in name]


def distributed_case(generate, strategies):
    class Case(parameterized.TestCase):
        seen: ClassVar = []

        @generate(combine(distribution=strategies, mode=["graph", "eager"]))
        def test_run(self, distribution):
            self.seen.append((type(distribution), distribution.num_replicas_in_sync))

        @generate(combine(d=strategies[0], required_gpus=[0, 2]))
        def test_gpus(self, d):
            pass

        @generate(combine(required_gpus=[0, 2]))
        def test_gpus_alone(self):
            pass

        @generate(combine(required_tpu=[True, False]))
        def test_tpu(self):
            pass

        @generate(combine(required_tpus=1, required_tpu=1))
        def test_both(self):
            pass

        @generate(combine(use_cloud_tpu=True, x=1))
        def test_cloud(self, x):
            pass

    return Case


def test_generate_distributed(monkeypatch):
    # The original reads flags from the command line.
    monkeypatch.setattr(sys, "argv", ["program"])
    old = original("distribute.combinations.generate")
    theirs = [original(f"distribute.strategy_combinations.{name}") for name in NAMES]
    ours = [getattr(replacements, name) for name in NAMES]
    assert [repr(one) for one in ours] == [repr(one) for one in theirs]
    for attribute in ("required_gpus", "required_tpu", "use_cloud_tpu", "num_workers", "has_chief"):
        assert [getattr(one, attribute) or 0 for one in ours] == [
            getattr(one, attribute) or 0 for one in theirs
        ]
    expected = distributed_case(old, theirs)
    expected_outcome = outcome(expected)
    # TensorFlow's own strategies are taken as well.
    for strategies in (ours, theirs):
        found = distributed_case(replacements.generate_distributed, strategies)
        found_outcome = outcome(found)
        assert list(found_outcome) == list(expected_outcome)
        for name, (bad, skipped) in found_outcome.items():
            old_bad, old_skipped = expected_outcome[name]
            assert [text[:11] for text in bad] == [text[:11] for text in old_bad]
            assert [text[:11] for text in skipped] == [text[:11] for text in old_skipped]
        assert found.seen == expected.seen
    assert len(found.seen) >= 6


def test_physical_gpus():
    # The original of 2.5 does not take the parameter.
    class Case(parameterized.TestCase):
        @replacements.generate_distributed(combine(required_physical_gpus=[0, 100]))
        def test_physical(self):
            pass

    zero, hundred = outcome(Case).values()
    assert zero == ([], [])
    assert "of 100 required" in hundred[1][0]


@pytest.mark.parametrize("program", ["test_gpu", "test_tpu"])
def test_programs_that_are_for_one_kind_of_device(monkeypatch, program):
    monkeypatch.setattr(sys, "argv", [program])
    case = class_of(replacements.generate_distributed)
    assert all(len(skipped) == 1 for _, skipped in outcome(case).values())
    assert case.seen == []


def test_several_workers_are_refused():
    workers = original("distribute.strategy_combinations.multi_worker_mirrored_2x1_cpu")
    for several in ({"distribution": workers}, {"num_workers": 2}, {"has_chief": True}):

        class Case(parameterized.TestCase):
            @replacements.generate_distributed(combine(**several))
            def test_run(self, distribution=None):
                raise AssertionError

        ((bad, _),) = outcome(Case).values()
        assert "in this process alone" in bad[0]


def test_named_distribution():
    made = []
    one = replacements.NamedDistribution("Name", lambda: made.append(1) or len(made))
    assert (repr(one), one.strategy, one.strategy) == ("Name", 1, 2)
    assert (one.required_gpus, one.required_tpu) == (None, False)


def test_the_default_strategy_is_that_of_no_scope():
    default = tf.distribute.get_strategy()
    with tf.distribute.OneDeviceStrategy("CPU:0").scope():
        assert replacements.default_strategy.strategy is default


def test_set_virtual_cpus_to_at_least():
    with pytest.raises(ValueError, match="at least 1"):
        replacements.set_virtual_cpus_to_at_least(0)
    replacements.set_virtual_cpus_to_at_least(1)
    before = tf.config.get_logical_device_configuration(tf.config.list_physical_devices("CPU")[-1])
    assert original("distribute.strategy_combinations.set_virtual_cpus_to_at_least")(1) is None
    assert before == tf.config.get_logical_device_configuration(
        tf.config.list_physical_devices("CPU")[-1]
    )
