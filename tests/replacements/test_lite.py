"""Helpers of TensorFlow Lite against the private originals."""

import copy
import types

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.test_lite_schemas import run, values
from tfcompat import _lookup, replacements


def original(name, module="python.util"):
    return _lookup.at(f"tensorflow.lite.{module}.{name}")


@pytest.fixture(scope="module")
def converted():
    function = tf.function(
        lambda x: tf.nn.softmax(tf.reduce_sum(x, [2, 3])),
        input_signature=[tf.TensorSpec([1, 8, 8, 1])],
    )
    concrete = function.get_concrete_function()
    return bytes(tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"max_line_width": 19, "include_path": "a/b.h"},
        {"max_line_width": 18, "include_guard": "GUARD", "use_tensorflow_license": True},
    ],
)
def test_convert_bytes_to_c_source(options):
    for data in (b"", bytes(range(12)), bytes(range(256))):
        expected = original("convert_bytes_to_c_source")(data, "name", **options)
        assert replacements.convert_bytes_to_c_source(data, "name", **options) == expected


def test_models_go_to_objects_and_back(converted):
    to_object = replacements.convert_model_from_bytearray_to_object
    model = to_object(bytearray(converted))
    old = original("_convert_model_from_bytearray_to_object")(bytearray(converted))
    assert values(model) == values(old)
    model.subgraphs[0].inputs[0] = model.subgraphs[0].inputs[0]  # can be written to
    model.description = "changed"
    back = replacements.convert_model_from_object_to_bytearray(model)
    assert to_object(back).description == b"changed"
    assert (run(back) == run(converted)).all()
    of_theirs = replacements.convert_model_from_object_to_bytearray(copy.deepcopy(old))
    assert of_theirs == original("_convert_model_from_object_to_bytearray")(old)


def test_builtin_code_to_name():
    old = original("BuiltinCodeToName", "tools.visualize")
    names = {code: old(code) for code in range(-1, 120)}
    # From Python 3.13 on the original takes a class's line number for an operator.
    names = {code: name for code, name in names.items() if name != "__firstlineno__"}
    assert len(names) > 118
    assert names == {code: replacements.builtin_code_to_name(code) for code in names}
    assert (names[-1], names[25]) == (None, "SOFTMAX")


@pytest.mark.parametrize("text", ["a", "", None, [], [97, 98], b"ab", np.array([97, 98])])
def test_name_list_to_string(text):
    old = original("NameListToString", "tools.visualize")
    assert replacements.name_list_to_string(text) == old(text)


def parts(old, new):
    """The values of both, field by field of the older."""
    if isinstance(old, dict):
        for name, value in old.items():
            if name == "method_name":  # until 2.6, see lite_schemas
                name = "signature_key"
            yield from parts(value, new[name])
    elif isinstance(old, list) and old and isinstance(old[0], dict):
        assert len(old) == len(new)
        for pair in zip(old, new):
            yield from parts(*pair)
    else:
        yield old, new


def test_create_dict_from_flatbuffer(converted):
    old = original("CreateDictFromFlatbuffer", "tools.visualize")(converted)
    new = replacements.create_dict_from_flatbuffer(converted)
    compared = list(parts(old, new))
    assert len(compared) > 50
    for one, other in compared:
        assert type(one) is type(other)
        assert (one == other).all() if hasattr(one, "all") else one == other
    text = new["subgraphs"][0]["tensors"][0]["name"]
    assert isinstance(text, list)
    assert isinstance(replacements.name_list_to_string(text), str)


def test_converter_error():
    assert replacements.ConverterError is original("ConverterError", "python.convert")
    function = tf.function(lambda x: tf.math.betainc(x, x, x))
    concrete = function.get_concrete_function(tf.TensorSpec([2]))
    with pytest.raises(replacements.ConverterError, match="Betainc"):
        tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert()


def test_get_grappler_config():
    for names in ([], ["constfold", "function"]):
        expected = original("get_grappler_config")(names)
        assert replacements.get_grappler_config(names) == expected


def test_get_tensor_name():
    old = original("get_tensor_name")
    for name in ("a", "a:0", "a/b:1"):
        tensor = types.SimpleNamespace(name=name)
        assert replacements.get_tensor_name(tensor) == old(tensor)
    for function in (old, replacements.get_tensor_name):
        with pytest.raises(ValueError, match="colon"):
            function(types.SimpleNamespace(name="a:b:0"))
