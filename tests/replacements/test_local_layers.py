"""Locally connected layers of our own, beside those that Keras 2 has."""

import numpy as np
import pytest
import tensorflow as tf

import tfcompat
from tests.replacements.keras_originals import KERAS_3
from tfcompat import _kinds, replacements
from tfcompat.replacements import local_layers

NAMES = sorted(local_layers.__all__)


def own(name):
    return local_layers._own(_kinds.kerases()[0], name)


def images(name, data_format):
    shape = (2, 5, 3) if name.endswith("1D") else (2, 5, 6, 3)
    values = np.random.default_rng(0).normal(size=shape).astype("float32")
    return np.moveaxis(values, -1, 1) if data_format == "channels_first" else values


@pytest.mark.skipif(KERAS_3, reason="Keras 3 has no such layers")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("bias", [True, False])
def test_same_as_those_of_keras_2(name, data_format, bias):
    arguments = {
        "filters": 4,
        "kernel_size": 2 if name.endswith("1D") else (2, 3),
        "strides": 2,
        "data_format": data_format,
        "activation": "tanh",
        "use_bias": bias,
        "kernel_regularizer": tf.keras.regularizers.l2(0.1),
        "bias_initializer": "ones",
    }
    old = getattr(tf.keras.layers, name)(**arguments)
    new = own(name)(**arguments)
    x = images(name, data_format)
    expected = old(x)
    assert old.compute_output_shape(x.shape).as_list() == list(new.compute_output_shape(x.shape))
    new.build(x.shape)
    assert [w.shape for w in old.weights] == [w.shape for w in new.weights]
    weights = [np.random.default_rng(1).normal(size=w.shape) for w in old.weights]
    old.set_weights(weights)
    new.set_weights(weights)
    expected, found = old(x), new(x)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(sum(new.losses), sum(old.losses), rtol=1e-6)
    theirs, ours = old.get_config(), new.get_config()
    assert {k: v for k, v in theirs.items() if k != "name"} == {
        k: v for k, v in ours.items() if k != "name"
    }


@pytest.mark.parametrize("name", NAMES)
def test_each_place_has_weights_of_its_own(name):
    """By loops, on every Keras."""
    layer = own(name)(2, 2, kernel_initializer="glorot_normal", bias_initializer="ones")
    x = images(name, "channels_last")
    found = np.asarray(layer(x))
    kernel, bias = (np.asarray(w) for w in layer.get_weights())
    flat = x if x.ndim == 4 else x[:, :, None]
    size = (2, 2) if x.ndim == 4 else (2, 1)
    rows, columns = (n - k + 1 for n, k in zip(flat.shape[1:3], size))
    expected = np.zeros((len(x), rows, columns, 2), "float32")
    for row in range(rows):
        for column in range(columns):
            patch = flat[:, row : row + size[0], column : column + size[1]].reshape(len(x), -1)
            expected[:, row, column] = patch @ kernel[row * columns + column]
    expected = expected.reshape(found.shape) + bias
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.once_per_era
@pytest.mark.parametrize("name", NAMES)
def test_it_trains_and_comes_back_from_its_configuration(name):
    x = images(name, "channels_last")
    layer = getattr(replacements, name)(2, 2)
    model = tf.keras.Sequential([tf.keras.Input(x.shape[1:]), layer, tf.keras.layers.Flatten()])
    assert isinstance(layer, getattr(replacements, name))
    model.compile("sgd", "mse")
    before = [np.array(w) for w in model.get_weights()]
    model.fit(x, np.ones((len(x), model.output_shape[-1])), verbose=0)
    assert all(np.any(a != b) for a, b in zip(before, model.get_weights()))
    with tf.keras.utils.custom_object_scope({name: getattr(replacements, name)}):
        copy = type(model).from_config(model.get_config())
    copy.set_weights(model.get_weights())
    np.testing.assert_allclose(copy.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_what_it_refuses(name):
    with pytest.raises(tfcompat.TfcompatError, match="implementation"):
        own(name)(2, 2, implementation=2)
    with pytest.raises(ValueError, match="border mode"):
        own(name)(2, 2, padding="same")
    layer = own(name)(2, 9)
    with pytest.raises(ValueError, match="<= 0"):
        layer.build(images(name, "channels_last").shape)
    with pytest.raises(ValueError, match="fully-defined"):
        own(name)(2, 2).build((None, None, 3) if name.endswith("1D") else (None, 3, None, 3))
