"""Find the Python interpreters that the matrix needs.

An interpreter counts only after it has been run and has told its version: version managers put
programs on PATH that exist and fail, since the version they stand for is not activated.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

_EXECUTABLE = "python{}.exe" if os.name == "nt" else "python{}"


def find(version: str, uv: Path) -> tuple[Path | None, str]:
    """Look for an interpreter, from the cheapest place to the dearest.

    Args:
        version: Major and minor version, such as `3.10`.
        uv: The uv to ask for an interpreter where the machine has none.

    Returns:
        The interpreter and where it came from, or None and why there is none.
    """
    for path in _on_path(version):
        if _works(path, version):
            return path, "PATH"
    for path in _in_pyenv(version):
        if _works(path, version):
            return path, "pyenv"
    return _from_uv(version, uv)


def _on_path(version: str) -> Iterator[Path]:
    for directory in os.environ.get("PATH", "").split(os.pathsep):
        path = Path(directory, _EXECUTABLE.format(version))
        if path.is_file():
            yield path


def _in_pyenv(version: str) -> Iterator[Path]:
    """Yield what pyenv has installed, activated or not, newest patch release first."""
    roots = [os.environ.get("PYENV_ROOT"), str(Path.home() / ".pyenv")]
    if shutil.which("pyenv"):
        roots.append(output(["pyenv", "root"]))
    for root in dict.fromkeys(filter(None, roots)):
        found = Path(root, "versions").glob(f"{version}.*")
        releases = [path for path in found if path.name.split(".")[-1].isdigit()]
        for release in sorted(releases, key=lambda path: int(path.name.split(".")[-1]))[::-1]:
            yield release / "bin" / _EXECUTABLE.format(version)


def _from_uv(version: str, uv: Path) -> tuple[Path | None, str]:
    installed = subprocess.run(
        [uv, "python", "install", version],
        # Into uv's own directory alone, nothing into the user's ~/.local/bin.
        env={**os.environ, "UV_PYTHON_INSTALL_BIN": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    # One of uv's own: asked for any, uv gives up at the first on PATH that fails.
    found = output([str(uv), "python", "find", "--managed-python", version])
    if found and _works(Path(found), version):
        return Path(found), "uv"
    complaint = installed.stderr.strip().splitlines() or ["no reason given"]
    return None, f"not on PATH, not in pyenv, and uv cannot install it ({complaint[-1].strip()})"


def _works(path: Path, version: str) -> bool:
    program = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    return output([str(path), "-c", program]) == version


def output(command: list[str]) -> str | None:
    """Return what a command prints, or None where it cannot be run or fails."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
