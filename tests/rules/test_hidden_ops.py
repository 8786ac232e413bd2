"""The ops that generated modules hide, compared with those of `tf.raw_ops`."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfcompat.rules.advice import hidden_ops
from tfcompat.rules.advice.hidden_ops import OPS


def private(name: str) -> Any:
    module, _, leaf = name.partition(".")
    return getattr(importlib.import_module(f"tensorflow.python.ops.{module}"), leaf)


@pytest.mark.parametrize("name", OPS)
def test_parameters(name: str) -> None:
    op, parameters = OPS[name]
    function = private(name)
    assert tuple(inspect.signature(function).parameters) == parameters
    assert tuple(inspect.signature(getattr(tf.raw_ops, op)).parameters) == parameters


X = np.array([[1.5, -2.0], [3.0, 0.25]], np.float32)
CALLS: dict[str, tuple[Any, ...]] = {
    "gen_array_ops._slice": (X, [0, 1], [2, 1]),
    "gen_math_ops._abs": (X,),
    "gen_math_ops._all": (X > 0, [1]),
    "gen_math_ops._any": (X > 0, [0], True),
    "gen_math_ops._clip_by_value": (X, -1.0, 1.0),
    "gen_math_ops._complex": (X, X),
    "gen_math_ops._histogram_fixed_width": (X, [0.0, 4.0], 3),
    "gen_math_ops._max": (X, [0]),
    "gen_math_ops._min": (X, [1], True),
    "gen_math_ops._pow": (X, 2.0),
    "gen_math_ops._range": (2, 9, 3),
    "gen_math_ops._sum": (X, [0, 1]),
}


@pytest.mark.parametrize("name", CALLS)
def test_results(name: str) -> None:
    op, parameters = OPS[name]
    given = dict(zip(parameters, CALLS[name]))
    expected = private(name)(*CALLS[name])
    np.testing.assert_array_equal(getattr(tf.raw_ops, op)(**given), expected)


def test_the_node_is_the_same() -> None:
    """Of those that are no use outside a graph, or deprecated, the op that they make."""
    with tf.Graph().as_default() as graph:
        private("gen_control_flow_ops._exit")(tf.constant(1.0))
        tf.raw_ops.Exit(data=tf.constant(1.0))
        private("gen_logging_ops._print")(1.0, [2.0], "text")
        tf.raw_ops.Print(input=1.0, data=[2.0], message="text")
        types = [node.type for node in graph.get_operations() if node.type != "Const"]
    assert types == ["Exit", "Exit", "Print", "Print"]


def test_all_are_known() -> None:
    modules = {name.partition(".")[0] for name in OPS}
    hidden = set()
    for module in modules:
        for leaf, value in vars(importlib.import_module(f"tensorflow.python.ops.{module}")).items():
            name = leaf.lstrip("_")
            is_op = inspect.isfunction(value) and value.__module__.endswith(module)
            if leaf == f"_{name}" and leaf == leaf.lower() and is_op:
                hidden.add(f"{module}.{leaf}")
    machinery = ("_eager_fallback",)
    found = {
        name for name in hidden if not name.endswith(machinery) and "._dispatcher_for_" not in name
    }
    assert found == set(OPS)
    assert len(hidden_ops.ADVICE) == len(OPS)
