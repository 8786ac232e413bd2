"""Functions of `keras.ops` that every release can have.

Where `tf.keras` has `keras.ops`, as Keras 3 does, they are its functions, for any of its backends
and for symbolic tensors. In Keras 2 they are those of TensorFlow that do the same with tensors,
under the parameters of `keras.ops`. They do not convert tensors to a common dtype, which is an
error of TensorFlow's instead, and know no sparse ones.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tfcompat import _runtime

_POSITIONAL_OR_KEYWORD = inspect.Parameter.POSITIONAL_OR_KEYWORD


class _Function(NamedTuple):
    """A function of TensorFlow that takes the same arguments in the same order.

    Attributes:
        path: below `tf`.
        signature: of the function of Keras.
        convert: what is done to each of the tensors before.
        tensors: the number of arguments that are tensors.
    """

    path: str
    signature: inspect.Signature
    convert: Callable[[Any], Any] | None
    tensors: int


def _function(
    path: str,
    required: str,
    convert: Callable[[Any], Any] | None = None,
    tensors: int = 1,
    **optional: Any,
) -> _Function:
    parameters = [inspect.Parameter(name, _POSITIONAL_OR_KEYWORD) for name in required.split()]
    parameters += [
        inspect.Parameter(name, _POSITIONAL_OR_KEYWORD, default=default)
        for name, default in optional.items()
    ]
    return _Function(path, inspect.Signature(parameters), convert, tensors)


def _floating(x: Any) -> Any:
    """Convert integers and truth values to the float type of Keras, as `keras.ops` does."""
    tf = _runtime.tensorflow()
    if isinstance(x, (int, float)):
        return x
    x = tf.convert_to_tensor(x)
    return tf.cast(x, tf.keras.backend.floatx()) if x.dtype.is_integer or x.dtype.is_bool else x


def _boolean(x: Any) -> Any:
    return _runtime.tensorflow().cast(x, "bool")


def _same(names: str, required: str, prefix: str = "", **options: Any) -> dict[str, _Function]:
    return {name: _function(prefix + name, required, **options) for name in names.split()}


_FUNCTIONS = {
    **_same("abs erf negative rsqrt sigmoid sign softplus square", "x", "math."),
    **_same(
        "ceil cos cosh exp expm1 floor log log1p sin sinh sqrt tan tanh",
        "x",
        "math.",
        convert=_floating,
    ),
    "arccos": _function("math.acos", "x", _floating),
    "arcsin": _function("math.asin", "x", _floating),
    "arctan": _function("math.atan", "x", _floating),
    **_same("relu", "x", "nn."),
    "isfinite": _function("math.is_finite", "x", _floating),
    "isinf": _function("math.is_inf", "x", _floating),
    "isnan": _function("math.is_nan", "x", _floating),
    "stop_gradient": _function("stop_gradient", "variable"),
    **_same("add greater greater_equal less less_equal", "x1 x2", "math."),
    **_same("equal maximum minimum multiply not_equal subtract", "x1 x2", "math."),
    "power": _function("math.pow", "x1 x2"),
    "divide": _function("math.divide", "x1 x2", _floating, 2),
    "true_divide": _function("math.divide", "x1 x2", _floating, 2),
    **_same("logical_and logical_or", "x1 x2", "math.", convert=_boolean, tensors=2),
    **_same("logical_not", "x", "math.", convert=_boolean),
    "all": _function("reduce_all", "x", _boolean, axis=None, keepdims=False),
    "any": _function("reduce_any", "x", _boolean, axis=None, keepdims=False),
    "max": _function("reduce_max", "x", axis=None, keepdims=False),
    "mean": _function("reduce_mean", "x", _floating, axis=None, keepdims=False),
    "min": _function("reduce_min", "x", axis=None, keepdims=False),
    "prod": _function("reduce_prod", "x", axis=None, keepdims=False),
    "std": _function("math.reduce_std", "x", _floating, axis=None, keepdims=False),
    "sum": _function("reduce_sum", "x", axis=None, keepdims=False),
    "var": _function("math.reduce_variance", "x", _floating, axis=None, keepdims=False),
    "broadcast_to": _function("broadcast_to", "x shape"),
    "cast": _function("cast", "x dtype"),
    "clip": _function("clip_by_value", "x x_min x_max"),
    "concatenate": _function("concat", "xs", axis=0),
    "cumsum": _function("cumsum", "x", axis=0),
    "expand_dims": _function("expand_dims", "x axis"),
    "repeat": _function("repeat", "x repeats", axis=None),
    "reshape": _function("reshape", "x newshape"),
    "softmax": _function("nn.softmax", "x", axis=-1),
    "squeeze": _function("squeeze", "x", axis=None),
    "stack": _function("stack", "x", axis=0),
    "transpose": _function("transpose", "x", axes=None),
    "where": _function("where", "condition x1 x2", _boolean),
}


def _convert_to_tensor(x: Any, dtype: Any = None) -> Any:
    tf = _runtime.tensorflow()
    if dtype is None:
        return tf.convert_to_tensor(x)
    dtype = tf.as_dtype(dtype)
    if tf.is_tensor(x) or dtype.is_integer or dtype.is_bool:
        return tf.cast(tf.convert_to_tensor(x), dtype)
    return tf.convert_to_tensor(x, dtype)


def _convert_to_numpy(x: Any) -> Any:
    import numpy as np

    tf = _runtime.tensorflow()
    if isinstance(x, tf.SparseTensor):
        x = tf.sparse.to_dense(x)
    elif isinstance(x, tf.IndexedSlices):
        x = tf.convert_to_tensor(x)
    elif isinstance(x, tf.RaggedTensor):
        x = x.to_tensor()
    return np.array(x)


def _shape(x: Any) -> tuple[Any, ...]:
    tf = _runtime.tensorflow()
    x = tf.convert_to_tensor(x)
    if x.shape.rank is None:
        raise ValueError(f"The rank of a tensor must be known for its shape: {x}.")
    dynamic = None if x.shape.is_fully_defined() else tf.shape(x)
    return tuple(
        dynamic[axis] if size is None and dynamic is not None else size
        for axis, size in enumerate(x.shape.as_list())
    )


def _argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    return _arg("argmax", x, axis, keepdims)


def _argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    return _arg("argmin", x, axis, keepdims)


def _arg(name: str, x: Any, axis: int | None, keepdims: bool) -> Any:
    tf = _runtime.tensorflow()
    x = tf.convert_to_tensor(x)
    flat = tf.reshape(x, [-1]) if axis is None else x
    found = getattr(tf.math, name)(flat, 0 if axis is None else axis, tf.int32)
    if not keepdims:
        return found
    return tf.reshape(found, [1] * x.shape.rank) if axis is None else tf.expand_dims(found, axis)


def _dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: Any = None,
    is_causal: bool = False,
) -> Any:
    tf = _runtime.tensorflow()
    query, key, value = map(tf.convert_to_tensor, (query, key, value))
    if query.shape.rank != 4:
        raise ValueError(f"The queries have four dimensions, not the shape {query.shape}.")
    # Weights are computed in float32 at least.
    precise = query.dtype if query.dtype == tf.float64 else tf.float32
    logits = tf.cast(tf.einsum("btnh,bsnh->bnts", query, key), precise)
    if scale is None:
        scale = tf.math.rsqrt(tf.cast(tf.shape(key)[-1], tf.float32))
    logits *= tf.cast(scale, precise)
    if bias is not None:
        logits += tf.cast(bias, precise)
    seen = tf.ones_like(logits, tf.bool)
    if mask is not None:
        seen = tf.logical_and(seen, mask)
    if is_causal:
        seen = tf.linalg.band_part(seen, -1, 0)
    weights = tf.nn.softmax(tf.where(seen, logits, tf.cast(-2e38, precise)))
    return tf.einsum("bnts,bsnh->btnh", tf.cast(weights, key.dtype), value)


def _einsum(subscripts: str, *operands: Any) -> Any:
    return _runtime.tensorflow().einsum(subscripts, *operands)


def _matmul(x1: Any, x2: Any) -> Any:
    tf = _runtime.tensorflow()
    x1, x2 = tf.convert_to_tensor(x1), tf.convert_to_tensor(x2)
    if x2.shape.rank == 1:
        return tf.tensordot(x1, x2, 1)
    if x1.shape.rank == 1:
        return tf.tensordot(x1, x2, [[0], [-2]])
    return tf.matmul(x1, x2)


def _one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None) -> Any:
    tf = _runtime.tensorflow()
    return tf.one_hot(tf.cast(x, "int64"), num_classes, axis=axis, dtype=dtype or "float32")


def _take(x: Any, indices: Any, axis: int | None = None) -> Any:
    tf = _runtime.tensorflow()
    x, indices = tf.convert_to_tensor(x), tf.convert_to_tensor(indices)
    if axis is None:
        x, axis = tf.reshape(x, [-1]), 0
    size = tf.cast(tf.shape(x)[axis], indices.dtype)
    return tf.gather(x, tf.where(indices < 0, indices + size, indices), axis=axis)


def _filled(name: str) -> Callable[..., Any]:
    def fill(shape: Sequence[int], dtype: Any = None) -> Any:
        tf = _runtime.tensorflow()
        return getattr(tf, name)(shape, dtype or tf.keras.backend.floatx())

    return fill


def _filled_like(name: str) -> Callable[..., Any]:
    def fill(x: Any, dtype: Any = None) -> Any:
        return getattr(_runtime.tensorflow(), name)(x, dtype)

    return fill


_OTHERS: dict[str, Callable[..., Any]] = {
    "argmax": _argmax,
    "argmin": _argmin,
    "array": _convert_to_tensor,
    "convert_to_numpy": _convert_to_numpy,
    "convert_to_tensor": _convert_to_tensor,
    "dot_product_attention": _dot_product_attention,
    "einsum": _einsum,
    "matmul": _matmul,
    "one_hot": _one_hot,
    "ones": _filled("ones"),
    "ones_like": _filled_like("ones_like"),
    "shape": _shape,
    "take": _take,
    "zeros": _filled("zeros"),
    "zeros_like": _filled_like("zeros_like"),
}

__all__ = sorted([*_FUNCTIONS, *_OTHERS])


def in_tensorflow(name: str) -> Callable[..., Any]:
    """Return a function of TensorFlow's that does what one of `keras.ops` does.

    Args:
        name: of the function.
    """
    if name in _OTHERS:
        return _OTHERS[name]
    path, signature, convert, tensors = _FUNCTIONS[name]

    def function(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        values = list(bound.args)
        if convert:
            values[:tensors] = map(convert, values[:tensors])
        target: Any = _runtime.tensorflow()
        for part in path.split("."):
            target = getattr(target, part)
        return target(*values)

    function.__name__ = function.__qualname__ = name
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__doc__ = f"`keras.ops.{name}`, as `tf.{path}` does it."
    return function


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    ops = getattr(_runtime.tensorflow().keras, "ops", None)
    # Keras 3.0, which TensorFlow 2.16 came with, has no dot_product_attention.
    value = getattr(ops, name, None) or in_tensorflow(name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
