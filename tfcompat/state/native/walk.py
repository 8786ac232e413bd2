"""Walk a stored object graph and live objects side by side, one edge at a time."""

from __future__ import annotations

import collections
from collections.abc import Sequence
from typing import Any

from tfcompat import _graph, _kinds, _naming
from tfcompat.state.keys import LiveState
from tfcompat.state.native import naming
from tfcompat.state.native.object_graph import BOOKKEEPING, ObjectGraph

# Where a model keeps its layers, in order: (edges to a list), each with the eras that write it.
_LAYER_LISTS = (
    ("_functional", "_operations"),  # Keras 3, Sequential
    ("_operations",),  # Keras 3, functional
    ("_functional", "_layers"),
    ("_layers",),  # Keras 3, Sequential that was not built
)
# Keras 2 has one edge for each layer that has weights.
_LAYER_EDGE = "layer_with_weights-"
_SEED = "seed_generator_state"


class Walk:
    """Finds for each live variable and optimizer its node in a stored object graph.

    Attributes:
        pairs: the number of the node by stable key.
        optimizers: the number of the node by the path of a live optimizer.
        tables: the same of lookup tables.
        differences: in words.
    """

    def __init__(
        self, graph: ObjectGraph, shapes: dict[str, tuple[int, ...]], live: LiveState
    ) -> None:
        self.stored = graph
        self.shapes = shapes
        self.live = live
        self.pairs: dict[str, int] = {}
        self.optimizers: dict[str, int] = {}
        self.tables: dict[str, int] = {}
        self.differences: list[str] = []
        self._seen: set[int] = set()
        self._layers = [v for _, v in live.graph.nodes if _kinds.kind_of(v) in _kinds.KERAS_KINDS]
        self.classes = frozenset(_naming.squeezed(type(v).__name__) for v in self._layers)
        self._roots(live.objects)
        self._loose()
        self._exported_optimizer()
        self._compare_roots()

    def _pair(self, value: Any, number: int) -> None:
        key = self.live.graph.path_to(value)
        if key is not None and self.stored.nodes[number].is_variable:
            self.pairs.setdefault(key or "value", number)

    def _roots(self, objects: Any) -> None:
        """Find the node of what was given: the writer may have named the roots, or had one."""
        kind = _kinds.kind_of(objects)
        roots = {
            edge: number
            for edge, number in self.stored.nodes[0].children.items()
            if edge not in BOOKKEEPING and any(map(self._holds_value, self.stored.below(number)))
        }
        if kind in _kinds.KERAS_KINDS and not self._is_model(objects, 0):
            # A model alone, of a checkpoint that has it under some name: the model's optimizer
            # may stand beside it.
            inner = {
                number
                for root in roots.values()
                for number in self.stored.nodes[root].children.values()
            }
            outer = [number for number in roots.values() if number not in inner]
            if len(set(outer)) == 1:
                self._visit(objects, outer[0])
                return
        if kind != _kinds.MAPPING:
            self._visit(objects, 0)
            return
        self._seen.add(id(objects))
        children = _graph.children_of(objects)
        layers = sum(_kinds.kind_of(child) in _kinds.KERAS_KINDS for _, child in children)
        alone = layers == 1 and not (set(roots) & set(objects)) - {"optimizer"}
        for name, child in children:
            if name in roots:
                self._visit(child, roots[name])
            elif alone and _kinds.kind_of(child) in _kinds.KERAS_KINDS:
                self._visit(child, 0)  # the model was the root, as in `model.save_weights`

    def _compare_roots(self) -> None:
        """Say which names the writer gave to its objects when those of the live ones fit none."""
        if _kinds.kind_of(self.live.objects) != _kinds.MAPPING:
            return
        named = set(self.stored.nodes[0].children) - BOOKKEEPING
        matched = {key.partition("/")[0] for key in (*self.pairs, *self.optimizers, *self.tables)}
        lost = [
            name
            for name, child in _graph.children_of(self.live.objects)
            if name not in matched | named and _kinds.kind_of(child) in _kinds.TRACKED_KINDS
        ]
        free = named - set(self.live.objects)
        wanted = [n for n in lost if _kinds.kind_of(self.live.objects[n]) != _kinds.OPTIMIZER]
        optimizers = [
            name for name in free if self._is_optimizer(self.stored.nodes[0].children[name])
        ]
        if free and (wanted or (lost and optimizers)):
            self.differences.append(
                f"the file has {', '.join(sorted(named))} at its root and not {', '.join(lost)}: "
                "name the objects as the writer did"
            )

    def _exported_optimizer(self) -> None:
        """Find the optimizer that `export` of 2.12 saves in a list of all that a model tracks."""
        lost = self.live.optimizers.keys() - self.optimizers.keys()
        members = self.stored.members(self.stored.child(0, "_trackables"))
        exported = set(filter(self._is_optimizer, members))
        if len(lost) == len(exported) == 1:
            self.optimizers[lost.pop()] = exported.pop()

    def _is_optimizer(self, number: int) -> bool:
        node = self.stored.nodes[number]
        return bool(node.slots or {"iter", "_iterations"} & set(node.children))

    def _holds_value(self, number: int) -> bool:
        return bool(self.stored.nodes[number].tensors or self.stored.nodes[number].slots)

    def _is_model(self, model: Any, number: int) -> bool:
        """Tell whether a node has edges that a live model would have."""
        edges = self.stored.nodes[number].children
        return (
            any(edge.startswith(("layer-", _LAYER_EDGE)) for edge in edges)
            or any(self.stored.child(number, *path) is not None for path in _LAYER_LISTS)
            or any(name in edges for name, _ in _graph.children_of(model) if name != "optimizer")
        )

    def _visit(self, value: Any, number: int) -> None:
        kind = _kinds.kind_of(value)
        if kind == _kinds.VARIABLE:
            self._pair(value, number)
            return
        if kind == _kinds.OPTIMIZER:
            path = self.live.graph.path_to(value)
            if path is not None:
                self.optimizers.setdefault(path, number)
            return
        if id(value) in self._seen:
            return
        self._seen.add(id(value))
        if kind == _kinds.FUNCTIONAL:
            self._model(value, number)
        elif kind == _kinds.METRIC:
            self._by_name(list(value.variables), number)
        elif kind in (_kinds.LAYER, _kinds.MODEL) and _kinds.keras_of(value).owns(type(value)):
            self._own_layer(value, number)
        elif kind in (_kinds.GENERATOR, _kinds.SEED_GENERATOR):
            self._state(value, number)
        elif kind == _kinds.TABLE:
            self.tables[self.live.graph.path_to(value) or ""] = number
        elif kind == _kinds.SEQUENCE:
            self._sequence(value, number)
        else:
            self._attributes(value, number)

    def _attributes(self, value: Any, number: int) -> None:
        """Match what the user's attributes hold, and weights that no attribute holds."""
        edges = self.stored.nodes[number].children
        for name, child in _graph.children_of(value):
            names = [name, "_" + name]
            if _kinds.kind_of(child) == _kinds.VARIABLE:
                # Keras 2 has an edge of the weight's own name besides the attribute's.
                names.append(_naming.short_name(child))
            found = next((edges[edge] for edge in names if edge in edges), None)
            if found is not None:
                self._visit(child, found)
        if _kinds.kind_of(value) in _kinds.KERAS_KINDS:
            path = self.live.graph.path_to(value) or ""
            for weight in value.weights:
                key = self.live.graph.path_to(weight)
                # Those of sublayers have edges of theirs.
                if key is not None and key.rpartition("/")[0] == path and key not in self.pairs:
                    found = edges.get(_naming.short_name(weight))
                    if found is not None:
                        self._pair(weight, found)

    def _sequence(self, value: Any, number: int) -> None:
        if hasattr(value, "_fields"):  # documented by collections.namedtuple
            self._attributes(value, number)
            return
        members = self.stored.members(number)
        layers = list(value)
        if layers and all(_kinds.kind_of(one) in _kinds.KERAS_KINDS for one in layers):
            if len(members) == len(layers):
                self._match_layers(layers, members)
            return
        for child, member in zip(layers, members):
            self._visit(child, member)

    def _model(self, model: Any, number: int) -> None:
        stored = [member for member in self._stored_layers(number) if self._has_weights(member)]
        self._match_layers([layer for layer in model.layers if layer.weights], stored)
        layers = {id(layer) for layer in model.layers}
        edges = self.stored.nodes[number].children
        for name, child in _graph.children_of(model):
            if id(child) not in layers and name in edges:
                self._visit(child, edges[name])

    def _stored_layers(self, number: int) -> list[int]:
        edges = self.stored.nodes[number].children
        numbered = [edge for edge in edges if edge.startswith(_LAYER_EDGE)]
        if numbered:
            ordered = sorted(numbered, key=lambda edge: int(edge[len(_LAYER_EDGE) :]))
            return [edges[edge] for edge in ordered]
        for path in _LAYER_LISTS:
            members = self.stored.members(self.stored.child(number, *path))
            if members:
                return members
        return []

    def _has_weights(self, number: int) -> bool:
        return any(map(self._is_weight, self.stored.below(number)))

    def _is_weight(self, number: int) -> bool:
        node = self.stored.nodes[number]
        return node.is_variable and node.name.rpartition("/")[2] != _SEED

    def _match_layers(self, live: Sequence[Any], stored: Sequence[int]) -> None:
        """Match the layers of one model: by their names, else by their order."""
        names = self._layer_names(stored)
        pairs = self._by_label(live, names)
        if len(pairs) < len(live):
            here = [i for i in range(len(live)) if i not in pairs]
            taken = set(pairs.values())
            there = [i for i in range(len(stored)) if i not in taken]
            if len(here) == len(there):
                pairs.update(
                    (one, other)
                    for one, other in zip(here, there)
                    if self._may_be(live[one], names[other])
                )
        unnamed = [i for i in pairs if naming.automatic(live[i].name, self.classes)]
        if [pairs[i] for i in sorted(unnamed)] != sorted(pairs[i] for i in unnamed):
            own = ", ".join(live[i].name for i in sorted(unnamed))
            theirs = ", ".join(names[i] or "?" for i in sorted(pairs[i] for i in unnamed))
            self.differences.append(
                f"layers without names of yours stand in another order: {theirs} in the file, "
                f"{own} here. Give the layers names to match them by name"
            )
        for one, other in pairs.items():
            self._visit(live[one], stored[other])

    def _by_label(self, live: Sequence[Any], names: Sequence[str | None]) -> dict[int, int]:
        known = [i for i, name in enumerate(names) if name is not None]
        if len(known) != len(names) or len(names) != len(live):
            known = [i for i in known if naming.automatic(names[i] or "", self.classes) is None]
        labels = naming.labels([names[i] or "" for i in known], self.classes)
        here = naming.labels([layer.name for layer in live], self.classes)
        counts = collections.Counter(labels)
        there = {label: i for label, i in zip(labels, known) if counts[label] == 1}
        return {i: there[label] for i, label in enumerate(here) if label in there}

    def _layer_names(self, stored: Sequence[int]) -> list[str | None]:
        """Return the writer's names of layers that stand side by side, where variables tell."""
        paths = [
            [
                tuple(self.stored.nodes[n].name.split("/"))
                for n in self.stored.below(member)
                if self._is_weight(n)
            ]
            for member in stored
        ]
        if len(stored) < 2:
            return [None] * len(stored)
        shared = naming.common_prefix([path for some in paths for path in some])
        names = []
        for some in paths:
            found = {path[shared] if len(path) > shared + 1 else None for path in some}
            names.append(found.pop() if len(found) == 1 else None)
        return names

    def _may_be(self, layer: Any, name: str | None) -> bool:
        """Tell whether names do not speak against it that a stored layer is a live one.

        Of two names one at least must be Keras's, and of the class of the other's layer.
        """
        if name is None or _kinds.kind_of(layer) in (_kinds.FUNCTIONAL, _kinds.MODEL):
            return True  # nothing is known, or its own layers are compared
        here, there = (naming.automatic(one, self.classes) for one in (layer.name, name))
        if here is None:
            return there is not None and there[0] == _naming.squeezed(type(layer).__name__)
        return there is None or there[0] == here[0]

    def _own_layer(self, layer: Any, number: int) -> None:
        covered: set[int] = set()
        held: set[int] = set()
        for name, child in _graph.children_of(layer):
            found = self.stored.nodes[number].children.get(name)
            if _kinds.kind_of(child) == _kinds.VARIABLE or found is None:
                continue
            self._visit(child, found)
            covered.update(self.stored.below(found))
            for one in child if _kinds.kind_of(child) == _kinds.SEQUENCE else (child,):
                held.update(map(id, getattr(one, "weights", ())))
        weights = [w for w in layer.weights if id(w) not in held]
        weights = [w for w in weights if _kinds.kind_of(w) == _kinds.VARIABLE]
        self._by_name(weights, number, layer, covered)
        if _kinds.keras_of(layer).seed_generator is not None:
            known = set(map(id, layer.weights))
            self._by_name([v for v in layer.variables if id(v) not in known], number, None, covered)

    def _by_name(
        self, variables: list[Any], number: int, layer: Any = None, covered: Any = frozenset()
    ) -> None:
        """Match variables by their short names with those below a node."""
        is_seed = bool(variables) and _naming.short_name(variables[0]) == _SEED
        stored = [
            n
            for n in self.stored.below(number)
            if n not in covered
            and self.stored.nodes[n].is_variable
            and self._is_weight(n) is not is_seed
        ]
        paths = [self.stored.nodes[n].name for n in stored]
        own = [_naming.path_of(variable) for variable in variables]
        if layer is None:
            short = [
                _naming.distinct([p.rpartition("/")[2] for p in some]) for some in (own, paths)
            ]
        else:
            short = [_naming.weight_names(layer, some) for some in (own, paths)]
        known = dict(zip(short[1], stored))
        for name, variable in zip(short[0], variables):
            if name in known:
                self._pair(variable, known[name])

    def _state(self, value: Any, number: int) -> None:
        prefix = self.live.graph.path_to(value)
        for edge in ("_state_var", "state"):
            found = self.stored.child(number, edge)
            if found is not None and prefix is not None:
                self.pairs.setdefault(_naming.join(prefix, "state"), found)

    def _loose(self) -> None:
        """Match the variables that only lists of the writer hold, by their names and order.

        Keras 3 shows a TensorFlow checkpoint no layers that lists or dictionaries hold; their
        trainable weights are in the file because the optimizer has a list of them. An exported
        model has nothing but such lists.
        """
        taken = set(self.pairs.values())
        for node in self.stored.nodes:
            for edge in ("_trainable_variables", "variables"):
                members = self.stored.members(node.children.get(edge))
                loose = [n for n in members if n not in taken and self._is_weight(n)]
                if not loose:
                    continue
                here = [(key, path) for key, path in self._live_weights() if key not in self.pairs]
                names = [self.stored.nodes[n].name for n in loose]
                found = naming.align([path for _, path in here], names, self.classes)
                pairs = {here[one][0]: loose[other] for one, other in found.items()}
                if edge == "_trainable_variables" and len(pairs) < len(loose):
                    pairs = self._in_order(loose) or pairs
                self.pairs.update(pairs)
                taken.update(pairs.values())

    def _in_order(self, stored: list[int]) -> dict[str, int]:
        """Match an optimizer's list of weights by its order, if names and shapes all agree.

        The weights of one that the user's `build` made may be named after nothing but the model.
        """
        live = [
            one
            for one in self.live.references()
            if one.key not in self.pairs and one.variable.trainable
        ]
        owners = {id(weight): layer for layer in self._layers for weight in layer.weights}
        given = [
            owners[id(one.variable)].name
            for one in live
            if id(one.variable) in owners
            and naming.automatic(owners[id(one.variable)].name, self.classes) is None
        ]
        if len(set(given)) > 1:
            names = ", ".join(dict.fromkeys(given))
            self.differences.append(f"the file does not tell which weights are those of {names}")
            return {}
        here = [(_naming.short_name(one.variable), tuple(one.variable.shape)) for one in live]
        there = [
            (self.stored.nodes[n].name.rpartition("/")[2], self.shapes[self.stored.nodes[n].key])
            for n in stored
        ]
        return {one.key: n for one, n in zip(live, stored)} if here == there else {}

    def _live_weights(self) -> list[tuple[str, str]]:
        """Return (key, path) of the weights of the live models, in Keras's order."""
        ordered: dict[str, str] = {}
        for layer in self._layers:
            for weight in layer.weights:
                if _kinds.kind_of(weight) == _kinds.VARIABLE:
                    key = self.live.graph.path_to(weight)
                    if key is not None:
                        ordered.setdefault(key, _naming.path_of(weight))
        return list(ordered.items())
