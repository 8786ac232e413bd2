"""The directory: steps, what is kept, crashes, broken files."""

from __future__ import annotations

import os
import pathlib
import shutil
import time

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tests import kills
from tests.programs import output_of
from tfcompat.state import bundle


def value(number: float) -> dict:
    return {"w": tf.Variable(tf.fill((50,), float(number))), "n": int(number)}


def load(path, step=None) -> int:
    live = value(-1)
    tfc.restore_state(path, live, step=step)
    assert set(live["w"].numpy()) == {float(live["n"])}
    return live["n"]


def test_steps_count_by_themselves(tmp_path) -> None:
    for number in (1, 2, 3):
        saved = tfc.save_state(tmp_path, value(number), keep=None)
        assert saved.step == number
    assert tfc.list_states(tmp_path) == [1, 2, 3]
    assert load(tmp_path) == 3


def test_step_addresses_an_older_state(tmp_path) -> None:
    for step in (10, 20, 30):
        tfc.save_state(tmp_path, value(step), step=step, keep=None)
    assert load(tmp_path, step=20) == 20
    assert tfc.describe_state(tmp_path, step=10).step == 10
    with pytest.raises(
        tfc.StateNotFoundError, match=r"no state of step 15\. It has steps 10, 20, 30"
    ):
        load(tmp_path, step=15)


def test_step_of_a_variable(tmp_path) -> None:
    assert tfc.save_state(tmp_path, value(1), step=tf.Variable(7, dtype=tf.int64)).step == 7


def test_keep_counts_in_the_order_of_saving(tmp_path) -> None:
    for step in (100, 200, 300):
        tfc.save_state(tmp_path, value(step), step=step, keep=2)
    assert tfc.list_states(tmp_path) == [200, 300]
    # Training went back to step 200 and goes on from there.
    tfc.save_state(tmp_path, value(210), step=210, keep=2)
    assert tfc.list_states(tmp_path) == [300, 210]
    assert load(tmp_path) == 210
    tfc.save_state(tmp_path, value(220), step=220)
    assert tfc.list_states(tmp_path) == [220]
    assert len(list(tmp_path.glob("state-*"))) == 1


def test_state_of_the_same_step_is_replaced(tmp_path) -> None:
    tfc.save_state(tmp_path, value(1), step=5, keep=3)
    tfc.save_state(tmp_path, value(2), step=5, keep=3)
    assert tfc.list_states(tmp_path) == [5]
    assert load(tmp_path) == 2
    assert len(list(tmp_path.glob("state-*"))) == 1


def test_tensorflow_finds_the_newest_state(tmp_path) -> None:
    saved = [tfc.save_state(tmp_path, value(n), keep=2) for n in range(3)]
    assert tf.train.latest_checkpoint(str(tmp_path)) == saved[-1].prefix
    state = tf.train.get_checkpoint_state(str(tmp_path))
    assert list(state.all_model_checkpoint_paths) == [one.prefix for one in saved[1:]]


def test_directory_can_be_moved(tmp_path) -> None:
    tfc.save_state(tmp_path / "here", value(4))
    shutil.move(str(tmp_path / "here"), str(tmp_path / "there"))
    assert load(tmp_path / "there") == 4
    prefix = tf.train.latest_checkpoint(str(tmp_path / "there"))
    assert tf.train.load_checkpoint(prefix).get_tensor("n") == 4


def test_background_saves_the_values_of_the_call(tmp_path) -> None:
    # Large enough that writing takes longer than the changes below.
    size = 8_000_000
    dense = tf.Variable(tf.ones(size))
    sparse = tf.Variable(tf.ones((size // 100, 100)))
    array, counter = np.ones(1000), {"n": 1}
    optimizer_like = tf.Variable(tf.ones(size))
    future = tfc.save_state(
        tmp_path,
        {"d": dense, "s": sparse, "a": array, "c": counter, "o": optimizer_like},
        background=True,
    )
    dense.assign(tf.zeros(size))
    optimizer_like.assign_sub(tf.ones(size))
    sparse.scatter_nd_update([[0], [1]], tf.zeros((2, 100)))
    array[:] = 0
    counter["n"] = 0
    saved = future.result(timeout=120)
    reader = tf.train.load_checkpoint(saved.prefix)
    for key in ("d", "s", "a", "o"):
        assert reader.get_tensor(key).min() == 1.0, key
    assert reader.get_tensor("c/n") == 1


def test_background_saves_keep_their_order(tmp_path) -> None:
    futures = [tfc.save_state(tmp_path, value(n), keep=3, background=True) for n in range(6)]
    last = tfc.save_state(tmp_path, value(6), keep=3)
    assert [future.result().step for future in futures] == [1, 2, 3, 4, 5, 6]
    assert last.step == 7
    assert tfc.list_states(tmp_path) == [5, 6, 7]
    assert load(tmp_path) == 6


def test_background_reports_what_went_wrong(tmp_path, caplog) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    future = tfc.save_state(blocked, value(1), background=True)
    with pytest.raises(tfc.StateWriteError, match="earlier states are as they were"):
        future.result()
    # The result is there a moment before what is logged of it.
    ends = time.monotonic() + 10
    while "could not be saved in the background" not in caplog.text:
        assert time.monotonic() < ends
        time.sleep(0.01)


@pytest.mark.once_per_era
def test_interpreter_ends_after_a_background_save(tmp_path) -> None:
    code = (
        "import sys, time, tensorflow as tf, tfcompat as tfc\n"
        "from tfcompat.state import bundle\n"
        "write, bundle._SHARD_SIZE = bundle.write, 64\n"
        "bundle.write = lambda *arguments: time.sleep(1) or write(*arguments)\n"
        "tfc.save_state(sys.argv[1], {'n': 5, 'w': tf.Variable(tf.fill((50,), 5.0))},"
        " background=True)\n"
    )
    output_of("-c", code, tmp_path)
    assert load(tmp_path) == 5
    assert len(list(tmp_path.glob("state-*/*.data-*"))) > 1


def test_missing_path(tmp_path) -> None:
    for call in (tfc.list_states, tfc.describe_state, load):
        with pytest.raises(tfc.StateNotFoundError, match="There is nothing at"):
            call(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing")


def test_empty_directory(tmp_path) -> None:
    with pytest.raises(tfc.StateNotFoundError, match="It is empty"):
        load(tmp_path)


def test_directory_of_other_files(tmp_path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(tfc.StateNotFoundError, match=r"It holds notes\.txt"):
        load(tmp_path)


def test_file_that_is_no_state(tmp_path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(tfc.BadStateError, match="is a file"):
        load(tmp_path / "file")


def test_bundle_without_a_manifest(tmp_path) -> None:
    tfc.save_state(tmp_path, value(1))
    prefix = tf.train.latest_checkpoint(str(tmp_path))
    tf.raw_ops.SaveV2(
        prefix=prefix, tensor_names=["w"], shape_and_slices=[""], tensors=[tf.ones(50)]
    )
    with pytest.raises(tfc.BadStateError, match="no manifest"):
        load(tmp_path)


def test_format_of_the_future(tmp_path) -> None:
    tfc.save_state(tmp_path, value(1))
    prefix = tf.train.latest_checkpoint(str(tmp_path))
    manifest = tf.train.load_checkpoint(prefix).get_tensor(".tfcompat/manifest")
    newer = manifest.replace(b'"format":1', b'"format":99')
    assert newer != manifest
    tf.raw_ops.SaveV2(
        prefix=prefix,
        tensor_names=[".tfcompat/manifest"],
        shape_and_slices=[""],
        tensors=[tf.constant(newer)],
    )
    with pytest.raises(tfc.BadStateError, match="format 99"):
        load(tmp_path)


def files_of(path: pathlib.Path) -> list[pathlib.Path]:
    return sorted(path.glob("state-*/state.*"))


def alter(path: pathlib.Path) -> None:
    """Change the byte in the middle of a file; the second time it becomes what it was."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 255]))


@pytest.mark.parametrize("kind", ["truncated", "altered", "emptied", "deleted"])
@pytest.mark.parametrize("which", ["data", "index"])
def test_broken_files(which, kind, tmp_path) -> None:
    tfc.save_state(tmp_path, value(1), keep=None)
    tfc.save_state(tmp_path, value(2), keep=None)
    broken = next(f for f in files_of(tmp_path)[2:] if which in f.name)
    data = broken.read_bytes()
    if kind == "truncated":
        broken.write_bytes(data[: len(data) // 2])
    elif kind == "altered":
        alter(broken)
    elif kind == "emptied":
        broken.write_bytes(b"")
    else:
        broken.unlink()
    live = value(-1)
    with pytest.raises(tfc.BadStateError, match="step 2") as caught:
        tfc.restore_state(tmp_path, live)
    assert "list_states" in str(caught.value)
    assert set(live["w"].numpy()) == {-1.0}
    assert live["n"] == -1
    assert load(tmp_path, step=1) == 1


def test_sharded_state(tmp_path) -> None:
    def make(number):
        return [tf.Variable(tf.fill((1_000_000,), float(number + i))) for i in range(20)]

    saved = tfc.save_state(tmp_path, make(1))
    assert len(list(tmp_path.glob("state-*/state.data-*"))) > 1
    live = make(0)
    tfc.restore_state(tmp_path, live)
    for i, variable in enumerate(live):
        assert set(np.unique(variable.numpy())) == {float(1 + i)}
    reader = tf.train.load_checkpoint(saved.prefix)
    assert reader.get_tensor("7")[0] == 8.0
    for variable in live:
        variable.assign(tf.fill((1_000_000,), -1.0))
    for shard in tmp_path.glob("state-*/state.data-*"):
        alter(shard)
        with pytest.raises(tfc.BadStateError, match="altered"):
            tfc.restore_state(tmp_path, live)
        assert all(set(np.unique(variable.numpy())) == {-1.0} for variable in live)
        alter(shard)
    tfc.restore_state(tmp_path, live)
    assert live[7].numpy()[0] == 8.0


def test_failed_save_leaves_the_earlier_state(tmp_path, monkeypatch) -> None:
    tfc.save_state(tmp_path, value(1))
    prefix = tf.train.latest_checkpoint(str(tmp_path))

    def fail(*args, **kwargs):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(tf.raw_ops, "SaveV2", fail)
    with pytest.raises(tfc.StateWriteError, match="No space left on device"):
        tfc.save_state(tmp_path, value(2))
    monkeypatch.undo()
    assert load(tmp_path) == 1
    assert tf.train.latest_checkpoint(str(tmp_path)) == prefix
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.once_per_era)])
def test_killed_while_saving(workers, tmp_path) -> None:
    """After SIGKILL at any moment the state is the last one reported, or the one after it."""
    assert kills.run(tmp_path, 4 // workers, [workers]) == []


def test_a_state_that_a_later_save_removes_while_it_is_read(tmp_path, monkeypatch) -> None:
    tfc.save_state(tmp_path, value(1))
    read_manifest = bundle.read_manifest

    def read_slowly(one):
        found = read_manifest(one)
        if one.step == 1:
            tfc.save_state(tmp_path, value(2))
        return found

    monkeypatch.setattr(bundle, "read_manifest", read_slowly)
    assert load(tmp_path) == 2
    shutil.rmtree(tmp_path)
    tfc.save_state(tmp_path, value(1))
    with pytest.raises(tfc.StateNotFoundError, match="It has steps 2"):
        load(tmp_path, step=1)
