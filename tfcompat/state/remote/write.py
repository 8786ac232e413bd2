"""Saving into a store, which has no rename.

What a store holds is what a directory of this machine does, and may be copied from one to the
other. A state is there as soon as its index is, which is written last and removed first. What is
not complete is told by empty objects beside the states:

    .uploading-MACHINE-PROCESS-STATE    somebody saves it; whoever finds the process gone removes it
    .removing-STATE                     it is to go; whoever finds this removes what is left of it
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from typing import Any

from tfcompat import _runtime
from tfcompat.errors import StateWriteError, StoreError
from tfcompat.state import bundle, parallel, processes
from tfcompat.state.bundle import Stored
from tfcompat.state.remote import staging, stores

_UPLOADING = ".uploading-"
_REMOVING = ".removing-"
_STATE = r"state-(?P<sequence>\d{8,})-\d+-[0-9a-f]{8}"
_MARK = re.compile(rf"{re.escape(_UPLOADING)}(?P<machine>[^-]+)-(?P<pid>\d+)-(?P<state>{_STATE})")
_REMOVED = re.compile(rf"{re.escape(_REMOVING)}(?P<state>{_STATE})")
_LAST = re.compile(rf".*{_STATE}/?")

_AT_ONCE = 2  # shards, which a client may hold in memory whole


def write(
    directory: str,
    tensors: dict[str, Any],
    sizes: dict[str, int],
    manifest: bytes,
    step: int,
    keep: int | None,
) -> Stored:
    """Write a state into a store as `bundle.write` does into a directory of this machine.

    It is written to a temporary directory first, where there has to be room for it.

    Raises:
        StateWriteError: nothing was made visible, and the earlier states are as they were.
    """
    tf = _runtime.tensorflow()
    failures: tuple[type[Exception], ...] = (*bundle._failures(), StoreError)
    try:
        with staging.directory() as staged:
            save = _Save(directory, step, staged)
            try:
                save.begin()
                bundle._write_checkpoint(
                    save.local, {**tensors, bundle.MANIFEST: tf.constant(manifest)}, sizes
                )
                bundle._check_written(save.local, sum(sizes.values()))
                save.upload()
            except failures:
                with contextlib.suppress(StoreError):  # the next save does what fails here
                    save.discard()
                raise
            # The state is safe. What follows is housekeeping, which the next save repeats.
            with contextlib.suppress(*failures):
                save.end()
                save.tidy(keep)
            return save.stored
    except failures as error:
        raise StateWriteError(
            f"The state of step {step} could not be written into {directory!r}; the earlier "
            f"states are as they were. {bundle._reason(error)}"
        ) from error


class _Save:
    """One save into a directory of a store.

    Attributes:
        stored: the state to be.
        local: where it is written first.
    """

    def __init__(self, directory: str, step: int, staged: str) -> None:
        self._directory = directory
        self._staged = staged
        self._store = stores.of(directory)
        # Those who save at the same time are counted as well, in the order in which they began.
        names = self._store.names(directory) if self._store.is_directory(directory) else []
        found = [int(match["sequence"]) for match in map(_LAST.fullmatch, names) if match]
        sequence, token = max(found, default=-1) + 1, secrets.token_hex(4)
        self._name = bundle.name_of(sequence, step, token)
        self._mark = f"{_UPLOADING}{processes.machine()}-{os.getpid()}-{self._name}"
        self.stored = Stored(sequence, token, step, self._path(self._name, bundle._PREFIX))
        self.local = os.path.join(staged, self._name)

    def _path(self, *names: str) -> str:
        return os.path.join(self._directory, *names)

    def _put(self, name: str, text: str = "") -> None:
        local = os.path.join(self._staged, name)
        with open(local, "w", encoding="utf-8") as file:
            file.write(text)
        self._store.write(local, self._path(name))

    def begin(self) -> None:
        """Tell the others of this save."""
        os.mkdir(self.local)
        self._put(self._mark)

    def upload(self) -> None:
        """Write the shards, see that all of them are there, and then write the index."""
        index = f"{bundle._PREFIX}.index"
        local = {name: os.path.join(self.local, name) for name in os.listdir(self.local)}
        shards = sorted(local.keys() - {index})

        def put(name: str) -> None:
            self._store.write(local[name], self._path(self._name, name))

        parallel.each(put, shards, _AT_ONCE)
        for name in shards:
            path = self._path(self._name, name)
            held, size = self._store.size(path), os.path.getsize(local[name])
            if held != size:
                raise StoreError(f"{path!r} has {held} bytes after {size} were written.")
        put(index)

    def discard(self) -> None:
        """Remove what was written of a save that failed."""
        self._drop(self._name)
        self.end()

    def end(self) -> None:
        """Tell the others that this save has ended."""
        self._store.remove(self._path(self._mark))

    def tidy(self, keep: int | None) -> None:
        """Point TensorFlow to the newest state, and remove what is not to be kept or was left."""
        for name in self._store.names(self._directory):
            mark = _MARK.fullmatch(name)
            if mark and _is_abandoned(mark):
                if not self._store.exists(self._path(mark["state"], f"{bundle._PREFIX}.index")):
                    self._drop(mark["state"])
                self._store.remove(self._path(name))
            removed = _REMOVED.fullmatch(name)
            if removed:
                self._remove(removed["state"])
        found = bundle._stored(self._directory)
        kept = bundle.kept_of(found, self.stored, keep)
        self._put("checkpoint", bundle.pointer(self._directory, kept))
        for one in found:
            if one not in kept:
                name = os.path.basename(os.path.dirname(one.prefix))
                self._put(_REMOVING + name)
                self._remove(name)

    def _remove(self, name: str) -> None:
        """Remove a state of which all know that it is to go."""
        self._drop(name)
        self._store.remove(self._path(_REMOVING + name))

    def _drop(self, name: str) -> None:
        """Remove a state: first its index, so that no half of it is seen."""
        self._store.remove(self._path(name, f"{bundle._PREFIX}.index"))
        self._store.remove_directory(self._path(name))


def _is_abandoned(mark: re.Match[str]) -> bool:
    """Tell whether the process that was saving is gone.

    This process saves one state at a time, so that any other mark of its own is of a save that
    failed. Of another machine's processes nothing is known here; theirs are left alone.
    """
    pid = int(mark["pid"])
    return mark["machine"] == processes.machine() and (pid == os.getpid() or processes.is_gone(pid))
