"""Which combinations a maintainer wants to test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tfcompat.errors import TfcompatError
from tfcompat.matrix.data import KERAS, Combination, pythons

PICKS = ("all", "each-minor", "eras", "edges")


class SelectionError(TfcompatError, ValueError):
    """A selection that names what is not there, or that nothing is left of."""


def select(
    combinations: Iterable[Combination],
    *,
    tensorflow: SpecifierSet | None = None,
    python: Sequence[str] = (),
    keras: Sequence[str] = (),
    pick: str = "all",
    nightly: bool = False,
) -> list[Combination]:
    """Return those combinations that fit all the options, in their order.

    Args:
        combinations: As `data.combinations` returns them.
        tensorflow: Versions of TensorFlow; all when it is None. Says nothing about nightly.
        python: Python versions such as "3.10"; all when there are none.
        keras: Flavours of Keras: "2", "legacy", "3"; all when there are none.
        pick: "all": every patch release with every Python. "each-minor": the newest patch of each
            minor release with every Python. "eras": the newest release of each era, with the
            newest Python that it has. "edges": the oldest and the newest release of each era, the
            oldest with its oldest Python, the newest with its newest.
        nightly: Whether to add the builds of the day, with the newest Python alone unless
            `python` names another.

    Raises:
        SelectionError: Python versions or flavours are not known, or nothing is left.
    """
    unknown = [
        *(f"Python {p} (known: {', '.join(pythons())})" for p in python if p not in pythons()),
        *(f"Keras {k} (known: {', '.join(KERAS)})" for k in keras if k not in KERAS),
        *([] if pick in PICKS else [f"pick {pick} (known: {', '.join(PICKS)})"]),
    ]
    if unknown:
        raise SelectionError(f"unknown: {'; '.join(unknown)}")
    fitting = [
        c
        for c in combinations
        if (not python or c.python in python) and (not keras or c.keras in keras)
    ]
    released = [
        c
        for c in fitting
        if not c.nightly and (tensorflow is None or tensorflow.contains(c.version))
    ]
    chosen = set(_PICK[pick](released))
    if nightly:
        builds = [c for c in fitting if c.nightly]
        chosen |= set(builds if python else builds[-1:])
    if not chosen:
        raise SelectionError(
            "No combination is left. `tfcompat matrix --pick all` shows what there is."
        )
    return [c for c in fitting if c in chosen]


def _each_minor(combinations: Sequence[Combination]) -> Iterable[Combination]:
    # The newest of those that are left: a specifier may have taken the newest of all.
    newest = {
        (c.release, c.keras, c.python): c
        for c in sorted(combinations, key=lambda c: Version(c.version))
    }
    return newest.values()


def _eras(combinations: Sequence[Combination]) -> Iterable[Combination]:
    return (group[-1] for group in _by_age(combinations))


def _edges(combinations: Sequence[Combination]) -> Iterable[Combination]:
    return itertools.chain.from_iterable((group[0], group[-1]) for group in _by_age(combinations))


def _by_age(combinations: Sequence[Combination]) -> Iterable[list[Combination]]:
    """Group by era; in a group the oldest TensorFlow with the oldest Python comes first."""
    ordered = sorted(combinations, key=lambda c: (c.era, Version(c.version), Version(c.python)))
    return (list(group) for _, group in itertools.groupby(ordered, lambda c: c.era))


_PICK: dict[str, Callable[[Sequence[Combination]], Iterable[Combination]]] = {
    "all": list,
    "each-minor": _each_minor,
    "eras": _eras,
    "edges": _edges,
}
