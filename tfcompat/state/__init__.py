"""Save and restore what training needs to go on, in every release."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

from tfcompat.state import bundle
from tfcompat.state.manifest import Manifest, StateEntry
from tfcompat.state.restore import RestoreReport, restore_state
from tfcompat.state.save import SavedState, save_state, wait_for_background_saves

__all__ = [
    "RestoreReport",
    "SavedState",
    "StateDescription",
    "StateEntry",
    "describe_state",
    "list_states",
    "restore_state",
    "save_state",
]


@dataclasses.dataclass(frozen=True)
class StateDescription:
    """What a saved state holds.

    Attributes:
        step: the step it was saved under.
        saved_at: the time in UTC, in ISO 8601.
        writer: the versions of tfcompat, TensorFlow, Keras and Python that wrote it.
        entries: each key with its dtype, shape and kind.
        prefix: the path of the TensorFlow checkpoint that holds it.
    """

    step: int
    saved_at: str
    writer: dict[str, Any]
    entries: dict[str, StateEntry]
    prefix: str

    @property
    def nbytes(self) -> int:
        """The size of all values in bytes, strings apart."""
        return sum(entry.nbytes or 0 for entry in self.entries.values())


def list_states(path: str | os.PathLike[str]) -> list[int]:
    """Return the steps of the states in a directory, in the order in which they were saved.

    Raises:
        StateNotFoundError: there is nothing at the path, or no state in it.
        BadStateError: the path is a file.
        StoreError: the store that a URL names cannot be reached.
    """
    wait_for_background_saves()
    return [one.step for one in bundle.stored(os.fspath(path))]


def describe_state(path: str | os.PathLike[str], *, step: int | None = None) -> StateDescription:
    """Tell what a state holds and who wrote it, without reading its values.

    Args:
        path: the directory that was given to `save_state`.
        step: the step; the newest state by default.

    Raises:
        StateNotFoundError: there is nothing at the path, or no state of that step.
        BadStateError: the files are no state, or truncated or altered.
        StoreError: the store that a URL names cannot be reached.
    """
    wait_for_background_saves()

    def read() -> tuple[bundle.Stored, Manifest]:
        stored = bundle.find(os.fspath(path), step)
        return stored, bundle.read_manifest(stored)

    stored, document = bundle.repeated(read)
    return StateDescription(
        step=stored.step,
        saved_at=document.saved_at,
        writer=document.writer,
        entries=document.entries,
        prefix=stored.prefix,
    )
