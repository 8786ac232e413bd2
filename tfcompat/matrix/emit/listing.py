"""The combinations for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tfcompat.matrix.data import Combination, eras, own

_HEADINGS = ("environment", "Python", "TensorFlow", "Keras", "tested", "requirements")


def table(combinations: Sequence[Combination], origin: str, platform: str) -> str:
    """Return a table for the terminal, with a heading per era."""
    tested = {c.name for c in own()} if platform == "linux" else set()
    rows = [
        (
            c.name,
            c.python,
            c.version or "nightly",
            c.keras,
            "yes" if c.name in tested else "",
            " ".join([*c.requirements, *(f"{k}={v}" for k, v in c.variables)]),
        )
        for c in combinations
    ]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows)]

    def line(cells: Sequence[str]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip()

    lines = [line(_HEADINGS)]
    shown = -1
    for combination, row in zip(combinations, rows):
        if combination.era != shown:
            shown = combination.era
            lines += ["", eras()[shown].name]
        lines.append(line(row))
    count = f"{len(rows)} combination{'' if len(rows) == 1 else 's'} for {platform}"
    of_these = sum(bool(row[4]) for row in rows)
    lines += ["", f"{count}; tfcompat's own tests run on {of_these} of them."]
    return "\n".join(lines) + "\n"


def document(combinations: Sequence[Combination], origin: str, platform: str) -> str:
    """Return a JSON list with an object per combination."""
    rows = [
        {
            "name": c.name,
            "python": c.python,
            "tensorflow": c.version or "nightly",
            "keras": c.keras,
            "era": eras()[c.era].name,
            "requirements": list(c.requirements),
            "variables": dict(c.variables),
            "may_fail": c.nightly,
        }
        for c in combinations
    ]
    return json.dumps(rows, indent=2) + "\n"
