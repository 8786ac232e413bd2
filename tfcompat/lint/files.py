"""Which files to check: Python files and notebooks, but not those of others."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from tfcompat.errors import TfcompatError
from tfcompat.lint.config import Settings

_SUFFIXES = (".py", ".pyi", ".ipynb")
# What belongs to tools, to builds and to other projects.
_SKIPPED = frozenset(
    {
        "__pycache__",
        "__pypackages__",
        "build",
        "dist",
        "node_modules",
        "site-packages",
        "venv",
    }
)


def collect(paths: Iterable[str], settings: Settings) -> Iterator[tuple[str, int, bool]]:
    """Yield each file once, in order: its path, its size, whether it was named itself.

    Directories whose names start with a dot, virtual environments and builds are left out,
    unless named themselves; what `exclude` matches is left out in any case.

    Raises:
        TfcompatError: a path does not exist.
    """
    paths = list(paths)
    missing = [path for path in paths if not os.path.exists(path)]
    if missing:
        raise TfcompatError("There is no such file or directory: " + ", ".join(missing))
    named = {os.path.realpath(path) for path in paths if not os.path.isdir(path)}
    seen: set[str] = set()
    for path in paths:
        for name, size in _walk(path, settings):
            key = os.path.realpath(name) if len(paths) > 1 else name
            if key not in seen:
                seen.add(key)
                yield name, size, not os.path.isdir(path) or key in named


def _walk(path: str, settings: Settings) -> Iterator[tuple[str, int]]:
    if not os.path.isdir(path):
        if not settings.is_excluded(path):
            yield path, os.path.getsize(path)
        return
    with os.scandir(path) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            if not _is_skipped(entry) and not settings.is_excluded(entry.path):
                yield from _walk(entry.path, settings)
        elif (
            entry.name.endswith(_SUFFIXES)
            and entry.is_file()
            and not settings.is_excluded(entry.path)
        ):
            yield entry.path, entry.stat().st_size


def _is_skipped(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    return (
        name.startswith(".")
        or name in _SKIPPED
        or name.endswith(".egg-info")
        or os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))
    )
