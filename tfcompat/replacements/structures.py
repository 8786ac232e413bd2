"""Nests of Python values as messages: `tensorflow.python.saved_model.nested_structure_coder`."""

from __future__ import annotations

import collections
import collections.abc
from typing import Any

from tfcompat import _runtime
from tfcompat.errors import TfcompatError
from tfcompat.replacements import protos

__all__ = ["StructureCoder", "decode_proto", "encode_structure"]

# Type specs with what their messages hold of them, and the numbers of their classes.
_SPECS = {
    "SparseTensorSpec": (1, ("shape", "dtype")),
    "RaggedTensorSpec": (3, ("shape", "dtype", "ragged_rank", "row_splits_dtype")),
}


def encode_structure(nested_structure: Any) -> Any:
    """Return a `StructuredValue` message for a nest.

    Args:
        nested_structure: a nest of lists, tuples, named tuples and dicts, with numbers, strings,
            booleans, None, `tf.TensorShape`, `tf.DType`, `tf.TensorSpec`, and the specs of
            sparse and ragged tensors.

    Raises:
        TfcompatError: something else is in it.
    """
    message = protos.struct_pb2.StructuredValue()
    _encode(nested_structure, message)
    return message


def _encode(value: Any, message: Any) -> None:
    if value is None:
        message.none_value.SetInParent()
    elif isinstance(value, (bool, int, float, str)):
        field = next(name for kind, name in _PLAIN if isinstance(value, kind))
        setattr(message, field, value)
    elif isinstance(value, list):
        message.list_value.SetInParent()
        _encode_all(value, message.list_value)
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        message.named_tuple_value.name = type(value).__name__
        for name, part in zip(value._fields, value):
            pair = message.named_tuple_value.values.add()
            pair.key = name
            _encode(part, pair.value)
    elif isinstance(value, tuple):
        message.tuple_value.SetInParent()
        _encode_all(value, message.tuple_value)
    elif isinstance(value, collections.abc.Mapping):
        message.dict_value.SetInParent()
        for name, part in value.items():
            _encode(part, message.dict_value.fields[name])
    else:
        _encode_type(value, message)


# A boolean is an int as well.
_PLAIN = (
    (bool, "bool_value"),
    (int, "int64_value"),
    (float, "float64_value"),
    (str, "string_value"),
)


def _encode_all(values: Any, message: Any) -> None:
    for value in values:
        _encode(value, message.values.add())


def _encode_type(value: Any, message: Any) -> None:
    tf = _runtime.tensorflow()
    name = type(value).__name__
    if isinstance(value, tf.TensorShape):
        message.tensor_shape_value.CopyFrom(value.as_proto())
    elif isinstance(value, tf.DType):
        message.tensor_dtype_value = value.as_datatype_enum
    elif type(value) is tf.TensorSpec:
        spec = message.tensor_spec_value
        spec.name = value.name or ""
        spec.shape.CopyFrom(value.shape.as_proto())
        spec.dtype = value.dtype.as_datatype_enum
    elif name in _SPECS and isinstance(value, getattr(tf, name)):
        number, parts = _SPECS[name]
        spec = message.type_spec_value
        spec.type_spec_class = number
        spec.type_spec_class_name = name
        _encode(tuple(getattr(value, part) for part in parts), spec.type_state)
        # From 2.11 on a message tells how many tensors a value has.
        if "num_flat_components" in spec.DESCRIPTOR.fields_by_name:
            spec.num_flat_components = len(tf.nest.flatten(value, expand_composites=True))
    else:
        raise TfcompatError(f"No message can hold {value!r}, of type {name}.")


def decode_proto(proto: Any) -> Any:
    """Return the nest that a `StructuredValue` message holds.

    Args:
        proto: what `encode_structure` returned, or a part of a SavedModel.

    Raises:
        TfcompatError: it holds a type that no public name leads to.
    """
    kind = proto.WhichOneof("kind")
    if kind in ("list_value", "tuple_value"):
        values = [decode_proto(value) for value in getattr(proto, kind).values]
        return values if kind == "list_value" else tuple(values)
    if kind == "dict_value":
        return {name: decode_proto(value) for name, value in proto.dict_value.fields.items()}
    if kind == "named_tuple_value":
        pairs = {pair.key: decode_proto(pair.value) for pair in proto.named_tuple_value.values}
        return collections.namedtuple(proto.named_tuple_value.name, pairs)(**pairs)
    if kind == "none_value":
        return None
    if kind in {field for _, field in _PLAIN}:
        return getattr(proto, kind)
    return _decode_type(proto, kind)


def _decode_type(proto: Any, kind: str | None) -> Any:
    tf = _runtime.tensorflow()
    if kind == "tensor_shape_value":
        return tf.TensorShape(proto.tensor_shape_value)
    if kind == "tensor_dtype_value":
        return tf.as_dtype(proto.tensor_dtype_value)
    if kind == "tensor_spec_value":
        spec = proto.tensor_spec_value
        name = spec.name or None
        return tf.TensorSpec(tf.TensorShape(spec.shape), tf.as_dtype(spec.dtype), name)
    if kind == "type_spec_value":
        for name, (number, parts) in _SPECS.items():
            state = decode_proto(proto.type_spec_value.type_state)
            if proto.type_spec_value.type_spec_class == number and len(state) == len(parts):
                return getattr(tf, name)(*state)
    raise TfcompatError(f"No public name leads to what this message holds:\n{proto}")


class StructureCoder:
    """The functions of this module as methods, as TensorFlow had them up to 2.7.

    Replaces the class of `tensorflow.python.saved_model.nested_structure_coder`.
    """

    encode_structure = staticmethod(encode_structure)
    decode_proto = staticmethod(decode_proto)

    def can_encode(self, nested_structure: Any) -> bool:
        """Tell whether `encode_structure` takes a nest."""
        try:
            self.encode_structure(nested_structure)
        except TfcompatError:
            return False
        return True
