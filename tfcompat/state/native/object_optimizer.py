"""An optimizer in a stored object graph: which variable is which slot of which weight."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from typing import Any

from tfcompat import _naming
from tfcompat.state.native.object_graph import Node, ObjectGraph
from tfcompat.state.optimizers import CLASSES, KERAS_2, KERAS_3, OPTIMIZER_V2, LiveOptimizer

# What each family calls the variables that are no slots, and their stable names.
_SCALARS = {
    "iter": "iterations",
    "_iterations": "iterations",
    "learning_rate": "learning_rate",
    "_learning_rate": "learning_rate",
    "momentum_cache": "u_product",
    "_u_product": "u_product",
    "dynamic_scale": "loss_scale",
    "step_counter": "loss_scale_steps",
}
_LOSS_SCALE = {"current_loss_scale": "loss_scale", "good_steps": "loss_scale_steps"}

# Adafactor's slots that it does not use for a weight of less than two dimensions.
_FACTORS = ("r", "c")

# What Keras 3.0 names after no weight.
_ACCUMULATOR = "accumulator"

# Slots whose variables Keras 3 names after the weight alone, or after nothing.
_UNNAMED = {"_r": "r", "_c": "c", "_accumulators": "accumulator"}


class StoredOptimizer:
    """What the graph tells of one optimizer.

    Attributes:
        slots: (node of the weight, name of the slot as the writer called it, node of the slot).
        scalars: node by stable name.
        hyperparameters: nodes of variables that are no state.
        unsure: in words, why some slots could not be told apart.
        family: one of the three of `optimizers`.
        cls: the name of its class, or None where no name tells.
    """

    def __init__(
        self,
        graph: ObjectGraph,
        shapes: dict[str, tuple[int, ...]],
        number: int,
        weights: dict[int, str],
    ) -> None:
        self.graph = graph
        node = graph.nodes[number]
        inner = node.children.get("inner_optimizer")
        self.nodes = [node] if inner is None else [graph.nodes[inner], node]
        self.loss_scaling = inner is not None or "loss_scale" in node.children
        self.scalars: dict[str, int] = {}
        for one in self.nodes:
            self._add_scalars(one, _SCALARS)
        if "loss_scale" in node.children:
            self._add_scalars(graph.nodes[node.children["loss_scale"]], _LOSS_SCALE)
        self.unsure: list[str] = []
        main = self.nodes[0]
        if "_trainable_variables" in main.children:
            self.family = KERAS_3
            found = self._slots_of_keras_3(main)
        elif "_variables" in main.children:
            self.family = KERAS_2
            found = self._slots_of_keras_2(main, weights)
        else:
            self.family = OPTIMIZER_V2
            found = iter(main.slots)
        self.slots = [
            (weight, slot, variable)
            for weight, slot, variable in found
            if slot not in _FACTORS or len(shapes[graph.nodes[weight].key]) > 1
        ]
        self.unsure = list(dict.fromkeys(self.unsure))
        used = {*self.scalars.values(), *(slot for _, _, slot in self.slots)}
        self.hyperparameters = {
            child
            for one in self.nodes
            for edge, held in one.children.items()
            for child in (held, *(graph.members(held) if self._has_factors(edge) else ()))
            if graph.nodes[child].is_variable and child not in used
        }
        self.cls = self._class()

    def _has_factors(self, edge: str) -> bool:
        adafactor = any(slot in _FACTORS for _, slot, _ in self.slots)
        return edge.lstrip("_") in _FACTORS or (edge == "_variables" and adafactor)

    def _add_scalars(self, node: Node, names: dict[str, str]) -> None:
        for edge, name in names.items():
            child = node.children.get(edge)
            if child is not None and self.graph.nodes[child].is_variable:
                self.scalars.setdefault(name, child)

    def _slots_of_keras_3(self, node: Node) -> Iterator[tuple[int, str, int]]:
        """Each slot has a list of its own, beside the list of the weights."""
        graph = self.graph
        weights = graph.members(node.children["_trainable_variables"])
        listed: set[int] = set(self.scalars.values())
        for edge, child in node.children.items():
            members = graph.members(child)
            if edge in ("_variables", "_trainable_variables") or len(members) != len(weights):
                continue
            listed.update(members)
            for weight, slot in zip(weights, members):
                flat = graph.nodes[weight].name.replace("/", "_") + "_"
                name = graph.nodes[slot].name.rpartition("/")[2]
                # Of a `tf.Variable` the name ends with the number of an output.
                flat += "0_" if name.startswith(flat + "0_") else ""
                if edge in _UNNAMED:
                    yield weight, _UNNAMED[edge], slot
                elif name.startswith(flat):
                    yield weight, name[len(flat) :], slot
                else:
                    yield weight, _from_edge(edge), slot

        yield from self._unlisted(node, weights, listed)

    def _unlisted(
        self, node: Node, weights: list[int], listed: set[int]
    ) -> Iterator[tuple[int, str, int]]:
        """Tell the slots whose lists the file does not show by their names and order.

        Keras 3.6 shows no list, others not Adafactor's. All slots of one name stand in the order
        of the weights, and each has the short name of its weight before its own. Adafactor's
        factors have nothing else, and stand before the velocity; the accumulators of Keras 3.0
        are named after no weight.
        """
        counts: collections.Counter[str] = collections.Counter()
        pending: list[int] = []
        for number in self.graph.members(node.children.get("_variables")):
            if number in listed:
                continue
            name = self.graph.nodes[number].name.rpartition("/")[2]
            slot = self._slot_in(name, weights, counts)
            if slot is None:
                pending.append(number)
                continue
            weight = weights[counts[slot]]
            if len(pending) == len(_FACTORS):
                for factor, other in zip(_FACTORS, pending):
                    yield weight, factor, other
            pending.clear()
            counts[slot] += 1
            yield weight, slot, number

    def _slot_in(
        self, name: str, weights: list[int], counts: collections.Counter[str]
    ) -> str | None:
        if name == _ACCUMULATOR:
            return name if counts[name] < len(weights) else None
        for cut, character in enumerate(name):
            slot = name[cut + 1 :]
            if character == "_" and counts[slot] < len(weights):
                weight = self.graph.nodes[weights[counts[slot]]].name.rpartition("/")[2]
                if f"_{name[:cut]}".endswith(f"_{weight}"):
                    return slot
        return None

    def _slots_of_keras_2(
        self, node: Node, weights: dict[int, str]
    ) -> Iterator[tuple[int, str, int]]:
        """A name such as `Adam/m/dense/kernel` tells; weights of one name stand in order."""
        graph = self.graph
        by_name: dict[str, list[int]] = {}
        for weight in weights:
            by_name.setdefault(graph.nodes[weight].name, []).append(weight)
        taken: set[tuple[str, int]] = set()
        for slot in graph.members(node.children["_variables"]):
            if slot in self.scalars.values():
                continue
            parts = graph.nodes[slot].name.split("/")
            for i in range(1, len(parts)):
                free = [
                    weight
                    for weight in by_name.get("/".join(parts[i:]), ())
                    if (parts[i - 1], weight) not in taken
                ]
                if len({weights[weight].partition("/")[0] for weight in free}) > 1:
                    name = "/".join(parts[i:])
                    self.unsure.append(f"several objects have weights of the name {name!r}")
                    break
                if free:
                    taken.add((parts[i - 1], free[0]))
                    yield free[0], parts[i - 1], slot
                    break

    def _class(self) -> str | None:
        """Find the class among the components of its variables' names, where it has no other."""
        names = [self.graph.nodes[slot].name for _, _, slot in self.slots[:1]]
        names += [self.graph.nodes[number].name for number in self.scalars.values()]
        known = {name.lower(): name for name in CLASSES}
        for name in names:
            for component in name.split("/")[:-1]:
                base, _, number = component.rpartition("_")
                component = base if number.isdigit() else component
                if component.lower() in known:
                    return known[component.lower()]
        return None

    def describe(self) -> dict[str, Any]:
        """Return what a manifest would say, as far as the file tells."""
        found: dict[str, Any] = {
            "type": "optimizer",
            "family": self.family,
            "loss_scaling": self.loss_scaling,
            "stepped": bool(self.slots),
        }
        if self.cls:
            found["class"] = self.cls
        if "iterations" in self.scalars:
            found["schedule"] = "learning_rate" not in self.scalars
        return found

    def unused(self, live: LiveOptimizer) -> list[int]:
        """Return the slots that the live optimizer has no use for.

        2.11 to 2.15 give SGD a momentum variable that it does not use without momentum. It holds
        the last step, so that no value tells whether the writer had the option.
        """
        if self.family != KERAS_2 or not live.lacks_momentum:
            return []
        return [number for _, slot, number in self.slots if live.slot_name(slot) == "momentum"]

    def keys(self, live: LiveOptimizer, key_of: dict[int, str]) -> dict[str, int]:
        """Return nodes by the stable keys that they have for a live optimizer.

        Args:
            live: the optimizer.
            key_of: the stable key of each weight's node.
        """
        found = {
            _naming.join(live.path, name): number
            for name, number in self.scalars.items()
            if not (name == "u_product" and not live.has_product)
        }
        for weight, slot, number in self.slots:
            if weight in key_of:
                found[live.slot_key(live.slot_name(slot), key_of[weight])] = number
        return found


def _from_edge(edge: str) -> str:
    """Return the name of a slot by the list's: `_momentums`, `_velocities`."""
    name = edge.lstrip("_")
    return name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")
