"""Counters and gauges against the private originals."""

import itertools

import pytest

from tests.replacements.originals import original
from tfcompat import replacements

_numbers = itertools.count()


def classes(name):
    return original(f"eager.monitoring.{name}"), getattr(replacements, name)


def fresh():
    """A name that no other metric has had."""
    return f"/tfcompat/test/{next(_numbers)}"


@pytest.mark.parametrize(
    ("name", "values"),
    [("BoolGauge", [True, False]), ("IntGauge", [3, -2]), ("StringGauge", ["a", "b"])],
)
def test_gauges(name, values):
    results = []
    for gauge_class in classes(name):
        plain, labelled = gauge_class(fresh(), "plain"), gauge_class(fresh(), "two", "a", "b")
        seen = [plain.get_cell().value()]
        for value in values:
            plain.get_cell().set(value)
            labelled.get_cell("x", value if isinstance(value, str) else "y").set(value)
            seen.append(plain.get_cell().value())
            seen.append(labelled.get_cell("x", "a").value())
            seen.append(labelled.get_cell("x", "y").value())
        with pytest.raises(ValueError, match="labels"):
            plain.get_cell("one")
        results.append(seen)
    assert results[0] == results[1]


def test_counter():
    for counter_class in classes("Counter"):
        counter = counter_class(fresh(), "what", "label")
        counter.get_cell("a").increase_by(2)
        counter.get_cell("a").increase_by(3)
        assert counter.get_cell("a").value() == 5
        assert counter.get_cell("b").value() == 0


@pytest.mark.parametrize("values", [[], [0.5], [-1.0, 0.5, 1.0, 3.0, 4.0, 100.0, 1e6]])
def test_sampler(values):
    results = []
    for sampler_class, buckets in zip(classes("Sampler"), classes("ExponentialBuckets")):
        sampler = sampler_class(fresh(), buckets(1.0, 2.0, 5), "what", "label")
        for value in values:
            sampler.get_cell("a").add(value)
        results.append(sampler.get_cell("a").value())
    old, new = results
    assert list(new.bucket) == list(old.bucket) or not values
    assert list(new.bucket_limit) == list(old.bucket_limit) or not values
    assert (new.num, new.sum, new.sum_squares) == (old.num, old.sum, old.sum_squares)
    assert (new.min, new.max) == (old.min, old.max)


def test_distribution_strategy_gauge():
    gauges = (
        original("distribute.distribute_lib.distribution_strategy_gauge"),
        replacements.distribution_strategy_gauge,
    )
    for gauge in gauges:
        cell = gauge.get_cell("V2")
        before = cell.value()
        cell.set("OfOurOwn")
        assert gauge.get_cell("V2").value() == "OfOurOwn"
        cell.set(before)
