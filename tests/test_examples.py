"""Three everyday programs, each on every release."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

import tfcompat as tfc

keras = tfc.keras


def test_save_and_reload_a_compiled_sequential_model(tmp_path) -> None:
    def make():
        model = keras.Sequential(
            [
                keras.Input((784,)),
                keras.layers.Dense(128, activation="relu"),
                keras.layers.Dense(10, activation="softmax"),
            ]
        )
        model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
        return model

    random = np.random.RandomState(0)
    inputs = random.normal(size=(100, 784)).astype(np.float32)
    targets = np.eye(10, dtype=np.float32)[random.randint(0, 10, 100)]
    model = make()
    model.fit(inputs, targets, epochs=1, verbose=0)
    tfc.save_state(tmp_path / "my_model", model)

    reloaded = make()
    assert not all(
        np.array_equal(a, b) for a, b in zip(reloaded.get_weights(), model.get_weights())
    )
    assert tfc.restore_state(tmp_path / "my_model", reloaded).complete
    for a, b in zip(reloaded.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(a, b)

    # And training goes on as if nothing had happened.
    for one in (model, reloaded):
        one.fit(inputs, targets, epochs=1, shuffle=False, verbose=0)
    for a, b in zip(reloaded.get_weights(), model.get_weights()):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


class MyCustomLayer(keras.layers.Layer):
    def __init__(self, units=32):
        super().__init__()
        self.w = self.add_weight(shape=(10, units), initializer="random_normal", trainable=True)
        self.b = self.add_weight(shape=(units,), initializer="zeros", trainable=True)

    def call(self, inputs):
        return tf.matmul(inputs, self.w) + self.b


def test_custom_layer_that_makes_its_weights_with_add_weight(tmp_path) -> None:
    inputs = tf.random.normal((10, 10))
    layer, reloaded = MyCustomLayer(64), MyCustomLayer(64)
    expected = layer(inputs).numpy()
    assert list(tfc.variables(layer)) == ["w", "b"]
    tfc.save_state(tmp_path, layer)
    tfc.restore_state(tmp_path, reloaded)
    np.testing.assert_array_equal(reloaded(inputs).numpy(), expected)


def test_function(tmp_path) -> None:
    weight = tf.Variable(2.0)

    @tf.function
    def my_function(x):
        return x * weight

    assert my_function(tf.constant(5.0)).numpy() == 10.0
    tfc.save_state(tmp_path, {"weight": weight, "function": my_function})
    weight.assign(3.0)
    assert my_function(tf.constant(5.0)).numpy() == 15.0
    # The traced function reads the variable that was restored.
    tfc.restore_state(tmp_path, {"weight": weight, "function": my_function})
    assert my_function(tf.constant(5.0)).numpy() == 10.0
