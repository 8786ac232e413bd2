"""What the table of names leaves out, asked of the release itself."""

from __future__ import annotations

import functools
import importlib
import inspect
import typing

import pytest
import tensorflow as tf

import tfcompat
from tfcompat import rules
from tfcompat.rules.advice import advice, left_out


@pytest.mark.parametrize("name", sorted(left_out.ADVICE))
def test_the_table_has_it_not(name: str) -> None:
    resolved = rules.resolve(name[:-2] if name.endswith(".*") else name)
    assert resolved is None or (resolved[1] and resolved[0].kind == "module")


def test_the_reasons_are_true() -> None:
    ragged = importlib.import_module("tensorflow.python.ops.ragged.ragged_tensor")
    tf_inspect = importlib.import_module("tensorflow.python.util.tf_inspect")
    assert tf._major_api_version == 2
    assert tf_inspect._inspect is inspect
    assert importlib.util.find_spec("tensorflow.python.data.kernel_tests") is not None
    if hasattr(ragged, "Ragged"):
        both = {tf.RaggedTensor, tf.compat.v1.ragged.RaggedTensorValue}
        assert set(typing.get_args(ragged.Ragged)) == both
        assert both < set(typing.get_args(ragged.RaggedOrDense))
    else:
        assert tfcompat.runtime().tensorflow.release < (2, 10)


VERSIONS = {
    name: given.target
    for name, given in advice().items()
    if name.startswith("tensorflow.python.framework.versions.")
}


@pytest.mark.parametrize("name", sorted(VERSIONS))
def test_versions(name: str) -> None:
    versions = importlib.import_module("tensorflow.python.framework.versions")
    value = functools.reduce(getattr, VERSIONS[name].split(".")[1:], tf)
    assert getattr(versions, name.rpartition(".")[2]) == value


@pytest.mark.legacy_keras
def test_of_legacy_keras() -> None:
    core = importlib.import_module("tf_keras.src.layers.core")
    legacy = importlib.import_module("tf_keras.api._v1.keras.__internal__.legacy")
    for leaf in ("_delegate_method", "_delegate_property"):
        assert getattr(core, leaf) is getattr(core.tf_op_layer, leaf)
    assert legacy.layers.Dense is tf.compat.v1.layers.Dense
    assert legacy.rnn_cell.LSTMCell is tf.compat.v1.nn.rnn_cell.LSTMCell
