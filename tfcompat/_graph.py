"""What hangs below a live object: one walk, the same stable names in every era.

TensorFlow's own object graph names its edges otherwise in each era (`layer_with_weights-0`,
`_operations/2`, `_kernel`). The names here come from what the user wrote, which does not
change between releases: attribute names, dictionary keys, positions in a list, names given to
layers, and the short names of weights.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfcompat import _runtime
from tfcompat.errors import UnsupportedObjectError

# Kinds of objects. What each means for a walk is said at `children_of`.
VARIABLE = "variable"
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
        VARIABLE, OPTIMIZER, METRIC, FUNCTIONAL, MODEL, LAYER, MODULE, GENERATOR, SEED_GENERATOR,
        TABLE, ITERATOR, PYTHON_STATE, OPAQUE,
    )
)  # fmt: skip
CONTAINER_KINDS = frozenset((MAPPING, SEQUENCE, DATACLASS))
KERAS_KINDS = frozenset((FUNCTIONAL, MODEL, LAYER))

# Set on an owner by `untrack`: the attributes that no state may contain.
UNTRACKED = "_tfcompat_untracked"

# Sublayers of Keras's own layers, by their public attributes, which are the same in Keras 2
# and Keras 3. `layer` of a Bidirectional is a template in Keras 2 and absent in Keras 3.
_SUBLAYERS = ("forward_layer", "backward_layer", "layer", "cell", "cells")

# Weights of Keras's own layers whose short name differs between the eras: (class, Keras 2) to
# the name that Keras 3 gives it.
_RENAMED_WEIGHTS = {
    ("DepthwiseConv1D", "depthwise_kernel"): "kernel",
    ("DepthwiseConv2D", "depthwise_kernel"): "kernel",
}

# Keras 2 names a functional model `model`, Keras 3 `functional`.
_CANONICAL_BASES = {"functional": "model", "model": "model"}


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
        # A functional model has no public class of its own before Keras 3.
        # The explicit names keep the counters of automatic names where they are.
        inputs = keras.Input((1,), name="tfcompat_probe_input")
        outputs = layers.Activation("linear", name="tfcompat_probe_activation")(inputs)
        functional = keras.Model(inputs, outputs, name="tfcompat_probe")
        sequential = keras.Sequential(
            [layers.InputLayer((1,), name="tfcompat_probe_first")], name="tfcompat_probe_sequential"
        )
        self.functional = (type(functional), keras.Sequential)
        subclass = type("Probe", (keras.Model,), {"call": lambda self, inputs: inputs})
        layer = layers.Layer(name="tfcompat_probe_layer")
        model = subclass(name="tfcompat_probe_model")
        model.compile(keras.optimizers.SGD(name="tfcompat_probe_optimizer"), "mse")
        # The class of Keras 3's variables, which has a public name from 3.1 on only; that of
        # Keras 2 is a `tf.Variable`.
        self.variable = type(model.optimizer.iterations)
        # What a bare instance has is Keras's own bookkeeping, not the user's attribute.
        self.own_attributes = frozenset().union(
            *(vars(instance) for instance in (layer, model, functional, sequential)),
            ("optimizer", "history"),
        )
        # `tensorflow.python.keras`, `keras` or `tf_keras`.
        self.package = layers.Layer.__module__.partition("keras")[0] + "keras"

    def owns(self, cls: type) -> bool:
        return cls.__module__ == self.package or cls.__module__.startswith(self.package + ".")


def _attribute(value: Any, *names: str) -> Any:
    for name in names:
        try:
            value = getattr(value, name)
        except (AttributeError, ImportError):
            return None
    return value


@functools.cache
def _keras_of(modules: tuple[Any, ...]) -> tuple[_Keras, ...]:
    return tuple(_Keras(module) for module in modules)


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
        (OPAQUE, (trackable_classes()[0],)),
    ):
        if issubclass(cls, tuple(c for c in candidates if c is not None)):
            return kind, None
    return UNKNOWN, None


_PLAIN = (bool, int, float, complex, str, bytes, type(None))


def escape(name: Any) -> str:
    """Make one component of a key: a slash in a name must not look like a border."""
    return str(name).replace("%", "%25").replace("/", "%2F") or "%00"


def join(*parts: str) -> str:
    """Join components and prefixes of keys; an empty one adds nothing."""
    return "/".join(part for part in parts if part)


def tensor_variable(variable: Any) -> Any:
    """Return the `tf.Variable` of a variable: a Keras 3 variable holds one."""
    return variable if isinstance(variable, _runtime.tensorflow().Variable) else variable.value


def short_name(variable: Any) -> str:
    """Return the last component of a variable's name: `kernel` of `dense/kernel:0`."""
    return path_of(variable).rpartition("/")[2]


def path_of(variable: Any) -> str:
    """Return a variable's name without the output number: Keras 3 calls it `path`."""
    name = getattr(variable, "path", None) or variable.name
    return str(name).partition(":")[0]


def squeezed(name: str) -> str:
    """Return a name in small letters, without what is neither letter nor digit."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def automatic_base(layer: Any) -> tuple[str, int] | None:
    """Return (base, number) when a layer's name is one that Keras made up, else None.

    Keras names a layer after its class, in snake case, with a number that counts the layers
    of the class in the process: `dense`, `dense_1`. The releases disagree about underscores
    (`conv_lst_m2d`, `conv_lstm2d`), so they do not count here.
    """
    name = layer.name
    base, _, number = name.rpartition("_")
    if not number.isdigit():
        base, number = name, "0"
    letters, cls = squeezed(base), squeezed(type(layer).__name__)
    # `model` and `functional` are the automatic names of a functional model, in Keras 2 and 3.
    if letters in (cls, "private" + cls) or (
        letters in ("model", "functional") and kind_of(layer) == FUNCTIONAL
    ):
        return _CANONICAL_BASES.get(letters) or _snake_case(type(layer).__name__), int(number)
    return None


def _snake_case(name: str) -> str:
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def layer_names(layers: list[Any]) -> list[tuple[str, bool]]:
    """Name the layers of one model: (name, whether Keras made the layer's name up).

    A name that the user gave stays. Of the names that Keras made up only the order of their
    numbers is kept, so that a second model built in the same process gets the same names.
    """
    found = [automatic_base(layer) for layer in layers]
    numbers: dict[str, list[int]] = {}
    for automatic in found:
        if automatic:
            numbers.setdefault(automatic[0], []).append(automatic[1])
    for ranked in numbers.values():
        ranked.sort()
    given = {layer.name for layer, automatic in zip(layers, found) if not automatic}
    named = []
    for layer, automatic in zip(layers, found):
        if not automatic:
            named.append((escape(layer.name), False))
            continue
        base, number = automatic
        rank = numbers[base].index(number)
        name = f"{base}_{rank}" if rank else base
        # A layer of another class may carry this very name, given by the user.
        named.append((f"{name}~" if name in given else name, True))
    return named


def weight_names(layer: Any, paths: list[str]) -> list[str]:
    """Name the weights of one of Keras's own layers, given by their paths, by their short names.

    Where several share one (the four projections of an attention layer) the component before
    it tells them apart: `query/kernel`.
    """
    classes = [cls.__name__ for cls in type(layer).__mro__]

    def renamed(name: str) -> str:
        for cls in classes:
            if (cls, name) in _RENAMED_WEIGHTS:
                return _RENAMED_WEIGHTS[cls, name]
        return name

    components = [path.split("/") for path in paths]
    names = [renamed(path[-1]) for path in components]
    if len(set(names)) < len(names):
        names = [join(*path[-2:-1], name) for path, name in zip(components, names)]
    return distinct(names)


def distinct(names: list[str]) -> list[str]:
    """Number the names that occur more than once."""
    seen: dict[str, int] = {}
    numbered = []
    for name in names:
        count = seen[name] = seen.get(name, -1) + 1
        numbered.append(f"{name}_{count}" if count else name)
    return numbered


@functools.cache
def _bare_module_attributes() -> frozenset[str]:
    tf = _runtime.tensorflow()
    return frozenset().union(vars(tf.Module()), vars(tf.train.Checkpoint()))


def _attributes(value: Any, own: frozenset[str]) -> Iterator[tuple[str, Any]]:
    """Yield the user's attributes of an object that hold something tracked."""
    untracked = vars(value).get(UNTRACKED, {})
    for name, held in list(vars(value).items()):
        # `_self_` marks the bookkeeping of TensorFlow's object tracking.
        if name in own or name.startswith("_self_") or name == UNTRACKED:
            continue
        if name in untracked and untracked[name] is held:
            continue
        kind = kind_of(held)
        if kind in TRACKED_KINDS:
            if kind == VARIABLE and name.lstrip("_") == short_name(held):
                # Keras 3 keeps a Dense's kernel in `_kernel`, Keras 2 in `kernel`; a class
                # derived from Dense must have one name for it.
                name = name.lstrip("_")
            yield escape(name), held
        elif kind in CONTAINER_KINDS and _holds_tracked(held, set()):
            yield escape(name), held


def _holds_tracked(container: Any, seen: set[int]) -> bool:
    if id(container) in seen:
        return False
    seen.add(id(container))
    for _, held in _items(container):
        kind = kind_of(held)
        if kind in TRACKED_KINDS or (kind in CONTAINER_KINDS and _holds_tracked(held, seen)):
            return True
    return False


def _items(container: Any) -> list[tuple[str, Any]]:
    """Return the named items of a dictionary, list, tuple or dataclass."""
    kind = kind_of(container)
    if kind == MAPPING:
        names = [escape(key) for key in container]
        if len(set(names)) < len(names):
            raise UnsupportedObjectError(
                f"A dictionary has keys that read the same as strings: {list(container)!r}."
            )
        return list(zip(names, container.values()))
    if kind == DATACLASS:
        return [(f.name, getattr(container, f.name)) for f in dataclasses.fields(container)]
    if hasattr(container, "_fields"):  # documented by collections.namedtuple
        return list(zip(container._fields, container))
    values = list(container)
    if values and all(kind_of(value) in KERAS_KINDS for value in values):
        given = [None if automatic_base(value) else value.name for value in values]
        if None not in given and len(set(given)) == len(given):
            # Layers that the user named keep their key when the list is reordered.
            return [(escape(name), value) for name, value in zip(given, values)]
    return [(str(index), value) for index, value in enumerate(values)]


def optimizer_of(model: Any) -> Any:
    """Return the optimizer that a model was compiled with, or None."""
    optimizer = getattr(model, "optimizer", None)
    return optimizer if kind_of(optimizer) == OPTIMIZER else None


def children_of(value: Any) -> list[tuple[str, Any]]:
    """Return the named children of an object, in a stable order.

    The children of Keras's own layers are their public sublayers and weights; of Sequential and
    functional models their layers; of anything the user wrote what its attributes hold.
    Optimizers and leaves have none here.
    """
    kind = kind_of(value)
    if kind in CONTAINER_KINDS:
        return _items(value)
    if kind == METRIC:
        variables = list(value.variables)
        return list(zip(distinct([short_name(variable) for variable in variables]), variables))
    if kind == MODULE:
        return list(_attributes(value, _bare_module_attributes()))
    if kind not in KERAS_KINDS:
        return []
    keras = keras_of(value)
    children: list[tuple[str, Any]] = []
    if kind == FUNCTIONAL:
        layers = list(value.layers)
        children = [(name, layer) for (name, _), layer in zip(layer_names(layers), layers)]
        held = {id(layer) for layer in layers}
        children += [
            (name, child)
            for name, child in _attributes(value, keras.own_attributes)
            if id(child) not in held
        ]
    elif keras.owns(type(value)):
        children = _children_of_own_layer(value)
    else:
        children = list(_attributes(value, keras.own_attributes))
    if kind != LAYER:
        optimizer = optimizer_of(value)
        if optimizer is not None:
            children.append(("optimizer", optimizer))
    return children


def _children_of_own_layer(layer: Any) -> list[tuple[str, Any]]:
    children: list[tuple[str, Any]] = []
    names = [name for name in _SUBLAYERS if name in vars(layer)]
    if "forward_layer" in names:
        names = [name for name in names if name != "layer"]
    # Up to 2.5 a lookup layer has a handler of its table among its weights.
    weights = [weight for weight in layer.weights if kind_of(weight) == VARIABLE]
    covered: set[int] = set()
    for name in names:
        child = getattr(layer, name)
        for sublayer in child if kind_of(child) == SEQUENCE else (child,):
            if kind_of(sublayer) in KERAS_KINDS:
                covered.update(id(weight) for weight in sublayer.weights)
        children.append((name, child))
    remaining = [weight for weight in weights if id(weight) not in covered]
    names = weight_names(layer, [path_of(weight) for weight in remaining])
    return [*zip(names, remaining), *children]


def replace_values(value: Any, path: str, values: dict[str, Any]) -> Any:
    """Put plain values into a nest, in place where it is mutable, and return the nest.

    Args:
        value: the nest.
        path: of the nest inside the root.
        values: the new values by path; what is not named stays.
    """
    kind = kind_of(value)
    key = path or ("value" if kind in (VALUE, ARRAY) else "")
    if key in values:
        return updated(value, values[key])
    if kind not in CONTAINER_KINDS:
        return value
    changed = {}
    for name, child in _items(value):
        new = replace_values(child, join(path, name), values)
        if new is not child:
            changed[name] = new
    if not changed:
        return value
    if kind == MAPPING:
        for key in list(value):
            if escape(key) in changed:
                value[key] = changed[escape(key)]
        return value
    if kind == DATACLASS:
        try:
            for name, new in changed.items():
                setattr(value, name, new)
        except dataclasses.FrozenInstanceError:
            return dataclasses.replace(value, **changed)
        return value
    if isinstance(value, list):
        for name, new in changed.items():
            value[int(name)] = new
        return value
    if hasattr(value, "_fields"):
        return value._replace(**changed)  # public: documented by collections.namedtuple
    return tuple(changed.get(str(index), child) for index, child in enumerate(value))


def updated(value: Any, new: Any) -> Any:
    """Return the new value; a writable NumPy array that it fits takes it in place."""
    if (
        isinstance(value, np.ndarray)
        and isinstance(new, np.ndarray)
        and value.flags.writeable
        and value.shape == new.shape
        and value.dtype == new.dtype
    ):
        value[...] = new
        return value
    return new


class Graph:
    """Everything that hangs below one root, each object once, by its shortest path.

    Attributes:
        nodes: (path, object) in breadth-first order. Plain values, NumPy arrays and objects of
            unknown kinds are listed only where dictionaries, lists, tuples and dataclasses
            alone lead from the root to them: what a layer keeps in a list is its own affair.
        aliases: other paths to objects of `nodes`, with the path under which each is listed.
        models: for each Sequential or functional model the names of those layers that have
            weights and no name of the user's, in the order of the model.
        seeds: (path, variable) of the random seeds that Keras 3 keeps in its own layers.
    """

    def __init__(self, root: Any) -> None:
        self.nodes: list[tuple[str, Any]] = []
        self.aliases: dict[str, str] = {}
        self.models: dict[str, list[str]] = {}
        self.seeds: list[tuple[str, Any]] = []
        self._paths: dict[int, str] = {}
        self._alive: list[Any] = []  # identities hold only while their objects live
        custom: list[tuple[str, Any]] = []
        level: list[tuple[str, Any, bool]] = [("", root, True)]
        while level:
            following: list[tuple[str, Any, bool]] = []
            for path, value, plain in level:
                kind = kind_of(value)
                if kind in (VALUE, ARRAY, UNKNOWN):
                    if plain:
                        self.nodes.append((path, value))
                    continue
                if kind == STATELESS:
                    continue
                known = self._paths.setdefault(id(value), path)
                if known is not path:
                    self.aliases[path] = known
                    continue
                self._alive.append(value)
                self.nodes.append((path, value))
                if kind in KERAS_KINDS:
                    if kind == FUNCTIONAL:
                        self._note_order(path, value)
                    if not keras_of(value).owns(type(value)):
                        custom.append((path, value))
                    elif kind == LAYER:
                        self._note_seeds(path, value)
                prefix = path + "/" if path else ""
                plain = plain and kind in CONTAINER_KINDS
                following += [(prefix + name, child, plain) for name, child in children_of(value)]
            level = following
        self._add_loose_weights(custom)

    def _note_order(self, path: str, model: Any) -> None:
        layers = list(model.layers)
        order = [
            name
            for (name, automatic), layer in zip(layer_names(layers), layers)
            if automatic and layer.weights
        ]
        if len(order) > 1:
            self.models[path] = order

    def _note_seeds(self, path: str, layer: Any) -> None:
        """Find the variables of one of Keras's own layers that are not among its weights.

        Only Keras 3 has them: the states of its seed generators.
        """
        if keras_of(layer).seed_generator is None:
            return
        weights = {id(weight) for weight in layer.weights}
        seeds = [variable for variable in layer.variables if id(variable) not in weights]
        for name, seed in zip(distinct([short_name(seed) for seed in seeds]), seeds):
            if self._paths.setdefault(id(seed), join(path, name)) == join(path, name):
                self.seeds.append((join(path, name), seed))

    def _add_loose_weights(self, custom: list[tuple[str, Any]]) -> None:
        """Add the weights that no attribute holds, to the deepest layer that has them."""
        taken = {path for path, _ in self.nodes}
        for path, layer in reversed(custom):
            # Up to 2.15 a lookup layer has a handler of its vocabulary among its weights.
            loose = [
                weight
                for weight in layer.weights
                if id(weight) not in self._paths and kind_of(weight) == VARIABLE
            ]
            for name, weight in zip(distinct([short_name(w) for w in loose]), loose):
                key = join(path, escape(name))
                while key in taken:
                    key += "~"
                taken.add(key)
                self._paths[id(weight)] = key
                self.nodes.append((key, weight))

    def path_to(self, value: Any) -> str | None:
        """Return the path under which an object is listed, or None."""
        return self._paths.get(id(value))
