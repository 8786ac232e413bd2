"""Findings as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tfcompat.lint.findings import FileReport
from tfcompat.lint.report import by_code, findings


def write(reports: Sequence[FileReport]) -> str:
    """Return one object: findings, errors and summary."""
    found = findings(reports)
    document = {
        "findings": [{**finding._asdict(), "message": finding.message} for finding in found],
        "errors": [
            {"path": report.path, "message": error} for report in reports for error in report.errors
        ],
        "summary": {
            "files": len(reports),
            "findings": len(found),
            "silenced": sum(report.silenced for report in reports),
            "by_code": by_code(found),
        },
    }
    return json.dumps(document, indent=2)
