"""Functions of tf.keras.backend that Keras 3 dropped."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.keras_originals import KERAS_3
from tfcompat.errors import UnsupportedArgumentError
from tfcompat.replacements import keras_backend

keras = tf.keras


def native(name):
    return getattr(keras.backend, name, None) if not KERAS_3 else None


def test_learning_phase() -> None:
    assert int(keras_backend.learning_phase()) == 0
    with keras_backend.learning_phase_scope(1):
        assert keras_backend.learning_phase() == 1
        assert keras_backend.in_train_phase(tf.constant(1.0), tf.constant(2.0)).numpy() == 1.0
        if not KERAS_3:
            assert keras.backend.learning_phase() == 1
    assert int(keras_backend.learning_phase()) == 0
    keras_backend.set_learning_phase(1)
    assert keras_backend.learning_phase() == 1
    keras_backend.set_learning_phase(0)
    with pytest.raises(ValueError, match="0 or 1"):
        keras_backend.set_learning_phase(2)


@pytest.mark.parametrize("training", [None, False, True, 0, 1, "tensor", "placeholder"])
@pytest.mark.parametrize("name", ["in_train_phase", "in_test_phase"])
def test_phases(name, training) -> None:
    phase = getattr(keras_backend, name)
    truth = bool(training) if training != "placeholder" else True

    def run(flag):
        return phase(lambda: tf.constant(1.0), tf.constant(2.0), training=flag)

    if training == "placeholder":
        found = tf.function(run)(tf.constant(True))
    else:
        found = run(tf.constant(True) if training == "tensor" else training)
    assert float(found) == (1.0 if truth == (name == "in_train_phase") else 2.0)


def test_function_of_symbolic_tensors() -> None:
    inputs = keras.Input((2,))
    hidden = keras.layers.Dense(3, kernel_initializer="ones")(inputs)
    model = keras.Model(inputs, hidden)
    x = np.array([[1.0, 2.0]], "float32")
    for given, outputs, expected in (
        (inputs, hidden, model(x).numpy()),
        ([inputs], [hidden], [model(x).numpy()]),
        ([inputs], hidden, model(x).numpy()),
        (inputs, [hidden, inputs], [model(x).numpy(), x]),
    ):
        compute = keras_backend.keras_function(given, outputs)
        found = compute([x] if isinstance(given, list) else x)
        assert type(found) is type(expected)
        np.testing.assert_allclose(found, expected) if not isinstance(expected, list) else [
            np.testing.assert_allclose(a, b) for a, b in zip(found, expected)
        ]
    with pytest.raises((ValueError, UnsupportedArgumentError)):
        keras_backend.keras_function(inputs, hidden, updates=[1])


def test_placeholder() -> None:
    x = keras_backend.keras_placeholder((None, 3), name="x")
    assert keras.backend.is_keras_tensor(x)
    assert tuple(x.shape) == (None, 3)
    assert tuple(keras_backend.keras_placeholder(ndim=2).shape) == (None, None)
    assert tf.as_dtype(keras_backend.keras_placeholder((1, 2), dtype="int32").dtype) == tf.int32
    y = keras.layers.Activation("relu")(x)
    found = keras_backend.keras_function([x], [y])([np.array([[-1.0, 0, 2]], "float32")])
    np.testing.assert_array_equal(found, [[[0, 0, 2]]])


def test_session() -> None:
    v1 = tf.compat.v1
    with tf.Graph().as_default():
        with v1.Session() as session:
            keras_backend.set_session(session)
            try:
                found = keras_backend.get_session()
                assert found is session
                assert found.run(tf.constant(3)) == 3
            finally:
                keras_backend.set_session(None)
        with v1.Session() as session:
            if KERAS_3:
                assert keras_backend.get_session() is session
    keras.backend.clear_session()


def test_print_tensor(capfd) -> None:
    x = tf.constant([1.0, 2.0])
    assert keras_backend.print_tensor(x, "message") is x
    assert "message [1 2]" in capfd.readouterr().out


def test_functions_that_change_nothing_here() -> None:
    assert keras_backend.track_variable(tf.Variable(1.0)) is None
    experimental = native("experimental")
    was_enabled = experimental and experimental.is_tf_random_generator_enabled()
    assert keras_backend.enable_tf_random_generator() is None
    if experimental:
        assert experimental.is_tf_random_generator_enabled()
        if not was_enabled:
            experimental.disable_tf_random_generator()


def test_reset_uids() -> None:
    keras_backend.reset_uids()
    first = keras.layers.Dense(1).name
    keras.layers.Dense(1)
    keras_backend.reset_uids()
    assert keras.layers.Dense(1).name == first


def test_enable_v2_dtype_behavior() -> None:
    v1 = tf.compat.v1.keras.layers
    x = tf.ones([1, 2], tf.float64)
    try:
        if not KERAS_3:
            v1.disable_v2_dtype_behavior()
            assert keras.layers.Dense(1)(x).dtype == tf.float64
        keras_backend.enable_v2_dtype_behavior()
        assert keras.layers.Dense(1)(x).dtype == tf.float32
    finally:
        if not KERAS_3:
            v1.enable_v2_dtype_behavior()
