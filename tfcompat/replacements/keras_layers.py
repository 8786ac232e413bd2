"""Helpers of Keras's own layers, for layers that are written after them."""

from __future__ import annotations

import contextlib
import string
from collections.abc import Iterator, Sequence
from typing import Any

from tfcompat import _runtime

__all__ = [
    "attention_output_shape",
    "attention_proj_equation",
    "convert_inputs_if_ragged",
    "is_subclassed",
    "large_compatible_negative",
    "maybe_convert_to_ragged",
    "maybe_init_scope",
]

# Where Keras has its own layers and models, in one release or another.
_OWN = ("keras.engine", "keras.layers", "keras.src.engine", "keras.src.layers", "keras.src.models")


def attention_proj_equation(
    free_dims: int, bound_dims: int, output_dims: int
) -> tuple[str, str, int]:
    """Return the einsum equation of a projection in attention.

    Args:
        free_dims: the number of dimensions of the input that stay.
        bound_dims: that of dimensions that are summed over.
        output_dims: that of dimensions that the projection adds.

    Returns:
        The equation, the axes of the bias, and the rank of the result.
    """
    letters = string.ascii_lowercase
    free, rest = letters[:free_dims], letters[free_dims:]
    bound, new = rest[:bound_dims], rest[bound_dims : bound_dims + output_dims]
    return f"{free}{bound},{bound}{new}->{free}{new}", new, free_dims + output_dims


def attention_output_shape(output_rank: int, known_last_dims: Sequence[int]) -> list[int | None]:
    """Return a shape of a rank of which the last dimensions alone are known."""
    return [None] * (output_rank - len(known_last_dims)) + list(known_last_dims)


def large_compatible_negative(tensor_type: Any) -> float:
    """Return a number that makes nothing of what a softmax masks, in a dtype.

    For float16 it is half of the least, so that masked numbers can be added up, as in Keras from
    2.13 on.
    """
    tf = _runtime.tensorflow()
    return float(tf.float16.min / 2) if tensor_type == tf.float16 else -1e9


def is_subclassed(layer: Any) -> bool:
    """Tell whether a layer or model is of a class that Keras has not itself."""
    return not any(path in layer.__module__ for path in _OWN)


@contextlib.contextmanager
def maybe_init_scope(layer: Any) -> Iterator[None]:
    """Lift what makes variables out of functions, where TensorFlow executes eagerly.

    Args:
        layer: the layer of the variables.
    """
    tf = _runtime.tensorflow()
    lifted = tf.compat.v1.executing_eagerly_outside_functions()
    with tf.init_scope() if lifted else contextlib.nullcontext():
        yield


def convert_inputs_if_ragged(inputs: Any) -> tuple[Any, Any]:
    """Make ragged inputs dense.

    Args:
        inputs: a nest of tensors.

    Returns:
        The nest with dense tensors, and the row lengths of the first, or None if none is ragged.
    """
    tf = _runtime.tensorflow()
    flat = tf.nest.flatten(inputs)
    if not any(isinstance(one, tf.RaggedTensor) for one in flat):
        return inputs, None
    dense = tf.nest.map_structure(
        lambda one: one.to_tensor() if isinstance(one, tf.RaggedTensor) else one, inputs
    )
    return dense, tf.cast(flat[0].nested_row_lengths()[0], "int32")


def maybe_convert_to_ragged(
    is_ragged_input: bool, output: Any, nested_row_lengths: Any, go_backwards: bool = False
) -> Any:
    """Make an output ragged where the input was; see `convert_inputs_if_ragged`.

    Args:
        is_ragged_input: whether it was.
        output: a tensor of shape `(batch, time, ...)`.
        nested_row_lengths: the length of each row.
        go_backwards: whether the times are in the reverse order.
    """
    if not is_ragged_input:
        return output
    tf = _runtime.tensorflow()
    if not go_backwards:
        return tf.RaggedTensor.from_tensor(output, nested_row_lengths)
    ragged = tf.RaggedTensor.from_tensor(tf.reverse(output, [1]), nested_row_lengths)
    return tf.reverse(ragged, [1])
