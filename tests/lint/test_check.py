"""Findings of whole files: what, where, and what silences them."""

from __future__ import annotations

import json

import pytest

from tfcompat.lint.config import Settings
from tfcompat.lint.findings import Finding, check_file

NEST = "tensorflow.python.util.nest"


def check(code: str, path: str = "file.py", **settings: object) -> list[Finding]:
    report = check_file(path, code.encode(), Settings(**settings))
    assert not report.errors, report.errors
    return report.findings


def pairs(code: str, **settings: object) -> list[tuple[str, str]]:
    return [(finding.code, finding.name) for finding in check(code, **settings)]


FINDS = {
    "module": ("from tensorflow.python.util import nest", [("TFC106", NEST)]),
    "through a module": (
        "from tensorflow.python.util import nest\nnest.flatten(x)",
        [("TFC106", NEST), ("TFC101", f"{NEST}.flatten")],
    ),
    "object, once": (
        f"from {NEST} import flatten\nflatten(x)\nflatten(y)",
        [("TFC101", f"{NEST}.flatten")],
    ),
    "alias of an object, once": (
        f"import {NEST} as n\nf = n.flatten\nf(x)",
        [("TFC106", NEST), ("TFC101", f"{NEST}.flatten")],
    ),
    "star": (
        f"from {NEST} import *\nflatten(unknown)",
        [("TFC106", NEST), ("TFC101", f"{NEST}.flatten")],
    ),
    "member of a class": (
        "from tensorflow.python.framework.ops import Graph\nGraph.as_default",
        [("TFC101", "tensorflow.python.framework.ops.Graph")],
    ),
    "not in the module": (
        f"import {NEST} as n\nn.no_such_name.x",
        [("TFC106", NEST), ("TFC107", f"{NEST}.no_such_name")],
    ),
    "removed": (
        "import tensorflow as tf\ntf.keras.losses.mean_squared_error(y, p)",
        [("TFC201", "tensorflow.keras.losses.mean_squared_error")],
    ),
    "removed, through compat.v2": (
        "import tensorflow.compat.v2 as tf\ntf.keras.losses.mean_squared_error(y, p)",
        [("TFC201", "tensorflow.keras.losses.mean_squared_error")],
    ),
    "of a module that the other branch has in TensorFlow 1": (
        "try:\n  from tensorflow.python.autograph.pyct import naming\n"
        "except ImportError:\n  from tensorflow.python.autograph.core import naming\n"
        "naming.Namer({})",
        [
            ("TFC106", "tensorflow.python.autograph.pyct.naming"),
            ("TFC107", "tensorflow.python.autograph.core.naming"),
            ("TFC105", "tensorflow.python.autograph.pyct.naming.Namer"),
        ],
    ),
    "with underscores on both sides": (
        "from tensorflow.python.framework import versions\nversions.__version__, versions.__file__",
        [
            ("TFC106", "tensorflow.python.framework.versions"),
            ("TFC102", "tensorflow.python.framework.versions.__version__"),
        ],
    ),
    "of compat.v2 alone": (
        "import tensorflow as tf1\nimport tensorflow.compat.v2 as tf2\n"
        "tf1.enable_v2_behavior()\ntf2.enable_v2_behavior()",
        [("TFC201", "tensorflow.enable_v2_behavior")],
    ),
    "method": ("self._track_trackable(x, 'x')", [("TFC301", "_track_trackable")]),
    "import by string": (
        f"import importlib\nimportlib.import_module('{NEST}')",
        [("TFC401", NEST)],
    ),
    "patch": (f"mock.patch('{NEST}.flatten')", [("TFC401", f"{NEST}.flatten")]),
    "getattr": (
        "import tensorflow as tf\ngetattr(tf.keras.losses, 'mean_squared_error')",
        [("TFC201", "tensorflow.keras.losses.mean_squared_error")],
    ),
    "private, absent by default": (
        f"import {NEST} as n\ngetattr(n, 'flatten', None)",
        [("TFC106", NEST), ("TFC401", f"{NEST}.flatten")],
    ),
    "the Keras 2 of every release, but late in it": (
        "if x:\n  import tf_keras as keras\nelse:\n  import keras\nkeras.layers.UnitNormalization",
        [("TFC201", "keras.layers.UnitNormalization")],
    ),
    "Keras 2 or another": (
        "if x:\n  import mine as keras\nelse:\n  from tensorflow import keras\n"
        "keras.losses.mean_squared_error(x, y)",
        [("TFC201", "tensorflow.keras.losses.mean_squared_error")],
    ),
}

FINDS_NOT = {
    "stable": "import tensorflow as tf\ntf.nest.flatten(tf.nn.relu(tf.constant(1)))",
    "stable Keras": "from tensorflow import keras\nkeras.layers.Dense(1).build(x)",
    "stable members": "import tensorflow as tf\ntf.Variable.assign_add\ntf.float32.name",
    "stable compat": "import tensorflow.compat.v1 as tf\ntf.placeholder(tf.int32)",
    "unknown attribute of a public module": "import tensorflow as tf\ntf.keras.foo\ntf.bar.baz",
    "of every module": (
        "import keras, tensorflow as tf\nkeras.__version__, keras.__file__, tf.keras.__name__"
    ),
    "only asked for": "import tensorflow as tf\nhasattr(tf.keras.losses, 'mean_squared_error')",
    "absent by default": "import tensorflow as tf\ngetattr(tf.keras, 'version', None)",
    "the Keras 2 of every release": (
        "import tensorflow as tf\nif getattr(tf.keras, 'version', None):\n"
        "  import tf_keras as keras\nelse:\n  keras = tf.keras\n"
        "keras.losses.mean_squared_error(x, y)"
    ),
    "another module": "from mine.tensorflow.python.util import nest\nnest.flatten(x)",
    "own method": (
        "class A:\n    def _trackable_children(self):\n        return super()._trackable_children()"
    ),
    "public path in a string": "x = 'tensorflow.keras.losses.mean_squared_error'",
    "string that stands for itself": f"x = '{NEST}.flatten'",
    "path of nothing": "x = 'tensorflow.python.my_own'",
}


@pytest.mark.parametrize("case", FINDS)
def test_finds(case: str) -> None:
    code, expected = FINDS[case]
    assert pairs(code) == expected


def test_strings_that_stand_for_themselves() -> None:
    code = f"x = '{NEST}.flatten', 'tensorflow.python.my_own', 'tensorflow.keras.losses'"
    (finding,) = check(code, select=("TFC4",))
    assert (finding.code, finding.name, finding.fix) == ("TFC402", f"{NEST}.flatten", None)


@pytest.mark.parametrize("case", FINDS_NOT)
def test_finds_not(case: str) -> None:
    assert pairs(FINDS_NOT[case]) == []


def test_finding() -> None:
    code = "'ä'; from tensorflow.python.util import nest\nx = nest.flatten(\n  y)\n"
    finding = check(code)[1]
    assert finding.name == f"{NEST}.flatten"
    assert (finding.line, finding.column, finding.end_line, finding.end_column) == (2, 5, 2, 17)
    assert finding.use == "tf.nest.flatten"
    assert finding.fix == "safe"
    assert finding.works.startswith("2.5")
    assert finding.source == "x = nest.flatten("
    assert "use tf.nest.flatten" in finding.message
    assert check(code)[0].column == 41  # characters, not bytes


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_newlines(newline) -> None:
    code = newline.join(["x = 1", "", f"import {NEST} as n", "n.flatten(x)"])
    found = check(code)
    assert [(f.line, f.column, f.source) for f in found] == [
        (3, 8, f"import {NEST} as n"),
        (4, 1, "n.flatten(x)"),
    ]


def test_releases() -> None:
    code = "import tensorflow as tf\ntf.config.experimental.enable_op_determinism()"
    (finding,) = check(code)
    assert finding.works.startswith("2.8")
    assert check(code, tensorflow=">=2.8") == []
    assert [finding.name for finding in check(code, tensorflow=">=2.7")] == [finding.name]


def test_guards() -> None:
    code = f"try:\n    import {NEST} as n\nexcept ImportError:\n    n = None"
    (finding,) = check(code)
    assert finding.guard == "import"
    assert "guarded" in finding.message
    assert check(code, guarded=False) == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"select": ("TFC101",)}, ["TFC101"]),
        ({"select": ("TFC1",)}, ["TFC106", "TFC101"]),
        ({"ignore": ("TFC106",)}, ["TFC101"]),
        ({"select": ("TFC1",), "ignore": ("TFC10",)}, []),
        ({"per_file_ignores": {"*.py": ("TFC1",)}}, []),
        ({"per_file_ignores": {"tests/**": ("TFC1",)}}, ["TFC106", "TFC101"]),
    ],
)
def test_selection(settings, expected) -> None:
    code = "from tensorflow.python.util import nest\nnest.flatten(x)"
    assert [finding.code for finding in check(code, **settings)] == expected


COMMENTS = {
    "silences": (f"import {NEST} as n  # tfcompat: ignore[TFC106]", []),
    "silences all": (f"import {NEST} as n  # tfcompat: ignore", []),
    "silences beside another comment": (
        f"import {NEST} as n  # noqa: E501  # tfcompat: ignore[TFC106]",
        [],
    ),
    "at the end of an import": (
        "from tensorflow.python.util import (\n    nest\n)  # tfcompat: ignore[TFC106]",
        [],
    ),
    "another code": (
        f"import {NEST} as n  # tfcompat: ignore[TFC101]",
        ["TFC106", "TFC902"],
    ),
    "one of two": (f"import {NEST} as n  # tfcompat: ignore[TFC106, TFC101]", ["TFC902"]),
    "unknown code": (
        f"import {NEST} as n  # tfcompat: ignore[TFC106, TFC999]",
        ["TFC901"],
    ),
    "nothing to ignore": ("x = 1  # tfcompat: ignore", ["TFC902"]),
    "another line": (
        f"# tfcompat: ignore[TFC106]\nimport {NEST} as n",
        ["TFC902", "TFC106"],
    ),
    "in a string": (f"x = '# tfcompat: ignore'; import {NEST} as n", ["TFC106"]),
}


@pytest.mark.parametrize("case", COMMENTS)
def test_comments(case: str) -> None:
    code, expected = COMMENTS[case]
    assert [finding.code for finding in check(code)] == expected


def test_comment_on_a_code_that_is_not_selected_is_no_news() -> None:
    code = f"import {NEST} as n  # tfcompat: ignore[TFC106]"
    assert check(code, ignore=("TFC106",)) == []


def test_silenced_are_counted() -> None:
    code = f"import {NEST} as n  # tfcompat: ignore"
    assert check_file("file.py", code.encode(), Settings()).silenced == 1


@pytest.mark.parametrize("data", [b"def f(:", b"'\xe4'", b"# coding: nonsense\nx", b"x = '\0'"])
def test_errors(data) -> None:
    report = check_file("file.py", data, Settings())
    assert report.errors
    assert report.findings == []


def notebook(*cells: str, language: str = "python") -> str:
    return json.dumps(
        {
            "cells": [{"cell_type": "markdown", "source": ["from tensorflow.python import x"]}]
            + [{"cell_type": "code", "source": cell} for cell in cells],
            "metadata": {"kernelspec": {"language": language}},
            "nbformat": 4,
        }
    )


def test_notebook() -> None:
    text = notebook(
        "%matplotlib inline\n!pip install \\\n    tensorflow\n"
        "from tensorflow.python.util import nest",
        ["if x:\n", "    !ls\n", "    await nest.flatten(\n", "        y)"],
    )
    found = check(text, "a.ipynb")
    assert [(f.cell, f.line, f.column, f.name) for f in found] == [
        (1, 4, 36, NEST),
        (2, 3, 11, f"{NEST}.flatten"),
    ]
    assert found[1].source == "    await nest.flatten("


@pytest.mark.parametrize(
    "cell",
    [
        "%%bash\nfrom tensorflow.python.util import nest",
        "@manual{a, title={b}}",
        "x??",
        "%%html\n<",
    ],
)
def test_cell_that_is_no_python(cell) -> None:
    found = check(notebook(cell, f"import {NEST}"), "a.ipynb")
    assert [(f.cell, f.line) for f in found] == [(2, 1)]


def test_cell_that_does_not_parse() -> None:
    text = notebook("import tensorflow as tf\ntf.(", f"import {NEST}")
    report = check_file("a.ipynb", text.encode(), Settings())
    assert report.errors == [error for error in report.errors if error.startswith("cell 1, line 2")]
    assert len(report.errors) == 1
    assert [finding.cell for finding in report.findings] == [2]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cells": [{}]}', "import keras"])
def test_no_notebook(text) -> None:
    assert check_file("a.ipynb", text.encode(), Settings()).errors


def test_notebook_of_another_language() -> None:
    assert check(notebook(f"import {NEST}", language="julia"), "a.ipynb") == []


def test_where_a_name_works_is_said_where_it_is_known() -> None:
    """The package tensorflow_estimator of 2.5 to 2.15 is in no table."""
    keys = "tensorflow_estimator.python.estimator.canned.prediction_keys"
    cells = "tensorflow.python.ops.rnn_cell_impl"
    known, dead = check(f"from {keys} import PredictionKeys\nfrom {cells} import _linear")
    assert (known.code, known.works) == ("TFC103", "")
    assert "works in" not in known.message
    assert (dead.code, dead.works) == ("TFC107", "no release")


BACKEND = "import keras\nkeras.config.backend()\n"


@pytest.mark.parametrize(
    ("code", "fix"),
    [
        (BACKEND, "unsafe"),
        (BACKEND + "import tensorflow as tf", "safe"),
        (BACKEND + "def f():\n  from tensorflow import nn", "safe"),
        ("from keras.utils.data_utils import get_file", "safe"),
        ("from keras import applications, ops\nops.qr\napplications.Xception", "unsafe"),
        ("from keras import applications\napplications.Xception", "safe"),
    ],
)
def test_code_for_any_backend_of_keras_3_imports_no_tensorflow(code: str, fix: str) -> None:
    fixes = [finding for finding in check(code) if finding.use]
    assert [finding.fix for finding in fixes] == [fix]
    assert ("imports TensorFlow" in fixes[0].reason) == (fix == "unsafe")


def test_a_value_is_no_safe_fix_where_a_call_is_one() -> None:
    """`tf.raw_ops.Empty` takes keywords alone, which `--fix` cannot write into other code."""
    code = "from tensorflow.python.ops import inplace_ops\nf = {}\nf([2], t)"
    _, called = check(code.format("inplace_ops.empty([2], t)"))
    _, value = check(code.format("inplace_ops.empty"))
    assert (called.fix, called.reason) == ("safe", "")
    assert (value.fix, value.use) == ("unsafe", "tf.raw_ops.Empty")
    assert "not called here" in value.reason
