"""Ragged tensors, or dense ones where that is what there is.

Replaces functions of `tensorflow.python.ops.ragged`. Those that the public functions do as well,
such as `ragged_gather_ops.gather`, need no replacement: `tf.gather` takes both.
"""

from __future__ import annotations

from typing import Any

from tfcompat import _runtime

__all__ = [
    "RaggedTensorType",
    "convert_to_tensor_or_ragged_tensor",
    "is_ragged",
    "match_row_splits_dtypes",
    "ragged_from_tensor",
    "ragged_map_fn",
    "ragged_to_tensor",
]


def is_ragged(value: Any) -> bool:
    """Tell whether a value is a `tf.RaggedTensor`, or a value of one that a session gave.

    Replaces `ragged_tensor.is_ragged`.
    """
    tf = _runtime.tensorflow()
    return isinstance(value, (tf.RaggedTensor, tf.compat.v1.ragged.RaggedTensorValue))


def convert_to_tensor_or_ragged_tensor(
    value: Any, dtype: Any = None, preferred_dtype: Any = None, name: str | None = None
) -> Any:
    """Convert a value to a tensor, and a value of a ragged tensor to a ragged one.

    Replaces `ragged_tensor.convert_to_tensor_or_ragged_tensor`.

    Args:
        value: a `tf.RaggedTensor`, which is returned as it is, a `RaggedTensorValue`, or
            anything that `tf.convert_to_tensor` takes.
        dtype: of the result; that of the value if None.
        preferred_dtype: of the result where the value can be of that.
        name: of the operations.

    Raises:
        ValueError: `value` is a ragged tensor of another dtype.
    """
    tf = _runtime.tensorflow()
    if isinstance(value, tf.RaggedTensor):
        if dtype and not dtype.is_compatible_with(value.dtype):
            raise ValueError(
                f"A ragged tensor of {value.dtype.name} is no tensor of {dtype.name}: {value}."
            )
        return value
    if not is_ragged(value):
        return tf.convert_to_tensor(value, dtype=dtype, dtype_hint=preferred_dtype, name=name)
    with tf.name_scope(name or "ConvertToTensorOrRaggedTensor"):
        flat_values = tf.convert_to_tensor(
            value.flat_values, dtype=dtype, dtype_hint=preferred_dtype, name="flat_values"
        )
        return tf.RaggedTensor.from_nested_row_splits(
            flat_values, value.nested_row_splits, validate=False
        )


def match_row_splits_dtypes(*tensors: Any, return_dtype: bool = False) -> Any:
    """Give ragged tensors one dtype of row splits.

    Replaces `ragged_tensor.match_row_splits_dtypes`, which raises where they differ unless a
    private setting is on.

    Args:
        *tensors: any number of tensors and other values; those that are not ragged stay.
        return_dtype: whether to return the dtype as well.

    Returns:
        A tuple of the tensors, or the dtype and the tuple.

    Raises:
        ValueError: they differ.
    """
    tf = _runtime.tensorflow()
    dtypes = {one.row_splits.dtype for one in tensors if isinstance(one, tf.RaggedTensor)}
    if len(dtypes) > 1:
        raise ValueError(
            "The ragged tensors have row_splits of int32 and of int64; make them alike with "
            "tf.RaggedTensor.with_row_splits_dtype()."
        )
    return (dtypes.pop() if dtypes else tf.int64, tensors) if return_dtype else tensors


def ragged_from_tensor(
    tensor: Any,
    lengths: Any = None,
    padding: Any = None,
    ragged_rank: int = 1,
    row_splits_dtype: Any = "int64",
    name: str | None = None,
) -> Any:
    """Convert a tensor to a ragged one; a ragged tensor is returned as it is.

    Replaces `ragged_conversion_ops.from_tensor`. The arguments are those of
    `tf.RaggedTensor.from_tensor`.
    """
    if is_ragged(tensor):
        return tensor
    tf = _runtime.tensorflow()
    return tf.RaggedTensor.from_tensor(
        tensor, lengths, padding, ragged_rank, name, tf.as_dtype(row_splits_dtype)
    )


def ragged_to_tensor(rt_input: Any, default_value: Any = None, name: str | None = None) -> Any:
    """Convert a ragged tensor to a dense one; anything else is returned as it is.

    Replaces `ragged_conversion_ops.to_tensor`. The arguments are those of
    `tf.RaggedTensor.to_tensor`.
    """
    return rt_input.to_tensor(default_value, name) if is_ragged(rt_input) else rt_input


class RaggedTensorType:
    """The type of a ragged tensor, for `ragged_map_fn`.

    Replaces `ragged_tensor.RaggedTensorType`.

    Attributes:
        dtype: of the values.
        ragged_rank: the number of ragged dimensions.
        row_splits_dtype: tf.int32 or tf.int64.
    """

    def __init__(self, dtype: Any, ragged_rank: int, row_splits_dtype: Any = "int64") -> None:
        self.dtype = dtype
        self.ragged_rank = ragged_rank
        self.row_splits_dtype = _runtime.tensorflow().as_dtype(row_splits_dtype)

    def __repr__(self) -> str:
        return f"RaggedTensorType({self.dtype!r}, {self.ragged_rank!r}, {self.row_splits_dtype!r})"


def ragged_map_fn(
    fn: Any,
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
) -> Any:
    """Apply a function to each slice of tensors, ragged or dense, and stack the results.

    Replaces `ragged_map_ops.map_fn`.

    Args:
        fn: the function.
        elems: a tensor, or a nest of tensors that are sliced together.
        dtype: of the result: dtypes, specs of one result, and a `RaggedTensorType` of the
            stacked result; that of `elems` if None.
        parallel_iterations: of the loop.
        back_prop: whether there are gradients.
        swap_memory: whether the loop may use the memory of the host.
        infer_shape: whether all results have one shape.
        name: of the operations.
    """
    tf = _runtime.tensorflow()
    if dtype is None:
        dtype = tf.nest.map_structure(lambda e: e.dtype, elems)
    return tf.compat.v1.map_fn(
        fn,
        elems,
        parallel_iterations=parallel_iterations,
        back_prop=back_prop,
        swap_memory=swap_memory,
        infer_shape=infer_shape,
        name=name,
        fn_output_signature=tf.nest.map_structure(_spec, dtype),
    )


def _spec(one: Any) -> Any:
    """Return the spec of what one call of a function returns."""
    if not isinstance(one, RaggedTensorType):
        return one
    tf = _runtime.tensorflow()
    return tf.RaggedTensorSpec(None, one.dtype, one.ragged_rank - 1, one.row_splits_dtype)
