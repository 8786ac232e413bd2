"""Programs in a process of their own, for what would change the process of the tests."""

from __future__ import annotations

import subprocess
import sys

_SECONDS = 300  # ten times what any takes; one that hangs must not hold the matrix up


def output_of(*arguments: object) -> str:
    """Run Python with some arguments, which must succeed, and return what it prints."""
    command = [sys.executable, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout
