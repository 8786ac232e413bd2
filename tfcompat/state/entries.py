"""One entry of a state: a key, what it holds, and how a live object gives and takes it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tfcompat import _kinds, _naming, _runtime
from tfcompat.state import parallel

# What an entry holds. Kinds decide what counts as the same dtype and shape at a restore.
VARIABLE = "variable"  # dtype and shape must be equal
COUNTER = "counter"  # an integer; Keras 2 and 3 disagree about its width
SEED = "seed"  # as a counter, and a reader may be without it
TABLE = "table"  # the first dimension may differ
ARRAY = "array"  # a NumPy array or scalar
OPAQUE = "opaque"  # bytes that TensorFlow alone can read
ITERATOR = "iterator"  # the same, and only some releases can
# The kinds of plain Python values; the names are those of the types.
VALUES = ("bool", "int", "float", "complex", "str", "bytes", "NoneType")
NUMBERS = ("int", "float", "complex")


class Entry:
    """An entry of a live object.

    Attributes:
        key: the stable name.
        kind: one of the constants above.
        dtype: the name of a TensorFlow dtype.
        shape: the shape; a dimension that is free is None.
    """

    __slots__ = ("_read", "_write", "dtype", "key", "kind", "shape")

    def __init__(
        self,
        key: str,
        kind: str,
        dtype: str,
        shape: tuple[int | None, ...],
        read: Callable[[], Any],
        write: Callable[[Any], None],
    ) -> None:
        self.key = key
        self.kind = kind
        self.dtype = dtype
        self.shape = shape
        self._read = read
        self._write = write

    @property
    def optional(self) -> bool:
        """Whether a state and its reader may differ in having this entry."""
        return self.kind == SEED

    def read(self) -> Any:
        """Return the present value as a tensor, which later steps do not change."""
        return self._read()

    def write(self, tensor: Any) -> None:
        """Give the live object a value of the right dtype and shape."""
        self._write(tensor)


class VariableEntry(Entry):
    """The value of a `tf.Variable`."""

    __slots__ = ("_is_plain", "variable")

    def __init__(self, key: str, variable: Any, kind: str = VARIABLE) -> None:
        plain = _plain_variable()
        is_plain = isinstance(variable, plain)
        if not is_plain:
            variable = _naming.tensor_variable(variable)
            is_plain = isinstance(variable, plain)
        self.variable = variable
        self._is_plain = is_plain
        self.key = key
        self.kind = kind
        self.dtype = variable.dtype.name
        shape = variable.shape
        self.shape = (None,) if shape.rank is None else tuple(shape.as_list())

    @property
    def strategy(self) -> Any:
        """The strategy that distributes the variable, or None."""
        return None if self._is_plain else getattr(self.variable, "distribute_strategy", None)

    @property
    def resource(self) -> Any:
        """The one resource that is the variable, or None."""
        return self.variable.handle if self._is_plain else None

    def read(self) -> Any:  # noqa: D102 - as in the base class
        variable = self.variable
        if not self._is_plain:
            return variable.read_value()
        # The tensor shares the variable's buffer, which read_value() would copy; TensorFlow
        # copies it when the variable changes while the tensor lives.
        return _read_variable()(resource=variable.handle, dtype=variable.dtype)

    def write(self, tensor: Any) -> None:  # noqa: D102 - as in the base class
        if self._is_plain:
            _assign_variable()(resource=self.variable.handle, value=tensor)
        else:
            self.variable.assign(tensor, read_value=False)


class PartitionedEntry(Entry):
    """The value of a variable that a strategy keeps in parts of its first dimension.

    In a state it is whole, so that it fits any other partition, and none.

    Attributes:
        parts: an entry for each part, in order.
    """

    __slots__ = ("parts",)

    def __init__(self, key: str, parts: list[VariableEntry]) -> None:
        self.parts = parts
        self.key = key
        self.kind = VARIABLE
        self.dtype = parts[0].dtype
        self.shape = (sum(self._lengths), *parts[0].shape[1:])

    @property
    def _lengths(self) -> list[int]:
        return [int(part.variable.shape[0]) for part in self.parts]

    def read(self) -> Any:  # noqa: D102 - as in the base class
        tf = _runtime.tensorflow()
        with tf.device("CPU:0"):
            return tf.concat([part.read() for part in self.parts], 0)

    def write(self, tensor: Any) -> None:  # noqa: D102 - as in the base class
        values = _runtime.tensorflow().split(tensor, self._lengths)
        for part, value in zip(self.parts, values):
            part.write(value)


@functools.cache
def _plain_variable() -> type:
    """Return the class of variables that are one resource; others are distributed or cast."""
    # Apart, for in the scope of a strategy the variable would be the strategy's.
    return type(parallel.apart(lambda: _runtime.tensorflow().Variable(0.0)))


@functools.cache
def _read_variable() -> Any:
    return _runtime.tensorflow().raw_ops.ReadVariableOp


@functools.cache
def _assign_variable() -> Any:
    return _runtime.tensorflow().raw_ops.AssignVariableOp


def value_kind(value: Any) -> str | None:
    """Return the kind of a plain Python value or NumPy array, or None when it is neither."""
    kind = _kinds.kind_of(value)
    if kind == _kinds.ARRAY:
        # A tensor has no mask.
        storable = _has_tensor_dtype(value.dtype) and not isinstance(value, np.ma.MaskedArray)
        return ARRAY if storable else None
    return type(value).__name__ if kind == _kinds.VALUE else None


@functools.cache
def _has_tensor_dtype(dtype: Any) -> bool:
    """Tell whether TensorFlow has a dtype of NumPy's; of `longdouble` and others it has not."""
    if dtype.kind not in "biufcSUV" or dtype.names:
        return False
    try:
        _runtime.tensorflow().as_dtype(dtype)
    except TypeError:
        return False
    return True


def encode(value: Any) -> tuple[str, Any]:
    """Return (kind, NumPy array that a tensor can be made of) for a plain value."""
    kind = value_kind(value)
    if kind == ARRAY:
        array = np.asarray(value)
        if array.dtype.kind == "U":
            array = np.char.encode(array, "utf-8", "surrogatepass").astype(object)
        elif array.dtype.kind == "S":
            array = array.astype(object)
        return ARRAY, np.array(array)  # a copy: a later change must not reach the file
    if kind == "int" and not -(2**63) <= value < 2**63:
        return "int", np.array(str(value).encode(), dtype=object)
    if kind == "str":
        return "str", np.array(value.encode("utf-8", "surrogatepass"), dtype=object)
    if kind == "bytes":
        return "bytes", np.array(value, dtype=object)
    if kind == "NoneType":
        return "NoneType", np.array(b"", dtype=object)
    dtypes = {"bool": np.bool_, "int": np.int64, "float": np.float64, "complex": np.complex128}
    return str(kind), np.array(value, dtype=dtypes[str(kind)])


def decode(kind: str, array: Any, like: Any) -> Any:
    """Return the plain value that `encode` was given; a NumPy value of the type of `like`."""
    if kind == ARRAY:
        array = np.array(array, dtype=object) if isinstance(array, bytes) else np.asarray(array)
        if isinstance(like, (np.ndarray, np.generic)) and like.dtype.kind in "US":
            decoded = [item.decode("utf-8", "surrogatepass") if like.dtype.kind == "U" else item
                       for item in array.reshape(-1)]  # fmt: skip
            found = np.array(decoded, dtype=like.dtype.kind).reshape(array.shape)
            return found if isinstance(like, np.ndarray) or found.ndim else found[()]
        return array if isinstance(like, np.ndarray) or array.ndim else array.dtype.type(array)
    # A string comes as bytes, which an array of NumPy's would cut at trailing zeros.
    value = array if isinstance(array, bytes) else array.item()
    if kind == "int":
        return int(value)
    if kind == "str":
        return value.decode("utf-8", "surrogatepass")
    return None if kind == "NoneType" else value


def array_dtype(array: Any) -> str:
    """Return the name of the TensorFlow dtype of an encoded array."""
    if array.dtype.kind in "OSU":
        return "string"
    return str(_runtime.tensorflow().as_dtype(array.dtype).name)
