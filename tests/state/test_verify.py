"""Verifying states and native artifacts without objects, beside TensorFlow's own reader."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tfcompat import cli
from tfcompat.state import manifest
from tfcompat.state.native import checksum

SOUND = np.arange(1, 200, dtype=np.float64)
MARKED = np.full(50, 0x0123456789ABCDEF)


def saved(directory: pathlib.Path, step: int = 1) -> pathlib.Path:
    objects = {"sound": tf.Variable(SOUND), "marked": tf.Variable(MARKED), "word": "marked"}
    tfc.save_state(directory, objects, step=step, keep=None)
    return directory


def alter(file: pathlib.Path, what: bytes) -> None:
    """Flip a bit of a stored value."""
    content = bytearray(file.read_bytes())
    content[content.index(what) + 1] ^= 4
    file.write_bytes(content)


def alter_index(prefix: str, old: bytes, new: bytes) -> None:
    """Alter the first block of an index, as somebody does who corrects its checksum as well."""
    file = pathlib.Path(f"{prefix}.index")
    content = file.read_bytes()
    # It ends with where its one restart is, how many there are, and that it is not compressed.
    end = content.index(bytes(4) + b"\1\0\0\0\0") + 8
    assert int.from_bytes(content[end + 1 : end + 5], "little") == checksum.masked(
        content[: end + 1]
    )
    assert len(old) == len(new)
    block = content[: end + 1].replace(old, new)
    assert block != content[: end + 1]
    file.write_bytes(block + checksum.masked(block).to_bytes(4, "little") + content[end + 5 :])


def call(capsys, *arguments: object) -> tuple[int, str, str]:
    code = cli.main(["state", "verify", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def found_by_tensorflow(prefix: str) -> set[str]:
    """Return the keys that TensorFlow's own reader refuses."""
    reader = tf.train.load_checkpoint(prefix)
    broken = set()
    for key in reader.get_variable_to_shape_map():
        try:
            reader.get_tensor(key)
        except tf.errors.OpError:
            broken.add(key)
    return broken


def test_a_whole_state(capsys, tmp_path: pathlib.Path) -> None:
    saved(tmp_path)
    code, out, _ = call(capsys, tmp_path)
    assert code == 0
    assert out.count("\n") == 1
    assert "3 tensors" in out
    assert "whole, by the checksum of each tensor" in out


@pytest.mark.parametrize("kind", ["state", "checkpoint"])
def test_the_altered_tensor_is_named(capsys, kind: str, tmp_path: pathlib.Path) -> None:
    if kind == "state":
        prefix = tf.train.latest_checkpoint(str(saved(tmp_path)))
    else:
        made = tf.train.Checkpoint(sound=tf.Variable(SOUND), marked=tf.Variable(MARKED))
        prefix = made.write(str(tmp_path / "ckpt"))
    alter(pathlib.Path(f"{prefix}.data-00000-of-00001"), MARKED.tobytes())
    code, out, _ = call(capsys, prefix if kind == "checkpoint" else tmp_path, "--json")
    [one] = json.loads(out)
    assert code == 1
    assert not one["whole"]
    assert set(one["broken"]) == found_by_tensorflow(prefix)
    assert any("marked" in key for key in one["broken"])
    assert not any("sound" in key for key in one["broken"])


def test_every_state_of_a_directory(capsys, tmp_path: pathlib.Path) -> None:
    for step in (1, 2, 3):
        saved(tmp_path, step)
    [second] = tmp_path.glob("state-*-2-*")
    alter(next(second.glob("*.data-*")), SOUND.tobytes())
    assert call(capsys, tmp_path)[0] == 0  # the newest
    assert call(capsys, tmp_path, "--step", 1)[0] == 0
    assert call(capsys, tmp_path, "--step", 2)[0] == 1
    code, out, _ = call(capsys, tmp_path, "--all", "--json")
    assert code == 1
    assert [(one["step"], one["whole"]) for one in json.loads(out)] == [
        (1, True), (2, False), (3, True),
    ]  # fmt: skip


@pytest.mark.parametrize("size", [0, 10, 0.5, -1])
@pytest.mark.parametrize("suffix", ["index", "data-00000-of-00001"])
def test_a_truncated_file(capsys, suffix: str, size: float, tmp_path: pathlib.Path) -> None:
    [file] = saved(tmp_path).glob(f"*/*.{suffix}")
    content = file.read_bytes()
    file.write_bytes(content[: int(size * len(content)) if isinstance(size, float) else size])
    code, out, _ = call(capsys, tmp_path)
    assert code == 1
    assert "BROKEN" in out


def test_a_shard_that_is_gone(capsys, tmp_path: pathlib.Path) -> None:
    [file] = saved(tmp_path).glob("*/*.data-*")
    file.unlink()
    code, out, err = call(capsys, tmp_path)
    assert code == 1
    assert file.name in out + err


def test_what_holds_no_checksums_says_so(capsys, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("h5py")
    model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2)])
    model.save_weights(str(tmp_path / "model.weights.h5"))
    code, out, _ = call(capsys, tmp_path / "model.weights.h5")
    assert code == 0
    assert "HDF5 keeps no checksums" in out


def test_where_there_is_nothing(capsys, tmp_path: pathlib.Path) -> None:
    code, _, err = call(capsys, tmp_path / "nothing", "--all")
    assert code == 2
    assert "nothing" in err


def _without(document: dict, *path: str) -> None:
    for name in path[:-1]:
        document = document[name]
    del document[path[-1]]


def _with(document: dict, found: object, *path: str) -> None:
    for name in path[:-1]:
        document = document[name]
    document[path[-1]] = found


@pytest.mark.parametrize(
    "change",
    [
        lambda d: _without(d, "writer", "keras"),
        lambda d: _without(d, "objects", "optimizer", "loss_scaling"),
        lambda d: _without(d, "objects", "model", "order"),
        lambda d: _without(d, "objects", "model", "type"),
        lambda d: _with(d, "ab", "objects", "model", "order"),
        lambda d: _with(d, [1], "objects", "optimizer", "options"),
        lambda d: _with(d, ["float32", [-1], "variable"], "entries", "model/dense/kernel"),
        lambda d: _with(d, ["float32", [2], None], "entries", "model/dense/kernel"),
        lambda d: _with(d, {"a": 3}, "aliases"),
        lambda d: _with(d, [], "objects"),
    ],
)
def test_a_manifest_that_lacks_something(change, tmp_path: pathlib.Path) -> None:
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [tf.keras.Input((3,)), layers.Dense(2), layers.LayerNormalization()]
    )
    tfc.save_state(tmp_path, {"model": model, "optimizer": tf.keras.optimizers.Adam()})
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(tmp_path)))
    stored = reader.get_tensor(".tfcompat/manifest")
    manifest.parse(stored)
    document = json.loads(stored)
    change(document)
    with pytest.raises(tfc.BadStateError, match="manifest"):
        manifest.parse(json.dumps(document).encode())


def test_an_attribute_that_claims_more_than_the_file(tmp_path: pathlib.Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([b"ab"] * 1234)
    content = path.read_bytes()
    dimension = (1234).to_bytes(8, "little")
    assert dimension in content
    path.write_bytes(content.replace(dimension, (2**40).to_bytes(8, "little")))
    with pytest.raises(tfc.BadStateError):
        tfc.restore_state(path, {"v": tf.Variable(1.0)})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # What an entry of a float64 of 199 elements begins with. TensorFlow's reader ends the
        # process over each of them: no message, a negative size, a size that overflows.
        (b"\x08\x02\x12\x05\x12\x03\x08\xc7\x01", b"\x0f\x02\x12\x05\x12\x03\x08\xc7\x01"),
        (b"\x08\x02\x12\x05\x12\x03\x08\xc7\x01", b"\x08\x02\x12\x05\x12\x03\x08\xc7\x81"),
        (b"\x08\x02\x12\x05\x12\x03\x08\xc7\x01", b"\x08\x02\x12\x05\x12\x03\x08\xff\x7f"),
    ],
)
def test_an_index_that_would_end_the_process(capsys, old, new, tmp_path: pathlib.Path) -> None:
    prefix = tf.train.latest_checkpoint(str(saved(tmp_path)))
    alter_index(prefix, old, new)
    live = {"sound": tf.Variable(SOUND * 0), "marked": tf.Variable(MARKED * 0), "word": ""}
    with pytest.raises(tfc.BadStateError):
        tfc.restore_state(tmp_path, live)
    with pytest.raises(tfc.BadStateError):
        tfc.describe_state(tmp_path)
    assert not live["sound"].numpy().any()
    assert call(capsys, tmp_path)[0] == 1


def test_an_exported_model_whose_index_would_end_the_process(tmp_path: pathlib.Path) -> None:
    module = tf.Module()
    module.sound = tf.Variable(SOUND)
    tf.saved_model.save(module, str(tmp_path / "exported"))
    np.testing.assert_array_equal(tfc.load_exported(tmp_path / "exported").sound, SOUND)
    entry = b"\x08\x02\x12\x05\x12\x03\x08\xc7\x01"
    alter_index(str(tmp_path / "exported" / "variables" / "variables"), entry, b"\x0f" + entry[1:])
    with pytest.raises(tfc.BadStateError, match=r"variables\.index"):
        tfc.load_exported(tmp_path / "exported")


def test_a_checkpoint_that_lacks_what_its_graph_names(tmp_path: pathlib.Path) -> None:
    made = tf.train.Checkpoint(sound=tf.Variable(SOUND), marked=tf.Variable(MARKED))
    prefix = made.write(str(tmp_path / "ckpt"))
    alter_index(prefix, b"sound/", b"sounx/")
    live = {"sound": tf.Variable(SOUND * 0), "marked": tf.Variable(MARKED * 0)}
    with pytest.raises(tfc.BadStateError, match=r"sound/"):
        tfc.restore_state(prefix, live)
    assert not live["marked"].numpy().any()
