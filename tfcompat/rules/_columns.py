"""The releases that the table of names has a column for, and sets of them."""

from __future__ import annotations

import functools
import os

from tfcompat.errors import UnknownReleaseError

TABLE = os.path.join(os.path.dirname(__file__), "names.txt")

# A specifier speaks of patch releases; a column stands for all of its minor release.
_PATCHES = range(10)


def _read() -> tuple[tuple[str, ...], dict[str, str]]:
    with open(TABLE, encoding="utf-8") as file:
        for line in file:
            if line.startswith("# columns: "):
                pairs = [word.partition("=") for word in line.split()[2:]]
                return (
                    tuple(label for label, _, _ in pairs),
                    {label: minor or label.partition("-")[0] for label, _, minor in pairs},
                )
    raise ValueError(f"{TABLE} has no line of columns")


# Oldest first: the minor releases, the nightly build, then the releases with legacy Keras.
COLUMNS, _MINOR = _read()
ALL = (1 << len(COLUMNS)) - 1
_LEGACY = tuple(label for label in COLUMNS if label.endswith("-legacy"))
_MAIN = tuple(label for label in COLUMNS if label not in _LEGACY)


# The columns with legacy Keras, as a mask.
LEGACY = sum(1 << COLUMNS.index(label) for label in _LEGACY)


def bit(label: str) -> int:
    """Return the mask of one column."""
    return 1 << COLUMNS.index(label)


@functools.cache
def columns(specifier: str | None) -> int:
    """Return the releases that a version specifier admits.

    The nightly build, and the releases with legacy Keras, are in the set when their TensorFlow
    is. A minor release is in it when any of its patch releases is.

    Args:
        specifier: what a package says of TensorFlow, such as `">=2.8,<2.22"`. None admits all.

    Raises:
        UnknownReleaseError: it is no specifier, or admits no release of the table.
    """
    if specifier is None:
        return ALL
    # Here, since it takes longer to import than all the rest of a look-up.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        admitted = SpecifierSet(specifier)
    except InvalidSpecifier as error:
        raise UnknownReleaseError(
            f"{specifier!r} is no version specifier. Write one such as '>=2.8,<2.22'."
        ) from error
    mask = 0
    for number, label in enumerate(COLUMNS):
        versions = (f"{_MINOR[label]}.{patch}" for patch in _PATCHES)
        if any(admitted.contains(version, prereleases=True) for version in versions):
            mask |= 1 << number
    if not mask:
        raise UnknownReleaseError(
            f"{specifier!r} admits none of the releases that tfcompat knows: {describe(ALL)}."
        )
    return mask


def describe(mask: int) -> str:
    """Say which releases are in a mask, such as `"2.5-2.15, 2.16-2.21 (legacy Keras)"`."""
    both = plain = legacy = 0
    for label in _MAIN:
        twin = f"{label}-legacy"
        here = mask & bit(label)
        there = mask & bit(twin) if twin in _LEGACY else here
        if here and there:
            both |= bit(label)
        elif here:
            plain |= bit(label)
        elif there:
            legacy |= bit(label)
    # The nightly build has no column with legacy Keras: it goes with the release before it.
    newest, nightly = (bit(label) for label in _MAIN[-2:])
    if plain & newest:
        plain |= both & nightly
        both &= ~nightly
    parts = []
    for runs, note in ((both, ""), (plain, " (not legacy Keras)"), (legacy, " (legacy Keras)")):
        if runs:
            parts.append(", ".join(_runs(runs, _MAIN)) + note)
    return ", ".join(parts) or "no release"


def describe_of(name: str, mask: int) -> str:
    """Say in which releases a name is, such as `"2.16-nightly"`.

    From 2.16 on the package `keras` is Keras 3, whatever TF_USE_LEGACY_KERAS says of `tf.keras`.
    The table has it in the plain releases alone.
    """
    if name.partition(".")[0] == "keras":
        plain = (label for label in _LEGACY if mask & bit(label.partition("-")[0]))
        mask |= sum(map(bit, plain))
    return describe(mask)


def _runs(mask: int, labels: tuple[str, ...]) -> list[str]:
    runs: list[list[str]] = []
    open_ = False
    for label in labels:
        inside = bool(mask & bit(label))
        if inside and open_:
            runs[-1].append(label)
        elif inside:
            runs.append([label])
        open_ = inside
    return [run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]


def parse(text: str) -> int:
    """Read a mask as the table writes it: labels and ranges between columns, with commas."""
    mask = 0
    for part in text.split(","):
        first, _, last = part.partition("..")
        low = COLUMNS.index(first)
        high = COLUMNS.index(last) if last else low
        mask |= (1 << (high + 1)) - (1 << low)
    return mask
