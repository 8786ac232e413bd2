"""HDF5 files, read so that nothing outside of the file itself is ever opened."""

from __future__ import annotations

import contextlib
import importlib
import math
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from tfcompat.errors import BadStateError
from tfcompat.state.manifest import StateEntry
from tfcompat.state.native import files

# Keras compresses nothing. A file that somebody packed may be this much smaller than its tensors,
# which is what deflate can do; beyond that, and beyond what any machine has, it is a bomb.
LARGEST_EXPANSION = 1100
_HARMLESS = 64 * 2**20

_DEEPEST = 200  # nested groups

# What a file opened with h5py, and an archive around it, may raise when truncated or altered.
_FAILURES = (
    OSError, KeyError, ValueError, TypeError, RuntimeError, EOFError, zipfile.BadZipFile,
    zlib.error,
)  # fmt: skip

Source = Callable[[], AbstractContextManager[Any]]


class Hdf5File:
    """What an HDF5 file holds.

    Attributes:
        tensors: dtype and shape of every dataset by its path.
        attributes: of every group, by the path of the group (`""` is the root).
    """

    def __init__(self, path: str, source: Source | None = None) -> None:
        """Read what describes the tensors.

        Args:
            path: what to call the file in messages.
            source: gives what h5py opens, for as long as it is open: a name or a binary file.
                By default the path.
        """
        self.path = path
        self._source = source or _source_of(path)
        self.tensors: dict[str, StateEntry] = {}
        self.attributes: dict[str, dict[str, Any]] = {}
        with self._opened() as file:
            self._list(file)

    def structure(self) -> dict[str, Any]:
        """Return, ready for JSON, what the file holds apart from the values of tensors."""
        return {"tensors": sorted(self.tensors), "attributes": self.attributes}

    def _bad(self, reason: object) -> BadStateError:
        return BadStateError(f"{self.path} cannot be read as HDF5: {reason}")

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Any]:
        h5py = importlib.import_module("h5py")
        try:
            with self._source() as opened, h5py.File(opened, "r") as file:
                yield file
        except _FAILURES as error:
            if isinstance(error, BadStateError):
                raise
            raise self._bad(error) from error

    def _list(self, file: Any) -> None:
        h5py = importlib.import_module("h5py")
        seen = set()
        pending: list[tuple[str, Any, int]] = [("", file, 0)]
        while pending:
            path, group, depth = pending.pop()
            address = h5py.h5o.get_info(group.id).addr
            if address in seen or depth > _DEEPEST:
                raise self._bad(f"the group {path!r} is inside itself, or linked to twice")
            seen.add(address)
            self.attributes[path] = self._attributes(path, group)
            for name in group:
                inner = f"{path}/{name}" if path else name
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise self._bad(f"{inner!r} is a link to somewhere else")
                member = group[name]
                if isinstance(member, h5py.Group):
                    pending.append((inner, member, depth + 1))
                elif isinstance(member, h5py.Dataset):
                    self.tensors[inner] = self._entry(inner, member)

    def _attributes(self, path: str, group: Any) -> dict[str, Any]:
        found = {}
        largest = group.file.id.get_filesize()
        for name in group.attrs:
            # NumPy would allocate what an altered shape claims.
            claimed = group.attrs.get_id(name)
            if math.prod(claimed.shape or ()) * claimed.dtype.itemsize > largest:
                raise self._bad(f"the attribute {name!r} of {path!r} is larger than the file")
            found[name] = _plain(group.attrs[name])
        return found

    def _entry(self, name: str, dataset: Any) -> StateEntry:
        if dataset.external or dataset.is_virtual:
            raise self._bad(f"{name!r} is stored in another file")
        shape = dataset.shape
        if shape is None:
            raise self._bad(f"{name!r} holds nothing")
        size = dataset.dtype.itemsize
        for dimension in shape:
            size *= dimension
        stored = min(dataset.id.get_storage_size(), dataset.file.id.get_filesize())
        if size > _HARMLESS + LARGEST_EXPANSION * stored:
            raise self._bad(f"{name!r} claims {size} bytes that the file does not hold")
        return StateEntry(_dtype_of(dataset), tuple(int(d) for d in shape))

    def read(self, names: Iterable[str]) -> dict[str, Any]:
        """Return tensors as NumPy arrays; strings as arrays of bytes objects."""
        with self._opened() as file:
            return {name: self._array(name, file[name]) for name in names}

    def _array(self, name: str, dataset: Any) -> Any:
        np = importlib.import_module("numpy")
        entry = self.tensors[name]
        if self._entry(name, dataset) != entry:
            raise self._bad(f"{name!r} changed while it was read")
        array = np.asarray(dataset[()])
        if entry.dtype == "bfloat16":
            # NumPy has no such type; this package comes with every TensorFlow that writes it.
            return array.view(importlib.import_module("ml_dtypes").bfloat16)
        if entry.dtype == "string":
            words = [word.encode() if isinstance(word, str) else bytes(word) for word in array.flat]
            strings = np.empty(len(words), dtype=object)
            strings[:] = words
            return strings.reshape(entry.shape)
        return array


def _source_of(path: str) -> Source:
    # HDF5 itself reads local files only.
    if "://" in path:
        return lambda: contextlib.closing(files.open_binary(path))
    return lambda: contextlib.nullcontext(path)


def _dtype_of(dataset: Any) -> str:
    # Keras 3 says in an attribute what HDF5 has no type for.
    if dataset.attrs.get("dtype") == "bfloat16":
        return "bfloat16"
    return "string" if dataset.dtype.kind in "OSU" else str(dataset.dtype.name)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return [_plain(item) for item in value] if isinstance(value, list) else value


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
