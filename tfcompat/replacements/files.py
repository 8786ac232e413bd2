"""Whole files at once, on any file system that `tf.io.gfile` knows.

They replace functions of `tensorflow.python.lib.io.file_io`.
"""

from __future__ import annotations

import os.path
import posixpath
import uuid
import zlib

from tfcompat import _runtime

__all__ = [
    "atomic_write_string_to_file",
    "file_crc32",
    "filecmp",
    "gfile_join",
    "read_file_to_string",
    "write_string_to_file",
]

_BLOCK = 1 << 24


def gfile_join(path: str, *paths: str) -> str:
    """Join parts of a path, as `os.path.join`, also where the first has a scheme: `gs://bucket`.

    Replaces `tensorflow.python.lib.io.file_io.join`; it is `tf.io.gfile.join` from 2.7 on.
    """
    gfile = _runtime.tensorflow().io.gfile
    if hasattr(gfile, "join"):
        return gfile.join(path, *paths)  # type: ignore[no-any-return]
    if "://" in path:
        return posixpath.join(path, *paths)
    return os.path.join(path, *paths)


def read_file_to_string(filename: str, binary_mode: bool = False) -> str | bytes:
    """Return what a file holds.

    Args:
        filename: a path.
        binary_mode: whether to return bytes; otherwise the text, read as UTF-8.

    Raises:
        tf.errors.OpError: the file cannot be read, such as `NotFoundError`.
    """
    mode = "rb" if binary_mode else "r"
    with _runtime.tensorflow().io.gfile.GFile(filename, mode) as file:
        return file.read()  # type: ignore[no-any-return]


def write_string_to_file(filename: str, file_content: str | bytes) -> None:
    """Write a file that holds the content and nothing else.

    Args:
        filename: a path; a file that is there is overwritten.
        file_content: text, written as UTF-8, or bytes.

    Raises:
        tf.errors.OpError: the file cannot be written.
    """
    with _runtime.tensorflow().io.gfile.GFile(filename, "w") as file:
        file.write(file_content)


def atomic_write_string_to_file(
    filename: str, contents: str | bytes, overwrite: bool = True
) -> None:
    """Write a file so that readers see it whole or not at all.

    Where the file system can rename, the content goes to a temporary file beside it first.

    Args:
        filename: a path.
        contents: text, written as UTF-8, or bytes.
        overwrite: whether to replace a file that is there.

    Raises:
        tf.errors.AlreadyExistsError: the file is there and must not be overwritten.
        tf.errors.OpError: the file cannot be written.
    """
    gfile = _runtime.tensorflow().io.gfile
    temporary = f"{filename}.tmp{uuid.uuid4().hex}"
    try:
        write_string_to_file(temporary, contents)
        gfile.rename(temporary, filename, overwrite=overwrite)
    except Exception:
        if gfile.exists(temporary):
            gfile.remove(temporary)
        raise


def filecmp(filename_a: str, filename_b: str) -> bool:
    """Tell whether two files hold the same.

    Raises:
        tf.errors.OpError: one of them cannot be read.
    """
    gfile = _runtime.tensorflow().io.gfile
    if gfile.stat(filename_a).length != gfile.stat(filename_b).length:
        return False
    with gfile.GFile(filename_a, "rb") as one, gfile.GFile(filename_b, "rb") as other:
        while True:
            block = one.read(_BLOCK)
            if block != other.read(_BLOCK):
                return False
            if not block:
                return True


def file_crc32(filename: str, block_size: int = _BLOCK) -> str:
    """Return the CRC-32 of a file as a hexadecimal number, such as `"0x6a09e667"`.

    Args:
        filename: a path.
        block_size: how many bytes are read at a time.

    Raises:
        tf.errors.OpError: the file cannot be read.
    """
    checksum = 0
    with _runtime.tensorflow().io.gfile.GFile(filename, "rb") as file:
        while True:
            block = file.read(block_size)
            if not block:
                return hex(checksum & 0xFFFFFFFF)
            checksum = zlib.crc32(block, checksum)
