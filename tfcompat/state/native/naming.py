"""Match the names that one process gave to layers and weights with those of another.

Keras numbers the layers that a user does not name in the order in which a process makes them:
`dense_3` there may be `dense_11` here. What stays is the order of the numbers, among the layers
of one class that stand side by side.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

from tfcompat import _kinds, _naming

# Keras 2 names a functional model `model`, Keras 3 `functional`.
_FUNCTIONAL = {"functional": "model"}


@functools.cache
def _automatic_names() -> frozenset[str]:
    """Return what Keras's names for layers of its own classes begin with, without underscores."""
    classes = {
        name.lower()
        for keras in _kinds.kerases()
        for name in dir(keras.module.layers)
        if name[:1].isupper()
    }
    return frozenset(classes | {"model", "sequential"})


def parse(name: str) -> tuple[str, int]:
    """Split a name that Keras may have made up into its base, in small letters, and its number."""
    base, _, number = name.rpartition("_")
    if not number.isdigit():
        base, number = name, "0"
    base = _naming.squeezed(base)
    return _FUNCTIONAL.get(base, base), int(number)


def automatic(name: str, classes: frozenset[str] = frozenset()) -> tuple[str, int] | None:
    """Return (class in small letters, number) of a name that Keras made up, else None.

    Args:
        name: of a layer.
        classes: names of the user's own classes, in small letters.
    """
    base, number = parse(name)
    return (base, number) if base in _automatic_names() or base in classes else None


def labels(names: Sequence[str], classes: frozenset[str] = frozenset()) -> list[str]:
    """Return for each of the names of siblings one that is the same in every process."""
    found = [automatic(name, classes) for name in names]
    numbers: dict[str, set[int]] = {}
    for one in found:
        if one:
            numbers.setdefault(one[0], set()).add(one[1])
    ranks = {base: {n: i for i, n in enumerate(sorted(some))} for base, some in numbers.items()}
    return [f"{one[0]}#{ranks[one[0]][one[1]]}" if one else name for name, one in zip(names, found)]


def align(
    live: Sequence[str], stored: Sequence[str], classes: frozenset[str] = frozenset()
) -> dict[int, int]:
    """Match paths such as `sequential/dense_1/kernel`; return stored indices by live index.

    Outer components that all paths of a side share do not count. Paths that read the same match
    nothing.
    """
    by_label: dict[tuple[str, ...], list[int]] = {}
    for index, label in enumerate(_path_labels(stored, classes)):
        by_label.setdefault(label, []).append(index)
    wanted: dict[tuple[str, ...], list[int]] = {}
    for index, label in enumerate(_path_labels(live, classes)):
        wanted.setdefault(label, []).append(index)
    return {
        indices[0]: by_label[label][0]
        for label, indices in wanted.items()
        if len(indices) == len(by_label.get(label, ())) == 1
    }


def _path_labels(paths: Sequence[str], classes: frozenset[str]) -> list[tuple[str, ...]]:
    split = [tuple(path.split("/")) for path in paths]
    shared = common_prefix(split)
    split = [path[shared:] for path in split]
    siblings: dict[tuple[str, ...], dict[str, None]] = {}
    for path in split:
        for depth in range(len(path) - 1):
            siblings.setdefault(path[:depth], {})[path[depth]] = None
    renamed = {
        parent: dict(zip(names, labels(list(names), classes))) for parent, names in siblings.items()
    }
    return [
        (*(renamed[path[:depth]][path[depth]] for depth in range(len(path) - 1)), *path[-1:])
        for path in split
    ]


def common_prefix(paths: Iterable[tuple[str, ...]]) -> int:
    """Return how many outer components all paths share; the last of a path never counts."""
    paths = [path[:-1] for path in paths]
    if not paths:
        return 0
    first, last = min(paths), max(paths)
    count = 0
    for one, other in zip(first, last):
        if one != other:
            break
        count += 1
    return count
