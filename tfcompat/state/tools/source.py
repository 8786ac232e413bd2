"""A state or a native artifact, opened to be shown, compared or converted."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterable, Iterator
from typing import Any, Callable

from tfcompat.errors import BadStateError
from tfcompat.state import bundle
from tfcompat.state.manifest import StateEntry
from tfcompat.state.native import files, object_graph, open_artifact
from tfcompat.state.native.artifact import Artifact

STATE = "tfcompat state"
_INDEX = ".index"
_BATCH = 64 * 2**20


@dataclasses.dataclass(frozen=True)
class Source:
    """What can be shown, compared and converted.

    Attributes:
        format: the name of the format in words.
        path: of the file, or the prefix of the checkpoint.
        step: of a state the step, of a checkpoint the number in its name, else 0.
        saved_at: the time in UTC, in ISO 8601, where it is known.
        writer: the versions that wrote it, as far as it tells.
        entries: each key with its dtype, shape and kind.
        sizes: each key with its size in bytes; None where only reading it would tell.
        document: the manifest of a state as it is stored, else None.
        artifact: the native artifact, or None for a state.
        read: yields (key, NumPy array) of several keys in any order, holding few at a time.
    """

    format: str
    path: str
    step: int
    saved_at: str
    writer: dict[str, Any]
    entries: dict[str, StateEntry]
    sizes: dict[str, int | None]
    document: dict[str, Any] | None
    artifact: Artifact | None
    read: Callable[[Iterable[str]], Iterator[tuple[str, Any]]]

    @property
    def nbytes(self) -> int:
        """The size of all values in bytes, as far as it is known."""
        return sum(size or 0 for size in self.sizes.values())


def open_source(path: str, step: int | None = None) -> Source:
    """Open a state or a native artifact; what is read of it is what describes it.

    Raises:
        StateNotFoundError: there is nothing at the path that can be read.
        BadStateError: the files are truncated or altered.
    """
    # What a shell completes the prefix of a checkpoint to.
    if path.endswith(_INDEX) and files.exists(path):
        path = path[: -len(_INDEX)]
    prefix = _prefix_of_state(path, step)
    if prefix is None:
        artifact = open_artifact(path, step)
        if bundle.MANIFEST not in artifact.entries:
            return _of_artifact(artifact)
        prefix = artifact.path
    return _of_state(prefix)


def paths_of(path: str) -> list[str]:
    """Return the states in a directory, the oldest first, or the path where it is none of them."""
    states = bundle._stored(path) if files.is_directory(path) else []
    return [os.path.dirname(one.prefix) for one in states] or [path]


def batches(keys: Iterable[str], sizes: dict[str, int | None]) -> Iterator[list[str]]:
    """Part keys into groups that are read at once: a single large tensor, or several small ones.

    Readers of archives unpack them again for each group.
    """
    batch: list[str] = []
    held = 0
    for key in keys:
        size = sizes[key] or 0
        if batch and held + size > _BATCH:
            yield batch
            batch, held = [], 0
        batch.append(key)
        held += size
    if batch:
        yield batch


def _prefix_of_state(directory: str, step: int | None) -> str | None:
    """Return the prefix of the state that `directory` is, or of one in it."""
    if not files.is_directory(directory):
        return None
    name = os.path.basename(os.path.abspath(directory))
    inside = os.path.join(directory, bundle._PREFIX)
    if bundle._NAME.fullmatch(name) and files.exists(inside + _INDEX):
        return inside
    return bundle.find(directory, step).prefix if bundle._stored(directory) else None


def _of_state(prefix: str) -> Source:
    try:
        opened, parsed = bundle.open_state(prefix)
    except FileNotFoundError as error:
        raise BadStateError(f"The state at {prefix!r} lacks a file: {error}.") from error
    return Source(
        format=STATE,
        path=prefix,
        step=parsed.step,
        saved_at=parsed.saved_at,
        writer=parsed.writer,
        entries=parsed.entries,
        sizes={
            key: entry.nbytes or opened.entries[key].size for key, entry in parsed.entries.items()
        },
        document=json.loads(opened.read(bundle.MANIFEST).item()),
        artifact=None,
        read=opened.read_many,
    )


def _of_artifact(artifact: Artifact) -> Source:
    # The graph describes the checkpoint, and is no value of anything that was saved.
    entries = {key: one for key, one in artifact.entries.items() if key != object_graph.KEY}

    sizes = {key: entry.nbytes for key, entry in entries.items()}

    def read(keys: Iterable[str]) -> Iterator[tuple[str, Any]]:
        for batch in batches(keys, sizes):
            yield from artifact.read(batch).items()

    return Source(
        format=artifact.format,
        path=artifact.path,
        step=artifact.step,
        saved_at="",
        writer=artifact.writer,
        entries=entries,
        sizes=sizes,
        document=None,
        artifact=artifact,
        read=read,
    )
