"""Counters and gauges of a process: `tensorflow.python.eager.monitoring` in plain Python.

TensorFlow's own feed a monitoring system that its public builds do not have; nothing reads them
but the code that made them.
"""

from __future__ import annotations

import bisect
import threading
from typing import Any, Generic, TypeVar

from tfcompat import _runtime

__all__ = [
    "BoolGauge",
    "Counter",
    "ExponentialBuckets",
    "IntGauge",
    "Sampler",
    "StringGauge",
    "distribution_strategy_gauge",
]

Value = TypeVar("Value")


class _Metric:
    """Cells by their labels."""

    def __init__(self, name: str, description: str, *labels: str) -> None:
        self._labels = labels
        self._cells: dict[tuple[str, ...], Any] = {}
        self._lock = threading.Lock()

    def _make(self) -> Any:
        raise NotImplementedError

    def get_cell(self, *labels: str) -> Any:
        """Return the cell with these labels, always the same one.

        Raises:
            ValueError: there are more or fewer labels than the metric has.
        """
        if len(labels) != len(self._labels):
            raise ValueError(f"The {type(self).__name__} expects taking {len(self._labels)} labels")
        with self._lock:
            if labels not in self._cells:
                self._cells[labels] = self._make()
            return self._cells[labels]


class _GaugeCell(Generic[Value]):
    def __init__(self, value: Value) -> None:
        self._value = value

    def set(self, value: Value) -> None:
        self._value = value

    def value(self) -> Value:
        return self._value


class _CounterCell:
    def __init__(self) -> None:
        self._value = 0
        self._lock = threading.Lock()

    def increase_by(self, value: int) -> None:
        with self._lock:
            self._value += value

    def value(self) -> int:
        return self._value


class BoolGauge(_Metric):
    """A value that is true or false, false at first, for each set of labels."""

    def _make(self) -> _GaugeCell[bool]:
        return _GaugeCell(False)


class IntGauge(_Metric):
    """A whole number, 0 at first, for each set of labels."""

    def _make(self) -> _GaugeCell[int]:
        return _GaugeCell(0)


class StringGauge(_Metric):
    """A text, empty at first, for each set of labels."""

    def _make(self) -> _GaugeCell[str]:
        return _GaugeCell("")


# For strategies of other libraries to tell of themselves, as those of TensorFlow do in its own.
distribution_strategy_gauge = StringGauge(
    "/tensorflow/api/distribution_strategy",
    "Gauge to track the type of distribution strategy used.",
    "TFVersion",
)


class Counter(_Metric):
    """A number that grows, 0 at first, for each set of labels."""

    def _make(self) -> _CounterCell:
        return _CounterCell()


class ExponentialBuckets:
    """Buckets of a `Sampler` whose limits grow by a factor.

    Attributes:
        limits: the upper limits of all buckets, the last of which has none but the largest float.
    """

    def __init__(self, scale: float, growth_factor: float, bucket_count: int) -> None:
        self.limits = [scale * growth_factor**i for i in range(bucket_count)]
        self.limits.append(_LARGEST)


_LARGEST = 1.7976931348623157e308


class Sampler(_Metric):
    """A histogram for each set of labels. The value of a cell is a `HistogramProto`."""

    def __init__(
        self, name: str, buckets: ExponentialBuckets, description: str, *labels: str
    ) -> None:
        super().__init__(name, description, *labels)
        self._buckets = buckets

    def _make(self) -> _SamplerCell:
        return _SamplerCell(self._buckets.limits)


class _SamplerCell:
    def __init__(self, limits: list[float]) -> None:
        self._limits = limits
        self._values: list[float] = []
        self._lock = threading.Lock()

    def add(self, value: float) -> None:
        with self._lock:
            self._values.append(value)

    def value(self) -> Any:
        with self._lock:
            values = list(self._values)
        counts = [0.0] * len(self._limits)
        for value in values:
            counts[bisect.bisect_right(self._limits, value)] += 1
        return _runtime.tensorflow().compat.v1.HistogramProto(
            min=min(values, default=_LARGEST),
            max=max(values, default=-_LARGEST),
            num=len(values),
            sum=sum(values),
            sum_squares=sum(value * value for value in values),
            bucket_limit=self._limits,
            bucket=counts,
        )
