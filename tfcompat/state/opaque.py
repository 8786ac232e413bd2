"""Objects whose contents TensorFlow alone can read: dataset iterators and other trackables.

They are saved by `tf.train.Checkpoint` into a checkpoint of their own, which the state holds as
bytes. They restore where that TensorFlow can read that checkpoint.
"""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from typing import Any

from tfcompat import _kinds, _runtime
from tfcompat.errors import BadStateError
from tfcompat.state.entries import ITERATOR, OPAQUE, Entry


def checkpoint_entries(path: str, value: Any) -> list[Entry]:
    """Return the one entry of an object that only `tf.train.Checkpoint` can save."""

    def read() -> Any:
        return _runtime.tensorflow().constant(_to_bytes(value), shape=())

    def write(tensor: Any) -> None:
        _from_bytes(value, tensor.numpy(), path)

    kind = ITERATOR if _kinds.kind_of(value) == _kinds.ITERATOR else OPAQUE
    return [Entry(path or "value", kind, "string", (), read, write)]


def python_state_entries(path: str, value: Any) -> list[Entry]:
    """Return the one entry of a `tf.train.experimental.PythonState`."""

    def read() -> Any:
        return _runtime.tensorflow().constant(value.serialize(), shape=())

    def write(tensor: Any) -> None:
        value.deserialize(tensor.numpy())

    return [Entry(path or "value", OPAQUE, "string", (), read, write)]


def _to_bytes(value: Any) -> bytes:
    tf = _runtime.tensorflow()
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory() as directory:
        tf.train.Checkpoint(value=value).write(os.path.join(directory, "value"))
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sorted(os.listdir(directory)):
                archive.write(os.path.join(directory, name), name)
    return buffer.getvalue()


def _from_bytes(value: Any, data: bytes, path: str) -> None:
    tf = _runtime.tensorflow()
    with tempfile.TemporaryDirectory() as directory:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                if os.path.basename(name) != name:
                    raise BadStateError(f"{path}: the embedded checkpoint names a file {name!r}.")
                archive.extract(name, directory)
        status = tf.train.Checkpoint(value=value).read(os.path.join(directory, "value"))
        status.assert_existing_objects_matched()
