"""Native artifacts that were converted to states: the reader of their format maps them still.

The tensors of such a state have the names that they had in the file, and its manifest has what
else the file said of them. There are no live objects at a conversion, without which nobody can
tell what a name stands for.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from tfcompat.errors import BadStateError
from tfcompat.state.manifest import Manifest, StateEntry
from tfcompat.state.native import files
from tfcompat.state.native.artifact import Artifact
from tfcompat.state.native.tensor_bundle import TensorBundle


@dataclasses.dataclass
class _StoredHdf5:
    """What `Hdf5File` is to a reader, made of a manifest."""

    tensors: dict[str, StateEntry]
    attributes: dict[str, dict[str, Any]]
    read: Callable[[Iterable[str]], dict[str, Any]]

    def structure(self) -> dict[str, Any]:
        return {"tensors": sorted(self.tensors), "attributes": self.attributes}


def structure_of(artifact: Artifact) -> dict[str, Any]:
    """Return what the manifest of a state keeps of a native artifact."""
    return {
        "format": artifact.format,
        "reader": type(artifact).__name__,
        "structure": artifact.structure(),
    }


def rebuild(document: Manifest, prefix: str) -> Artifact:
    """Return the reader of the artifact that a state was converted from.

    Raises:
        BadStateError: the manifest is not one that a conversion wrote.
    """
    native = document.native or {}
    opened = TensorBundle(prefix, files.open_binary)
    try:
        artifact = _READERS[native["reader"]](document, opened, native["structure"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadStateError(
            f"The state at {prefix!r} does not say how its tensors were named: {error!r}"
        ) from error
    artifact.format = native["format"]
    artifact.entries = {
        name: entry for name, entry in artifact.entries.items() if name in document.entries
    }
    return artifact


def _checkpoint(document: Manifest, opened: TensorBundle, structure: dict[str, Any]) -> Artifact:
    from tfcompat.state.native.checkpoint import Checkpoint

    return Checkpoint(opened, document.step, "", base64.b64decode(structure["graph"]))


def _named(document: Manifest, opened: TensorBundle, structure: dict[str, Any]) -> Artifact:
    from tfcompat.state.native.named_checkpoint import NamedCheckpoint

    return NamedCheckpoint(opened, document.step, "")


def _file(document: Manifest, opened: TensorBundle, structure: dict[str, Any]) -> Any:
    tensors = {name: document.entries[name] for name in structure["tensors"]}
    return _StoredHdf5(
        tensors, structure["attributes"], lambda names: {name: opened.read(name) for name in names}
    )


def _hdf5(document: Manifest, opened: TensorBundle, structure: dict[str, Any]) -> Artifact:
    from tfcompat.state.native.hdf5 import LegacyHdf5

    return LegacyHdf5(opened.prefix, _file(document, opened, structure))


def _keras(document: Manifest, opened: TensorBundle, structure: dict[str, Any]) -> Artifact:
    from tfcompat.state.native.keras_archive import KerasWeights

    version = {"keras_version": structure.get("keras_version", "")}
    file = _file(document, opened, structure)
    return KerasWeights(opened.prefix, file, structure.get("config"), version)


_READERS: dict[str, Callable[[Manifest, TensorBundle, dict[str, Any]], Artifact]] = {
    "Checkpoint": _checkpoint,
    "NamedCheckpoint": _named,
    "LegacyHdf5": _hdf5,
    "KerasWeights": _keras,
}
