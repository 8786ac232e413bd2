"""The markers `tensorflow`, `keras` and `legacy_keras`: what a test needs to run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from tfcompat.testing import environment
from tfcompat.testing.plugin import MARKERS


class _MalformedError(Exception):
    """A marker whose arguments say nothing."""


def _specifier(mark: pytest.Mark) -> SpecifierSet:
    if len(mark.args) != 1 or mark.kwargs or not isinstance(mark.args[0], str):
        raise _MalformedError('it takes one version specifier, such as ">=2.11"')
    try:
        found = SpecifierSet(mark.args[0])
    except InvalidSpecifier:
        raise _MalformedError('that is no version specifier; write one such as ">=2.11"') from None
    if not mark.args[0].strip():
        raise _MalformedError("the specifier is empty")
    return found


def _needs_tensorflow(mark: pytest.Mark) -> str | None:
    wanted = _specifier(mark)
    found = environment.runtime()
    fits = found is not None and _admits(wanted, found.tensorflow)
    return None if fits else f"TensorFlow {mark.args[0]}"


def _needs_keras(mark: pytest.Mark) -> str | None:
    found = environment.runtime()
    present = found.keras if found is not None else None
    if len(mark.args) == 1 and not mark.kwargs and type(mark.args[0]) is int:
        major = mark.args[0]
        if major not in (2, 3):
            raise _MalformedError("the major versions are 2 and 3")
        fits = present is not None and present.major == major
        return None if fits else f"Keras {major}"
    try:
        wanted = _specifier(mark)
    except _MalformedError as error:
        advice = 'write a major version, keras(3), or a specifier, keras(">=3.4")'
        raise _MalformedError(f"{error}; {advice}") from None
    return None if present is not None and _admits(wanted, present) else f"Keras {mark.args[0]}"


def _needs_legacy_keras(mark: pytest.Mark) -> str | None:
    if mark.args or mark.kwargs:
        raise _MalformedError("it takes no arguments")
    found = environment.runtime()
    fits = found is not None and found.legacy_keras
    return None if fits else "legacy Keras (TF_USE_LEGACY_KERAS=1 on TensorFlow 2.16 or later)"


_NEEDS = {
    "tensorflow": _needs_tensorflow,
    "keras": _needs_keras,
    "legacy_keras": _needs_legacy_keras,
}


def _admits(wanted: SpecifierSet, version: Version) -> bool:
    # What is tested on the way to a release is tested for that release.
    return wanted.contains(version.base_version)


def of_the_project(lines: Sequence[str]) -> frozenset[str]:
    """Return those of our names that the project has registered for something of its own.

    Args:
        lines: what is registered, as `config.getini("markers")` returns it.
    """
    own = set(MARKERS.values())
    return frozenset(
        name
        for name in MARKERS
        for line in lines
        if line not in own and line.partition(":")[0].partition("(")[0].strip() == name
    )


def apply(items: Iterable[pytest.Item], foreign: frozenset[str]) -> None:
    """Skip the tests that need another environment.

    Args:
        items: the tests.
        foreign: names that mean something else in this project.

    Raises:
        pytest.UsageError: some markers are malformed; all of them are listed.
    """
    malformed: dict[str, None] = {}
    for item in items:
        needs = []
        for mark in item.iter_markers():
            if mark.name not in _NEEDS or mark.name in foreign:
                continue
            try:
                need = _NEEDS[mark.name](mark)
            except _MalformedError as error:
                malformed[f"{item.nodeid}: {_written(mark)}: {error}"] = None
            else:
                if need is not None and need not in needs:
                    needs.append(need)
        if needs:
            reason = f"needs {' and '.join(needs)}; this is {environment.describe()}"
            item.add_marker(pytest.mark.skip(reason=reason))
    if malformed:
        lines = "\n".join(f"  {line}" for line in malformed)
        raise pytest.UsageError(
            f"Malformed markers of tfcompat:\n{lines}\n"
            "Where a name means something of your own, register it in the ini option `markers`, "
            "and tfcompat leaves it to you."
        )


def _written(mark: pytest.Mark) -> str:
    arguments = [repr(value) for value in mark.args]
    arguments += [f"{name}={value!r}" for name, value in mark.kwargs.items()]
    return f"@pytest.mark.{mark.name}({', '.join(arguments)})"
