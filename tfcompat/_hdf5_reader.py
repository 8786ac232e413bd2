"""Reads HDF5 files, and opens nothing outside of them: what runs in a process of its own.

`tfcompat.state.native.hdf5_process` starts it and says why. It imports nothing else of tfcompat,
which would take longer than h5py does. A request and a reply are a line of JSON each; after the
line of a tensor follow its bytes.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import importlib
import io
import json
import math
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

# Keras compresses nothing. A file that somebody packed may be this much smaller than its tensors,
# which is what deflate can do; beyond that, and beyond what any machine has, it is a bomb.
LARGEST_EXPANSION = 1100
_HARMLESS = 64 * 2**20

_DEEPEST = 200  # nested groups
_SMALLEST_LINK = 8  # bytes of a file for each member of a group, at the very least

_IDLE = 60  # seconds without a request after which the process ends
_RATE = 50 * 2**20  # bytes of a tensor in a second, at the very least

FORKS = hasattr(os, "fork")
SIGNALLED = 128

# Called before each step inside the library, with the bytes that the step may take.
Allow = Callable[[int], None]
Reply = tuple[dict[str, Any], Any]


def answers(request: dict[str, Any], allow: Allow) -> Iterator[Reply]:
    """Yield what a file holds, or the tensors of some names.

    Args:
        request: `path` of the file; `start` and `size` where it is a part of that file; `names`
            of tensors, or None for what describes them all.
        allow: called before each step inside the library.

    Yields:
        The reply and the bytes that follow it. Where the file cannot be read, the last reply
        says `bad` and why.
    """
    try:
        allow(0)
        with _opened(request) as file:
            if request["names"] is None:
                yield _listed(file, allow), b""
                return
            for name in request["names"]:
                yield _tensor(name, file[name], allow)
    except Exception as error:  # the library and h5py raise anything of what was altered
        yield {"bad": str(error) or type(error).__name__}, b""


@contextlib.contextmanager
def _opened(request: dict[str, Any]) -> Iterator[Any]:
    h5py = importlib.import_module("h5py")
    if request["size"] is None:
        with h5py.File(request["path"], "r") as file:
            yield file
        return
    with open(request["path"], "rb") as whole:
        part = _Part(whole, request["start"], request["size"])
        with h5py.File(part, "r") as file:
            yield file


class _Part(io.RawIOBase):
    """A part of a file, as a file."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file = file
        self._start = start
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        wanted = max(0, min(len(view), self._size - self._position))
        self._file.seek(self._start + self._position)
        data = self._file.read(wanted)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)


def _listed(file: Any, allow: Allow) -> dict[str, Any]:
    """Return dtype and shape of every dataset, and the attributes of every group, by path."""
    h5py = importlib.import_module("h5py")
    tensors: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    seen = set()
    members = 0
    largest = file.id.get_filesize()
    pending: list[tuple[str, Any, int]] = [("", file, 0)]
    while pending:
        path, group, depth = pending.pop()
        address = h5py.h5o.get_info(group.id).addr
        if address in seen or depth > _DEEPEST:
            raise ValueError(f"the group {path!r} is inside itself, or linked to twice")
        seen.add(address)
        attributes[path] = _attributes(path, group, allow)
        allow(0)
        names = list(group)
        members += len(names)
        if members * _SMALLEST_LINK > largest:
            raise ValueError("it has more members than the file can hold")
        for name in names:
            allow(0)
            inner = f"{path}/{name}" if path else name
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"{inner!r} is a link to somewhere else")
            member = group[name]
            if isinstance(member, h5py.Group):
                pending.append((inner, member, depth + 1))
            elif isinstance(member, h5py.Dataset):
                tensors[inner] = _entry(inner, member)
    return {"tensors": tensors, "attributes": attributes}


def _attributes(path: str, group: Any, allow: Allow) -> dict[str, Any]:
    found = {}
    largest = group.file.id.get_filesize()
    for name in group.attrs:
        allow(0)
        # NumPy would allocate what an altered shape claims.
        claimed = group.attrs.get_id(name)
        if math.prod(claimed.shape or ()) * claimed.dtype.itemsize > largest:
            raise ValueError(f"the attribute {name!r} of {path!r} is larger than the file")
        found[name] = _plain(group.attrs[name])
    return found


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _entry(name: str, dataset: Any) -> tuple[str, list[int]]:
    """Return dtype and shape of a dataset, whose values are in the file."""
    if dataset.external or dataset.is_virtual:
        raise ValueError(f"{name!r} is stored in another file")
    if dataset.shape is None:
        raise ValueError(f"{name!r} holds nothing")
    stored = min(dataset.id.get_storage_size(), dataset.file.id.get_filesize())
    size = _claimed(dataset)
    if size > _HARMLESS + LARGEST_EXPANSION * stored:
        raise ValueError(f"{name!r} claims {size} bytes that the file does not hold")
    return _dtype_of(dataset), [int(dimension) for dimension in dataset.shape]


def _claimed(dataset: Any) -> int:
    return int(math.prod(int(dimension) for dimension in dataset.shape) * dataset.dtype.itemsize)


def _dtype_of(dataset: Any) -> str:
    # Keras 3 says in an attribute what HDF5 has no type for.
    if dataset.attrs.get("dtype") == "bfloat16":
        return "bfloat16"
    return "string" if dataset.dtype.kind in "OSU" else str(dataset.dtype.name)


def _tensor(name: str, dataset: Any, allow: Allow) -> Reply:
    """Return a tensor: its numbers, or its strings one after the other with their lengths."""
    np = importlib.import_module("numpy")
    entry = _entry(name, dataset)
    allow(_claimed(dataset))
    array = np.asarray(dataset[()])
    if entry[0] == "string":
        words = [word.encode() if isinstance(word, str) else bytes(word) for word in array.flat]
        data = b"".join(words)
        return {"entry": entry, "lengths": [len(word) for word in words], "size": len(data)}, data
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
    return {"entry": entry, "numbers": array.dtype.str, "size": len(data)}, data


# The process.


def serve() -> None:
    """Answer the requests on the standard input, one after the other, until it ends."""
    # What the library or a plugin of it prints is no reply.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks was interrupted as well
    for name in ("SIGCHLD", "SIGPROF"):  # they may be inherited ignored
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    importlib.import_module("h5py")
    limits = _Limits()
    # Python 3.12 warns of a fork beside threads; those of NumPy's linear algebra do nothing here.
    warnings.simplefilter("ignore")
    replies.write(_line({}))
    while True:
        replies.flush()
        faulthandler.dump_traceback_later(_IDLE, exit=True)
        line = sys.stdin.buffer.readline()
        if not line:
            return
        faulthandler.cancel_dump_traceback_later()
        _apart(functools.partial(_answer, json.loads(line), limits, replies))
        replies.write(_line({"end": True}))


def _answer(request: dict[str, Any], limits: _Limits, replies: Any) -> None:
    limits.seconds, limits.memory = request["seconds"], request["memory"]
    for reply, data in answers(request, limits.allow):
        limits.lift()
        replies.write(_line(reply))
        replies.write(data)
    limits.lift()
    replies.flush()


def _apart(action: Callable[[], None]) -> None:
    """Do something in a fork where there are any, so that the library is as it was afterwards.

    The process ends where the fork does, with the number of its signal beyond `SIGNALLED`.
    """
    if not FORKS:
        action()
        return
    child = os.fork()
    if not child:
        try:
            action()
        except BaseException:
            os._exit(1)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        os._exit(code if code > 0 else SIGNALLED - code)


def _line(reply: dict[str, Any]) -> bytes:
    return json.dumps(reply, default=repr).encode() + b"\n"


class _Limits:
    """How long a step inside the library may take, and how much memory.

    Attributes:
        seconds: of the processor, so that a slow disk is no fault of the file; ten times as
            many of the clock where there is no such timer (Windows).
        memory: bytes beyond what the process has when it starts, and twice those of a tensor.
            Linux alone has a limit.
    """

    seconds: float
    memory: int

    def __init__(self) -> None:
        self._timer = getattr(signal, "setitimer", None)
        if self._timer:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF})
        self._resource: Any = None
        if os.path.exists("/proc/self/statm"):
            self._resource = importlib.import_module("resource")
            with open("/proc/self/statm") as file:
                self._base = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
            self._given = self._resource.getrlimit(self._resource.RLIMIT_AS)

    def allow(self, size: int) -> None:
        """Allow for one step that takes so many bytes."""
        seconds = self.seconds + size / _RATE
        if self._timer:
            self._timer(signal.ITIMER_PROF, seconds)
        else:
            faulthandler.dump_traceback_later(10 * seconds, exit=True)
        if self._resource:
            soft, hard = self._given
            bounds = [one for one in (soft, hard) if one != self._resource.RLIM_INFINITY]
            limit = min([self._base + self.memory + 2 * size, *bounds])
            self._resource.setrlimit(self._resource.RLIMIT_AS, (limit, hard))

    def lift(self) -> None:
        """Lift the limit of time."""
        if self._timer:
            self._timer(signal.ITIMER_PROF, 0)
        else:
            faulthandler.cancel_dump_traceback_later()
