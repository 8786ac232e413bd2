"""Findings as SARIF 2.1.0, the format of code scanning services.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
import pathlib
import urllib.parse
from collections.abc import Sequence
from typing import Any

from tfcompat import __version__
from tfcompat.lint.findings import FileReport, Finding, codes
from tfcompat.lint.report import by_code, findings

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def write(reports: Sequence[FileReport]) -> str:
    """Return a log with one run."""
    found = findings(reports)
    ids = list(by_code(found))
    texts = codes()
    errors = [(report.path, error) for report in reports for error in report.errors]
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "tfcompat",
                "version": __version__,
                "rules": [
                    {"id": code, "shortDescription": {"text": texts.get(code, code)}}
                    for code in ids
                ],
            }
        },
        # Columns are counted in characters, not in the units of UTF-16.
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, ids.index(finding.code)) for finding in found],
        "invocations": [
            {
                "executionSuccessful": not errors,
                "toolExecutionNotifications": [
                    {
                        "level": "error",
                        "message": {"text": f"could not analyse: {error}"},
                        "locations": [{"physicalLocation": {"artifactLocation": _uri(path)}}],
                    }
                    for path, error in errors
                ],
            }
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _result(finding: Finding, index: int) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": _uri(finding.path)}
    text = finding.message
    if finding.cell:  # a line of the cell is none of the file
        text = f"cell {finding.cell}, line {finding.line}: {text}"
    else:
        location["region"] = {
            "startLine": finding.line,
            "startColumn": finding.column,
            "endLine": finding.end_line,
            "endColumn": finding.end_column,
        }
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": "note" if finding.guard else "warning",
        "message": {"text": text},
        "locations": [{"physicalLocation": location}],
    }


def _uri(path: str) -> dict[str, str]:
    if pathlib.PurePath(path).is_absolute():
        return {"uri": pathlib.Path(path).as_uri()}
    return {"uri": urllib.parse.quote(pathlib.PurePath(path).as_posix())}
