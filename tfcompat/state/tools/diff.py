"""What two states or native artifacts have otherwise."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from tfcompat._progress import Progress
from tfcompat.state.tools import words
from tfcompat.state.tools.show import visible
from tfcompat.state.tools.source import Source, batches

# Elements that are compared at a time, so that what is computed of them stays small.
_CHUNK = 2**18


@dataclasses.dataclass
class ValueDifference:
    """How far the values of two tensors are from each other.

    Attributes:
        elements: how many of them differ. A NaN equals a NaN.
        absolute: the largest difference; infinite where one of two is infinite or NaN.
        relative: the largest difference, each divided by the larger one of the two values.
        within: the least tolerance that finds the tensors equal.
    """

    elements: int = 0
    absolute: float = 0.0
    relative: float = 0.0
    within: float = 0.0


@dataclasses.dataclass
class Difference:
    """What two sources have otherwise.

    Attributes:
        only_first: keys of the first one alone.
        only_second: keys of the second one alone.
        described: what dtype and shape a key has in both, where that differs.
        values: the difference of the values of each other key; None for equal ones.
        unread: why values could not be compared, by key.
        tolerance: up to which a difference of values is none.
    """

    only_first: list[str]
    only_second: list[str]
    described: dict[str, tuple[str, str]]
    values: dict[str, ValueDifference | None]
    unread: dict[str, str]
    tolerance: float

    @property
    def changed(self) -> list[str]:
        """The keys whose values differ by more than the tolerance."""
        return [
            key
            for key, one in self.values.items()
            if one is not None and one.within > self.tolerance
        ]

    @property
    def is_empty(self) -> bool:
        """Whether the two sources are the same."""
        return not (
            self.only_first or self.only_second or self.described or self.unread or self.changed
        )


def compare(first: Source, second: Source, tolerance: float = 0.0) -> Difference:
    """Compare two sources, holding few tensors of each at a time.

    Args:
        first: one of them.
        second: the other one.
        tolerance: how far values may be apart: absolute where both are below 1, else relative
            to the larger one.
    """
    described = {}
    common = []
    for key, entry in first.entries.items():
        other = second.entries.get(key)
        if other is None:
            continue
        if (entry.dtype, entry.shape) == (other.dtype, other.shape):
            common.append(key)
        else:
            described[key] = (
                f"{entry.dtype} {words.shape(entry.shape)}",
                f"{other.dtype} {words.shape(other.shape)}",
            )
    unread = {
        key: "only TensorFlow reads this dtype"
        for key in common
        if first.entries[key].dtype in ("variant", "resource")
    }
    readable = [key for key in common if key not in unread]
    values: dict[str, ValueDifference | None] = {}
    with Progress(sum(first.sizes[key] or 0 for key in readable)) as progress:
        for batch in batches(readable, first.sizes):
            others = dict(second.read(batch))
            for key, array in first.read(batch):
                values[key] = difference_of(array, others.pop(key))
                progress.add(first.sizes[key] or 0)
    return Difference(
        only_first=[key for key in first.entries if key not in second.entries],
        only_second=[key for key in second.entries if key not in first.entries],
        described=described,
        values={key: values[key] for key in readable},
        unread=unread,
        tolerance=tolerance,
    )


def difference_of(first: Any, second: Any) -> ValueDifference | None:
    """Return how far two arrays of one dtype and shape are apart, or None for equal ones."""
    first, second = np.asarray(first).reshape(-1), np.asarray(second).reshape(-1)
    found = ValueDifference()
    for start in range(0, first.size, _CHUNK):
        a, b = first[start : start + _CHUNK], second[start : start + _CHUNK]
        if a.dtype != object and a.tobytes() == b.tobytes():
            continue
        _add_chunk(found, a, b)
    return found if found.elements else None


def _add_chunk(found: ValueDifference, a: Any, b: Any) -> None:
    if a.dtype.kind not in "biufcO":  # bfloat16 and its like
        a, b = a.astype(np.float32), b.astype(np.float32)
    unequal = a != b
    if a.dtype.kind in "fc":
        unequal &= ~(np.isnan(a) & np.isnan(b))
    a, b = a[unequal], b[unequal]
    if not a.size:
        return
    found.elements += int(a.size)
    if a.dtype == object:
        found.absolute = found.relative = found.within = math.inf
        return
    apart, larger = _distance(a, b)
    found.absolute = max(found.absolute, float(apart.max()))
    for name, scale in (("relative", larger), ("within", np.maximum(larger, 1))):
        with np.errstate(all="ignore"):
            scaled = apart / scale
        # Infinity over infinity: one is infinite, and the other is not or of another sign.
        scaled[np.isinf(apart)] = math.inf
        setattr(found, name, max(getattr(found, name), float(scaled.max())))


def _distance(a: Any, b: Any) -> tuple[Any, Any]:
    """Return how far unequal elements are apart, and the magnitude of the larger ones."""
    if a.dtype.kind in "bui":
        # Exact beyond 2^53 and across the sign: unsigned subtraction wraps around to it.
        high, low = np.maximum(a, b).astype(np.uint64), np.minimum(a, b).astype(np.uint64)
        magnitudes = np.maximum(np.abs(a.astype(np.float64)), np.abs(b.astype(np.float64)))
        return (high - low).astype(np.float64), magnitudes
    wide = np.complex128 if a.dtype.kind == "c" else np.float64
    with np.errstate(all="ignore"):
        apart = np.abs(a.astype(wide) - b.astype(wide))
        larger = np.maximum(np.abs(a.astype(wide)), np.abs(b.astype(wide)))
    apart[np.isnan(apart)] = math.inf
    larger[np.isnan(larger)] = math.inf
    return apart, larger


def text(first: Source, second: Source, difference: Difference) -> str:
    """Return the difference for a terminal."""
    lines = [f"A: {first.format}, step {first.step}, {first.path}"]
    lines += [f"B: {second.format}, step {second.step}, {second.path}"]
    for name, keys, source in (
        ("A", difference.only_first, first),
        ("B", difference.only_second, second),
    ):
        if keys:
            lines += ["", f"only in {name} ({len(keys)}):"]
            lines += [f"  {visible(key)}  {_described(source, key)}" for key in keys]
    if difference.described:
        lines += ["", f"other dtype or shape ({len(difference.described)}):"]
        for key, (one, other) in difference.described.items():
            lines.append(f"  {visible(key)}  {one} in A, {other} in B")
    if difference.unread:
        lines += ["", f"not compared ({len(difference.unread)}):"]
        lines += [f"  {visible(key)}  {why}" for key, why in difference.unread.items()]
    if difference.changed:
        lines += [
            "",
            f"other values ({len(difference.changed)}):",
            *_value_lines(first, difference),
        ]
    equal = len(difference.values) - len(difference.changed)
    within = f" within {difference.tolerance:g}" if difference.tolerance else ""
    return "\n".join([*lines, "", f"{words.number_of(equal, 'tensor')} equal{within}"])


def _described(source: Source, key: str) -> str:
    entry = source.entries[key]
    return f"{entry.dtype} {words.shape(entry.shape)}"


def _value_lines(first: Source, difference: Difference) -> list[str]:
    width = max(len(visible(key)) for key in difference.changed)
    lines = []
    for key in difference.changed:
        one = difference.values[key]
        assert one is not None
        size = math.prod(first.entries[key].shape)
        line = f"  {visible(key):<{width}}  {one.elements:,} of {size:,} elements"
        if first.entries[key].dtype != "string":
            line += f", by up to {one.absolute:.3g}, relatively {one.relative:.3g}"
        lines.append(line)
    return lines


def summary(first: Source, second: Source, difference: Difference) -> dict[str, Any]:
    """Return the difference for JSON, which has no infinite numbers: they are null."""
    return {
        "equal": difference.is_empty,
        "first": {"path": first.path, "format": first.format, "step": first.step},
        "second": {"path": second.path, "format": second.format, "step": second.step},
        "tolerance": difference.tolerance,
        "only_first": difference.only_first,
        "only_second": difference.only_second,
        "described": {key: list(both) for key, both in difference.described.items()},
        "not_compared": difference.unread,
        "changed": difference.changed,
        "values": {
            key: {
                "elements": one.elements if one else 0,
                "absolute": _finite(one.absolute if one else 0.0),
                "relative": _finite(one.relative if one else 0.0),
            }
            for key, one in difference.values.items()
        },
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
