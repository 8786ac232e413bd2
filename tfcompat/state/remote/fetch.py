"""What is read of a checkpoint in a store, as a checkpoint of this machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator

from tfcompat.errors import StoreError
from tfcompat.state import parallel
from tfcompat.state.native.tensor_bundle import TensorBundle
from tfcompat.state.remote import staging, stores

# What is in memory at a time is this many times the size of a piece.
_AT_ONCE = 8
_PIECE = 8 * 2**20


@contextlib.contextmanager
def fetched(prefix: str, keys: Iterable[str]) -> Iterator[str]:
    """Yield the prefix of a checkpoint of this machine that holds some tensors of another one.

    A checkpoint of this machine is that itself. Of one in a store, the index is fetched, and of
    its other files the bytes of these tensors alone; the rest of them are holes.

    Raises:
        FileNotFoundError: a file is not there.
        BadStateError: the index is truncated or altered.
        StoreError: the store cannot be reached, or there is no room for what it sends.
    """
    if not stores.is_store(prefix):
        yield prefix
        return
    with contextlib.ExitStack() as stack:
        try:
            local = os.path.join(stack.enter_context(staging.directory()), "state")
            _fetch(prefix, local, keys)
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                raise
            raise StoreError(
                f"{prefix!r} could not be fetched into a temporary directory: {error}"
            ) from error
        yield local


def _fetch(prefix: str, local: str, keys: Iterable[str]) -> None:
    store = stores.of(prefix)
    index = f"{prefix}.index"
    with open(f"{local}.index", "wb") as file:
        file.write(store.read(index, 0, store.size(index)))

    def fetch(piece: tuple[str, str, int, int]) -> None:
        source, target, start, stop = piece
        data = store.read(source, start, stop)
        with open(target, "r+b") as file:
            file.seek(start)
            file.write(data)

    pieces = []
    for target, ranges in TensorBundle(local).ranges(keys).items():
        source = prefix + target[len(local) :]
        size = store.size(source)
        with open(target, "xb") as file:
            file.truncate(size)
        for start, stop in ranges:
            stop = min(stop, size)  # what is beyond it, the reader complains of
            pieces += [
                (source, target, first, min(first + _PIECE, stop))
                for first in range(start, stop, _PIECE)
            ]
    parallel.each(fetch, pieces, _AT_ONCE)
