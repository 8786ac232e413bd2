"""Whether all of a state or native artifact can be read, and is what was written."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from tfcompat._progress import Progress
from tfcompat.errors import BadStateError
from tfcompat.state.tools import words
from tfcompat.state.tools.source import Source, batches, open_source

# What a format without a checksum of every tensor can tell.
_READABLE = "readable, as HDF5 keeps no checksums"
_WHOLE = {
    "Keras HDF5 file": _READABLE,
    "Keras weights file": _READABLE,
    "Keras archive": "whole, by the one checksum of all its weights",
}
_ONLY_TENSORFLOW = ("resource", "variant")


@dataclasses.dataclass
class Verified:
    """What is wrong with a state or native artifact.

    Attributes:
        path: what was looked at.
        source: what it is, or None where it could not even be opened.
        broken: why a tensor cannot be read or is not what was written, by key.
        unread: keys of tensors that only TensorFlow reads.
        reason: why it could not be opened.
    """

    path: str
    source: Source | None
    broken: dict[str, str] = dataclasses.field(default_factory=dict)
    unread: list[str] = dataclasses.field(default_factory=list)
    reason: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.broken or self.reason)


def verify(path: str, step: int | None = None) -> Verified:
    """Read every tensor, and compare it with its checksum where the format has one.

    A few tensors are held at a time.

    Raises:
        StateNotFoundError: there is nothing at the path that can be read.
    """
    try:
        source = open_source(path, step)
    except BadStateError as error:
        return Verified(path, None, reason=str(error))
    found = Verified(path, source)
    readable: list[str] = []
    for key, entry in source.entries.items():
        (found.unread if entry.dtype in _ONLY_TENSORFLOW else readable).append(key)
    with Progress(source.nbytes) as progress:
        for batch in batches(readable, source.sizes):
            if _reason(source, batch):
                # Which of them it is, only reading them one by one tells.
                reasons = {key: _reason(source, [key]) for key in batch}
                found.broken.update({key: reason for key, reason in reasons.items() if reason})
            progress.add(sum(source.sizes[key] or 0 for key in batch))
    return found


def _reason(source: Source, keys: Iterable[str]) -> str:
    try:
        for _ in source.read(keys):
            pass
    except BadStateError as error:
        return str(error)
    except OSError as error:  # a shard that is gone
        return str(error)
    return ""


def text(found: list[Verified]) -> str:
    """Return in words what was found."""
    lines = []
    for one in found:
        if one.source is None:
            lines.append(f"{one.path}: BROKEN: {one.reason}")
            continue
        source = one.source
        told = [source.format, f"step {source.step}"]
        told += [words.number_of(len(source.entries), "tensor"), words.size(source.nbytes)]
        result = _WHOLE.get(source.format, "whole, by the checksum of each tensor")
        if one.broken:
            result = f"BROKEN: {words.number_of(len(one.broken), 'tensor')}"
        lines.append(f"{one.path}: {', '.join(told)}: {result}")
        lines += [f"  {reason}" for reason in one.broken.values()]
        if one.unread:
            lines.append(f"  not looked at, as only TensorFlow reads it: {', '.join(one.unread)}")
    return "\n".join(lines)


def summary(found: list[Verified]) -> list[dict[str, Any]]:
    """Return what was found, for JSON."""
    return [
        {
            "path": one.path,
            "whole": one.is_whole,
            "format": one.source.format if one.source else None,
            "step": one.source.step if one.source else None,
            "tensors": len(one.source.entries) if one.source else None,
            "bytes": one.source.nbytes if one.source else None,
            "broken": one.broken,
            "unread": one.unread,
            "reason": one.reason,
        }
        for one in found
    ]
