"""Layers of TensorFlow 1 as functions, beside the originals."""

import warnings

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.keras_originals import KERAS_3
from tfcompat import replacements

v1 = tf.compat.v1


def pairs(name):
    """Ours alone on Keras 3."""
    ours = getattr(replacements, f"v1_{name}")
    return [ours] if KERAS_3 else [getattr(v1.layers, name), ours]


def built(function, x, calls):
    """What a graph has after some calls, and their results for fixed variables."""
    with tf.Graph().as_default(), v1.Session() as session, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inputs = v1.placeholder(x.dtype, [None, *x.shape[1:]])
        outputs = [function(inputs, **arguments) for arguments in calls]
        keys = v1.GraphKeys
        collections = [
            [v.name for v in v1.get_collection(key)]
            for key in (keys.GLOBAL_VARIABLES, keys.TRAINABLE_VARIABLES)
        ]
        losses = v1.get_collection(keys.REGULARIZATION_LOSSES)
        session.run(v1.global_variables_initializer())
        rng = np.random.default_rng(0)
        for variable in v1.global_variables():
            variable.load(rng.normal(size=variable.shape), session)
        shapes = [output.shape.as_list() for output in outputs]
        values = session.run([*outputs, *losses], {inputs: x})
    return collections, shapes, values


def assert_same(name, x, calls):
    results = [built(function, x, calls) for function in pairs(name)]
    collections, shapes, values = results[0]
    for other in results[1:]:
        assert (collections, shapes) == other[:2]
        assert len(values) == len(other[2])
        for one, two in zip(values, other[2]):
            np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)
    return collections, values


def norm(x):
    return 0.1 * tf.reduce_sum(x * x)


@pytest.mark.parametrize("shape", [(2, 3), (2, 4, 3)])
def test_dense(shape):
    x = np.random.default_rng(1).normal(size=shape).astype("float32")
    collections, values = assert_same(
        "dense",
        x,
        [
            {"units": 4},
            {"units": 2, "activation": tf.nn.relu, "use_bias": False},
            {"units": 3, "name": "named", "kernel_regularizer": norm},
            {"units": 3, "name": "named", "reuse": True},
            {"units": 3, "trainable": False, "bias_regularizer": norm},
        ],
    )
    assert collections[0][:3] == ["dense/kernel:0", "dense/bias:0", "dense_1/kernel:0"]
    np.testing.assert_array_equal(values[2], values[3])
    assert not [name for name in collections[1] if name.startswith("dense_2")]


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_conv2d(padding):
    x = np.random.default_rng(1).normal(size=(2, 6, 7, 3)).astype("float32")
    collections, _ = assert_same(
        "conv2d",
        x,
        [
            {"filters": 4, "kernel_size": 3, "padding": padding},
            {"filters": 2, "kernel_size": (2, 3), "strides": 2, "padding": padding},
            {"filters": 2, "kernel_size": 2, "dilation_rate": 2, "activation": tf.tanh},
            {"filters": 2, "kernel_size": [1, 1], "use_bias": False, "name": "c"},
        ],
    )
    assert collections[0][-1] == "c/kernel:0"


def test_first_channels_have_their_own_kernel():
    with tf.Graph().as_default():
        x = v1.placeholder(tf.float32, [None, 3, 6, 7])
        for function in pairs("conv2d"):
            output = function(x, 4, (2, 3), data_format="channels_first")
            assert output.shape.as_list() == [None, 4, 5, 5]
        assert {tuple(v.shape) for v in v1.global_variables()} == {(2, 3, 3, 4), (4,)}


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("shape", [(2,), (2, 3), (2, 3, 4, 5)])
def test_flatten(shape, data_format):
    x = np.arange(np.prod(shape), dtype="float32").reshape(shape)
    if len(shape) > 1:
        _, values = assert_same("flatten", x, [{"data_format": data_format}])
        assert values[0].shape == (2, np.prod(shape[1:]))
    else:
        with tf.Graph().as_default():
            assert replacements.v1_flatten(tf.constant(x)).shape.as_list() == [2, 1]


def test_dropout():
    x = np.ones((100, 10), "float32")
    _, values = assert_same(
        "dropout",
        x,
        [{}, {"training": False}, {"rate": 0.0, "training": True}],
    )
    np.testing.assert_array_equal(values[0], x)
    for function in pairs("dropout"):
        with tf.Graph().as_default(), v1.Session() as session:
            training = v1.placeholder(tf.bool, [])
            dropped = function(tf.constant(x), 0.3, seed=1, training=training)
            assert session.run(dropped, {training: False}).tolist() == x.tolist()
            found = session.run(dropped, {training: True})
            assert set(np.unique(np.round(found, 4))) == {0.0, np.float32(round(1 / 0.7, 4))}
            assert 0.2 < np.mean(found == 0) < 0.4


CONVOLUTIONS = {
    "conv1d": (2, 9, 3),
    "conv3d": (2, 5, 6, 5, 3),
    "conv2d_transpose": (2, 5, 6, 3),
    "conv3d_transpose": (2, 3, 4, 3, 3),
    "separable_conv1d": (2, 9, 3),
    "separable_conv2d": (2, 9, 8, 3),
}


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_other_convolutions(name, padding):
    x = np.random.default_rng(1).normal(size=CONVOLUTIONS[name]).astype("float32")
    calls = [
        {"filters": 4, "kernel_size": 3, "padding": padding},
        {"filters": 2, "kernel_size": 2, "strides": 2, "padding": padding, "use_bias": False},
        {"filters": 2, "kernel_size": 1, "activation": tf.tanh, "name": "c"},
        {"filters": 2, "kernel_size": 1, "name": "c", "reuse": True, "bias_regularizer": norm},
    ]
    if "transpose" not in name:
        calls.append({"filters": 2, "kernel_size": 2, "dilation_rate": 2})
    if "separable" in name:
        calls.append({"filters": 2, "kernel_size": 2, "depth_multiplier": 3})
    collections, _ = assert_same(name, x, calls)
    assert "c/bias:0" in collections[0]


@pytest.mark.parametrize("name", ["conv2d_transpose", "separable_conv2d"])
def test_first_channels_are_the_second_dimension(name):
    results = []
    for function in pairs(name):
        with tf.Graph().as_default():
            x = v1.placeholder(tf.float32, [None, 3, 6, 7])
            output = function(x, 4, (2, 3), data_format="channels_first")
            results.append([output.shape.as_list(), *(v.shape for v in v1.global_variables())])
    assert results[0][0][1] == 4
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize("kind", ["average", "max"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_pooling(kind, rank):
    x = np.random.default_rng(1).normal(size=(2, *(5, 7, 6)[:rank], 3)).astype("float32")
    _, values = assert_same(
        f"{kind}_pooling{rank}d",
        x,
        [
            {"pool_size": 2, "strides": 2},
            {"pool_size": [3] * rank, "strides": 1, "padding": "same"},
        ],
    )
    axes = tuple(range(1, rank + 1))
    corner = x[(slice(None), *[slice(2)] * rank)]
    expected = corner.mean(axes) if kind == "average" else corner.max(axes)
    np.testing.assert_allclose(values[0][(slice(None), *[0] * rank)], expected, rtol=1e-5)


def normalized(function, x, training, **arguments):
    """The output before and after an update, and all variables."""
    with tf.Graph().as_default(), v1.Session() as session, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inputs = v1.placeholder(x.dtype, [None, *x.shape[1:]])
        switch = v1.placeholder(tf.bool, []) if training is None else training
        feed = {inputs: x, **({switch: True} if training is None else {})}
        output = function(inputs, training=switch, **arguments)
        keys = v1.GraphKeys
        updates = v1.get_collection(keys.UPDATE_OPS)
        names = [
            [v.name for v in v1.get_collection(key)]
            for key in (keys.GLOBAL_VARIABLES, keys.TRAINABLE_VARIABLES)
        ]
        session.run(v1.global_variables_initializer())
        rng = np.random.default_rng(0)
        for variable in v1.global_variables():
            variable.load(rng.uniform(0.5, 2, size=variable.shape), session)
        values = [session.run(output, feed)]
        session.run(updates, feed)
        values += session.run(v1.global_variables())
        if training is None:
            values.append(session.run(output, {**feed, switch: False}))
        losses = v1.get_collection(keys.REGULARIZATION_LOSSES)
        values += session.run(losses)
        return names, len(updates), output.shape.as_list(), values


@pytest.mark.parametrize("training", [False, True, None])
@pytest.mark.parametrize(
    ("shape", "arguments"),
    [
        ((6, 3), {}),
        ((4, 5, 3), {"momentum": 0.5, "center": False}),
        ((4, 5, 6, 3), {"name": "bn", "epsilon": 0.1}),
        ((4, 5, 6, 3), {"fused": False, "gamma_regularizer": norm}),
        ((4, 5, 6, 3), {"scale": False, "trainable": False}),
        ((4, 3, 6), {"axis": 1}),
    ],
)
def test_batch_normalization(shape, arguments, training):
    x = np.random.default_rng(1).normal(2, 3, size=shape).astype("float32")
    results = [
        normalized(function, x, training, **arguments) for function in pairs("batch_normalization")
    ]
    names, updates, output, values = results[0]
    assert updates == (2 if training is not False and arguments.get("trainable", True) else 0)
    for other in results[1:]:
        assert (names, updates, output) == other[:3]
        assert len(values) == len(other[3])
        for one, two in zip(values, other[3]):
            np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_batch_normalization_keeps_the_dtype(dtype):
    x = np.random.default_rng(1).normal(size=(4, 5, 5, 2)).astype(dtype)
    for function in pairs("batch_normalization"):
        _, _, _, values = normalized(function, x, True)
        assert values[0].dtype == dtype
        assert values[1].dtype == ("float32" if dtype == "float16" else dtype)
        shift, scale = values[2], values[1]
        wanted = (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-3) * scale + shift
        np.testing.assert_allclose(values[0], wanted, rtol=2e-2, atol=2e-2)
