"""An artifact whose tensors are in a TensorFlow checkpoint."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tfcompat.state import bundle
from tfcompat.state.manifest import StateEntry
from tfcompat.state.native.artifact import Artifact
from tfcompat.state.native.tensor_bundle import TensorBundle


class BundleArtifact(Artifact):
    """A TensorFlow checkpoint, opened for reading."""

    def __init__(self, opened: TensorBundle, step: int, form: str) -> None:
        self.format = form
        self.path = opened.prefix
        self.step = step
        self.writer = {}
        self._bundle = opened
        self.entries = {
            key: StateEntry(entry.dtype, entry.shape) for key, entry in opened.entries.items()
        }

    def structure(self) -> dict[str, Any]:  # noqa: D102 - as in the base class
        return {}

    def read(self, names: Iterable[str]) -> dict[str, Any]:  # noqa: D102 - as in the base class
        return dict(self._bundle.read_many(names))

    def tensors(self, names: Iterable[str]) -> dict[str, Any]:  # noqa: D102 - as in the base class
        wanted = {name: self.entries[name] for name in names}
        return bundle.read(
            bundle.Stored(0, "", self.step, self.path),
            {name: entry.dtype for name, entry in wanted.items()},
            {name: entry.nbytes or 0 for name, entry in wanted.items()},
        )
