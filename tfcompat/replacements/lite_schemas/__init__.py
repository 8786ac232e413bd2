"""The FlatBuffers schemas of TensorFlow Lite, from the public package flatbuffers.

`lite_schemas.schema_py_generated` has the names of the private module of TensorFlow that is called
so: readers such as `Model`, objects such as `ModelT`, enums such as `BuiltinOperator` and functions
such as `ModelStart`. They are made at run time from a table of the newest schema, so that they are
the same in every release, read the files of earlier ones and write files that earlier ones read.
A reader passes over fields that a file lacks, and an object writes no field that has its default.

Fields that the schema has since replaced are kept. `SignatureDef` has the `key` of TensorFlow 2.5
and 2.6, and reads what was `method_name` there as `signatureKey`, as later releases of TensorFlow
do. In `BuiltinOptions` of TensorFlow 2.10 alone, `UnsortedSegmentSumOptions` is 120 and
`ATan2Options` 121; here they are 121 and 122, as from 2.11 on. These tables have no fields, and the
number that a file holds stays in `builtinOptionsType`.

In TensorFlow 2.7 alone, the two seeds of `RandomOptions` have 32 bits. As later releases of
TensorFlow do, the reader takes them for 64: of a file of 2.7 with such an operation they are wrong.

The classes are of their own: code that gives them to functions of TensorFlow works, since those
read attributes, but `isinstance` with a class of the private module is false.
"""

from __future__ import annotations

import importlib
from typing import Any

__all__ = ["conversion_metadata_schema_py_generated", "schema_py_generated"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
