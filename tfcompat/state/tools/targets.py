"""The formats that a state can be converted to, each written tensor by tensor.

A target is opened with all entries that will come, is given each, and is then finished. What
none of its kind can hold it says before anything is written.
"""

from __future__ import annotations

import abc
import importlib
import json
import math
import os
import secrets
import zipfile
from typing import Any, BinaryIO

import numpy as np

from tfcompat import __version__
from tfcompat.errors import TfcompatError
from tfcompat.state import bundle
from tfcompat.state.manifest import VERSION, StateEntry
from tfcompat.state.native import tensor_bundle
from tfcompat.state.native.stored import structure_of
from tfcompat.state.tools import raw
from tfcompat.state.tools.bundle_writer import BundleWriter
from tfcompat.state.tools.source import Source

_STRING = "string"
# Of all the formats none but TensorFlow's holds these.
_TENSORFLOW_ONLY = ("variant", "resource")


class Target(abc.ABC):
    """A file or directory that is being written.

    Attributes:
        holds: in words, what the format is, for messages.

    Args:
        path: where to write; nothing is there.
        source: what will be written, or some of it.
        keys: those of the source that will be written, in the order in which they come.
    """

    holds: str

    def __init__(self, path: str, source: Source, keys: list[str]) -> None:
        self.path = path
        self.source = source
        self.keys = keys

    @classmethod
    def refusal(cls, key: str, entry: StateEntry) -> str | None:
        """Return why the format cannot hold an entry, or None."""
        if entry.dtype in _TENSORFLOW_ONLY:
            return f"{entry.dtype} can be read by TensorFlow alone"
        try:
            key.encode()
        except UnicodeEncodeError:
            return "its name is not UTF-8"
        return None

    @abc.abstractmethod
    def add(self, key: str, array: Any) -> None:
        """Write one tensor.

        Raises:
            TfcompatError: the format cannot hold its value.
        """

    @abc.abstractmethod
    def finish(self) -> None:
        """Write what is left."""

    @abc.abstractmethod
    def close(self) -> None:
        """Close the files, also after an error."""


class NumpyTarget(Target):
    """An uncompressed `.npz`, which `numpy.load` reads without `allow_pickle`.

    Strings become bytes of NumPy's (dtype S), which cannot end with a zero byte; where one does
    and all are of one length, they become dtype V. bfloat16 and its like become float32.
    """

    holds = "A .npz file"

    def __init__(self, path: str, source: Source, keys: list[str]) -> None:
        super().__init__(path, source, keys)
        self._archive = zipfile.ZipFile(path, "x", zipfile.ZIP_STORED)

    def add(self, key: str, array: Any) -> None:  # noqa: D102 - as in the base class
        entry = self.source.entries[key]
        array = _fixed(key, array) if entry.dtype == _STRING else raw.known(array, entry.dtype)
        member = zipfile.ZipInfo(f"{key}.npy")  # dated 1980, so that equal states give equal files
        with self._archive.open(member, "w", force_zip64=True) as file:
            np.lib.format.write_array(file, array, allow_pickle=False)

    def finish(self) -> None:  # noqa: D102 - as in the base class
        self._archive.close()

    def close(self) -> None:  # noqa: D102 - as in the base class
        self._archive.close()


def _fixed(key: str, array: Any) -> Any:
    """Return strings as an array of elements of one size."""
    strings = [bytes(one) for one in array.reshape(-1)]
    size = max([1, *map(len, strings)])
    if size * len(strings) > 2**20 and size * len(strings) > 16 * sum(map(len, strings)):
        raise TfcompatError(
            f"{key}: a .npz file pads strings to the longest one, which is {size} bytes; that "
            f"would make {size * len(strings)} bytes of them. Convert to weights.h5 instead."
        )
    if not any(one.endswith(b"\0") for one in strings):
        return np.array(strings, f"S{size}").reshape(array.shape)
    if any(len(one) != size for one in strings):
        raise TfcompatError(
            f"{key}: some strings end with a zero byte, which NumPy would cut off, and they are "
            "not of one length."
        )
    return np.frombuffer(b"".join(strings), f"V{size}").reshape(array.shape)


_SAFETENSORS = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "uint16": "U16", "int16": "I16",
    "uint32": "U32", "int32": "I32", "uint64": "U64", "int64": "I64", "float16": "F16",
    "bfloat16": "BF16", "float32": "F32", "float64": "F64", "float8_e5m2": "F8_E5M2",
    "float8_e4m3fn": "F8_E4M3",
}  # fmt: skip


class SafetensorsTarget(Target):
    """A `.safetensors` file.

    A string that is no array and is UTF-8 becomes an entry of the metadata under its key.
    """

    holds = "A safetensors file"

    def __init__(self, path: str, source: Source, keys: list[str]) -> None:
        super().__init__(path, source, keys)
        header: dict[str, Any] = {"__metadata__": self._metadata()}
        position = 0
        # The format wants no gaps, and aligned data where that can be had: wide dtypes first.
        self._offsets = {}
        tensors = [key for key in keys if source.entries[key].dtype != _STRING]
        for key in sorted(tensors, key=lambda key: -self._width(key)):
            entry = source.entries[key]
            size = math.prod(entry.shape) * self._width(key)
            header[key] = {
                "dtype": _SAFETENSORS[entry.dtype],
                "shape": list(entry.shape),
                "data_offsets": [position, position + size],
            }
            self._offsets[key] = position
            position += size
        data = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        data += b" " * (-len(data) % 8)
        self._file: BinaryIO = open(path, "xb")  # noqa: SIM115
        self._file.write(len(data).to_bytes(8, "little") + data)
        self._start = self._file.tell()

    def _metadata(self) -> dict[str, str]:
        texts = [key for key in self.keys if self.source.entries[key].dtype == _STRING]
        found = {}
        for key, array in self.source.read(texts):
            try:
                found[key] = array.item().decode()
            except UnicodeDecodeError:
                raise TfcompatError(
                    f"{key}: a safetensors file holds strings that are UTF-8 only. {_LEAVE_OUT}"
                ) from None
        told = {"format": self.source.format, "step": self.source.step, **self.source.writer}
        return {"tfcompat": json.dumps(told), **found}

    def _width(self, key: str) -> int:
        entry = self.source.entries[key]
        return (entry.nbytes or 0) // max(math.prod(entry.shape), 1) or 1

    @classmethod
    def refusal(cls, key: str, entry: StateEntry) -> str | None:  # noqa: D102
        if entry.dtype == _STRING and entry.shape:
            return "it holds no arrays of strings"
        if key in ("__metadata__", "tfcompat"):
            return "the name is reserved"
        if entry.dtype not in (_STRING, *_SAFETENSORS):
            return f"it holds no {entry.dtype}"
        return super().refusal(key, entry)

    def add(self, key: str, array: Any) -> None:  # noqa: D102 - as in the base class
        entry = self.source.entries[key]
        if entry.dtype == _STRING:
            return  # in the header
        self._file.seek(self._start + self._offsets[key])
        self._file.write(raw.bytes_of(array, entry.dtype))

    def finish(self) -> None:  # noqa: D102 - as in the base class
        self._file.close()

    def close(self) -> None:  # noqa: D102 - as in the base class
        self._file.close()


class Hdf5Target(Target):
    """An HDF5 file with a dataset at the path of each key.

    This is a layout of its own, for `h5py`. Keras reads its `.weights.h5` by the structure of a
    model, which keys do not tell, so `Model.load_weights` does not read this one;
    `tfcompat.restore_state` restores the source itself into any model.

    A key that others go on from (`dense` beside `dense/bias`) is at `dense/.value`. bfloat16 and
    its like are float32, with the name of the dtype in the attribute `dtype`.
    """

    holds = "An HDF5 file"

    def __init__(self, path: str, source: Source, keys: list[str]) -> None:
        super().__init__(path, source, keys)
        self._h5py = _extra("h5py")
        self._branches = {
            key[:position]
            for key in keys
            for position, character in enumerate(key)
            if character == "/"
        }
        self._file = self._h5py.File(path, "x")
        self._file.attrs["tfcompat"] = json.dumps(
            {"format": source.format, "step": source.step, **source.writer}
        )

    @classmethod
    def refusal(cls, key: str, entry: StateEntry) -> str | None:  # noqa: D102
        if not {"", "."}.isdisjoint(key.split("/")) or "\0" in key:
            return "its name cannot be a path in such a file"
        return super().refusal(key, entry)

    def add(self, key: str, array: Any) -> None:  # noqa: D102 - as in the base class
        entry = self.source.entries[key]
        path = f"{key}/.value" if key in self._branches else key
        if entry.dtype != _STRING:
            stored = self._file.create_dataset(path, data=raw.known(array, entry.dtype))
            if stored.dtype.name != entry.dtype:
                stored.attrs["dtype"] = entry.dtype
            return
        strings = [bytes(one) for one in array.reshape(-1)]
        if not any(b"\0" in one for one in strings):
            kind = self._h5py.special_dtype(vlen=bytes)
            self._file.create_dataset(path, array.shape, kind, data=array)
        elif not array.shape:
            self._file.create_dataset(path, data=np.void(strings[0]))
        else:
            raise TfcompatError(
                f"{key}: an HDF5 file cannot hold strings with zero bytes. {_LEAVE_OUT}"
            )

    def finish(self) -> None:  # noqa: D102 - as in the base class
        self._file.close()

    def close(self) -> None:  # noqa: D102 - as in the base class
        self._file.close()


class StateTarget(Target):
    """A directory with one state of tfcompat's, as `save_state` writes it."""

    holds = "A state"

    def __init__(self, path: str, source: Source, keys: list[str]) -> None:
        super().__init__(path, source, keys)
        name = f"state-{0:08d}-{source.step}-{secrets.token_hex(4)}"
        os.makedirs(os.path.join(path, name))
        self._name = os.path.join(name, "state")
        self._writer = BundleWriter(os.path.join(path, self._name))

    @classmethod
    def refusal(cls, key: str, entry: StateEntry) -> str | None:  # noqa: D102
        if key == bundle.MANIFEST:
            return "the name is reserved"
        if entry.dtype not in tensor_bundle.DTYPES.values():
            return f"TensorFlow has no {entry.dtype}"
        return super().refusal(key, entry)

    def add(self, key: str, array: Any) -> None:  # noqa: D102 - as in the base class
        self._writer.add(key, self.source.entries[key], array)

    def finish(self) -> None:  # noqa: D102 - as in the base class
        document = json.dumps(manifest_of(self.source, self.keys), separators=(",", ":")).encode()
        array = np.array(document, object)
        self._writer.add(bundle.MANIFEST, StateEntry(_STRING, ()), array)
        self._writer.finish()
        with open(os.path.join(self.path, "checkpoint"), "x", encoding="utf-8") as file:
            for field in ("model_checkpoint_path", "all_model_checkpoint_paths"):
                file.write(f'{field}: "{self._name}"\n')

    def close(self) -> None:  # noqa: D102 - as in the base class
        self._writer.close()


def manifest_of(source: Source, keys: list[str]) -> dict[str, Any]:
    """Return the manifest of a state that holds some of the keys of a source."""
    if source.document is not None:
        entries = source.document["entries"]
        return {**source.document, "entries": {key: entries[key] for key in keys}}
    return {
        "format": VERSION,
        "step": source.step,
        "saved_at": source.saved_at,
        "writer": {"tfcompat": __version__, **source.writer},
        "entries": {
            key: [entry.dtype, entry.shape, entry.kind]
            for key, entry in ((key, source.entries[key]) for key in keys)
        },
        "objects": {},
        "aliases": {},
        "native": structure_of(source.artifact) if source.artifact else None,
    }


_LEAVE_OUT = "With --leave-out it is left out."

TARGETS: dict[str, type[Target]] = {
    "state": StateTarget,
    "weights.h5": Hdf5Target,
    "npz": NumpyTarget,
    "safetensors": SafetensorsTarget,
}


def _extra(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise TfcompatError(
            f"This format needs {module}, which is not installed: pip install tfcompat[convert]"
        ) from error
