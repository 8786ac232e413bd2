"""Shapes of convolutions against the private originals of `tensorflow.python.layers.utils`."""

import itertools

import pytest

from tests.replacements.originals import original
from tfcompat import replacements


def outcome(function, *args, **kwargs):
    try:
        return function(*args, **kwargs)
    except (AssertionError, ValueError) as error:
        return type(error)


@pytest.mark.parametrize("padding", ["valid", "same", "full"])
@pytest.mark.parametrize("length", [None, 1, 7, 32])
def test_lengths(length, padding):
    for name, dilations in (
        ("conv_output_length", [(), (1,), (2,)]),
        ("conv_input_length", [()]),
    ):
        old, new = original(f"layers.utils.{name}"), getattr(replacements, name)
        for size, stride, dilation in itertools.product((1, 3, 5), (1, 2), dilations):
            args = (length, size, padding, stride, *dilation)
            assert outcome(new, *args) == outcome(old, *args), (name, args)
    old = original("layers.utils.deconv_output_length")
    for size, stride in itertools.product((1, 3, 5), (1, 2)):
        found = outcome(replacements.deconv_output_length, length, size, padding, stride=stride)
        assert found == outcome(old, length, size, padding, stride), (size, stride)


@pytest.mark.parametrize("dimensions", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first", "other"])
def test_convert_data_format(data_format, dimensions):
    old = original("layers.utils.convert_data_format")
    args = (data_format, dimensions)
    assert outcome(replacements.convert_data_format, *args) == outcome(old, *args)


@pytest.mark.parametrize("value", [3, (1, 2), [3, 4], (1,), 0, (0, 1), ("a", "b"), None, 1.5])
def test_normalize_tuple(value):
    old = original("layers.utils.normalize_tuple")
    args = (value, 2, "strides")
    assert outcome(replacements.normalize_tuple, *args) == outcome(old, *args)
