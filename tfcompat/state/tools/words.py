"""How sizes, shapes and writers are told, in text and on the page alike."""

from __future__ import annotations

import re
from typing import Any

_NAMES = {
    "tfcompat": "tfcompat",
    "tensorflow": "TensorFlow",
    "keras": "Keras",
    "python": "Python",
}


def size(count: int | None) -> str:
    """Return a number of bytes with three digits."""
    if count is None:
        return "?"
    number = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 999.5:
            return (
                f"{number:.0f} {unit}" if unit == "B" or number >= 99.95 else f"{number:.1f} {unit}"
            )
        number /= 1000
    return f"{number:.1f} TB"


def shape(dimensions: tuple[int, ...]) -> str:
    """Return a shape as it is written in Python."""
    return str(tuple(dimensions))


def number_of(count: int, noun: str) -> str:
    """Return a number with its noun in the singular or plural."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def writer(versions: dict[str, Any]) -> str:
    """Return who wrote something, or nothing where that is not known."""
    known = {_NAMES.get(name, name): value for name, value in versions.items()}
    told = [
        f"{name} {value}"
        for name, value in known.items()
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and name != "era"
    ]
    return ", ".join(told)


def natural(name: str) -> list[tuple[int, int, str]]:
    """Return what sorts `layer_10` after `layer_2`."""
    parts = re.split(r"(\d{1,18})", name)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part]
