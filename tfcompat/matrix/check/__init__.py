"""Compare a tox, nox or GitHub Actions file with what can be installed: `tfcompat matrix --check`.

The files are parsed; nothing in them is executed. Workflows need PyYAML, which the extra `matrix`
installs.
"""

from __future__ import annotations

import datetime
import os
import pathlib

from tfcompat.matrix import data
from tfcompat.matrix.check import nox, tox, workflow
from tfcompat.matrix.check.found import SEVERITIES, CheckError, Finding
from tfcompat.matrix.check.judge import Remark, judge
from tfcompat.matrix.check.report import as_json, exit_status, text

__all__ = ["CheckError", "Finding", "as_json", "check_file", "exit_status", "text"]

_READERS = {
    ".ini": tox.read,
    ".cfg": tox.read,
    ".toml": tox.read,
    ".py": nox.read,
    ".yml": workflow.read,
    ".yaml": workflow.read,
}


def check_file(
    path: str | os.PathLike[str],
    *,
    platform: str = "linux",
    today: datetime.date | None = None,
) -> list[Finding]:
    """Return what is wrong with the combinations that a file tests, in the order of its lines.

    Args:
        path: A `tox.ini`, `setup.cfg`, `pyproject.toml`, `noxfile.py` or workflow.
        platform: Where the tests run, one of `data.PLATFORMS`, unless the file says so.
        today: The day to judge by; today's by default.

    Raises:
        CheckError: The file is of another kind, cannot be parsed, holds no TensorFlow, or PyYAML
            is needed and not installed; or the platform is not known.
        OSError: The file cannot be read.
    """
    path = pathlib.Path(path)
    problems = []
    if path.suffix not in _READERS:
        problems.append(f"{path} is none of {', '.join(_READERS)}")
    if platform not in data.PLATFORMS:
        problems.append(f"no such platform: {platform} (known: {', '.join(data.PLATFORMS)})")
    if problems:
        raise CheckError("; ".join(problems))
    try:
        parsed = _READERS[path.suffix](path, platform)
    except UnicodeDecodeError as error:
        raise CheckError(f"{path} is no UTF-8: {error}") from None
    found: list[Remark] = [(line, kind, None, message) for line, kind, message in parsed.remarks]
    if not parsed.tested:
        unread = "".join(f"\n  {path}:{line}: {message}" for line, _, _, message in found)
        raise CheckError(f"{path}: no TensorFlow found. Looked for {parsed.looked_for}.{unread}")
    found += judge(parsed, today or datetime.date.today())
    # Several environments may have the same to say of the same line.
    return [
        Finding(str(path), line, kind, severity or SEVERITIES[kind], message)
        for line, kind, severity, message in sorted(
            dict.fromkeys(found), key=lambda remark: remark[0]
        )
    ]
