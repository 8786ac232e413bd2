"""Settings: what pyproject.toml may say, and which files it leaves out."""

from __future__ import annotations

import os
import sys

import pytest

from tfcompat.errors import TfcompatError
from tfcompat.lint import config, files

CODES = ("TFC101", "TFC203")

needs_toml = pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib is of Python 3.11")


@needs_toml
def test_load(tmp_path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.tfcompat]\n"
        "tensorflow = '>=2.8'\n"
        "select = ['TFC1']\n"
        "ignore = ['TFC203']\n"
        "exclude = ['old/*.py']\n"
        "guarded = false\n"
        "[tool.tfcompat.per-file-ignores]\n"
        "'tests/**' = ['TFC101']\n"
    )
    (tmp_path / "a" / "b").mkdir(parents=True)
    # One without the table is passed over.
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\nname = 'a'\n")
    settings = config.load(str(tmp_path / "a" / "b"), CODES)
    assert settings == config.Settings(
        tensorflow=">=2.8",
        select=("TFC1",),
        ignore=("TFC203",),
        exclude=("old/*.py",),
        per_file_ignores={"tests/**": ("TFC101",)},
        guarded=False,
        root=str(tmp_path),
    )


@needs_toml
def test_load_tells_all_that_is_wrong(tmp_path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.tfcompat]\ntensorflow = 2.8\nselct = []\nselect = ['TFC9']\nguarded = 1\n"
    )
    with pytest.raises(config.ConfigurationError) as caught:
        config.load(str(tmp_path), CODES)
    for word in ("tensorflow = 2.8", "selct", "'TFC9'", "guarded = 1"):
        assert word in str(caught.value)


@needs_toml
def test_load_of_what_is_no_toml(tmp_path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.tfcompat]\nselect = \n")
    with pytest.raises(config.ConfigurationError, match="pyproject"):
        config.load(str(tmp_path), CODES)


@pytest.mark.skipif(sys.version_info >= (3, 11), reason="has tomllib")
def test_load_without_a_reader(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "tomli", None)
    path = tmp_path / "pyproject.toml"
    path.write_text("[tool.other]\n")
    config.load(str(tmp_path), CODES)
    path.write_text("[tool.tfcompat]\n")
    with pytest.raises(config.ConfigurationError, match="pip install tomli"):
        config.load(str(tmp_path), CODES)


def test_load_without_a_file(tmp_path) -> None:
    assert config.load(str(tmp_path), CODES) == config.Settings(root=os.getcwd())


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("old", "old/a.py", True),
        ("old", "src/old/a.py", True),
        ("old/", "old/a.py", True),
        ("*_pb2.py", "src/a_pb2.py", True),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/b/a.py", False),
        ("src/**", "src/b/a.py", True),
        ("src/**/a.py", "src/a.py", True),
        ("src/**/a.py", "src/b/c/a.py", True),
        ("src", "source/a.py", False),
        ("src/a", "src/a/b.py", True),
        ("a.py", "b/aa.py", False),
        ("?.py", "a.py", True),
        ("src/a.py", "b/src/a.py", False),
    ],
)
def test_exclude(pattern, path, expected, tmp_path) -> None:
    settings = config.Settings(exclude=(pattern,), root=str(tmp_path))
    assert settings.is_excluded(str(tmp_path / path)) == expected


@pytest.fixture
def tree(tmp_path):
    for path in (
        "a.py",
        "b.pyi",
        "c.ipynb",
        "d.txt",
        "sub/e.py",
        "old/f.py",
        ".git/g.py",
        ".tox/h.py",
        "env/pyvenv.cfg",
        "env/i.py",
        "build/j.py",
        "node_modules/k.py",
        "lib/site-packages/l.py",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("x = 1\n")
    return tmp_path


def collect(root, *paths, **options) -> list[str]:
    settings = config.Settings(root=str(root), **options)
    found = files.collect([str(root / path) for path in paths], settings)
    return [os.path.relpath(path, root).replace(os.sep, "/") for path, _, _ in found]


def test_collect(tree) -> None:
    assert collect(tree, ".") == ["a.py", "b.pyi", "c.ipynb", "old/f.py", "sub/e.py"]
    assert collect(tree, ".", exclude=("old", "*.pyi")) == ["a.py", "c.ipynb", "sub/e.py"]


def test_collect_what_is_named(tree) -> None:
    assert collect(tree, "env", "d.txt", "a.py", "a.py", "sub", "sub/e.py") == [
        "env/i.py",
        "d.txt",
        "a.py",
        "sub/e.py",
    ]
    assert collect(tree, "a.py", "old/f.py", exclude=("old",)) == ["a.py"]


def test_collect_what_is_missing(tree) -> None:
    with pytest.raises(TfcompatError, match=r"nothing.*neither"):
        collect(tree, "nothing", "a.py", "neither")


def test_collect_does_not_follow_links_to_directories(tree) -> None:
    (tree / "sub" / "loop").symlink_to(tree, target_is_directory=True)
    assert collect(tree, "sub") == ["sub/e.py"]
