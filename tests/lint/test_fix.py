"""Rewriting, told by pairs of sources. The rules here are hand-made."""

from __future__ import annotations

import sys
import textwrap
from typing import NamedTuple

import pytest

from tfcompat.lint import edits, resolve
from tfcompat.lint import fix as fixer
from tfcompat.lint.plan import Options
from tfcompat.rules.advice._kinds import Call

OPS = "tensorflow.python.framework.ops"
METHODS = ("_track_trackable", "_no_dependency")


class Rule(NamedTuple):
    name: str
    target: str | None = None
    safe: bool = True
    reason: str = ""
    call: Call | None = None
    template: str | None = None
    code: str = "TFC101"
    available: int = 3


_RULES = [
    Rule(OPS, None, False, "a private module"),
    Rule(f"{OPS}.Tensor", "tensorflow.Tensor"),
    Rule(f"{OPS}.EagerTensor", "tfcompat.replacements.EagerTensor"),
    Rule(f"{OPS}.Graph", "tensorflow.Graph"),
    Rule(f"{OPS}.RegisterGradient", "tensorflow.RegisterGradient"),
    Rule(f"{OPS}.uid", None, False, "there is no such counter"),
    Rule(f"{OPS}.reset_default_graph", "tensorflow.compat.v1.reset_default_graph"),
    Rule(f"{OPS}.colocate_with", "tensorflow.compat.v1.colocate_with", False, "it may differ"),
    Rule(
        f"{OPS}.convert_to_tensor",
        "tensorflow.convert_to_tensor",
        call=Call(
            parameters=("value", "dtype", "name", "as_ref", "preferred_dtype", "ctx"),
            rename={"preferred_dtype": "dtype_hint"},
            drop=("as_ref",),
            refuse=("ctx",),
        ),
    ),
    Rule("tensorflow.python.ops.array_ops", None, False, "a private module"),
    Rule("tensorflow.python.ops.array_ops.reshape", "tensorflow.reshape"),
    Rule("tensorflow.python.ops.array_ops.where", "tensorflow.compat.v1.where"),
    Rule(
        "tensorflow.python.ops.gen_array_ops.reverse_v2",
        "tensorflow.raw_ops.ReverseV2",
        call=Call(parameters=("tensor", "axis", "name"), keywords_only=True),
    ),
    Rule("tensorflow.python.ops.gen_array_ops", None, False, "a private module"),
    Rule("tensorflow.python.lib.io.file_io", None, False, "a private module"),
    Rule(
        "tensorflow.python.lib.io.file_io.read_file_to_string",
        "tensorflow.io.gfile.GFile",
        call=Call(parameters=("filename", "binary_mode"), refuse=("binary_mode",)),
        template="tf.io.gfile.GFile({filename}, 'r').read()",
    ),
    Rule("tensorflow.python.util.nest", None, False, "a private module"),
    Rule(
        "tensorflow.python.util.nest.map_structure_up_to",
        "tfcompat.replacements.map_structure_up_to",
        call=Call(refuse=("expand_composites",), variadic=True),
    ),
    Rule("tensorflow.python.platform.test", None, False, "a private module"),
    Rule("tensorflow.python.platform.test.main", "tensorflow.test.main"),
    Rule("tensorflow.python.keras.layers", "tensorflow.keras.layers", False, "another copy"),
    Rule("tensorflow.python.keras.layers.Dense", "tensorflow.keras.layers.Dense", False, "copy"),
    Rule("tensorflow.python.framework.smart_cond", None, False, "a private module"),
    Rule("tensorflow.python.framework.smart_cond.smart_cond", "tfcompat.replacements.smart_cond"),
    Rule("tensorflow.keras.backend.learning_phase", "tfcompat.replacements.learning_phase"),
    Rule("tensorflow.python.trackable.data_structures", None, False, "a private module"),
    Rule("tensorflow.python.trackable.data_structures.NoDependency", "tfcompat.untrack"),
    Rule(
        "tensorflow.python.trackable.base.no_automatic_dependency_tracking",
        "tfcompat.untracked_attributes",
    ),
    Rule("tensorflow.python.trackable.base", None, False, "a private module"),
    Rule("_track_trackable", "tfcompat.track"),
    Rule("_no_dependency", "tfcompat.untrack", False, "it may differ"),
    Rule("keras.src.backend", None, False, "a private module"),
    Rule("keras.src.backend.KerasTensor", "keras.KerasTensor"),
]
_RULES += [
    Rule("keras.engine.Tensor", "tensorflow.Tensor", available=1),
    Rule("keras.src.engine.Tensor", "tensorflow.Tensor", available=2),
    Rule("keras.src.engine.Graph", "tensorflow.compat.v1.Graph", available=2),
    Rule("keras.engine.Never", None, False, "it never was", available=0),
    Rule("tensorflow.estimator", None, False, "gone", available=1),
    Rule("tensorflow.estimator.Estimator", None, False, "gone", available=1),
    Rule("tensorflow.estimator.ModeKeys", "tensorflow.compat.v1.ModeKeys"),
]
RULES = {rule.name: rule for rule in _RULES}


def findings(source):
    for use in source.uses:
        for length in range(len(use.name.split(".")), 0, -1):
            narrowed = use.narrowed(length)
            if narrowed is not None and narrowed.name in RULES:
                yield narrowed, RULES[narrowed.name]
                break
        else:
            if ".python." in use.name or ".src." in use.name:
                yield use, Rule(use.name, None, False, "not known")


def look_up(name):
    if name in RULES:
        return name.count(".") + 1, RULES[name]
    return None


def fix(before, path="module.py", **options):
    source = resolve.parse(path, before, known=RULES.__contains__, methods=METHODS)
    assert not source.errors
    if "wanted_elsewhere" in options:
        options["wanted_elsewhere"] = frozenset(options["wanted_elsewhere"])
    fixes = fixer.fixes(
        source, findings(source), look_up=look_up, supported=3, options=Options(**options)
    )
    text = edits.apply(fixes.text, fixes.edits)
    compile(text, path, "exec")
    return text, fixes.outcomes


def check_transformed(before, after, **options):
    before, after = textwrap.dedent(before), textwrap.dedent(after)
    text, _ = fix(before, **options)
    assert text == after
    again, outcomes = fix(after, **options)
    assert again == after
    assert not any(outcome.is_fixed for outcome in outcomes)


def check_noop(before, reason=None, **options):
    before = textwrap.dedent(before)
    text, outcomes = fix(before, **options)
    assert text == before
    assert not any(outcome.is_fixed for outcome in outcomes)
    if reason is not None:
        assert any(reason in outcome.reason for outcome in outcomes), outcomes


TRANSFORMED = {
    "module import": (
        """\
        import tensorflow as tf
        from tensorflow.python.framework import ops

        x = ops.Tensor  # stays
        """,
        """\
        import tensorflow as tf

        x = tf.Tensor  # stays
        """,
    ),
    "import added in place": (
        """\
        '''Docstring.'''
        from __future__ import annotations

        import numpy as np
        from tensorflow.python.framework import ops  # pylint: disable=g-direct-tensorflow-import

        x = [ops.Tensor, ops.Tensor.shape]
        """,
        """\
        '''Docstring.'''
        from __future__ import annotations

        import numpy as np
        import tensorflow as tf

        x = [tf.Tensor, tf.Tensor.shape]
        """,
    ),
    "replacement": (
        """\
        import tensorflow as tf
        from tensorflow.python.framework.smart_cond import smart_cond

        y = smart_cond(tf.constant(True), f, g)
        """,
        """\
        import tensorflow as tf
        import tfcompat

        y = tfcompat.replacements.smart_cond(tf.constant(True), f, g)
        """,
    ),
    "tfcompat below tensorflow": (
        """\
        import tensorflow as tf

        from tensorflow.python.framework import ops
        from . import x

        y = ops.EagerTensor
        """,
        """\
        import tensorflow as tf
        import tfcompat

        from . import x

        y = tfcompat.replacements.EagerTensor
        """,
    ),
    "existing alias of tfcompat": (
        """\
        import tfcompat as tfc
        from tensorflow.python.framework import smart_cond as sc

        y = sc.smart_cond(a, b)
        """,
        """\
        import tfcompat as tfc

        y = tfc.replacements.smart_cond(a, b)
        """,
    ),
    "alias of the file": (
        """\
        import tensorflow as tensor_flow
        from tensorflow.python.framework import ops as o

        def f(x: o.Tensor = o.Graph()) -> "o.Tensor":
            return isinstance(x, o.Tensor)
        """,
        """\
        import tensorflow as tensor_flow

        def f(x: tensor_flow.Tensor = tensor_flow.Graph()) -> "tensor_flow.Tensor":
            return isinstance(x, tensor_flow.Tensor)
        """,
    ),
    "plain import": (
        """\
        import tensorflow
        from tensorflow.python.framework import ops
        y = ops.Tensor
        """,
        """\
        import tensorflow
        y = tensorflow.Tensor
        """,
    ),
    "dotted import": (
        """\
        import tensorflow.python.framework.ops

        y = tensorflow.python.framework.ops.Tensor
        """,
        """\
        import tensorflow

        y = tensorflow.Tensor
        """,
    ),
    "dotted import beside others": (
        """\
        import os, tensorflow.python.framework.ops
        import tensorflow as tf

        y = tensorflow.python.framework.ops.Tensor, tensorflow.keras
        """,
        """\
        import os
        import tensorflow as tf
        import tensorflow

        y = tf.Tensor, tensorflow.keras
        """,
    ),
    "dotted import under a name": (
        """\
        import tensorflow.python.framework.ops as o
        y = o.Tensor
        """,
        """\
        import tensorflow as tf
        y = tf.Tensor
        """,
    ),
    "private attribute chain": (
        """\
        import tensorflow as tf
        y = tf.python.framework.ops.Tensor
        """,
        """\
        import tensorflow as tf
        y = tf.Tensor
        """,
    ),
    "several names": (
        """\
        import tensorflow as tf
        from tensorflow.python.framework.ops import (
            Graph,  # a graph
            Tensor,  # a tensor
            uid,
        )

        y = Graph, Tensor, uid
        """,
        """\
        import tensorflow as tf
        from tensorflow.python.framework.ops import (
            uid,
        )

        y = tf.Graph, tf.Tensor, uid
        """,
    ),
    "several names on a line": (
        """\
        import tensorflow as tf
        from tensorflow.python.framework.ops import Graph as G, uid, Tensor
        y = G, Tensor, uid
        """,
        """\
        import tensorflow as tf
        from tensorflow.python.framework.ops import uid
        y = tf.Graph, tf.Tensor, uid
        """,
    ),
    "continued line": (
        """\
        import tensorflow as tf
        from tensorflow.python.framework.ops import Graph, \\
            uid, \\
            Tensor
        y = Graph, Tensor, uid
        """,
        """\
        import tensorflow as tf
        from tensorflow.python.framework.ops import uid
        y = tf.Graph, tf.Tensor, uid
        """,
    ),
    "semicolons": (
        """\
        import os; from tensorflow.python.framework import ops; import sys
        y = ops.Tensor; z = ops.Graph
        """,
        """\
        import os; import tensorflow as tf; import sys
        y = tf.Tensor; z = tf.Graph
        """,
    ),
    "in a function": (
        """\
        def f():
            '''Import late.'''
            from tensorflow.python.framework import ops

            return ops.Tensor
        """,
        """\
        def f():
            '''Import late.'''
            import tensorflow as tf

            return tf.Tensor
        """,
    ),
    "in a function, of a file that has it": (
        """\
        import tensorflow as tf


        def f():
            from tensorflow.python.framework import ops

            return ops.Tensor


        def g():
            from tensorflow.python.framework import ops
            return lambda: ops.Tensor
        """,
        """\
        import tensorflow as tf


        def f():
            return tf.Tensor


        def g():
            return lambda: tf.Tensor
        """,
    ),
    "a body that becomes empty": (
        """\
        import tensorflow as tf
        if enabled:
            from tensorflow.python.framework import ops
        if enabled: from tensorflow.python.ops import array_ops

        y = ops.Tensor, array_ops.reshape
        """,
        """\
        import tensorflow as tf
        if enabled:
            pass
        if enabled: pass

        y = tf.Tensor, tf.reshape
        """,
    ),
    "in a block": (
        """\
        if enabled:
            from tensorflow.python.framework import ops
            from tensorflow.python.ops import array_ops

            y = ops.Tensor, array_ops.reshape
        """,
        """\
        if enabled:
            import tensorflow as tf

            y = tf.Tensor, tf.reshape
        """,
    ),
    "type checking": (
        """\
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from tensorflow.python.framework import ops

        def f(x: "ops.Tensor | None") -> None: ...
        """,
        """\
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            import tensorflow as tf

        def f(x: "tf.Tensor | None") -> None: ...
        """,
    ),
    "whether TensorFlow is there": (
        """\
        try:
            import tensorflow as tf
            from tensorflow.python.framework import ops
        except ImportError:
            tf = None

        def f():
            return ops.Tensor
        """,
        """\
        try:
            import tensorflow as tf
        except ImportError:
            tf = None

        def f():
            return tf.Tensor
        """,
    ),
    "shadowed": (
        """\
        import tensorflow as tf
        from tensorflow.python.framework import ops


        def f(tf):
            return tf + ops.Tensor


        def g():
            return ops.Tensor
        """,
        """\
        import tensorflow as tf
        import tensorflow


        def f(tf):
            return tf + tensorflow.Tensor


        def g():
            return tf.Tensor
        """,
    ),
    "tf is another module": (
        """\
        import tensorflow.compat.v1 as tf
        from tensorflow.python.framework import ops

        y = ops.Tensor, ops.reset_default_graph()
        """,
        """\
        import tensorflow
        import tensorflow.compat.v1 as tf

        y = tensorflow.Tensor, tf.reset_default_graph()
        """,
    ),
    "tf is TensorFlow 2": (
        """\
        import tensorflow.compat.v2 as tf
        from tensorflow.python.framework import ops

        y = ops.Tensor
        """,
        """\
        import tensorflow.compat.v2 as tf

        y = tf.Tensor
        """,
    ),
    "keras alone": (
        """\
        from tensorflow import keras
        from tensorflow.python.keras.layers import Dense

        y = Dense(3)
        """,
        """\
        from tensorflow import keras

        y = keras.layers.Dense(3)
        """,
        True,
    ),
    "package keras": (
        """\
        from keras.src.backend import KerasTensor
        y = KerasTensor
        """,
        """\
        import keras
        y = keras.KerasTensor
        """,
    ),
    "public name that goes": (
        """\
        from tensorflow.keras import backend as K

        y = K.learning_phase(), K.epsilon()
        """,
        """\
        import tfcompat
        from tensorflow.keras import backend as K

        y = tfcompat.replacements.learning_phase(), K.epsilon()
        """,
    ),
    "public import that nothing needs any more": (
        """\
        import os, tensorflow as tf
        from tensorflow.keras import backend as K, layers

        y = K.learning_phase(), tf.python.framework.smart_cond.smart_cond(a, b), layers
        """,
        """\
        import os
        import tfcompat
        from tensorflow.keras import layers

        y = tfcompat.replacements.learning_phase(), tfcompat.replacements.smart_cond(a, b), layers
        """,
    ),
    "public import that is wanted": (
        """\
        from tensorflow.keras import backend as K

        __all__ = ["K"]
        y = K.learning_phase()
        """,
        """\
        import tfcompat
        from tensorflow.keras import backend as K

        __all__ = ["K"]
        y = tfcompat.replacements.learning_phase()
        """,
    ),
    "public import that an annotation needs": (
        """\
        from tensorflow.keras import backend as K

        def f(x: "K.Function"):
            return K.learning_phase()
        """,
        """\
        import tfcompat
        from tensorflow.keras import backend as K

        def f(x: "K.Function"):
            return tfcompat.replacements.learning_phase()
        """,
    ),
    "two names in an annotation": (
        """\
        import tensorflow as tf
        from tensorflow.python.framework import ops

        def f(x: "dict[ops.Tensor, ops.Graph]"): ...
        """,
        """\
        import tensorflow as tf

        def f(x: "dict[tf.Tensor, tf.Graph]"): ...
        """,
    ),
    "module alias": (
        """\
        import tensorflow as tf

        K = tf.keras.backend
        y = K.learning_phase()
        """,
        """\
        import tensorflow as tf
        import tfcompat

        K = tf.keras.backend
        y = tfcompat.replacements.learning_phase()
        """,
    ),
    "arguments": (
        """\
        import tensorflow as tf
        from tensorflow.python.framework import ops

        a = ops.convert_to_tensor(x)
        b = ops.convert_to_tensor(x, ops.Tensor, name="x")
        c = ops.convert_to_tensor(
            x,  # the value
            as_ref=False,
            preferred_dtype=(1),
        )
        d = ops.convert_to_tensor(x, as_ref=True)
        e = ops.convert_to_tensor(value=x, as_ref=True, name="x")
        f = ops.convert_to_tensor((x), (y), ("n"), False, (z))
        g = ops.convert_to_tensor(
            x,  # the value
            as_ref=False
        )
        """,
        """\
        import tensorflow as tf

        a = tf.convert_to_tensor(x)
        b = tf.convert_to_tensor(x, dtype=tf.Tensor, name="x")
        c = tf.convert_to_tensor(
            x,  # the value
            dtype_hint=(1),
        )
        d = tf.convert_to_tensor(x)
        e = tf.convert_to_tensor(value=x, name="x")
        f = tf.convert_to_tensor((x), dtype=(y), name=("n"), dtype_hint=(z))
        g = tf.convert_to_tensor(
            x,  # the value
        )
        """,
    ),
    "raw ops": (
        """\
        import tensorflow as tf
        from tensorflow.python.ops import gen_array_ops

        a = gen_array_ops.reverse_v2(lambda a, b: 1, [0])
        """,
        """\
        import tensorflow as tf

        a = tf.raw_ops.ReverseV2(tensor=lambda a, b: 1, axis=[0])
        """,
    ),
    "template": (
        """\
        from tensorflow.python.lib.io import file_io
        from tensorflow.python.framework import ops

        a = file_io.read_file_to_string(f(ops.Tensor, "b"))
        b = file_io.read_file_to_string(filename=(lambda: 1))
        """,
        """\
        import tensorflow as tf

        a = tf.io.gfile.GFile(f(tf.Tensor, "b"), 'r').read()
        b = tf.io.gfile.GFile((lambda: 1), 'r').read()
        """,
    ),
    "exported": (
        """\
        import tensorflow as tf
        from tensorflow.python.framework.ops import Tensor

        __all__ = ["Tensor"]
        """,
        """\
        import tensorflow as tf
        Tensor = tf.Tensor

        __all__ = ["Tensor"]
        """,
    ),
    "unused": (
        """\
        import tensorflow as tf
        from tensorflow.python.framework.ops import Tensor
        from tensorflow.python.framework import ops

        y = ops.Graph
        """,
        """\
        import tensorflow as tf

        y = tf.Graph
        """,
    ),
    "star": (
        """\
        import tensorflow as tf
        from tensorflow.python.framework.ops import *

        y = Tensor, len(Graph)
        """,
        """\
        import tensorflow as tf

        y = tf.Tensor, len(tf.Graph)
        """,
    ),
    "decorators and bases": (
        """\
        import tensorflow as tf
        from tensorflow.python.framework import ops
        from tensorflow.python.trackable import base

        @ops.RegisterGradient("X")
        class A(ops.Graph, metaclass=ops.Tensor):
            @base.no_automatic_dependency_tracking
            def f(self):
                try:
                    pass
                except ops.Tensor:
                    raise
        """,
        """\
        import tensorflow as tf
        import tfcompat

        @tf.RegisterGradient("X")
        class A(tf.Graph, metaclass=tf.Tensor):
            @tfcompat.untracked_attributes
            def f(self):
                try:
                    pass
                except tf.Tensor:
                    raise
        """,
    ),
    "tracking": (
        """\
        import tensorflow as tf
        from tensorflow.python.trackable.data_structures import NoDependency

        class A:
            def f(self, x):
                self.x = NoDependency(x)  # not tracked
                self._track_trackable(x, name="x")
                self.a.b.c = NoDependency(
                    [x for x in y],
                )
        """,
        """\
        import tensorflow as tf
        import tfcompat

        class A:
            def f(self, x):
                tfcompat.untrack(self, "x", x)  # not tracked
                tfcompat.track(self, "x", x)
                tfcompat.untrack(self.a.b, "c", [x for x in y])
        """,
    ),
    "only what can be": (
        """\
        import tensorflow as tf
        from tensorflow.python.framework import ops

        y = ops.Tensor, ops.uid()
        """,
        """\
        import tensorflow as tf
        from tensorflow.python.framework import ops

        y = tf.Tensor, ops.uid()
        """,
    ),
    "newlines": (
        "import tensorflow as tf\r\nfrom tensorflow.python.framework import ops\r\n\r\n"
        "y = 'é', ops.Tensor\r\n",
        "import tensorflow as tf\r\n\r\ny = 'é', tf.Tensor\r\n",
    ),
    "no newline at the end": (
        "from tensorflow.python.framework import ops; ops.Tensor",
        "import tensorflow as tf; tf.Tensor",
    ),
    "alias of a module": (
        """\
        import tensorflow as tf

        layers = tf.python.keras.layers

        y = layers.Dense(layers)
        """,
        """\
        import tensorflow as tf

        layers = tf.keras.layers

        y = layers.Dense(layers)
        """,
        True,
    ),
    "imported twice": (
        """\
        import tensorflow as tf
        from tensorflow.python.framework import ops
        from tensorflow.python.framework import ops

        y = ops.Tensor
        """,
        """\
        import tensorflow as tf

        y = tf.Tensor
        """,
    ),
    "class attribute": (
        """\
        import tensorflow as tf

        class A:
            from tensorflow.python.framework.ops import Tensor

            def f(self):
                return self.Tensor
        """,
        """\
        import tensorflow as tf

        class A:
            Tensor = tf.Tensor

            def f(self):
                return self.Tensor
        """,
    ),
    "class body and comprehension": (
        """\
        from tensorflow.python.framework import ops

        class A:
            tf = 1
            tensor = [ops.Tensor for _ in range(tf)]

            def f(self):
                return ops.Graph
        """,
        """\
        import tensorflow as tf

        class A:
            tf = 1
            tensor = [tf.Tensor for _ in range(tf)]

            def f(self):
                return tf.Graph
        """,
    ),
    "strings": (
        """\
        from unittest import mock

        @mock.patch("tensorflow.python.framework.ops.Tensor")
        def test(patch): ...
        """,
        """\
        from unittest import mock

        @mock.patch("tensorflow.Tensor")
        def test(patch): ...
        """,
        True,
    ),
}


@pytest.mark.parametrize("case", TRANSFORMED)
def test_transformed(case):
    before, after, *unsafe = TRANSFORMED[case]
    check_transformed(before, after, unsafe=bool(unsafe))


NOOP = {
    "nothing to use": (
        """\
        from tensorflow.python.framework import ops
        y = ops.uid()
        """,
        "there is no such counter",
    ),
    "unsafe": (
        """\
        from tensorflow.python.framework import ops
        y = ops.colocate_with(x)
        """,
        "--unsafe-fixes: it may differ",
    ),
    "patched": (
        """\
        from tensorflow.python.framework import ops
        ops.Tensor = mine
        ops.Graph.x[0] = mine
        del ops.Tensor.shape
        """,
        "assigned",
    ),
    "guarded": (
        """\
        try:
            from tensorflow.python.framework.ops import Tensor
        except ImportError:
            Tensor = None
        y = Tensor
        """,
        "guarded",
    ),
    "side effect": ("from tensorflow.python.framework import ops  # noqa: F401\n", "marked"),
    "unused module": ("from tensorflow.python.framework import ops\n", "effects"),
    "unused dotted module": ("import tensorflow.python.framework.ops\n", "effects"),
    "module passed on": (
        """\
        from tensorflow.python.framework import ops
        f(ops)
        """,
        "private module",
    ),
    "unpacked arguments": (
        """\
        from tensorflow.python.framework import ops
        y = ops.convert_to_tensor(*x), ops.convert_to_tensor(x, **more)
        """,
        "unpacks",
    ),
    "unpacked keywords beside any number of values": (
        """\
        from tensorflow.python.util import nest
        y = nest.map_structure_up_to(x, f, *values, **more)
        """,
        "unpacks",
    ),
    "refused argument beside any number of values": (
        """\
        from tensorflow.python.util import nest
        y = nest.map_structure_up_to(x, f, *values, expand_composites=True)
        """,
        "'expand_composites'",
    ),
    "refused argument": (
        """\
        from tensorflow.python.framework import ops
        y = ops.convert_to_tensor(x, ctx=c)
        """,
        "'ctx'",
    ),
    "argument that nobody knows": (
        """\
        from tensorflow.python.framework import ops
        y = ops.convert_to_tensor(x, attributes=c)
        """,
        "'attributes'",
    ),
    "dropped argument with effects": (
        """\
        from tensorflow.python.framework import ops
        y = ops.convert_to_tensor(x, as_ref=f())
        """,
        "evaluates",
    ),
    "too many arguments": (
        """\
        from tensorflow.python.ops import gen_array_ops
        y = gen_array_ops.reverse_v2(1, 2, 3, 4)
        """,
        "more than 3",
    ),
    "generator": (
        """\
        from tensorflow.python.ops import gen_array_ops
        y = gen_array_ops.reverse_v2(x for x in y)
        """,
        "generator",
    ),
    "template not called": (
        """\
        from tensorflow.python.lib.io import file_io
        y = map(file_io.read_file_to_string, x)
        """,
        "not called",
    ),
    "call not called": (
        """\
        from tensorflow.python.framework import ops
        y = map(ops.convert_to_tensor, x)
        """,
        "not called",
    ),
    "package": ("from tensorflow.python.framework import ops\n", "other files", "__init__.py"),
    "string without unsafe": (
        'mock.patch("tensorflow.python.framework.ops.Tensor")\n',
        "--unsafe-fixes",
    ),
    "no dependency elsewhere": (
        """\
        from tensorflow.python.trackable.data_structures import NoDependency
        self.x = [NoDependency(x)]
        """,
        "owner.name",
    ),
    "public": ("import tensorflow as tf\ny = tf.nn.relu(x)\n", None),
    "other local": ("def f(ops):\n    return ops.Tensor\n", None),
    "annotation with nothing to use": (
        """\
        from tensorflow.python.framework.ops import uid

        def f(x: "list[uid]"): ...
        """,
        "no such counter",
    ),
    "method of super": ("super()._track_trackable(x, name='x')\n", "super"),
    "method with what is refused": (
        "x._track_trackable(x, 'x', True), x._track_trackable, x._track_trackable(*x)\n",
        "'overwrite'",
    ),
    "type comment": (
        """\
        from tensorflow.python.framework import ops

        x = None  # type: ops.Tensor
        """,
        "type comment",
    ),
    "marked for the whole file": (
        """\
        # pylint: disable=unused-import
        from tensorflow.python.framework import ops
        """,
        "marked",
    ),
    "unpacked arguments of a template": (
        """\
        from tensorflow.python.lib.io import file_io
        y = file_io.read_file_to_string(*x), file_io.read_file_to_string(), \\
            file_io.read_file_to_string("x", True), file_io.read_file_to_string(x, other=1)
        """,
        "does not pass",
    ),
    "star with others": (
        """\
        from tensorflow.python.framework.ops import *
        y = something
        """,
        "'something'",
    ),
}


@pytest.mark.parametrize("case", NOOP)
def test_noop(case):
    before, reason, *path = NOOP[case]
    check_noop(before, reason, **({"path": path[0]} if path else {}))


def test_reexports_of_a_package_become_assignments():
    check_transformed(
        """\
        from tensorflow.python.framework.ops import Tensor, Graph as G
        from tensorflow.python.ops import array_ops

        from . import layers
        """,
        """\
        import tensorflow as tf
        from tensorflow.python.ops import array_ops
        Tensor = tf.Tensor
        G = tf.Graph

        from . import layers
        """,
        path="package/__init__.py",
    )


def test_an_import_that_fails_moves_to_the_functions_that_use_it():
    check_transformed(
        """\
        import tensorflow as tf
        from tensorflow import estimator as tf_estimator, function


        def is_training(mode):
            return mode == tf_estimator.ModeKeys.TRAIN


        class Builder:
            def build(self, model):
                \"\"\"Build it.\"\"\"
                def inner():
                    return tf_estimator.Estimator(model)

                return inner, tf_estimator

            def one(self): return tf_estimator.Estimator(function)
        """,
        """\
        import tensorflow as tf
        from tensorflow import function


        def is_training(mode):
            return mode == tf.compat.v1.ModeKeys.TRAIN


        class Builder:
            def build(self, model):
                \"\"\"Build it.\"\"\"
                from tensorflow import estimator as tf_estimator
                def inner():
                    return tf_estimator.Estimator(model)

                return inner, tf_estimator

            def one(self): from tensorflow import estimator as tf_estimator; \
return tf_estimator.Estimator(function)
        """,
        unsafe=True,
    )


def test_an_import_that_moves_is_explained():
    before = "from tensorflow import estimator\ndef f():\n    return estimator.Estimator()\n"
    text, outcomes = fix(before, unsafe=True)
    assert (
        text == "def f():\n    from tensorflow import estimator\n    return estimator.Estimator()\n"
    )
    assert not any(outcome.is_fixed for outcome in outcomes)
    assert [outcome.reason for outcome in outcomes] == [
        "it is imported there now, so that the module does not need it; gone",
        "gone",
    ]
    assert outcomes[0].needed_in == 3
    check_noop(before, "gone")


@pytest.mark.parametrize(
    "use",
    [
        "class A(estimator.Estimator):\n    pass\n",
        "def f(x=estimator.Estimator):\n    return estimator.Estimator(x)\n",
        "def f(x: 'estimator.Estimator'):\n    return estimator.Estimator(x)\n",
        "@estimator.Estimator\ndef f():\n    pass\n",
        "f = lambda: estimator.Estimator()\n",
        "def f():\n    return estimator.Estimator()\n__all__ = ['estimator']\n",
        "def f():\n    return estimator.Estimator()\nestimator = None\n",
        "def f():\n    global estimator\n    estimator = estimator.Estimator()\n",
    ],
)
def test_an_import_that_the_module_needs_does_not_move(use):
    check_noop(f"from tensorflow import estimator\n{use}", unsafe=True)


def test_an_import_that_others_need_does_not_move():
    before = "from tensorflow import estimator\ndef f():\n    return estimator.Estimator()\n"
    check_noop(before, unsafe=True, wanted_elsewhere=["estimator"])
    check_noop(before, unsafe=True, path="package/__init__.py")
    guarded = (
        "try:\n    from tensorflow import estimator\nexcept ImportError:\n    estimator = None\n"
    )
    check_noop(f"{guarded}def f():\n    return estimator.Estimator()\n", unsafe=True)
    works = "from keras.src import backend\ndef f():\n    return backend.KerasTensor, backend.x\n"
    assert "\nfrom keras.src import backend\ndef" in fix(works, unsafe=True)[0]


def test_names_that_other_files_import_stay():
    check_transformed(
        """\
        import tensorflow as tf
        from tensorflow.python.framework.ops import Tensor, Graph

        y = Tensor, Graph
        """,
        """\
        import tensorflow as tf
        Tensor = tf.Tensor

        y = tf.Tensor, tf.Graph
        """,
        wanted_elsewhere=["Tensor"],
    )


GUARDED = {
    "versions": (
        """\
        import tensorflow as tf

        if tf.__version__ >= "2.13":
            from keras.src.engine import Tensor
        else:
            from keras.engine import Tensor

        y = Tensor
        """,
        """\
        import tensorflow as tf

        y = tf.Tensor
        """,
    ),
    "a try that says None": (
        """\
        import tensorflow as tf

        try:
            from tensorflow.python.framework.ops import Tensor
        except ImportError:
            Tensor = None

        def f():
            return Tensor
        """,
        """\
        import tensorflow as tf

        def f():
            return tf.Tensor
        """,
    ),
    "a try that always succeeds": (
        """\
        import tensorflow as tf

        try:
            from tensorflow.python.framework.ops import Graph
        except ImportError:
            from keras.src.engine import Graph

        y = Graph
        """,
        """\
        import tensorflow as tf

        y = tf.Graph
        """,
    ),
    "a try that never succeeds": (
        """\
        import tensorflow as tf

        try:
            from keras.engine import Never as Graph
        except ImportError:
            from keras.src.engine import Graph

        y = Graph
        """,
        """\
        import tensorflow as tf

        y = tf.compat.v1.Graph
        """,
    ),
    "elif": (
        """\
        if tf_version >= "2.13":
            from keras.src.engine import Tensor
        elif tf_version >= "2.6":
            from keras.engine import Tensor
        else:
            from tensorflow.python.framework.ops import Tensor

        y = Tensor
        """,
        """\
        import tensorflow as tf

        y = tf.Tensor
        """,
    ),
    "an import that would stand in a branch": (
        """\
        import os

        try:
            if tf_version > 2:
                from keras.src.engine import Tensor
            else:
                from keras.engine import Tensor
        except ImportError:
            from tensorflow.python.framework.ops import Tensor


        class A(Tensor): ...
        """,
        """\
        import os
        import tensorflow as tf


        class A(tf.Tensor): ...
        """,
    ),
    "an import that is never reached": (
        """\
        try:
            from tensorflow import Tensor
        except ImportError:
            from keras.src.engine import Tensor

        y = Tensor
        """,
        """\
        try:
            from tensorflow import Tensor
        except ImportError:
            pass

        y = Tensor
        """,
    ),
    "handlers that are never reached": (
        """\
        import tensorflow as tf

        try:
            from tensorflow.python.framework.ops import Tensor
        except ImportError:
            class Tensor:
                pass

        y = Tensor
        """,
        """\
        import tensorflow as tf

        y = tf.Tensor
        """,
    ),
    "an elif that stays": (
        """\
        import tensorflow as tf

        if tf.__version__ >= "2.13":
            x = 1
        elif tf.__version__ >= "2.6":
            from tensorflow.python.framework.ops import Tensor

        y = Tensor
        """,
        """\
        import tensorflow as tf

        if tf.__version__ >= "2.13":
            x = 1
        elif tf.__version__ >= "2.6":
            pass

        y = tf.Tensor
        """,
    ),
    "what else is in a branch": (
        """\
        import tensorflow as tf

        if tf.__version__ >= "2.13":
            from keras.src.engine import Tensor
            new = True
        else:
            from keras.engine import Tensor

        y = Tensor
        """,
        """\
        import tensorflow as tf

        if tf.__version__ >= "2.13":
            new = True
        else:
            pass

        y = tf.Tensor
        """,
    ),
}


@pytest.mark.parametrize("case", GUARDED)
def test_guarded(case):
    before, after = GUARDED[case]
    check_noop(before, "guarded")
    check_transformed(before, after, guarded=True)


def test_an_import_in_a_function_that_is_never_reached():
    check_noop(
        """\
        try:
            from tensorflow import Tensor
        except ImportError:
            def f():
                from tensorflow.python.framework import ops
                return ops.uid

            Tensor = f()
        """,
        guarded=True,
    )


def test_keras_and_the_keras_of_tensorflow():
    before = """\
        if tf_version > "2.6":
            from keras import layers
        else:
            from tensorflow.python.keras import layers

        y = layers.Dense(3)
        """
    after = """\
        import tensorflow as tf

        y = tf.keras.layers.Dense(3)
        """
    check_noop(before, "--unsafe-fixes", guarded=True)
    check_transformed(before, after, guarded=True, unsafe=True)


def test_guarded_and_not_the_same():
    check_noop(
        """\
        import tensorflow as tf

        if tf.__version__ >= "2.13":
            from keras.src.engine import Graph
        else:
            from tensorflow.python.framework.ops import Graph

        y = Graph
        """,
        "something else",
        guarded=True,
    )


def test_an_f_string_that_cannot_hold_the_replacement():
    check_noop(
        """\
        from tensorflow.python.lib.io import file_io
        y = f"{file_io.read_file_to_string(x)}"
        """,
        "f-string",
    )


@pytest.mark.skipif(sys.version_info < (3, 12), reason="positions in f-strings")
def test_in_an_f_string():
    check_transformed(
        """\
        import tensorflow as tf
        from tensorflow.python.framework import ops
        y = f"é{ops.Tensor!r:>{ops.Graph}}"
        """,
        """\
        import tensorflow as tf
        y = f"é{tf.Tensor!r:>{tf.Graph}}"
        """,
    )


def test_no_dependency_of_a_method():
    before = """\
        class A:
            def f(self, x):
                other._y = self._no_dependency(x)
        """
    after = """\
        import tfcompat
        class A:
            def f(self, x):
                tfcompat.untrack(other, "_y", x)
        """
    check_transformed(before, after, unsafe=True)
    check_noop(before, "unsafe")
    check_noop(before.replace("other._y", "self.__y"), "owner.name", unsafe=True)


def test_a_patched_module_that_is_written_otherwise():
    # The import goes at once, not in the next run.
    check_transformed(
        """\
        from tensorflow.python.keras import layers
        old = layers.Dense
        setattr(layers, "Dense", old)
        """,
        """\
        import tensorflow as tf
        old = tf.keras.layers.Dense
        setattr(tf.keras.layers, "Dense", old)
        """,
        unsafe=True,
    )


def test_any_number_of_values():
    check_transformed(
        """\
        from tensorflow.python.util import nest
        y = nest.map_structure_up_to(x, f, *values, check_types=False)
        """,
        """\
        import tfcompat
        y = tfcompat.replacements.map_structure_up_to(x, f, *values, check_types=False)
        """,
    )


@pytest.mark.skipif(sys.version_info < (3, 10), reason="match")
def test_a_class_pattern_takes_no_stand_in_for_a_class():
    before = """\
        from tensorflow.python.framework import ops
        match x:
            case ops.EagerTensor():
                pass
        """
    check_noop(before, "class pattern")
    after = before.replace("from tensorflow.python.framework import ops", "import tensorflow as tf")
    check_transformed(before.replace("Eager", ""), after.replace("ops.Eager", "tf."))
