"""`tensorflow.lite`. Its other modules are rows of `tfcompat.unstable`, see `internal`."""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, nothing, public, replacement

# tf.lite.constants of TensorFlow 1, and the private module that it was.
_CONSTANTS = {
    "FLOAT": "float32",
    "FLOAT16": "float16",
    "INT8": "int8",
    "INT16": "int16",
    "INT32": "int32",
    "INT64": "int64",
    "QUANTIZED_UINT8": "uint8",
    "STRING": "string",
}

ADVICE: dict[str, Advice] = {
    "tensorflow.lite.micro.*": nothing(
        "TensorFlow Lite Micro is a package of its own, tflite_micro, and never was in the "
        "wheels of TensorFlow."
    ),
    "tensorflow.lite.tools.signature.*": nothing(
        "It is in the sources of TensorFlow only, and never was in its wheels."
    ),
}
for _name in ("conversion_metadata_schema_py_generated", "schema_py_generated"):
    ADVICE[f"tensorflow.lite.python.{_name}.*"] = replacement(f"lite_schemas.{_name}")
ADVICE.update(
    {
        f"tensorflow.lite.{path}": replacement(name)
        for path, name in {
            "python.convert.ConverterError": "ConverterError",
            "python.convert_phase.ConverterError": "ConverterError",
            "python.util._convert_model_from_bytearray_to_object": (
                "convert_model_from_bytearray_to_object"
            ),
            "python.util._convert_model_from_object_to_bytearray": (
                "convert_model_from_object_to_bytearray"
            ),
            "python.util.convert_bytes_to_c_source": "convert_bytes_to_c_source",
            "python.util.get_grappler_config": "get_grappler_config",
            "python.util.get_tensor_name": "get_tensor_name",
            "tools.visualize.BuiltinCodeToName": "builtin_code_to_name",
            "tools.visualize.CreateDictFromFlatbuffer": "create_dict_from_flatbuffer",
            "tools.visualize.NameListToString": "name_list_to_string",
        }.items()
    }
)
ADVICE.update(
    {
        f"tensorflow.lite.constants.{name}": public(
            f"tensorflow.{dtype}",
            safe=False,
            reason="tf.lite.constants went with TensorFlow 1, so that no test compares the two.",
        )
        for name, dtype in _CONSTANTS.items()
    }
)
