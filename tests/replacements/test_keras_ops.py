"""What TensorFlow does for functions of `keras.ops`, against those and NumPy."""

import inspect

import numpy as np
import pytest
import tensorflow as tf
from packaging.version import Version

import tfcompat
from tfcompat.replacements import keras_ops
from tfcompat.rules.advice import keras_ops as advice

KERAS = getattr(tf.keras, "ops", None)
# The first Keras 3 took no keepdims for argmax, no integers from floats, no negative indices.
FIRST = KERAS is not None and tfcompat.runtime().keras < Version("3.4")
LATER = ("argmax", "argmin", "array", "convert_to_tensor", "take") if FIRST else ()
FLOATS = np.array([[0.5, -0.25, 0.75], [-0.5, 0.125, 0.25]], "float32")
INTEGERS = np.array([[3, -1, 0], [2, 7, -5]], "int32")
LONG = np.array([[3, 1, 0], [2, 7, 5]], "int64")
TRUTH = np.array([[True, False, True], [False, False, True]])
VECTOR = np.array([1.0, -2.0, 0.5], "float32")
CUBE = np.arange(24, dtype="float32").reshape(2, 3, 4)
SPECIAL = np.array([1.0, np.inf, -np.inf, np.nan], "float32")
SHARE = np.abs(FLOATS)

# Functions of any number, which is converted to a float.
ANYWHERE = ("arctan", "ceil", "cos", "cosh", "exp", "expm1", "floor", "sin", "sinh", "tan", "tanh")
UNARY = [(FLOATS,), (VECTOR,)]
REDUCED = [(FLOATS,), (FLOATS, 0), (FLOATS, -1, True), (CUBE, (0, 2)), (INTEGERS,)]
TRUE = [(TRUTH,), (TRUTH, 0), (TRUTH, 1, True), (INTEGERS, 1)]
BINARY = [(FLOATS, FLOATS[::-1]), (FLOATS, VECTOR), (FLOATS, 0.5), (INTEGERS, INTEGERS[::-1])]
LOGICAL = [(TRUTH, TRUTH[::-1]), (TRUTH, True), (INTEGERS, TRUTH)]

# Arguments, where NumPy has a function of that name that takes them in this order.
CALLS = {
    **{name: [*UNARY, (INTEGERS,)] for name in ("abs", "negative", "sign", "square")},
    **{
        name: [*UNARY, (INTEGERS,), (LONG,), (TRUTH,)]
        for name in [
            "arctan",
            "ceil",
            "cos",
            "cosh",
            "exp",
            "expm1",
            "floor",
            "sin",
            "sinh",
            "tan",
            "tanh",
        ]
    },
    **{name: [(FLOATS,), (TRUTH,)] for name in ("arccos", "arcsin")},
    **{name: [(SHARE,), (LONG + 1,)] for name in ("log", "log1p", "sqrt")},
    **{name: [(SPECIAL,), (INTEGERS,)] for name in ("isfinite", "isinf", "isnan")},
    **dict.fromkeys(("add", "equal", "greater", "greater_equal", "less"), BINARY),
    **dict.fromkeys(("less_equal", "maximum", "minimum", "multiply"), BINARY),
    **dict.fromkeys(("not_equal", "subtract"), BINARY),
    "divide": [*BINARY[:3], (INTEGERS, 2), (LONG, LONG + 1)],
    "true_divide": [*BINARY[:3], (INTEGERS, 2)],
    "power": [(SHARE, FLOATS), (SHARE, 2.0), (INTEGERS, 2)],
    **dict.fromkeys(("logical_and", "logical_or"), LOGICAL),
    "logical_not": [(TRUTH,), (INTEGERS,)],
    "all": TRUE,
    "any": TRUE,
    "max": REDUCED,
    "mean": [*REDUCED, (LONG, 1), (TRUTH,)],
    "min": REDUCED,
    "prod": REDUCED,
    "std": REDUCED[:4],
    "sum": REDUCED,
    "var": REDUCED[:4],
    "argmax": [(FLOATS,), (FLOATS, 0), (FLOATS, -1, True), (INTEGERS, 1)],
    "argmin": [(FLOATS,), (FLOATS, 0), (CUBE, 1), (INTEGERS, 1)],
    "array": [(FLOATS,), ([1.5, 2.0],), ([1.5, -2.0], "int32"), (INTEGERS, "float32")],
    "broadcast_to": [(VECTOR, (2, 3))],
    "clip": [(FLOATS, -0.25, 0.3), (INTEGERS, 0, 3)],
    "concatenate": [([FLOATS, FLOATS],), ([CUBE, CUBE], -1), ([INTEGERS, INTEGERS], 1)],
    "cumsum": [(FLOATS, 0), (CUBE, 2)],
    "einsum": [("ij,kj->ik", FLOATS, FLOATS), ("...j,j->...", CUBE[..., :3], VECTOR)],
    "expand_dims": [(FLOATS, 0), (FLOATS, -1)],
    "matmul": [
        (FLOATS, FLOATS.T),
        (FLOATS, VECTOR),
        (VECTOR, FLOATS.T),
        (VECTOR, VECTOR),
        (FLOATS, CUBE),
        (CUBE, CUBE.transpose(0, 2, 1)),
        (VECTOR, CUBE),
    ],
    "ones": [((2, 3),), ((2,), "int32")],
    "ones_like": [(FLOATS,), (FLOATS, "int32")],
    "repeat": [(FLOATS, 2, 0), (FLOATS, [1, 2], 0), (FLOATS, 2)],
    "reshape": [(FLOATS, (3, 2)), (CUBE, (-1, 4))],
    "shape": [(CUBE,), (VECTOR,), (1.0,)],
    "squeeze": [(FLOATS[:1],), (FLOATS[None], 0)],
    "stack": [([FLOATS, FLOATS],), ([FLOATS, FLOATS], -1)],
    "take": [(FLOATS, [0, 2, -1]), (FLOATS, [2, -3], 1), (CUBE, [[1, 0]], 0)],
    "transpose": [(CUBE,), (CUBE, (0, 2, 1))],
    "where": [(TRUTH, FLOATS, -FLOATS), (INTEGERS, FLOATS, 0.0), (TRUTH, 1, 2)],
    "zeros": [((2, 3),), ((2,), "int32")],
    "zeros_like": [(FLOATS,), (FLOATS, "int32")],
}
rng = np.random.default_rng(0)
QUERY, KEY, VALUE = (rng.normal(size=(2, n, 2, 4)).astype("float32") for n in (3, 3, 3))
BIAS = rng.normal(size=(2, 2, 3, 3)).astype("float32")
SEEN = np.array([[True, True, False], [True, False, False], [True, True, True]])


def attend(query, key, value, bias=0.0, mask=None, scale=None, is_causal=False):
    logits = np.einsum("btnh,bsnh->bnts", query, key) * (scale or 0.5)
    logits = logits + (0.0 if bias is None else bias)
    mask = np.ones_like(logits, bool) if mask is None else np.broadcast_to(mask, logits.shape)
    weights = np.exp(logits) * (np.tril(mask) if is_causal else mask)
    return np.einsum("bnts,bsnh->btnh", weights / weights.sum(-1, keepdims=True), value)


# What NumPy has not, as NumPy computes it.
EXPECTED = {
    "cast": ([(FLOATS, "int32"), (INTEGERS, "float16")], lambda x, dtype: x.astype(dtype)),
    "convert_to_numpy": ([(FLOATS,), ([1, 2],)], np.array),
    "convert_to_tensor": (
        [(FLOATS,), (FLOATS, "float64"), ([1.0, 2.0], "int32"), ([1, 0], "bool")],
        np.array,
    ),
    "dot_product_attention": (
        [
            (QUERY, KEY, VALUE),
            (QUERY, KEY, VALUE, BIAS),
            (QUERY, KEY, VALUE, None, SEEN),
            (QUERY, KEY, VALUE, BIAS, SEEN, 0.3, True),
        ],
        attend,
    ),
    "erf": (
        [(np.array([0.0, 0.5]),)],
        lambda x: np.array([0.0, 0.5204998778130465]),
    ),
    "one_hot": (
        [([0, 2, 1], 3), (INTEGERS[0], 4, -1, "int32")],
        lambda x, n, axis=-1, dtype="float32": (np.asarray(x)[:, None] == np.arange(n)).astype(
            dtype
        ),
    ),
    "relu": ([(FLOATS,), (INTEGERS,)], lambda x: np.maximum(x, 0)),
    "rsqrt": ([(SHARE,)], lambda x: 1 / np.sqrt(x)),
    "sigmoid": ([(FLOATS,)], lambda x: 1 / (1 + np.exp(-x))),
    "softmax": (
        [(FLOATS,), (FLOATS, 0)],
        lambda x, axis=-1: np.exp(x) / np.exp(x).sum(axis, keepdims=True),
    ),
    "softplus": ([(FLOATS,)], lambda x: np.log1p(np.exp(x))),
    "stop_gradient": ([(FLOATS,)], np.array),
}


REDUCTIONS = ["all", "any", "argmax", "argmin", "max", "mean", "min", "prod", "std", "sum", "var"]
FLOATING = {*ANYWHERE, "arccos", "arcsin", "log", "log1p", "sqrt"}


def numpy_of(name):
    """A function of NumPy, with the parameters and the floats of Keras."""
    function = getattr(np, name, np.true_divide)
    if name in REDUCTIONS:

        def reduce(x, axis=None, keepdims=False):
            found = function(x, axis)
            return np.reshape(found, reduced(np.shape(x), axis)) if keepdims else found

        return reduce
    return (lambda x: function(np.asarray(x, "float64"))) if name in FLOATING else function


def reduced(shape, axis):
    return [
        1 if axis is None or number == axis % len(shape) else size
        for number, size in enumerate(shape)
    ]


def calls_of(name):
    return CALLS[name] if name in CALLS else EXPECTED[name][0]


def tensors(args):
    """Arguments with tensors for arrays."""
    return [
        [tf.constant(one) for one in value]
        if isinstance(value, list) and isinstance(value[0], np.ndarray)
        else tf.constant(value)
        if isinstance(value, np.ndarray)
        else value
        for value in args
    ]


def test_every_function_is_compared():
    assert sorted([*CALLS, *EXPECTED]) == keras_ops.__all__ == advice._NAMES.split()


@pytest.mark.parametrize("name", keras_ops.__all__)
def test_functions_of_tensorflow(name):
    function = keras_ops.in_tensorflow(name)
    expected = EXPECTED[name][1] if name in EXPECTED else numpy_of(name)
    for args in calls_of(name):
        found = function(*tensors(args))
        assert np.shape(found) == np.shape(expected(*args))
        np.testing.assert_allclose(found, expected(*args), rtol=1e-5, atol=1e-6)
        if not hasattr(KERAS, name) or name in LATER:
            continue
        known = getattr(KERAS, name)(*tensors(args))
        np.testing.assert_allclose(found, known, rtol=1e-6, atol=1e-6)
        assert type(found) is type(known)
        assert getattr(found, "dtype", None) == getattr(known, "dtype", None)


@pytest.mark.parametrize("name", keras_ops.__all__)
def test_names(name):
    """They are Keras's where it has them, and take its parameters where it has not."""
    if not hasattr(KERAS, name):
        assert callable(getattr(keras_ops, name))
        return
    assert getattr(keras_ops, name) is getattr(KERAS, name)
    if name in LATER:
        return
    ours = inspect.signature(keras_ops.in_tensorflow(name)).parameters
    theirs = list(inspect.signature(getattr(KERAS, name)).parameters)
    # `subscripts` has the operands after it, and `where` needs all three.
    assert [one.lstrip("*") for one in ours] == theirs[: len(ours)]


def test_keywords():
    assert keras_ops.reshape(x=FLOATS, newshape=(6,)).shape == (6,)
    assert keras_ops.max(FLOATS, keepdims=True).shape == (1, 1)
    assert keras_ops.concatenate([FLOATS, FLOATS], axis=1).shape == (2, 6)


def test_shape_of_a_graph():
    shapes = []

    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def size(x):
        shape = keras_ops.in_tensorflow("shape")(x)
        shapes.append(shape)
        return shape[0]

    assert size(FLOATS).numpy() == 2
    assert shapes[0][1] == 3
    with tf.Graph().as_default(), pytest.raises(ValueError, match="rank"):
        keras_ops.in_tensorflow("shape")(tf.compat.v1.placeholder(tf.float32))


def test_convert_to_numpy_of_other_tensors():
    convert = keras_ops.in_tensorflow("convert_to_numpy")
    dense = np.array([[1, 2], [3, 0]])
    slices = tf.IndexedSlices(tf.constant([[1, 2]]), tf.constant([1]), tf.constant([2, 2]))
    for value, expected in (
        (tf.sparse.from_dense(dense), dense),
        (tf.ragged.constant([[1, 2], [3]]), dense),
        (slices, [[0, 0], [1, 2]]),
        (tf.Variable(dense), dense),
    ):
        assert isinstance(convert(value), np.ndarray)
        assert convert(value).tolist() == np.asarray(expected).tolist()


def test_unknown_names():
    with pytest.raises(AttributeError, match="no_such"):
        _ = keras_ops.no_such
    assert set(keras_ops.__all__) <= set(dir(keras_ops))
