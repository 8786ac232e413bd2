"""Three tiny models that every release builds and trains alike, from Keras 2.1 on.

Needs NumPy and the Keras that is given, and Python 3.7. Values are read through Keras's own public
API and named by hand, so that they are a truth beside tfcompat.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np

TRAINED = 3  # steps before anything is saved

_DENSE = ("kernel", "bias")
_CONVOLUTION = ("kernel",)
_NORMALIZATION = ("gamma", "beta", "moving_mean", "moving_variance")

# What `OptimizerV2` calls the slots.
_V2_NAMES = {
    "Adam": {"momentum": "m", "velocity": "v", "velocity_hat": "vhat"},
    "SGD": {"momentum": "momentum"},
}


@dataclasses.dataclass
class Trainee:
    """A compiled model with its fixed batch.

    Attributes:
        layers: those that have weights, with the names of these, by the key of the layer.
        slots: the optimizer's, in the order of its `variables` in Keras 3. The slots of an inner
            tuple alternate weight by weight.
    """

    keras: Any
    model: Any
    layers: dict[str, tuple[Any, tuple[str, ...]]]
    slots: tuple[tuple[str, ...], ...]
    inputs: np.ndarray
    targets: np.ndarray

    @property
    def optimizer(self) -> Any:
        """The optimizer, as `compile` left it."""
        return self.model.optimizer

    def step(self) -> None:
        """Take one training step."""
        self.model.train_on_batch(self.inputs, self.targets)

    def weights(self) -> dict[str, np.ndarray]:
        """Return the weights by key."""
        return {
            f"model/{path}/{name}": value
            for path, (layer, names) in self.layers.items()
            for name, value in zip(names, layer.get_weights())
        }

    def values(self) -> dict[str, np.ndarray]:
        """Return the weights, and the optimizer's counter and slots, by key."""
        return {
            **self.weights(),
            "optimizer/iterations": self._array(self.optimizer.iterations),
            **{f"optimizer/slots/{key}": self._array(slot) for key, slot in self._slots().items()},
        }

    def _array(self, variable: Any) -> np.ndarray:
        try:
            return np.array(variable.numpy())
        except (AttributeError, NotImplementedError):  # in a graph
            return np.array(self.keras.backend.get_value(variable))

    def _slots(self) -> dict[str, Any]:
        keys = {
            id(weight): f"model/{path}/{name}"
            for path, (layer, names) in self.layers.items()
            for name, weight in zip(names, layer.weights)
        }
        weights = [(keys[id(weight)], weight) for weight in self.model.trainable_weights]
        if hasattr(self.optimizer, "get_slot_names"):
            slot_names = _V2_NAMES[type(self.optimizer).__name__]
            return {
                f"{slot}/{key}": self.optimizer.get_slot(weight, slot_names[slot])
                for group in self.slots
                for slot in group
                for key, weight in weights
            }
        groups = self.slots
        if not hasattr(self.optimizer, "variables"):  # standalone Keras up to 2.3
            variables = list(self.optimizer.weights[1:])
            groups = tuple((slot,) for group in groups for slot in group)
        else:
            variables = self.optimizer.variables
            variables = list(variables() if callable(variables) else variables)
            heads = (id(self.optimizer.iterations), id(self.optimizer.learning_rate))
            variables = [variable for variable in variables if id(variable) not in heads]
        names = [f"{slot}/{key}" for group in groups for key, _ in weights for slot in group]
        return dict(zip(names, variables))


def _uniform(seed: int, *shape: int) -> np.ndarray:
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype(np.float32)


def _trainee(
    keras: Any,
    model: Any,
    optimizer: Any,
    layers: dict[str, tuple[Any, tuple[str, ...]]],
    slots: tuple[tuple[str, ...], ...],
    shape: tuple[int, ...],
) -> Trainee:
    model.compile(optimizer, "mse")
    trainee = Trainee(keras, model, layers, slots, _uniform(1, 8, *shape), _uniform(2, 8, 2))
    if not model.built:
        model.predict_on_batch(trainee.inputs)
    seeds = itertools.count(3)
    for layer, names in layers.values():
        weights = layer.get_weights()
        assert len(weights) == len(names)
        # Of one sign, since one of them is a variance.
        layer.set_weights([np.abs(_uniform(next(seeds), *w.shape)) / 2 for w in weights])
    return trainee


def sequential(keras: Any) -> Trainee:
    """Return a Sequential model with a head that has a name, and Adam."""
    hidden = keras.layers.Dense(4, activation="tanh", input_shape=(5,))
    # As good as none, since each release draws other numbers; but not 0, without which Keras 3
    # keeps no seed.
    dropout = keras.layers.Dropout(1e-7)
    head = keras.layers.Dense(2, name="head")
    model = keras.models.Sequential([hidden, dropout, head])
    layers = {"dense": (hidden, _DENSE), "head": (head, _DENSE)}
    optimizer = keras.optimizers.Adam(0.01)
    return _trainee(keras, model, optimizer, layers, (("momentum", "velocity"),), (5,))


def functional(keras: Any) -> Trainee:
    """Return a functional model with normalized convolutions and two branches, and SGD."""
    made = keras.layers
    inputs = keras.layers.Input((6, 6, 1), name="image")
    convolution = made.Conv2D(2, 3, use_bias=False)
    normalization = made.BatchNormalization()
    left, right, last = made.Dense(3, activation="tanh"), made.Dense(3, name="right"), made.Dense(2)
    hidden = made.Activation("tanh")(normalization(convolution(inputs)))
    branches = [left(made.GlobalAveragePooling2D()(hidden)), right(made.Flatten()(hidden))]
    model = keras.models.Model(inputs, last(made.Concatenate()(branches)))
    layers = {
        "conv2d": (convolution, _CONVOLUTION),
        "batch_normalization": (normalization, _NORMALIZATION),
        "dense": (left, _DENSE),
        "right": (right, _DENSE),
        "dense_1": (last, _DENSE),
    }
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9)
    return _trainee(keras, model, optimizer, layers, (("momentum",),), (6, 6, 1))


def subclassed(keras: Any) -> Trainee:
    """Return a subclassed model with layers in a list and a model inside, and Adam with amsgrad."""
    dense = keras.layers.Dense

    class Subclassed(keras.models.Model):
        def __init__(self) -> None:
            super().__init__()
            inputs = keras.layers.Input((5,))
            self.encoder = keras.models.Model(inputs, dense(3, activation="tanh")(inputs))
            self.blocks = [dense(4, activation="tanh"), dense(4, activation="tanh")]
            self.head = dense(2)

        def call(self, inputs: Any) -> Any:
            hidden = self.encoder(inputs)
            for block in self.blocks:
                hidden = block(hidden)
            return self.head(hidden)

    model = Subclassed()
    layers = {
        "encoder/dense": (model.encoder.layers[-1], _DENSE),
        "blocks/0": (model.blocks[0], _DENSE),
        "blocks/1": (model.blocks[1], _DENSE),
        "head": (model.head, _DENSE),
    }
    slots = (("momentum", "velocity"), ("velocity_hat",))
    optimizer = keras.optimizers.Adam(0.01, amsgrad=True)
    return _trainee(keras, model, optimizer, layers, slots, (5,))


MODELS = {function.__name__: function for function in (sequential, functional, subclassed)}
