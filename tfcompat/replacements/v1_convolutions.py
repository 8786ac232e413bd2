"""Convolutions and pooling of TensorFlow 1 as functions: `tf.compat.v1.layers`.

They make their variables as `v1_dense` does. `name` is the variable scope, a new one of the
function's own name if None; `reuse` tells whether its variables exist already. Sizes, strides and
rates are one number or one for each spatial dimension. `data_format` is `"channels_last"` or
`"channels_first"`, `padding` is `"valid"` or `"same"`. Regularizers are functions whose loss goes
to the collection, constraints project a variable after an update. An initializer that is None is
that of the variable scope; for a bias it is zeros.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tfcompat import _runtime
from tfcompat.replacements._v1_variables import biased, finished, weight
from tfcompat.replacements.keras_shapes import (
    convert_data_format,
    deconv_output_length,
    normalize_tuple,
)

__all__ = [
    "v1_average_pooling1d",
    "v1_average_pooling2d",
    "v1_average_pooling3d",
    "v1_conv1d",
    "v1_conv2d",
    "v1_conv2d_transpose",
    "v1_conv3d",
    "v1_conv3d_transpose",
    "v1_max_pooling1d",
    "v1_max_pooling2d",
    "v1_max_pooling3d",
    "v1_separable_conv1d",
    "v1_separable_conv2d",
]


def _named(function: Callable[..., Any], name: str, what: str) -> Callable[..., Any]:
    function.__name__ = function.__qualname__ = f"v1_{name}"
    function.__doc__ = f"""{what}: `tf.compat.v1.layers.{name}`.

    The arguments are those of the original; the module tells what they mean.
    """
    return function


def _convolution(rank: int) -> Callable[..., Any]:
    default_name = f"conv{rank}d"

    def convolution(
        inputs: Any,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
        activation: Callable[[Any], Any] | None = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        reuse: bool | None = None,
    ) -> Any:
        tf = _runtime.tensorflow()
        inputs = tf.convert_to_tensor(inputs)
        layout = convert_data_format(data_format, rank + 2)
        with tf.compat.v1.variable_scope(name, default_name=default_name, reuse=reuse):
            variable = functools.partial(weight, dtype=inputs.dtype, trainable=trainable)
            size = normalize_tuple(kernel_size, rank, "kernel_size")
            kernel = variable(
                "kernel",
                [*size, inputs.shape[layout.index("C")], filters],
                kernel_initializer,
                kernel_regularizer,
                kernel_constraint,
            )
            outputs = tf.nn.convolution(
                inputs,
                kernel,
                strides=normalize_tuple(strides, rank, "strides"),
                padding=padding.upper(),
                data_format=layout,
                dilations=normalize_tuple(dilation_rate, rank, "dilation_rate"),
            )
            if use_bias:
                bias = (bias_initializer, bias_regularizer, bias_constraint)
                outputs = biased(outputs, filters, variable, *bias, layout)
            return finished(outputs, activation, activity_regularizer)

    return _named(convolution, default_name, f"Convolve in {rank} dimensions")


def _transposed(rank: int) -> Callable[..., Any]:
    default_name = f"conv{rank}d_transpose"

    def transposed(
        inputs: Any,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        activation: Callable[[Any], Any] | None = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        reuse: bool | None = None,
    ) -> Any:
        tf = _runtime.tensorflow()
        inputs = tf.convert_to_tensor(inputs)
        layout = convert_data_format(data_format, rank + 2)
        channel = layout.index("C")
        with tf.compat.v1.variable_scope(name, default_name=default_name, reuse=reuse):
            variable = functools.partial(weight, dtype=inputs.dtype, trainable=trainable)
            size = normalize_tuple(kernel_size, rank, "kernel_size")
            steps = normalize_tuple(strides, rank, "strides")
            kernel = variable(
                "kernel",
                [*size, filters, inputs.shape[channel]],
                kernel_initializer,
                kernel_regularizer,
                kernel_constraint,
            )
            known = inputs.shape.as_list()
            lengths = [
                tf.shape(inputs)[i] if length is None else length for i, length in enumerate(known)
            ]
            first = 1 if channel > 1 else 2

            def shape(of: list[Any]) -> list[Any]:
                spatial = [
                    deconv_output_length(length, one, padding.lower(), stride=step)
                    for length, one, step in zip(of[first:], size, steps)
                ]
                spatial.insert(channel - 1, filters)
                return [of[0], *spatial]

            outputs = tf.nn.conv_transpose(
                inputs,
                kernel,
                tf.stack(shape(lengths)),
                steps,
                padding=padding.upper(),
                data_format=layout,
            )
            outputs.set_shape(shape(known))
            if use_bias:
                bias = (bias_initializer, bias_regularizer, bias_constraint)
                outputs = biased(outputs, filters, variable, *bias, layout)
            return finished(outputs, activation, activity_regularizer)

    return _named(transposed, default_name, f"Transpose a convolution in {rank} dimensions")


def _separable(rank: int) -> Callable[..., Any]:
    default_name = f"separable_conv{rank}d"

    def separable(
        inputs: Any,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Callable[[Any], Any] | None = None,
        use_bias: bool = True,
        depthwise_initializer: Any = None,
        pointwise_initializer: Any = None,
        bias_initializer: Any = None,
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        reuse: bool | None = None,
    ) -> Any:
        tf = _runtime.tensorflow()
        inputs = tf.convert_to_tensor(inputs)
        layout = convert_data_format(data_format, rank + 2)
        channels = inputs.shape[layout.index("C")]
        with tf.compat.v1.variable_scope(name, default_name=default_name, reuse=reuse):
            variable = functools.partial(weight, dtype=inputs.dtype, trainable=trainable)
            depthwise = variable(
                "depthwise_kernel",
                [*normalize_tuple(kernel_size, rank, "kernel_size"), channels, depth_multiplier],
                depthwise_initializer,
                depthwise_regularizer,
                depthwise_constraint,
            )
            pointwise = variable(
                "pointwise_kernel",
                [*(1,) * rank, channels * depth_multiplier, filters],
                pointwise_initializer,
                pointwise_regularizer,
                pointwise_constraint,
            )
            # In one dimension it is the operation on images of one row.
            steps = normalize_tuple(strides, rank, "strides") * (3 - rank)
            rates = (1,) * (2 - rank) + normalize_tuple(dilation_rate, rank, "dilation_rate")
            row = layout.index("W")
            if rank == 1:
                inputs = tf.expand_dims(inputs, row)
                depthwise, pointwise = depthwise[None], pointwise[None]
            last = layout.endswith("C")
            outputs = tf.nn.separable_conv2d(
                inputs,
                depthwise,
                pointwise,
                strides=(1, *steps, 1) if last else (1, 1, *steps),
                padding=padding.upper(),
                data_format="NHWC" if last else "NCHW",
                dilations=rates,
            )
            if rank == 1:
                outputs = tf.squeeze(outputs, [row])
            if use_bias:
                bias = (bias_initializer, bias_regularizer, bias_constraint)
                outputs = biased(outputs, filters, variable, *bias, layout)
            return finished(outputs, activation, activity_regularizer)

    return _named(separable, default_name, f"Convolve channels, then points, in {rank} dimensions")


def _pooling(rank: int, kind: str, pooling_type: str) -> Callable[..., Any]:
    default_name = f"{kind}_pooling{rank}d"

    def pooling(
        inputs: Any,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
    ) -> Any:
        tf = _runtime.tensorflow()
        return tf.nn.pool(
            inputs,
            normalize_tuple(pool_size, rank, "pool_size"),
            pooling_type,
            strides=normalize_tuple(strides, rank, "strides"),
            padding=padding.upper(),
            data_format=convert_data_format(data_format, rank + 2),
            name=name or default_name,
        )

    return _named(pooling, default_name, f"Pool in {rank} dimensions")


v1_conv1d, v1_conv2d, v1_conv3d = map(_convolution, (1, 2, 3))
v1_conv2d_transpose, v1_conv3d_transpose = map(_transposed, (2, 3))
v1_separable_conv1d, v1_separable_conv2d = map(_separable, (1, 2))
v1_average_pooling1d, v1_average_pooling2d, v1_average_pooling3d = (
    _pooling(rank, "average", "AVG") for rank in (1, 2, 3)
)
v1_max_pooling1d, v1_max_pooling2d, v1_max_pooling3d = (
    _pooling(rank, "max", "MAX") for rank in (1, 2, 3)
)
