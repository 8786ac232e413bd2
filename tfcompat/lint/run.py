"""Check many files, with several processes where that pays."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tfcompat import rules
from tfcompat._progress import Progress
from tfcompat.lint.config import Settings
from tfcompat.lint.findings import FileReport, check_file, syntax_errors
from tfcompat.lint.prefilter import may_have_findings

# So much is parsed in any case, in well under a second, so that a file that does not parse is
# told. Of a larger tree only what can hold a finding is.
_SMALL = 1_000_000
# What is to be read before a second process is worth its start, in bytes.
_WORTH = 2_000_000
_CHUNK = 8

_Result = TypeVar("_Result")
_File = tuple[str, int, bool]


def check(
    files: Iterable[_File], settings: Settings, processes: int | None = None
) -> list[FileReport]:
    """Check files.

    Args:
        files: paths, sizes and whether they were named themselves, from `files.collect`.
        settings: what to report.
        processes: how many to use; one per core by default.

    Returns:
        A report on each file, in order.
    """
    files = list(files)
    return list(each(_Check(settings, Sieve(files, settings)), files, processes))


class Sieve:
    """Tells which files are worth looking into.

    Args:
        files: as for `check`.
        settings: what to report.
    """

    def __init__(self, files: Iterable[_File], settings: Settings) -> None:
        self._is_small = sum(size for _, size, _ in files) <= _SMALL
        self._supported = rules.columns(settings.tensorflow)

    def stops(self, file: _File, data: bytes) -> bool:
        """Tell whether a file can have neither findings nor errors that are to be told."""
        return not may_have_findings(data, self._supported) and not self._errors(file, data)

    def _errors(self, file: _File, data: bytes) -> list[str]:
        path, _, is_named = file
        return syntax_errors(path, data) if is_named or self._is_small else []


class _Check:
    def __init__(self, settings: Settings, sieve: Sieve) -> None:
        self._settings = settings
        self._sieve = sieve

    def __call__(self, file: _File) -> FileReport:
        path = file[0]
        data = read(path)
        if isinstance(data, str):
            return FileReport(path, errors=[data])
        if self._sieve.stops(file, data):
            return FileReport(path)
        return check_file(path, data, self._settings)


def read(path: str) -> bytes | str:
    """Read a file; return why not where it cannot be read."""
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError as error:
        return error.strerror or str(error)


def each(
    function: Callable[[_File], _Result], files: Iterable[_File], processes: int | None = None
) -> Iterator[_Result]:
    """Call a function with each file, and yield the results in the order of the files."""
    files = list(files)
    total = sum(size for _, size, _ in files)
    if processes is None:
        processes = min(_cores(), 1 + total // _WORTH)
    with Progress(total) as progress:
        for (_, size, _), result in zip(files, _results(function, files, processes)):
            progress.add(size)
            yield result


def _results(
    function: Callable[[_File], _Result], files: list[_File], processes: int
) -> Iterator[_Result]:
    # Syntax trees make millions of objects and no cycles that matter.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        if processes > 1 and len(files) > 1 and sys.platform != "win32":
            import multiprocessing

            # Forked, for what is imported and loaded is there at once.
            rules.find("tensorflow")
            with multiprocessing.get_context("fork").Pool(processes) as pool:
                yield from pool.imap(function, files, _CHUNK)
        else:
            yield from map(function, files)
    finally:
        if was_enabled:
            gc.enable()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
