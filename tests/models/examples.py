"""The models of the grid: each kind of model that Keras's configurations describe.

Every model is built alike in every release, from public API alone, and trains.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

keras = tf.keras
layers = keras.layers
# Preprocessing layers were experimental up to 2.5.
_experimental = getattr(getattr(layers, "experimental", None), "preprocessing", None)


def _preprocessing(name: str) -> Any:
    return getattr(layers, name, None) or getattr(_experimental, name)


@dataclasses.dataclass
class Example:
    """A compiled model and a fixed batch for it."""

    model: Any
    inputs: Any
    targets: Any

    def outputs(self) -> list[np.ndarray]:
        """Return what the model computes of the batch, in inference."""
        found = self.model(tf.nest.map_structure(tf.constant, self.inputs), training=False)
        return [np.asarray(value) for value in tf.nest.flatten(found)]

    def step(self) -> float:
        """Take one training step, and return its loss."""
        found = self.model.train_on_batch(self.inputs, self.targets)
        return float(np.ravel(found)[0])


def numbers(seed: int, *shape: int) -> np.ndarray:
    """Return fixed numbers between -1 and 1."""
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype(np.float32)


def _example(model: Any, optimizer: Any, inputs: Any, targets: Any, **compiled: Any) -> Example:
    compiled.setdefault("loss", "mse")
    # Tracing a step takes longer than all else about a model.
    compiled.setdefault("run_eagerly", True)
    model.compile(optimizer=optimizer, **compiled)
    random = np.random.RandomState(11)
    model.set_weights(
        [
            random.uniform(0.1, 0.5, w.shape).astype(w.dtype)
            if w.ndim and w.dtype.kind == "f"
            else w
            for w in model.get_weights()
        ]
    )
    return Example(model, inputs, targets)


def sequential() -> Example:
    """Return a Sequential model with names that Keras made up, and Adam."""
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(4, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(1e-7),
            layers.Dense(3, activation="softmax", use_bias=False),
        ]
    )
    optimizer = keras.optimizers.Adam(0.01, amsgrad=True)
    targets = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2, 0, 1]]
    return _example(
        model,
        optimizer,
        numbers(1, 8, 5),
        targets,
        loss="categorical_crossentropy",
        metrics=["accuracy", "mae"],
    )


def functional() -> Example:
    """Return a functional model with two inputs, shared layers and two outputs, and SGD."""
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    shared = layers.Dense(3, activation="tanh", name="shared")
    both = layers.Concatenate()([shared(left), shared(right)])
    product = layers.Multiply()([shared(left), layers.Dense(3)(right)])
    first = layers.Dense(2, name="first")(both)
    second = layers.Dense(1, name="second")(layers.Add()([product, shared(right)]))
    model = keras.Model([left, right], [first, second], name="two_headed")
    return _example(
        model,
        keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
        [numbers(1, 8, 4), numbers(2, 8, 4)],
        [numbers(3, 8, 2), numbers(4, 8, 1)],
        loss=["mse", keras.losses.MeanAbsoluteError()],
        loss_weights=[1.0, 0.5],
    )


def nested() -> Example:
    """Return models inside models, one of them frozen and one called twice, and Adamax."""
    inputs = keras.Input((4,))
    hidden = layers.Dense(3, activation="tanh")(inputs)
    encoder = keras.Model(inputs, layers.Dense(3)(hidden), name="encoder")
    frozen = keras.Sequential([keras.Input((3,)), layers.Dense(3)], name="frozen")
    frozen.trainable = False
    one, other = keras.Input((4,)), keras.Input((4,))
    joined = layers.Concatenate(axis=-1)([frozen(encoder(one)), encoder(other)])
    head = keras.Sequential([layers.Dense(4, activation="elu"), layers.Dense(2)], name="head")
    model = keras.Model([one, other], head(joined))
    optimizer = keras.optimizers.Adamax(0.01)
    return _example(model, optimizer, [numbers(1, 8, 4), numbers(2, 8, 4)], numbers(3, 8, 2))


def convolutional() -> Example:
    """Return convolutions, poolings and their like, and Adagrad."""
    model = keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.ZeroPadding2D(1),
            layers.Conv2D(3, 3, padding="same", strides=2),
            layers.LeakyReLU(0.1),
            layers.DepthwiseConv2D(2, depth_multiplier=2),
            layers.BatchNormalization(axis=-1, momentum=0.9),
            layers.ReLU(max_value=6.0, negative_slope=0.01),
            layers.SeparableConv2D(3, 2, activation="swish"),
            layers.PReLU(shared_axes=[1, 2]),
            layers.MaxPooling2D(2),
            layers.Conv2DTranspose(2, 2, strides=2),
            layers.UpSampling2D(2),
            layers.GlobalAveragePooling2D(),
            layers.Reshape((2, 1)),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    optimizer = keras.optimizers.Adagrad(0.01)
    return _example(model, optimizer, numbers(1, 4, 8, 8, 2), numbers(2, 4, 2))


def preprocessing() -> Example:
    """Return preprocessing layers before a network, and RMSprop with momentum."""
    number = keras.Input((4,), name="number")
    word = keras.Input((1,), dtype="string", name="word")
    normalization = _preprocessing("Normalization")()
    normalization.adapt(numbers(5, 50, 4) * 3)
    lookup = _preprocessing("StringLookup")(mask_token=None)
    lookup.adapt(np.array([["ant"], ["bee"], ["cow"], ["bee"]]))
    scaled = _preprocessing("Rescaling")(0.5, offset=0.1)(normalization(number))
    embedded = layers.Flatten()(layers.Embedding(6, 3, name="words")(lookup(word)))
    outputs = layers.Dense(2)(layers.Concatenate()([scaled, embedded]))
    model = keras.Model([number, word], outputs)
    model.compile(keras.optimizers.Adam(0.02), "mse", metrics=["mae"])
    words = np.array([["ant"], ["bee"], ["zebu"], ["cow"]])
    inputs = [tf.constant(numbers(1, 4, 4)), tf.constant(words)]
    return Example(model, inputs, numbers(2, 4, 2))


@keras.utils.register_keras_serializable("tfcompat_tests")
class Scale(layers.Layer):
    """A layer of the user's, with an initializer and a layer inside."""

    def __init__(self, initializer: Any = "ones", inner: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.initializer = keras.initializers.get(initializer)
        self.inner = inner or layers.Dense(3, activation="tanh")

    def build(self, shape: Any) -> None:
        self.factor = self.add_weight(
            shape=(shape[-1],), initializer=self.initializer, name="factor"
        )
        self.inner.build(shape)
        super().build(shape)

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs * self.factor)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "initializer": keras.initializers.serialize(self.initializer),
            "inner": keras.layers.serialize(self.inner),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        config = dict(config)
        config["inner"] = keras.layers.deserialize(config["inner"])
        return cls(**config)


@keras.utils.register_keras_serializable("tfcompat_tests")
def cubed_error(true: Any, predicted: Any) -> Any:
    """A loss of the user's."""
    return tf.reduce_mean(tf.abs(true - predicted) ** 3, axis=-1)


@keras.utils.register_keras_serializable("tfcompat_tests")
def doubled(inputs: Any) -> Any:
    """An activation of the user's."""
    return inputs * 2.0


def custom() -> Example:
    """Return layers, an activation and a loss of the user's, and Ftrl."""
    inputs = keras.Input((4,))
    hidden = Scale(keras.initializers.Constant(0.5), name="first_scale")(inputs)
    hidden = layers.Dense(3, activation=doubled)(hidden)
    outputs = layers.Dense(2)(Scale()(hidden))
    model = keras.Model(inputs, outputs)
    optimizer = keras.optimizers.Ftrl(0.05)
    return _example(model, optimizer, numbers(1, 8, 4), numbers(2, 8, 2), loss=cubed_error)


def recurrent() -> Example:
    """Return recurrent layers of each kind, and Adam."""
    # Unrolled, where a layer's own loop is of no interest: Keras 2 would trace one per layer.
    unrolled: dict[str, Any] = {"return_sequences": True, "unroll": True}
    model = keras.Sequential(
        [
            keras.Input((2, 3)),
            layers.Masking(0.0),
            layers.Bidirectional(layers.LSTM(3, **unrolled)),
            layers.TimeDistributed(layers.Dense(4, activation="tanh")),
            layers.GRU(3, recurrent_dropout=0.0, **unrolled),
            layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], **unrolled),
            layers.SimpleRNN(3, go_backwards=True),
            layers.Dense(2),
        ]
    )
    optimizer = keras.optimizers.Adam(0.01)
    return _example(model, optimizer, numbers(1, 6, 2, 3), numbers(2, 6, 2))


def attention() -> Example:
    """Return a transformer block, attention with a value of its own, and Adadelta."""
    inputs = keras.Input((4, 6))
    memory = keras.Input((3, 6))
    attended = layers.MultiHeadAttention(num_heads=2, key_dim=3)(inputs, memory)
    hidden = layers.LayerNormalization(epsilon=1e-3)(layers.Add()([inputs, attended]))
    feed = layers.Dense(6)(layers.Dense(8, activation="gelu")(hidden))
    hidden = layers.LayerNormalization(epsilon=1e-3)(layers.Add()([hidden, feed]))
    hidden = layers.Attention(use_scale=True)([hidden, memory])
    outputs = layers.Dense(2)(layers.GlobalAveragePooling1D()(hidden))
    model = keras.Model([inputs, memory], outputs)
    optimizer = keras.optimizers.Adadelta(0.5)
    return _example(model, optimizer, [numbers(1, 6, 4, 6), numbers(2, 6, 3, 6)], numbers(3, 6, 2))


def options() -> Example:
    """Return initializers, regularizers, constraints, a schedule, loss and metric objects."""
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(
                4,
                kernel_initializer=keras.initializers.VarianceScaling(2.0, "fan_out"),
                bias_initializer=keras.initializers.Constant(0.1),
                kernel_regularizer=keras.regularizers.L1L2(0.01, 0.02),
                bias_regularizer=keras.regularizers.l2(0.01),
                kernel_constraint=keras.constraints.MaxNorm(2.0),
                bias_constraint="non_neg",
            ),
            layers.ELU(0.5),
            layers.GaussianNoise(1e-9),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5, staircase=True)
    return _example(
        model,
        keras.optimizers.SGD(rate, clipnorm=1.0),
        numbers(1, 8, 4),
        np.array([[0.0], [1.0]] * 4, np.float32),
        loss=keras.losses.BinaryCrossentropy(label_smoothing=0.1),
        metrics=[keras.metrics.BinaryAccuracy(threshold=0.4), keras.metrics.AUC(num_thresholds=20)],
    )


def mixed_precision() -> Example:
    """Return a model in mixed precision, and SGD under a loss-scaling wrapper."""
    policy = keras.mixed_precision.Policy("mixed_bfloat16")
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(4, activation="tanh", dtype=policy),
            layers.Dense(2, dtype="float32"),
        ]
    )
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
    optimizer = keras.mixed_precision.LossScaleOptimizer(optimizer)
    return _example(model, optimizer, numbers(1, 8, 5), numbers(2, 8, 2))


EXAMPLES: dict[str, Callable[[], Example]] = {
    function.__name__: function
    for function in (
        sequential,
        functional,
        nested,
        convolutional,
        preprocessing,
        custom,
        recurrent,
        attention,
        options,
        mixed_precision,
    )
}
