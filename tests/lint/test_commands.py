"""`tfcompat check`, `rule` and `why` as a user runs them."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest

import tfcompat
from tfcompat import cli
from tfcompat.lint import report, run
from tfcompat.lint.findings import codes

BAD = "from tensorflow.python.util import nest\nnest.flatten(x)\n"
CLEAN = "import tensorflow as tf\ntf.nest.flatten(x)\n"


def call(capsys, *arguments: object) -> tuple[int, str, str]:
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def tree(tmp_path, monkeypatch):
    (tmp_path / "bad.py").write_text(BAD)
    (tmp_path / "clean.py").write_text(CLEAN)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "broken.py").write_text("def f(:\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["clean.py"], 0),
        (["bad.py"], 1),
        (["bad.py", "clean.py"], 1),
        (["sub/broken.py"], 2),
        (["bad.py", "sub/broken.py"], 2),
        (["nothing.py"], 2),
        (["bad.py", "--ignore", "TFC1"], 0),
        (["bad.py", "--select", "TFC2,TFC3"], 0),
        (["bad.py", "--select", "TFC101"], 1),
        (["bad.py", "--select", "TFC8"], 2),
        (["bad.py", "--tensorflow", "nonsense"], 2),
        (["bad.py", "--tensorflow", ">=3"], 2),
        (["bad.py", "--exclude", "bad*"], 0),
    ],
)
def test_exit_status(arguments, expected, tree, capsys) -> None:
    code, _, error = call(capsys, "check", *arguments)
    assert code == expected
    assert "Traceback" not in error


def test_check(tree, capsys) -> None:
    code, out, _ = call(capsys, "check", ".")
    assert code == 2
    assert "bad.py:1:36: TFC106" in out
    assert "broken.py: error: could not analyse: 1:" in out
    assert out.splitlines()[-1].startswith("2 findings in 1 file, 1 with a safe fix")


def test_large_tree(tree, capsys, monkeypatch) -> None:
    # What cannot hold a finding is not parsed there.
    monkeypatch.setattr(run, "_SMALL", 0)
    code, out, _ = call(capsys, "check", ".")
    assert (code, "broken.py" in out) == (1, False)
    assert call(capsys, "check", ".", "sub/broken.py")[0] == 2
    assert call(capsys, "check", "sub/broken.py")[0] == 2


@pytest.mark.parametrize("format_", report.FORMATS)
def test_formats(format_, tree, capsys) -> None:
    code, out, _ = call(capsys, "check", "bad.py", "--format", format_)
    assert code == 1
    assert "TFC101" in out
    if format_ in ("json", "sarif"):
        json.loads(out)


def test_guarded(tree, capsys) -> None:
    (tree / "guarded.py").write_text(
        "try:\n    from tensorflow.python.util import nest\nexcept ImportError:\n    nest = None\n"
    )
    assert call(capsys, "check", "guarded.py")[0] == 1
    assert call(capsys, "check", "guarded.py", "--no-guarded")[0] == 0


def run_command(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "tfcompat", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=pathlib.Path(tfcompat.__file__).parents[1],
    )


def test_processes_find_the_same(tree) -> None:
    # In a process of its own: this one may have threads, with which a fork can hang.
    for number in range(40):
        (tree / "sub" / f"file{number}.py").write_text(BAD)
    one = run_command("check", tree, "--jobs", 1)
    three = run_command("check", tree, "--jobs", 3)
    assert (three.returncode, three.stdout) == (one.returncode, one.stdout)
    assert one.stdout.splitlines()[-1].startswith("82 findings in 41 files")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib is of Python 3.11")
def test_configuration(tree, capsys) -> None:
    (tree / "pyproject.toml").write_text("[tool.tfcompat]\nignore = ['TFC106']\n")
    code, out, _ = call(capsys, "check", "bad.py")
    assert (code, "TFC106" in out) == (1, False)
    assert call(capsys, "check", "bad.py", "--ignore", "TFC101")[0] == 1  # the command line wins
    (tree / "pyproject.toml").write_text("[tool.tfcompat]\nwhat = 1\n")
    code, _, error = call(capsys, "check", "bad.py")
    assert (code, "what = 1" in error) == (2, True)


@pytest.mark.parametrize("command", ["check", "rule TFC101", "why tf.nest.flatten"])
def test_needs_neither_tensorflow_nor_numpy(command, tmp_path) -> None:
    (tmp_path / "bad.py").write_text(BAD)
    arguments = [str(tmp_path)] if command == "check" else []
    code = (
        "import sys\n"
        "from tfcompat import cli\n"
        "cli.main(sys.argv[1:])\n"
        "print({'tensorflow', 'keras', 'numpy'} & {*sys.modules})\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *command.split(), *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=pathlib.Path(tfcompat.__file__).parents[1],
    )
    assert result.stdout.splitlines()[-1] == "set()"


def test_rule(capsys) -> None:
    code, out, _ = call(capsys, "rule", "TFC101")
    assert code == 0
    for word in ("TFC101: ", "Before:", "After:", "    import tensorflow as tf"):
        assert word in out
    code, out, _ = call(capsys, "rule")
    assert code == 0
    for known in codes():
        assert f"{known}: " in out
    code, _, error = call(capsys, "rule", "TFC101", "E501")
    assert (code, "E501" in error, "TFC101" in error) == (2, True, True)


def test_why(capsys) -> None:
    code, out, _ = call(capsys, "why", "tensorflow.python.framework.ops.Tensor")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "tensorflow.python.framework.ops.Tensor"
    assert lines[1].split() == ["2.5-2.14", "private", "is", "tf.Tensor"]
    assert lines[-1] == "TFC101: use tf.Tensor (safe)."


def test_why_of_a_public_name(capsys) -> None:
    code, out, _ = call(capsys, "why", "tf.nn.relu", "tf.keras.optimizers.legacy")
    assert code == 0
    assert "Nothing to change" in out
    assert "tensorflow.keras.optimizers.legacy" in out


def test_why_of_an_unknown_name(capsys) -> None:
    code, out, error = call(capsys, "why", "tf.nn.no_such_thing")
    assert (code, out) == (2, "")
    assert "no_such_thing" in error
    assert "tensorflow.nn" in error
