"""Combinations of parameters for tests: `tensorflow.python.framework.test_combinations`."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from typing import Any

__all__ = ["combine", "times"]


def combine(**kwargs: Any) -> list[OrderedDict[str, Any]]:
    """Return every combination of the values of parameters.

    Args:
        **kwargs: for each parameter a list of its values, or its only value.

    Returns:
        One dict for each combination, ordered by the names of the parameters.
    """
    names = sorted(kwargs)
    values = [kwargs[name] if isinstance(kwargs[name], list) else [kwargs[name]] for name in names]
    return [OrderedDict(zip(names, chosen)) for chosen in itertools.product(*values)]


def times(*combined: list[OrderedDict[str, Any]]) -> list[OrderedDict[str, Any]]:
    """Return every combination of what `combine` returned several times.

    Raises:
        ValueError: two of them have a parameter of the same name.
    """
    first, *others = combined
    result = first
    for other in others:
        for a, b in itertools.product(result, other):
            if a.keys() & b.keys():
                raise ValueError(f"Keys need to not overlap: {a.keys()} vs {b.keys()}")
        result = [
            OrderedDict([*a.items(), *b.items()]) for a, b in itertools.product(result, other)
        ]
    return result
