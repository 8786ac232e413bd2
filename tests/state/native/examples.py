"""Trained models of every kind, for the formats that Keras writes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

import tfcompat as tfc

keras = tf.keras
layers = keras.layers


class MissingError(Exception):
    """This release has no such layer or optimizer."""


def _layer(name: str) -> Any:
    found = getattr(layers, name, None)
    if found is None:
        raise MissingError(name)
    return found


def sequential() -> Any:
    return keras.Sequential(
        [
            keras.Input((4,)), layers.Dense(5, activation="tanh"), layers.Dropout(0.2),
            layers.Dense(5), layers.Dense(2, name="head"),
        ]
    )  # fmt: skip


def functional() -> Any:
    inputs = keras.Input((6, 6, 1))
    left = layers.Conv2D(2, 3)(inputs)
    left = layers.Flatten()(layers.BatchNormalization()(left))
    right = layers.Dense(3, name="right")(layers.Flatten()(inputs))
    joined = layers.Dense(3)(layers.Concatenate()([left, right]))
    return keras.Model(inputs, layers.Dense(2)(layers.LayerNormalization()(joined)))


def _inner(name: str | None = None) -> Any:
    inputs = keras.Input((3,))
    hidden = layers.BatchNormalization()(layers.Dense(3)(inputs))
    return keras.Model(inputs, layers.Dense(3)(hidden), name=name)


def nested() -> Any:
    inputs = keras.Input((3,))
    shared = layers.Dense(3)
    hidden = _inner("encoder")(shared(inputs))
    hidden = keras.Sequential([keras.Input((3,)), layers.Dense(3), layers.Dense(3)])(hidden)
    return keras.Model(inputs, layers.Dense(2)(shared(_inner()(hidden))))


def frozen() -> Any:
    inputs = keras.Input((3,))
    inner = _inner()
    inner.layers[1].trainable = False
    outer = _inner("outer")
    outer.trainable = False
    return keras.Model(inputs, layers.Dense(2)(outer(inner(layers.Dense(3)(inputs)))))


def recurrent() -> Any:
    # Unrolled and of one step, since Keras 2 would trace a loop per layer.
    every: dict[str, Any] = {"return_sequences": True, "unroll": True}
    inputs = keras.Input((1, 3))
    hidden = layers.Bidirectional(layers.LSTM(2, **every))(inputs)
    hidden = layers.Bidirectional(layers.LSTM(2, **every))(hidden)
    hidden = layers.GRU(3, dropout=0.1, **every)(hidden)
    hidden = layers.RNN([layers.LSTMCell(2), layers.LSTMCell(2)], **every)(hidden)
    hidden = layers.TimeDistributed(layers.Dense(3))(layers.SimpleRNN(3, **every)(hidden))
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(hidden)))


def attention() -> Any:
    inputs = keras.Input((4,), dtype="int32")
    hidden = layers.Embedding(7, 4)(inputs)
    for _ in range(2):
        hidden = layers.MultiHeadAttention(2, 2)(hidden, hidden)
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(layers.PReLU()(hidden))))


def images() -> Any:
    inputs = keras.Input((6, 6, 2))
    hidden = layers.SeparableConv2D(3, 2)(layers.DepthwiseConv2D(2)(inputs))
    hidden = layers.Conv2DTranspose(2, 2)(hidden)
    film = layers.Reshape((1, *hidden.shape[1:]))(hidden)
    hidden = layers.ConvLSTM2D(2, 2)(film)
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(hidden)))


def normalized() -> Any:
    if (3, 0) <= tfc.runtime().keras.release < (3, 1):
        raise MissingError("SpectralNormalization that trains")
    inputs = keras.Input((6, 6, 2))
    hidden = _layer("SpectralNormalization")(layers.Conv2D(4, 3))(inputs)
    hidden = _layer("GroupNormalization")(2)(hidden)
    hidden = _layer("SpectralNormalization")(layers.Dense(2))(layers.Flatten()(hidden))
    return keras.Model(inputs, hidden)


@tf.keras.utils.register_keras_serializable("tfcompat_tests")
class Scaled(layers.Layer):
    """A layer with weights and sublayers of its own."""

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.first = layers.Dense(3)
        self._hidden = [layers.Dense(3), layers.Dense(3, name="named")]
        self.normalized = layers.BatchNormalization()

    def build(self, shape) -> None:
        self.scale = self.add_weight(name="scale", shape=(3,), initializer="ones")
        self.counter = self.add_weight(
            name="counter", shape=(3,), initializer="ones", trainable=False
        )
        for layer in (self.first, *self._hidden, self.normalized):
            # Keras 2 names weights after the layer only inside of its scope.
            with tf.name_scope(layer.name):
                layer.build((None, 3))
        super().build(shape)

    def call(self, inputs):
        hidden = self.normalized(self.first(inputs))
        for layer in self._hidden:
            hidden = layer(hidden)
        return hidden * self.scale * self.counter


@tf.keras.utils.register_keras_serializable("tfcompat_tests")
class Subclassed(keras.Model):
    """A model with layers in attributes, lists and dictionaries."""

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.stem = layers.Dense(3)
        self.blocks = [Scaled(), Scaled()]
        self.branches = {"left": layers.Dense(3), "right": layers.Dense(3)}
        self._private = layers.Dense(3)
        self.again = self.stem
        self.whole = _inner()
        self.answer = layers.Dense(2)

    @property
    def exposed(self):
        return self._private

    def call(self, inputs):
        hidden = self.stem(inputs)
        for block in self.blocks:
            hidden = block(hidden)
        hidden = self.branches["left"](hidden) + self.branches["right"](hidden)
        return self.answer(self.whole(self.again(self._private(hidden))))


def subclassed() -> Any:
    model = Subclassed()
    model(np.zeros((1, 3), np.float32))
    return model


MODELS: dict[str, Callable[[], Any]] = {
    make.__name__: make
    for make in (
        sequential, functional, nested, frozen, recurrent, attention, images, normalized,
        subclassed,
    )
}  # fmt: skip

OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {}),
    "momentum": ("SGD", {"momentum": 0.9}),
    "adam": ("Adam", {}),
    "amsgrad": ("Adam", {"amsgrad": True}),
    "rmsprop": ("RMSprop", {}),
    "rmsprop_all": ("RMSprop", {"momentum": 0.5, "centered": True}),
    "adagrad": ("Adagrad", {}),
    "adadelta": ("Adadelta", {}),
    "adamax": ("Adamax", {}),
    "nadam": ("Nadam", {}),
    "ftrl": ("Ftrl", {}),
    "adamw": ("AdamW", {}),
    "lion": ("Lion", {}),
    "lamb": ("Lamb", {}),
    "adafactor": ("Adafactor", {}),
    "average": ("Adam", {"use_ema": True}),
    "accumulating": ("SGD", {"momentum": 0.9, "gradient_accumulation_steps": 2}),
}


def optimizer_of(name: str) -> Any:
    cls, options = OPTIMIZERS[name]
    found = getattr(keras.optimizers, cls, None)
    if found is None:
        raise MissingError(cls)
    try:
        return found(learning_rate=0.01, **options)
    except (TypeError, ValueError) as error:
        raise MissingError(name) from error


def compiled(model: str, optimizer: str = "adam") -> Any:
    """Return a new model that has not taken a step."""
    return _compiled(MODELS[model](), optimizer)


def reader(model: str, optimizer: str = "adam") -> Any:
    """Return a model to be restored into, every value of it another than it was restored to.

    Its optimizer is new. The model is one for all tests, since to make it takes most of the time.
    """
    made = _reader(model)
    made.set_weights([weight + 1 for weight in made.get_weights()])
    return _compiled(made, optimizer)


@functools.cache
def _reader(model: str) -> Any:
    return MODELS[model]()


def _compiled(model: Any, optimizer: str) -> Any:
    # Eager steps need no tracing, which takes most of the time.
    model.compile(optimizer_of(optimizer), "mse", run_eagerly=True)
    return model


def optimizer_variables(model: Any) -> list[np.ndarray]:
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    variables = optimizer.variables
    return [np.array(v) for v in (variables() if callable(variables) else variables)]


def trained(
    model: str, optimizer: str = "adam", seed: int = 0, make: Callable[[str, str], Any] = compiled
) -> Any:
    """Return a model that has taken a step, every value of it another."""
    made = make(model, optimizer)
    weights = made.trainable_variables
    made.optimizer.apply_gradients([(tf.ones(w.shape), w) for w in weights])
    randomize(made, np.random.RandomState(seed))
    return made


@functools.cache
def writer(model: str, optimizer: str = "adam") -> Any:
    """Return a trained model to be saved, one for all tests: nobody may change it."""
    return trained(model, optimizer)


def randomize(model: Any, random: np.random.RandomState) -> None:
    """Give every weight and every slot other values."""
    model.set_weights([random.uniform(0.1, 0.9, w.shape) for w in model.get_weights()])
    for variable in tfc.variables({"optimizer": model.optimizer, "model": model}).values():
        if len(variable.shape):
            value = random.uniform(0.1, 0.9, variable.shape)
            variable.assign(value.astype(variable.dtype.name))


def assert_same(first: list[np.ndarray], second: list[np.ndarray]) -> None:
    assert len(first) == len(second)
    for one, other in zip(first, second):
        np.testing.assert_array_equal(one, other)


def assert_restored(model: Any, writer: Any, optimizer: bool = True) -> None:
    """Compare a model and its optimizer with those that were saved."""
    assert_same(model.get_weights(), writer.get_weights())
    if optimizer:
        here, there = optimizer_variables(model), optimizer_variables(writer)
        if not model.optimizer.get_config().get("momentum", 1):
            # 2.11 to 2.15 give SGD a momentum variable that it does not use without momentum.
            assert len(here) == len(there)
            here, there = here[:1], there[:1]
        assert_same(here, there)


def mixed(*made: Any) -> Any:
    model = keras.Sequential([keras.Input((3,)), *made])
    model.compile(keras.optimizers.Adam(0.01), "mse", run_eagerly=True)
    return model


def dense(*names: str | None) -> Any:
    return mixed(*(layers.Dense(3, name=name) for name in names))


def fitted(model: Any) -> Any:
    model.train_on_batch(np.ones((2, 3), np.float32), np.zeros((2, *model.output_shape[1:])))
    randomize(model, np.random.RandomState(3))
    return model


@functools.cache
def dense_writer() -> Any:
    """Return a trained model to be saved, one for all tests: nobody may change it."""
    return fitted(dense("a", "b"))


@functools.cache
def dense_reader() -> Any:
    """Return a model like it, one for all tests of what is not to be restored."""
    return dense("a", "b")


@functools.cache
def mixed_writer() -> Any:
    """Return a trained model to be saved, one for all tests: nobody may change it."""
    return fitted(mixed(layers.Dense(3), layers.BatchNormalization()))


# Models that it is not, with what a restore into them finds.
OTHERS: dict[str, tuple[Callable[[], Any], str]] = {
    "order": (lambda: mixed(layers.BatchNormalization(), layers.Dense(3)), "different"),
    "shape": (lambda: mixed(layers.Dense(4), layers.BatchNormalization()), "different"),
    "fewer": (lambda: mixed(layers.Dense(3)), "unexpected"),
    "more": (
        lambda: mixed(layers.Dense(3), layers.BatchNormalization(), layers.Dense(3)), "missing",
    ),
    "names": (lambda: dense("mine", "yours"), "missing"),
}  # fmt: skip


def snapshot(model: Any) -> list[np.ndarray]:
    return [*model.get_weights(), *optimizer_variables(model)]
