"""What hangs below a live object: one walk, the same stable names in every era.

TensorFlow's own object graph names its edges otherwise in each era (`layer_with_weights-0`,
`_operations/2`, `_kernel`). The names here come from what the user wrote, which does not
change between releases: attribute names, dictionary keys, positions in a list, names given to
layers, and the short names of weights.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfcompat import _kinds, _naming, _runtime
from tfcompat.errors import UnsupportedObjectError

# Set on an owner by `untrack`: the attributes that no state may contain.
UNTRACKED = "_tfcompat_untracked"

# Sublayers of Keras's own layers, by their public attributes, which are the same in Keras 2
# and Keras 3. `layer` of a Bidirectional is a template in Keras 2 and absent in Keras 3.
_SUBLAYERS = ("forward_layer", "backward_layer", "layer", "cell", "cells")


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
        kind = _kinds.kind_of(held)
        if kind in _kinds.TRACKED_KINDS:
            if kind == _kinds.VARIABLE and name.lstrip("_") == _naming.short_name(held):
                # Keras 3 keeps a Dense's kernel in `_kernel`, Keras 2 in `kernel`; a class
                # derived from Dense must have one name for it.
                name = name.lstrip("_")
            yield _naming.escape(name), held
        elif kind in _kinds.CONTAINER_KINDS and _holds_tracked(held, set()):
            yield _naming.escape(name), held


def _holds_tracked(container: Any, seen: set[int]) -> bool:
    if id(container) in seen:
        return False
    seen.add(id(container))
    for _, held in _items(container):
        kind = _kinds.kind_of(held)
        if kind in _kinds.TRACKED_KINDS or (
            kind in _kinds.CONTAINER_KINDS and _holds_tracked(held, seen)
        ):
            return True
    return False


def _items(container: Any) -> list[tuple[str, Any]]:
    """Return the named items of a dictionary, list, tuple or dataclass."""
    kind = _kinds.kind_of(container)
    if kind == _kinds.MAPPING:
        names = [_naming.escape(key) for key in container]
        if len(set(names)) < len(names):
            raise UnsupportedObjectError(
                f"A dictionary has keys that read the same as strings: {list(container)!r}."
            )
        return list(zip(names, container.values()))
    if kind == _kinds.DATACLASS:
        return [(f.name, getattr(container, f.name)) for f in dataclasses.fields(container)]
    if hasattr(container, "_fields"):  # documented by collections.namedtuple
        return list(zip(container._fields, container))
    values = list(container)
    if values and all(_kinds.kind_of(value) in _kinds.KERAS_KINDS for value in values):
        given = [None if _naming.automatic_base(value) else value.name for value in values]
        if None not in given and len(set(given)) == len(given):
            # Layers that the user named keep their key when the list is reordered.
            return [(_naming.escape(name), value) for name, value in zip(given, values)]
    return [(str(index), value) for index, value in enumerate(values)]


def optimizer_of(model: Any) -> Any:
    """Return the optimizer that a model was compiled with, or None."""
    optimizer = getattr(model, "optimizer", None)
    return optimizer if _kinds.kind_of(optimizer) == _kinds.OPTIMIZER else None


def children_of(value: Any) -> list[tuple[str, Any]]:
    """Return the named children of an object, in a stable order.

    The children of Keras's own layers are their public sublayers and weights; of Sequential and
    functional models their layers; of anything the user wrote what its attributes hold.
    Optimizers and leaves have none here.
    """
    kind = _kinds.kind_of(value)
    if kind in _kinds.CONTAINER_KINDS:
        return _items(value)
    if kind == _kinds.METRIC:
        variables = list(value.variables)
        names = _naming.distinct([_naming.short_name(variable) for variable in variables])
        return list(zip(names, variables))
    if kind == _kinds.MODULE:
        return list(_attributes(value, _bare_module_attributes()))
    if kind not in _kinds.KERAS_KINDS:
        return []
    keras = _kinds.keras_of(value)
    children: list[tuple[str, Any]] = []
    if kind == _kinds.FUNCTIONAL:
        layers = list(value.layers)
        children = [(name, layer) for (name, _), layer in zip(_naming.layer_names(layers), layers)]
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
    if kind != _kinds.LAYER:
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
    weights = [weight for weight in layer.weights if _kinds.kind_of(weight) == _kinds.VARIABLE]
    wholes = [held for held in vars(layer).values() if _kinds.kind_of(held) == _kinds.PARTITIONED]
    covered: set[int] = set()
    for name in names:
        child = getattr(layer, name)
        for sublayer in child if _kinds.kind_of(child) == _kinds.SEQUENCE else (child,):
            if _kinds.kind_of(sublayer) in _kinds.KERAS_KINDS:
                covered.update(id(weight) for weight in sublayer.weights)
        children.append((name, child))
    remaining = [weight for weight in weights if id(weight) not in covered]
    paths = [_naming.path_of(weight) for weight in remaining]
    for whole in wholes:
        # In the place of its parts, which are called `dense/kernel/part_0` and so on.
        first, *others = (_position(part, remaining) for part in _kinds.parts_of(whole))
        remaining[first], paths[first] = whole, paths[first].rpartition("/")[0]
        for index in reversed(others):
            del remaining[index], paths[index]
    return [*zip(_naming.weight_names(layer, paths), remaining), *children]


def _position(value: Any, values: list[Any]) -> int:
    return next(index for index, one in enumerate(values) if one is value)


def parts_of(path: str, whole: Any) -> list[tuple[str, Any]]:
    """Return the parts of a partitioned variable with their paths, in order."""
    return [
        (_naming.join(path, f"part_{index}"), part)
        for index, part in enumerate(_kinds.parts_of(whole))
    ]


def replace_values(
    value: Any, path: str, values: dict[str, Any], done: dict[int, Any] | None = None
) -> Any:
    """Put plain values into a nest, in place where it is mutable, and return the nest.

    Args:
        value: the nest.
        path: of the nest inside the root.
        values: the new values by path; what is not named stays.
        done: what has become of each container, by its identity.
    """
    done = {} if done is None else done
    kind = _kinds.kind_of(value)
    key = path or ("value" if kind in (_kinds.VALUE, _kinds.ARRAY) else "")
    if key in values:
        return updated(value, values[key])
    if kind not in _kinds.CONTAINER_KINDS:
        return value
    if id(value) in done:
        return done[id(value)]
    if not isinstance(value, tuple):
        done[id(value)] = value  # also of one that contains itself
    changed = {}
    for name, child in _items(value):
        new = replace_values(child, _naming.join(path, name), values, done)
        if new is not child:
            changed[name] = new
    if not changed:
        return value
    if kind == _kinds.MAPPING:
        for key in list(value):
            if _naming.escape(key) in changed:
                value[key] = changed[_naming.escape(key)]
        return value
    if kind == _kinds.DATACLASS:
        try:
            for name, new in changed.items():
                setattr(value, name, new)
        except dataclasses.FrozenInstanceError:
            done[id(value)] = dataclasses.replace(value, **changed)
            return done[id(value)]
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
        and value.dtype.newbyteorder("=") == new.dtype
    ):
        value[...] = new
        return value
    return new


class Graph:
    """Everything that hangs below one root, each object but tuples once, by its shortest path.

    Attributes:
        nodes: (path, object) in breadth-first order. Plain values, NumPy arrays and objects of
            unknown kinds are listed only where dictionaries, lists, tuples and dataclasses
            alone lead from the root to them: what a layer keeps in a list is its own affair.
        aliases: other paths to objects of `nodes`, with the path under which each is listed.
        models: for each Sequential or functional model the names of those layers that have
            weights and no name of the user's, in the order of the model.
        seeds: (path, variable) of the random seeds that Keras 3 keeps in its own layers.
        wholes: by the path of each part of a partitioned variable, the path of the whole.
    """

    def __init__(self, root: Any) -> None:
        self.nodes: list[tuple[str, Any]] = []
        self.aliases: dict[str, str] = {}
        self.models: dict[str, list[str]] = {}
        self.seeds: list[tuple[str, Any]] = []
        self.wholes: dict[str, str] = {}
        self._paths: dict[int, str] = {}
        self._alive: list[Any] = []  # identities hold only while their objects live
        custom: list[tuple[str, Any]] = []
        level: list[tuple[str, Any, bool]] = [("", root, True)]
        while level:
            following: list[tuple[str, Any, bool]] = []
            for path, value, plain in level:
                kind = _kinds.kind_of(value)
                if kind in (_kinds.VALUE, _kinds.ARRAY, _kinds.UNKNOWN):
                    if plain:
                        self.nodes.append((path, value))
                    continue
                if kind == _kinds.STATELESS:
                    continue
                # Python makes one tuple of equal ones in the same code: it tells nothing.
                if not isinstance(value, tuple):
                    known = self._paths.setdefault(id(value), path)
                    if known is not path:
                        self.aliases[path] = known
                        continue
                self._alive.append(value)
                self.nodes.append((path, value))
                if kind == _kinds.VARIABLE:
                    continue
                if kind == _kinds.PARTITIONED:
                    for name, part in parts_of(path, value):
                        self._paths[id(part)] = name
                        self.wholes[name] = path
                    continue
                if kind in _kinds.KERAS_KINDS:
                    if kind == _kinds.FUNCTIONAL:
                        self._note_order(path, value)
                    if not _kinds.keras_of(value).owns(type(value)):
                        custom.append((path, value))
                    elif kind == _kinds.LAYER:
                        self._note_seeds(path, value)
                prefix = path + "/" if path else ""
                plain = plain and kind in _kinds.CONTAINER_KINDS
                following += [(prefix + name, child, plain) for name, child in children_of(value)]
            level = following
        self._add_loose_weights(custom)

    def _note_order(self, path: str, model: Any) -> None:
        layers = list(model.layers)
        order = [
            name
            for (name, automatic), layer in zip(_naming.layer_names(layers), layers)
            if automatic and layer.weights
        ]
        if len(order) > 1:
            self.models[path] = order

    def _note_seeds(self, path: str, layer: Any) -> None:
        """Find the variables of one of Keras's own layers that are not among its weights.

        Only Keras 3 has them: the states of its seed generators.
        """
        if _kinds.keras_of(layer).seed_generator is None:
            return
        weights = {id(weight) for weight in layer.weights}
        seeds = [variable for variable in layer.variables if id(variable) not in weights]
        names = _naming.distinct([_naming.short_name(seed) for seed in seeds])
        for name, seed in zip(names, seeds):
            key = _naming.join(path, name)
            if self._paths.setdefault(id(seed), key) == key:
                self.seeds.append((key, seed))

    def _add_loose_weights(self, custom: list[tuple[str, Any]]) -> None:
        """Add the weights that no attribute holds, to the deepest layer that has them."""
        taken = {path for path, _ in self.nodes}
        for path, layer in reversed(custom):
            # Up to 2.15 a lookup layer has a handler of its vocabulary among its weights.
            loose = [
                weight
                for weight in layer.weights
                if id(weight) not in self._paths and _kinds.kind_of(weight) == _kinds.VARIABLE
            ]
            names = _naming.distinct([_naming.short_name(weight) for weight in loose])
            for name, weight in zip(names, loose):
                key = _naming.join(path, _naming.escape(name))
                while key in taken:
                    key += "~"
                taken.add(key)
                self._paths[id(weight)] = key
                self.nodes.append((key, weight))

    def path_to(self, value: Any) -> str | None:
        """Return the path under which an object is listed, or None."""
        return self._paths.get(id(value))
