"""Slot variables of the optimizers of `tf.compat.v1.train`."""

from __future__ import annotations

from typing import Any

from tfcompat import _runtime
from tfcompat.replacements.tensors import is_resource_variable

__all__ = [
    "create_slot",
    "create_slot_variable",
    "create_slot_with_initializer",
    "create_zeros_slot",
]


def create_slot_variable(
    primary: Any, val: Any, scope: str, validate_shape: bool, shape: Any, dtype: Any
) -> Any:
    """Return a variable of the kind of another one, which is not partitioned.

    Replaces `tensorflow.python.training.slot_creator._create_slot_var`; see `create_slot`.

    Args:
        primary: the variable or, in a graph, the tensor.
        val: a tensor, or an initializer.
        scope: the name of the variable, below the present scope.
        validate_shape: whether the shape of `val` has to be known.
        shape: the shape, for an initializer.
        dtype: the dtype; that of `val` by default.
    """
    tf = _runtime.tensorflow()
    above = tf.compat.v1.get_variable_scope()
    partitioner = above.partitioner
    above.set_partitioner(None)
    try:
        return tf.compat.v1.get_variable(
            scope,
            initializer=val,
            trainable=False,
            use_resource=is_resource_variable(primary) if _is_variable(primary) else None,
            shape=shape if callable(val) else None,
            dtype=dtype,
            validate_shape=validate_shape,
        )
    finally:
        above.set_partitioner(partitioner)


def _is_variable(primary: Any) -> bool:
    return isinstance(primary, _runtime.tensorflow().Variable)


def _slot(
    primary: Any, value: Any, name: str, shape: Any, dtype: Any, validate: bool, colocate: bool
) -> Any:
    tf = _runtime.tensorflow()
    prefix = primary.name.partition(":")[0] if _is_variable(primary) else primary.op.name
    with tf.compat.v1.variable_scope(None, f"{prefix}/{name}"):
        if not colocate:
            return create_slot_variable(primary, value, "", validate, shape, dtype)
        with tf.distribute.get_strategy().extended.colocate_vars_with(primary):
            return create_slot_variable(primary, value, "", validate, shape, dtype)


def create_slot(primary: Any, val: Any, name: str, colocate_with_primary: bool = True) -> Any:
    """Return a variable beside another one, with an initial value of its own.

    Replaces `tensorflow.python.training.slot_creator.create_slot` without its argument
    `copy_xla_sharding`. Parts of a partitioned variable are not noted in the slot: a
    `tf.compat.v1.train.Saver` saves each by itself.

    Args:
        primary: the variable or, in a graph, the tensor.
        val: a tensor, the initial value, of any shape and dtype.
        name: follows the name of `primary`.
        colocate_with_primary: whether it is placed on the device of `primary`.
    """
    validate = val.shape.is_fully_defined()
    return _slot(primary, val, name, None, None, validate, colocate_with_primary)


def create_slot_with_initializer(
    primary: Any,
    initializer: Any,
    shape: Any,
    dtype: Any,
    name: str,
    colocate_with_primary: bool = True,
) -> Any:
    """Return a variable beside another one, with an initializer.

    Replaces `tensorflow.python.training.slot_creator.create_slot_with_initializer`; see
    `create_slot`.

    Args:
        primary: the variable or, in a graph, the tensor.
        initializer: an initializer of `tf.compat.v1`.
        shape: a `tf.TensorShape`.
        dtype: the dtype.
        name: follows the name of `primary`.
        colocate_with_primary: whether it is placed on the device of `primary`.
    """
    validate = shape.is_fully_defined()
    return _slot(primary, initializer, name, shape, dtype, validate, colocate_with_primary)


def create_zeros_slot(
    primary: Any, name: str, dtype: Any = None, colocate_with_primary: bool = True
) -> Any:
    """Return a variable of zeros beside another one, of its shape.

    Replaces `tensorflow.python.training.slot_creator.create_zeros_slot`; see `create_slot`.

    Args:
        primary: the variable or, in a graph, the tensor.
        name: follows the name of `primary`.
        dtype: the dtype; that of `primary` by default.
        colocate_with_primary: whether it is placed on the device of `primary`.
    """
    tf = _runtime.tensorflow()
    v1 = tf.compat.v1
    dtype = primary.dtype if dtype is None else dtype
    if primary.shape.is_fully_defined():
        zeros = v1.zeros_initializer()
        return create_slot_with_initializer(
            primary, zeros, primary.shape, dtype, name, colocate_with_primary
        )
    value = primary
    if _is_variable(primary):
        value = tf.cond(
            v1.is_variable_initialized(primary),
            primary.read_value,
            lambda: primary.initial_value,
        )
    return create_slot(primary, tf.zeros(tf.shape(value), dtype), name, colocate_with_primary)
