"""Findings as annotations of GitHub Actions.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Sequence

from tfcompat.lint.findings import FileReport, Finding
from tfcompat.lint.report.text import summary


def write(reports: Sequence[FileReport]) -> str:
    """Return a workflow command for each finding, and the summary for the log."""
    lines = []
    for report in reports:
        lines += [_command(finding) for finding in report.findings]
        lines += [
            f"::error file={_property(report.path)},title=tfcompat::"
            f"{_data(f'could not analyse: {error}')}"
            for error in report.errors
        ]
    return "\n".join([*lines, *summary(reports)])


def _command(finding: Finding) -> str:
    level = "notice" if finding.guard else "warning"
    properties = {"file": finding.path}
    text = f"{finding.code} {finding.message}"
    if finding.cell:
        text = f"cell {finding.cell}, line {finding.line}: {text}"
    else:
        properties |= {"line": str(finding.line), "endLine": str(finding.end_line)}
        if finding.line == finding.end_line:  # columns are allowed on one line alone
            properties |= {"col": str(finding.column), "endColumn": str(finding.end_column)}
    properties["title"] = f"tfcompat {finding.code}"
    words = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{level} {words}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
