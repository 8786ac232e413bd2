"""`tensorflow.core`: protocol buffers.

The messages that TensorFlow shows, such as `tf.compat.v1.GraphDef`, are the same objects and
need no advice. The modules are rows of `tfcompat.unstable`, see `internal`.
"""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, nothing, public

_TYPES = "tensorflow.core.framework.types_pb2"

# The number of each dtype is public as `DType.as_datatype_enum`.
_DTYPES = {
    "DT_FLOAT": "float32",
    "DT_DOUBLE": "float64",
    "DT_HALF": "float16",
    "DT_BFLOAT16": "bfloat16",
    "DT_INT8": "int8",
    "DT_INT16": "int16",
    "DT_INT32": "int32",
    "DT_INT64": "int64",
    "DT_UINT8": "uint8",
    "DT_UINT16": "uint16",
    "DT_UINT32": "uint32",
    "DT_UINT64": "uint64",
    "DT_QINT8": "qint8",
    "DT_QINT16": "qint16",
    "DT_QINT32": "qint32",
    "DT_QUINT8": "quint8",
    "DT_QUINT16": "quint16",
    "DT_COMPLEX64": "complex64",
    "DT_COMPLEX128": "complex128",
    "DT_BOOL": "bool",
    "DT_STRING": "string",
    "DT_RESOURCE": "resource",
    "DT_VARIANT": "variant",
}

ADVICE: dict[str, Advice] = {
    f"{_TYPES}.{name}": public(f"tensorflow.{dtype}.as_datatype_enum")
    for name, dtype in _DTYPES.items()
}
ADVICE["tensorflow.core.protobuf.error_codes_pb2._CODE"] = nothing(
    "The Python protocol buffers of today have no such global; "
    "tfcompat.unstable.error_codes_pb2.Code.DESCRIPTOR is the enum's descriptor."
)
ADVICE["tensorflow.tsl.protobuf.error_codes_pb2._CODE"] = ADVICE[
    "tensorflow.core.protobuf.error_codes_pb2._CODE"
]
