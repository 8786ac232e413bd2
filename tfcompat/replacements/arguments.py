"""Arguments of operations: checks and defaults of small private helpers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tfcompat import _runtime

__all__ = [
    "collect",
    "dataset_seed",
    "deduplicate_indexed_slices",
    "get_strides_and_dilation_rate",
    "optional_param_to_tensor",
    "validate_dense_weights",
]


def optional_param_to_tensor(
    argument_name: str, argument_value: Any, argument_default: Any = 0, argument_dtype: Any = None
) -> Any:
    """Return an argument as a tensor, or its default where it is None.

    Replaces the function of `tensorflow.python.data.util.convert`.

    Args:
        argument_name: the name of the tensor in a graph.
        argument_value: the argument, or None.
        argument_default: what to take for None.
        argument_dtype: of the tensor, `tf.int64` if None.
    """
    tf = _runtime.tensorflow()
    dtype = tf.int64 if argument_dtype is None else argument_dtype
    value = argument_default if argument_value is None else argument_value
    return tf.convert_to_tensor(value, dtype=dtype, name=argument_name)


def dataset_seed(seed: int | None) -> tuple[Any, Any]:
    """Return the two seeds of an operation of `tf.data`, tensors of dtype int64.

    Replaces `tensorflow.python.data.util.random_seed.get_seed`.
    """
    tf = _runtime.tensorflow()
    first, second = tf.compat.v1.get_seed(seed)
    first = tf.convert_to_tensor(0 if first is None else first, tf.int64)
    if second is None:
        return first, tf.constant(0, tf.int64)
    second = tf.convert_to_tensor(second, tf.int64)
    # Two zeros would ask for other values at each run.
    both = tf.logical_and(tf.equal(first, 0), tf.equal(second, 0))
    return first, tf.where(both, tf.constant(2**31 - 1, tf.int64), second)


def validate_dense_weights(values: Any, weights: Any, dtype: Any = None) -> Any:
    """Return the weights of dense values, an empty tensor for None.

    Replaces the function of `tensorflow.python.ops.bincount_ops`.

    Raises:
        ValueError: the weights are no tensor.
    """
    tf = _runtime.tensorflow()
    if weights is None:
        return tf.constant([], dtype=dtype or values.dtype)
    if not isinstance(weights, tf.Tensor):
        raise ValueError(
            "Argument `weights` must be a tf.Tensor if `values` is a tf.Tensor. "
            f"Received weights={weights} of type: {type(weights).__name__}"
        )
    return weights


def get_strides_and_dilation_rate(
    num_spatial_dims: int, strides: Sequence[int] | None, dilation_rate: Sequence[int] | None
) -> tuple[Any, Any]:
    """Return strides and dilation rates of a convolution as arrays, ones for None.

    Replaces `tensorflow.python.ops.nn_ops._get_strides_and_dilation_rate`.

    Raises:
        ValueError: one is of another length, or below 1, or both are above 1 somewhere.
    """
    import numpy as np

    found = {}
    for name, given in (("dilation_rate", dilation_rate), ("strides", strides)):
        values = np.ones(num_spatial_dims, np.int32) if given is None else np.array(given, np.int32)
        if len(values) != num_spatial_dims:
            raise ValueError(
                f"`len({name})` should be {num_spatial_dims}. Received: {name}={given} of length "
                f"{len(values)}"
            )
        if np.any(values < 1):
            raise ValueError(f"all values of `{name}` must be positive. Received: {name}={given}")
        found[name] = values
    if np.any(found["strides"] > 1) and np.any(found["dilation_rate"] > 1):
        raise ValueError(
            "`strides > 1` not supported in conjunction with `dilation_rate > 1`. Received: "
            f"strides={strides} and dilation_rate={dilation_rate}"
        )
    return found["strides"], found["dilation_rate"]


def deduplicate_indexed_slices(values: Any, indices: Any) -> tuple[Any, Any]:
    """Add up the rows that have the same index.

    Replaces `tensorflow.python.training.optimizer._deduplicate_indexed_slices`.

    Returns:
        The sums, and an index for each, in the order in which they come first.
    """
    tf = _runtime.tensorflow()
    unique, places = tf.unique(indices)
    return tf.math.unsorted_segment_sum(values, places, tf.shape(unique)[0]), unique


def collect(val: Any, collections: Iterable[str] | None, default_collections: Any) -> None:
    """Add a value to collections of the default graph, to the default ones for None.

    Replaces `tensorflow.python.ops.summary_op_util.collect`.
    """
    for key in default_collections if collections is None else collections:
        _runtime.tensorflow().compat.v1.add_to_collection(key, val)
