"""Nests and specs of `tf.data`: helpers of `tensorflow.python.data.util` and `experimental`.

To `tf.data` lists and `tf.compat.v1.SparseTensorValue` are values, not nests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfcompat import _runtime
from tfcompat.replacements import classes
from tfcompat.replacements._autograph import unconverted
from tfcompat.replacements.nest import flatten_up_to, get_traverse_shallow_structure

__all__ = [
    "convert_legacy_structure",
    "data_flatten",
    "data_map_structure",
    "dataset_sleep",
    "get_flat_tensor_shapes",
    "get_flat_tensor_types",
]


def _shallow(structure: Any) -> Any:
    """Return the nest with a bool in place of each value."""
    values = (list, _runtime.tensorflow().compat.v1.SparseTensorValue)
    return get_traverse_shallow_structure(lambda part: not isinstance(part, values), structure)


def data_flatten(structure: Any) -> list[Any]:
    """Return the values of a nest, by key where it is a mapping.

    Replaces `tensorflow.python.data.util.nest.flatten`.
    """
    return flatten_up_to(_shallow(structure), structure)


def data_map_structure(func: Callable[..., Any], *structure: Any, check_types: bool = True) -> Any:
    """Call a function with the values at each place of nests of the same structure.

    Replaces `tensorflow.python.data.util.nest.map_structure`.

    Args:
        func: called with as many values as there are nests.
        *structure: the nests.
        check_types: whether the types of tuples and mappings must agree.

    Returns:
        A nest like the first, of what the function returned.

    Raises:
        TypeError: the nests differ in type, or `func` is no function.
        ValueError: the nests differ in structure, or there is none.
    """
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    nest = _runtime.tensorflow().nest
    first, *others = shallow = [_shallow(one) for one in structure]
    for other in others:
        nest.assert_same_structure(first, other, check_types=check_types)
    values = zip(*(data_flatten(one) for one in structure))
    return nest.pack_sequence_as(shallow[0], [func(*one) for one in values])


def convert_legacy_structure(output_types: Any, output_shapes: Any, output_classes: Any) -> Any:
    """Return the nest of `tf.TypeSpec` of three nests as TensorFlow 1 has them.

    Replaces the function of `tensorflow.python.data.util.structure`.

    Args:
        output_types: `tf.DType` of each value.
        output_shapes: `tf.TensorShape` of each value. Of a `tf.TensorArray` the first two
            dimensions are `dynamic_size` and `infer_shape`.
        output_classes: of each value `tf.Tensor`, `tf.SparseTensor`, `tf.TensorArray`, or its
            `tf.TypeSpec`, which is returned as it is.

    Raises:
        TypeError: a class is none of these.
    """
    tf = _runtime.tensorflow()

    def spec(dtype: Any, shape: Any, cls: Any) -> Any:
        if isinstance(cls, tf.TypeSpec):
            return cls
        if issubclass(cls, tf.SparseTensor):
            return tf.SparseTensorSpec(shape, dtype)
        if issubclass(cls, tf.Tensor):
            return tf.TensorSpec(shape, dtype)
        if issubclass(cls, tf.TensorArray):
            dynamic, infer = (tf.compat.dimension_value(size) for size in shape[:2])
            return tf.TensorArraySpec(shape[2:], dtype, dynamic_size=dynamic, infer_shape=infer)
        raise TypeError(f"Could not build a structure for output class {cls.__name__}.")

    flat = zip(*(data_flatten(one) for one in (output_types, output_shapes, output_classes)))
    return tf.nest.pack_sequence_as(_shallow(output_classes), [spec(*one) for one in flat])


@unconverted
def _attribute(element_spec: Any, name: str) -> list[Any]:
    """Return what an operation that yields elements of a spec has for their tensors."""
    tf = _runtime.tensorflow()
    # Operations need one tensor at least, which an empty spec does not have.
    specs = (element_spec, tf.TensorSpec([], tf.bool))
    with tf.Graph().as_default() as graph:
        tf.experimental.Optional.empty(specs).get_value()
        (operation,) = (one for one in graph.get_operations() if one.type == "OptionalGetValue")
        return list(operation.get_attr(name))[:-1]


def get_flat_tensor_types(element_spec: Any) -> list[Any]:
    """Return the `tf.DType` of each tensor that `tf.data` keeps for an element.

    Replaces the function of `tensorflow.python.data.util.structure`. Sparse and ragged tensors
    are kept as one of `tf.variant`.

    Args:
        element_spec: a nest of `tf.TypeSpec`.
    """
    return _attribute(element_spec, "output_types")


def get_flat_tensor_shapes(element_spec: Any) -> list[Any]:
    """Return the `tf.TensorShape` of each tensor that `tf.data` keeps for an element.

    Replaces the function of `tensorflow.python.data.util.structure`.

    Args:
        element_spec: a nest of `tf.TypeSpec`.
    """
    shape = _runtime.tensorflow().TensorShape
    return [shape(one) for one in _attribute(element_spec, "output_shapes")]


def dataset_sleep(sleep_microseconds: int) -> Callable[[Any], Any]:
    """Return a function for `tf.data.Dataset.apply` that sleeps before each element.

    Replaces `sleep` of `tensorflow.python.data.experimental.ops.testing`.

    Args:
        sleep_microseconds: how long.
    """
    tf = _runtime.tensorflow()

    def apply(dataset: Any) -> Any:
        spec = dataset.element_spec
        variant = tf.raw_ops.SleepDataset(
            input_dataset=tf.data.experimental.to_variant(dataset),
            sleep_microseconds=sleep_microseconds,
            output_types=get_flat_tensor_types(spec),
            output_shapes=get_flat_tensor_shapes(spec),
        )
        return classes.UnaryUnchangedStructureDataset(dataset, variant)

    return apply
