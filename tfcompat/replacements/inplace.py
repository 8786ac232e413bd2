"""Updates of rows of a tensor, as `tensorflow.python.ops.inplace_ops` has them.

Those whose names begin with `alias` may write into the tensor itself, so that nothing else may
read it; `tf.tensor_scatter_nd_update` and its like have no such trap.
"""

from __future__ import annotations

from typing import Any

from tfcompat import _runtime
from tfcompat.replacements._autograph import unconverted

__all__ = [
    "alias_inplace_add",
    "alias_inplace_sub",
    "alias_inplace_update",
    "empty_like",
    "inplace_add",
    "inplace_sub",
    "inplace_update",
]


def _apply(operation: str, x: Any, i: Any, v: Any, copy: bool) -> Any:
    """Apply an operation of `tf.raw_ops` to rows, to a copy of the tensor if asked to."""
    tf = _runtime.tensorflow()
    apply = getattr(tf.raw_ops, operation)
    x = tf.convert_to_tensor(x)
    v = tf.convert_to_tensor(v, x.dtype)
    if copy:
        x = tf.raw_ops.DeepCopy(x=x)
    if i is None:
        rows = apply(x=tf.reshape(x, [1, -1]), i=[0], v=tf.reshape(v, [1, -1]))
        return tf.reshape(rows, tf.shape(x))
    i = tf.cast(i, tf.int32)
    if i.shape.rank == 0:
        return apply(x=x, i=tf.reshape(i, [1]), v=tf.expand_dims(v, 0))
    return apply(x=x, i=i, v=v)


@unconverted
def alias_inplace_update(x: Any, i: Any, v: Any) -> Any:
    """Set rows of a tensor, in place where TensorFlow can.

    Args:
        x: a tensor.
        i: None for the whole tensor, the index of a row, or the indices of several.
        v: a tensor like `x`, like a row, or like several rows; converted to the dtype of `x`.

    Returns:
        The tensor with the new rows.
    """
    return _apply("InplaceUpdate", x, i, v, copy=False)


@unconverted
def alias_inplace_add(x: Any, i: Any, v: Any) -> Any:
    """Add to rows of a tensor, in place where TensorFlow can; see `alias_inplace_update`."""
    return _apply("InplaceAdd", x, i, v, copy=False)


@unconverted
def alias_inplace_sub(x: Any, i: Any, v: Any) -> Any:
    """Subtract from rows of a tensor, in place if possible; see `alias_inplace_update`."""
    return _apply("InplaceSub", x, i, v, copy=False)


@unconverted
def inplace_update(x: Any, i: Any, v: Any) -> Any:
    """Set rows of a copy of a tensor; see `alias_inplace_update`."""
    return _apply("InplaceUpdate", x, i, v, copy=True)


@unconverted
def inplace_add(x: Any, i: Any, v: Any) -> Any:
    """Add to rows of a copy of a tensor; see `alias_inplace_update`."""
    return _apply("InplaceAdd", x, i, v, copy=True)


@unconverted
def inplace_sub(x: Any, i: Any, v: Any) -> Any:
    """Subtract from rows of a copy of a tensor; see `alias_inplace_update`."""
    return _apply("InplaceSub", x, i, v, copy=True)


@unconverted
def empty_like(x: Any, init: bool | None = None) -> Any:
    """Return a tensor of the shape and the dtype of another.

    Args:
        x: a tensor.
        init: whether to fill it with zeros; otherwise it may hold anything.
    """
    tf = _runtime.tensorflow()
    x = tf.convert_to_tensor(x)
    return tf.raw_ops.Empty(shape=tf.shape(x), dtype=x.dtype, init=bool(init))
