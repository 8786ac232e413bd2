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
