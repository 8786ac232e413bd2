"""Benchmarks of `tf.test`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from tfcompat import _runtime

if TYPE_CHECKING:
    ParameterizedBenchmark: Any

__all__ = ["ParameterizedBenchmark"]


def _with_parameters(function: Any, parameters: Any) -> Any:
    def benchmark(self: Any) -> Any:
        return function(self, *parameters)

    return benchmark


@functools.cache
def _class() -> type:
    kind: Any = type(_runtime.tensorflow().test.Benchmark)

    class ParameterizedBenchmark(kind):  # type: ignore[misc]
        """A metaclass that makes a benchmark for each set of parameters.

        Replaces the class of `tensorflow.python.platform.benchmark`. A class of it has
        `_benchmark_parameters`, a list of tuples: what is added to the names of the methods, and
        the arguments of each.

        Raises:
            ValueError: the class has a benchmark of such a name.
        """

        def __new__(cls, name: str, bases: Any, attributes: dict[str, Any]) -> Any:
            parameters = attributes["_benchmark_parameters"]
            made = dict(attributes)
            for method, function in attributes.items():
                if not method.startswith("benchmark"):
                    continue
                del made[method]
                for suffix, *arguments in parameters:
                    whole = f"{method}__{suffix}"
                    if whole in made:
                        raise ValueError(f"There are two benchmarks {whole}.")
                    made[whole] = _with_parameters(function, arguments)
                    made[whole].__name__ = whole
            return super().__new__(cls, name, bases, made)

    return ParameterizedBenchmark


def __getattr__(name: str) -> Any:
    if name != "ParameterizedBenchmark":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = _class()
    return globals()[name]
