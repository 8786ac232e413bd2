"""Which layer and which weight of a live model a file means.

Layers that the user named match by name. Names that Keras made up say only the class of a layer
and its place among the layers of this class: those match by their order.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from typing import Any

from tfcompat import _graph, _kinds, _naming
from tfcompat.state.keys import LiveState
from tfcompat.state.native.naming import parse

# Names of weights that differ between the eras, with the one of Keras 3.
_RENAMED = {"depthwise_kernel": "kernel", "sn_u": "vector_u"}

# The names that Keras makes up for a weight without one; the rest of such a name is a counter.
_UNNAMED = re.compile(r"^(variable)(_\d+)?$", re.IGNORECASE)

# What a name says of a layer: ("given", name), or what Keras made up it from and a number.
Label = tuple[str, str, int]


def is_automatic(layer: Any) -> bool:
    """Tell whether Keras made up the name of a layer."""
    return _naming.automatic_base(layer) is not None


def shape_of(variable: Any) -> tuple[int | None, ...]:
    """Return the shape of a variable of any era."""
    return tuple(variable.shape)


def dtype_and_shape(variable: Any) -> tuple[str, tuple[int | None, ...]]:
    """Return what a tensor in a file must have to be the value of a variable."""
    tensor = _naming.tensor_variable(variable)
    return str(tensor.dtype.base_dtype.name), shape_of(variable)


def model_in(live: LiveState) -> tuple[Any, str]:
    """Return the one Keras model among the live objects, or why there is not one."""
    found = [
        (path, value)
        for path, value in live.graph.nodes
        if _kinds.kind_of(value) in (_kinds.FUNCTIONAL, _kinds.MODEL)
    ]
    inside: set[int] = set()
    for _, model in found:
        if id(model) not in inside:
            inside.update(id(part) for part in parts_of(model) if part is not model)
    outer = [(path, model) for path, model in found if id(model) not in inside]
    if len(outer) == 1:
        return outer[0][1], ""
    if not outer:
        return None, "the file holds a Keras model, and there is none among the live objects"
    paths = ", ".join(path for path, _ in outer)
    return None, f"the file holds one model, and there are several here: {paths}"


def optimizer_path(live: LiveState, model: Any) -> str | None:
    """Return the path of the optimizer that belongs to a model, or None."""
    compiled = _graph.optimizer_of(model)
    for path, optimizer in live.optimizers.items():
        if optimizer.outer is compiled:
            return path
    return next(iter(live.optimizers)) if len(live.optimizers) == 1 else None


def parts_of(value: Any) -> Iterator[Any]:
    """Yield an object and everything below it, each once."""
    seen: set[int] = set()
    pending = [value]
    while pending:
        part = pending.pop()
        kind = _kinds.kind_of(part)
        if id(part) in seen or kind in (_kinds.VALUE, _kinds.ARRAY, _kinds.OPTIMIZER):
            continue
        seen.add(id(part))
        yield part
        pending += [child for _, child in reversed(_graph.children_of(part))]


def is_model(value: Any) -> bool:
    """Tell whether an object is a Keras model."""
    return _kinds.kind_of(value) in (_kinds.FUNCTIONAL, _kinds.MODEL)


def short_name(variable: Any) -> str:
    """Return the short name of a live weight as every release would have it."""
    return plain_short(_naming.short_name(variable))


def variables_of(layer: Any) -> list[Any]:
    """Return the weights of a layer; up to 2.5 a lookup layer has its table among them."""
    return [weight for weight in layer.weights if _kinds.kind_of(weight) == _kinds.VARIABLE]


def own_variables(layer: Any, sublayers: Sequence[Any]) -> list[Any]:
    """Return the weights of a layer that none of its sublayers has."""
    theirs = {id(weight) for sublayer in sublayers for weight in sublayer.weights}
    return [weight for weight in variables_of(layer) if id(weight) not in theirs]


def match_layers(names: Sequence[str], layers: Sequence[Any]) -> tuple[dict[int, Any], str]:
    """Find the live layer that each name in a file means.

    Args:
        names: of the layers in the file, in the order of the writer's model.
        layers: the live layers that may be meant, in the order of the model.

    Returns:
        The layers by position among the names, and in words what makes the order unsure.
    """
    given = {layer.name: layer for layer in layers if not is_automatic(layer)}
    automatic = [layer for layer in layers if is_automatic(layer)]
    live_labels = _ranked([parse(_plain_name(layer)) for layer in automatic])
    bases = {base for base, _ in live_labels}
    matched = {i: given[name] for i, name in enumerate(names) if name in given}
    rest = [i for i, name in enumerate(names) if name not in given and parse(name)[0] in bases]
    labels = _ranked([parse(names[i]) for i in rest])
    if labels != live_labels and sorted(labels) == sorted(live_labels):
        return matched, (
            "the layers have no names of yours and stand in another order: "
            f"{', '.join(names[i] for i in rest)} in the file, "
            f"{', '.join(layer.name for layer in automatic)} here. Give the layers names to "
            "match them by name"
        )
    by_label = dict(zip(live_labels, automatic))
    for i, label in zip(rest, labels):
        if label in by_label:
            matched[i] = by_label[label]
    return matched, ""


def _plain_name(layer: Any) -> str:
    """Return the name that Keras made up, without what it puts before that of a private class."""
    name = str(layer.name)
    return name[len("private_") :] if type(layer).__name__.startswith("_") else name


def _ranked(names: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Replace the number in each name by its rank among those of the same base."""
    numbers: dict[str, list[int]] = {}
    for base, number in names:
        numbers.setdefault(base, []).append(number)
    for found in numbers.values():
        found.sort()
    return [(base, numbers[base].index(number)) for base, number in names]


def match_weights(layer: Any, name: str, paths: Sequence[str]) -> list[Any] | None:
    """Find the weight of a live layer that each path in a file means.

    Args:
        layer: the live layer; it may be a whole model.
        name: of the layer in the file.
        paths: of its weights in the file, such as `dense/kernel:0`, weights that train first.

    Returns:
        A weight for each path, or None when they do not fit together.
    """
    members = _Members(layer)
    saved = [path.partition(":")[0].split("/") for path in paths]
    for parts in saved:
        if name in parts[:-1]:
            del parts[: len(parts) - parts[::-1].index(name)]
    usual = [*layer.trainable_weights, *layer.non_trainable_weights]
    for order in (usual, layer.weights):
        weights = [weight for weight in order if _kinds.kind_of(weight) == _kinds.VARIABLE]
        if members.agree(saved, weights):
            return weights
    return members.by_name(saved)


def plain_short(name: str) -> str:
    """Return the short name of a weight as every release would have it."""
    unnamed = _UNNAMED.match(name)
    return "variable" if unnamed else _RENAMED.get(name, name)


@dataclasses.dataclass
class _Owner:
    name: str
    automatic: bool


class _Members:
    """The layers inside one layer that a user put there, and whose the weights are."""

    def __init__(self, layer: Any) -> None:
        self._owners: dict[int, _Owner | None] = {}
        self._variables: list[Any] = []
        self._visit(layer, None)
        for weight in variables_of(layer):
            if id(weight) not in self._owners:
                self._owners[id(weight)] = None
                self._variables.append(weight)

    def _visit(self, value: Any, owner: _Owner | None) -> None:
        seen: set[int] = set()

        def visit(value: Any, owner: _Owner | None) -> None:
            kind = _kinds.kind_of(value)
            if kind == _kinds.VARIABLE:
                if id(value) not in self._owners:
                    self._owners[id(value)] = owner
                    self._variables.append(value)
                return
            if id(value) in seen or kind in (_kinds.OPTIMIZER, _kinds.METRIC):
                return
            seen.add(id(value))
            keras = _kinds.keras_of(value) if kind in _kinds.KERAS_KINDS else None
            # Keras names the parts of its own layers after its own code: no more than the order
            # is to be had from that.
            inner = keras is not None and kind == _kinds.LAYER and keras.owns(type(value))
            for _, child in _graph.children_of(value):
                named = _kinds.kind_of(child) in _kinds.KERAS_KINDS and not inner
                visit(child, _Owner(child.name, is_automatic(child)) if named else owner)

        visit(value, owner)

    def agree(self, saved: Sequence[Sequence[str]], weights: Sequence[Any]) -> bool:
        """Tell whether the weights of a file may be these, in this order."""
        if len(saved) != len(weights):
            return False
        numbers: dict[str, list[tuple[int, int]]] = {}
        # Keras 3.0 writes short names alone, each of which a layer of the model can have once.
        bare = all(len(parts) == 1 for parts in saved)
        bare = bare and len({parts[0] for parts in saved}) == len(saved)
        for parts, weight in zip(saved, weights):
            if plain_short(parts[-1]) != plain_short(_naming.short_name(weight)):
                return False
            owner = self._owners[id(weight)]
            if owner is None or bare:
                continue
            if not owner.automatic:
                if owner.name not in parts[:-1]:
                    return False
                continue
            base, number = parse(owner.name)
            there = [found for b, found in map(parse, parts[:-1]) if b == base]
            if not there:
                return False
            numbers.setdefault(base, []).append((there[-1], number))
        return all(_same_order(pairs) for pairs in numbers.values())

    def by_name(self, saved: Sequence[Sequence[str]]) -> list[Any] | None:
        """Find the weights by the names of the layers that own them.

        Where another part of a model is frozen its weights stand elsewhere in the file.
        """
        owners = [owner for owner in self._owners.values() if owner is not None]
        given = {owner.name for owner in owners if not owner.automatic}
        bases = {parse(owner.name)[0] for owner in owners if owner.automatic}

        def owner_in(parts: Sequence[str]) -> tuple[str, str, int]:
            for part in reversed(parts[:-1]):
                if part in given:
                    return "given", part, 0
                base, number = parse(part)
                if base in bases:
                    return "automatic", base, number
            return "", "", 0

        def owner_of(weight: Any) -> tuple[str, str, int]:
            owner = self._owners[id(weight)]
            if owner is None:
                return "", "", 0
            if not owner.automatic:
                return "given", owner.name, 0
            return ("automatic", *parse(owner.name))

        there = _labels([owner_in(parts) for parts in saved], [plain_short(p[-1]) for p in saved])
        here = _labels(
            [owner_of(weight) for weight in self._variables],
            [plain_short(_naming.short_name(weight)) for weight in self._variables],
        )
        found = dict(zip(here, self._variables))
        if not set(there) <= set(found):
            return None
        return [found[label] for label in there]


def _same_order(pairs: list[tuple[int, int]]) -> bool:
    """Tell whether numbers on two sides grow together, and are one and the same together."""
    distinct = sorted(set(pairs))
    return all(a[1] <= b[1] for a, b in zip(distinct, distinct[1:]))


def _labels(owners: list[Label], names: list[str]) -> list[tuple[str, str, int, str, int]]:
    """Make labels that are the same on both sides: ranks for numbers, and a count of each name."""
    numbers: dict[str, list[int]] = {}
    for kind, base, number in owners:
        if kind == "automatic" and number not in numbers.setdefault(base, []):
            numbers[base].append(number)
    for found in numbers.values():
        found.sort()
    counts: dict[tuple[str, str, int, str], int] = {}
    labels = []
    for (kind, base, number), name in zip(owners, names):
        rank = numbers[base].index(number) if kind == "automatic" else 0
        label = (kind, base, rank, name)
        counts[label] = counts.get(label, -1) + 1
        labels.append((*label, counts[label]))
    return labels
