"""Lists of tensors: `tensorflow.python.ops.list_ops` by `tf.raw_ops`."""

from __future__ import annotations

from typing import Any

from tfcompat import _runtime

__all__ = [
    "empty_tensor_list",
    "tensor_list_from_tensor",
    "tensor_list_gather",
    "tensor_list_stack",
]


def _shape(shape: Any) -> Any:
    """Return a shape as the operations take it, with -1 for what is unknown."""
    tf = _runtime.tensorflow()
    if tf.is_tensor(shape):
        return shape
    shape = tf.TensorShape(shape)
    if shape.rank is None:
        return -1
    sizes = [-1 if size is None else size for size in shape.as_list()]
    return tf.constant(sizes, tf.int32)


def empty_tensor_list(
    element_shape: Any,
    element_dtype: Any,
    max_num_elements: int | None = None,
    name: str | None = None,
) -> Any:
    """Return an empty list of tensors of a shape and dtype, a tensor of dtype variant."""
    return _runtime.tensorflow().raw_ops.EmptyTensorList(
        element_shape=_shape(element_shape),
        max_num_elements=-1 if max_num_elements is None else max_num_elements,
        element_dtype=element_dtype,
        name=name,
    )


def tensor_list_from_tensor(tensor: Any, element_shape: Any, name: str | None = None) -> Any:
    """Return a list of what lies along the first dimension of a tensor."""
    return _runtime.tensorflow().raw_ops.TensorListFromTensor(
        tensor=tensor, element_shape=_shape(element_shape), name=name
    )


def tensor_list_gather(
    input_handle: Any,
    indices: Any,
    element_dtype: Any,
    element_shape: Any = None,
    name: str | None = None,
) -> Any:
    """Return some of a list's tensors along a new first dimension."""
    return _runtime.tensorflow().raw_ops.TensorListGather(
        input_handle=input_handle,
        indices=indices,
        element_shape=_shape(element_shape),
        element_dtype=element_dtype,
        name=name,
    )


def tensor_list_stack(
    input_handle: Any,
    element_dtype: Any,
    num_elements: int = -1,
    element_shape: Any = None,
    name: str | None = None,
) -> Any:
    """Return all of a list's tensors along a new first dimension."""
    return _runtime.tensorflow().raw_ops.TensorListStack(
        input_handle=input_handle,
        element_shape=_shape(element_shape),
        element_dtype=element_dtype,
        num_elements=num_elements,
        name=name,
    )
