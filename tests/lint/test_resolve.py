"""What names mean: pairs of what is found and what is not."""

from __future__ import annotations

import ast
import sys

import pytest

from tfcompat.lint import resolve

OPS = "tensorflow.python.framework.ops"


def uses(code: str, **options: object) -> list[resolve.Use]:
    source = resolve.parse("file.py", code, **options)
    assert not source.errors, source.errors
    return source.uses


def names(code: str, **options: object) -> list[str]:
    """Return what is used, apart from the imports."""
    return [use.name for use in uses(code, **options) if use.form not in ("import", "from", "star")]


FOUND = {
    "from import": ("from tensorflow.python.framework import ops\nops.x", [f"{OPS}.x"]),
    "alias": ("from tensorflow.python.framework import ops as o\no.x.y()", [f"{OPS}.x.y"]),
    "object": (f"from {OPS} import name_scope as n\nn('a')", [f"{OPS}.name_scope"]),
    "import as": (f"import {OPS} as o\no.x", [f"{OPS}.x"]),
    "import": (f"import {OPS}\n{OPS}.x", [f"{OPS}.x"]),
    "any name for tf": ("import tensorflow as banana\nbanana.nn.relu", ["tensorflow.nn.relu"]),
    "compat": ("import tensorflow.compat.v1 as tf\ntf.foo", ["tensorflow.compat.v1.foo"]),
    "module alias": (
        "import tensorflow as tf\nkeras = tf.keras\nK = keras.backend\nK.foo()",
        ["tensorflow.keras", "tensorflow.keras.backend", "tensorflow.keras.backend.foo"],
    ),
    "annotated alias": (
        "import tensorflow as tf\nK: object = tf.keras\nK.foo",
        ["tensorflow.keras", "tensorflow.keras.foo"],
    ),
    "tuple of aliases": (
        "import tensorflow as tf\nK, L = tf.keras.backend, tf.keras.layers\nL.foo",
        ["tensorflow.keras.backend", "tensorflow.keras.layers", "tensorflow.keras.layers.foo"],
    ),
    "module by string": (
        f"import importlib\no = importlib.import_module('{OPS}')\no.x",
        [OPS, f"{OPS}.x"],
    ),
    "rebound": (
        "import tensorflow as tf\ntf.a\ntf = tf.compat.v1\ntf.b",
        ["tensorflow.a", "tensorflow.compat.v1", "tensorflow.compat.v1.b"],
    ),
    "function sees the last binding": (
        "import tensorflow as tf\ndef f():\n    return tf.b\ntf = tf.compat.v1",
        ["tensorflow.compat.v1.b", "tensorflow.compat.v1"],
    ),
    "function before the import": (
        "def f():\n    return tf.a\nimport tensorflow as tf",
        ["tensorflow.a"],
    ),
    "lazy import": ("def f():\n    import tensorflow as tf\n    return tf.a", ["tensorflow.a"]),
    "global import": (
        "tf = None\ndef load():\n    global tf\n    import tensorflow as tf\n"
        "def f():\n    return tf.a",
        ["tensorflow.a"],
    ),
    "closure": (
        "def f():\n    import tensorflow as tf\n    def g():\n        return tf.a",
        ["tensorflow.a"],
    ),
    "class body": ("class A:\n    import keras\n    x = keras.a", ["keras.a"]),
    "class body does not reach methods": (
        "import keras\nclass A:\n    keras = 1\n    def f(self):\n        return keras.a",
        ["keras.a"],
    ),
    "decorator, base and default": (
        "import keras\n@keras.a\nclass A(keras.b):\n    def f(self, x=keras.c): pass",
        ["keras.a", "keras.b", "keras.c"],
    ),
    "default of a parameter of the same name": (
        "import keras\ndef f(keras=keras.a):\n    return keras.b",
        ["keras.a"],
    ),
    "lambda": ("import keras\nf = lambda x: keras.a(x)", ["keras.a"]),
    "comprehension": ("import keras\n[keras.a for x in y if keras.b]", ["keras.a", "keras.b"]),
    "iterable of a comprehension": ("import keras\n[keras for keras in keras.a]", ["keras.a"]),
    "walrus": ("import keras\nif (x := keras.a): pass", ["keras.a"]),
    "store": ("import keras\nkeras.a = 1\ndel keras.b", ["keras.a", "keras.b"]),
    "augmented": ("import keras\nx += keras.a", ["keras.a"]),
    "long sum": ("import keras\nx = " + " + ".join(["keras.a"] * 900), ["keras.a"] * 900),
    "long elif": (
        "import keras\nif x: pass\n" + "elif keras.a: pass\n" * 80,
        ["keras.a"] * 80,
    ),
    "several lines": ("import keras\nx = (keras\n  .a  # why\n  .b)", ["keras.a.b"]),
    "string annotation": (
        "import keras\ndef f(x: 'keras.A') -> 'list[keras.B]': pass",
        ["keras.A", "keras.B"],
    ),
    "string in a subscript": (
        "import keras\nfrom typing import Optional\nx: Optional['keras.A'] = None",
        ["keras.A"],
    ),
    "cast": ("import keras, typing\ntyping.cast('keras.A', x)", ["keras.A"]),
    "f-string": ("import keras\nf'{keras.a:>{keras.b}}'", ["keras.a", "keras.b"]),
    "type checking": (
        f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from {OPS} import Tensor\n"
        "def f(x: 'Tensor'): pass",
        [f"{OPS}.Tensor"],
    ),
    "getattr": ("import keras\ngetattr(keras.a, 'b')", ["keras.a", "keras.a.b"]),
    "monkeypatch by object": (
        "import keras\nmonkeypatch.setattr(keras.a, 'b', 1)",
        ["keras.a", "keras.a.b"],
    ),
    "patch.object": ("import keras\nmock.patch.object(keras, 'b')", ["keras", "keras.b"]),
    "import by string": (f"import importlib\nimportlib.import_module('{OPS}')", [OPS]),
    "import function": (f"__import__('{OPS}')", [OPS]),
    "patch": (f"@mock.patch('{OPS}.x')\ndef f(): pass", [f"{OPS}.x"]),
    "monkeypatch": (f"monkeypatch.setattr('{OPS}.x', 1)", [f"{OPS}.x"]),
    "lazy loader": (f"ops = LazyLoader('ops', globals(), '{OPS}')\nops.x", [OPS, f"{OPS}.x"]),
    "string that stands for itself": (f"x = ['{OPS}']", [OPS]),
    "star": (
        "from tensorflow.python.ops.math_ops import *\nadd(1)",
        ["tensorflow.python.ops.math_ops.add"],
    ),
    "fallback": (
        "try:\n    import keras as k\nexcept ImportError:\n    k = None\nk.a",
        ["keras.a"],
    ),
    "else of a try": (
        "try:\n    import keras as k\nexcept ImportError:\n    pass\nelse:\n    k.a",
        ["keras.a"],
    ),
    "with": (
        "import keras\nwith keras.a as x, keras.b:\n    keras.c",
        ["keras.a", "keras.b", "keras.c"],
    ),
}

NOT_FOUND = {
    "nothing of the name": "tf.nn.relu\nops.x",
    "another package": "import numpy as tf\ntf.a",
    "another ops": "from mine import ops\nops.x",
    "relative import": "from .tensorflow import ops\nops.x",
    "similar package": "import tensorflow_probability as tfp\ntfp.a",
    "parameter": "from tensorflow.python.framework import ops\ndef f(ops):\n    return ops.x",
    "lambda parameter": "import keras\nf = lambda keras: keras.a",
    "star parameter": "import keras\ndef f(*keras): return keras.a",
    "loop variable": "import keras\nfor keras in x:\n    keras.a",
    "comprehension variable": "import keras\n[keras.a for keras in x]",
    "with variable": "import keras\nwith x as keras:\n    keras.a",
    "exception": "import keras\ntry: pass\nexcept E as keras:\n    keras.a",
    "local variable": "import keras\ndef f():\n    keras = g()\n    return keras.a",
    "rebound to another": "import keras\nkeras = g()\nkeras.a",
    "function of the name": "import keras\ndef keras(): pass\nkeras.a",
    "class of the name": "import keras\nclass keras: pass\nkeras.a",
    "attribute of the name": "import keras\nself.keras.a\nx.tf.b",
    "keyword of the name": "import keras\nf(keras=1)",
    "local import does not leave": "def f():\n    import keras\ndef g():\n    return keras.a",
    "class body does not reach methods": (
        "class A:\n    import keras\n    def f(self):\n        return keras.a"
    ),
    "comment": "import keras\n# keras.a",
    "docstring": "import keras\n'''Use keras.a, or tensorflow.python.x.'''",
    "literal": "import keras\nfrom typing import Literal\nx: Literal['keras.a']",
    "annotation that is none": "import keras\ndef f(x: 'the keras.a'): pass",
    "string with more": "x = 'see tensorflow.python.ops'",
    "bound beside a star": "from tensorflow.python.ops.math_ops import *\ndef add(): pass\nadd()",
    "built-in beside a star": "from tensorflow.python.ops.math_ops import *\nlen(())",
}


@pytest.mark.parametrize("case", FOUND)
def test_finds(case: str) -> None:
    code, expected = FOUND[case]
    assert sorted(names(code)) == sorted(expected)


@pytest.mark.parametrize("case", NOT_FOUND)
def test_finds_not(case: str) -> None:
    assert names(NOT_FOUND[case]) == []


@pytest.mark.skipif(sys.version_info < (3, 10), reason="match is of Python 3.10")
def test_match() -> None:
    code = "import keras\nmatch x:\n    case keras.A(y): keras.b\n    case keras: keras.c"
    assert sorted(names(code)) == ["keras.A", "keras.b"]


def text_of(code: str, use: resolve.Use) -> str:
    lines = code.encode().split(b"\n")[use.line - 1 : use.end_line]
    lines[-1] = lines[-1][: use.end_column]
    lines[0] = lines[0][use.column :]
    return b"\n".join(lines).decode()


@pytest.mark.parametrize(
    ("code", "form", "expected"),
    [
        ("import os, tensorflow.python.x  as  z", "import", "tensorflow.python.x  as  z"),
        (f"from {OPS} import (\n    a,  # b, c\n    b as c,\n)", "from", ["a", "b as c"]),
        (f"from {OPS} import a, a as b", "from", ["a", "a as b"]),
        ("from tensorflow.python.x import *", "star", "*"),
        ("import keras\n'äöü', keras.a.b(1)", "attribute", "keras.a.b"),
        ("import keras\nx = (keras\n  .a)", "attribute", "keras\n  .a"),
        ("import keras\n'ä'; keras", "name", "keras"),
        ("import keras\nx: 'keras.A' = 1", "annotation", "keras.A"),
        ("import keras\nx: r'''list[keras.A]''' = 1", "annotation", "keras.A"),
        ("import keras\nmock.patch('keras.a')", "string", "'keras.a'"),
        ("import keras\ngetattr(keras, 'a')", "string", "'a'"),
    ],
)
def test_positions(code, form, expected) -> None:
    found = [text_of(code, use) for use in uses(code) if use.form == form]
    assert found == ([expected] if isinstance(expected, str) else expected)


def test_position_in_an_annotation_with_escapes_is_not_exact() -> None:
    (use,) = [use for use in uses("import keras\nx: 'keras.\\x41' = 1") if use.form == "annotation"]
    assert (use.name, use.is_exact) == ("keras.A", False)


def test_position_in_an_fstring() -> None:
    code = "import keras\nx = f'{keras.a}'"
    (use,) = [use for use in uses(code) if use.form == "attribute"]
    assert use.is_exact == (sys.version_info >= (3, 12))
    assert text_of(code, use) == ("keras.a" if use.is_exact else "f'{keras.a}'")


def test_call() -> None:
    found = uses("import keras\nkeras.a(keras.b, keras.c(1)(2)).d")
    calls = {use.name: use.call is not None for use in found if use.form == "attribute"}
    assert calls == {"keras.a": True, "keras.b": False, "keras.c": True}


def test_binding() -> None:
    code = (
        "import tensorflow as tf\nK = tf.keras\n"
        "def f():\n    from keras import a\n    return K.b, a"
    )
    source = resolve.parse("file.py", code)
    by_name = {use.name: use for use in source.uses}
    binding = by_name["tensorflow.keras.b"].binding
    assert (binding.local, binding.target, binding.alias) == ("K", "tensorflow.keras", None)
    assert isinstance(binding.statement, ast.Assign)
    binding = by_name["keras.a"].binding
    assert (binding.target, binding.scope.name) == ("keras.a", "f")
    assert {(b.local, b.target) for b in source.bindings} == {
        ("tf", "tensorflow"),
        ("K", "tensorflow.keras"),
        ("a", "keras.a"),
    }


def test_several_bindings() -> None:
    code = "if x:\n    from keras import a as m\nelse:\n    from keras import b as m\nm.c"
    (use,) = [use for use in uses(code) if use.form == "attribute"]
    assert use.name == "keras.b.c"
    assert [other.target for other in use.others] == ["keras.a"]


def test_branch_sees_its_own_binding() -> None:
    code = (
        "if x:\n    from keras import a as m\n    m.c\n    def f():\n        return m.d\n"
        "else:\n    from keras import b as m\n    m.e"
    )
    found = [use for use in uses(code) if use.form == "attribute"]
    assert [use.name for use in found] == ["keras.a.c", "keras.a.d", "keras.b.e"]
    assert not any(use.others for use in found)


@pytest.mark.parametrize(
    ("code", "length", "form", "expected"),
    [
        ("import keras\nkeras.a.b.c(1)", 3, "attribute", "keras.a.b"),
        ("import keras\nkeras.a.b", 1, "name", "keras"),
        ("import keras\nx: 'keras.a.b'", 2, "annotation", "keras.a"),
        ("import keras\nx = (keras\n  .a\n  .b)", 2, "attribute", "keras\n  .a"),
    ],
)
def test_narrowed(code, length, form, expected) -> None:
    (use,) = [use for use in uses(code) if use.form not in ("import", "from")]
    narrowed = use.narrowed(length)
    assert (narrowed.form, text_of(code, narrowed)) == (form, expected)
    assert narrowed.name == ".".join(use.name.split(".")[:length])
    assert narrowed.call is None


def test_narrowed_not_into_an_import() -> None:
    (use,) = [use for use in uses(f"from {OPS} import a\na.b") if use.form == "attribute"]
    assert use.narrowed(5).name == f"{OPS}.a"
    assert use.narrowed(4) is None


def test_methods() -> None:
    code = (
        "class A:\n    def f(self):\n        self._track(1)\n        x = self.a._track\n"
        "    def _track(self): pass"
    )
    found = uses(code, methods=["_track"])
    assert [(use.form, use.name, use.line, use.call is not None) for use in found] == [
        ("method", "_track", 3, True),
        ("method", "_track", 4, False),
    ]


@pytest.mark.parametrize("code", ["def f(:", "print 'x'", "x = '\0'", "(" * 300])
def test_what_does_not_parse(code) -> None:
    source = resolve.parse("file.py", code)
    assert source.tree is None
    assert source.errors
    assert source.uses == []


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"x = '\xc3\xa4'\r\n", "x = 'ä'\r\n", "utf-8"),
        (b"\xef\xbb\xbfx", "x", "utf-8-sig"),
        (b"# -*- coding: latin-1 -*-\n'\xe4'", "# -*- coding: latin-1 -*-\n'ä'", "iso-8859-1"),
    ],
)
def test_decode(data, text, encoding) -> None:
    assert resolve.decode(data) == (text, encoding)


def test_decode_errors() -> None:
    with pytest.raises(UnicodeDecodeError):
        resolve.decode(b"'\xe4'")
    with pytest.raises(SyntaxError):
        resolve.decode(b"# coding: nonsense\n")
