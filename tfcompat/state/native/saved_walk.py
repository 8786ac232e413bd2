"""The path under which Keras's own formats save each part of a model.

From 2.12 on Keras goes through the attributes of a model, by name, and through those of what they
hold, and gives each part that it has not met yet a group of that path. Members of a list are called
after their class, with a number. So the same walk over the live model finds its parts in the file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tfcompat import _graph, _kinds, _naming
from tfcompat.state.native import layers

VARIABLES = "vars"


def _private_last(name: str) -> str:
    return "~" + name if name.startswith("_") else name


@dataclasses.dataclass(frozen=True)
class Rules:
    """How a range of releases goes through a model.

    Attributes:
        oldest: the first release of Keras, as (major, minor).
        newest: the last one.
        order: sorts the names of attributes.
        reverse: whether they are sorted backwards.
        layers_first: whether the layers of a functional model come before all attributes.
        dependencies: whether those come under another name too, and there those with weights twice.
        counts_known: whether a member of a list that has its group elsewhere takes a number.
        containers: whether lists inside of lists are visited.
    """

    oldest: tuple[int, int]
    newest: tuple[int, int]
    order: Callable[[str], str] = str
    reverse: bool = False
    layers_first: bool = False
    dependencies: bool = False
    counts_known: bool = False
    containers: bool = False


RULES = (
    Rules((2, 12), (2, 13), dependencies=True, counts_known=True),
    Rules((2, 14), (2, 14), dependencies=True),
    # 2.16 and later are those of tf_keras.
    Rules((2, 15), (2, 999), reverse=True),
    Rules((3, 0), (3, 14), _private_last, layers_first=True, counts_known=True),
    Rules((3, 13), (999, 0), _private_last, layers_first=True, counts_known=True, containers=True),
)

_DEPENDENCIES = "_layer_checkpoint_dependencies"
# Keras 2 has the metrics that `compile` makes in these lists, before those of the user.
_METRICS = ("_metrics", "metrics")

# Sublayers that a layer of Keras's own has as private attributes, with what their weights are
# named after. Keras 2 has an underscore before them.
_HIDDEN = {
    name: {
        "query_dense": "query",
        "key_dense": "key",
        "value_dense": "value",
        "output_dense": "attention_output",
    }
    for name in ("MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention")
}


@dataclasses.dataclass
class Found:
    """What a walk found.

    Attributes:
        groups: the live object, or the weights, of each group of variables, by its path.
        unsure: in words, what about the order of layers is not sure.
        reordered: whether layers stand elsewhere in the live model than in the file's.
    """

    groups: dict[str, Any] = dataclasses.field(default_factory=dict)
    unsure: list[str] = dataclasses.field(default_factory=list)
    reordered: bool = False


class Walk:
    """A walk over a live model by the rules of one range of releases."""

    def __init__(
        self, rules: Rules, members: Mapping[str, Sequence[str]], names: Mapping[str, str]
    ) -> None:
        """Prepare it.

        Args:
            rules: those of the writer.
            members: the groups that a group of the file has, by its path.
            names: what the file says of the names of layers, by the path of their groups.
        """
        self._rules = rules
        self._members = members
        self._names = names
        self._seen: set[int] = set()
        self.found = Found()

    def visit(self, value: Any, path: str) -> None:
        """Find the group of an object, and those of its parts."""
        if id(value) in self._seen:
            return
        self._seen.add(id(value))
        self.found.groups[path] = value
        for name, weights in hidden_weights(value).items():
            for attribute in (name, "_" + name):
                inner = _naming.join(path, attribute)
                if attribute in self._members.get(path, ()):
                    self.found.groups[inner] = weights
        for name, child in self._children(value):
            inner = _naming.join(path, name)
            kind = _kinds.kind_of(child)
            if kind in (*_kinds.KERAS_KINDS, _kinds.METRIC, _kinds.SEED_GENERATOR):
                self.visit(child, inner)
            elif kind in _kinds.CONTAINER_KINDS:
                self._visit_members(list(_values(child)), inner, name in _METRICS)

    def _children(self, value: Any) -> Iterator[tuple[str, Any]]:
        rules = self._rules
        children = attributes_of(value)
        if _kinds.kind_of(value) in (_kinds.FUNCTIONAL, _kinds.MODEL):
            children["layers"] = list(value.layers)
        if _kinds.kind_of(value) == _kinds.FUNCTIONAL:
            if rules.dependencies:
                children[_DEPENDENCIES] = [
                    layer
                    for layer in value.layers
                    for _ in range(2 if layer.weights and rules.counts_known else 1)
                ]
            if rules.layers_first:
                yield "layers", children["layers"]
        if _kinds.kind_of(value) in _kinds.KERAS_KINDS and not rules.layers_first:
            children["_metrics"] = [
                held for held in children.values() if _kinds.kind_of(held) == _kinds.METRIC
            ]
            children["metrics"] = [
                part for part in layers.parts_of(value) if _kinds.kind_of(part) == _kinds.METRIC
            ]
        for name in sorted(children, key=rules.order, reverse=rules.reverse):
            yield name, children[name]

    def _visit_members(self, members: list[Any], path: str, from_the_end: bool) -> None:
        kinds = (*_kinds.KERAS_KINDS, _kinds.METRIC, _kinds.SEED_GENERATOR)
        numbers: dict[str, int] = {}
        fresh: dict[str, list[tuple[Any, str]]] = {}
        for member in members:
            if _kinds.kind_of(member) in _kinds.CONTAINER_KINDS and self._rules.containers:
                base = "container"
            elif _kinds.kind_of(member) in kinds:
                base = _naming.squeezed(type(member).__name__)
            else:
                continue
            if id(member) in self._seen and not self._rules.counts_known:
                continue
            number = numbers[base] = numbers.get(base, -1) + 1
            if id(member) not in self._seen and all(
                member is not other for other, _ in fresh.get(base, ())
            ):
                fresh.setdefault(base, []).append((member, f"{base}_{number}"))
        there = self._members_of(path)
        for base, found in fresh.items():
            mine = sorted((n, name) for (b, n), name in there.items() if b == base)
            names = [name for _, name in mine]
            for member, name in self._assigned(found, names, there, path, from_the_end):
                inner = _naming.join(path, name)
                if _kinds.kind_of(member) in _kinds.CONTAINER_KINDS:
                    self._visit_members(list(_values(member)), inner, False)
                else:
                    self.visit(member, inner)
        for found in fresh.values():
            self._seen.update(id(member) for member, _ in found)

    def _members_of(self, path: str) -> dict[tuple[str, int], str]:
        found = {}
        for name in self._members.get(path, ()):
            base, _, number = name.rpartition("_")
            if not number.isdigit():
                base, number = name, "0"
            found[_naming.squeezed(base), int(number)] = name
        return found

    def _assigned(
        self,
        found: list[tuple[Any, str]],
        names: list[str],
        there: dict[tuple[str, int], str],
        path: str,
        from_the_end: bool,
    ) -> list[tuple[Any, str]]:
        """Find the group in the file of each member of one class."""
        members = [member for member, _ in found]
        given = [self._names.get(_naming.join(path, name)) for name in names]
        known = [name for name in given if name is not None]
        if from_the_end:
            return list(zip(members, names[-len(members) :]))
        if names and len(known) == len(names) and hasattr(members[0], "weights"):
            matched, problem = layers.match_layers(known, members)
            if problem:
                self.found.unsure.append(f"{path}: {problem}")
            positions = [members.index(matched[i]) for i in sorted(matched)]
            self.found.reordered |= positions != sorted(positions)
            return [(matched[i], names[i]) for i in sorted(matched)]
        assigned = []
        for member, default in found:
            base, _, number = default.rpartition("_")
            name = there.get((base, int(number)))
            if name is not None:
                assigned.append((member, name))
        return assigned


def _values(container: Any) -> Iterator[Any]:
    if _kinds.kind_of(container) == _kinds.MAPPING:
        yield from container.values()
    elif _kinds.kind_of(container) == _kinds.SEQUENCE:
        yield from container


def attributes_of(value: Any) -> dict[str, Any]:
    """Return what the public attributes of Keras's own layers, and all of the user's, hold."""
    if _kinds.kind_of(value) not in _kinds.KERAS_KINDS:
        return {}
    keras = _kinds.keras_of(value)
    found: dict[str, Any] = {}
    if _kinds.kind_of(value) == _kinds.LAYER and keras.owns(type(value)):
        for name, child in _graph.children_of(value):
            if _kinds.kind_of(child) != _kinds.VARIABLE:
                found[name] = child
        # A Pipeline is a layer that lists others.
        listed = getattr(value, "layers", None)
        return {**found, "layers": listed} if isinstance(listed, list) else found
    for cls in type(value).__mro__:
        if keras.owns(cls) or cls.__module__.partition(".")[0] in ("tensorflow", "builtins"):
            continue
        for name, member in vars(cls).items():
            if isinstance(member, property) and name not in keras.own_attributes:
                # As Keras does. What a property of the user's raises is no matter of a restore.
                try:
                    found[name] = getattr(value, name)
                except Exception:
                    continue
    for name, held in list(vars(value).items()):
        if name not in keras.own_attributes and not name.startswith("_self_"):
            found[name] = held
    return found


def hidden_weights(value: Any) -> dict[str, list[Any]]:
    """Return the weights of sublayers that only private attributes hold, by these."""
    if _kinds.kind_of(value) != _kinds.LAYER:
        return {}
    for cls in type(value).__mro__:
        if cls.__name__ in _HIDDEN:
            table = _HIDDEN[cls.__name__]
            return {
                attribute: [
                    weight
                    for weight in layers.variables_of(value)
                    if _naming.path_of(weight).split("/")[-2:-1] == [component]
                ]
                for attribute, component in table.items()
            }
    return {}


def own_weights(value: Any) -> list[Any]:
    """Return the weights that an object saves in its own group, in their order."""
    kind = _kinds.kind_of(value)
    if kind == _kinds.METRIC:
        return list(value.variables)
    if kind == _kinds.SEED_GENERATOR:
        return [value.state]
    children = [child for _, child in _graph.children_of(value)]
    if kind in _kinds.KERAS_KINDS:
        children += [getattr(value, "layers", None) or []]
    sublayers = [
        part
        for child in children
        for part in layers.parts_of(child)
        if _kinds.kind_of(part) in _kinds.KERAS_KINDS
    ]
    theirs = {id(w) for weights in hidden_weights(value).values() for w in weights}
    return [w for w in layers.own_variables(value, sublayers) if id(w) not in theirs]
