"""Arrays whose dtype NumPy does not know by itself, as bytes and as arrays that it knows."""

from __future__ import annotations

from typing import Any

import numpy as np


def bytes_of(array: Any, dtype: str) -> memoryview:
    """Return the bytes of an array as TensorFlow stores a tensor of a dtype, without a copy."""
    array = np.ascontiguousarray(array)
    if dtype == "bfloat16" and array.dtype == np.float32:
        # Where ml_dtypes is not installed bfloat16 is read as float32, whose lower half is zero.
        array = (array.view(np.uint32) >> np.uint32(16)).astype(np.uint16)
    return memoryview(array.reshape(-1).view(np.uint8))


def known(array: Any, dtype: str) -> Any:
    """Return an array of a dtype of NumPy's own that holds the same values."""
    if dtype == "bfloat16" or dtype.startswith("float8"):
        return array.astype(np.float32)
    if dtype in ("int4", "uint4", "int2", "uint2"):
        return array.astype(np.uint8 if dtype.startswith("u") else np.int8)
    return array
