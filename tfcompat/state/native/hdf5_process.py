"""The process that reads HDF5 files for this one.

HDF5's library hangs in some altered files (h5py 3.1 to 3.16), ends the process in others (3.1 and
3.10 at least), and allocates without bound in others. Which those are cannot be told without
reading them as the library does: its format is large, has several layouts of each part, and the
defects differ by its release. So h5py runs in a process of its own, with limits, and the end of
that process is an error of the file. A check before h5py, or a reader of the layouts that Keras
writes, would be a parser to keep, and would pass on, or refuse, what it does not know.

The process is started at the first file, in 0.1 to 0.2 s of the processor. It serves those after it
as well, until none comes for a minute, and forks for each, so that no file finds the library as
another one left it. Where there are no forks it ends after a file that could not be read. Where no
Python can be started, in an application that was frozen into one executable, h5py reads in this
process.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import json
import multiprocessing.spawn
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any

from tfcompat import _hdf5_reader
from tfcompat.errors import TfcompatError

_SECONDS = 2.0  # for one step inside the library; a whole file of Keras takes 0.01
_MEMORY = 2**30  # bytes, besides those of a tensor
_KEPT = 30  # seconds without a file; half of those after which the process ends by itself
_START, _ENDING = 120, 2  # seconds

_START_IT = """
import sys
sys.path[:] = {path!r}
from tfcompat import _hdf5_reader
_hdf5_reader.serve()
"""


def ask(request: dict[str, Any]) -> list[_hdf5_reader.Reply]:
    """Return the replies to a request, see `_hdf5_reader.answers`.

    Raises:
        TfcompatError: the process cannot be started.
        ModuleNotFoundError: h5py is not installed.
    """
    if importlib.util.find_spec("h5py") is None:
        raise ModuleNotFoundError("No module named 'h5py'", name="h5py")
    # Embedding programs name their Python to multiprocessing.
    python = os.fsdecode(multiprocessing.spawn.get_executable() or "")
    if getattr(sys, "frozen", False) or not python:
        return list(_hdf5_reader.answers(request, lambda size: None))
    with _lock:
        replies: list[_hdf5_reader.Reply] = []
        sound = False
        try:
            replies += _started(python).ask({**request, "seconds": _SECONDS, "memory": _MEMORY})
            sound = _hdf5_reader.FORKS or not any("bad" in reply for reply, _ in replies)
        finally:
            if not sound:
                _end()
        return replies


class _Process:
    """A process that reads, and the pipes to it."""

    def __init__(self, python: str) -> None:
        self.owner = os.getpid()
        self._used = time.monotonic()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `end`
        path = [os.path.abspath(place) for place in sys.path]
        command = [python, "-c", _START_IT.format(path=path)]
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=self._complaints
            )
        except OSError as error:
            self._complaints.close()
            raise TfcompatError(f"{_NOT_STARTED.format(python)}: {error}") from error
        timer = threading.Timer(_START, self._process.kill)
        timer.start()
        try:
            ready = self._pipes()[1].readline()
        finally:
            timer.cancel()
        if ready != b"{}\n":
            reason = f"{self._ended()}\n{self._said()}"
            self.end()
            raise TfcompatError(f"{_NOT_STARTED.format(python)}: {reason}")

    def _pipes(self) -> tuple[Any, Any]:
        return self._process.stdin, self._process.stdout

    def is_usable(self) -> bool:
        """Tell whether it runs, and belongs to this process rather than to one that forked it."""
        return (
            self.owner == os.getpid()
            and time.monotonic() - self._used < _KEPT
            and self._process.poll() is None
        )

    def ask(self, request: dict[str, Any]) -> Iterator[_hdf5_reader.Reply]:
        """Yield the replies, of which the last one says so where the process ended."""
        requests, replies = self._pipes()
        try:
            requests.write(json.dumps(request).encode() + b"\n")
            requests.flush()
            while True:
                reply = json.loads(replies.readline())
                if "end" in reply:
                    break
                data = bytearray(reply.get("size", 0))
                view = memoryview(data)
                while view:
                    count = replies.readinto(view)
                    if not count:
                        raise EOFError
                    view = view[count:]
                yield reply, data
        except (OSError, EOFError, ValueError, TypeError):  # no reply, or none of ours
            yield {"bad": self._ended()}, b""
        self._used = time.monotonic()

    def _ended(self) -> str:
        try:
            code = self._process.wait(_ENDING)
        except subprocess.TimeoutExpired:  # it said what is no reply
            self._process.kill()
            code = self._process.wait()
        number = -code if code < 0 else code - _hdf5_reader.SIGNALLED
        if number == getattr(signal, "SIGPROF", None):
            return f"HDF5's library does not come to an end in it within {_SECONDS:g} s"
        reason = f"status {code}"
        if number in signal.valid_signals():
            reason = f"signal {number}, {signal.strsignal(number)}"
        return f"HDF5's library ends the process that reads it ({reason})"

    def _said(self) -> str:
        self._complaints.seek(0)
        return self._complaints.read()[-2000:].decode("utf-8", "replace")

    def end(self) -> None:
        """End it, unless it is that of the process that forked this one."""
        if self.owner == os.getpid():
            self._process.kill()
        self._process.wait()  # which does not wait for what is no child of this process
        for stream in (*self._pipes(), self._complaints):
            with contextlib.suppress(OSError):  # a request that it did not take
                stream.close()


_NOT_STARTED = "HDF5 is read in a process of its own, which {!r} did not start"
_lock = threading.Lock()
_current: _Process | None = None


def _started(python: str) -> _Process:
    global _current
    if _current is None or not _current.is_usable():
        _end()
        _current = _Process(python)
    return _current


@atexit.register
def _end() -> None:
    global _current
    ended, _current = _current, None
    if ended is not None:
        ended.end()
