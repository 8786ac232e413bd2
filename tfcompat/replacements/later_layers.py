"""Layers and activations that Keras has from a later release on: Keras's own where it has them.

`DepthwiseConv1D` came with 2.7, `UnitNormalization` with 2.9, `Identity` with 2.12, the function
`leaky_relu` with Keras 3.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tfcompat import _runtime
from tfcompat.layers import add_weight
from tfcompat.replacements._own_layers import kinds, layer_type, own
from tfcompat.replacements.keras_shapes import (
    conv_output_length,
    normalize_data_format,
    normalize_padding,
    normalize_tuple,
)

if TYPE_CHECKING:
    DepthwiseConv1D: Any
    Identity: Any
    UnitNormalization: Any
    leaky_relu: Any

__all__ = ["DepthwiseConv1D", "Identity", "UnitNormalization", "leaky_relu"]

_CONFIGURED = (
    "depthwise_initializer",
    "bias_initializer",
    "depthwise_regularizer",
    "bias_regularizer",
    "activity_regularizer",
    "depthwise_constraint",
    "bias_constraint",
)


def _leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """Return what is not negative of a tensor as it is, and the rest times a slope.

    Args:
        x: a tensor.
        negative_slope: the slope.
    """
    return _runtime.tensorflow().nn.leaky_relu(x, negative_slope)


def _identity(keras: Any) -> type:
    layer_class: Any = keras.layer

    class Identity(layer_class):  # type: ignore[misc]
        """Returns what it is given."""

        def call(self, inputs: Any) -> Any:
            tf = _runtime.tensorflow()
            return tf.nest.map_structure(tf.identity, inputs)

        def compute_output_shape(self, input_shape: Any) -> Any:
            return input_shape

    return Identity


def _unit_normalization(keras: Any) -> type:
    layer_class: Any = keras.layer

    class UnitNormalization(layer_class):  # type: ignore[misc]
        """Makes the norm of its inputs 1 along axes."""

        def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            if not isinstance(axis, (int, list, tuple)):
                raise TypeError(f"The axis is an integer, or a list of integers, not {axis!r}.")
            self.axis = axis if isinstance(axis, int) else list(axis)
            self.supports_masking = True

        def call(self, inputs: Any) -> Any:
            return _runtime.tensorflow().linalg.l2_normalize(inputs, axis=self.axis)

        def compute_output_shape(self, input_shape: Any) -> Any:
            return input_shape

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "axis": self.axis}

    return UnitNormalization


def _depthwise_conv1d(keras: Any) -> type:
    layer_class: Any = keras.layer

    class DepthwiseConv1D(layer_class):  # type: ignore[misc]
        """A convolution of each channel by itself."""

        def __init__(
            self,
            kernel_size: Any,
            strides: Any = 1,
            padding: str = "valid",
            depth_multiplier: int = 1,
            data_format: str | None = None,
            dilation_rate: Any = 1,
            activation: Any = None,
            use_bias: bool = True,
            depthwise_initializer: Any = "glorot_uniform",
            bias_initializer: Any = "zeros",
            depthwise_regularizer: Any = None,
            bias_regularizer: Any = None,
            activity_regularizer: Any = None,
            depthwise_constraint: Any = None,
            bias_constraint: Any = None,
            **kwargs: Any,
        ) -> None:
            super().__init__(**kwargs)
            self.kernel_size = normalize_tuple(kernel_size, 1, "kernel_size")
            self.strides = normalize_tuple(strides, 1, "strides")
            self.padding = normalize_padding(padding)
            self.depth_multiplier = depth_multiplier
            self.data_format = normalize_data_format(data_format)
            self.dilation_rate = normalize_tuple(dilation_rate, 1, "dilation_rate")
            self.activation = keras.module.activations.get(activation)
            self.use_bias = use_bias
            given = (
                depthwise_initializer,
                bias_initializer,
                depthwise_regularizer,
                bias_regularizer,
                activity_regularizer,
                depthwise_constraint,
                bias_constraint,
            )
            for argument, value in zip(_CONFIGURED, given):
                setattr(self, argument, kinds(keras, argument).get(value))

        def build(self, input_shape: Any) -> None:
            channels = tuple(input_shape)[1 if self.data_format == "channels_first" else -1]
            if channels is None:
                raise ValueError(f"The channels of the inputs must be known: {input_shape}.")
            self.depthwise_kernel = add_weight(
                self,
                "depthwise_kernel",
                (*self.kernel_size, channels, self.depth_multiplier),
                initializer=self.depthwise_initializer,
                regularizer=self.depthwise_regularizer,
                constraint=self.depthwise_constraint,
            )
            self.bias = None
            if self.use_bias:
                self.bias = add_weight(
                    self,
                    "bias",
                    (channels * self.depth_multiplier,),
                    initializer=self.bias_initializer,
                    regularizer=self.bias_regularizer,
                    constraint=self.bias_constraint,
                )
            self.built = True

        def call(self, inputs: Any) -> Any:
            tf = _runtime.tensorflow()
            first = self.data_format == "channels_first"
            # The kernel for two dimensions, on rows of one; the CPU has channels last alone.
            rows = tf.transpose(inputs, [0, 2, 1]) if first else tf.convert_to_tensor(inputs)
            output = tf.nn.depthwise_conv2d(
                tf.expand_dims(rows, 1),
                tf.expand_dims(tf.convert_to_tensor(self.depthwise_kernel), 0),
                strides=(1, *self.strides * 2, 1),
                padding=self.padding.upper(),
                dilations=(1, *self.dilation_rate),
            )
            output = tf.squeeze(output, [1])
            if self.bias is not None:
                output += tf.convert_to_tensor(self.bias)
            return self.activation(tf.transpose(output, [0, 2, 1]) if first else output)

        def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
            first = self.data_format == "channels_first"
            batch, *sizes = tuple(input_shape)
            channels, length = sizes if first else reversed(sizes)
            length = conv_output_length(
                length, self.kernel_size[0], self.padding, self.strides[0], self.dilation_rate[0]
            )
            channels *= self.depth_multiplier
            return (batch, channels, length) if first else (batch, length, channels)

        def get_config(self) -> dict[str, Any]:
            config = {
                "kernel_size": self.kernel_size,
                "strides": self.strides,
                "padding": self.padding,
                "depth_multiplier": self.depth_multiplier,
                "data_format": self.data_format,
                "dilation_rate": self.dilation_rate,
                "activation": keras.module.activations.serialize(self.activation),
                "use_bias": self.use_bias,
            }
            for argument in _CONFIGURED:
                config[argument] = kinds(keras, argument).serialize(getattr(self, argument))
            return {**super().get_config(), **config}

    return DepthwiseConv1D


_MAKERS: dict[str, Callable[[Any], type]] = {
    "DepthwiseConv1D": _depthwise_conv1d,
    "Identity": _identity,
    "UnitNormalization": _unit_normalization,
}


@functools.cache
def _own(keras: Any, name: str) -> type:
    return own(keras, name, _MAKERS[name](keras))


def __getattr__(name: str) -> Any:
    value: Any
    if name == "leaky_relu":
        activations = _runtime.tensorflow().keras.activations
        value = getattr(activations, name, _leaky_relu)
    elif name in _MAKERS:
        value = layer_type(name, _own)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value
