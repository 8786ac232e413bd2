"""What to check, and how: the command line over `[tool.tfcompat]` in pyproject.toml."""

from __future__ import annotations

import fnmatch
import functools
import os
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tfcompat.errors import TfcompatError

# What is reported only where `select` names it. Strings that stand for themselves are often
# data about TensorFlow, not uses of it.
BY_REQUEST = ("TFC402",)

_TABLE = re.compile(r"^\s*\[\s*tool\s*\.\s*[\"']?tfcompat\b", re.M)
_TYPES = {"tensorflow": str, "guarded": bool}
_LISTS = ("select", "ignore", "exclude")


class ConfigurationError(TfcompatError, ValueError):
    """The configuration in pyproject.toml cannot be read, or says what is not known."""


class Settings(NamedTuple):
    """How to check.

    Attributes:
        tensorflow: the releases that the code supports, as a version specifier.
        select: beginnings of the codes to report; all but `BY_REQUEST` where it is empty.
        ignore: beginnings of the codes not to report.
        exclude: patterns of paths to leave out.
        per_file_ignores: pattern of paths to beginnings of codes.
        guarded: whether to report what runs under a guard.
        root: the directory that patterns start from.
    """

    tensorflow: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = {}
    guarded: bool = True
    root: str = "."

    def wants(self, code: str, ignored: tuple[str, ...] = ()) -> bool:
        """Tell whether to report a code."""
        if code in BY_REQUEST and not self.select:
            return False
        if self.select and not code.startswith(self.select):
            return False
        return not code.startswith((*self.ignore, *ignored))

    def is_excluded(self, path: str) -> bool:
        """Tell whether a path matches a pattern of `exclude`."""
        return bool(self.exclude) and any(
            _matches(self._relative(path), pattern) for pattern in self.exclude
        )

    def ignored_in(self, path: str) -> tuple[str, ...]:
        """Return the beginnings of codes that are not reported for a file."""
        if not self.per_file_ignores:
            return ()
        relative = self._relative(path)
        return tuple(
            code
            for pattern, codes in self.per_file_ignores.items()
            if _matches(relative, pattern)
            for code in codes
        )

    def _relative(self, path: str) -> str:
        return os.path.relpath(os.path.abspath(path), self.root).replace(os.sep, "/")


def _matches(path: str, pattern: str) -> bool:
    """Match a path, the directories above it, or its last component."""
    pattern = pattern.rstrip("/")
    if "/" not in pattern:
        return any(fnmatch.fnmatchcase(part, pattern) for part in path.split("/"))
    parts = path.split("/")
    return any(
        _glob(pattern).fullmatch("/".join(parts[:length])) for length in range(1, len(parts) + 1)
    )


@functools.cache
def _glob(pattern: str) -> re.Pattern[str]:
    """Compile a pattern in which `*` stays within a component and `**` does not."""
    pieces = re.split(r"(\*\*/?|\*|\?)", pattern)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meaning.get(piece) or re.escape(piece) for piece in pieces))


def load(start: str, known_codes: Iterable[str]) -> Settings:
    """Read the nearest pyproject.toml that has a `[tool.tfcompat]`, at `start` or above it.

    Args:
        start: a file or directory.
        known_codes: to check those in the file.

    Raises:
        ConfigurationError: it cannot be read, or says what is not known; all of it is listed.
    """
    directory = os.path.abspath(start)
    while True:
        path = os.path.join(directory, "pyproject.toml")
        if os.path.isfile(path):
            table = _read(path)
            if table is not None:
                return _settings(path, table, tuple(known_codes))
        parent = os.path.dirname(directory)
        if parent == directory:
            return Settings(root=os.getcwd())
        directory = parent


def _read(path: str) -> dict[str, Any] | None:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if not _TABLE.search(text):
        return None
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        try:
            import tomli as tomllib
        except ModuleNotFoundError:
            raise ConfigurationError(
                f"{path} has a [tool.tfcompat], which this Python cannot read: pip install tomli, "
                "or use Python 3.11 or newer."
            ) from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: {error}") from None
    table = document.get("tool", {}).get("tfcompat")
    return table if isinstance(table, dict) else None


def _settings(path: str, table: dict[str, Any], known: tuple[str, ...]) -> Settings:
    wrong = []
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key in _LISTS and _is_list(value):
            values[key] = tuple(value)
        elif isinstance(value, _TYPES.get(key, ())):
            values[key] = value
        elif (
            key == "per-file-ignores"
            and isinstance(value, dict)
            and all(map(_is_list, value.values()))
        ):
            values["per_file_ignores"] = {pattern: tuple(codes) for pattern, codes in value.items()}
        else:
            wrong.append(f"{key} = {value!r}")
    for codes in (
        values.get("select", ()),
        values.get("ignore", ()),
        *values.get("per_file_ignores", {}).values(),
    ):
        wrong += [f"code {code!r}" for code in unknown_codes(codes, known)]
    if wrong:
        raise ConfigurationError(
            f"{path}, [tool.tfcompat]: not understood: {'; '.join(wrong)}. It takes tensorflow "
            "(a string), select, ignore, exclude (lists of strings), guarded (a boolean) and "
            "per-file-ignores (a table of lists)."
        )
    return Settings(root=os.path.dirname(path), **values)


def unknown_codes(codes: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return those that are the beginning of no code."""
    known = tuple(known)
    return [code for code in codes if not code or not any(full.startswith(code) for full in known)]


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
