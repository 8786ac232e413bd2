"""States of recurrent cells: helpers of `tensorflow.python.ops.rnn_cell_impl`."""

from __future__ import annotations

from typing import Any, NamedTuple

from tfcompat import _runtime

__all__ = [
    "LSTMStateTuple",
    "assert_like_rnncell",
    "concat_shapes",
    "transpose_batch_time",
    "zero_state_tensors",
]


class LSTMStateTuple(NamedTuple):
    """The state of an LSTM cell, public as `tf.compat.v1.nn.rnn_cell.LSTMStateTuple` to 2.15.

    Attributes:
        c: the cell state, of shape (batch, units).
        h: the output, of the same shape.
    """

    c: Any
    h: Any

    @property
    def dtype(self) -> Any:
        """The dtype of both.

        Raises:
            TypeError: they have not the same.
        """
        if self.c.dtype != self.h.dtype:
            raise TypeError(f"Inconsistent internal state: {self.c.dtype} vs {self.h.dtype}")
        return self.c.dtype


def assert_like_rnncell(cell_name: str, cell: Any) -> None:
    """Raise unless an object has what a recurrent cell has.

    Raises:
        TypeError: it lacks `output_size` or `state_size`, or both `zero_state` and
            `get_initial_state`, or is not callable. All that it lacks is named.
    """
    lacks = {
        "'output_size' property is missing": not hasattr(cell, "output_size"),
        "'state_size' property is missing": not hasattr(cell, "state_size"),
        "either 'zero_state' or 'get_initial_state' method is required": not (
            hasattr(cell, "get_initial_state") or hasattr(cell, "zero_state")
        ),
        "is not callable": not callable(cell),
    }
    errors = [error for error, lacking in lacks.items() if lacking]
    if errors:
        raise TypeError(
            f"The argument {cell_name!r} ({cell}) is not an RNNCell: {', '.join(errors)}."
        )


def concat_shapes(prefix: Any, suffix: Any, static: bool = False) -> Any:
    """Join two shapes, each a tensor, a `tf.TensorShape`, or what can be one.

    Replaces `tensorflow.python.ops.rnn_cell_impl._concat`.

    Args:
        prefix: the first dimensions, a scalar for one.
        suffix: the last dimensions, a scalar for one.
        static: whether to return what is known without running anything.

    Returns:
        A tensor of dtype int32. With `static` a list of numbers and None, or None.

    Raises:
        ValueError: a tensor has more than one dimension, or, unless `static`, a dimension of a
            shape is unknown.
    """
    tf = _runtime.tensorflow()
    (first, first_static), (last, last_static) = _shape(prefix), _shape(suffix)
    if static:
        shape = tf.TensorShape(first_static).concatenate(last_static)
        return shape.as_list() if shape.rank is not None else None
    if first is None or last is None:
        raise ValueError(f"Provided a prefix or suffix of None: {prefix} and {suffix}")
    return tf.concat((first, last), 0)


def _shape(value: Any) -> tuple[Any, Any]:
    """Return a shape as a tensor, and as what is known of it."""
    tf = _runtime.tensorflow()
    if tf.is_tensor(value):
        if value.shape.rank not in (0, 1):
            raise ValueError(
                f"prefix tensor must be either a scalar or vector, but saw tensor: {value}"
            )
        known = tf.get_static_value(value)
        return tf.reshape(value, [-1]) if value.shape.rank == 0 else value, known
    shape = tf.TensorShape(value)
    known = shape.as_list() if shape.rank is not None else None
    return tf.constant(known, tf.int32) if shape.is_fully_defined() else None, known


def zero_state_tensors(state_size: Any, batch_size: Any, dtype: Any) -> Any:
    """Return zeros for a nest of state sizes.

    Replaces `tensorflow.python.ops.rnn_cell_impl._zero_state_tensors`.

    Args:
        state_size: a nest of numbers and shapes, without the batch.
        batch_size: a number or a scalar tensor.
        dtype: of the zeros.

    Returns:
        A nest of tensors of shape (batch_size, *size).
    """
    tf = _runtime.tensorflow()

    def zeros(size: Any) -> Any:
        state = tf.zeros(concat_shapes(batch_size, size), dtype=dtype)
        if not tf.executing_eagerly():
            state.set_shape(concat_shapes(batch_size, size, static=True))
        return state

    return tf.nest.map_structure(zeros, state_size)


def transpose_batch_time(x: Any) -> Any:
    """Swap the first two dimensions of a tensor; return one of a lower rank as it is.

    Replaces `tensorflow.python.ops.rnn._transpose_batch_time`.

    Args:
        x: a tensor of shape (batch, time, ...) or (time, batch, ...).
    """
    tf = _runtime.tensorflow()
    rank = x.shape.rank
    if rank is None:
        order = tf.concat([[1, 0], tf.range(2, tf.rank(x))], axis=0)
        return tf.transpose(x, order)
    return x if rank < 2 else tf.transpose(x, [1, 0, *range(2, rank)])
