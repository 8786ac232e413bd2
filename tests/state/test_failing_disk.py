"""A disk that is full, or may not be written, when a state is saved."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions and mounts")

SIZE = 20_000  # floats
PAGE = 4096  # what a tmpfs gives out


def value(number: int, size: int = SIZE) -> dict:
    return {"w": tf.Variable(tf.fill((size,), float(number))), "n": number}


def holds(path: pathlib.Path, number: int, size: int = SIZE) -> bool:
    """Tell whether the newest state is the one of a number, bit by bit."""
    live = value(-1, size)
    tfc.restore_state(path, live)
    expected = np.full(size, number, np.float32)
    return live["n"] == number and live["w"].numpy().tobytes() == expected.tobytes()


def save(path: pathlib.Path, number: int, background: bool = False, size: int = SIZE) -> None:
    saved = tfc.save_state(path, value(number, size), background=background)
    if background:
        saved.result()


def hidden(path: pathlib.Path) -> list[str]:
    return [name for name in os.listdir(path) if name.startswith(".")]


@contextlib.contextmanager
def mounted(path: pathlib.Path, options: str) -> Iterator[pathlib.Path]:
    """Mount a small file system in memory, or skip where that is not allowed."""
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a file system can be mounted by root alone")
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


def remount(path: pathlib.Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", str(path)], check=True)


def attempt(path: pathlib.Path, number: int, background: bool = False) -> str | None:
    """Save a state, and return what the error says where that failed."""
    try:
        save(path, number, background)
    except tfc.StateWriteError as error:
        return str(error)
    return None


def free(path: pathlib.Path) -> int:
    """Return how many bytes are free."""
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


@pytest.mark.parametrize("background", [False, True], ids=["", "background"])
def test_full_disk(background, tmp_path) -> None:
    """Whatever is left of the disk, the state is saved whole, or the earlier one is as it was."""
    failed = 0
    with mounted(tmp_path / "disk", "size=400k") as disk:
        states, rest = disk / "states", disk / "rest"
        for left in range(0, 4 * SIZE + 8 * PAGE, 2 * PAGE):
            save(states, 1)
            rest.write_bytes(b"x" * (free(disk) - left))
            message = attempt(states, 2, background)
            if message is None:
                # What is not to be kept goes, or the disk stays full.
                assert tfc.list_states(states) == [2]
                assert holds(states, 2)
            else:
                failed += 1
                assert repr(str(states)) in message
                assert "earlier states are as they were" in message
                assert "o space left on device" in message or "bytes were written" in message
                told = re.search(r"80\.\d kB are needed, and (.*) are free", message)
                number, unit = told[1].split()
                assert float(number) == pytest.approx(left / {"B": 1, "kB": 1000}[unit], rel=0.01)
                assert free(disk) == left
                assert not hidden(states)
                assert tfc.list_states(states) == [1]
                assert holds(states, 1)
            prefix = tf.train.latest_checkpoint(str(states))
            assert tf.train.load_checkpoint(prefix).get_tensor("n") == (1 if message else 2)
            rest.unlink()
            shutil.rmtree(states)
    assert 5 < failed < 12


def test_no_more_files(tmp_path) -> None:
    outcomes = set()
    for left in range(8):
        with mounted(tmp_path / str(left), "nr_inodes=40") as disk:
            states = disk / "states"
            save(states, 1)
            for number in range(os.statvfs(disk).f_favail - left):
                (disk / f"file{number}").touch()
            message = attempt(states, 2)
            outcomes.add(message is None)
            if message is None:
                assert tfc.list_states(states) == [2]
                assert holds(states, 2)
            else:
                assert "o space left on device" in message
                assert not hidden(states)
                assert holds(states, 1)
    assert outcomes == {True, False}


@pytest.mark.once_per_era
def test_full_disk_under_a_sharded_state(tmp_path) -> None:
    def sharded(number: int) -> list:
        return [tf.Variable(tf.fill((1_000_000,), float(number))) for _ in range(20)]

    with mounted(tmp_path / "disk", "size=150m") as disk:
        tfc.save_state(disk / "states", sharded(1))
        with pytest.raises(tfc.StateWriteError, match=r"80\.0 MB are needed, and 7\d\.\d MB"):
            tfc.save_state(disk / "states", sharded(2))
        assert not hidden(disk / "states")
        live = sharded(0)
        tfc.restore_state(disk / "states", live)
        assert {float(item) for variable in live for item in set(variable.numpy())} == {1.0}


def test_largest_size_of_a_file(tmp_path) -> None:
    import resource

    save(tmp_path, 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(tfc.StateWriteError, match=r"80\.\d kB are needed"):
            save(tmp_path, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not hidden(tmp_path)
    assert holds(tmp_path, 1)


@pytest.fixture
def around_writing(monkeypatch):
    """Do something before the tensors of the next state are written, or after."""

    def arrange(before=None, after=None) -> None:
        write = tf.raw_ops.SaveV2

        def called(**arguments) -> None:
            monkeypatch.setattr(tf.raw_ops, "SaveV2", write)
            if before:
                before()
            write(**arguments)
            if after:
                after()

        monkeypatch.setattr(tf.raw_ops, "SaveV2", called)

    return arrange


@pytest.mark.parametrize("background", [False, True], ids=["", "background"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_media_that_become_read_only(when, background, tmp_path, around_writing) -> None:
    with mounted(tmp_path / "disk", "size=1m") as disk:
        states = disk / "states"
        save(states, 1)
        around_writing(**{when: lambda: remount(disk, "ro")})
        with pytest.raises(tfc.StateWriteError, match="ead-only file system") as caught:
            save(states, 2, background)
        assert "earlier states are as they were" in str(caught.value)
        assert hidden(states)[0] in str(caught.value)
        assert holds(states, 1)
        with pytest.raises(tfc.StateWriteError, match="ead-only file system"):
            save(states, 2, background)
        remount(disk, "rw")
        assert holds(states, 1)
        save(states, 3)
        assert holds(states, 3)
        assert not hidden(states)


NOBODY = 65534


@pytest.fixture
def owned() -> Iterator[pathlib.Path]:
    """Have a directory, and be a user who needs permission: root needs none."""
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name)
        save(path, 0)  # what is loaded once is loaded now
        holds(path, 0)
        shutil.rmtree(path)
        path.mkdir()
        user = os.geteuid()
        if user == 0:
            os.chown(path, NOBODY, -1)
            os.seteuid(NOBODY)
        try:
            yield path
        finally:
            path.chmod(0o700)
            os.seteuid(user)


@pytest.mark.parametrize("background", [False, True], ids=["", "background"])
@pytest.mark.parametrize("mode", [0o500, 0o400, 0o300, 0o100, 0o000], ids=oct)
def test_directory_without_permission(mode, background, owned) -> None:
    save(owned, 1)
    owned.chmod(mode)
    with pytest.raises(tfc.StateWriteError, match="ermission denied") as caught:
        save(owned, 2, background)
    assert "earlier states are as they were" in str(caught.value)
    assert repr(str(owned)) in str(caught.value)
    if mode != 0o500:
        with pytest.raises(tfc.BadStateError, match="ermission denied"):
            holds(owned, 1)
    owned.chmod(0o700)
    assert holds(owned, 1)
    assert not hidden(owned)


def test_permission_that_is_lost_while_saving(owned, around_writing) -> None:
    save(owned, 1)
    around_writing(after=lambda: owned.chmod(0o500))
    with pytest.raises(tfc.StateWriteError, match="ermission denied") as caught:
        save(owned, 2)
    # The files in it went, and it cannot.
    assert hidden(owned)[0] in str(caught.value)
    assert not os.listdir(owned / hidden(owned)[0])
    assert holds(owned, 1)
    owned.chmod(0o700)
    save(owned, 3)
    assert not hidden(owned)
