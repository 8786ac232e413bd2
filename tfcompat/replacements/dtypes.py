"""Dtypes of TensorFlow and those of NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfcompat import _runtime
from tfcompat.replacements import protos

if TYPE_CHECKING:
    TF_TO_NP: dict[int, Any]

__all__ = ["TF_TO_NP", "dtype_size"]


def dtype_size(dtype: str) -> int:
    """Return the size of a number of a dtype in bits, which is 1 of a truth value.

    Replaces `keras.src.utils.dtype_utils.dtype_size` of Keras 3.

    Args:
        dtype: its name.

    Raises:
        ValueError: it is no dtype of numbers.
    """
    try:
        known = _runtime.tensorflow().as_dtype(dtype)
    except TypeError:
        known = None
    if known is None or not (known.is_floating or known.is_integer or known.is_bool):
        raise ValueError(f"Invalid dtype: {dtype}")
    return 1 if known.is_bool else 8 * int(known.size)


def _tf_to_np() -> dict[int, Any]:
    """The NumPy type of each number in the enumeration `DataType` that has one."""
    tf = _runtime.tensorflow()
    found = {}
    for number in protos.types_pb2.DataType.values():
        try:
            found[number] = tf.as_dtype(number).as_numpy_dtype
        except (KeyError, TypeError):  # DT_INVALID, and numbers that this release does not know
            continue
    return found


def __getattr__(name: str) -> Any:
    if name != "TF_TO_NP":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = _tf_to_np()
    return globals()[name]
