"""How the preprocessing layers of Keras 2 encode integers."""

from __future__ import annotations

from typing import Any

from tfcompat import _runtime

__all__ = [
    "COUNT",
    "INT",
    "MULTI_HOT",
    "ONE_HOT",
    "TF_IDF",
    "compute_shape_for_encode_categorical",
    "encode_categorical_inputs",
    "ensure_tensor",
]


# The output modes of Keras's preprocessing layers.
INT = "int"
ONE_HOT = "one_hot"
MULTI_HOT = "multi_hot"
COUNT = "count"
TF_IDF = "tf_idf"


def ensure_tensor(inputs: Any, dtype: Any = None) -> Any:
    """Return a value as a tensor of a dtype; dense, ragged or sparse as it is."""
    tf = _runtime.tensorflow()
    if not isinstance(inputs, (tf.Tensor, tf.RaggedTensor, tf.SparseTensor)):
        inputs = tf.convert_to_tensor(inputs, dtype)
    return inputs if dtype is None else tf.cast(inputs, dtype)


def encode_categorical_inputs(
    inputs: Any,
    output_mode: str,
    depth: int,
    dtype: Any = "float32",
    sparse: bool = False,
    count_weights: Any = None,
    idf_weights: Any = None,
) -> Any:
    """Encode integers as `CategoryEncoding` and the lookup layers of Keras 2 do.

    Args:
        inputs: an integer tensor of rank 2 or less.
        output_mode: `INT`, `ONE_HOT`, `MULTI_HOT`, `COUNT` or `TF_IDF`.
        depth: the number of categories.
        dtype: of the result.
        sparse: whether the result is a `tf.SparseTensor`.
        count_weights: how much each of the inputs counts.
        idf_weights: of shape `(depth,)`, for `TF_IDF`.

    Returns:
        A tensor of shape `(depth,)` or `(batch, depth)`; for `INT` the inputs.

    Raises:
        ValueError: the rank is too high, or `idf_weights` is missing.
    """
    tf = _runtime.tensorflow()
    if output_mode == INT:
        return tf.identity(tf.cast(inputs, dtype))
    given = inputs.shape
    is_sparse = isinstance(inputs, tf.SparseTensor)
    expand_dims = tf.sparse.expand_dims if is_sparse else tf.expand_dims
    if inputs.shape.rank == 0:
        inputs = expand_dims(inputs, -1)
    if output_mode == ONE_HOT and inputs.shape[-1] != 1:
        inputs = expand_dims(inputs, -1)
    if inputs.shape.rank > 2:
        raise ValueError(
            f"The result of output mode {output_mode!r} has at most rank 2. Received: inputs of "
            f"shape {given}."
        )
    if output_mode == TF_IDF and idf_weights is None:
        raise ValueError("Output mode 'tf_idf' needs idf_weights.")
    options = {
        "weights": count_weights,
        "minlength": depth,
        "maxlength": depth,
        "axis": -1,
        "binary_output": output_mode in (ONE_HOT, MULTI_HOT),
    }
    rank_1 = inputs.shape.rank == 1
    if not sparse:
        counts = tf.math.bincount(inputs, dtype=dtype, **options)
        counts.set_shape((depth,) if rank_1 else (inputs.shape[0], depth))
        return counts if output_mode != TF_IDF else counts * idf_weights
    counts = tf.cast(tf.sparse.bincount(inputs, **options), dtype)
    values = counts.values
    if output_mode == TF_IDF:
        values = values * tf.gather(idf_weights, counts.indices[:, -1])
    shape = (depth,) if rank_1 else (tf.shape(counts)[0], depth)
    return tf.SparseTensor(counts.indices, values, shape)


def compute_shape_for_encode_categorical(shape: Any, output_mode: str, depth: int) -> Any:
    """Return the shape, a `tf.TensorShape`, that `encode_categorical_inputs` gives.

    Args:
        shape: of the inputs, a list.
        output_mode: as there.
        depth: the number of categories.
    """
    tf = _runtime.tensorflow()
    if output_mode == INT:
        return tf.TensorShape(shape)
    sizes = list(shape or [])
    if sizes and not (output_mode == ONE_HOT and sizes[-1] != 1):
        sizes.pop()
    return tf.TensorShape([*sizes, depth])
