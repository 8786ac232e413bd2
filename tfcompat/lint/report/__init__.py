"""The formats in which findings are printed, one module for each."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence

from tfcompat.lint.findings import FileReport, Finding

FORMATS = ("text", "json", "sarif", "github")


def write(format_: str, reports: Sequence[FileReport]) -> str:
    """Return what a format prints of the reports, without a newline at its end."""
    if format_ == "json":
        from tfcompat.lint.report.as_json import write as writer
    elif format_ == "sarif":
        from tfcompat.lint.report.sarif import write as writer
    elif format_ == "github":
        from tfcompat.lint.report.github import write as writer
    else:
        from tfcompat.lint.report.text import write as writer
    return writer(reports)


def findings(reports: Iterable[FileReport]) -> list[Finding]:
    """Return the findings of all files."""
    return [finding for report in reports for finding in report.findings]


def by_code(found: Iterable[Finding]) -> dict[str, int]:
    """Count findings by their codes, in the order of the codes."""
    return dict(sorted(collections.Counter(finding.code for finding in found).items()))
