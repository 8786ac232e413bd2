"""Files as bytes: encodings, newlines, notebooks, what is left alone, and the commands."""

from __future__ import annotations

import json
import os
import stat

import pytest

from tfcompat import cli
from tfcompat.lint import rewrite
from tfcompat.lint.config import Settings
from tfcompat.lint.project import Project

BEFORE = b"import tensorflow as tf\nfrom tensorflow.python.framework import ops\n\ny = ops.Tensor\n"
AFTER = b"import tensorflow as tf\n\ny = tf.Tensor\n"


def run(data, path="module.py", **options):
    return rewrite.rewrite(path, data, Settings(), **options)


@pytest.mark.parametrize(
    ("prefix", "encoding"),
    [
        ("", "utf-8"),
        ("", "utf-8-sig"),
        ("# -*- coding: latin-1 -*-\n# \xe9\n", "latin-1"),
        ("# coding: cp1252\n# \x80\n".replace("\x80", "\u20ac"), "cp1252"),
        ("# \u4f60\x0c\n", "utf-8"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encoding_and_newlines_stay(prefix, encoding, newline):
    if newline == "\r" and encoding not in ("utf-8", "utf-8-sig"):
        pytest.skip("Python itself does not find the declaration")
    before, after = (
        (prefix + text.decode()).replace("\n", newline).encode(encoding) for text in (BEFORE, AFTER)
    )
    result = run(before)
    assert result.errors == []
    assert result.data == after


@pytest.mark.parametrize(
    "data",
    [
        BEFORE + b"print 'old'\n",
        BEFORE + b"return 1\n",
        BEFORE + b"x = '\xff'\n",
        b"# coding: nonsense\n" + BEFORE,
        BEFORE + b"\x00",
    ],
)
def test_a_file_that_is_no_python_is_left_alone(data):
    result = run(data)
    assert result.errors
    assert result.data is None


def test_a_file_without_findings_is_left_alone():
    result = run(AFTER)
    assert (result.data, result.changes, result.errors) == (None, [], [])


def test_what_is_left_has_its_new_line():
    result = run(BEFORE + b"ops.name_of_nothing()\n")
    assert [(change.line, change.is_fixed) for change in result.changes if change.line > 2] == [
        (4, True),
        (5, False),
    ]


def notebook(*cells, **layout):
    document = {
        "cells": [
            {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)}
            for kind, source in cells
        ],
        "metadata": {"language_info": {"name": "python"}, "number": 1e-05},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, **{"indent": 1, "ensure_ascii": False, **layout}).encode() + b"\n"


@pytest.mark.parametrize(
    "layout",
    [{}, {"indent": 4, "ensure_ascii": True}, {"indent": None}, {"separators": (",", ":")}],
)
def test_cells_of_a_notebook(layout):
    before = notebook(
        ("markdown", "from tensorflow.python.framework import ops"),
        ("code", "%matplotlib inline\n!pip install t\u00e9nsorflow\nimport os"),
        ("code", "from tensorflow.python.framework import ops\n"),
        ("code", "%%bash\necho ops.Tensor"),
        ("code", "%%time\n# \u00e9\ny = '\u00e9', ops.Tensor, await x"),
        ("code", "print(y)"),
        **layout,
    )
    after = notebook(
        ("markdown", "from tensorflow.python.framework import ops"),
        ("code", "%matplotlib inline\n!pip install t\u00e9nsorflow\nimport os"),
        ("code", "import tensorflow as tf\n"),
        ("code", "%%bash\necho ops.Tensor"),
        ("code", "%%time\n# \u00e9\ny = '\u00e9', tf.Tensor, await x"),
        ("code", "print(y)"),
        **layout,
    )
    result = run(before, "book.ipynb")
    assert result.errors == []
    assert result.data == after
    assert [(change.cell, change.line) for change in result.changes] == [(2, 1), (4, 3)]
    assert run(after, "book.ipynb").data is None


def test_each_cell_can_start_with_a_statement_about_the_future():
    cells = "import os", "from __future__ import division\nimport tensorflow as tf", "{}(x)"
    before, after = (
        notebook(*(("code", cell.format(f"tf.keras.losses.{name}")) for cell in cells))
        for name in ("mean_squared_error", "mse")
    )
    result = run(before, "book.ipynb")
    assert (result.errors, result.data) == ([], after)


def test_a_notebook_that_is_none_is_left_alone():
    assert run(b"{}", "book.ipynb").errors


def test_names_wanted_in_other_files(tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    sources = {
        "__init__.py": "from .layers import *\nfrom .alls import *\n",
        "layers.py": "from x import Dense\n",
        "alls.py": "__all__ = ['a']\n",
        "ops.py": "from x import Tensor\n",
        "user.py": (
            "from package.ops import (  # names\n    Tensor,  # one\n    Graph as G)\n"
            "from . import ops as o, layers\no.Shape\nfrom package import Dense\n"
            "mock.patch('package.ops.Patched')\n"
            "from tensorflow.python.framework import layers as l, other\nother.Nothing\n"
        ),
    }
    for name, source in sources.items():
        (package / name).write_text(source)
    project = Project(str(package / name) for name in sources)
    assert project.wanted(str(package / "ops.py")) == {"Tensor", "Graph", "Shape", "Patched"}
    assert "Dense" in project.wanted(str(package / "layers.py"))
    assert "Dense" not in project.wanted(str(package / "alls.py"))
    assert project.wanted(str(package / "user.py")) == frozenset()


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "one.py").write_bytes(BEFORE)
    (tmp_path / "two.py").write_bytes(AFTER)
    return tmp_path


def test_fix_writes(tree, capsys):
    (tree / "one.py").chmod(0o750)
    assert cli.main(["check", "--fix", str(tree)]) == 0
    assert (tree / "one.py").read_bytes() == AFTER
    assert stat.S_IMODE((tree / "one.py").stat().st_mode) == 0o750
    assert sorted(os.listdir(tree)) == ["one.py", "two.py"]
    assert "2 uses found: 2 fixed safely" in capsys.readouterr().out
    assert cli.main(["check", "--fix", str(tree)]) == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (  # Keras 3 has it as an attribute alone
            "from tensorflow.compat.v1 import keras\n"
            "from tensorflow.compat.v1.keras import backend as K\n"
            "from tensorflow.compat.v2.keras.layers import Dense\n"
            "x = [K.sum, Dense, keras.Model]\n",
            "import tensorflow as tf\n"
            "from tensorflow.compat.v1 import keras\n"
            "x = [keras.backend.sum, tf.keras.layers.Dense, keras.Model]\n",
        ),
        (
            "import tensorflow.compat.v1.keras.layers as L\nx = L.Dense(2)\n",
            "import tensorflow as tf\nx = tf.compat.v1.keras.layers.Dense(2)\n",
        ),
        (  # the module lost a name, the others are there
            "import tensorflow as tf\ntf.logging.info(tf.gfile.Exists('x'))\ntf.logging.flush()\n",
            "import tensorflow as tf\n"
            "tf.compat.v1.logging.info(tf.compat.v1.gfile.Exists('x'))\n"
            "tf.logging.flush()\n",
        ),
    ],
)
def test_public_names(tmp_path, before, after):
    path = tmp_path / "module.py"
    path.write_text(before)
    for _ in range(2):
        cli.main(["check", "--fix", "--unsafe-fixes", str(path)])
        assert path.read_text() == after


def test_constants_of_a_package_that_the_table_does_not_know(tmp_path):
    """The advice for a class of tensorflow_estimator holds for its members."""
    path = tmp_path / "one.py"
    home = "tensorflow_estimator.python.estimator"
    path.write_text(
        f"from {home} import mode_keys\nx = mode_keys.ModeKeys.EVAL\n"
        f"from {home} import estimator\ny = estimator.Estimator.train\n"
    )
    assert cli.main(["check", "--fix", str(path)]) == 1
    assert path.read_text() == (
        "import tfcompat\nx = tfcompat.replacements.ModeKeys.EVAL\n"
        f"from {home} import estimator\ny = estimator.Estimator.train\n"
    )


def test_a_module_to_import_by_name_up_to_2_15(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("from tensorflow.compat.v1.keras import backend as K\n")
    assert cli.main(["check", str(path)]) == 1
    assert cli.main(["check", "--tensorflow", "<2.16", str(path)]) == 0


def test_a_file_alone_knows_its_package(tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text("from tensorflow.python.framework.ops import Tensor\n")
    (package / "two.py").write_text("from .one import Tensor\n")
    assert cli.main(["check", "--fix", str(package / "one.py")]) == 0
    assert (package / "one.py").read_text() == "import tensorflow as tf\nTensor = tf.Tensor\n"


def test_an_import_that_only_fixed_files_took_goes_at_once(tmp_path, capsys):
    code = "from tensorflow.python.framework import smart_cond as sc\nx = sc.smart_cond(a, b, c)\n"
    fixed = "import tfcompat\nx = tfcompat.replacements.smart_cond(a, b, c)\n"
    (tmp_path / "ops.py").write_text(code)
    (tmp_path / "user.py").write_text("from ops import *\n" + code)
    assert cli.main(["migrate", "--yes", "--unsafe-fixes", str(tmp_path)]) == 0
    assert "4 uses found: 3 fixed safely, 1 fixed unsafely" in capsys.readouterr().out
    assert (tmp_path / "ops.py").read_text() == fixed
    assert "from tensorflow" not in (tmp_path / "user.py").read_text()


def test_fix_follows_links(tree):
    (tree / "link.py").symlink_to(tree / "one.py")
    assert cli.main(["check", "--fix", str(tree / "link.py")]) == 0
    assert (tree / "link.py").is_symlink()
    assert (tree / "one.py").read_bytes() == AFTER


def test_diff_writes_nothing(tree, capsys):
    assert cli.main(["check", "--diff", str(tree)]) == 1
    assert (tree / "one.py").read_bytes() == BEFORE
    assert "\n-y = ops.Tensor\n+y = tf.Tensor\n" in capsys.readouterr().out


def test_what_stays_is_explained(tree, capsys):
    (tree / "one.py").write_bytes(BEFORE + b"ops.name_of_nothing()\n")
    assert cli.main(["check", "--fix", str(tree)]) == 1
    assert "one.py:5:1: " in capsys.readouterr().out


def test_files_that_do_not_parse_are_named(tree, capsys):
    (tree / "three.py").write_bytes(BEFORE + b"print 'old'\n")
    assert cli.main(["check", "--fix", str(tree)]) == 2
    output = capsys.readouterr().out
    assert "three.py: 5:" in output
    assert "1 file could not be analysed or fixed" in output
    assert (tree / "one.py").read_bytes() == AFTER


def test_json(tree, capsys):
    assert cli.main(["check", "--fix", "--format", "json", str(tree)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["summary"] == {"safe": 2, "unsafe": 0, "explained": 0}
    assert [use["text"] for use in document["files"][0]["uses"]] == ["", "tf.Tensor"]


@pytest.mark.parametrize(("answer", "after"), [("y", AFTER), ("", BEFORE)])
def test_migrate_asks(tree, capsys, monkeypatch, answer, after):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    assert cli.main(["migrate", str(tree)]) == (0 if answer else 1)
    assert (tree / "one.py").read_bytes() == after
    assert "+y = tf.Tensor" in capsys.readouterr().out


def test_migrate_does_not_ask_where_nobody_answers(tree, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert cli.main(["migrate", str(tree)]) == 1
    assert (tree / "one.py").read_bytes() == BEFORE
    assert "--yes" in capsys.readouterr().out
