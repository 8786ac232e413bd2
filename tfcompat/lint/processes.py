"""Call a function with many files, in several processes that take the next ones in turns.

They are forked by hand: what `multiprocessing` imports and starts takes longer than checking most
trees does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import BinaryIO, TypeVar

_File = TypeVar("_File")
_Result = TypeVar("_Result")

# All tickets have to fit into a pipe that nobody reads yet.
_TICKETS = 1000
_TICKET_BYTES = 8

IS_POSSIBLE = hasattr(os, "fork")


def share(
    function: Callable[[_File], _Result], files: Sequence[_File], processes: int
) -> Iterator[tuple[int, _Result]]:
    """Yield each result with the place of its file, in any order.

    Args:
        function: what to call.
        files: with what.
        processes: how many are to work, this one among them.

    Raises:
        RuntimeError: a process died; standard error has its traceback.
    """
    tickets, office = os.pipe()
    step = 1 + len(files) // _TICKETS
    starts = range(0, len(files), step)
    os.write(office, b"".join(start.to_bytes(_TICKET_BYTES, "big") for start in starts))
    os.close(office)

    def work() -> Iterator[tuple[int, _Result]]:
        while ticket := os.read(tickets, _TICKET_BYTES):
            start = int.from_bytes(ticket, "big")
            for place in range(start, min(start + step, len(files))):
                yield place, function(files[place])

    others = [_fork(work) for _ in range(1, processes)]
    try:
        yield from work()
        for _, pipe in others:
            yield from _read(pipe)
    finally:
        os.close(tickets)
        for child, pipe in others:
            pipe.close()
            os.waitpid(child, 0)


def _fork(work: Callable[[], Iterable[object]]) -> tuple[int, BinaryIO]:
    """Start a process that sends what it has done; return its number and where to read."""
    import pickle

    source, sink = os.pipe()
    child = os.fork()
    if child:
        os.close(sink)
        return child, open(source, "rb")
    # Nothing of the parent's is to run here, neither its `finally` nor what `atexit` has.
    try:
        with open(sink, "wb") as pipe:
            pickle.dump(list(work()), pipe)
    except Exception:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(0)


def _read(pipe: BinaryIO) -> Iterable[tuple[int, _Result]]:
    import pickle

    try:
        results: list[tuple[int, _Result]] = pickle.load(pipe)
    except (EOFError, pickle.UnpicklingError):
        raise RuntimeError("A process that worked on the files died.") from None
    return results
