"""What became of each environment, and the table of all."""

from __future__ import annotations

import dataclasses
import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from environments import LOGS, python_of

GREEN, RED, SKIPPED = "green", "RED", "SKIPPED"


@dataclasses.dataclass
class Row:
    """What became of one environment."""

    name: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    cells: str | None = None
    seconds: float = 0.0
    # Other things than tests that went wrong, such as an install.
    troubles: list[str] = dataclasses.field(default_factory=list)
    missing: str = ""
    # Whether it runs the tests that are marked as run once per era as well.
    full: bool = True

    @property
    def log(self) -> Path:
        """Where the output of all commands is."""
        return LOGS / f"{self.name}.txt"

    @property
    def has_tests(self) -> bool:
        """Whether tests ought to run here."""
        return self.name != "lint"

    @property
    def has_tensorflow(self) -> bool:
        """Whether a release of TensorFlow is tested here, and not some tests alone run."""
        return self.has_tests and not self.name.endswith(("-tools", "-remote"))

    @property
    def counts(self) -> bool:
        """Whether a failure here is one of the whole run: nightly may fail."""
        return not self.name.endswith("-nightly")

    @property
    def result(self) -> str:
        """One word on all of it."""
        if self.missing:
            return SKIPPED
        return RED if self.failed or self.troubles else GREEN

    def describe(self) -> str:
        """Say in one line how it went so far."""
        tests = f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"
        parts = [tests] if self.passed + self.failed + self.skipped else []
        return f"{self.name:<22} {self.result:<7} {'; '.join([*parts, *self.troubles])}"

    def count(self, junit: Path) -> None:
        """Count the tests in a report of pytest's."""
        for suite in ET.parse(junit).getroot().iter("testsuite"):
            tests, failures, errors, skipped = (
                int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")
            )
            self.failed += failures + errors
            self.skipped += skipped
            self.passed += max(0, tests - failures - errors - skipped)

    def count_cells(self, path: Path) -> None:
        """Count the cells of a grid that resume: each has an `ok`."""
        cells = json.loads(path.read_text(encoding="utf-8")).get("cells", [])
        self.cells = f"{sum(bool(cell['ok']) for cell in cells)}/{len(cells)}"


def summarize(rows: Sequence[Row], drawn: bool, seconds: float) -> int:
    """Print the table of all environments.

    Args:
        rows: The environments, also those left out.
        drawn: Whether the grid could be put together from what each environment read.
        seconds: How long all of it took.

    Returns:
        The exit status: 1 if anything failed other than nightly.
    """
    print(
        f"\n{'environment':<22} {'passed':>6} {'failed':>6} {'skipped':>7} {'grid':>9}"
        f" {'seconds':>7}  result"
    )
    for row in rows:
        tests = (row.passed, row.failed, row.skipped) if row.has_tests else ("-", "-", "-")
        if row.missing:
            note = f": no Python {python_of(row.name)}"
        else:
            note = "".join(f", {trouble}" for trouble in row.troubles)
            note += "" if row.counts or row.result == GREEN else " (not counted)"
        print(
            f"{row.name:<22} {tests[0]:>6} {tests[1]:>6} {tests[2]:>7} {row.cells or '-':>9}"
            f" {row.seconds:>7.0f}  {row.result}{note}"
        )
    reasons = {python_of(row.name): row.missing for row in rows if row.missing}
    for version, reason in reasons.items():
        print(f"SKIPPED for want of Python {version}: {reason}")
    if not drawn:
        print("RED: the grid cannot be drawn")
    # Else a machine without interpreters would pass without a single test.
    untested = all(row.missing for row in rows if row.has_tensorflow) and bool(reasons)
    if untested:
        print("RED: not one release was tested")

    counted = [row for row in rows if row.counts]
    red = sum(row.result == RED for row in counted)
    left_out = sum(row.result == SKIPPED for row in rows)
    print(
        f"\n{len(rows) - left_out} environments ran, {red} of them red, "
        f"{left_out} skipped; {seconds / 60:.1f} minutes"
    )
    reduced = sum(not row.full for row in rows)
    if reduced:
        print(f"{reduced} of them ran without the tests marked once_per_era: see --full")
    # What went wrong outside the tests counts as one failure, so that no red run reports zero,
    # and an environment that was left out as one skip.
    passed = sum(row.passed for row in rows)
    failed = sum(row.failed + bool(row.troubles) for row in counted) + (not drawn) + untested
    skipped = sum(row.skipped for row in rows) + left_out
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0
