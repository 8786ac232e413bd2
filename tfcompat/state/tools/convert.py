"""A state or native artifact in another format."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
import shutil
from collections.abc import Iterator
from typing import Any

from tfcompat._progress import Progress
from tfcompat.errors import StateWriteError, TfcompatError, UnsupportedObjectError
from tfcompat.state import bundle
from tfcompat.state.remote import stores
from tfcompat.state.tools import words
from tfcompat.state.tools.source import Source
from tfcompat.state.tools.targets import TARGETS


@dataclasses.dataclass(frozen=True)
class Converted:
    """What a conversion wrote.

    Attributes:
        path: where.
        format: the name of the format.
        tensors: how many tensors there are.
        nbytes: the size of the file, or of the files of the directory.
        left_out: why something is not in it, by key.
    """

    path: str
    format: str
    tensors: int
    nbytes: int
    left_out: dict[str, str]


def convert(
    source: Source, path: str, form: str, *, force: bool = False, leave_out: bool = False
) -> Converted:
    """Write a source in another format, holding few tensors at a time.

    It is written under a hidden name beside its own, which it takes when it is complete.

    Args:
        source: what to write.
        path: where.
        form: one of `TARGETS`.
        force: whether to replace what is at the path.
        leave_out: whether to leave out what the format cannot hold, instead of refusing.

    Raises:
        UnsupportedObjectError: the format cannot hold some of it; all of that is listed.
        StateWriteError: writing failed. What was at the path is as it was.
        TfcompatError: the path is in a store.
    """
    if stores.is_store(path):
        raise TfcompatError(
            f"{path!r} is in a store. Convert to a directory of this machine, and copy that."
        )
    path = os.path.abspath(path)
    check_target(path, form, force)
    if os.path.isdir(path) and os.path.realpath(source.path).startswith(
        os.path.join(os.path.realpath(path), "")
    ):
        raise TfcompatError(
            f"{path!r} holds what is to be converted, and cannot be replaced by it."
        )
    target = TARGETS[form]
    refused = {key: target.refusal(key, entry) for key, entry in source.entries.items()}
    left_out = {key: reason for key, reason in refused.items() if reason is not None}
    if left_out and not leave_out:
        lines = [f"  {key!r}: {reason}" for key, reason in left_out.items()]
        raise UnsupportedObjectError(
            f"{target.holds} cannot hold this (with --leave-out it is left out):\n"
            + "\n".join(lines)
        )
    keys = [key for key in source.entries if key not in left_out]
    with _hidden(path, form) as hidden:
        opened = target(hidden, source, keys)
        try:
            with Progress(source.nbytes) as progress:
                for key, array in source.read(keys):
                    opened.add(key, array)
                    progress.add(source.sizes[key] or 0)
            opened.finish()
        finally:
            opened.close()
        nbytes = _size(hidden)
        _move(hidden, path, form, force)
    return Converted(path, form, len(keys), nbytes, left_out)


def check_target(path: str, form: str, force: bool) -> None:
    """Raise unless something may be written to a path.

    Raises:
        TfcompatError: there is something already, and it may not be replaced.
    """
    if not os.path.lexists(path):
        return
    if not force:
        raise TfcompatError(f"{path!r} exists; --force replaces it.")
    if os.path.isdir(path):
        if form != "state":
            raise TfcompatError(f"{path!r} is a directory, and is not replaced by a file.")
        names = [
            name
            for name in os.listdir(path)
            if name != "checkpoint" and not bundle._NAME.fullmatch(name)
        ]
        if names:
            raise TfcompatError(
                f"{path!r} holds more than states ({', '.join(sorted(names)[:5])}), and is not "
                "replaced."
            )


@contextlib.contextmanager
def _hidden(path: str, form: str) -> Iterator[str]:
    """Yield a path beside another one, where nothing is, and remove what stays there."""
    directory, name = os.path.split(path)
    hidden = os.path.join(directory, f".{name}-{secrets.token_hex(4)}.{form}")
    try:
        yield hidden
    except OSError as error:
        if isinstance(error, TfcompatError):
            raise
        raise StateWriteError(f"{path!r} could not be written: {error}") from error
    finally:
        _remove(hidden)


def _move(hidden: str, path: str, form: str, force: bool) -> None:
    # Again, as something may have come there meanwhile.
    check_target(path, form, force)
    if not os.path.isdir(hidden):
        os.replace(hidden, path)
        return
    # A directory cannot take the place of another thing at once.
    earlier = f"{hidden}.earlier"
    if os.path.lexists(path):
        os.rename(path, earlier)
    try:
        os.rename(hidden, path)
    except OSError:
        if os.path.lexists(earlier):
            os.rename(earlier, path)
        raise
    _remove(earlier)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.remove(path)


def _size(path: str) -> int:
    if os.path.isdir(path):
        return sum(_size(os.path.join(path, name)) for name in os.listdir(path))
    return os.path.getsize(path)


def text(source: Source, converted: Converted) -> str:
    """Return in words what was written."""
    tensors = words.number_of(converted.tensors, "tensor")
    size = words.size(converted.nbytes)
    lines = [f"{converted.path}: {tensors}, {size}, from {source.format} {source.path}"]
    lines += [f"left out: {key!r}: {reason}" for key, reason in converted.left_out.items()]
    return "\n".join(lines)


def summary(source: Source, converted: Converted) -> dict[str, Any]:
    """Return what was written, for JSON."""
    return {
        "path": converted.path,
        "format": converted.format,
        "tensors": converted.tensors,
        "bytes": converted.nbytes,
        "left_out": converted.left_out,
        "source": {"path": source.path, "format": source.format, "step": source.step},
    }
