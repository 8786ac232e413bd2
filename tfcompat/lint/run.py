"""Check many files, with several processes where that pays."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tfcompat import rules
from tfcompat._progress import Progress
from tfcompat.lint.config import Settings
from tfcompat.lint.findings import FileReport, check_file, syntax_errors
from tfcompat.lint.prefilter import may_have_findings
from tfcompat.lint.processes import IS_POSSIBLE, share

# So much is parsed in any case, in well under a second, so that a file that does not parse is
# told. Of a larger tree only what can hold a finding is.
_SMALL = 1_000_000
# What is to be read before a second process is worth its start, in bytes.
_WORTH = 400_000

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
    return each(_Check(settings, Sieve(files, settings)), files, processes)


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
) -> list[_Result]:
    """Call a function with each file, and return the results in the order of the files."""
    files = list(files)
    sizes = [size for _, size, _ in files]
    if processes is None:
        processes = min(_cores(), 1 + sum(sizes) // _WORTH)
    results: dict[int, _Result] = {}
    begun = 0
    # Syntax trees make millions of objects and no cycles that matter.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        with Progress(sum(sizes)) as progress:
            for place, result in _results(function, files, processes):
                results[place] = result
                # They are begun in order, so that those before are done, or nearly.
                progress.add(sum(sizes[begun : place + 1]))
                begun = max(begun, place + 1)
    finally:
        if was_enabled:
            gc.enable()
    return [results[place] for place in range(len(files))]


def _results(
    function: Callable[[_File], _Result], files: list[_File], processes: int
) -> Iterator[tuple[int, _Result]]:
    if processes > 1 and len(files) > 1 and IS_POSSIBLE:
        rules.rule("tensorflow.python")  # so that the table and the advice are loaded once
        return share(function, files, processes)
    return ((place, function(file)) for place, file in enumerate(files))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
