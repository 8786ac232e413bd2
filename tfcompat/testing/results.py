"""The results of the environments: one JSON file for each, and a page and an XML of them all."""

from __future__ import annotations

import datetime
import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

import pytest

from tfcompat.testing import environment, junit, page
from tfcompat.testing.merged import Merged, merge

FORMAT = 1
_MOST_TEXT = 20_000  # characters of what a failure prints; the end says what went wrong


class Results:
    """Collects the results of one session, and writes them when it ends.

    Args:
        path: of the page. `report.html` has `report.xml` and, for each environment,
            `report.<environment>.json` beside it.

    Raises:
        pytest.UsageError: the path ends in `.xml` or `.json`, or is a directory.
    """

    def __init__(self, path: Path) -> None:
        if path.suffix in (".xml", ".json") or path.is_dir():
            raise pytest.UsageError(
                f"--tfcompat-report takes the name of a page, such as report.html, not {path}. "
                "The .xml and .json files are written beside it."
            )
        self._path = path
        self._tests: dict[str, dict[str, Any]] = {}
        self._began = time.monotonic()
        self._started = datetime.datetime.now(datetime.timezone.utc)
        self._summary: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what became of a test: its set-up, call and tear-down come one by one."""
        if report.outcome not in ("passed", "failed", "skipped"):
            return  # "rerun" of pytest-rerunfailures: the last run counts
        known = self._tests.get(report.nodeid)
        if known is None or report.when == "setup":
            known = self._tests[report.nodeid] = _test(report.nodeid)
        known["seconds"] += report.duration
        known["pairs"] += getattr(report, "tfcompat_pairs", [])
        if report.failed:
            # What failed first is the cause.
            if known["outcome"] not in ("failed", "error"):
                known["outcome"] = "failed" if report.when == "call" else "error"
                known["message"], known["details"] = _texts(report)
        elif report.skipped and known["outcome"] == "passed":
            known["outcome"] = "skipped"
            expected = getattr(report, "wasxfail", None)
            known["message"] = (
                _skip_reason(report) if expected is None else f"expected to fail: {expected}"
            )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that could not be imported, or was skipped as a whole."""
        if report.passed or not report.nodeid:
            return
        known = self._tests[report.nodeid] = _test(report.nodeid)
        if report.failed:
            known["outcome"] = "error"
            known["message"], known["details"] = _texts(report)
        else:
            known["outcome"] = "skipped"
            known["message"] = _skip_reason(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write the results of this environment, then the page and the XML of all."""
        runtime = environment.runtime()
        document = {
            "format": FORMAT,
            "environment": environment.name(),
            "description": environment.describe(),
            "tensorflow": str(runtime.tensorflow) if runtime else "",
            "keras": str(runtime.keras) if runtime else "",
            "legacy_keras": bool(runtime and runtime.legacy_keras),
            "started": self._started.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self._began, 3),
            "exit_status": int(exitstatus),
            "tests": list(self._tests.values()),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        target = self._path.with_name(f"{self._path.stem}.{document['environment']}.json")
        _replace(target, json.dumps(document, indent=1) + "\n")
        merged = write(self._path)
        count = len(merged.environments)
        self._summary = [f"{count} environment{'s' if count != 1 else ''} in {self._path}"]
        self._summary += [f"left out: {text}" for text in merged.unreadable]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the page is."""
        if self._summary:
            terminalreporter.section("tfcompat report")
            for line in self._summary:
                terminalreporter.line(line)


def _test(nodeid: str) -> dict[str, Any]:
    return {
        "id": nodeid,
        "outcome": "passed",
        "message": "",
        "details": "",
        "seconds": 0.0,
        "pairs": [],
    }


def _texts(report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str]:
    """Return what went wrong in one line, and all that pytest prints of it."""
    details = report.longreprtext
    crash = getattr(report.longrepr, "reprcrash", None)
    message = str(getattr(crash, "message", "")) or details.strip().rpartition("\n")[2]
    if len(details) > _MOST_TEXT:
        details = f"[...]\n{details[-_MOST_TEXT:]}"
    return message.partition("\n")[0], details


def _skip_reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].replace("Skipped: ", "", 1)
    return report.longreprtext


def write(path: Path) -> Merged:
    """Write the page and the XML of all environments that have left results beside a path.

    Environments may end at the same time: whoever writes last looks whether there is something
    new since it read, so that nobody's results are missing in the end.
    """
    while True:
        before = _state(path)
        merged = merge(path, FORMAT)
        _replace(path, page.render(merged))
        _replace(path.with_suffix(".xml"), junit.render(merged))
        if _state(path) == before:
            return merged


def _state(path: Path) -> list[tuple[str, int, int]]:
    found = []
    for one in sorted(path.parent.glob("*.json")):
        try:
            status = one.stat()
        except FileNotFoundError:
            continue
        found.append((one.name, status.st_mtime_ns, status.st_ino))
    return found


def _replace(path: Path, text: str) -> None:
    """Write a file, so that a reader sees the old or the new one, and never a half."""
    hidden = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        # What a test prints may hold halves of surrogate pairs, which no encoding takes.
        hidden.write_bytes(text.encode("utf-8", "backslashreplace"))
        os.replace(hidden, path)
    finally:
        hidden.unlink(missing_ok=True)
