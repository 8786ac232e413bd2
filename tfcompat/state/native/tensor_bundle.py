"""TensorFlow's V2 checkpoints, read without TensorFlow.

A checkpoint is an index, `PREFIX.index`, and shards of data, `PREFIX.data-00000-of-00001`. The
index is a sorted table as LevelDB has it: blocks of keys and values, a block that tells where the
others are, and a footer that tells where that one is. The value under the empty key describes
the checkpoint, each other one a tensor and where its bytes are.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Callable, NamedTuple

import numpy as np

from tfcompat.errors import BadStateError
from tfcompat.state.manifest import StateEntry
from tfcompat.state.native import checksum, protobuf

_FOOTER = 48
MAGIC = 0xDB4775248B80FB57
_TRAILER = 5  # the kind of compression and a checksum, after each block
_MOST_DIMENSIONS = 254

# A key is stored as what differs from the one before, and every 16th in full. Longer than this
# many times the table the keys of a checkpoint are not together, whatever a file may claim.
_KEY_EXPANSION = 64

# By their numbers in TensorFlow's types.proto, which never change: the names of TensorFlow.
DTYPES = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "string",
    8: "complex64", 9: "int64", 10: "bool", 11: "qint8", 12: "quint8", 13: "qint32",
    14: "bfloat16", 15: "qint16", 16: "quint16", 17: "uint16", 18: "complex128", 19: "float16",
    20: "resource", 21: "variant", 22: "uint32", 23: "uint64", 24: "float8_e5m2",
    25: "float8_e4m3fn", 26: "float8_e4m3fnuz", 27: "float8_e4m3b11fnuz", 28: "float8_e5m2fnuz",
    29: "int4", 30: "uint4", 31: "int2", 32: "uint2",
}  # fmt: skip
_WITHOUT_NUMPY = {"string", "resource", "variant"}


class BundleEntry(NamedTuple):
    """One tensor of a checkpoint.

    Attributes:
        dtype: the name of its TensorFlow dtype.
        shape: its shape.
        shard: the number of the file that holds it.
        offset: where in that file it starts.
        size: how many bytes it takes there; 0 for a tensor that is stored in slices.
        checksum: of its values, as TensorFlow stores it.
        slices: start and length of each slice in each dimension, where the tensor is stored in
            slices; a length of -1 is the whole dimension.
    """

    dtype: str
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    checksum: int
    slices: tuple[tuple[tuple[int, int], ...], ...] = ()


def open_local(path: str) -> BinaryIO:
    """Open a file of this machine for reading."""
    return open(path, "rb")


class TensorBundle:
    """A checkpoint, opened for reading.

    Opening it reads its index. Every value that is read is compared with its checksum, as
    TensorFlow does; without the extension module `google_crc32c` or `crc32c` that takes about
    3 seconds for 1 GB.

    Attributes:
        prefix: the path without `.index`.
        entries: the tensors by name, sorted.

    Args:
        prefix: the path without `.index`.
        open_file: opens a file for reading by its path.
        verify: whether to compare checksums of values. That of the index always is.

    Raises:
        StateNotFoundError, OSError: as `open_file` does, when there is no such file.
        BadStateError: the files are no checkpoint, or truncated or altered.
    """

    def __init__(
        self,
        prefix: str,
        open_file: Callable[[str], BinaryIO] = open_local,
        *,
        verify: bool = True,
    ) -> None:
        self.prefix = prefix
        self._open_file = open_file
        self._verify = verify
        path = f"{prefix}.index"
        with open_file(path) as file:
            data = file.read()
        self._slices: dict[bytes, BundleEntry] = {}
        self.entries: dict[str, BundleEntry] = {}
        with _reading(path):
            table = _table(data)
            first, header = next(table, (b"none", b""))
            if first:
                raise ValueError("it does not begin with a header")
            self._shards = _shards(header)
            for key, value in table:
                if key[0] == 0:  # the names of slices alone start with a zero
                    self._slices[key] = _entry(value, self._shards)
                else:
                    name = key.decode("utf-8", "surrogateescape")
                    self.entries[name] = _entry(value, self._shards)

    def read(self, key: str) -> Any:
        """Return one tensor as a NumPy array, which may be read-only.

        Strings are an array of bytes objects. Where the package `ml_dtypes` is not installed,
        bfloat16 becomes float32, which holds the same values. Quantized integers are plain ones.

        Raises:
            KeyError: there is no such tensor.
            BadStateError: the files are truncated or altered, or NumPy has no such dtype.
        """
        return next(self.read_many([key]))[1]

    def read_many(self, keys: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """Yield (key, array) of several tensors, in the order in which the files hold them.

        Each file is opened once, and one tensor is held at a time.
        """
        wanted = {key: self.entries[key] for key in keys}
        order = sorted(wanted, key=lambda key: (wanted[key].shard, wanted[key].offset))
        with _Shards(self.prefix, self._shards, self._open_file) as shards:
            for key in order:
                entry = wanted[key]
                if entry.slices:
                    yield key, self._assembled(shards, key, entry)
                else:
                    yield key, self._read(shards, key, entry)

    def ranges(self, keys: Iterable[str]) -> dict[str, list[tuple[int, int]]]:
        """Tell where tensors are: by the path of each file, where ranges of bytes start and end."""
        held = []
        for key in keys:
            entry = self.entries[key]
            names = [_slice_key(key, extents) for extents in entry.slices]
            held += [self._slices[name] for name in names if name in self._slices] or [entry]
        found: dict[str, list[tuple[int, int]]] = {}
        for entry in sorted(held, key=lambda entry: (entry.shard, entry.offset)):
            ranges = found.setdefault(_path_of_shard(self.prefix, entry.shard, self._shards), [])
            start, end = entry.offset, entry.offset + entry.size
            if ranges and start <= ranges[-1][1]:
                start, end = ranges[-1][0], max(end, ranges.pop()[1])
            ranges.append((start, end))
        return found

    def require(self, described: Mapping[str, StateEntry]) -> None:
        """See that tensors are there as described, in one piece, and inside of the files.

        Raises:
            BadStateError: some are not.
        """
        ends: dict[int, BundleEntry] = {}
        for key, entry in described.items():
            held = self.entries.get(key)
            if held is None or (held.dtype, held.shape) != (entry.dtype, entry.shape):
                raise self._altered(key, "it is not there as the manifest says")
            if held.slices or (entry.nbytes is not None and entry.nbytes != held.size):
                raise self._altered(key, f"the index has {held.size} bytes for it")
            last = ends.setdefault(held.shard, held)
            if held.offset + held.size > last.offset + last.size:
                ends[held.shard] = held
        with _Shards(self.prefix, self._shards, self._open_file) as shards:
            for held in ends.values():
                if held.offset + held.size > shards.size(held):
                    path = shards.path(held.shard)
                    raise BadStateError(f"{path!r} is truncated: it ends before its last tensor.")

    def _altered(self, key: str, reason: str) -> BadStateError:
        return BadStateError(
            f"{key!r} in '{self.prefix}.index' cannot be read; it is truncated or altered: "
            f"{reason}."
        )

    def _read(self, shards: _Shards, key: str, entry: BundleEntry) -> Any:
        path = shards.path(entry.shard)
        with _reading(path, key):
            if entry.dtype == "string":
                return _strings(shards.read(entry), entry, self._verify)
            dtype = _numpy_dtype(entry.dtype)
            expected = math.prod(entry.shape) * dtype.itemsize
            if entry.size != expected:
                raise ValueError(f"the index has {entry.size} bytes for it instead of {expected}")
            data = shards.read(entry)
            if self._verify and checksum.masked(data) != entry.checksum:
                raise ValueError("its checksum differs")
            return _widened(np.frombuffer(data, dtype).reshape(entry.shape), entry.dtype)

    def _assembled(self, shards: _Shards, key: str, entry: BundleEntry) -> Any:
        """Put the slices of a partitioned variable together."""
        parts = []
        with _reading(f"{self.prefix}.index", key):
            for extents in entry.slices:
                part = self._slices.get(_slice_key(key, extents))
                if part is None:
                    raise ValueError(f"it lacks the slice {extents}")
                where = _where(extents, entry.shape)
                if part.shape != tuple(one.stop - one.start for one in where):
                    raise ValueError(f"the slice {extents} has the shape {part.shape}")
                parts.append((where, part))
            if sum(math.prod(part.shape) for _, part in parts) != math.prod(entry.shape):
                raise ValueError("its slices do not make up the whole")
            if any(part.dtype != entry.dtype for _, part in parts):
                raise ValueError("its slices have another dtype")
        arrays = [(where, self._read(shards, key, part)) for where, part in parts]
        with _reading(f"{self.prefix}.index", key):
            whole = np.empty(entry.shape, arrays[0][1].dtype)
            covered = np.zeros(entry.shape, bool)
            for where, array in arrays:
                whole[where] = array
                covered[where] = True
            if not covered.all():
                raise ValueError("its slices overlap")
        return whole


@contextlib.contextmanager
def _reading(path: str, key: str | None = None) -> Iterator[None]:
    """Turn what parsing altered bytes raises into one error of our own."""
    try:
        yield
    except BadStateError:
        raise
    except (ValueError, IndexError, TypeError, OverflowError, MemoryError) as error:
        what = f"{path!r} cannot be read" if key is None else f"{key!r} in {path!r} cannot be read"
        raise BadStateError(f"{what}; it is truncated or altered: {error}.") from error


def _path_of_shard(prefix: str, number: int, count: int) -> str:
    return f"{prefix}.data-{number:05d}-of-{count:05d}"


class _Shards:
    """The files of data of one checkpoint, the last used one of them open."""

    def __init__(self, prefix: str, count: int, open_file: Callable[[str], BinaryIO]) -> None:
        self._prefix = prefix
        self._count = count
        self._open_file = open_file
        self._number = -1
        self._file: BinaryIO | None = None
        self._size = 0

    def __enter__(self) -> _Shards:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def path(self, number: int) -> str:
        return _path_of_shard(self._prefix, number, self._count)

    def size(self, entry: BundleEntry) -> int:
        """Return the size of the file that holds a tensor."""
        self._open(entry)
        return self._size

    def _open(self, entry: BundleEntry) -> BinaryIO:
        if self._file is None or entry.shard != self._number:
            if self._file is not None:
                self._file.close()
            self._file, self._number = None, entry.shard
            path = self.path(entry.shard)
            try:
                self._file = self._open_file(path)
                self._file.seek(0, 2)
            except OSError as error:
                raise BadStateError(f"{path!r} cannot be read: {error}.") from error
            self._size = self._file.tell()
        return self._file

    def read(self, entry: BundleEntry) -> bytes:
        file = self._open(entry)
        if entry.offset + entry.size > self._size:
            raise ValueError(
                f"it ends at byte {entry.offset + entry.size} of a file of {self._size}"
            )
        file.seek(entry.offset)
        data = file.read(entry.size)
        if len(data) != entry.size:
            raise ValueError("the file ended while it was read")
        return data


def _table(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a table, which are in ascending order."""
    if len(data) < _FOOTER:
        raise ValueError(f"it has {len(data)} bytes, fewer than the footer alone")
    footer = data[-_FOOTER:]
    if int.from_bytes(footer[-8:], "little") != MAGIC:
        raise ValueError("it does not end as an index does")
    _, position = _handle(footer, 0)  # of a block that TensorFlow leaves empty
    index, _ = _handle(footer, position)
    budget = _KEY_EXPANSION * len(data)
    last = None
    for _, handle in _block(data, index, budget):
        where, _ = _handle(handle, 0)
        for key, value in _block(data, where, budget):
            # That also ends a table whose index leads to the same block again and again.
            if last is not None and key <= last:
                raise ValueError("its keys are not in order")
            last = key
            budget -= len(key)
            yield key, value
            if budget < 0:
                raise ValueError("its keys are longer than the file can hold")


def _handle(data: bytes, position: int) -> tuple[tuple[int, int], int]:
    offset, position = protobuf.varint(data, position)
    size, position = protobuf.varint(data, position)
    return (offset, size), position


def _block(data: bytes, where: tuple[int, int], budget: int) -> Iterator[tuple[bytes, bytes]]:
    offset, size = where
    end = offset + size
    if size < 4 or end + _TRAILER > len(data) - _FOOTER:
        raise ValueError(f"a block of {size} bytes at byte {offset} is not inside the file")
    stored = int.from_bytes(data[end + 1 : end + _TRAILER], "little")
    if checksum.masked(data[offset : end + 1]) != stored:
        raise ValueError(f"the checksum of the block at byte {offset} differs")
    if data[end] != 0:
        raise ValueError(f"the block at byte {offset} is compressed, which no TensorFlow does")
    # After the entries come the positions of those whose keys are stored in full.
    restarts = int.from_bytes(data[end - 4 : end], "little")
    end -= 4 + 4 * restarts
    if end < offset:
        raise ValueError(f"the block at byte {offset} is shorter than it says")
    key, position = b"", offset
    while position < end:
        shared, position = protobuf.varint(data, position)
        added, position = protobuf.varint(data, position)
        length, position = protobuf.varint(data, position)
        value = position + added
        if shared > len(key) or value + length > end:
            raise ValueError(f"an entry of the block at byte {offset} is longer than the block")
        key = key[:shared] + data[position:value]
        budget -= len(key)
        if budget < 0:
            raise ValueError("its keys are longer than the file can hold")
        position = value + length
        yield key, data[value:position]


def _shards(header: bytes) -> int:
    found = dict(protobuf.fields(header))
    if found.get(2, 0) != 0:
        raise ValueError("it was written on a machine of the other byte order")
    count = found.get(1, 0)
    if not isinstance(count, int) or not 0 < count < 10**5:
        raise ValueError(f"it names {count} files of data")
    return count


def _entry(message: bytes, shards: int) -> BundleEntry:
    dtype = shard = offset = size = check = 0
    shape: tuple[int, ...] = ()
    slices = []
    for number, value in protobuf.fields(message):
        if number == 2:
            shape = _shape(value)
        elif number == 7:
            slices.append(_extents(value))
        elif not isinstance(value, int):
            raise ValueError(f"field {number} of an entry is no number")
        elif number == 1:
            dtype = value
        elif number == 3:
            shard = value
        elif number == 4:
            offset = value
        elif number == 5:
            size = value
        elif number == 6:
            check = value
    if dtype not in DTYPES:
        raise ValueError(f"an entry has the unknown dtype {dtype}")
    if shard >= shards:
        raise ValueError(f"an entry is in file {shard} of {shards}")
    return BundleEntry(DTYPES[dtype], shape, shard, offset, size, check, tuple(slices))


@functools.lru_cache(maxsize=1024)  # the tensors of a model have few shapes
def _shape(message: bytes) -> tuple[int, ...]:
    found = []
    for number, value in protobuf.fields(message):
        if number == 2:
            found.append(_signed(dict(protobuf.fields(value)).get(1, 0)))
    if len(found) > _MOST_DIMENSIONS or any(size < 0 for size in found):
        raise ValueError(f"an entry has the shape {found}")
    return tuple(found)


def _extents(message: bytes) -> tuple[tuple[int, int], ...]:
    found = []
    for number, value in protobuf.fields(message):
        if number == 1:
            extent = dict(protobuf.fields(value))
            found.append((_signed(extent.get(1, 0)), _signed(extent.get(2, -1))))
    return tuple(found)


def _signed(value: Any) -> int:
    if not isinstance(value, int):
        raise ValueError("a size is no number")
    return value - 2**64 if value >= 2**63 else value


def _where(extents: Sequence[tuple[int, int]], shape: tuple[int, ...]) -> tuple[slice, ...]:
    if len(extents) != len(shape):
        raise ValueError(f"a slice of rank {len(extents)} of a tensor of rank {len(shape)}")
    found = []
    for (start, length), size in zip(extents, shape):
        stop = size if length == -1 else start + length
        if not 0 <= start <= stop <= size:
            raise ValueError(f"the slice {tuple(extents)} is not inside the shape {shape}")
        found.append(slice(start, stop))
    return tuple(found)


def _slice_key(name: str, extents: Sequence[tuple[int, int]]) -> bytes:
    """Return the key of a slice: a zero, the name, the rank, and start and length of each."""
    # UTF-8 has no byte 255, which would have to be escaped as well.
    encoded = name.encode("utf-8", "surrogateescape").replace(b"\0", b"\0\xff")
    rank = len(extents).to_bytes((len(extents).bit_length() + 7) // 8, "big")
    key = [b"\0", encoded, b"\0\x01", bytes([len(rank)]), rank]
    for start, length in extents:
        key += [_ordered(start), _ordered(length)]
    return b"".join(key)


def _ordered(number: int) -> bytes:
    """Encode a number so that bytes sort as numbers do; its length is in its leading bits."""
    magnitude = ~number if number < 0 else number
    length = magnitude.bit_length() // 7 + 1
    data = bytearray(number.to_bytes(length, "big", signed=True))
    header = 0xFFFF << 16 - length & 0xFFFF  # as many ones as there are bytes
    data[0] ^= header >> 8
    if length > 8:
        data[1] ^= header & 0xFF
    return bytes(data)


def _strings(data: bytes, entry: BundleEntry, verify: bool) -> Any:
    """Parse the lengths of the strings, a checksum of them, and the strings."""
    count = math.prod(entry.shape)
    if count > len(data):
        raise ValueError(f"{count} strings in {len(data)} bytes")
    lengths, position = [], 0
    for _ in range(count):
        length, position = protobuf.varint(data, position)
        lengths.append(length)
    start = position + 4
    if start + sum(lengths) != len(data):
        raise ValueError(f"its strings do not fill {len(data)} bytes")
    if verify:
        # TensorFlow computes it of the lengths in full width.
        wide = b"".join(n.to_bytes(4 if n < 2**32 else 8, "little") for n in lengths)
        stored = data[position:start]
        if checksum.masked(wide) != int.from_bytes(stored, "little"):
            raise ValueError("the checksum of its lengths differs")
        if checksum.masked(wide + data[position:]) != entry.checksum:
            raise ValueError("its checksum differs")
    array = np.empty(count, object)
    for number, length in enumerate(lengths):
        array[number] = data[start : start + length]
        start += length
    return array.reshape(entry.shape)


def _numpy_dtype(name: str) -> Any:
    if name in _WITHOUT_NUMPY:
        raise BadStateError(f"Tensors of dtype {name} can be read by TensorFlow alone.")
    try:
        return np.dtype(name[1:] if name.startswith("q") else name)
    except TypeError:
        pass
    try:
        return np.dtype(getattr(importlib.import_module("ml_dtypes"), name))
    except (ImportError, AttributeError):
        if name == "bfloat16":
            return np.dtype(np.uint16)
        raise BadStateError(
            f"NumPy has no dtype {name}. Install the newest ml_dtypes to read such tensors."
        ) from None


def _widened(array: Any, name: str) -> Any:
    """Make float32 of the bits of bfloat16 where NumPy does not know it."""
    if name != "bfloat16" or array.dtype != np.uint16:
        return array
    return (array.astype(np.uint32) << np.uint32(16)).view(np.float32)
