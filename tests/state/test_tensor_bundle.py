"""Checkpoints read without TensorFlow, checked against TensorFlow's own reader."""

from __future__ import annotations

import io
import pathlib
import random
import struct
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tfcompat.state.native import checksum
from tfcompat.state.native.tensor_bundle import TensorBundle

DTYPES = [
    tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.int8, tf.int16, tf.int32, tf.int64,
    tf.uint8, tf.uint16, tf.uint32, tf.uint64, tf.bool, tf.complex64, tf.complex128,
]  # fmt: skip
SHAPES = [(), (0,), (3, 0, 2), (7,), (2, 3, 4), (1,) * 20]


def write(prefix, tensors, slices=None) -> str:
    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=list(tensors),
        shape_and_slices=slices or [""] * len(tensors),
        tensors=list(tensors.values()),
    )
    return str(prefix)


def python(code: str, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True
    ).stdout


def random_array(dtype, shape):
    size = int(np.prod(shape)) * dtype.size
    bits = np.random.RandomState(5).randint(0, 256, size, dtype=np.uint8)
    if dtype == tf.bool:
        return (bits > 127).reshape(shape)
    return np.frombuffer(bits.tobytes(), dtype.as_numpy_dtype).reshape(shape)


def assert_same(prefix: str) -> TensorBundle:
    """Compare everything with what TensorFlow reads."""
    bundle = TensorBundle(prefix)
    reader = tf.train.load_checkpoint(prefix)
    shapes, dtypes = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    assert set(bundle.entries) == set(shapes)
    assert list(bundle.entries) == sorted(bundle.entries)
    arrays = dict(bundle.read_many(bundle.entries))
    for key, entry in bundle.entries.items():
        assert list(entry.shape) == shapes[key], key
        assert entry.dtype == dtypes[key].name, key
        expected = reader.get_tensor(key)
        array = arrays[key]
        assert array.shape == entry.shape, key
        if entry.dtype == "string":
            assert array.dtype == object
            assert array.tolist() == np.asarray(expected, object).tolist(), key
        elif entry.dtype == "bfloat16" and array.dtype == np.float32:
            assert array.tobytes() == expected.astype(np.float32).tobytes(), key
        else:
            assert array.tobytes() == expected.tobytes(), key
            # By name: 2.12 has a bfloat16 of its own beside that of ml_dtypes.
            assert array.dtype.name == expected.dtype.name, key
    return bundle


def test_every_dtype_and_shape(tmp_path) -> None:
    tensors = {
        f"{dtype.name}/{'x'.join(map(str, shape))}": tf.constant(random_array(dtype, shape))
        for dtype in DTYPES
        for shape in SHAPES
    }
    bundle = assert_same(write(tmp_path / "all", tensors))
    assert len(bundle.entries) == len(DTYPES) * len(SHAPES)


@pytest.mark.parametrize("installed", [True, False])
def test_bfloat16_with_and_without_ml_dtypes(installed, tmp_path) -> None:
    values = np.array([1.5, -2.0, np.inf, np.nan, 3e38, 1e-40], np.float32)
    prefix = write(tmp_path / "b", {"b": tf.cast(values, tf.bfloat16)})
    if installed:
        pytest.importorskip("ml_dtypes")
    code = (
        "import sys\n"
        f"{installed} or sys.modules.update(ml_dtypes=None)\n"
        "from tfcompat.state.native.tensor_bundle import TensorBundle\n"
        "found = TensorBundle(sys.argv[1]).read('b')\n"
        "print(found.dtype, found.astype('float32').tobytes().hex())\n"
    )
    expected = tf.cast(tf.cast(values, tf.bfloat16), tf.float32).numpy().tobytes().hex()
    assert python(code, prefix).split() == ["bfloat16" if installed else "float32", expected]


def test_quantized_integers(tmp_path) -> None:
    values = np.array([-3, 0, 100], np.int8)
    prefix = write(tmp_path / "q", {"q": tf.bitcast(values, tf.qint8)})
    bundle = TensorBundle(prefix)
    assert bundle.entries["q"].dtype == "qint8"
    np.testing.assert_array_equal(bundle.read("q"), values)


def test_strings(tmp_path) -> None:
    assert_same(
        write(
            tmp_path / "strings",
            {
                "scalar": tf.constant(b"a\0b"),
                "empty scalar": tf.constant(b""),
                "none": tf.zeros((0, 2), tf.string),
                "matrix": tf.constant([[b"", b"\xff\0"], ["ü".encode(), b"x" * 300]]),
                "long": tf.constant([b"", b"y" * 1_000_000, b"z" * 127, b"z" * 128]),
            },
        )
    )


def test_scalar_string_keeps_trailing_zeros(tmp_path) -> None:
    value = TensorBundle(write(tmp_path / "s", {"s": tf.constant(b"a\0\0")})).read("s")
    assert value.shape == ()
    assert value.item() == b"a\0\0"


def test_many_keys(tmp_path) -> None:
    tensors = {
        f"model/layer_{n}/{'deep/' * (n % 7)}kernel": tf.fill((n % 5,), n) for n in range(2000)
    }
    assert len(assert_same(write(tmp_path / "many", tensors)).entries) == 2000


def test_index_of_several_blocks(tmp_path) -> None:
    # A block ends at 256 KB.
    tensors = {f"{n:04d}/{'ab' * 1000}": tf.constant(n) for n in range(400)}
    prefix = write(tmp_path / "blocks", tensors)
    assert pathlib.Path(prefix + ".index").stat().st_size > 3 * 2**18
    assert_same(prefix)


def test_names_of_other_alphabets(tmp_path) -> None:
    assert_same(write(tmp_path / "names", {"größe/重み": tf.ones(2), "a b\n<c>": tf.ones(1)}))


def test_several_shards(tmp_path) -> None:
    parts = []
    for number in range(5):
        tensors = {f"t{number}/{i}": tf.fill((100, i), number + i / 10) for i in range(4)}
        parts.append(write(tmp_path / f"part{number}", tensors))
    prefix = str(tmp_path / "merged")
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=parts, destination_prefix=prefix)
    bundle = assert_same(prefix)
    assert {entry.shard for entry in bundle.entries.values()} == set(range(5))


def test_object_checkpoint(tmp_path) -> None:
    saved = tf.train.Checkpoint(a=tf.Variable([1.0, 2.0]), b=[tf.Variable(3)])
    bundle = assert_same(saved.write(str(tmp_path / "ckpt")))
    assert "_CHECKPOINTABLE_OBJECT_GRAPH" in bundle.entries


def test_partitioned_variables(tmp_path) -> None:
    rows = np.arange(500 * 3, dtype=np.float32).reshape(500, 3)
    wide = np.arange(4 * 100_000, dtype=np.int32).reshape(4, 100_000)
    # The lengths need one, two and three bytes in the key.
    prefixes = []
    for number, (names, slices, tensors) in enumerate(
        [
            (
                ["rows", "rows", "whole"],
                ["500 3 0,60:-", "500 3 60,440:0,3", "2 2 -:-"],
                [rows[:60], rows[60:], tf.ones((2, 2))],
            ),
            (
                ["wide", "wide", "wide", "wide"],
                ["4 100000 0,1:-", "4 100000 1,3:0,8", "4 100000 1,3:8,90000",
                 "4 100000 1,3:90008,9992"],
                [wide[:1], wide[1:, :8], wide[1:, 8:90008], wide[1:, 90008:]],
            ),
        ]
    ):  # fmt: skip
        prefix = str(tmp_path / str(number))
        tf.raw_ops.SaveV2(
            prefix=prefix, tensor_names=names, shape_and_slices=slices, tensors=tensors
        )
        prefixes.append(prefix)
    assert_same(prefixes[0])
    bundle = assert_same(prefixes[1])
    assert list(bundle.entries) == ["wide"]
    merged = str(tmp_path / "merged")
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=prefixes, destination_prefix=merged)
    assert_same(merged)


def test_partitioned_variable_that_is_incomplete(tmp_path) -> None:
    prefix = write(tmp_path / "half", {"v": tf.ones((5, 2))}, ["10 2 0,5:-"])
    bundle = TensorBundle(prefix)
    assert bundle.entries["v"].shape == (10, 2)
    with pytest.raises(tfc.BadStateError, match="do not make up the whole"):
        bundle.read("v")


def test_variant(tmp_path) -> None:
    iterator = iter(tf.data.Dataset.range(3))
    prefix = tf.train.Checkpoint(v=tf.Variable(1.0), i=iterator).write(str(tmp_path / "i"))
    bundle = TensorBundle(prefix)
    for key, entry in bundle.entries.items():
        if entry.dtype == "variant":
            with pytest.raises(tfc.BadStateError, match="TensorFlow alone"):
                bundle.read(key)
        else:
            bundle.read(key)


def test_other_ways_to_open_files(tmp_path) -> None:
    prefix = write(tmp_path / "x", {"a": tf.ones(3), "b": tf.zeros(2)})
    opened = []

    def from_memory(path):
        opened.append(path.replace(prefix, ""))
        return io.BytesIO(pathlib.Path(path).read_bytes())

    bundle = TensorBundle(prefix, from_memory)
    assert dict(bundle.read_many(["b", "a"])).keys() == {"a", "b"}
    assert opened == [".index", ".data-00000-of-00001"]


def test_does_not_import_tensorflow(tmp_path) -> None:
    prefix = write(tmp_path / "x", {"a": tf.range(5)})
    code = (
        "import sys\n"
        "from tfcompat.state.native.tensor_bundle import TensorBundle\n"
        "print(TensorBundle(sys.argv[1]).read('a').tolist(), 'tensorflow' in sys.modules)\n"
    )
    assert python(code, prefix).strip() == "[0, 1, 2, 3, 4] False"


def test_unknown_key(tmp_path) -> None:
    with pytest.raises(KeyError):
        TensorBundle(write(tmp_path / "x", {"a": tf.ones(3)})).read("b")


def test_missing_files(tmp_path) -> None:
    with pytest.raises(FileNotFoundError):
        TensorBundle(str(tmp_path / "nothing"))
    prefix = write(tmp_path / "x", {"a": tf.ones(3)})
    pathlib.Path(prefix + ".data-00000-of-00001").unlink()
    with pytest.raises(tfc.BadStateError, match="data-00000-of-00001"):
        TensorBundle(prefix).read("a")


@pytest.fixture
def small(tmp_path):
    return write(
        tmp_path / "small",
        {"a": tf.range(200), "s": tf.constant([b"one", b"three"]), "z/long/name": tf.ones((2, 2))},
    )


def with_index(prefix: str, index: bytes, verify: bool = True) -> TensorBundle:
    """Open a checkpoint with another index."""
    data = pathlib.Path(prefix + ".data-00000-of-00001").read_bytes()
    return TensorBundle(
        prefix,
        lambda path: io.BytesIO(index if path.endswith(".index") else data),
        verify=verify,
    )


def test_every_truncation_of_the_index(small) -> None:
    data = pathlib.Path(small + ".index").read_bytes()
    for length in range(len(data)):
        with pytest.raises(tfc.BadStateError, match=r"small\.index"):
            with_index(small, data[:length])


def test_every_altered_byte_of_the_index(small) -> None:
    data = pathlib.Path(small + ".index").read_bytes()
    before = {key: TensorBundle(small).read(key).tolist() for key in ("a", "s", "z/long/name")}
    unnoticed = 0
    for position in range(len(data)):
        for bit in (1, 0x80):
            altered = bytearray(data)
            altered[position] ^= bit
            try:
                bundle = with_index(small, bytes(altered))
            except tfc.BadStateError:
                continue
            # The padding of the footer and the block that nobody reads.
            unnoticed += 1
            assert {key: bundle.read(key).tolist() for key in bundle.entries} == before
    assert unnoticed < len(data)


def test_altered_index_with_a_right_checksum(small, monkeypatch) -> None:
    """What a hostile file may claim: everything but the checksum is checked again."""
    monkeypatch.setattr(checksum, "masked", lambda data: 0)
    data = bytearray(pathlib.Path(small + ".index").read_bytes())
    generator = random.Random(1)
    for end in _block_ends(data):
        data[end + 1 : end + 5] = bytes(4)
    assert list(with_index(small, bytes(data), verify=False).entries) == ["a", "s", "z/long/name"]
    for _ in range(5000):
        altered = bytearray(data)
        for _ in range(generator.choice((1, 1, 2, 5))):
            altered[generator.randrange(len(data))] = generator.randrange(256)
        try:
            bundle = with_index(small, bytes(altered), verify=False)
            for key in bundle.entries:
                assert bundle.read(key).nbytes < 10_000
        except tfc.BadStateError:
            pass


def _block_ends(data: bytes) -> list[int]:
    """Return where the trailers start, found by what TensorFlow wrote: three blocks."""
    found = []
    for end in range(len(data) - 48):
        for start in range(end - 3):
            crc = checksum.crc32c(bytes(data[start : end + 1]))
            masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
            if data[end + 1 : end + 5] == struct.pack("<I", masked):
                found.append(end)
    return found


@pytest.mark.parametrize("kind", ["truncated", "altered", "emptied"])
def test_broken_data(kind, small) -> None:
    path = pathlib.Path(small + ".data-00000-of-00001")
    data = bytearray(path.read_bytes())
    places = {"a": 100, "s": 803, "z/long/name": len(data) - 1}
    for key, place in places.items():
        altered = bytearray(data)
        altered[place] ^= 4
        path.write_bytes({"truncated": data[:place], "altered": altered, "emptied": b""}[kind])
        with pytest.raises(tfc.BadStateError, match=f"'{key}'"):
            TensorBundle(small).read(key)
        if kind == "altered" and key != "s":
            TensorBundle(small, verify=False).read(key)


def test_keys_that_grow_without_end(tmp_path) -> None:
    """Prefix compression could make gigabytes of keys from a small file."""
    header = b"\x00\x00\x02\x08\x01"
    float32 = b"\x08\x01"
    entries, length = [header, b"\x00\x01\x02k" + float32], 1
    for _ in range(200_000):
        entries.append(_varint(length) + b"\x01\x02a" + float32)
        length += 1
    block = b"".join(entries) + struct.pack("<II", 0, 1)
    handle = _varint(0) + _varint(len(block))
    index = b"\x00\x01" + bytes([len(handle)]) + b"z" + handle + struct.pack("<II", 0, 1)

    def trailer(data: bytes) -> bytes:
        return b"\0" + struct.pack("<I", checksum.masked(data + b"\0"))

    contents = block + trailer(block)
    index_handle = _varint(len(contents)) + _varint(len(index))
    contents += index + trailer(index)
    footer = (b"\0\0" + index_handle).ljust(40, b"\0")
    (tmp_path / "bomb.index").write_bytes(contents + footer + struct.pack("<Q", 0xDB4775248B80FB57))
    with pytest.raises(tfc.BadStateError, match="longer than the file can hold"):
        TensorBundle(str(tmp_path / "bomb"))


def _varint(number: int) -> bytes:
    found = bytearray()
    while number >= 128:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def test_checksum() -> None:
    # From RFC 3720, and the one of the nine digits that every description of it has.
    assert checksum.crc32c(b"123456789") == 0xE3069283
    assert checksum.crc32c(bytes(32)) == 0x8A9136AA
    assert checksum.crc32c(b"\xff" * 32) == 0x62A8AB43
    assert checksum.crc32c(bytes(range(32))) == 0x46DD794E
    assert checksum.crc32c(b"") == 0


@pytest.mark.parametrize("size", [4095, 4096, 70_001, 4 * 2**20 + 17, 9_999_999])
def test_checksum_of_large_data(size, tmp_path) -> None:
    data = np.random.RandomState(size).randint(0, 256, size, dtype=np.uint8).tobytes()
    # TensorFlow's own: a record ends with the checksum of its data.
    with tf.io.TFRecordWriter(str(tmp_path / "record")) as writer:
        writer.write(data)
    (masked,) = struct.unpack("<I", (tmp_path / "record").read_bytes()[-4:])
    rotated = (masked - 0xA282EAD8) & 0xFFFFFFFF
    assert checksum.crc32c(data) == (rotated >> 17 | rotated << 15) & 0xFFFFFFFF
