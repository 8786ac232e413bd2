"""What `tfcompat check` says about a file: findings as plain data, and what silences them."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from tfcompat import rules
from tfcompat.lint import ignores, resolve
from tfcompat.lint.config import Settings
from tfcompat.lint.methods import METHODS
from tfcompat.lint.problems import (
    METHOD,
    NO_CALL,
    NOT_CALLED,
    UNREAD_STRING,
    Problem,
    analyse,
    problems,
)
from tfcompat.lint.resolve import Source, decode
from tfcompat.rules.codes import CODES

if TYPE_CHECKING:
    from tfcompat.lint import notebooks

UNKNOWN_CODE = "TFC901"
UNUSED_IGNORE = "TFC902"

# The codes that lint itself adds to those of the rules, each with its text.
OWN_CODES = {
    UNREAD_STRING: "private path in a string that stands for itself (only with --select)",
    UNKNOWN_CODE: "an ignore comment names a code that does not exist",
    UNUSED_IGNORE: "an ignore comment silences nothing",
}

_WHAT = {
    "TFC101": "private name",
    "TFC102": "private name",
    "TFC103": "private name",
    "TFC104": "private name",
    "TFC105": "private name",
    "TFC106": "private module",
    "TFC107": "name that no release has",
    "TFC201": "public name that is not everywhere",
    "TFC202": "public name that raises in some releases",
    "TFC203": "public name that is not everywhere",
    "TFC301": "private method or attribute",
    "TFC401": "private name in a string",
    UNREAD_STRING: "private name in a string",
}
# The table of names leaves out some that there is advice for: those of tensorflow_estimator,
# modules of other projects, what a generated module hides.
_ADVISED = ("TFC102", "TFC103", "TFC104", "TFC105")
_GUARDS = {
    "import": "guarded by a try",
    "hasattr": "guarded by hasattr",
    "version": "guarded by a version check",
    "type-checking": "for type checking only",
}


class Finding(NamedTuple):
    """One thing to change.

    Attributes:
        path: of the file.
        line: 1-based; in a notebook within its cell.
        column: 1-based, in characters.
        end_line: like `line`.
        end_column: like `column`, behind the last character.
        code: such as "TFC101".
        name: the dotted name; empty for what is about a comment.
        what: what it is.
        works: the releases in which it works, in words; empty for a name that only advice knows.
        use: what to write instead, None for nothing.
        fix: "safe", "unsafe" or None.
        reason: why the fix is not safe, or why there is nothing to use.
        guard: as in `resolve.Use`.
        source: the line in the file.
        cell: of a notebook, from 1; None in a Python file.
    """

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    name: str
    what: str
    works: str
    use: str | None
    fix: str | None
    reason: str
    guard: str | None
    source: str
    cell: int | None = None

    @property
    def message(self) -> str:
        """All of it in one line of text, without place and code."""
        parts = [f"{self.what} {self.name}".strip()]
        if self.works and f"in {self.works}" not in self.reason:
            parts.append(f"works in {self.works}")
        if self.use:
            parts.append(f"use {self.use}")
        text = "; ".join(parts)
        if self.reason:
            text += f" ({self.reason.rstrip('.')})"
        if self.guard:
            text += f" [{_GUARDS[self.guard]}]"
        return text


class FileReport:
    """What was found in one file.

    Attributes:
        path: of the file.
        findings: in the order of the file.
        errors: why it could not be analysed.
        silenced: how many findings a comment silences.
    """

    def __init__(self, path: str, errors: Iterable[str] = ()) -> None:
        self.path = path
        self.findings: list[Finding] = []
        self.errors = list(errors)
        self.silenced = 0


def check_file(path: str, data: bytes, settings: Settings) -> FileReport:
    """Check one file.

    Args:
        path: its path; a name that ends in ".ipynb" is a notebook.
        data: what it holds.
        settings: what to report.
    """
    report = FileReport(path)
    notebook = None
    try:
        text, _ = decode(data)
        if path.endswith(".ipynb"):
            from tfcompat.lint import notebooks

            notebook = notebooks.read(text)
            report.errors += notebook.errors
            text = notebook.text
    except (SyntaxError, ValueError, LookupError) as error:
        report.errors.append(str(error))
        return report
    source = analyse(path, text)
    if source.errors:
        report.errors += source.errors
        return report
    supported = rules.columns(settings.tensorflow)
    found = (problem for problem in problems(source, supported) if not problem.is_repeat)
    ignored = settings.ignored_in(path)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    comments = ignores.find(text)
    for problem in found:
        if not settings.guarded and problem.use.guard:
            continue
        comment = _comment(comments, problem)
        if comment is not None and comment.silences(problem.rule.code):
            report.silenced += 1
        elif settings.wants(problem.rule.code, ignored):
            report.findings.append(_finding(path, problem, lines))
    report.findings += [
        finding
        for finding in _about_comments(path, comments.values(), lines, settings)
        if settings.wants(finding.code, ignored)
    ]
    report.findings.sort(key=lambda finding: (finding.line, finding.column))
    if notebook is not None:
        report.findings = [_in_cell(finding, notebook) for finding in report.findings]
    return report


def syntax_errors(path: str, data: bytes) -> list[str]:
    """Return why a file cannot be analysed, without analysing it."""
    try:
        text, _ = decode(data)
        if path.endswith(".ipynb"):
            from tfcompat.lint import notebooks

            return list(notebooks.read(text).errors)
    except (SyntaxError, ValueError, LookupError) as error:
        return [str(error)]
    return resolve.syntax_errors(text)


def wanted(source: Source, settings: Settings, supported: int | None = None) -> Iterator[Problem]:
    """Yield the problems that settings and comments leave to be fixed."""
    if supported is None:
        supported = rules.columns(settings.tensorflow)
    ignored = settings.ignored_in(source.path)
    comments = ignores.find(source.text)
    for problem in problems(source, supported):
        comment = _comment(comments, problem)
        if settings.wants(problem.rule.code, ignored) and not (
            comment is not None and comment.silences(problem.rule.code)
        ):
            yield problem


@functools.cache
def codes() -> dict[str, str]:
    """Return every code with its short text."""
    return {**{code: known.title for code, known in CODES.items()}, **OWN_CODES}


def display(name: str) -> str:
    """Write a dotted name as one does in code: `tf.nn.relu`."""
    root, dot, rest = name.partition(".")
    return f"tf{dot}{rest}" if root == "tensorflow" else name


def _finding(path: str, problem: Problem, lines: list[str]) -> Finding:
    use, rule = problem.use, problem.rule
    target = display(rule.target) if rule.target else None
    if rule.code == METHOD:
        target = METHODS[rule.name].use
    if use.form in ("attribute", "name") and use.call is None:
        rule = _not_called(rule)
    fix = None
    if rule.target and not use.others and use.is_exact:
        fix = "safe" if rule.safe else "unsafe"
    first, last = _line(lines, use.line), _line(lines, use.end_line)
    return Finding(
        path=path,
        line=use.line,
        column=_characters(first, use.column) + 1,
        end_line=use.end_line,
        end_column=_characters(last, use.end_column) + 1,
        code=rule.code,
        name=rule.name,
        what=_WHAT.get(rule.code, "name"),
        works=_in_words(rule.name, rule.available)
        if rule.available or rule.code not in _ADVISED
        else "",
        use=target,
        fix=fix,
        reason="" if rule.safe else rule.reason,
        guard=use.guard,
        source=first,
    )


def _not_called(rule: rules.Rule) -> rules.Rule:
    if rule.template is not None:
        return rule._replace(target=None, safe=False, reason=NO_CALL)
    if rule.call is None:
        return rule
    reason = "; ".join(filter(None, [rule.reason.rstrip("."), NOT_CALLED]))
    return rule._replace(safe=False, reason=reason)


_in_words = functools.cache(rules.describe_of)


def _comment(comments: dict[int, ignores.Ignore], problem: Problem) -> ignores.Ignore | None:
    """Return the comment on the lines of a use, or on the last line of its statement."""
    use = problem.use
    statement = use.binding.statement if use.binding is not None else None
    if use.form in ("import", "from", "star") and statement is not None:
        places = (use.line, use.end_line, statement.lineno, statement.end_lineno or use.line)
    else:
        places = (use.line, use.end_line, use.end_line, use.end_line)
    return next((comments[line] for line in places if line in comments), None)


def _about_comments(
    path: str, comments: Iterable[ignores.Ignore], lines: list[str], settings: Settings
) -> Iterator[Finding]:
    known = codes()
    for comment in comments:
        source = _line(lines, comment.line)
        place = (comment.line, comment.column + 1, comment.line, comment.end_column + 1)
        unknown = [code for code in comment.codes if code not in known]
        unused = [
            code
            for code in comment.codes
            if code in known and code not in comment.used and settings.wants(code)
        ]
        for code in unknown:
            what = f"there is no code {code!r}"
            yield Finding(path, *place, UNKNOWN_CODE, "", what, "", None, None, "", None, source)
        if unused or not (comment.codes or comment.used):
            what = "nothing to ignore here: " + (", ".join(unused) or "no finding")
            yield Finding(path, *place, UNUSED_IGNORE, "", what, "", None, None, "", None, source)


def _in_cell(finding: Finding, notebook: notebooks.Notebook) -> Finding:
    cell, line = notebook.locate(finding.line)
    return finding._replace(
        line=line,
        end_line=line + finding.end_line - finding.line,
        source=_line(cell.lines, line),
        cell=cell.number,
    )


def _line(lines: list[str], number: int) -> str:
    return lines[number - 1].rstrip("\r") if number <= len(lines) else ""


def _characters(line: str, column: int) -> int:
    """Turn a column in UTF-8 bytes into one in characters."""
    if line.isascii():
        return column
    return len(line.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace"))
