"""Findings as compilers print them, with the line of the source and a summary."""

from __future__ import annotations

from collections.abc import Sequence

from tfcompat.lint.findings import FileReport, Finding, codes
from tfcompat.lint.report import by_code, findings


def write(reports: Sequence[FileReport]) -> str:
    """Return the findings, what could not be analysed, and a summary by code."""
    lines = []
    for report in reports:
        for finding in report.findings:
            lines += _lines(finding)
        lines += [f"{report.path}: error: could not analyse: {error}" for error in report.errors]
    return "\n".join([*lines, *summary(reports)])


def place(finding: Finding) -> str:
    """Return where a finding is, in the form that editors jump to."""
    cell = f":cell {finding.cell}" if finding.cell else ""
    return f"{finding.path}{cell}:{finding.line}:{finding.column}"


def _lines(finding: Finding) -> list[str]:
    mark = {"safe": " [fix]", "unsafe": " [unsafe fix]"}.get(finding.fix or "", "")
    head = f"{place(finding)}: {finding.code} {finding.message}{mark}"
    text = finding.source.expandtabs(1)
    start = finding.column - 1
    if not text.strip():
        return [head]
    is_one_line = finding.end_line == finding.line
    end = finding.end_column - 1 if is_one_line else len(text.rstrip())
    indent = len(text) - len(text.lstrip())
    width = max(end - start, 1)
    return [head, f"    {text.strip()}", f"    {' ' * max(start - indent, 0)}{'^' * width}"]


def summary(reports: Sequence[FileReport]) -> list[str]:
    """Return the counts by code, and in all."""
    found = findings(reports)
    failed = sum(bool(report.errors) for report in reports)
    silenced = sum(report.silenced for report in reports)
    files = sum(bool(report.findings) for report in reports)
    guarded = sum(finding.guard is not None for finding in found)
    texts = codes()
    lines = [""] if found or failed else []
    lines += [f"{count:6}  {code}  {texts.get(code, '')}" for code, count in by_code(found).items()]
    parts = [f"{_count(len(found), 'finding')} in {_count(files, 'file')}"]
    for kind in ("safe", "unsafe"):
        number = sum(finding.fix == kind for finding in found)
        if number:
            parts.append(f"{number} with {'an' if kind == 'unsafe' else 'a'} {kind} fix")
    if guarded:
        parts.append(f"{guarded} guarded")
    if silenced:
        parts.append(f"{silenced} silenced by comments")
    if failed:
        parts.append(f"could not analyse {_count(failed, 'file')}")
    lines.append(f"{', '.join(parts)}; {_count(len(reports), 'file')} checked.")
    return lines


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
