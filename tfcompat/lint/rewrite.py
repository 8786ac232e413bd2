"""Rewrite one file: what it holds before and after, and what became of each use."""

from __future__ import annotations

import ast
import dataclasses
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Collection

from tfcompat import rules
from tfcompat.errors import TfcompatError
from tfcompat.lint import cells, notebooks
from tfcompat.lint.config import Settings
from tfcompat.lint.edits import Span, Text, apply, replacements
from tfcompat.lint.findings import wanted
from tfcompat.lint.fix import fixes
from tfcompat.lint.plan import EXPLAINED, Options, Outcome
from tfcompat.lint.problems import Problem, analyse, rule_of
from tfcompat.lint.resolve import decode


@dataclasses.dataclass(frozen=True)
class Change:
    """What became of one use.

    Attributes:
        line: 1-based, in the file as it is after the fixes; in a notebook in its cell.
        column: 1-based, in bytes, before the fixes.
        code: of the rule.
        name: the dotted name.
        status: "safe", "unsafe" or "explained".
        reason: why it is unsafe or not fixed.
        text: what stands there now; empty where something was removed, or nothing changed.
        guard: as in `resolve.Use`.
        cell: of a notebook, from 1; None in a Python file.
    """

    line: int
    column: int
    code: str
    name: str
    status: str
    reason: str
    text: str
    guard: str | None
    cell: int | None = None

    @property
    def is_fixed(self) -> bool:
        """Whether the use is gone."""
        return self.status != EXPLAINED


@dataclasses.dataclass
class Rewritten:
    """A file before and after.

    Attributes:
        path: of the file.
        before: its text.
        after: the new text; the same where nothing changes.
        data: what to write, None where nothing changes.
        changes: one for each use.
        errors: why it could not be analysed, or why it was left as it is.
    """

    path: str
    before: str = ""
    after: str = ""
    data: bytes | None = None
    changes: list[Change] = dataclasses.field(default_factory=list)
    errors: list[str] = dataclasses.field(default_factory=list)


def rewrite(
    path: str,
    data: bytes,
    settings: Settings,
    *,
    unsafe: bool = False,
    guarded: bool = False,
    wanted_elsewhere: Collection[str] = (),
) -> Rewritten:
    """Rewrite a file, in memory.

    Args:
        path: its path; a name that ends in ".ipynb" is a notebook.
        data: what it holds.
        settings: which findings to fix, and for which releases.
        unsafe: whether to make fixes that can change what the code does.
        guarded: whether to fix code that runs only on some releases, too.
        wanted_elsewhere: names that other files import from this one.
    """
    result = Rewritten(path)
    notebook = None
    try:
        text, encoding = decode(data)
        result.before = result.after = code = text
        if path.endswith(".ipynb"):
            notebook = cells.Cells(notebooks.read(text))
            code = notebook.text
    except (SyntaxError, ValueError, LookupError) as error:
        result.errors.append(str(error))
        return result
    source = analyse(path, code)
    if source.errors:
        result.errors += source.errors
        return result
    supported = rules.columns(settings.tensorflow)
    found = [
        (problem.use, problem.rule)
        for problem in wanted(source, settings, supported)
        if _is_in_scope(problem, settings, guarded)
    ]
    if not found:
        return result
    try:
        plan = fixes(
            source,
            found,
            look_up=lambda name: rule_of(name, supported),
            supported=supported,
            options=Options(unsafe, guarded, frozenset(wanted_elsewhere)),
        )
        changes = replacements(plan.text, plan.edits)
        if changes:
            fixed = apply(plan.text, plan.edits)
            _check(path, code, fixed)
            result.after = fixed
            if notebook is not None:
                result.after = cells.write(text, notebook.changed(changes))
            if text.encode(encoding) != data:
                raise TfcompatError(f"its encoding {encoding!r} cannot be written as it was")
            result.data = result.after.encode(encoding)
    except (TfcompatError, ValueError, SyntaxError, RecursionError) as error:
        result.errors.append(f"not fixed: {error}")
        result.after = result.before
        return result
    moved = _moved(plan.text, changes)
    result.changes = [_change(outcome, moved, notebook) for outcome in plan.outcomes]
    return result


def _is_in_scope(problem: Problem, settings: Settings, guarded: bool) -> bool:
    return settings.guarded or guarded or not problem.use.guard


def _check(path: str, before: str, after: str) -> None:
    """Raise SyntaxError unless the new text is Python."""
    try:
        _compile(path, after)
    except SyntaxError as error:
        try:
            _compile(path, before)
        except SyntaxError as old:
            raise SyntaxError(f"it does not compile, line {old.lineno}: {old.msg}") from old
        raise SyntaxError(
            f"the fixes do not fit together, line {error.lineno}: {error.msg}"
        ) from error


# At the top of a cell, that is.
_FUTURE = re.compile(r"^from __future__ import\b", re.M)


def _compile(path: str, text: str) -> None:
    if path.endswith(".ipynb"):
        text = _FUTURE.sub("from future import", text)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Notebooks can wait for something at their top.
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        compile(text, path, "exec", flags=flags, dont_inherit=True)


def _moved(text: Text, changes: list[tuple[Span, str]]) -> list[tuple[int, int]]:
    """Return line numbers, and by how much the lines from there on have moved."""
    result = []
    total = 0
    for span, new in changes:
        total += new.count("\n") - text.source(span).count("\n")
        result.append((text.line_of(span.end), total))
    return result


def _change(outcome: Outcome, moved: list[tuple[int, int]], notebook: cells.Cells | None) -> Change:
    use, rule = outcome.use, outcome.rule
    line, cell, reason = _line(use.line, moved, notebook), None, outcome.reason
    if notebook is not None:
        cell, _ = notebook.locate(use.line)
    if outcome.needed_in is not None:
        reason = f"line {_line(outcome.needed_in, moved, notebook)} needs it: {reason}"
    return Change(
        line,
        use.column + 1,
        rule.code,
        rule.name,
        outcome.status,
        reason,
        outcome.text,
        use.guard,
        cell,
    )


def _line(line: int, moved: list[tuple[int, int]], notebook: cells.Cells | None) -> int:
    if notebook is not None:
        return notebook.locate(line)[1]
    return line + next((total for first, total in reversed(moved) if first <= line), 0)


def write(path: str, data: bytes) -> None:
    """Replace what a file holds, all of it at once."""
    path = os.path.realpath(path)
    directory, name = os.path.split(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=directory)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
