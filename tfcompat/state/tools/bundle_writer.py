"""A TensorFlow V2 checkpoint, written tensor by tensor without TensorFlow.

`tf.raw_ops.SaveV2` takes all tensors of a shard at once, and copies them. The format is described
in `tfcompat.state.native.tensor_bundle`, which reads it.
"""

from __future__ import annotations

from typing import Any, BinaryIO

from tfcompat.state.manifest import StateEntry
from tfcompat.state.native import checksum, tensor_bundle
from tfcompat.state.tools import raw

_BLOCK = 2**18
_NUMBERS = {name: number for number, name in tensor_bundle.DTYPES.items()}


class BundleWriter:
    """A checkpoint of one shard.

    Args:
        prefix: the path without `.index`.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._file: BinaryIO = open(f"{prefix}.data-00000-of-00001", "xb")  # noqa: SIM115
        self._values: dict[bytes, bytes] = {}

    def add(self, key: str, entry: StateEntry, array: Any) -> None:
        """Write one tensor."""
        offset = self._file.tell()
        if entry.dtype == "string":
            checked = _write_strings(self._file, array)
        else:
            data = raw.bytes_of(array, entry.dtype)
            self._file.write(data)
            checked = checksum.masked(data)
        dimensions = b"".join(_field(2, _number(1, size)) for size in entry.shape)
        self._values[key.encode()] = b"".join(
            [
                _number(1, _NUMBERS[entry.dtype]),
                _field(2, dimensions),
                _number(4, offset),
                _number(5, self._file.tell() - offset),
                b"\x35" + checked.to_bytes(4, "little"),
            ]
        )

    def finish(self) -> None:
        """Write the index, without which nothing is a checkpoint."""
        self._file.close()
        # One shard, in the byte order of the machines there are, of version 1 of the format.
        header = _number(1, 1) + _field(3, _number(1, 1))
        values = {b"": header, **self._values}
        with open(f"{self._prefix}.index", "xb") as file:
            index = []
            block: list[tuple[bytes, bytes]] = []
            size = 0
            for key in sorted(values):
                block.append((key, values[key]))
                size += len(key) + len(values[key])
                if size >= _BLOCK:
                    index.append((key, _write_block(file, block)))
                    block, size = [], 0
            if block:
                index.append((block[-1][0], _write_block(file, block)))
            handles = _write_block(file, []) + _write_block(file, index)
            file.write(handles.ljust(40, b"\0"))
            file.write(tensor_bundle.MAGIC.to_bytes(8, "little"))

    def close(self) -> None:
        """Close the file, also after an error."""
        self._file.close()


def _write_strings(file: BinaryIO, array: Any) -> int:
    strings = [bytes(one) for one in array.reshape(-1)]
    wide = b"".join(len(one).to_bytes(4, "little") for one in strings)
    check = checksum.masked(wide).to_bytes(4, "little")
    contents = b"".join(strings)
    file.write(b"".join(varint(len(one)) for one in strings) + check + contents)
    return checksum.masked(wide + check + contents)


def _write_block(file: BinaryIO, pairs: list[tuple[bytes, bytes]]) -> bytes:
    """Write a block in which every key is in full, and return where it is."""
    offset = file.tell()
    data = bytearray()
    restarts = []
    for key, value in pairs:
        restarts.append(len(data))
        data += varint(0) + varint(len(key)) + varint(len(value)) + key + value
    for position in restarts or [0]:
        data += position.to_bytes(4, "little")
    data += len(restarts or [0]).to_bytes(4, "little")
    size = len(data)
    data += b"\0"  # not compressed
    file.write(data + checksum.masked(bytes(data)).to_bytes(4, "little"))
    return varint(offset) + varint(size)


def varint(number: int) -> bytes:
    """Return a number as protocol buffers have it."""
    data = bytearray()
    while number >= 0x80:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)
    return bytes(data)


def _number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value) if value else b""


def _field(field: int, data: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(data)) + data
