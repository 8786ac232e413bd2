"""Dtypes of TensorFlow and those of NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfcompat import _runtime
from tfcompat.replacements import protos

if TYPE_CHECKING:
    TF_TO_NP: dict[int, Any]

__all__ = ["TF_TO_NP"]


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
