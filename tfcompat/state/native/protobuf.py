"""The wire format of protocol buffers, as far as TensorFlow's checkpoints use it.

A checkpoint describes itself in three small messages, whose classes TensorFlow keeps in private
modules. Their numbers of fields are part of the file format and never change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def varint(data: bytes, position: int) -> tuple[int, int]:
    """Return (value, position after it) of the number that starts at a position."""
    value = data[position]
    position += 1
    if value < 0x80:
        return value, position
    value &= 0x7F
    shift = 7
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise ValueError("a number is longer than 64 bits")


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield (number, value) of each field: bytes of strings and messages, else an integer.

    Raises:
        ValueError, IndexError: the data is no message.
    """
    position, end = 0, len(data)
    while position < end:
        tag, position = varint(data, position)
        kind = tag & 7
        if kind == 2:
            length, position = varint(data, position)
            if position + length > end:
                raise ValueError("a field is longer than its message")
            yield tag >> 3, data[position : position + length]
            position += length
        elif kind == 0:
            value, position = varint(data, position)
            yield tag >> 3, value
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            if position + size > end:
                raise ValueError("a field is longer than its message")
            yield tag >> 3, int.from_bytes(data[position : position + size], "little")
            position += size
        else:
            raise ValueError(f"a field of the unknown kind {kind}")


def integers(value: Any) -> list[int]:
    """Return the integers of a repeated field, of which one occurrence is given."""
    if isinstance(value, int):
        return [value]
    found, position = [], 0
    while position < len(value):
        number, position = varint(value, position)
        found.append(number)
    return found
