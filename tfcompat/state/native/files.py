"""Files by path, also remote ones, without importing TensorFlow for local ones."""

from __future__ import annotations

import os
from typing import Any, BinaryIO

from tfcompat import _runtime


def is_local(path: str) -> bool:
    """Tell whether the path is of this machine's file system."""
    return "://" not in path


def _gfile(path: str) -> Any:
    """Return `tf.io.gfile` for the path of a remote file system, else None."""
    return None if is_local(path) else _runtime.tensorflow().io.gfile


def exists(path: str) -> bool:
    """Tell whether there is a file or directory."""
    gfile = _gfile(path)
    return bool(gfile.exists(path)) if gfile else os.path.exists(path)


def is_directory(path: str) -> bool:
    """Tell whether there is a directory."""
    gfile = _gfile(path)
    return bool(gfile.isdir(path)) if gfile else os.path.isdir(path)


def names(path: str) -> list[str]:
    """Return the names of what a directory holds."""
    gfile = _gfile(path)
    return list(gfile.listdir(path)) if gfile else os.listdir(path)


def open_binary(path: str) -> BinaryIO:
    """Open a file for reading."""
    gfile = _gfile(path)
    file: BinaryIO = gfile.GFile(path, "rb") if gfile else open(path, "rb")  # noqa: SIM115
    return file
