"""Cells of TensorFlow 1, beside the originals where Keras 2 has them."""

import warnings

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.keras_originals import KERAS_3
from tfcompat import replacements

v1 = tf.compat.v1
OWNERS = [replacements] if KERAS_3 else [v1.nn.rnn_cell, replacements]

CELLS = {
    "basic": lambda owner: owner.BasicRNNCell(4),
    "gru": lambda owner: owner.GRUCell(4, activation="relu"),
    "basic lstm": lambda owner: owner.BasicLSTMCell(4, forget_bias=0.5),
    "joined": lambda owner: owner.BasicLSTMCell(4, state_is_tuple=False, name="joined"),
    "lstm": lambda owner: owner.LSTMCell(4, initializer=v1.ones_initializer()),
    "peepholes": lambda owner: owner.LSTMCell(
        4, use_peepholes=True, cell_clip=0.3, num_proj=3, proj_clip=0.2
    ),
    "stack": lambda owner: owner.MultiRNNCell([owner.BasicLSTMCell(4), owner.GRUCell(3)]),
    "joined stack": lambda owner: owner.MultiRNNCell(
        [owner.GRUCell(4), owner.GRUCell(3)], state_is_tuple=False
    ),
}


def run(owner, make, dynamic):
    """Names and shapes of the variables, and results for fixed values of them."""
    x = np.random.default_rng(1).normal(size=(2, 5, 3)).astype("float32")
    with tf.Graph().as_default(), v1.Session() as session, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cell = make(owner)
        inputs = v1.placeholder(tf.float32, [None, 5, 3])
        if dynamic:
            outputs, state = v1.nn.dynamic_rnn(cell, inputs, dtype=tf.float32)
        else:
            state = cell.zero_state(2, tf.float32)
            outputs = []
            for step in range(3):
                output, state = cell(inputs[:, step], state)
                outputs.append(output)
        variables = v1.global_variables()
        session.run(v1.global_variables_initializer())
        initial = session.run(variables)
        rng = np.random.default_rng(0)
        for variable in variables:
            variable.load(rng.normal(size=variable.shape), session)
        values = session.run(tf.nest.flatten([outputs, state]), {inputs: x})
        sizes = tf.nest.flatten([cell.state_size, cell.output_size])
        biases = [v for v, of in zip(initial, variables) if "bias" in of.name]
        return [(v.name, v.shape.as_list()) for v in variables], sizes, biases, values


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("name", CELLS)
def test_a_cell_is_as_the_original(name, dynamic):
    results = [run(owner, CELLS[name], dynamic) for owner in OWNERS]
    variables, sizes, biases, values = results[0]
    assert variables
    for other in results[1:]:
        assert (variables, sizes) == other[:2]
        for one, two in zip([*biases, *values], [*other[2], *other[3]]):
            np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)


def test_variables_have_the_names_of_tensorflow_1():
    variables, *_ = run(replacements, CELLS["stack"], True)
    assert variables == [
        ("rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel:0", [7, 16]),
        ("rnn/multi_rnn_cell/cell_0/basic_lstm_cell/bias:0", [16]),
        ("rnn/multi_rnn_cell/cell_1/gru_cell/gates/kernel:0", [7, 6]),
        ("rnn/multi_rnn_cell/cell_1/gru_cell/gates/bias:0", [6]),
        ("rnn/multi_rnn_cell/cell_1/gru_cell/candidate/kernel:0", [7, 3]),
        ("rnn/multi_rnn_cell/cell_1/gru_cell/candidate/bias:0", [3]),
    ]


def own(owner):
    class Own(owner.RNNCell):
        state_size = 3
        output_size = 3

        def call(self, inputs, state):
            new = state + inputs * v1.get_variable("scale", [3])
            return new, new

    return Own()


def test_a_cell_of_ones_own_finds_its_variables_again():
    results = [run(owner, own, False) for owner in OWNERS]
    assert results[0][0] == [("own/scale:0", [3])]
    for other in results[1:]:
        assert other[0] == results[0][0]
        np.testing.assert_allclose(other[3], results[0][3], rtol=1e-5)


def test_cells_say_what_they_do_not_take():
    with tf.Graph().as_default():
        with pytest.raises(ValueError, match="at least one cell"):
            replacements.MultiRNNCell([])
        with pytest.raises(ValueError, match="partitioner"):
            replacements.LSTMCell(3, num_unit_shards=2)
        with pytest.raises(ValueError, match="floating"):
            replacements.GRUCell(3)(tf.ones([1, 2], tf.int32), tf.ones([1, 3]))
        with pytest.raises(ValueError, match="batch_size and dtype"):
            replacements.GRUCell(3).get_initial_state(batch_size=2)
