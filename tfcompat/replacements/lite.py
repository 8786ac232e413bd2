"""Helpers of `tensorflow.lite.python.util` and `tensorflow.lite.tools.visualize`."""

from __future__ import annotations

import copy
import datetime
import re
from collections.abc import Iterable
from typing import Any

from tfcompat import _runtime, replacements

__all__ = [
    "builtin_code_to_name",
    "convert_bytes_to_c_source",
    "convert_model_from_bytearray_to_object",
    "convert_model_from_object_to_bytearray",
    "create_dict_from_flatbuffer",
    "get_grappler_config",
    "get_tensor_name",
    "name_list_to_string",
]

_LICENSE = """
/* Copyright {year} The TensorFlow Authors. All Rights Reserved.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
==============================================================================*/
"""
_NOTE = """
// This is a TensorFlow Lite model file that has been converted into a C data
// array using the tensorflow.lite.util.convert_bytes_to_c_source() function.
// This form is useful for compiling into a binary for devices that don't have a
// file system.
"""
_SOURCE = """
// We need to keep the data array aligned on some architectures.
#ifdef __has_attribute
#define HAVE_ATTRIBUTE(x) __has_attribute(x)
#else
#define HAVE_ATTRIBUTE(x) 0
#endif
#if HAVE_ATTRIBUTE(aligned) || (defined(__GNUC__) && !defined(__clang__))
#define DATA_ALIGN_ATTRIBUTE __attribute__((aligned(4)))
#else
#define DATA_ALIGN_ATTRIBUTE
#endif

const unsigned char {name}[] DATA_ALIGN_ATTRIBUTE = {{
{values}}};
const int {name}_len = {length};
"""
_HEADER = """
#ifndef {guard}
#define {guard}

extern const unsigned char {name}[];
extern const int {name}_len;

#endif  // {guard}
"""


def convert_bytes_to_c_source(
    data: bytes,
    array_name: str,
    max_line_width: int = 80,
    include_guard: str | None = None,
    include_path: str | None = None,
    use_tensorflow_license: bool = False,
) -> tuple[str, str]:
    """Return the text of a C source file with a constant array, and of its header.

    Args:
        data: the bytes of the array.
        array_name: the name of the variable.
        max_line_width: the length that no line of values exceeds, in characters.
        include_guard: the macro that guards the header, made from the name by default.
        include_path: a file that the source is to include.
        use_tensorflow_license: whether both begin with the licence of TensorFlow.
    """
    count = max(1, (max_line_width - 1) // 6)
    values = [f" 0x{value:02x}," for value in bytearray(data)]
    lines = ["".join(values[start : start + count]) for start in range(0, len(values), count)]
    licence = _LICENSE.format(year=datetime.date.today().year) if use_tensorflow_license else ""
    include = "" if include_path is None else f'#include "{include_path}"\n'
    guard = include_guard
    if guard is None:
        guard = f"TENSORFLOW_LITE_UTIL_{array_name.upper()}_DATA_H_"
    body = "".join(f"   {line}\n" for line in lines)
    source = _SOURCE.format(name=array_name, values=body, length=len(data))
    header = _HEADER.format(name=array_name, guard=guard)
    return f"{licence}{_NOTE}\n{include}{source}", f"\n{licence}\n{_NOTE}{header}"


def convert_model_from_bytearray_to_object(model_bytearray: bytes) -> Any:
    """Return a `lite_schemas.schema_py_generated.ModelT` whose arrays can be written to."""
    schema = replacements.lite_schemas.schema_py_generated
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model_bytearray))
    return copy.deepcopy(model)


def convert_model_from_object_to_bytearray(model_object: Any) -> bytes:
    """Return the bytes of a `ModelT`, as a `.tflite` file holds them."""
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    builder.Finish(model_object.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def builtin_code_to_name(code: int) -> str | None:
    """Return the name of a built-in operation, or None where its number has none."""
    operators = vars(replacements.lite_schemas.schema_py_generated.BuiltinOperator)
    return next((name for name, value in operators.items() if value == code), None)


def name_list_to_string(name_list: str | Iterable[int] | None) -> str:
    """Return the text of a list of character codes. Text is returned as it is."""
    if isinstance(name_list, str):
        return name_list
    return "".join(chr(int(code)) for code in (() if name_list is None else name_list))


def create_dict_from_flatbuffer(buffer_data: bytes) -> dict[str, Any]:
    """Return a `.tflite` model as nested dictionaries with names in snake case.

    Text is a list of character codes. Arrays are lists, but not those of `buffers`. The fields are
    those of the newest schema, in every release.
    """
    schema = replacements.lite_schemas.schema_py_generated
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(buffer_data))
    found: dict[str, Any] = _plain(model, keep_arrays=False)
    return found


def _plain(item: Any, keep_arrays: bool) -> Any:
    if isinstance(item, (int, float, str)):
        return item
    if hasattr(item, "__dict__"):
        return {
            _snake_case(name): _plain(value, keep_arrays or name == "buffers")
            for name, value in sorted(vars(item).items())
        }
    if hasattr(item, "tolist"):
        return item if keep_arrays else item.tolist()
    return [_plain(each, keep_arrays) for each in item] if hasattr(item, "__len__") else item


def _snake_case(name: str) -> str:
    return re.sub("([a-z0-9])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)).lower()


def get_grappler_config(optimizers_list: Iterable[str]) -> Any:
    """Return a `tf.compat.v1.ConfigProto` that names passes of the optimizer of graphs."""
    config = _runtime.tensorflow().compat.v1.ConfigProto()
    for name in optimizers_list:
        config.graph_options.rewrite_options.optimizers.append(name)
    return config


def get_tensor_name(tensor: Any) -> str:
    """Return the name of a tensor, without the number of the output where that is 0.

    Raises:
        ValueError: the name has more than one colon.
    """
    name = str(tensor.name)
    parts = name.split(":")
    if len(parts) > 2:
        raise ValueError(f"Tensor name invalid. Expect 0 or 1 colon, got {len(parts) - 1}")
    return parts[0] if parts[1:] in ([], ["0"]) else name
