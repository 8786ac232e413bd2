"""The layer."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

import tfcompat as tfc


class GatedDense(tfc.keras.layers.Layer):
    """A dense layer whose outputs a learned gate lets through: `tanh(x W + b) * sigmoid(x V)`.

    Inputs are of shape (batch, features), outputs of shape (batch, units).

    Args:
        units: the number of outputs.
        name: of the layer.
    """

    def __init__(self, units: int, name: str | None = None, **options: Any) -> None:
        super().__init__(name=name, **options)
        self.units = units

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        shape = (input_shape[-1], self.units)
        self.kernel = tfc.add_weight(self, "kernel", shape)
        self.gate = tfc.add_weight(self, "gate", shape)
        self.bias = tfc.add_weight(self, "bias", (self.units,), initializer="zeros")
        super().build(input_shape)

    def call(self, inputs: Any) -> Any:
        """Apply the layer."""
        open_ = tf.sigmoid(tf.matmul(inputs, tf.convert_to_tensor(self.gate)))
        hidden = tf.matmul(inputs, tf.convert_to_tensor(self.kernel))
        return tf.tanh(hidden + tf.convert_to_tensor(self.bias)) * open_

    def get_config(self) -> dict[str, Any]:
        """Return what makes the layer anew."""
        return {**super().get_config(), "units": self.units}
