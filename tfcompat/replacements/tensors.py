"""Tensors and variables: static values, conditions, shapes, dependencies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfcompat import _runtime
from tfcompat.replacements import classes
from tfcompat.replacements._autograph import unconverted

__all__ = [
    "assert_broadcastable",
    "broadcast_weights",
    "is_resource_variable",
    "numpy_text",
    "shape_tensor",
    "smart_case",
    "smart_cond",
    "smart_constant_value",
    "unknown_shape",
    "with_dependencies",
]


@unconverted
def smart_constant_value(pred: Any) -> bool | None:
    """Return the value of a predicate, or None where only running the graph tells.

    Replaces `tensorflow.python.framework.smart_cond.smart_constant_value`.

    Args:
        pred: a scalar tensor, a bool, or 0 or 1.

    Raises:
        TypeError: `pred` is none of these.
    """
    tf = _runtime.tensorflow()
    if not isinstance(pred, tf.Tensor):
        if not isinstance(pred, bool) and pred not in (0, 1):
            raise TypeError(f"The predicate must be a tensor, a bool, 0 or 1, not {pred!r}.")
        return bool(pred)
    value = tf.get_static_value(pred)
    if value is None:
        return _folded(pred)
    return value  # type: ignore[no-any-return]


def _folded(pred: Any) -> bool | None:
    """Evaluate a boolean tensor of a graph as shape inference does, which folds constants."""
    tf = _runtime.tensorflow()
    with pred.graph.as_default(), tf.control_dependencies(None), tf.name_scope("static_value"):
        length = tf.reshape(tf.cast(pred, tf.int32), [1])
        (size,) = tf.raw_ops.Fill(dims=length, value=False).shape.as_list()
    return None if size is None else bool(size)


def smart_cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    name: str | None = None,
) -> Any:
    """Return `true_fn()` or `false_fn()`, with `tf.cond` only where `pred` is not known yet.

    Replaces `tensorflow.python.framework.smart_cond.smart_cond` and
    `tensorflow.python.layers.utils.smart_cond`.

    Args:
        pred: a scalar tensor or variable, a bool, or 0 or 1.
        true_fn: called where `pred` is true.
        false_fn: called where `pred` is false.
        name: of the `tf.cond`.

    Raises:
        TypeError: one of the functions is not callable.
    """
    if not callable(true_fn) or not callable(false_fn):
        raise TypeError("Both true_fn and false_fn must be callable.")
    tf = _runtime.tensorflow()
    value = None if isinstance(pred, tf.Variable) else smart_constant_value(pred)
    if value is None:
        return tf.compat.v1.cond(pred, true_fn=true_fn, false_fn=false_fn, name=name)
    return true_fn() if value else false_fn()


def smart_case(
    pred_fn_pairs: Any,
    default: Callable[[], Any] | None = None,
    exclusive: bool = False,
    name: str = "smart_case",
) -> Any:
    """Do as `tf.case`, with each `tf.cond` only where its predicate is not known yet.

    Replaces `tensorflow.python.framework.smart_cond.smart_case`.

    Args:
        pred_fn_pairs: pairs of a predicate and a callable, or a dictionary of them.
        default: called where no predicate is true; without it the last callable is.
        exclusive: whether two true predicates are an error. Not checked among those whose
            values are known before the graph runs.
        name: of the operation.
    """
    pairs = list(pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs)
    unknown = []
    for pred, function in pairs:
        value = smart_constant_value(pred)
        if value is None:
            unknown.append((pred, function))
        elif value:
            default = function
            break
    if not unknown:
        return (default or pairs[-1][1])()
    return _runtime.tensorflow().case(unknown, default=default, exclusive=exclusive, name=name)


@unconverted
def with_dependencies(
    dependencies: Sequence[Any], output_tensor: Any, name: str | None = None
) -> Any:
    """Return a tensor like `output_tensor` whose value is there after the dependencies ran.

    Replaces `tensorflow.python.ops.control_flow_ops.with_dependencies`. In eager mode, where
    everything runs in order, it is the tensor itself.

    Args:
        dependencies: operations and tensors.
        output_tensor: a tensor or `tf.IndexedSlices`.
        name: of the operation.
    """
    tf = _runtime.tensorflow()
    if tf.executing_eagerly():
        return output_tensor
    v1 = tf.compat.v1
    open_scope = v1.name_scope(name, "control_dependency", [*dependencies, output_tensor])
    after = tf.control_dependencies(dependencies)
    with open_scope as scope, v1.colocate_with(output_tensor), after:
        if isinstance(output_tensor, tf.IndexedSlices):
            return tf.IndexedSlices(
                tf.identity(output_tensor.values, name=scope),
                output_tensor.indices,
                output_tensor.dense_shape,
            )
        return tf.identity(output_tensor, name=scope)


@unconverted
def is_resource_variable(var: Any) -> bool:
    """Tell whether a variable is a resource variable or made of such, as all are in eager mode.

    Replaces `tensorflow.python.ops.resource_variable_ops.is_resource_variable`.
    """
    variable = _runtime.tensorflow().Variable
    return isinstance(var, variable) and not isinstance(var, classes.RefVariable)


@unconverted
def unknown_shape(rank: int | None = None) -> Any:
    """Return a `tf.TensorShape` of the given rank that knows no dimension, or not even the rank.

    Replaces `tensorflow.python.framework.tensor_shape.unknown_shape`.
    """
    return _runtime.tensorflow().TensorShape(None if rank is None else [None] * rank)


@unconverted
def shape_tensor(shape: Any) -> Any:
    """Convert a shape to a tensor, of dtype int32 if it is empty.

    Replaces `tensorflow.python.framework.tensor_util.shape_tensor`, from 2.6
    `tensorflow.python.ops.shape_util.shape_tensor`.
    """
    tf = _runtime.tensorflow()
    dtype = None
    if isinstance(shape, (tuple, list)):
        dtype = None if shape else tf.int32
        shape = tuple(tf.compat.dimension_value(one) for one in shape)
    return tf.convert_to_tensor(shape, dtype=dtype, name="shape")


@unconverted
def numpy_text(tensor: Any, is_repr: bool = False) -> str:
    """Return the value of an eager tensor as text.

    Replaces `tensorflow.python.framework.ops.numpy_text`.

    Args:
        tensor: an eager tensor.
        is_repr: whether the text is as by `repr`. Scalars are shown as Python's own, as
            TensorFlow does since NumPy 2 shows them with their type.
    """
    if not tensor.dtype.is_numpy_compatible:
        return "<unprintable>"
    value = tensor.numpy()
    if is_repr:
        text = repr(value.item() if getattr(value, "shape", None) == () else value)
    else:
        text = str(value)
    return f"\n{text}" if "\n" in text else text


@unconverted
def assert_broadcastable(weights: Any, values: Any) -> Any:
    """Check that weights are a scalar, or have the rank of the values and each dimension 1 or same.

    Replaces `tensorflow.python.ops.weights_broadcast_ops.assert_broadcastable`.

    Args:
        weights: a tensor.
        values: a tensor.

    Returns:
        In graphs an operation that makes the check; None in eager mode, once it is made.

    Raises:
        ValueError: the static shapes tell that they cannot be broadcast.
        tf.errors.InvalidArgumentError: the shapes that are known later tell it.
    """
    tf = _runtime.tensorflow()
    weights, values = tf.convert_to_tensor(weights), tf.convert_to_tensor(values)
    static, wanted = weights.shape, values.shape
    if static.rank is not None and wanted.rank is not None:
        if static.rank == 0:
            return tf.no_op()
        pairs = list(zip(static.as_list(), wanted.as_list()))
        if static.rank != wanted.rank or any(
            one is not None and other is not None and one not in (1, other) for one, other in pairs
        ):
            raise ValueError(
                f"weights of the shape {static} can not be broadcast to values of {wanted}."
            )
        if static.is_fully_defined() and wanted.is_fully_defined():
            return tf.no_op()
    shape, target = tf.shape(weights), tf.shape(values)
    fits = tf.logical_or(
        tf.equal(tf.rank(weights), 0),
        smart_cond(
            tf.equal(tf.rank(weights), tf.rank(values)),
            lambda: tf.reduce_all(tf.logical_or(tf.equal(shape, 1), tf.equal(shape, target))),
            lambda: tf.constant(False),
        ),
    )
    return tf.debugging.Assert(
        fits, ["weights can not be broadcast to values.", "weights.shape=", shape, target]
    )


@unconverted
def broadcast_weights(weights: Any, values: Any) -> Any:
    """Broadcast weights to the shape of values, as far as `assert_broadcastable` allows it.

    Replaces `tensorflow.python.ops.weights_broadcast_ops.broadcast_weights`.

    Args:
        weights: a tensor, converted to the dtype of the values.
        values: a tensor.

    Returns:
        A tensor of the shape and the dtype of the values.
    """
    tf = _runtime.tensorflow()
    values = tf.convert_to_tensor(values)
    weights = tf.convert_to_tensor(weights, dtype=values.dtype.base_dtype)
    known = weights.shape.is_fully_defined() and values.shape.is_fully_defined()
    if known and weights.shape.is_compatible_with(values.shape):
        return weights
    check = assert_broadcastable(weights, values)
    with tf.control_dependencies([] if check is None else [check]):
        return tf.multiply(weights, tf.ones_like(values))
