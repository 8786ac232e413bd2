"""States of recurrent cells against the private originals."""

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements


def test_lstm_state_tuple():
    for state in (original("ops.rnn_cell_impl.LSTMStateTuple"), replacements.LSTMStateTuple):
        one = state(tf.zeros([2]), h=tf.ones([2]))
        assert state._fields == ("c", "h")
        assert one.dtype == tf.float32
        assert isinstance(tf.nest.map_structure(tf.identity, one), state)
        with pytest.raises(TypeError, match="Inconsistent internal state"):
            _ = state(tf.zeros([2]), tf.zeros([2], tf.float64)).dtype


class Cell:
    state_size = 1

    def __call__(self):
        pass

    def zero_state(self):
        pass


class Whole(Cell):
    output_size = 1


@pytest.mark.parametrize("cell", [Whole(), Cell(), 3])
def test_assert_like_rnncell(cell):
    said = []
    old = original("ops.rnn_cell_impl.assert_like_rnncell")
    for check in (old, replacements.assert_like_rnncell):
        try:
            said.append(check("cell", cell))
        except TypeError as error:
            said.append(str(error))
    assert said[0] == said[1]


SHAPES = [3, [2, 3], tf.TensorShape([]), tf.TensorShape([None, 2]), "scalar", "vector"]


def given(shape):
    made = {"scalar": tf.constant(5), "vector": tf.constant([5, 6])}
    return made[shape] if isinstance(shape, str) else shape


@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize("graph", [False, True])
def test_concat_shapes(static, graph):
    old = original("ops.rnn_cell_impl._concat")

    def results(function):
        found = []
        for one in SHAPES:
            for other in SHAPES:
                try:
                    shape = function(given(one), given(other), static=static)
                except ValueError:
                    shape = "refused"
                found.append(tf.get_static_value(shape) if tf.is_tensor(shape) else shape)
        return found

    with tf.Graph().as_default() if graph else tf.name_scope("eager"):
        for one, other in zip(results(old), results(replacements.concat_shapes)):
            np.testing.assert_array_equal(one, other)
        for function in (old, replacements.concat_shapes):
            with pytest.raises(ValueError, match="scalar or vector"):
                function(tf.zeros([1, 1], tf.int32), 2)


@pytest.mark.parametrize("size", [3, [2, tf.TensorShape([3, 4])], {"a": 1}])
def test_zero_state_tensors(size):
    old = original("ops.rnn_cell_impl._zero_state_tensors")
    for batch in (2, tf.constant(2)):
        for function in (old, replacements.zero_state_tensors):
            state = function(size, batch, tf.float64)
            tf.nest.assert_same_structure(state, size)
        expected = old(size, batch, tf.float64)
        for one, other in zip(tf.nest.flatten(expected), tf.nest.flatten(state)):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)

    @tf.function
    def shapes(batch):
        for one, other in zip(
            tf.nest.flatten(old(size, batch, tf.float32)),
            tf.nest.flatten(replacements.zero_state_tensors(size, batch, tf.float32)),
        ):
            assert one.shape.as_list() == other.shape.as_list()
        return batch

    shapes(tf.constant(2))


@pytest.mark.parametrize("shape", [[], [3], [2, 3], [2, 3, 4, 5]], ids=str)
def test_transpose_batch_time(shape):
    function = original("ops.rnn._transpose_batch_time")
    x = tf.random.normal(shape)
    np.testing.assert_array_equal(replacements.transpose_batch_time(x), function(x))

    @tf.function(input_signature=[tf.TensorSpec([None, *shape[1:]] if shape else [])])
    def traced(x):
        old, new = function(x), replacements.transpose_batch_time(x)
        assert new.shape.as_list() == old.shape.as_list()
        return new

    @tf.function(input_signature=[tf.TensorSpec(None)])
    def of_any_rank(x):
        return replacements.transpose_batch_time(x)

    np.testing.assert_array_equal(traced(x), function(x))
    if len(shape) > 1:
        np.testing.assert_array_equal(of_any_rank(x), function(x))
