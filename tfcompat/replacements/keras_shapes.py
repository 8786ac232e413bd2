"""Helpers of `keras.utils.conv_utils` and `tf_utils` for shapes and sizes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tfcompat import _runtime

__all__ = [
    "conv_input_length",
    "conv_output_length",
    "convert_data_format",
    "convert_shapes",
    "deconv_output_length",
    "normalize_data_format",
    "normalize_padding",
    "normalize_tuple",
    "shape_type_conversion",
]


def normalize_tuple(
    value: Any, n: int, name: str, allow_zero: bool | None = None
) -> tuple[int, ...]:
    """Return an integer, or an iterable of integers, as a tuple of `n` integers.

    Args:
        value: an integer, which is repeated, or an iterable of `n` integers.
        n: the length of the tuple.
        name: of the argument, for the message.
        allow_zero: whether zeros are allowed, negative numbers not. If None nothing is said about
            either, as before 2.8.

    Raises:
        ValueError: the value is none of that.
    """
    message = f"The `{name}` argument must be a tuple of {n} integers. Received: {value}"
    if isinstance(value, int):
        values: tuple[Any, ...] = (value,) * n
    else:
        try:
            values = tuple(value)
            [int(single) for single in values]
        except (TypeError, ValueError):
            raise ValueError(message) from None
    if len(values) != n:
        raise ValueError(message)
    if allow_zero is not None and min(values, default=1) < (0 if allow_zero else 1):
        raise ValueError(f"{message}, which must be {'>= 0' if allow_zero else '> 0'}")
    return values


def normalize_data_format(value: str | None) -> str:
    """Return `"channels_first"` or `"channels_last"`; Keras's own setting for None.

    Raises:
        ValueError: the value is another.
    """
    if value is None:
        value = _runtime.tensorflow().keras.backend.image_data_format()
    found = value.lower()
    if found not in ("channels_first", "channels_last"):
        raise ValueError(
            "The `data_format` argument must be one of 'channels_first', 'channels_last'. "
            f"Received: {value}"
        )
    return found


def normalize_padding(value: Any) -> Any:
    """Return `"valid"`, `"same"` or `"causal"` in lower case; a list or tuple as it is.

    Raises:
        ValueError: the value is another.
    """
    if isinstance(value, (list, tuple)):
        return value
    found = value.lower()
    if found not in ("valid", "same", "causal"):
        raise ValueError(
            "The `padding` argument must be a list, a tuple or one of 'valid', 'same', 'causal'. "
            f"Received: {value}"
        )
    return found


def convert_data_format(data_format: str, ndim: int) -> str:
    """Return the data format of TensorFlow's operations, such as `"NHWC"`.

    Args:
        data_format: `"channels_last"` or `"channels_first"`.
        ndim: the number of dimensions of the tensor: 3, 4 or 5.

    Raises:
        ValueError: for anything else.
    """
    spatial = {3: "W", 4: "HW", 5: "DHW"}.get(ndim)
    if spatial is None:
        raise ValueError(f"Input rank not supported: {ndim}")
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(f"Invalid data_format: {data_format}")
    return f"N{spatial}C" if data_format == "channels_last" else f"NC{spatial}"


def _check_padding(padding: str, *allowed: str) -> None:
    if padding not in allowed:
        raise AssertionError(f"padding={padding!r} is none of {', '.join(map(repr, allowed))}.")


def conv_output_length(
    input_length: int | None, filter_size: int, padding: str, stride: int, dilation: int = 1
) -> int | None:
    """Return the length that a convolution gives, None for an unknown one.

    Args:
        input_length: of the input, or None.
        filter_size: of the kernel.
        padding: `"same"`, `"valid"`, `"full"` or `"causal"`.
        stride: of the convolution.
        dilation: of the kernel.
    """
    if input_length is None:
        return None
    _check_padding(padding, "same", "valid", "full", "causal")
    reach = (filter_size - 1) * dilation
    padded = input_length + {"valid": -reach, "full": reach}.get(padding, 0)
    return -(-padded // stride)


def conv_input_length(
    output_length: int | None, filter_size: int, padding: str, stride: int
) -> int | None:
    """Return the length that a convolution made an output of, None for an unknown one.

    Args:
        output_length: of the output, or None.
        filter_size: of the kernel.
        padding: `"same"`, `"valid"` or `"full"`.
        stride: of the convolution.
    """
    if output_length is None:
        return None
    _check_padding(padding, "same", "valid", "full")
    pad = {"same": filter_size // 2, "valid": 0, "full": filter_size - 1}[padding]
    return (output_length - 1) * stride - 2 * pad + filter_size


def deconv_output_length(
    input_length: int | None,
    filter_size: int,
    padding: str,
    output_padding: int | None = None,
    stride: int = 0,
    dilation: int = 1,
) -> int | None:
    """Return the length that a transposed convolution gives, None for an unknown one.

    Args:
        input_length: of the input, or None.
        filter_size: of the kernel.
        padding: `"same"`, `"valid"` or `"full"`.
        output_padding: what is added to the output; inferred if None.
        stride: of the convolution.
        dilation: of the kernel.
    """
    _check_padding(padding, "same", "valid", "full")
    if input_length is None:
        return None
    size = (filter_size - 1) * dilation + 1
    if output_padding is None:
        length = input_length * stride
        if padding == "valid":
            length += max(size - stride, 0)
        elif padding == "full":
            length -= stride + size - 2
        return length
    pad = {"same": size // 2, "valid": 0, "full": size - 1}[padding]
    return (input_length - 1) * stride + size - 2 * pad + output_padding


def convert_shapes(input_shape: Any, to_tuples: bool = True) -> Any:
    """Return each shape of a nest as a tuple, or as a `tf.TensorShape`.

    Args:
        input_shape: a shape, or a nest of shapes; a list of integers is one shape.
        to_tuples: whether to return tuples.
    """
    tf = _runtime.tensorflow()

    def is_size(value: Any) -> bool:
        return value is None or isinstance(value, (int, tf.compat.v1.Dimension))

    if isinstance(input_shape, dict):
        return {key: convert_shapes(shape, to_tuples) for key, shape in input_shape.items()}
    if isinstance(input_shape, (list, tuple)) and not all(map(is_size, input_shape)):
        return type(input_shape)(convert_shapes(shape, to_tuples) for shape in input_shape)
    shape = tf.TensorShape(input_shape)
    return tuple(shape.as_list()) if to_tuples else shape


def shape_type_conversion(fn: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Decorate `build` or `compute_output_shape` of a layer: tuples in, `tf.TensorShape` out.

    Args:
        fn: a method of `(self, input_shape)`.
    """

    @functools.wraps(fn)
    def wrapper(instance: Any, input_shape: Any) -> Any:
        if input_shape is not None:
            input_shape = convert_shapes(input_shape)
        output_shape = fn(instance, input_shape)
        return output_shape if output_shape is None else convert_shapes(output_shape, False)

    return wrapper
