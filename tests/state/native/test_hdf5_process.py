"""HDF5 files that the library of HDF5 does not survive, which the interpreter has to."""

from __future__ import annotations

import io
import multiprocessing
import os
import pathlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tfcompat.state import native
from tfcompat.state.native import hdf5_process
from tfcompat.state.native.hdf5_file import Hdf5File

# Of files of Keras, mutated as `tests.fuzz` does: h5py 3.1 and 3.10 crash, 3.1 to 3.16 hang.
ALTERED = pathlib.Path(__file__).parents[2] / "data" / "altered_hdf5.zip"


@pytest.fixture
def sound(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "sound.h5"
    with h5py.File(path, "w") as file:
        file["group/tensor"] = np.arange(6, dtype=">i2").reshape(2, 3)
        file["strings"] = np.array([[b"one"], [b""]], dtype=h5py.special_dtype(vlen=bytes))
        file["nothing"] = np.zeros((0, 2), np.float64)
        file["scalar"] = np.float16(0.5)
        file.attrs["names"] = [b"a", b"b"]
    return path


@pytest.fixture
def amplified(tmp_path: pathlib.Path) -> pathlib.Path:
    """An attribute of 4,000 strings of 1 MB each, all of them one and the same in the file."""
    path = tmp_path / "amplified.h5"
    words = np.array([b"a" * 2**20, *[b"b"] * 3999], dtype=h5py.special_dtype(vlen=bytes))
    with h5py.File(path, "w") as file:
        file.attrs["words"] = words
    data = path.read_bytes()
    # Of each its length, 4 bytes, and where it is, 12.
    lengths = [re.escape(len(word).to_bytes(4, "little")) for word in words[:2]]
    [found] = re.finditer(b"(%b.{12})%b.{12}" % tuple(lengths), data, re.DOTALL)
    start, size = found.start(), 16 * len(words)
    path.write_bytes(data[:start] + found[1] * len(words) + data[start + size :])
    return path


@pytest.fixture
def anew() -> Iterator[None]:
    hdf5_process._end()
    yield
    hdf5_process._end()


def assert_sound(path: pathlib.Path) -> None:
    file = Hdf5File(str(path))
    assert file.attributes == {"": {"names": ["a", "b"]}, "group": {}}
    found = file.read(file.tensors)
    with h5py.File(path, "r") as expected:
        assert sorted(found) == ["group/tensor", "nothing", "scalar", "strings"]
        for name, array in found.items():
            np.testing.assert_array_equal(array, expected[name][()])
            assert array.dtype == expected[name].dtype
            assert array.shape == expected[name].shape


def test_what_is_read_is_what_h5py_reads(sound: pathlib.Path) -> None:
    assert_sound(sound)


@pytest.mark.parametrize("name", ["crash.h5", "hang.h5"])
def test_what_hdf5_does_not_survive_is_bad(
    name: str, sound: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hdf5_process, "_SECONDS", 0.5)
    with zipfile.ZipFile(ALTERED) as archive:
        archive.extract(name, tmp_path)

    def read() -> None:
        file = Hdf5File(str(tmp_path / name))
        file.read(file.tensors)

    with pytest.raises(tfc.BadStateError, match="cannot be read as HDF5"):
        read()
    assert_sound(sound)


def test_a_step_without_end_is_bad(
    amplified: pathlib.Path, sound: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(hdf5_process, "_SECONDS", 0.05)
        with pytest.raises(tfc.BadStateError, match=r"does not come to an end in it within 0\.05"):
            Hdf5File(str(amplified))
    assert_sound(sound)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory")
def test_more_memory_than_the_file_can_need_is_bad(
    amplified: pathlib.Path, sound: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(hdf5_process, "_MEMORY", 2**28)
        with pytest.raises(tfc.BadStateError, match=r"(?i)alloc|memory|ends the process"):
            Hdf5File(str(amplified))
    assert_sound(sound)


def test_the_process_is_started_once(sound: pathlib.Path, anew: None) -> None:
    assert_sound(sound)
    first = hdf5_process._current
    assert_sound(sound)
    assert hdf5_process._current is first
    (sound.parent / "bad.h5").write_bytes(sound.read_bytes()[:-100])
    with pytest.raises(tfc.BadStateError):
        Hdf5File(str(sound.parent / "bad.h5"))
    assert_sound(sound)
    if hasattr(os, "fork"):
        assert hdf5_process._current is first


def test_one_that_was_killed_is_started_anew(sound: pathlib.Path, anew: None) -> None:
    assert_sound(sound)
    process: Any = hdf5_process._current
    process._process.kill()
    process._process.wait()
    assert_sound(sound)


def test_a_relative_path_is_of_this_process(
    sound: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_sound(sound)
    monkeypatch.chdir(sound.parent)
    assert_sound(pathlib.Path(sound.name))


@pytest.mark.parametrize("compression", [None, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_remote_file_is_copied(sound: pathlib.Path, compression: int | None) -> None:
    data = sound.read_bytes()
    path = "ram://tests/sound.h5"
    if compression is not None:
        path = "ram://tests/sound.keras"
        opened = io.BytesIO()
        with zipfile.ZipFile(opened, "w", compression) as archive:
            archive.writestr("model.weights.h5", data)
            archive.writestr("config.json", "{}")
        data = opened.getvalue()
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(data)
    found = native.open_artifact(path) if compression is not None else Hdf5File(path)
    assert found.read(["group/tensor"])["group/tensor"].tolist() == [[0, 1, 2], [3, 4, 5]]
    tf.io.gfile.remove(path)


def test_a_frozen_application_reads_by_itself(
    sound: pathlib.Path, anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert_sound(sound)
    assert hdf5_process._current is None


def test_what_is_no_python_is_an_error_of_its_own(
    sound: pathlib.Path, anew: None, tmp_path: pathlib.Path
) -> None:
    python = multiprocessing.spawn.get_executable()
    for other in (tmp_path / "none", "/bin/false"):
        multiprocessing.set_executable(str(other))
        try:
            with pytest.raises(tfc.TfcompatError, match="did not start") as caught:
                Hdf5File(str(sound))
        finally:
            multiprocessing.set_executable(python)
        assert not isinstance(caught.value, tfc.BadStateError)
    assert_sound(sound)


FORKED = """
import os, sys
from tfcompat.state import native
from tfcompat.state.native import hdf5_process
from tfcompat.state.native.hdf5_file import Hdf5File
def names():
    return sorted(Hdf5File(sys.argv[1]).tensors)
expected = names()
here = hdf5_process._current._process.pid
child = os.fork()
if not child:
    sys.exit(names() != expected or hdf5_process._current._process.pid == here)
assert os.waitpid(child, 0)[1] == 0
assert names() == expected
assert hdf5_process._current._process.pid == here
print(here)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked here")
def test_a_forked_process_has_one_of_its_own(sound: pathlib.Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", FORKED, str(sound)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    with pytest.raises(ProcessLookupError):  # nothing is left behind
        os.kill(int(done.stdout), 0)
