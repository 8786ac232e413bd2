"""Benchmarks with parameters against the private original."""

import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements


def make(metaclass, **attributes):
    """A class of benchmarks, as a class statement makes it."""

    def benchmark_sum(self, x, y):
        return (x, y, self.z)

    return metaclass(
        "Sums",
        (tf.test.Benchmark,),
        {
            "_benchmark_parameters": [("small", 1, 2), ("large", 10, 20)],
            "benchmark_sum": benchmark_sum,
            "z": 5,
            "__module__": __name__,
            **attributes,
        },
    )


def test_parameterized_benchmark():
    names, results = [], []
    for metaclass in (
        original("platform.benchmark.ParameterizedBenchmark"),
        replacements.ParameterizedBenchmark,
    ):
        made = make(metaclass)
        assert issubclass(made, tf.test.Benchmark)
        names.append(sorted(name for name in dir(made) if name.startswith("benchmark")))
        results.append([getattr(made(), name)() for name in names[-1]])
        assert [getattr(made, name).__name__ for name in names[-1]] == names[-1]
    assert names[0] == names[1] == ["benchmark_sum__large", "benchmark_sum__small"]
    assert results[0] == results[1] == [(10, 20, 5), (1, 2, 5)]


def test_two_of_one_name():
    with pytest.raises(ValueError, match="benchmark_sum__small"):
        make(replacements.ParameterizedBenchmark, benchmark_sum__small=lambda self: None)
