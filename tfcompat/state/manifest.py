"""The manifest of a state: who wrote it, and what is in it.

The version is raised when a reader of the earlier version would restore something wrong or
refuse a state that it could read. To raise it: add 1 to `VERSION`, keep a reader of each earlier
version (a function in `_READERS` that turns the document into today's), and add a state written
by the last release of the earlier version to `tests/data/` with a test that restores it. What
an older reader may ignore (a new field) needs no new version.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from tfcompat.errors import BadStateError

VERSION = 1


class StateEntry(NamedTuple):
    """One entry of a saved state.

    Attributes:
        dtype: the name of its TensorFlow dtype, such as `"float32"`.
        shape: its shape.
        kind: `"variable"`, `"counter"`, `"seed"`, `"table"`, `"array"`, `"iterator"`,
            `"opaque"`, or the type of a plain Python value.
    """

    dtype: str
    shape: tuple[int, ...]
    kind: str = "variable"

    @property
    def nbytes(self) -> int | None:
        """The size of the values in bytes; None for strings, whose size the files alone tell."""
        size = _BYTES.get(self.dtype)
        return None if size is None else size * math.prod(self.shape)


_BYTES = {
    "bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "float16": 2, "bfloat16": 2,
    "int32": 4, "uint32": 4, "float32": 4, "int64": 8, "uint64": 8, "float64": 8,
    "complex64": 8, "complex128": 16, "qint8": 1, "quint8": 1, "qint16": 2, "quint16": 2,
    "qint32": 4,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What a state says of itself.

    Attributes:
        step: the step it was saved under.
        saved_at: the time in UTC, in ISO 8601.
        writer: the versions of tfcompat, TensorFlow, Keras and Python that wrote it.
        entries: by key.
        objects: what is to know of an object beyond its entries, by path.
        aliases: other paths to objects, with the path under which the state holds each.
        native: of a native artifact that was converted to a state, what its reader needs to
            know; the keys are then the names that the tensors had in the artifact.
    """

    step: int
    saved_at: str
    writer: dict[str, Any]
    entries: dict[str, StateEntry]
    objects: dict[str, dict[str, Any]]
    aliases: dict[str, str]
    native: dict[str, Any] | None = None

    def to_bytes(self) -> bytes:
        """Return the document that is stored."""
        return json.dumps(
            {
                "format": VERSION,
                "step": self.step,
                "saved_at": self.saved_at,
                "writer": self.writer,
                "entries": self.entries,  # each a list of dtype, shape and kind
                "objects": self.objects,
                "aliases": self.aliases,
            },
            separators=(",", ":"),
        ).encode()


# What the objects of each type say of themselves.
_OBJECTS: dict[str, dict[str, type]] = {
    "model": {"order": list},
    "optimizer": {
        "class": str, "family": str, "loss_scaling": bool, "schedule": bool, "options": list,
        "stepped": bool,
    },
    "batch_normalization": {"variance": str},
}  # fmt: skip
_WRITER: dict[str, type] = {"tensorflow": str, "keras": str, "legacy_keras": bool}


def _require(described: dict[str, Any], fields: dict[str, type]) -> None:
    for name, kind in fields.items():
        value = described[name]
        words = value if kind is list else []
        if not isinstance(value, kind) or not all(isinstance(word, str) for word in words):
            raise TypeError(f"{name!r} is {value!r}")


def _check(document: dict[str, Any]) -> None:
    """Raise unless everything is there, and of the type that is relied on."""
    strings = [*document["aliases"].values()]
    for dtype, shape, kind in document["entries"].values():
        strings += [dtype, kind]
        if not all(isinstance(size, int) and size >= 0 for size in shape):
            raise TypeError(f"a shape is {shape!r}")
    if not all(isinstance(text, str) for text in strings):
        raise TypeError("a dtype, a kind or an alias is no string")
    # What was converted tells what the file told of its writer.
    _require(document["writer"], {} if document.get("native") else _WRITER)
    for described in document["objects"].values():
        _require(described, {"type": str})
        _require(described, _OBJECTS.get(described["type"], {}))


def _read_1(document: dict[str, Any]) -> Manifest:
    _check(document)
    return Manifest(
        step=int(document["step"]),
        saved_at=document["saved_at"],
        writer=document["writer"],
        entries={
            key: StateEntry(dtype, tuple(shape), kind)
            for key, (dtype, shape, kind) in document["entries"].items()
        },
        objects=document["objects"],
        aliases=document["aliases"],
        native=document.get("native"),
    )


_READERS: dict[int, Callable[[dict[str, Any]], Manifest]] = {1: _read_1}


def parse(data: bytes) -> Manifest:
    """Read a stored manifest of any version up to today's.

    Raises:
        BadStateError: it is of a later version, or no manifest.
    """
    try:
        document = json.loads(data)
        version = document["format"]
        if isinstance(version, int) and version > VERSION:
            raise BadStateError(
                f"The state has format {version}; this tfcompat reads formats up to {VERSION}. "
                f"It was written by tfcompat {document['writer']['tfcompat']}: install that or a "
                "later one."
            )
        return _READERS[version](document)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BadStateError(f"The manifest of the state cannot be read: {error!r}") from error
