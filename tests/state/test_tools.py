"""Showing, comparing and converting, checked against what other readers find."""

from __future__ import annotations

import html.parser
import io
import json
import math
import os
import pathlib
import struct
import sys

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tfcompat import _progress as progress
from tfcompat.state.manifest import StateEntry
from tfcompat.state.tools import diff, raw, show, words
from tfcompat.state.tools import html as page
from tfcompat.state.tools.convert import convert
from tfcompat.state.tools.diff import difference_of
from tfcompat.state.tools.source import open_source

h5py = pytest.importorskip("h5py")

DTYPES = [
    tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.int8, tf.int16, tf.int32, tf.int64,
    tf.uint8, tf.uint16, tf.uint32, tf.uint64, tf.bool, tf.complex64, tf.complex128,
]  # fmt: skip
SHAPES = [(), (0,), (5,), (2, 0, 3), (3, 4)]


def random_array(dtype, shape):
    size = int(np.prod(shape)) * dtype.size
    bits = np.random.RandomState(7).randint(0, 256, size, dtype=np.uint8)
    if dtype == tf.bool:
        return (bits > 127).reshape(shape)
    return np.frombuffer(bits.tobytes(), dtype.as_numpy_dtype).reshape(shape)


def everything(complex_numbers: bool = True) -> dict:
    return {
        "variables": {
            dtype.name: [tf.Variable(random_array(dtype, shape)) for shape in SHAPES]
            for dtype in DTYPES
            if complex_numbers or not dtype.is_complex
        },
        "values": {
            "int": 3, "big": 2**70, "float": 0.1, "bool": True, "none": None, "text": "größe",
        },
    }  # fmt: skip


def strings() -> dict:
    return {
        "array": tf.Variable([b"a", b"", b"ccc"]),
        "words": np.array(["ü", "abc"]),
        "zero": b"a\0b\0",
        "empty": tf.Variable(tf.zeros((0, 2), tf.string)),
    }


@pytest.fixture
def state(tmp_path) -> str:
    tfc.save_state(tmp_path / "state", everything(), step=7)
    return str(tmp_path / "state")


def reader_of(path: str):
    prefix = path if os.path.exists(path + ".index") else tf.train.latest_checkpoint(path)
    return tf.train.load_checkpoint(prefix)


def widened(array):
    return array.astype(np.float32) if array.dtype == tf.bfloat16.as_numpy_dtype else array


def bits(array) -> tuple:
    return array.shape, array.dtype, array.tobytes()


# Converting


def test_npz(state, tmp_path) -> None:
    source = open_source(state)
    converted = convert(source, str(tmp_path / "x.npz"), "npz")
    reader = reader_of(state)
    with np.load(tmp_path / "x.npz") as found:
        assert set(found.files) == set(tfc.describe_state(state).entries)
        for key in found.files:
            expected = reader.get_tensor(key)
            if isinstance(expected, bytes):
                assert found[key].item() == expected
            else:
                assert bits(found[key]) == bits(np.asarray(widened(expected))), key
        assert converted.tensors == len(found.files)
    assert converted.nbytes == (tmp_path / "x.npz").stat().st_size


def test_npz_of_strings(tmp_path) -> None:
    tfc.save_state(tmp_path / "s", strings())
    convert(open_source(str(tmp_path / "s")), str(tmp_path / "x.npz"), "npz")
    with np.load(tmp_path / "x.npz") as found:
        assert found["array"].tolist() == [b"a", b"", b"ccc"]
        assert found["words"].tolist() == ["ü".encode(), b"abc"]
        assert found["zero"].tobytes() == b"a\0b\0"


@pytest.mark.parametrize(
    ("held", "text"),
    [([b"a\0", b"abc"], "zero byte"), ([b"x" * 100_000] + [b""] * 1000, "pads strings")],
    ids=["zeros", "padding"],
)
def test_npz_of_strings_that_it_cannot_hold(held, text, tmp_path) -> None:
    tfc.save_state(tmp_path / "s", {"strings": tf.Variable(held)})
    with pytest.raises(tfc.TfcompatError, match=text):
        convert(open_source(str(tmp_path / "s")), str(tmp_path / "x.npz"), "npz")
    assert os.listdir(tmp_path) == ["s"]


def test_equal_states_make_equal_files(state, tmp_path) -> None:
    for name in ("x.npz", "y.npz"):
        convert(open_source(state), str(tmp_path / name), "npz")
    assert (tmp_path / "x.npz").read_bytes() == (tmp_path / "y.npz").read_bytes()


def test_hdf5(state, tmp_path) -> None:
    convert(open_source(state), str(tmp_path / "x.weights.h5"), "weights.h5")
    reader = reader_of(state)
    with h5py.File(tmp_path / "x.weights.h5", "r") as found:
        datasets = {}
        found.visititems(
            lambda name, item: datasets.update({name: item}) if hasattr(item, "dtype") else None
        )
        assert set(datasets) == set(tfc.describe_state(state).entries)
        for key, item in datasets.items():
            expected = reader.get_tensor(key)
            value = item[()]
            if isinstance(expected, bytes):
                assert value == expected
            else:
                assert bits(np.asarray(value)) == bits(np.asarray(widened(expected))), key
        assert datasets["variables/bfloat16/2"].attrs["dtype"] == "bfloat16"
        assert json.loads(found.attrs["tfcompat"])["step"] == 7


def test_hdf5_of_strings(tmp_path) -> None:
    tfc.save_state(tmp_path / "s", strings())
    convert(open_source(str(tmp_path / "s")), str(tmp_path / "x.h5"), "weights.h5")
    with h5py.File(tmp_path / "x.h5", "r") as found:
        assert found["array"][()].tolist() == [b"a", b"", b"ccc"]
        assert found["words"][()].tolist() == ["ü".encode(), b"abc"]
        assert found["zero"][()].tobytes() == b"a\0b\0"
        assert found["empty"].shape == (0, 2)


def test_hdf5_of_a_key_that_others_go_on_from(tmp_path) -> None:
    prefix = str(tmp_path / "old")
    names = ["dense/kernel", "dense/kernel/Adam", "dense/kernel/Adam_1"]
    tf.raw_ops.SaveV2(
        prefix=prefix,
        tensor_names=names,
        shape_and_slices=[""] * 3,
        tensors=[tf.fill((2,), n) for n in (1.0, 2.0, 3.0)],
    )
    convert(open_source(prefix), str(tmp_path / "x.h5"), "weights.h5")
    with h5py.File(tmp_path / "x.h5", "r") as found:
        assert found["dense/kernel/.value"][()].tolist() == [1.0, 1.0]
        assert found["dense/kernel/Adam"][()].tolist() == [2.0, 2.0]


def parse_safetensors(path: pathlib.Path) -> tuple[dict, dict]:
    """Return (metadata, (dtype, shape, bytes) by name), after what the format's text says."""
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    body = data[8 + size :]
    end = 0
    for one in sorted(header.values(), key=lambda one: one["data_offsets"]):
        assert one["data_offsets"][0] == end
        end = one["data_offsets"][1]
    assert end == len(body)
    return metadata, {
        name: (one["dtype"], tuple(one["shape"]), body[slice(*one["data_offsets"])])
        for name, one in header.items()
    }


def test_safetensors(tmp_path) -> None:
    state = str(tmp_path / "state")
    tfc.save_state(state, everything(complex_numbers=False), step=7)
    convert(open_source(state), str(tmp_path / "x.safetensors"), "safetensors")
    metadata, tensors = parse_safetensors(tmp_path / "x.safetensors")
    reader = reader_of(state)
    for key in tfc.describe_state(state).entries:
        expected = reader.get_tensor(key)
        if isinstance(expected, bytes):
            assert metadata[key].encode() == expected
        else:
            expected = np.asarray(expected)
            assert tensors[key][1:] == (expected.shape, expected.tobytes()), key
    assert tensors["variables/bfloat16/2"][0] == "BF16"
    assert json.loads(metadata["tfcompat"])["step"] == 7


def test_safetensors_with_the_package_of_that_name(tmp_path) -> None:
    safetensors = pytest.importorskip("safetensors.numpy")
    live = {"a": tf.Variable([[1.0, 2.0]]), "b": [tf.Variable(3), tf.Variable([True])], "t": "x"}
    tfc.save_state(tmp_path / "s", live)
    convert(open_source(str(tmp_path / "s")), str(tmp_path / "x.safetensors"), "safetensors")
    found = safetensors.load_file(tmp_path / "x.safetensors")
    assert {key: array.tolist() for key, array in found.items()} == {
        "a": [[1.0, 2.0]],
        "b/0": 3,
        "b/1": [True],
    }


def test_what_a_format_cannot_hold(tmp_path) -> None:
    tfc.save_state(
        tmp_path / "s",
        {"c": tf.Variable(1j), "s": np.array(["a", "b"]), "w": tf.Variable([1.0, 2.0])},
    )
    source = open_source(str(tmp_path / "s"))
    with pytest.raises(tfc.UnsupportedObjectError, match=r"'c': it holds no complex128\n.*'s'"):
        convert(source, str(tmp_path / "x"), "safetensors")
    assert os.listdir(tmp_path) == ["s"]
    converted = convert(source, str(tmp_path / "x"), "safetensors", leave_out=True)
    assert set(converted.left_out) == {"c", "s"}
    assert set(parse_safetensors(tmp_path / "x")[1]) == {"w"}


def test_state_to_state(state, tmp_path) -> None:
    tfc.save_state(tmp_path / "strings", strings())
    for path in (state, str(tmp_path / "strings")):
        copy = path + "-copy"
        convert(open_source(path), copy, "state")
        first, second = reader_of(path), reader_of(copy)
        assert first.get_variable_to_shape_map() == second.get_variable_to_shape_map()
        assert first.get_variable_to_dtype_map() == second.get_variable_to_dtype_map()
        for key in first.get_variable_to_shape_map():
            one, other = first.get_tensor(key), second.get_tensor(key)
            if key == ".tfcompat/manifest":
                assert json.loads(one) == json.loads(other)
            elif isinstance(one, bytes):
                assert one == other, key
            elif one.dtype == object:
                assert one.tolist() == other.tolist(), key
            else:
                assert bits(one) == bits(other), key
        assert tfc.list_states(copy) == tfc.list_states(path)
    live = everything()
    for variables in live["variables"].values():
        for variable in variables:
            variable.assign(tf.zeros_like(variable))
    live["values"]["int"] = 0
    tfc.restore_state(state + "-copy", live)
    expected = random_array(tf.float32, (3, 4)).tobytes()
    assert live["variables"]["float32"][4].numpy().tobytes() == expected
    assert live["values"]["int"] == 3
    # It is a state like another: the next one goes beside it.
    tfc.save_state(state + "-copy", everything(), keep=2)
    assert tfc.list_states(state + "-copy") == [7, 8]


def test_state_of_many_keys(tmp_path) -> None:
    # The index has several blocks.
    live = {f"{n}-{'x' * 500}": tf.Variable(float(n)) for n in range(1500)}
    tfc.save_state(tmp_path / "s", live)
    convert(open_source(str(tmp_path / "s")), str(tmp_path / "copy"), "state")
    for variable in live.values():
        variable.assign(-1.0)
    tfc.restore_state(tmp_path / "copy", live)
    assert [variable.numpy() for variable in live.values()] == list(range(1500))


def test_native_checkpoint_to_each_format(tmp_path) -> None:
    variable = tf.Variable(np.arange(6, dtype=np.float32).reshape(2, 3))
    prefix = tf.train.Checkpoint(v=variable, n=tf.Variable(4)).save(str(tmp_path / "ckpt"))
    source = open_source(prefix)
    assert source.format == "TensorFlow checkpoint"
    assert source.step == 1
    key = "v/.ATTRIBUTES/VARIABLE_VALUE"
    assert set(source.entries) == set(reader_of(prefix).get_variable_to_shape_map()) - {
        "_CHECKPOINTABLE_OBJECT_GRAPH"
    }
    convert(source, str(tmp_path / "x.npz"), "npz")
    with np.load(tmp_path / "x.npz") as found:
        np.testing.assert_array_equal(found[key], variable.numpy())
    convert(source, str(tmp_path / "x.h5"), "weights.h5")
    with h5py.File(tmp_path / "x.h5", "r") as found:
        np.testing.assert_array_equal(found[key][()], variable.numpy())
    convert(source, str(tmp_path / "x.safetensors"), "safetensors")
    found = parse_safetensors(tmp_path / "x.safetensors")[1]
    assert found[key] == ("F32", (2, 3), variable.numpy().tobytes())


def test_native_checkpoint_to_state(tmp_path) -> None:
    """The names stay those of the file, which `describe_state` shows."""
    prefix = tf.train.Checkpoint(v=tf.Variable([1.0, 2.0])).save(str(tmp_path / "ckpt"))
    source = open_source(prefix)
    convert(source, str(tmp_path / "state"), "state")
    described = tfc.describe_state(tmp_path / "state")
    assert described.step == 1
    assert described.entries == source.entries
    key = "v/.ATTRIBUTES/VARIABLE_VALUE"
    assert reader_of(str(tmp_path / "state")).get_tensor(key).tolist() == [1.0, 2.0]
    assert diff.compare(source, open_source(str(tmp_path / "state"))).is_empty


@pytest.mark.parametrize("name", ["model.h5", "model.weights.h5", "model.keras", "saved_model"])
def test_files_of_keras(name, tmp_path) -> None:
    keras = tf.keras
    model = keras.Sequential([keras.layers.Dense(3, name="first"), keras.layers.Dense(2)])
    model.build((None, 4))
    path = str(tmp_path / name)
    if name == "saved_model":
        tf.saved_model.save(model, path)
    elif name.endswith(".keras") and tfc.runtime().tensorflow.release < (2, 12):
        pytest.skip("The format is of TensorFlow 2.12.")
    else:
        (model.save_weights if "weights" in name else model.save)(path)
    source = open_source(path)
    kernel = model.layers[0].kernel.numpy()
    held = [key for key, entry in source.entries.items() if entry.shape == (4, 3)]
    assert len(held) == 1
    assert sum(math.prod(one.shape) for one in source.entries.values()) >= 23
    convert(source, str(tmp_path / "x.npz"), "npz")
    with np.load(tmp_path / "x.npz") as found:
        np.testing.assert_array_equal(found[held[0]], kernel)
    assert diff.compare(source, open_source(path)).is_empty
    assert "float32" in show.text(source)
    assert "float32" in page.page(source)


@pytest.mark.parametrize("form", ["npz", "safetensors", "weights.h5", "state"])
def test_nothing_is_overwritten_without_force(form, tmp_path) -> None:
    tfc.save_state(tmp_path / "s", {"a": tf.Variable(1.0)})
    source = open_source(str(tmp_path / "s"))
    target = tmp_path / "target"
    target.write_text("mine")
    with pytest.raises(tfc.TfcompatError, match="exists"):
        convert(source, str(target), form)
    assert target.read_text() == "mine"
    convert(source, str(target), form, force=True)
    assert target.is_dir() if form == "state" else target.read_bytes() != b"mine"
    convert(source, str(target), form, force=True)
    assert sorted(os.listdir(tmp_path)) == ["s", "target"]


def test_force_replaces_no_directory_of_other_things(tmp_path) -> None:
    tfc.save_state(tmp_path / "s", {"a": tf.Variable(1.0)})
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("x")
    source = open_source(str(tmp_path / "s"))
    with pytest.raises(tfc.TfcompatError, match=r"thesis\.txt"):
        convert(source, str(tmp_path / "home"), "state", force=True)
    with pytest.raises(tfc.TfcompatError, match="to be converted"):
        convert(source, str(tmp_path / "s"), "state", force=True)
    for path in ("home", "s"):
        with pytest.raises(tfc.TfcompatError, match="is a directory"):
            convert(source, str(tmp_path / path), "npz", force=True)
    assert (tmp_path / "home" / "thesis.txt").read_text() == "x"
    assert tfc.list_states(tmp_path / "s") == [1]


@pytest.mark.parametrize("form", ["npz", "safetensors", "weights.h5", "state"])
def test_failed_conversion_leaves_nothing(form, tmp_path) -> None:
    tfc.save_state(tmp_path / "s", {"a": tf.Variable(tf.ones(100)), "b": tf.Variable(tf.ones(9))})
    data = next((tmp_path / "s").glob("state-*/state.data-*"))
    contents = bytearray(data.read_bytes())
    contents[len(contents) - 20] ^= 1
    contents[410] ^= 1
    source = open_source(str(tmp_path / "s"))
    data.write_bytes(contents)
    with pytest.raises(tfc.BadStateError, match="checksum"):
        convert(source, str(tmp_path / "x"), form)
    assert os.listdir(tmp_path) == ["s"]


def test_state_that_cannot_be_replaced_stays(tmp_path, monkeypatch) -> None:
    tfc.save_state(tmp_path / "s", {"a": tf.Variable(1.0)})
    tfc.save_state(tmp_path / "t", {"a": tf.Variable(2.0)}, step=5)
    rename = os.rename

    def fail(source, target) -> None:
        if str(target).endswith("t") and not str(source).endswith(".earlier"):
            raise OSError("the disk is gone")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(tfc.StateWriteError, match="the disk is gone"):
        convert(open_source(str(tmp_path / "s")), str(tmp_path / "t"), "state", force=True)
    assert sorted(os.listdir(tmp_path)) == ["s", "t"]
    assert tfc.list_states(tmp_path / "t") == [5]


def test_directory_that_does_not_exist(tmp_path) -> None:
    tfc.save_state(tmp_path / "s", {"a": tf.Variable(1.0)})
    with pytest.raises(tfc.StateWriteError, match="could not be written"):
        convert(open_source(str(tmp_path / "s")), str(tmp_path / "no" / "x.npz"), "npz")


def test_missing_package(tmp_path, monkeypatch) -> None:
    tfc.save_state(tmp_path / "s", {"a": tf.Variable(1.0)})
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(tfc.TfcompatError, match=r"tfcompat\[convert\]"):
        convert(open_source(str(tmp_path / "s")), str(tmp_path / "x.h5"), "weights.h5")


def test_bfloat16_without_ml_dtypes() -> None:
    values = tf.cast([1.5, -0.0, math.inf, 3e38], tf.bfloat16)
    wide = tf.cast(values, tf.float32).numpy()
    assert bytes(raw.bytes_of(wide, "bfloat16")) == values.numpy().tobytes()


# Comparing


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
def test_array_is_equal_to_itself(dtype) -> None:
    array = random_array(dtype, (1000,))
    assert difference_of(array, array.copy()) is None


def test_nan_equals_nan_of_other_bits() -> None:
    one = np.array([0x7FC00000, 0x7FC00001], np.uint32).view(np.float32)
    assert difference_of(one, one[::-1].copy()) is None
    found = difference_of(np.array([1.0, np.nan]), np.array([1.0, 2.0]))
    assert (found.elements, found.absolute, found.within) == (1, math.inf, math.inf)


def test_zeros_are_equal_whatever_their_sign() -> None:
    assert difference_of(np.array([0.0, 1.0]), np.array([-0.0, 1.0])) is None


def test_infinities() -> None:
    infinite = np.array([np.inf, -np.inf, 5.0])
    assert difference_of(infinite, infinite.copy()) is None
    assert difference_of(infinite, np.array([np.inf, np.inf, 5.0])).within == math.inf
    assert difference_of(np.array([np.inf]), np.array([1.0])).relative == math.inf


def test_difference_of_floats() -> None:
    found = difference_of(np.array([1.0, 100.0, 3.0]), np.array([1.5, 101.0, 3.0]))
    assert found.elements == 2
    assert found.absolute == 1.0
    assert found.relative == pytest.approx(0.5 / 1.5)
    # Below one absolute, above one relative.
    assert difference_of(np.array([0.5]), np.array([0.25])).within == 0.25
    assert difference_of(np.array([1000.0]), np.array([999.0])).within == 0.001


def test_difference_of_integers() -> None:
    for dtype, one, other, expected in (
        (np.int64, 2**62 + 1, 2**62, 1),
        (np.int64, -(2**63), 2**63 - 1, 2**64 - 1),
        (np.uint64, 2**64 - 1, 0, 2**64 - 1),
        (np.int8, -128, 127, 255),
        (np.uint8, 3, 5, 2),
        (np.bool_, True, False, 1),
    ):
        found = difference_of(np.array(one, dtype), np.array(other, dtype))
        assert (found.elements, found.absolute) == (1, float(expected)), dtype


def test_difference_of_others() -> None:
    assert difference_of(np.array(3 + 4j), np.array(0j)).absolute == 5.0
    strings = np.array([b"a", b"b"], object)
    assert difference_of(strings, strings.copy()) is None
    assert difference_of(strings, np.array([b"a", b"c"], object)).elements == 1
    bfloat16 = [tf.cast([1.0, 2.0 + n], tf.bfloat16).numpy() for n in (0, 1)]
    assert difference_of(*bfloat16).absolute == 1.0


def test_difference_in_a_later_chunk() -> None:
    one = np.zeros(1_000_000, np.float32)
    other = one.copy()
    other[[3, 999_999]] = 2.0, -7.0
    found = difference_of(one, other)
    assert (found.elements, found.absolute) == (2, 7.0)


def test_compare(tmp_path) -> None:
    first = {"same": tf.Variable([np.nan, 1.0]), "value": tf.Variable([1.0, 2.0]), "gone": 1,
             "shape": tf.Variable([1.0]), "dtype": tf.Variable(1), "text": "a"}  # fmt: skip
    second = {"same": tf.Variable([np.nan, 1.0]), "value": tf.Variable([1.0, 2.25]), "new": 1,
              "shape": tf.Variable([1.0, 2.0]), "dtype": tf.Variable(1.0), "text": "b"}  # fmt: skip
    tfc.save_state(tmp_path / "a", first)
    tfc.save_state(tmp_path / "b", second)
    sources = open_source(str(tmp_path / "a")), open_source(str(tmp_path / "b"))
    found = diff.compare(*sources)
    assert found.only_first == ["gone"]
    assert found.only_second == ["new"]
    assert set(found.described) == {"shape", "dtype"}
    assert sorted(found.changed) == ["text", "value"]
    assert found.values["same"] is None
    assert found.values["value"].absolute == 0.25
    assert not found.is_empty
    shown = diff.text(*sources, found)
    for expected in ("only in A (1):", "only in B (1):", "float32 () in B", "1 tensor equal"):
        assert expected in shown
    summary = json.loads(json.dumps(diff.summary(*sources, found), allow_nan=False))
    assert summary["values"]["text"] == {"elements": 1, "absolute": None, "relative": None}
    assert diff.compare(sources[0], sources[0]).is_empty


def test_compare_of_a_state_and_its_checkpoint(tmp_path) -> None:
    tfc.save_state(tmp_path / "s", {"a": tf.Variable([1.0]), "n": 4})
    prefix = str(tmp_path / "plain")
    tf.raw_ops.SaveV2(
        prefix=prefix,
        tensor_names=["a", "n"],
        shape_and_slices=["", ""],
        tensors=[tf.constant([1.0]), tf.constant(4, tf.int64)],
    )
    assert diff.compare(open_source(str(tmp_path / "s")), open_source(prefix)).is_empty


# Showing


def test_sizes_and_shapes_in_words() -> None:
    assert [words.size(n) for n in (0, 999, 1000, 12_345, 999_949, 2_000_000, 5 * 10**12)] == [
        "0 B", "999 B", "1.0 kB", "12.3 kB", "1.0 MB", "2.0 MB", "5.0 TB",
    ]  # fmt: skip
    assert [words.shape(s) for s in ((), (3,), (2, 3))] == ["()", "(3,)", "(2, 3)"]


def test_tree(tmp_path) -> None:
    live = {"layers": [{"w": tf.Variable(tf.ones((n, 2)))} for n in range(12)], "n": 1}
    tfc.save_state(tmp_path, live)
    source = open_source(str(tmp_path))
    root = show.tree(source)
    assert root.count == 13
    assert root.size == 8 + 8 * sum(range(12)) == source.nbytes
    layers = root.children["layers"]
    assert [node.name for node in layers.sorted_children()] == [str(n) for n in range(12)]
    assert (layers.size, layers.count) == (8 * sum(range(12)), 12)
    assert layers.children["3"].children["w"].key == "layers/3/w"


def test_key_that_is_also_a_branch() -> None:
    entries = {"a": StateEntry("float32", (2,)), "a/b": StateEntry("float32", (3,))}

    class Stub:
        pass

    source = Stub()
    source.entries, source.sizes = entries, {"a": 8, "a/b": 12}
    node = show.tree(source).children["a"]
    assert (node.entry, node.size, node.count) == (entries["a"], 20, 2)
    assert list(show._rows(show.tree(source), 0)) == [
        ("a", "float32", "(2,)", "8 B"),
        ("a/", "", "1 tensor", "12 B"),
        ("  b", "float32", "(3,)", "12 B"),
    ]


class Page(html.parser.HTMLParser):
    """Collects elements and refuses what is not closed as it was opened."""

    VOID = ("meta", "input", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.texts.append(data)


HOSTILE = "<script>alert(1)</script>\"'&"


def test_page(tmp_path) -> None:
    tfc.save_state(
        tmp_path / HOSTILE.replace("/", "_"),
        {
            HOSTILE.replace("/", "_"): tf.Variable(tf.ones(30)),
            "b": [tf.Variable(tf.ones(10)), tf.Variable(tf.ones((0,)))],
        },
    )
    written = page.page(open_source(str(tmp_path / HOSTILE.replace("/", "_"))))
    parsed = Page()
    parsed.feed(written)
    parsed.close()
    assert parsed.open == []
    tags = [tag for tag, _ in parsed.elements]
    assert tags.count("script") == tags.count("style") == 1
    assert "link" not in tags
    assert "img" not in tags
    assert "http" not in written
    assert not any("src" in attributes or "href" in attributes for _, attributes in parsed.elements)
    leaves = [attrs for tag, attrs in parsed.elements if attrs.get("class") == "leaf"]
    assert len(leaves) == 3
    assert HOSTILE.replace("/", "_") in [attrs["title"] for attrs in leaves]
    assert HOSTILE.replace("/", "_") in parsed.texts
    widths = {attrs["style"] for tag, attrs in parsed.elements if tag == "i"}
    assert {"width:75.00%", "width:25.00%"} <= widths


def test_page_of_nothing_but_empty_tensors(tmp_path) -> None:
    tfc.save_state(tmp_path, {"a": tf.Variable(tf.ones((0, 3)))})
    assert "width:0.00%" in page.page(open_source(str(tmp_path)))


def test_broken_states(tmp_path) -> None:
    tfc.save_state(tmp_path, {"a": tf.Variable(1.0)})
    index = next(tmp_path.glob("state-*/state.index"))
    contents = index.read_bytes()
    index.write_bytes(contents[:50])
    with pytest.raises(tfc.BadStateError):
        open_source(str(tmp_path))
    index.unlink()
    with pytest.raises(tfc.BadStateError):
        open_source(str(tmp_path))
    (tmp_path / "empty").mkdir()
    with pytest.raises(tfc.StateNotFoundError):
        open_source(str(tmp_path / "empty"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_progress_is_for_terminals(stream, monkeypatch) -> None:
    written = stream()
    monkeypatch.setattr(sys, "stderr", written)
    monkeypatch.setattr(progress, "_PATIENCE", 0)
    monkeypatch.setattr(progress, "_INTERVAL", 0)
    with progress.Progress(200) as bar:
        bar.add(50)
        bar.add(50)
    if stream is Terminal:
        assert "25%" in written.getvalue()
        assert "50%" in written.getvalue()
        assert written.getvalue().endswith("\r")
    else:
        assert written.getvalue() == ""
