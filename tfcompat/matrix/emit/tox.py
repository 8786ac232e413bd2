"""A `tox.ini`, and the parts of one.

Environments are written with tox's factors: `py310-tf2.{16,17}-!legacy: keras==3.12.4`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from packaging.version import Version

from tfcompat.matrix.data import Combination, eras

_DOCUMENT = """\
# {origin}
#
#     pip install tox
#     tox run                     # all; -e NAME runs one
#     tox run -- -k something     # with arguments for pytest
[tox]
# tox gets tox-uv itself; uv downloads the interpreters that are missing.
requires =
    tox-uv>=1.16
env_list =
{env_list}

[testenv]
deps =
    pytest
{deps}
{set_env}commands =
    python -m pytest {{posargs}}
{nightly}"""


def document(combinations: Sequence[Combination], origin: str, platform: str) -> str:
    """Return a whole `tox.ini`, which tests the package beside it."""
    variables = [
        f"{condition}: {name} = {value}" for (name, value), condition in _variables(combinations)
    ]
    set_env = "".join(f"    {line}\n" for line in variables)
    nightly = "".join(
        f"\n# The build of the day is shown, not counted.\n[testenv:{c.name}]\n"
        "ignore_outcome = true\n"
        for c in combinations
        if c.nightly
    )
    return _DOCUMENT.format(
        origin=origin,
        env_list=_indented(env_list(combinations)),
        deps=_indented(deps(combinations)),
        set_env=f"set_env =\n{set_env}" if set_env else "",
        nightly=nightly,
    )


def env_list(combinations: Sequence[Combination]) -> list[str]:
    """Return the lines of `env_list`, with a comment per era and one for nightly."""
    lines = []
    for heading, group in itertools.groupby(combinations, _heading):
        lines.append(f"# {heading}.")
        by_python = sorted(group, key=lambda c: (Version(c.python), c.newest))
        for _, same in itertools.groupby(by_python, lambda c: (c.python, c.newest)):
            lines += _braced([_Piece.of(c) for c in same])
    return lines


def deps(combinations: Sequence[Combination]) -> list[str]:
    """Return the lines of `deps`, a requirement each behind the environments that it is for."""
    requirements = dict.fromkeys(r for c in combinations for r in c.requirements)
    return [
        f"{_condition([c for c in combinations if r in c.requirements], combinations)}: {r}"
        for r in requirements
    ]


def _heading(combination: Combination) -> str:
    if combination.nightly:
        return "The build of the day. It may fail"
    return eras()[combination.era].name


def _variables(
    combinations: Sequence[Combination],
) -> Iterable[tuple[tuple[str, str], str]]:
    variables = dict.fromkeys(v for c in combinations for v in c.variables)
    for variable in variables:
        having = [c for c in combinations if variable in c.variables]
        yield variable, _condition(having, combinations)


class _Piece(tuple[str, str, str]):
    """A condition on one release: the Python, the release, what follows; "" where any will do."""

    @classmethod
    def of(cls, combination: Combination) -> _Piece:
        python, _, rest = combination.name.partition("-")
        release, _, suffix = rest.partition("-")
        return cls((python, release, suffix))

    def covers(self, combination: Combination) -> bool:
        """Return whether tox applies it to an environment."""
        factors = combination.name.split("-")
        return all(
            part[1:] not in factors if part.startswith("!") else part in factors
            for part in self
            if part
        )


def _condition(having: Sequence[Combination], among: Sequence[Combination]) -> str:
    """Return the shortest condition that holds for the first and for none of the others."""
    pieces: dict[_Piece, None] = {}
    for combination in having:
        python, release, suffix = _Piece.of(combination)
        wider = (
            *((("", "", suffix),) if suffix else ()),
            ("", release, ""),
            ("", release, suffix or "!legacy"),
            (python, release, ""),
            (python, release, suffix or "!legacy"),
        )
        piece = next(
            piece
            for piece in map(_Piece, wider)
            if all(c in having for c in among if piece.covers(c))
        )
        pieces[piece] = None
    return ",".join(_braced(list(pieces)))


def _braced(pieces: Sequence[_Piece]) -> list[str]:
    """Write pieces that differ in one part together, as in `tf2.{5,6}`."""
    by_release: dict[tuple[str, str], list[str]] = {}
    for python, release, suffix in pieces:
        by_release.setdefault((python, suffix), []).append(release)
    by_python: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for (python, suffix), releases in by_release.items():
        by_python.setdefault((tuple(releases), suffix), []).append(python)
    return [
        "-".join(filter(None, (_brace("py", pythons), _brace("tf2.", releases), suffix)))
        for (releases, suffix), pythons in by_python.items()
    ]


def _brace(prefix: str, parts: Sequence[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    return f"{prefix}{{{','.join(part[len(prefix) :] for part in parts)}}}"


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)
