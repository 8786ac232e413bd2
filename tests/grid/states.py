"""The states of the grid: small models of each shape, each with an optimizer.

Every state is built alike in every release, from Keras's and TensorFlow's public API alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

keras = tf.keras
layers = keras.layers


@dataclasses.dataclass
class State:
    """Something that trains.

    Attributes:
        objects: what is saved and restored.
        weights: returns the weights as NumPy arrays, in an order that all releases share.
        step: takes one training step on a fixed batch.
    """

    objects: dict[str, Any]
    weights: Callable[[], list[np.ndarray]]
    step: Callable[[], None]


def _batch(*shape: int) -> np.ndarray:
    return np.random.RandomState(7).uniform(-1, 1, shape).astype(np.float32)


def _numbered(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Make starting values that depend on nothing but the shapes."""
    random = np.random.RandomState(11)
    return [
        random.uniform(0.1, 0.5, weight.shape).astype(weight.dtype) if weight.ndim else weight
        for weight in weights
    ]


def _compiled(model: Any, optimizer: Any, inputs: np.ndarray, targets: np.ndarray) -> State:
    model.compile(optimizer, "mse", run_eagerly=True)
    model(inputs[:1])
    model.set_weights(_numbered(model.get_weights()))
    batch = (tf.constant(inputs), tf.constant(targets))
    return State(
        objects={"model": model, "optimizer": model.optimizer},
        weights=model.get_weights,
        # Without the dataset that `train_on_batch` makes of it, which takes half of its time.
        step=lambda: model.train_step(batch),
    )


def sequential_adam() -> State:
    """Return a Sequential model without a name of the user's, and Adam."""
    model = keras.Sequential(
        [keras.Input((5,)), layers.Dense(4, activation="relu"), layers.Dense(3), layers.Dense(2)]
    )
    return _compiled(model, keras.optimizers.Adam(0.01), _batch(8, 5), _batch(8, 2))


def functional_sgd() -> State:
    """Return a functional model with two branches and BatchNormalization, and SGD."""
    inputs = keras.Input((6,), name="inputs")
    left = layers.Dense(4)(inputs)
    left = layers.BatchNormalization()(left)
    left = layers.Activation("relu")(left)
    right = layers.Dense(4, activation="tanh")(inputs)
    right = layers.BatchNormalization(name="bn")(right)
    outputs = layers.Dense(2)(layers.Concatenate()([left, right]))
    model = keras.Model(inputs, outputs)
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)
    return _compiled(model, optimizer, _batch(8, 6), _batch(8, 2))


def convolutional_adam() -> State:
    """Return convolutions with BatchNormalization of images, and Adam."""
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(3, 3, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.Activation("tanh"),
            layers.DepthwiseConv2D(2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )
    return _compiled(model, keras.optimizers.Adam(0.01), _batch(4, 6, 6, 1), _batch(4, 2))


class Subclassed(keras.Model):
    """A subclassed model with layers in attributes, lists and dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = [layers.Dense(4, activation="tanh") for _ in range(2)]
        self.heads = {"mean": layers.Dense(2), "scale": layers.Dense(2)}
        self._norm = layers.LayerNormalization()

    def call(self, inputs: Any) -> Any:
        for block in self.blocks:
            inputs = block(inputs)
        inputs = self._norm(inputs)
        return self.heads["mean"](inputs) * self.heads["scale"](inputs)


def subclassed_adam() -> State:
    """Return the subclassed model and Adam."""
    return _compiled(Subclassed(), keras.optimizers.Adam(0.01), _batch(8, 5), _batch(8, 2))


def subclassed_adamw() -> State | None:
    """Return the subclassed model and AdamW, where the release has it."""
    optimizer = getattr(keras.optimizers, "AdamW", None)
    if optimizer is None:
        return None
    optimizer = optimizer(0.01, weight_decay=0.02)
    return _compiled(Subclassed(), optimizer, _batch(8, 5), _batch(8, 2))


def recurrent_adamax() -> State:
    """Return LSTM, GRU and Bidirectional layers, and Adamax."""
    model = keras.Sequential(
        [
            keras.Input((2, 3)),
            # Unrolled, which has no share in the state: Keras 2 would trace a loop per layer,
            # which takes longer than all else about the cell.
            layers.Bidirectional(layers.LSTM(3, return_sequences=True, unroll=True)),
            layers.LSTM(3, return_sequences=True, unroll=True),
            layers.GRU(3, unroll=True),
            layers.Dense(2),
        ]
    )
    return _compiled(model, keras.optimizers.Adamax(0.01), _batch(6, 2, 3), _batch(6, 2))


def transformer_amsgrad() -> State:
    """Return a transformer block with attention, and Adam with amsgrad."""
    inputs = keras.Input((4, 6))
    attended = layers.MultiHeadAttention(num_heads=2, key_dim=3)(inputs, inputs)
    hidden = layers.LayerNormalization(epsilon=1e-3)(layers.Add()([inputs, attended]))
    feed = layers.Dense(6)(layers.Dense(8, activation="relu")(hidden))
    hidden = layers.LayerNormalization(epsilon=1e-3)(layers.Add()([hidden, feed]))
    outputs = layers.Dense(2)(layers.GlobalAveragePooling1D()(hidden))
    model = keras.Model(inputs, outputs)
    optimizer = keras.optimizers.Adam(0.005, amsgrad=True)
    return _compiled(model, optimizer, _batch(6, 4, 6), _batch(6, 2))


class Network(tf.Module):
    """A network without Keras."""

    def __init__(self) -> None:
        super().__init__()
        self.kernels = [tf.Variable(_batch(4, 4) / (i + 1), name="kernel") for i in range(2)]
        self.bias = tf.Variable(_batch(4), name="bias")
        self.moments = {"kernels": [tf.Variable(tf.zeros((4, 4))) for _ in range(2)]}

    def loss(self, inputs: Any) -> Any:
        for kernel in self.kernels:
            inputs = tf.tanh(inputs @ kernel + self.bias)
        return tf.reduce_mean(tf.square(inputs))


def module_momentum() -> State:
    """Return a `tf.Module` with momentum of its own, and no Keras."""
    network = Network()
    step = tf.Variable(0, dtype=tf.int64)
    batch = tf.constant(_batch(8, 4))

    def train() -> None:
        with tf.GradientTape() as tape:
            loss = network.loss(batch)
        gradients = tape.gradient(loss, network.kernels)
        for kernel, moment, gradient in zip(network.kernels, network.moments["kernels"], gradients):
            moment.assign(0.9 * moment + gradient)
            kernel.assign_sub(0.1 * moment)
        step.assign_add(1)

    variables = [*network.kernels, network.bias, *network.moments["kernels"], step]
    return State(
        objects={"network": network, "step": step},
        weights=lambda: [variable.numpy() for variable in variables],
        step=train,
    )


def mixed_precision() -> State:
    """Return a model in mixed precision, and SGD under a loss-scaling wrapper."""
    policy = keras.mixed_precision.Policy("mixed_float16")
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(4, activation="tanh", dtype=policy),
            layers.Dense(2, dtype="float32"),
        ]
    )
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
    optimizer = keras.mixed_precision.LossScaleOptimizer(optimizer)
    return _compiled(model, optimizer, _batch(8, 5), _batch(8, 2))


def kinds_without_keras() -> State:
    """Return what else training may need: a generator, a table, metrics, arrays, values."""
    generator = tf.random.Generator.from_seed(5, alg="philox")
    table = tf.lookup.experimental.DenseHashTable(tf.string, tf.int64, -1, "", "?")
    mean = keras.metrics.Mean()
    drawn = tf.Variable(tf.zeros((3,)))
    nest: dict[str, Any] = {"history": np.zeros(2), "count": 0, "best": None, "long": 1}

    def step() -> None:
        drawn.assign(generator.uniform((3,)))
        nest["count"] += 1
        nest["history"][:] = nest["count"]
        nest["best"] = 1 / nest["count"]
        nest["long"] <<= 40
        table.insert(tf.constant([f"word {nest['count']}"]), [nest["count"]])
        mean.update_state(float(nest["count"]))

    def weights() -> list[np.ndarray]:
        words = tf.constant([f"word {number}" for number in range(1, 6)])
        found = [drawn, mean.result(), table.lookup(words)]
        values = [nest["count"], nest["best"] or 0, nest["history"], nest["long"] >> 100]
        return [np.asarray(v.numpy()) for v in found] + [np.array(v, float) for v in values]

    objects = {"rng": generator, "table": table, "mean": mean, "drawn": drawn, "nest": nest}
    return State(objects=objects, weights=weights, step=step)


def dataset_iterator() -> State:
    """Return an iterator of a shuffled dataset."""
    iterator = iter(tf.data.Dataset.range(100).shuffle(10, seed=3).batch(2))
    taken = tf.Variable([0, 0], dtype=tf.int64)
    return State(
        objects={"iterator": iterator, "taken": taken},
        weights=lambda: [taken.numpy()],
        step=lambda: taken.assign(next(iterator)),
    )


def sequential_rmsprop() -> State:
    """Return a Sequential model and RMSprop, whose arithmetic changed in 2.11."""
    model = keras.Sequential([keras.Input((5,)), layers.Dense(4), layers.Dense(2)])
    optimizer = keras.optimizers.RMSprop(0.01, momentum=0.5, centered=True)
    return _compiled(model, optimizer, _batch(8, 5), _batch(8, 2))


def sequential_nadam() -> State:
    """Return a Sequential model and Nadam, whose arithmetic differs between the eras."""
    model = keras.Sequential([keras.Input((5,)), layers.Dense(4), layers.Dense(2)])
    return _compiled(model, keras.optimizers.Nadam(0.01), _batch(8, 5), _batch(8, 2))


STATES: dict[str, Callable[[], State | None]] = {
    function.__name__: function
    for function in (
        sequential_adam,
        functional_sgd,
        convolutional_adam,
        subclassed_adam,
        subclassed_adamw,
        recurrent_adamax,
        transformer_amsgrad,
        module_momentum,
        mixed_precision,
        kinds_without_keras,
        dataset_iterator,
        sequential_rmsprop,
        sequential_nadam,
    )
}

# States of which an optimizer's or a layer's arithmetic differs between the eras: across a border
# they are compared variable by variable, and a warning says so.
ARITHMETIC = {
    "convolutional_adam": {"keras2-optimizer-v2": 0, "keras2": 0, "keras3": 1},
    "sequential_rmsprop": {"keras2-optimizer-v2": 0, "keras2": 1, "keras3": 1},
    "sequential_nadam": {"keras2-optimizer-v2": 0, "keras2": 1, "keras3": 2},
}

# Ranges of releases between which a dataset iterator goes on; across their borders it is refused.
ITERATOR_RANGES = (((2, 7), (2, 10)), ((2, 14), (9, 99)))

# Nadam of 2.11 to 2.15 counts its steps in a Python number that no checkpoint holds, so that its
# next step after any restore is another even in the same release.
VARIABLES_ONLY = ("sequential_nadam",)
