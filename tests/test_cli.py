"""The command line: what it prints, its exit codes, and what it leaves alone."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tfcompat import cli


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "tfcompat", *map(str, arguments)], capture_output=True, text=True
    )


def saved(path: pathlib.Path) -> pathlib.Path:
    live = {"w": tf.Variable([1.0, 2.0]), "n": 3, "deep": [tf.Variable([[1, 2]]), "text"]}
    tfc.save_state(path, live, step=10)
    live["w"].assign([1.0, 2.5])
    tfc.save_state(path, live, step=20, keep=2)
    return path


@pytest.fixture
def state(tmp_path) -> pathlib.Path:
    return saved(tmp_path / "state")


def call(capsys, *arguments) -> tuple[int, str, str]:
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> dict[str, tuple]:
    """Return by kind the exit codes and the output of one process, and its modules then."""
    directory = tmp_path_factory.mktemp("kinds")
    here = saved(directory / "state")
    prefix = tf.train.latest_checkpoint(str(here))
    checkpoint = tf.train.Checkpoint(w=tf.Variable([1.0])).save(str(directory / "ckpt"))
    model = tf.keras.Sequential([tf.keras.layers.Dense(2)])
    model.build((None, 3))
    model.save_weights(str(directory / "model.weights.h5"))
    module = tf.Module()
    module.v = tf.Variable([1.0])
    tf.saved_model.save(module, str(directory / "saved"))
    paths = {
        "state": here,
        "checkpoint": checkpoint,
        "prefix": prefix,
        "index": f"{checkpoint}.index",
        "inside": pathlib.Path(prefix).parent,
        "hdf5": directory / "model.weights.h5",
        "saved_model": directory / "saved",
    }
    code = (
        "import contextlib, io, json, sys\n"
        "from tfcompat import cli\n"
        "found = {}\n"
        "for kind, path in json.loads(sys.argv[1]).items():\n"
        "    with contextlib.redirect_stdout(io.StringIO()) as out:\n"
        "        codes = [cli.main(['state', name, path]) for name in ('verify', 'show')]\n"
        "    modules = {'tensorflow', 'keras', 'tf_keras'} & {*sys.modules}\n"
        "    found[kind] = codes, out.getvalue(), [*modules]\n"
        "print(json.dumps(found))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, json.dumps(paths, default=str)],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    "kind", ["state", "checkpoint", "prefix", "index", "inside", "hdf5", "saved_model"]
)
def test_show_and_verify_do_not_import_tensorflow(kind, shown) -> None:
    codes, out, modules = shown[kind]
    assert codes == [0, 0]
    assert modules == []
    assert "float32" in out


def test_show(state) -> None:
    result = run("state", "show", state)
    assert result.returncode == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    assert result.stdout.startswith("tfcompat state, step 20, saved at ")
    assert f"TensorFlow {tfc.runtime().tensorflow}" in result.stdout
    assert ["deep/", "2", "tensors", "17", "B"] in lines  # the text as it is in the file
    assert ["0", "int32", "(1,", "2)", "8", "B"] in lines
    assert ["w", "float32", "(2,)", "8", "B"] in lines
    assert lines[-1][:3] == ["total", "4", "tensors"]


def test_show_of_a_step_as_json(state, capsys) -> None:
    _, out, _ = call(capsys, "state", "show", state, "--step", "10", "--json")
    shown = json.loads(out)
    assert shown["step"] == 10
    assert shown["format"] == "tfcompat state"
    assert shown["writer"]["tfcompat"] == tfc.__version__
    assert shown["entries"]["w"] == {
        "dtype": "float32",
        "shape": [2],
        "kind": "variable",
        "bytes": 8,
    }
    described = tfc.describe_state(state, step=10)
    assert set(shown["entries"]) == set(described.entries)


def test_show_page(state, tmp_path, capsys) -> None:
    page = tmp_path / "page.html"
    assert call(capsys, "state", "show", state, "--html", page)[0] == 0
    written = page.read_text(encoding="utf-8")
    assert "deep/0" in written
    code, _, error = call(capsys, "state", "show", state, "--html", page)
    assert (code, page.read_text(encoding="utf-8")) == (2, written)
    assert "--force" in error
    page.write_text("x")
    assert call(capsys, "state", "show", state, "--html", page, "--force")[0] == 0
    assert page.read_text(encoding="utf-8") == written


def test_diff(state, capsys) -> None:
    code, out, _ = call(capsys, "state", "diff", state, state)
    assert code == 0
    assert "4 tensors equal" in out
    code, out, _ = call(capsys, "state", "diff", state, state, "--step-a", 10)
    assert code == 1
    assert "w  1 of 2 elements, by up to 0.5, relatively 0.2" in out
    assert "3 tensors equal" in out
    code, out, _ = call(
        capsys, "state", "diff", state, state, "--step-a", 10, "--tolerance", 0.2, "--json"
    )
    assert code == 0
    assert json.loads(out)["values"]["w"] == {"elements": 1, "absolute": 0.5, "relative": 0.2}


def test_convert(state, tmp_path, capsys) -> None:
    target = tmp_path / "out.npz"
    code, out, _ = call(capsys, "state", "convert", state, target, "--to", "npz", "--json")
    assert code == 0
    assert json.loads(out)["tensors"] == 4
    with np.load(target) as found:
        np.testing.assert_array_equal(found["w"], [1.0, 2.5])
    before = target.read_bytes()
    code, _, error = call(capsys, "state", "convert", state, target, "--to", "npz")
    assert (code, target.read_bytes()) == (2, before)
    assert "exists" in error


def test_errors_have_no_traceback(tmp_path, capsys) -> None:
    (tmp_path / "broken.index").write_bytes(b"x" * 100)
    (tmp_path / "broken.data-00000-of-00001").write_bytes(b"")
    for path, text in (("nothing", "nothing"), ("broken", "truncated or altered")):
        code, out, error = call(capsys, "state", "show", tmp_path / path)
        assert code == 2
        assert error.startswith("tfcompat: ")
        assert text in error
        assert "Traceback" not in error
        assert out == ""


def test_step_that_is_not_there(state, capsys) -> None:
    code, _, error = call(capsys, "state", "show", state, "--step", 15)
    assert code == 2
    assert "no state of step 15. It has steps 10, 20" in error


@pytest.mark.parametrize(
    "arguments",
    [[], ["state"], ["state", "diff", "a"], ["state", "diff", "a", "b", "--tolerance", "-1"]],
    ids=str,
)
def test_wrong_arguments(arguments, capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_without_numpy(state) -> None:
    code = (
        "import sys\n"
        "sys.modules['numpy'] = None\n"
        "from tfcompat import cli\n"
        "sys.exit(cli.main(['state', 'show', sys.argv[1]]))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(state)], capture_output=True, text=True
    )
    assert result.returncode == 2
    assert result.stderr.startswith("tfcompat: ")
    assert result.stderr.endswith("pip install tfcompat[convert]\n")


def test_version(capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"tfcompat {tfc.__version__}\n"


def test_reader_that_stops_early(state) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tfcompat", "state", "show", str(state)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait()
