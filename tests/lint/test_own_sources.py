"""tfcompat passes its own check, with no ignores."""

from __future__ import annotations

import pathlib

import tfcompat
from tfcompat.lint import files, ignores, run
from tfcompat.lint.config import Settings

PACKAGE = pathlib.Path(tfcompat.__file__).parent


def test_own_sources() -> None:
    found = list(files.collect([str(PACKAGE)], Settings()))
    assert len(found) > 50
    named = [(path, size, True) for path, size, _ in found]
    reports = run.check(named, Settings(), 1)  # this process may have threads
    messages = [
        f"{finding.path}:{finding.line}: {finding.code} {finding.message}"
        for report in reports
        for finding in report.findings
    ]
    assert messages == []
    assert not any(report.errors or report.silenced for report in reports)
    for path, _, _ in found:
        assert not ignores.find(pathlib.Path(path).read_text(encoding="utf-8")), path
