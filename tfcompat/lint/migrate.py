"""The commands that rewrite files: `check --fix`, `check --diff` and `migrate`."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tfcompat.lint import files, rewrite, run
from tfcompat.lint.config import Settings
from tfcompat.lint.findings import display
from tfcompat.lint.plan import EXPLAINED, SAFE, UNSAFE, WANTED
from tfcompat.lint.project import Project
from tfcompat.lint.rewrite import Change, Rewritten

CLEAN, FOUND, FAILED = 0, 1, 2

_File = tuple[str, int, bool]
_STATUSES = (SAFE, UNSAFE, EXPLAINED)


def check(found: Sequence[_File], settings: Settings, options: argparse.Namespace) -> int:
    """Run `check --fix`, or with `--diff` show what it would change.

    Returns:
        0 where nothing is left, 1 where a use is left or shown, 2 where a file could not be
        analysed or fixed.
    """
    results = run_all(found, settings, options)
    if options.diff:
        print(diffs(results), end="")
    else:
        write(results)
    if getattr(options, "format", "text") == "json":
        print(json.dumps(summary(results), indent=2))
    else:
        print(explained(results) + totals(results))
    return _status(results, would_change=options.diff)


def migrate(found: Sequence[_File], settings: Settings, options: argparse.Namespace) -> int:
    """Run `migrate`: show the changes and the totals, ask, and write.

    Returns:
        As `check`; 1 as well where nothing was written.
    """
    results = run_all(found, settings, options)
    changed = [result for result in results if result.data is not None]
    print(diffs(results) + explained(results) + totals(results))
    if options.diff or not changed:
        return _status(results, would_change=bool(changed))
    if not getattr(options, "yes", False) and not _agrees(len(changed)):
        print("Nothing was written.")
        return FOUND
    write(results)
    print(f"{_count(len(changed), 'file')} written.")
    return _status(results, would_change=False)


def run_all(
    found: Sequence[_File], settings: Settings, options: argparse.Namespace
) -> list[Rewritten]:
    """Rewrite files in memory, in several processes where that pays.

    An import that stays for another file goes where the fixes of that file no longer need it.
    """
    paths = _project(found, settings)
    sieve = run.Sieve(found, settings)
    drafts: dict[str, bytes] = {}
    results: dict[str, Rewritten] = {}
    turn: Sequence[_File] = found
    while turn:
        project = Project(paths, drafts)
        worker = _Rewrite(settings, options, project, sieve, drafts)
        fresh = [result for result in run.each(worker, turn, options.jobs) if _is_news(result)]
        for result in fresh:
            earlier = results.get(result.path)
            results[result.path] = _joined(earlier, result) if earlier else result
        changed = {os.path.abspath(r.path): r.data for r in fresh if r.data is not None}
        drafts.update(changed)
        turn = [file for file in turn if changed and _is_held(results.get(file[0]))]
    return list(results.values())


def _is_held(result: Rewritten | None) -> bool:
    return result is not None and any(c.reason.startswith(WANTED) for c in result.changes)


def _joined(earlier: Rewritten, later: Rewritten) -> Rewritten:
    """Put together what two turns did to one file."""
    fixed = [change for change in earlier.changes if change.is_fixed]
    return Rewritten(
        path=earlier.path,
        before=earlier.before,
        after=later.after,
        data=earlier.data if later.data is None else later.data,
        changes=[*fixed, *later.changes],
        errors=later.errors,
    )


def _project(found: Sequence[_File], settings: Settings) -> list[str]:
    """Return the files, and those of the packages of files that were named one by one."""
    packages = {_package(path) for path, _, is_named in found if is_named} - {None}
    others = files.collect([path for path in packages if path], settings) if packages else ()
    return list(dict.fromkeys(os.path.abspath(path) for path, _, _ in (*found, *others)))


def _package(path: str) -> str | None:
    """Return the directory of the outermost package around a file."""
    package = None
    directory = os.path.dirname(os.path.abspath(path))
    while os.path.isfile(os.path.join(directory, "__init__.py")):
        package = directory
        directory = os.path.dirname(directory)
    return package


class _Rewrite:
    def __init__(
        self,
        settings: Settings,
        options: argparse.Namespace,
        project: Project,
        sieve: run.Sieve,
        drafts: Mapping[str, bytes],
    ) -> None:
        self._settings = settings
        self._unsafe = options.unsafe_fixes
        self._guarded = options.fix_guarded
        self._project = project
        self._sieve = sieve
        self._drafts = drafts

    def __call__(self, file: _File) -> Rewritten:
        path = file[0]
        draft = self._drafts.get(os.path.abspath(path))
        data = run.read(path) if draft is None else draft
        if isinstance(data, str):
            return Rewritten(path, errors=[data])
        if self._sieve.stops(file, data):
            return Rewritten(path)
        return rewrite.rewrite(
            path,
            data,
            self._settings,
            unsafe=self._unsafe,
            guarded=self._guarded,
            wanted_elsewhere=self._project.wanted(path),
        )


def write(results: Iterable[Rewritten]) -> None:
    """Write the files that change, each at once."""
    for result in results:
        if result.data is not None:
            rewrite.write(result.path, result.data)


def diffs(results: Iterable[Rewritten]) -> str:
    """Return what changes as a patch."""
    return "".join(line for result in results for line in _diff(result))


def _diff(result: Rewritten) -> Iterator[str]:
    if result.data is None:
        return
    before, after = (
        text.replace("\r\n", "\n").split("\n") for text in (result.before, result.after)
    )
    path = result.path.replace(os.sep, "/").lstrip("/")
    for line in difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm=""):
        yield f"{line}\n"


def explained(results: Iterable[Rewritten]) -> str:
    """Return a line for each use that stays, with its reason, and for each error."""
    lines = []
    for result in results:
        for change in result.changes:
            if change.status == EXPLAINED:
                place = result.path if change.cell is None else f"{result.path}:cell {change.cell}"
                lines.append(
                    f"{place}:{change.line}:{change.column}: {change.code} "
                    f"{display(change.name)} stays: {change.reason.rstrip('.')}\n"
                )
        lines += [f"{result.path}: {error}\n" for error in result.errors]
    return "".join(lines)


def totals(results: Sequence[Rewritten]) -> str:
    """Return the last line: how many uses were found, and what became of them."""
    counts = count(results)
    files = sum(result.data is not None for result in results)
    text = (
        f"{_count(sum(counts.values()), 'use')} found: {counts[SAFE]} fixed safely, "
        f"{counts[UNSAFE]} fixed unsafely, {counts[EXPLAINED]} explained; "
        f"{_count(files, 'file')} to change."
    )
    waiting = sum(
        change.reason.startswith("only with --unsafe-fixes")
        for result in results
        for change in result.changes
    )
    if waiting:
        text += f" --unsafe-fixes fixes {waiting} more."
    failed = sum(bool(result.errors) for result in results)
    if failed:
        text += f" {_count(failed, 'file')} could not be analysed or fixed."
    return text


def summary(results: Sequence[Rewritten]) -> dict[str, object]:
    """Return all of it as plain data, for `--format json`."""
    return {
        "summary": {status: count(results)[status] for status in _STATUSES},
        "files": [
            {
                "path": result.path,
                "changed": result.data is not None,
                "errors": result.errors,
                "uses": [_plain(change) for change in result.changes],
            }
            for result in results
        ],
    }


def count(results: Iterable[Rewritten]) -> Counter[str]:
    """Return how many uses have each status."""
    return Counter(change.status for result in results for change in result.changes)


def _plain(change: Change) -> dict[str, object]:
    plain: dict[str, object] = {
        "line": change.line,
        "column": change.column,
        "code": change.code,
        "name": change.name,
        "status": change.status,
        "reason": change.reason,
        "text": change.text,
        "guard": change.guard,
    }
    if change.cell is not None:
        plain["cell"] = change.cell
    return plain


def _is_news(result: Rewritten) -> bool:
    return bool(result.changes or result.errors)


def _status(results: Iterable[Rewritten], would_change: bool) -> int:
    results = list(results)
    if any(result.errors for result in results):
        return FAILED
    if count(results)[EXPLAINED] or (would_change and any(r.data is not None for r in results)):
        return FOUND
    return CLEAN


def _agrees(files: int) -> bool:
    if not sys.stdin.isatty():
        print("Run with --yes to write them where nobody can be asked.")
        return False
    return input(f"Write {_count(files, 'file')}? [y/N] ").strip().lower() in ("y", "yes")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
