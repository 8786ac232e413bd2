"""Classes of Keras without a public name."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tests.replacements.keras_originals import KERAS_3, originals
from tfcompat.errors import UnsupportedArgumentError
from tfcompat.replacements import keras_types

keras = tf.keras


def test_types_resolve() -> None:
    for name in keras_types.__all__:
        assert isinstance(3, getattr(keras_types, name)) is False


CLASSES = {
    # type: (an instance, no instance)
    "BaseConv": (lambda L: L.Conv2D(1, 1), lambda L: L.Dense(1)),
    "BaseDepthwiseConv": (lambda L: L.DepthwiseConv2D(1), lambda L: L.Conv2D(1, 1)),
    "BaseSeparableConv": (lambda L: L.SeparableConv1D(1, 1), lambda L: L.Dense(1)),
    "BasePooling": (lambda L: L.AveragePooling3D(2), lambda L: L.GlobalMaxPooling1D()),
    "BaseGlobalPooling": (lambda L: L.GlobalAveragePooling1D(), lambda L: L.MaxPooling1D(2)),
    "Merge": (lambda L: L.Concatenate(), lambda L: L.Dense(1)),
    "DropoutRNNCellMixin": (lambda L: L.GRUCell(1), lambda L: L.Dense(1)),
    "LossFunctionWrapper": (lambda L: keras.losses.Poisson(), lambda L: L.Dense(1)),
}


@pytest.mark.parametrize("name", CLASSES)
def test_bases_of_public_classes(name) -> None:
    kind = getattr(keras_types, name)
    yes, no = CLASSES[name]
    assert isinstance(yes(keras.layers), kind)
    assert not isinstance(no(keras.layers), kind)


def test_operation_layers_of_keras_2() -> None:
    if KERAS_3:
        assert not isinstance(keras.layers.Dense(1), keras_types.TFOpLambda)
        with pytest.raises(UnsupportedArgumentError, match="has no class TFOpLambda"):
            keras_types.TFOpLambda(tf.identity)
        return
    inputs = keras.Input((4,))
    model = keras.Model(inputs, tf.add(inputs[:, :2], 1.0))
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["InputLayer", "SlicingOpLambda", "TFOpLambda"]
    found = [
        (isinstance(layer, keras_types.TFOpLambda), isinstance(layer, keras_types.SlicingOpLambda))
        for layer in model.layers
    ]
    assert found == [(False, False), (True, True), (True, False)]
    with tf.Graph().as_default():
        inputs = keras.Input((4,))
        model = keras.Model(inputs, tf.add(inputs, 1.0))
        assert any(isinstance(layer, keras_types.TensorFlowOpLayer) for layer in model.layers)


def test_containers_of_compile() -> None:
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert isinstance(model.compiled_metrics, keras_types.MetricsContainer) is not KERAS_3
    assert isinstance(model.compiled_loss, keras_types.LossesContainer) is not KERAS_3


def test_optimizer_v2() -> None:
    legacy = getattr(keras.optimizers, "legacy", None)
    if tfc.supports("optimizer_v2"):
        assert isinstance(keras.optimizers.Adam(), keras_types.OptimizerV2)
    else:
        assert not isinstance(keras.optimizers.Adam(), keras_types.OptimizerV2)
    if legacy is not None and not KERAS_3:
        assert isinstance(legacy.SGD(), keras_types.OptimizerV2)
        original = originals(
            "optimizers.legacy.optimizer_v2.OptimizerV2",
            "optimizer_v2.optimizer_v2.OptimizerV2",
            "optimizers.optimizer_v2.optimizer_v2.OptimizerV2",
        )
        assert any(isinstance(legacy.SGD(), cls) for cls in original)


def test_abstract_rnn_cell() -> None:
    if not KERAS_3:
        assert keras_types.AbstractRNNCell._active_class() is keras.layers.AbstractRNNCell

    class Cell(keras_types.AbstractRNNCell):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.dense = keras.layers.Dense(3, kernel_initializer="ones")

        @property
        def state_size(self):
            return 3

        @property
        def output_size(self):
            return 3

        def call(self, inputs, states):
            output = self.dense(inputs) + states[0]
            return output, [output]

    cell = Cell()
    assert isinstance(cell, keras_types.AbstractRNNCell)
    found = keras.layers.RNN(cell)(tf.ones((2, 4, 5)))
    np.testing.assert_array_equal(found, np.full((2, 3), 20.0))
    assert tuple(cell.get_initial_state(batch_size=2, dtype=tf.float32).shape) == (2, 3)
    state = cell.get_initial_state(tf.ones((4, 5)))
    assert tuple((state[0] if isinstance(state, list) else state).shape) == (4, 3)


def test_nodes_of_a_functional_model() -> None:
    inputs = keras.Input((2,))
    layer = keras.layers.Dense(1)
    layer(inputs)
    if KERAS_3:
        with pytest.raises(UnsupportedArgumentError, match="has no class KerasNode"):
            keras_types.KerasNode(layer)
        return
    assert isinstance(layer.inbound_nodes[0], keras_types.KerasNode)
    found = originals("engine.node.Node")
    assert keras_types.KerasNode._active_class() in found
