"""Locally connected layers, which Keras 3 dropped: Keras's own where it has them."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

from tfcompat import _runtime
from tfcompat.errors import TfcompatError
from tfcompat.layers import add_weight
from tfcompat.replacements._own_layers import kinds, layer_type, own
from tfcompat.replacements.keras_shapes import (
    conv_output_length,
    normalize_data_format,
    normalize_padding,
    normalize_tuple,
)

if TYPE_CHECKING:
    LocallyConnected1D: Any
    LocallyConnected2D: Any

__all__ = ["LocallyConnected1D", "LocallyConnected2D"]

_RANKS = {"LocallyConnected1D": 1, "LocallyConnected2D": 2}
_CONFIGURED = (
    "kernel_initializer",
    "bias_initializer",
    "kernel_regularizer",
    "bias_regularizer",
    "activity_regularizer",
    "kernel_constraint",
    "bias_constraint",
)


@functools.cache
def _own(keras: Any, name: str) -> type:
    rank = _RANKS[name]
    layer_class: Any = keras.layer

    class LocallyConnected(layer_class):  # type: ignore[misc]
        """A convolution with weights of its own at each place of the output."""

        def __init__(
            self,
            filters: int,
            kernel_size: Any,
            strides: Any = 1,
            padding: str = "valid",
            data_format: str | None = None,
            activation: Any = None,
            use_bias: bool = True,
            kernel_initializer: Any = "glorot_uniform",
            bias_initializer: Any = "zeros",
            kernel_regularizer: Any = None,
            bias_regularizer: Any = None,
            activity_regularizer: Any = None,
            kernel_constraint: Any = None,
            bias_constraint: Any = None,
            implementation: int = 1,
            **kwargs: Any,
        ) -> None:
            super().__init__(**kwargs)
            self.filters = filters
            self.kernel_size = normalize_tuple(kernel_size, rank, "kernel_size")
            self.strides = normalize_tuple(strides, rank, "strides")
            self.padding = normalize_padding(padding)
            self.data_format = normalize_data_format(data_format)
            self.activation = keras.module.activations.get(activation)
            self.use_bias = use_bias
            given = (
                kernel_initializer,
                bias_initializer,
                kernel_regularizer,
                bias_regularizer,
                activity_regularizer,
                kernel_constraint,
                bias_constraint,
            )
            for argument, value in zip(_CONFIGURED, given):
                setattr(self, argument, kinds(keras, argument).get(value))
            if implementation != 1:
                raise TfcompatError(
                    f"{name} has implementation=1 alone on Keras 3, not {implementation}. The "
                    "others compute the same from weights of another shape."
                )
            if self.padding != "valid":
                raise ValueError(
                    f"Invalid border mode for {name} "
                    f'(only "valid" is supported if implementation is 1): {padding}'
                )

        def _places(self, shape: Any) -> tuple[Any, ...]:
            """The spatial shape of the output, from the shape of the input."""
            sizes = shape[2:] if self.data_format == "channels_first" else shape[1:-1]
            return tuple(
                conv_output_length(size, kernel, self.padding, stride)
                for size, kernel, stride in zip(sizes, self.kernel_size, self.strides)
            )

        def build(self, input_shape: Any) -> None:
            shape = tuple(input_shape)
            channels = shape[1 if self.data_format == "channels_first" else -1]
            places = self._places(shape)
            if None in (*places, channels):
                raise ValueError(
                    f"The spatial dimensions and the channels of the inputs to a {name} layer "
                    f"should be fully-defined, but layer received the inputs shape {shape}"
                )
            if min(places) <= 0:
                raise ValueError(
                    f"One of the dimensions in the output of {self.name} is <= 0. Received input "
                    f"shape {shape}. Consider increasing the input size."
                )
            self.kernel = add_weight(
                self,
                "kernel",
                (math.prod(places), math.prod(self.kernel_size) * channels, self.filters),
                initializer=self.kernel_initializer,
                regularizer=self.kernel_regularizer,
                constraint=self.kernel_constraint,
            )
            self.bias = None
            if self.use_bias:
                self.bias = add_weight(
                    self,
                    "bias",
                    (*places, self.filters),
                    initializer=self.bias_initializer,
                    regularizer=self.bias_regularizer,
                    constraint=self.bias_constraint,
                )
            self.built = True

        def call(self, inputs: Any) -> Any:
            tf = _runtime.tensorflow()
            first = self.data_format == "channels_first"
            inputs = tf.convert_to_tensor(inputs)
            places = self._places(tuple(inputs.shape))
            channels = inputs.shape[1 if first else -1]
            # Weights of a place lie in the order of its patch, channels first or last.
            images = tf.transpose(inputs, [0, *range(2, rank + 2), 1]) if first else inputs
            if rank == 1:
                images = tf.expand_dims(images, 2)
            sizes, strides = (
                [1, *given, *[1] * (3 - rank)] for given in (self.kernel_size, self.strides)
            )
            patches = tf.image.extract_patches(images, sizes, strides, [1] * 4, "VALID")
            if first:
                patches = tf.reshape(patches, [-1, math.prod(places), patches.shape[-1]])
                parts = tf.reshape(
                    patches, [-1, math.prod(places), math.prod(self.kernel_size), channels]
                )
                patches = tf.transpose(parts, [0, 1, 3, 2])
            patches = tf.reshape(
                patches, [-1, math.prod(places), math.prod(self.kernel_size) * channels]
            )
            output = tf.einsum("bpk,pkf->bpf", patches, tf.convert_to_tensor(self.kernel))
            output = tf.reshape(output, [-1, *places, self.filters])
            if first:
                output = tf.transpose(output, [0, rank + 1, *range(1, rank + 1)])
            if self.bias is not None:
                shape = [1, self.filters, *places] if first else [1, *places, self.filters]
                output += tf.reshape(tf.convert_to_tensor(self.bias), shape)
            return self.activation(output)

        def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
            shape = tuple(input_shape)
            places = self._places(shape)
            if self.data_format == "channels_first":
                return (shape[0], self.filters, *places)
            return (shape[0], *places, self.filters)

        def get_config(self) -> dict[str, Any]:
            config = {
                "filters": self.filters,
                "kernel_size": self.kernel_size,
                "strides": self.strides,
                "padding": self.padding,
                "data_format": self.data_format,
                "activation": keras.module.activations.serialize(self.activation),
                "use_bias": self.use_bias,
                "implementation": 1,
            }
            for argument in _CONFIGURED:
                config[argument] = kinds(keras, argument).serialize(getattr(self, argument))
            return {**super().get_config(), **config}

    return own(keras, name, LocallyConnected)


def __getattr__(name: str) -> Any:
    if name not in _RANKS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = layer_type(name, _own)
    return value
