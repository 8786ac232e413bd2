"""The stores that a URL may name, through fsspec or `tf.io.gfile`.

fsspec is asked first, and `tf.io.gfile` where fsspec is not installed, does not know the scheme,
or lacks the package that serves it. `ram://` is known to TensorFlow alone.
"""

from __future__ import annotations

import abc
import contextlib
import io
import os
import secrets
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from tfcompat import _runtime
from tfcompat.errors import StoreError, TfcompatError

_PIECE = 8 * 2**20
_BUFFER = 2**16


class Store(abc.ABC):
    """What is needed of a store; each method takes whole URLs.

    Raises:
        FileNotFoundError: there is nothing at the URL, where that is an answer.
        StoreError: the store cannot be reached, or refuses.
    """

    @abc.abstractmethod
    def exists(self, path: str) -> bool:
        """Tell whether there is an object or a directory."""

    @abc.abstractmethod
    def is_directory(self, path: str) -> bool:
        """Tell whether there is a directory, or the prefix of objects."""

    @abc.abstractmethod
    def names(self, path: str) -> list[str]:
        """Return the names of what a directory holds, those of directories with or without `/`."""

    @abc.abstractmethod
    def size(self, path: str) -> int:
        """Return the size of an object in bytes."""

    @abc.abstractmethod
    def read(self, path: str, start: int, stop: int) -> bytes:
        """Return the bytes of an object from `start` to before `stop`."""

    @abc.abstractmethod
    def write(self, source: str, path: str) -> None:
        """Write a local file as an object, which replaces what is there when it is complete."""

    @abc.abstractmethod
    def remove(self, path: str) -> None:
        """Remove an object, if there is one."""

    @abc.abstractmethod
    def remove_directory(self, path: str) -> None:
        """Remove all objects of a directory, if there are any."""

    def open(self, path: str) -> BinaryIO:
        """Open an object for reading; what is read is fetched as it is read."""
        return cast(BinaryIO, io.BufferedReader(_Object(self, path, self.size(path)), _BUFFER))


class _Object(io.RawIOBase):
    """An object as a file, of which every read fetches a range."""

    def __init__(self, store: Store, path: str, size: int) -> None:
        super().__init__()
        self._store = store
        self._path = path
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError(f"there is no byte {start + offset}")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        stop = min(self._position + len(view), self._size)
        if stop <= self._position:
            return 0
        data = self._store.read(self._path, self._position, stop)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)


class _Fsspec(Store):
    """A file system of fsspec, with the options that its own configuration gives."""

    def __init__(self, system: Any) -> None:
        self._system = system

    def _info(self, path: str) -> dict[str, Any]:
        with _reaching(path):
            # Another process may have written since a listing was kept.
            self._system.invalidate_cache(path)
            return dict(self._system.info(path))

    def exists(self, path: str) -> bool:
        # fsspec's own `exists` takes a store that cannot be reached for one without the object.
        with contextlib.suppress(FileNotFoundError):
            self._info(path)
            return True
        return False

    def is_directory(self, path: str) -> bool:
        with contextlib.suppress(FileNotFoundError):
            info = self._info(path)
            # An HTTP server shows a directory as a page of links.
            return info["type"] == "directory" or info.get("mimetype") == "text/html"
        return False

    def names(self, path: str) -> list[str]:
        with _reaching(path):
            self._system.invalidate_cache(path)
            found = self._system.ls(path, detail=False)
        return [name.rstrip("/").rpartition("/")[2] for name in found]

    def size(self, path: str) -> int:
        size = self._info(path)["size"]
        if size is None:
            raise StoreError(f"{path!r} cannot be read: its server does not tell its size.")
        return int(size)

    def read(self, path: str, start: int, stop: int) -> bytes:
        with _reaching(path):
            data = bytes(self._system.cat_file(path, start=start, end=stop))
        return _whole(data, path, start, stop)

    def write(self, source: str, path: str) -> None:
        with _reaching(path):
            self._system.put_file(source, path)

    def remove(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError), _reaching(path):
            self._system.rm_file(path)

    def remove_directory(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError), _reaching(path):
            self._system.invalidate_cache(path)
            self._system.rm(path, recursive=True)


class _Gfile(Store):
    """A file system of TensorFlow's.

    Args:
        tf: TensorFlow.
        reason: why fsspec does not serve it, in words.
    """

    def __init__(self, tf: Any, reason: str) -> None:
        self._gfile = tf.io.gfile
        self._errors = tf.errors
        self._reason = reason

    @contextlib.contextmanager
    def _reaching(self, path: str) -> Iterator[None]:
        with _reaching(path):
            try:
                yield
            except self._errors.NotFoundError as error:
                raise FileNotFoundError(error.message or f"nothing at {path!r}") from error
            except self._errors.UnimplementedError as error:
                raise StoreError(
                    f"{path!r} cannot be reached. TensorFlow {_runtime.runtime().tensorflow}: "
                    f"{error.message}. fsspec: {self._reason}."
                ) from error

    def exists(self, path: str) -> bool:
        with self._reaching(path):
            return bool(self._gfile.exists(path))

    def is_directory(self, path: str) -> bool:
        # `isdir` says False where it fails.
        return self.exists(path) and bool(self._gfile.isdir(path))

    def names(self, path: str) -> list[str]:
        with self._reaching(path):
            return list(self._gfile.listdir(path))

    def size(self, path: str) -> int:
        with self._reaching(path):
            return int(self._gfile.stat(path).length)

    def read(self, path: str, start: int, stop: int) -> bytes:
        with self._reaching(path), self._gfile.GFile(path, "rb") as file:
            file.seek(start)
            data = bytes(file.read(stop - start))
        return _whole(data, path, start, stop)

    def write(self, source: str, path: str) -> None:
        # Not all of TensorFlow's file systems show a file only once it is complete.
        hidden = f"{path}.tempstate{secrets.token_hex(4)}"
        with self._reaching(path), open(source, "rb") as file:
            self._gfile.makedirs(os.path.dirname(path))
            with self._gfile.GFile(hidden, "wb") as target:
                target.write(b"")  # without which there is no empty file
                for piece in iter(lambda: file.read(_PIECE), b""):
                    target.write(piece)
            self._gfile.rename(hidden, path, overwrite=True)

    def remove(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError), self._reaching(path):
            self._gfile.remove(path)

    def remove_directory(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError), self._reaching(path):
            self._gfile.rmtree(path)


@contextlib.contextmanager
def _reaching(path: str) -> Iterator[None]:
    """Turn what a client of a store raises into one error of our own."""
    try:
        yield
    except (TfcompatError, FileNotFoundError):
        raise
    except Exception as error:  # each client has errors of its own, and few are an OSError
        reason = getattr(error, "message", None) or str(error) or "no reason is given"
        raise StoreError(f"{path!r} cannot be reached: {type(error).__name__}: {reason}") from error


def _whole(data: bytes, path: str, start: int, stop: int) -> bytes:
    if len(data) > stop - start:
        raise StoreError(f"{path!r} cannot be read: its server does not send ranges of bytes.")
    if len(data) < stop - start:
        raise StoreError(
            f"{path!r} cannot be read: {len(data)} bytes came of {stop - start} from byte {start}."
        )
    return data


def is_store(path: str) -> bool:
    """Tell whether a path is the URL of a store; `file://` is this machine's file system."""
    return "://" in path and not path.startswith("file://")


def of(path: str) -> Store:
    """Return the store that a URL names.

    Raises:
        StoreError: nothing that is installed serves the scheme.
    """
    system, reason = _fsspec_of(path) if is_store(path) else (None, "not asked")
    if system is not None:
        return _Fsspec(system)
    try:
        return _Gfile(_runtime.tensorflow(), reason)
    except TfcompatError as error:
        raise StoreError(f"{path!r} cannot be reached. fsspec: {reason}. {error}") from error


def _fsspec_of(path: str) -> tuple[Any, str]:
    """Return the file system of fsspec for a URL, or None and why there is none."""
    try:
        import fsspec
        import fsspec.core
    except ImportError:
        return None, "not installed (pip install tfcompat[remote])"
    try:
        fsspec.get_filesystem_class(path.partition("://")[0])
    except (ImportError, ValueError) as error:
        return None, str(error).rstrip(".")
    with _reaching(path):
        return fsspec.core.url_to_fs(path)[0], ""
