"""What kind of object a value is, and which Keras it belongs to."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from tfcompat import _runtime

# Kinds of objects. What each means for a walk is said at `children_of`.
VARIABLE = "variable"
PARTITIONED = "partitioned"  # a variable in parts, as a ParameterServerStrategy makes them
OPTIMIZER = "optimizer"
METRIC = "metric"
FUNCTIONAL = "functional"  # a Sequential or functional model
MODEL = "model"  # a subclassed model
LAYER = "layer"
MODULE = "module"
GENERATOR = "generator"
SEED_GENERATOR = "seed_generator"
TABLE = "table"
ITERATOR = "iterator"
PYTHON_STATE = "python_state"
MAPPING = "mapping"
SEQUENCE = "sequence"
DATACLASS = "dataclass"
ARRAY = "array"
VALUE = "value"
STATELESS = "stateless"
OPAQUE = "opaque"  # trackable, and only TensorFlow knows what is in it
UNKNOWN = "unknown"

TRACKED_KINDS = frozenset(
    (
        VARIABLE, PARTITIONED, OPTIMIZER, METRIC, FUNCTIONAL, MODEL, LAYER, MODULE, GENERATOR,
        SEED_GENERATOR, TABLE, ITERATOR, PYTHON_STATE, OPAQUE,
    )
)  # fmt: skip
CONTAINER_KINDS = frozenset((MAPPING, SEQUENCE, DATACLASS))
KERAS_KINDS = frozenset((FUNCTIONAL, MODEL, LAYER))


@functools.cache
def trackable_classes() -> tuple[type, type]:
    """Return `(Trackable, AutoTrackable)`, the public bases of `tf.Module`."""
    module = _runtime.tensorflow().Module
    return module.__mro__[-2], module.__mro__[1]


class _Keras:
    """The classes of one Keras, found through its public names."""

    def __init__(self, keras: Any) -> None:
        layers = keras.layers
        self.module = keras
        self.layer = layers.Layer
        self.model = keras.Model
        self.metric = keras.metrics.Metric
        self.schedule = keras.optimizers.schedules.LearningRateSchedule
        seed_generator = getattr(getattr(keras, "random", None), "SeedGenerator", None)
        self.seed_generator = seed_generator
        self.optimizers = tuple(
            optimizer
            for optimizer in (
                getattr(keras.optimizers, "Optimizer", None),
                _attribute(keras.optimizers, "legacy", "Optimizer"),
                _attribute(keras.optimizers, "experimental", "Optimizer"),
            )
            if isinstance(optimizer, type)
        )
        # `tensorflow.python.keras`, `keras` or `tf_keras`.
        self.package = layers.Layer.__module__.partition("keras")[0] + "keras"

    # What only objects tell. To make them sets TensorFlow's devices up, which a program may still
    # want to configure after the import of a library that derives from a class of Keras.

    @property
    def functional(self) -> tuple[type, ...]:
        return (_probed(_functional_of, self.module)[0], self.module.Sequential)

    @property
    def variable(self) -> type:
        """The class of its variables: that of Keras 3 has a public name from 3.1 on only."""
        return _probed(_objects_of, self.module)[0]

    @property
    def own_attributes(self) -> frozenset[str]:
        """What a bare instance has, which is Keras's own bookkeeping and not the user's."""
        return _probed(_objects_of, self.module)[1] | _probed(_functional_of, self.module)[1]

    def owns(self, cls: type) -> bool:
        return cls.__module__ == self.package or cls.__module__.startswith(self.package + ".")


def _attribute(value: Any, *names: str) -> Any:
    for name in names:
        try:
            value = getattr(value, name)
        except (AttributeError, ImportError):
            return None
    return value


_Probe = Callable[[Any], "tuple[type, frozenset[str]]"]


@functools.cache
def _probed(probe: _Probe, keras: Any) -> tuple[type, frozenset[str]]:
    # In a thread, which has none of the graphs and scopes that the caller is in. The first to ask
    # may be a layer that is built while a functional model is made, and inside of a function
    # Keras 2 makes no counters for a model: those of a user's model would not be known as its own.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(probe, keras).result()


def _functional_of(keras: Any) -> tuple[type, frozenset[str]]:
    """Return the class of a functional model, which has no public name before Keras 3."""
    # The explicit names keep the counters of automatic names where they are.
    inputs = keras.Input((1,), name="tfcompat_probe_input")
    outputs = keras.layers.Activation("linear", name="tfcompat_probe_activation")(inputs)
    functional = keras.Model(inputs, outputs, name="tfcompat_probe")
    return type(functional), frozenset(vars(functional))


def _objects_of(keras: Any) -> tuple[type, frozenset[str]]:
    """Return the class of a variable, and what layers and models have of their own."""
    sequential = keras.Sequential(
        [keras.layers.InputLayer((1,), name="tfcompat_probe_first")],
        name="tfcompat_probe_sequential",
    )
    subclass = type("Probe", (keras.Model,), {"call": lambda self, inputs: inputs})
    layer = keras.layers.Layer(name="tfcompat_probe_layer")
    model = subclass(name="tfcompat_probe_model")
    model.compile(keras.optimizers.SGD(name="tfcompat_probe_optimizer"), "mse")
    attributes = frozenset().union(
        *(vars(instance) for instance in (layer, model, sequential)), ("optimizer", "history")
    )
    return type(model.optimizer.iterations), attributes


@functools.cache
def _keras_of(modules: tuple[Any, ...]) -> tuple[_Keras, ...]:
    return tuple(map(_Keras, modules))


def kerases() -> tuple[_Keras, ...]:
    """Return every Keras of this process."""
    return _keras_of(_runtime.loaded_keras())


_KIND_OF_CLASS: dict[type, tuple[str, _Keras | None]] = {}
_KNOWN_KERASES: list[Any] = []


def kind_of(value: Any) -> str:
    """Return the kind of an object, one of the constants above."""
    # Proxies of TensorFlow's (wrapped dictionaries) tell their class by `__class__`.
    cls = value.__class__
    found = _KIND_OF_CLASS.get(cls)
    if found is None:
        loaded = list(_runtime.loaded_keras())
        if loaded != _KNOWN_KERASES:
            # A Keras that was imported since may know classes that were unknown.
            _KNOWN_KERASES[:] = loaded
            _KIND_OF_CLASS.clear()
        found = _KIND_OF_CLASS[cls] = _classify(cls)
    return found[0]


def parts_of(variable: Any) -> list[Any]:
    """Return the parts of a partitioned variable, in order; of another variable itself."""
    return list(variable.variables) if kind_of(variable) == PARTITIONED else [variable]


def keras_of(value: Any) -> _Keras:
    """Return the Keras that an object of a Keras kind belongs to."""
    kind_of(value)
    found = _KIND_OF_CLASS[value.__class__][1]
    assert found is not None
    return found


def _classify(cls: type) -> tuple[str, _Keras | None]:
    tf = _runtime.tensorflow()
    if issubclass(cls, tf.Variable):
        return VARIABLE, None
    for keras in kerases():
        if issubclass(cls, keras.variable):
            return VARIABLE, keras
        for kind, classes in (
            (OPTIMIZER, keras.optimizers),
            (METRIC, (keras.metric,)),
            (FUNCTIONAL, keras.functional),
            (MODEL, (keras.model,)),
            (LAYER, (keras.layer,)),
            (STATELESS, (keras.schedule,)),
            (SEED_GENERATOR, (keras.seed_generator,) if keras.seed_generator else ()),
        ):
            if issubclass(cls, classes):
                return kind, keras
    if issubclass(cls, dict):
        return MAPPING, None
    if dataclasses.is_dataclass(cls) and not issubclass(cls, trackable_classes()[0]):
        return DATACLASS, None
    if issubclass(cls, (list, tuple)):
        return SEQUENCE, None
    # NumPy's float64 is a Python float as well: it is restored as the NumPy scalar it was.
    if issubclass(cls, (np.ndarray, np.generic)):
        return ARRAY, None
    if issubclass(cls, (bool, int, float, complex, str, bytes, type(None))):
        return (VALUE if cls in _PLAIN else UNKNOWN), None
    experimental = tf.lookup.experimental
    for kind, candidates in (
        (GENERATOR, (tf.random.Generator,)),
        (
            TABLE,
            (experimental.DenseHashTable, _attribute(experimental, "MutableHashTable")),
        ),
        (ITERATOR, (_attribute(tf, "data", "Iterator"),)),
        (PYTHON_STATE, (tf.train.experimental.PythonState,)),
        (
            STATELESS,
            (
                tf.data.Dataset,
                tf.lookup.StaticHashTable,
                tf.lookup.StaticVocabularyTable,
                _attribute(tf, "types", "experimental", "GenericFunction"),
                _attribute(tf, "types", "experimental", "Callable"),
                type(tf.function(_attribute)),
            ),
        ),
        (MODULE, (tf.Module, trackable_classes()[1])),
    ):
        if issubclass(cls, tuple(c for c in candidates if c is not None)):
            return kind, None
    if issubclass(cls, trackable_classes()[0]):
        is_partitioned = all(hasattr(cls, name) for name in _OF_PARTITIONED)
        return (PARTITIONED if is_partitioned else OPAQUE), None
    return UNKNOWN, None


# What a variable in parts has: its class has no public name in any release.
_OF_PARTITIONED = ("variables", "shape", "dtype", "assign")


_PLAIN = (bool, int, float, complex, str, bytes, type(None))
