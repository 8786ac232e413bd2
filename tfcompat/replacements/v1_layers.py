"""Layers of TensorFlow 1 as functions: `tf.compat.v1.layers`, which Keras 3 does not have.

They make their variables by `tf.compat.v1.get_variable`, in a variable scope of the same name as
the original's, so that scopes, `reuse`, collections and checkpoints by names go on as they were.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tfcompat import _runtime
from tfcompat.replacements._v1_variables import biased, finished, weight
from tfcompat.replacements.tensors import smart_cond

__all__ = ["v1_batch_normalization", "v1_dense", "v1_dropout", "v1_flatten"]


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
        variable = functools.partial(weight, dtype=inputs.dtype, trainable=trainable)
        kernel = variable(
            "kernel", shape, kernel_initializer, kernel_regularizer, kernel_constraint
        )
        outputs = tf.tensordot(inputs, kernel, 1) if inputs.shape.rank > 2 else inputs @ kernel
        if use_bias:
            outputs = biased(
                outputs, units, variable, bias_initializer, bias_regularizer, bias_constraint
            )
        return finished(outputs, activation, activity_regularizer)


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


def v1_batch_normalization(
    inputs: Any,
    axis: Any = -1,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    beta_initializer: Any = None,
    gamma_initializer: Any = None,
    moving_mean_initializer: Any = None,
    moving_variance_initializer: Any = None,
    beta_regularizer: Any = None,
    gamma_regularizer: Any = None,
    beta_constraint: Any = None,
    gamma_constraint: Any = None,
    training: Any = False,
    trainable: bool = True,
    name: str | None = None,
    reuse: bool | None = None,
    *,
    fused: bool | None = None,
) -> Any:
    """Normalize by mean and variance: `tf.compat.v1.layers.batch_normalization`.

    What updates the moving averages is in the collection `UPDATE_OPS`. Of the original's
    arguments `renorm`, `virtual_batch_size` and `adjustment` are not here.

    Args:
        inputs: of any floating dtype, with a known size of the axis.
        axis: the one that is not reduced.
        momentum: of the moving averages.
        epsilon: what is added to the variance.
        center: whether to add `beta`.
        scale: whether to multiply by `gamma`.
        beta_initializer: zeros if None.
        gamma_initializer: ones if None.
        moving_mean_initializer: zeros if None.
        moving_variance_initializer: ones if None.
        beta_regularizer: a function of `beta`; its loss goes to the collection.
        gamma_regularizer: the same for `gamma`.
        beta_constraint: a function that projects `beta` after an update.
        gamma_constraint: the same for `gamma`.
        training: whether to normalize by the batch; a boolean or a tensor.
        trainable: whether `beta` and `gamma` are in the collection of trainable variables.
        name: of the variable scope; a new one, `batch_normalization`, if None.
        reuse: whether the variables exist already.
        fused: with False never one operation. Else so for images and volumes, whose variance that
            updates the average is then the unbiased one, as in the original.

    Returns:
        A tensor of the same shape and dtype.
    """
    tf = _runtime.tensorflow()
    v1 = tf.compat.v1
    inputs = tf.convert_to_tensor(inputs)
    rank = inputs.shape.rank
    (axis,) = axis if isinstance(axis, (list, tuple)) else (axis,)
    axis %= rank
    small = inputs.dtype in (tf.float16, tf.bfloat16)
    dtype = tf.float32 if small else inputs.dtype
    layout = {(4, 1): "NCHW", (4, 3): "NHWC", (5, 1): "NCDHW", (5, 4): "NDHWC"}.get((rank, axis))
    zeros, ones = v1.zeros_initializer(), v1.ones_initializer()
    with v1.variable_scope(name, default_name="batch_normalization", reuse=reuse) as scope:
        shape = [inputs.shape[axis]]
        learned = functools.partial(weight, shape=shape, dtype=dtype, trainable=trainable)
        gamma = beta = None
        if scale:
            gamma = learned(
                "gamma",
                initializer=gamma_initializer or ones,
                regularizer=gamma_regularizer,
                constraint=gamma_constraint,
            )
        if center:
            beta = learned(
                "beta",
                initializer=beta_initializer or zeros,
                regularizer=beta_regularizer,
                constraint=beta_constraint,
            )
        moving = functools.partial(
            v1.get_variable,
            shape=shape,
            dtype=dtype,
            regularizer=_no_loss,
            trainable=False,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.MEAN,
        )
        partitioner = scope.partitioner
        scope.set_partitioner(None)
        try:
            averages = [
                moving("moving_mean", initializer=moving_mean_initializer or zeros),
                moving("moving_variance", initializer=moving_variance_initializer or ones),
            ]
        finally:
            scope.set_partitioner(partitioner)
        if layout and fused is not False and dtype == tf.float32:
            outputs, *batch = _normalized_at_once(
                inputs, gamma, beta, averages, epsilon, layout, training
            )
        else:
            others = [i for i in range(rank) if i != axis]
            batch = smart_cond(
                training,
                lambda: tf.nn.moments(tf.cast(inputs, dtype), others),
                lambda: tuple(tf.convert_to_tensor(average) for average in averages),
            )
            broadcast = [inputs.shape[axis] if i == axis else 1 for i in range(rank)]
            terms = [
                None if term is None else tf.cast(tf.reshape(term, broadcast), dtype)
                for term in (*batch, beta, gamma)
            ]
            outputs = tf.nn.batch_normalization(tf.cast(inputs, dtype), *terms, epsilon)
            outputs = tf.cast(outputs, inputs.dtype)
        # A layer that is not trainable has no updates, and still normalizes by the batch.
        if trainable and training is not False:
            for average, value in zip(averages, batch):
                update = smart_cond(
                    training,
                    functools.partial(_moved, average, value, momentum),
                    functools.partial(tf.convert_to_tensor, average),
                )
                v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, update)
        return outputs


def _moved(average: Any, value: Any, momentum: float) -> Any:
    v1 = _runtime.tensorflow().compat.v1
    return v1.assign_sub(average, (average - value) * (1 - momentum))


def _no_loss(_: Any) -> None:
    """Keep the regularizer of the variable scope away from averages."""


def _normalized_at_once(
    inputs: Any,
    gamma: Any,
    beta: Any,
    averages: list[Any],
    epsilon: float,
    layout: str,
    training: Any,
) -> Any:
    tf = _runtime.tensorflow()
    scale = tf.ones_like(averages[0]) if gamma is None else gamma
    offset = tf.zeros_like(averages[0]) if beta is None else beta

    def normalized(is_training: bool) -> Any:
        return tf.compat.v1.nn.fused_batch_norm(
            inputs,
            scale,
            offset,
            *averages,
            epsilon=epsilon,
            is_training=is_training,
            data_format=layout,
        )

    return smart_cond(training, lambda: normalized(True), lambda: normalized(False))
