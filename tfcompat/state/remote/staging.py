"""Directories of this machine for what goes to a store or comes from one."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator

from tfcompat.state import processes

_PREFIX = "tfcompat-staged-"
_NAME = re.compile(rf"{_PREFIX}(?P<machine>[^-]+)-(?P<pid>\d+)-[0-9a-f]{{8}}")


@contextlib.contextmanager
def directory() -> Iterator[str]:
    """Make a directory beside Python's other temporary ones, and remove it in the end.

    Those that a process left which was killed are removed as well.
    """
    parent = tempfile.gettempdir()
    for name in filter(_is_abandoned, os.listdir(parent)):
        shutil.rmtree(os.path.join(parent, name), ignore_errors=True)
    path = os.path.join(
        parent, f"{_PREFIX}{processes.machine()}-{os.getpid()}-{secrets.token_hex(4)}"
    )
    os.mkdir(path, 0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _is_abandoned(name: str) -> bool:
    match = _NAME.fullmatch(name)
    return (
        match is not None
        and match["machine"] == processes.machine()
        and processes.is_gone(int(match["pid"]))
    )
