"""Checkpoints of TensorFlow 1: tensors by the names of variables, without an object graph."""

from __future__ import annotations

from tfcompat import _graph
from tfcompat.state import entries
from tfcompat.state.keys import LiveState
from tfcompat.state.native import naming
from tfcompat.state.native.artifact import Mapping
from tfcompat.state.native.bundle_artifact import BundleArtifact
from tfcompat.state.optimizers import OPTIMIZER_V2

# What `tf.compat.v1.train.Saver` stores beside a weight, by the suffix of its name: the class of
# the optimizer and the slot. RMSProp starts its moving average at one and keeps it otherwise.
_SLOTS = {
    "Adam": ("Adam", "momentum"),
    "Adam_1": ("Adam", "velocity"),
    "Momentum": ("SGD", "momentum"),
    "Adagrad": ("Adagrad", "accumulator"),
    "Adadelta": ("Adadelta", "accumulated_grad"),
    "Adadelta_1": ("Adadelta", "accumulated_delta_var"),
    "Ftrl": ("Ftrl", "accumulator"),
    "Ftrl_1": ("Ftrl", "linear"),
    "RMSProp": ("RMSprop", "velocity"),
    "RMSProp_1": ("RMSprop", "momentum"),
}
# The powers of Adam's decay rates follow from the number of steps.
_DERIVED = ("beta1_power", "beta2_power")
_STEP = "global_step"


class NamedCheckpoint(BundleArtifact):
    """What `tf.compat.v1.train.Saver` wrote, or any checkpoint of tensors by name."""

    def match(self, live: LiveState) -> Mapping:  # noqa: D102 - as in the base class
        mapping = Mapping()
        slots: dict[str, dict[str, str]] = {}
        weights: list[str] = []
        for name in self.entries:
            parent, _, last = name.rpartition("/")
            if last in _SLOTS and parent in self.entries:
                slots.setdefault(parent, {})[last] = name
            elif name.rpartition("/")[2] in _DERIVED:
                mapping.ignored.add(name)
            elif name != _STEP:
                weights.append(name)
        kinds = (entries.VARIABLE,)
        inside = tuple(path + "/" for path in live.optimizers)
        here = [
            (key, _graph.path_of(entry.variable))
            for key, entry in live.entries.items()
            if entry.kind in kinds and hasattr(entry, "variable") and not key.startswith(inside)
        ]
        classes = frozenset(
            _graph.squeezed(type(value).__name__)
            for _, value in live.graph.nodes
            if _graph.kind_of(value) in _graph.KERAS_KINDS
        )
        found = naming.align([path for _, path in here], weights, classes)
        mapping.pairs = {here[one][0]: weights[other] for one, other in found.items()}
        if len(live.optimizers) == 1 and slots:
            self._match_optimizer(mapping, live, slots)
        else:
            mapping.without_optimizer = list(live.optimizers)
        if _STEP in self.entries and _STEP not in mapping.pairs.values():
            mapping.ignored.add(_STEP)
        return mapping

    def _match_optimizer(
        self, mapping: Mapping, live: LiveState, slots: dict[str, dict[str, str]]
    ) -> None:
        ((path, optimizer),) = live.optimizers.items()
        key_of = {name: key for key, name in mapping.pairs.items()}
        classes = set()
        for weight, found in slots.items():
            for suffix, name in found.items():
                cls, slot = _SLOTS[suffix]
                classes.add(cls)
                if weight in key_of:
                    mapping.pairs[optimizer.slot_key(slot, key_of[weight])] = name
        if _STEP in self.entries:
            mapping.pairs[_graph.join(path, "iterations")] = _STEP
        mapping.objects[path] = {
            "type": "optimizer",
            "class": classes.pop() if len(classes) == 1 else "several optimizers",
            "family": OPTIMIZER_V2,
            "stepped": True,
        }
