"""HDF5 files, read so that whatever they hold does no harm to this process."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from tfcompat._hdf5_reader import Reply
from tfcompat.errors import BadStateError
from tfcompat.state.manifest import StateEntry
from tfcompat.state.native import files, hdf5_process

_CHUNK = 2**20

# What a file, and an archive around it, may raise when truncated or altered.
_FAILURES = (
    OSError, KeyError, ValueError, TypeError, RuntimeError, EOFError, zipfile.BadZipFile,
    zlib.error,
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Place:
    """Where HDF5 is on the local file system: a file, or so many bytes from `start` of one."""

    path: str
    start: int = 0
    size: int | None = None


class Hdf5File:
    """What an HDF5 file holds.

    Attributes:
        tensors: dtype and shape of every dataset by its path.
        attributes: of every group, by the path of the group (`""` is the root).
    """

    def __init__(
        self, path: str, find: Callable[[], AbstractContextManager[Place]] | None = None
    ) -> None:
        """Read what describes the tensors.

        Args:
            path: what to call the file in messages.
            find: tells where it is, for as long as it is there. By default at the path.
        """
        self.path = path
        self._find = find or (lambda: _found(path))
        [(listed, _)] = self._ask(None)
        self.tensors = {name: _entry(listed) for name, listed in listed["tensors"].items()}
        self.attributes: dict[str, dict[str, Any]] = listed["attributes"]

    def structure(self) -> dict[str, Any]:
        """Return, ready for JSON, what the file holds apart from the values of tensors."""
        return {"tensors": sorted(self.tensors), "attributes": self.attributes}

    def read(self, names: Iterable[str]) -> dict[str, Any]:
        """Return tensors as NumPy arrays; strings as arrays of bytes objects."""
        wanted = list(names)
        found = {}
        for name, (reply, data) in zip(wanted, self._ask(wanted) if wanted else ()):
            if _entry(reply["entry"]) != self.tensors[name]:
                raise self._bad(f"{name!r} changed while it was read")
            found[name] = _array(self.tensors[name], reply, data)
        return found

    def _ask(self, names: list[str] | None) -> list[Reply]:
        try:
            with self._find() as place:
                request = {**dataclasses.asdict(place), "path": os.path.abspath(place.path)}
                replies = hdf5_process.ask({**request, "names": names})
        except _FAILURES as error:
            if isinstance(error, BadStateError):
                raise
            raise self._bad(error) from error
        for reply, _ in replies:
            if "bad" in reply:
                raise self._bad(reply["bad"])
        return replies

    def _bad(self, reason: object) -> BadStateError:
        return BadStateError(f"{self.path} cannot be read as HDF5: {reason}")


@contextlib.contextmanager
def _found(path: str) -> Iterator[Place]:
    # HDF5 itself reads local files only.
    if files.is_local(path):
        yield Place(path)
        return
    with files.open_binary(path) as file, copied(iter(lambda: file.read(_CHUNK), b"")) as place:
        yield place


@contextlib.contextmanager
def copied(chunks: Iterable[bytes]) -> Iterator[Place]:
    """Write a file that another process can open, and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="tfcompat-") as directory:
        path = os.path.join(directory, "weights.h5")
        with open(path, "wb") as file:
            file.writelines(chunks)
        yield Place(path)


def _entry(found: Any) -> StateEntry:
    dtype, shape = found
    return StateEntry(dtype, tuple(shape))


def _array(entry: StateEntry, reply: dict[str, Any], data: bytearray) -> Any:
    np = importlib.import_module("numpy")
    if entry.dtype == "string":
        strings = np.empty(len(reply["lengths"]), dtype=object)
        start = 0
        for i, length in enumerate(reply["lengths"]):
            strings[i] = bytes(data[start : start + length])
            start += length
        return strings.reshape(entry.shape)
    array = np.ndarray(entry.shape, np.dtype(reply["numbers"]), data)
    if entry.dtype == "bfloat16":
        # NumPy has no such type; this package comes with every TensorFlow that writes it.
        return array.view(importlib.import_module("ml_dtypes").bfloat16)
    return array


def chunked(attributes: dict[str, Any], name: str) -> list[str] | None:
    """Return a list of strings that Keras cut into several attributes where it was too long.

    It is in `name`, or in `name0`, `name1` and so on.
    """
    if name in attributes:
        return list(attributes[name])
    found: list[str] = []
    number = 0
    while f"{name}{number}" in attributes:
        found += attributes[f"{name}{number}"]
        number += 1
    return found if number else None
