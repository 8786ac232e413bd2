"""Layers of our own beside those that later releases of Keras have, and NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from tfcompat import _kinds, replacements
from tfcompat.replacements import later_layers

NAMES = sorted(later_layers._MAKERS)
LAYERS = tf.keras.layers
X = np.random.default_rng(0).normal(size=(2, 7, 3)).astype("float32")
ARGUMENTS = {
    "DepthwiseConv1D": [
        {"kernel_size": 3},
        {"kernel_size": 2, "strides": 2, "padding": "same", "depth_multiplier": 2},
        {"kernel_size": 3, "dilation_rate": 2, "use_bias": False, "activation": "tanh"},
        {"kernel_size": 2, "depthwise_regularizer": "l2", "bias_initializer": "ones"},
    ],
    "Identity": [{}],
    "UnitNormalization": [{}, {"axis": [1, 2]}, {"axis": 1}],
}
CASES = [(name, arguments) for name in NAMES for arguments in ARGUMENTS[name]]


def own(name):
    return later_layers._own(_kinds.kerases()[0], name)


def weighted(layer):
    layer.build(X.shape)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(size=one.shape) for one in layer.weights])
    return layer


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_same_as_those_of_keras(name, arguments):
    if not hasattr(LAYERS, name):
        pytest.skip("this release has no such layer")
    old, new = (weighted(make(**arguments)) for make in (getattr(LAYERS, name), own(name)))
    assert [w.shape for w in old.weights] == [w.shape for w in new.weights]
    np.testing.assert_allclose(new(X), old(X), rtol=1e-5, atol=1e-6)
    assert tuple(new.compute_output_shape(X.shape)) == tuple(old.compute_output_shape(X.shape))
    np.testing.assert_allclose(sum(new.losses), sum(old.losses), rtol=1e-6)
    theirs, ours = (make(**arguments).get_config() for make in (getattr(LAYERS, name), own(name)))
    for key in arguments:
        assert np.ravel(ours[key]).tolist() == np.ravel(theirs[key]).tolist(), key


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dilation", [1, 2])
def test_depthwise_conv1d_by_loops(data_format, dilation):
    layer = own("DepthwiseConv1D")(
        2, depth_multiplier=2, data_format=data_format, dilation_rate=dilation
    )
    images = X if data_format == "channels_last" else np.moveaxis(X, -1, 1)
    layer.build(images.shape)
    kernel = np.random.default_rng(2).normal(size=(2, 3, 2)).astype("float32")
    bias = np.arange(6.0, dtype="float32")
    layer.set_weights([kernel, bias])
    expected = np.zeros((2, 7 - dilation, 6), "float32")
    for place in range(7 - dilation):
        for channel in range(3):
            for copy in range(2):
                expected[:, place, channel * 2 + copy] = (
                    X[:, place, channel] * kernel[0, channel, copy]
                    + X[:, place + dilation, channel] * kernel[1, channel, copy]
                )
    expected += bias
    found = np.asarray(layer(images))
    assert tuple(layer.compute_output_shape(images.shape)) == found.shape
    found = found if data_format == "channels_last" else np.moveaxis(found, 1, -1)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_the_others_by_numpy():
    np.testing.assert_array_equal(own("Identity")()(X), X)
    norm = np.sqrt((X**2).sum(-1, keepdims=True))
    np.testing.assert_allclose(own("UnitNormalization")()(X), X / norm, rtol=1e-5)
    with pytest.raises(TypeError, match="axis"):
        own("UnitNormalization")(axis="a")
    with pytest.raises(ValueError, match="channels"):
        own("DepthwiseConv1D")(2).build((None, 3, None))


@pytest.mark.parametrize("function", [replacements.leaky_relu, later_layers._leaky_relu])
def test_leaky_relu(function):
    for slope in (0.2, 0.5):
        found = function(tf.constant(X), negative_slope=slope)
        np.testing.assert_allclose(found, np.where(X < 0, slope * X, X), rtol=1e-6)
    assert function(tf.constant(-1.0)).numpy() == np.float32(-0.2)
    # Code compares activations with it.
    own = getattr(tf.keras.activations, "leaky_relu", later_layers._leaky_relu)
    assert replacements.leaky_relu is own


@pytest.mark.parametrize("name", NAMES)
def test_types(name):
    kind = getattr(replacements, name)
    layer = kind(**ARGUMENTS[name][0])
    assert isinstance(layer, kind)
    assert kind == getattr(LAYERS, name, type(layer))
    assert not isinstance(LAYERS.Flatten(), kind)


@pytest.mark.once_per_era
@pytest.mark.parametrize("name", NAMES)
def test_it_comes_back_from_its_configuration(name):
    layer = own(name)(**ARGUMENTS[name][-1])
    model = tf.keras.Sequential([tf.keras.Input(X.shape[1:]), layer, LAYERS.Flatten()])
    copy = type(model).from_config(model.get_config())
    assert type(copy.layers[0]) is own(name)
    copy.set_weights(model.get_weights())
    np.testing.assert_allclose(copy.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-6)
