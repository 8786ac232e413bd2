"""Functions without variables, against the private original."""

import numpy as np
import pytest
import tensorflow as tf

import tfcompat
from tests.replacements.originals import original
from tfcompat import replacements


def assert_same(function, *inputs):
    old = original("framework.convert_to_constants.convert_variables_to_constants_v2")(function)
    new, graph = replacements.convert_variables_to_constants_v2_as_graph(function)
    assert [t.name for t in new.inputs] == [t.name for t in old.inputs]
    assert not new.variables
    assert not new.captured_inputs
    kinds = {node.op for node in graph.node}
    for called in graph.library.function:
        kinds.update(node.op for node in called.node_def)
    assert not kinds & {"VarHandleOp", "ReadVariableOp", "ResourceGather"}
    for again in (new, replacements.convert_variables_to_constants_v2(function)):
        for one, other in zip(tf.nest.flatten(old(*inputs)), tf.nest.flatten(again(*inputs))):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    return new


def test_calls_loops_and_branches():
    matrix = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    limit = tf.Variable(3)
    offset = tf.constant([5.0, 6.0])

    @tf.function
    def inner(x):
        return x * matrix[0]

    @tf.function(input_signature=[tf.TensorSpec([None, 2], name="x")])
    def outer(x):
        y = tf.matmul(x, matrix) + offset + tf.gather(matrix, [1])
        _, y = tf.while_loop(lambda i, y: i < limit, lambda i, y: (i + 1, inner(y)), [0, y])
        y = tf.cond(tf.reduce_sum(y) > 0, lambda: y * 2, lambda: inner(y))
        return inner(y), y

    function = outer.get_concrete_function()
    frozen = assert_same(function, tf.constant([[1.0, -2.0], [0.5, 3.0]]))
    before = frozen(tf.ones([1, 2]))[1].numpy()
    matrix.assign(tf.zeros([2, 2]))
    np.testing.assert_array_equal(frozen(tf.ones([1, 2]))[1], before)


def test_a_model():
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            tf.keras.Input((4, 3)),
            layers.Conv1D(3, 2),
            layers.BatchNormalization(),
            layers.LSTM(2),
        ]
    )
    traced = tf.function(lambda x: model(x, training=False))
    function = traced.get_concrete_function(tf.TensorSpec([None, 4, 3], name="x"))
    x = tf.random.stateless_normal([2, 4, 3], [1, 2])
    frozen = assert_same(function, x)
    np.testing.assert_allclose(tf.nest.flatten(frozen(x))[0], model(x), rtol=1e-5, atol=1e-6)


def test_rows_that_a_called_function_looks_up_are_refused():
    matrix = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    inner = tf.function(lambda i: tf.gather(matrix, i))
    outer = tf.function(lambda i: inner(i), input_signature=[tf.TensorSpec([None], tf.int32)])
    with pytest.raises(tfcompat.TfcompatError, match="Look them up"):
        replacements.convert_variables_to_constants_v2(outer.get_concrete_function())


def test_a_table_is_refused():
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(["a"], tf.constant([1], tf.int64)), -1
    )
    traced = tf.function(table.lookup, input_signature=[tf.TensorSpec([None], tf.string)])
    with pytest.raises(tfcompat.TfcompatError, match="other resources"):
        replacements.convert_variables_to_constants_v2(traced.get_concrete_function())
