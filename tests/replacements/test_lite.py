"""Helpers of TensorFlow Lite against the private originals."""

import types

import pytest

from tfcompat import _lookup, replacements


def original(name):
    return _lookup.at(f"tensorflow.lite.python.util.{name}")


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
