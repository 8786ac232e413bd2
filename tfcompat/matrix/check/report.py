"""Findings as text and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from tfcompat.matrix.check.found import Finding

CLEAN, FOUND = 0, 1


def text(findings: Sequence[Finding]) -> str:
    """Return a line for each finding, and one that counts them."""
    lines = [f"{f.file}:{f.line}: {f.kind}: {f.message}" for f in findings]
    counts = Counter(f.severity for f in findings)
    counted = [
        f"{counts[severity]} {severity}{'s' if counts[severity] > 1 else ''}"
        for severity in ("error", "warning", "hint")
        if counts[severity]
    ]
    return "\n".join([*lines, ", ".join(counted) if counted else "Nothing found."])


def as_json(findings: Sequence[Finding]) -> str:
    """Return a JSON array with one object for each finding."""
    return json.dumps([vars(f) for f in findings], indent=2)


def exit_status(findings: Sequence[Finding]) -> int:
    """Return 1 when there are findings other than hints, 0 otherwise."""
    return FOUND if any(f.severity != "hint" for f in findings) else CLEAN
