"""Layers of TensorFlow 1 as functions: `tf.compat.v1.layers`, which Keras 3 does not have.

They make their variables by `tf.compat.v1.get_variable`, in a variable scope of the same name as
the original's, so that scopes, `reuse`, collections and checkpoints by names go on as they were.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tfcompat import _runtime
from tfcompat.replacements.keras_shapes import normalize_tuple
from tfcompat.replacements.tensors import smart_cond

__all__ = ["v1_conv2d", "v1_dense", "v1_dropout", "v1_flatten"]


def v1_dense(
    inputs: Any,
    units: int,
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
    """Multiply the last dimension by a matrix: `tf.compat.v1.layers.dense`.

    Args:
        inputs: of shape (..., channels), the number of channels known.
        units: how many channels the output has.
        activation: a function, or None.
        use_bias: whether to add a vector.
        kernel_initializer: that of the variable scope if None.
        bias_initializer: zeros if None.
        kernel_regularizer: a function of the kernel; its loss goes to the collection.
        bias_regularizer: the same for the bias.
        activity_regularizer: the same for the output.
        kernel_constraint: a function that projects the kernel after an update.
        bias_constraint: the same for the bias.
        trainable: whether the variables are in the collection of trainable ones.
        name: of the variable scope; a new one, `dense` or `dense_1`, if None.
        reuse: whether the variables exist already.

    Returns:
        A tensor of shape (..., units).
    """
    tf = _runtime.tensorflow()
    inputs = tf.convert_to_tensor(inputs)
    with tf.compat.v1.variable_scope(name, default_name="dense", reuse=reuse):
        shape = [inputs.shape[-1], units]
        weight = functools.partial(_weight, dtype=inputs.dtype, trainable=trainable)
        kernel = weight("kernel", shape, kernel_initializer, kernel_regularizer, kernel_constraint)
        outputs = tf.tensordot(inputs, kernel, 1) if inputs.shape.rank > 2 else inputs @ kernel
        if use_bias:
            initializer = bias_initializer or tf.compat.v1.zeros_initializer()
            bias = weight("bias", [units], initializer, bias_regularizer, bias_constraint)
            outputs = tf.nn.bias_add(outputs, bias)
        return _finished(outputs, activation, activity_regularizer)


def v1_conv2d(
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = (1, 1),
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
    """Convolve images: `tf.compat.v1.layers.conv2d`.

    Args:
        inputs: of shape (batch, height, width, channels), or (batch, channels, height, width).
        filters: how many channels the output has.
        kernel_size: one number, or that of rows and that of columns.
        strides: likewise.
        padding: `"valid"` or `"same"`.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: one number or two.
        activation: a function, or None.
        use_bias: whether to add a vector.
        kernel_initializer: that of the variable scope if None.
        bias_initializer: zeros if None.
        kernel_regularizer: a function of the kernel; its loss goes to the collection.
        bias_regularizer: the same for the bias.
        activity_regularizer: the same for the output.
        kernel_constraint: a function that projects the kernel after an update.
        bias_constraint: the same for the bias.
        trainable: whether the variables are in the collection of trainable ones.
        name: of the variable scope; a new one, `conv2d` or `conv2d_1`, if None.
        reuse: whether the variables exist already.

    Returns:
        A tensor of rank 4.
    """
    tf = _runtime.tensorflow()
    inputs = tf.convert_to_tensor(inputs)
    layout = "NCHW" if data_format == "channels_first" else "NHWC"
    with tf.compat.v1.variable_scope(name, default_name="conv2d", reuse=reuse):
        size = normalize_tuple(kernel_size, 2, "kernel_size")
        shape = [*size, inputs.shape[layout.index("C")], filters]
        weight = functools.partial(_weight, dtype=inputs.dtype, trainable=trainable)
        kernel = weight("kernel", shape, kernel_initializer, kernel_regularizer, kernel_constraint)
        outputs = tf.nn.convolution(
            inputs,
            kernel,
            strides=normalize_tuple(strides, 2, "strides"),
            padding=padding.upper(),
            data_format=layout,
            dilations=normalize_tuple(dilation_rate, 2, "dilation_rate"),
        )
        if use_bias:
            initializer = bias_initializer or tf.compat.v1.zeros_initializer()
            bias = weight("bias", [filters], initializer, bias_regularizer, bias_constraint)
            outputs = tf.nn.bias_add(outputs, bias, data_format=layout)
        return _finished(outputs, activation, activity_regularizer)


def _weight(
    name: str,
    shape: list[int],
    initializer: Any,
    regularizer: Any,
    constraint: Any,
    **options: Any,
) -> Any:
    return _runtime.tensorflow().compat.v1.get_variable(
        name,
        shape,
        initializer=initializer,
        regularizer=regularizer,
        constraint=constraint,
        **options,
    )


def _finished(outputs: Any, activation: Any, regularizer: Any) -> Any:
    v1 = _runtime.tensorflow().compat.v1
    if activation is not None:
        outputs = activation(outputs)
    if regularizer is not None:
        v1.add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, regularizer(outputs))
    return outputs


def v1_flatten(inputs: Any, name: str | None = None, data_format: str = "channels_last") -> Any:
    """Join all dimensions but the first: `tf.compat.v1.layers.flatten`.

    Args:
        inputs: of any rank.
        name: of the name scope.
        data_format: with `"channels_first"` the channels become the last dimension before.

    Returns:
        A tensor of shape (batch, size).
    """
    tf = _runtime.tensorflow()
    with tf.compat.v1.name_scope(name, "flatten"):
        inputs = tf.convert_to_tensor(inputs)
        rank = inputs.shape.rank
        if data_format == "channels_first" and rank is not None and rank > 2:
            inputs = tf.transpose(inputs, [0, *range(2, rank), 1])
        size = inputs.shape[1:].num_elements()
        if size is None:
            return tf.reshape(inputs, [tf.shape(inputs)[0], -1])
        return tf.reshape(inputs, [-1, size])


def v1_dropout(
    inputs: Any,
    rate: float = 0.5,
    noise_shape: Any = None,
    seed: int | None = None,
    training: Any = False,
    name: str | None = None,
) -> Any:
    """Set some of the values to zero while training: `tf.compat.v1.layers.dropout`.

    Args:
        inputs: a tensor.
        rate: the share of zeros, from 0 to 1.
        noise_shape: the shape of what is drawn, that of `inputs` if None.
        seed: of the operation.
        training: whether to; a boolean or a tensor.
        name: of the name scope.
    """
    tf = _runtime.tensorflow()
    with tf.compat.v1.name_scope(name, "dropout"):
        inputs = tf.convert_to_tensor(inputs)
        return smart_cond(
            training,
            lambda: tf.nn.dropout(inputs, rate, noise_shape, seed),
            lambda: tf.identity(inputs),
        )
