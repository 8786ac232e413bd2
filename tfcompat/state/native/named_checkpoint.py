"""Checkpoints of TensorFlow 1: tensors by the names of variables, without an object graph."""

from __future__ import annotations

import math

from tfcompat import _kinds, _naming
from tfcompat.state import entries
from tfcompat.state.keys import LiveState
from tfcompat.state.native import naming
from tfcompat.state.native.artifact import Mapping
from tfcompat.state.native.bundle_artifact import BundleArtifact
from tfcompat.state.optimizers import CLASSES, KERAS_2, OPTIMIZER_V2, LiveOptimizer

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
    "RMSProp_2": ("RMSprop", "momentum"),
}
_MOMENTUM = "Momentum"
# The powers of Adam's decay rates follow from the number of steps.
_POWER = "beta1_power"
_DERIVED = (_POWER, "beta2_power")
_LEAST_POWER = 1e-30
_STEP = "global_step"

# Keras's optimizers of TensorFlow 1 are those of 2.0 to 2.10, and name their variables likewise.
_SCALARS = {
    "iter": "iterations",
    "learning_rate": "learning_rate",
    "momentum_cache": "u_product",
}
_HYPERPARAMETERS = frozenset((*_SCALARS, "decay", "beta_1", "beta_2", "rho", "momentum"))


class NamedCheckpoint(BundleArtifact):
    """What `tf.compat.v1.train.Saver` wrote, or any checkpoint of tensors by name."""

    def match(self, live: LiveState) -> Mapping:  # noqa: D102 - as in the base class
        mapping = Mapping()
        slots: list[tuple[str, str, str]] = []  # the weight, the slot, the tensor
        scalars: dict[str, str] = {}
        classes: set[str] = set()
        weights: list[str] = []
        momenta: list[str] = []
        powers: dict[str, str] = {}
        family = OPTIMIZER_V2
        for name in self.entries:
            parent, _, last = name.rpartition("/")
            cls, inner = _optimizer_in(name)
            if last in _SLOTS and parent in self.entries:
                # Centered, it has the average of the gradients before the momentum.
                centered = last == "RMSProp_1" and f"{parent}/RMSProp_2" in self.entries
                slot = "average_gradient" if centered else _SLOTS[last][1]
                slots.append((parent, slot, name))
                classes.add(_SLOTS[last][0])
                family = KERAS_2  # epsilon is inside RMSprop's square root
                if last == _MOMENTUM:
                    momenta.append(name)
            elif cls:
                weight, _, slot = inner.rpartition("/")
                classes.add(cls)
                if weight in self.entries:
                    slots.append((weight, slot, name))
                elif inner in _SCALARS:
                    scalars[_SCALARS[inner]] = name
                else:
                    mapping.ignored.add(name)
            elif last in _DERIVED:
                mapping.ignored.add(name)
                powers[last] = name
            elif name == _STEP:
                scalars.setdefault("iterations", name)
            else:
                weights.append(name)
        mapping.pairs = _align(live, weights)
        if len(live.optimizers) != 1 or not (slots or classes):
            mapping.without_optimizer = list(live.optimizers)
            mapping.ignored.update(scalars.values() if not classes else ())
            return mapping
        ((path, optimizer),) = live.optimizers.items()
        key_of = {name: key for key, name in mapping.pairs.items()}
        mapping.pairs.update(
            (optimizer.slot_key(optimizer.slot_name(slot), key_of[weight]), name)
            for weight, slot, name in slots
            if weight in key_of
        )
        mapping.pairs.update((_naming.join(path, stable), name) for stable, name in scalars.items())
        mapping.objects[path] = {
            "type": "optimizer",
            "class": classes.pop() if len(classes) == 1 else "several optimizers",
            "family": family,
            "stepped": bool(slots),
        }
        if _POWER in powers and "iterations" in scalars:
            self._compare_steps(mapping, optimizer, powers[_POWER], scalars["iterations"])
        if momenta:
            # Keras's SGD keeps the last step, `MomentumOptimizer` what is still to be multiplied
            # by the rate; the file does not hold that, but the live optimizer has it.
            rate = _negative_rate(optimizer)
            if rate is None:
                mapping.differences.append(
                    f"{path}: the slots of a MomentumOptimizer count without the learning rate, "
                    "and the live optimizer has a schedule in its place"
                )
            mapping.factors.update((name, rate or 0.0) for name in momenta)
        return mapping

    def _compare_steps(
        self, mapping: Mapping, optimizer: LiveOptimizer, power: str, step: str
    ) -> None:
        """Compare the global step, which anything may count, with Adam's own count."""
        rate = optimizer.inner.get_config().get("beta_1")
        read = self.read([power, step])
        value = float(read[power])
        # In float32 the power says nothing any more after some hundred steps.
        if not isinstance(rate, float) or not 0 < rate < 1 or value < _LEAST_POWER:
            return
        steps = _steps_of(value, rate)
        if abs(steps - int(read[step])) > 1:
            del mapping.pairs[_naming.join(optimizer.path, "iterations")]
            mapping.ignored.add(step)
            mapping.differences.append(
                f"{optimizer.path}: {step} is {int(read[step])}, but its optimizer has taken "
                f"{steps:.0f} steps"
            )


def _steps_of(power: float, rate: float) -> float:
    """Return how many steps Adam took, by a power of its decay rate."""
    return math.log(power) / math.log(rate) - 1


def _align(live: LiveState, names: list[str]) -> dict[str, str]:
    """Match weights by their whole names, the rest by the layer's name and the short one alone.

    Some releases name what a subclassed model holds after the model, others after the layer.
    """
    layers = [value for _, value in live.graph.nodes if _kinds.kind_of(value) in _kinds.KERAS_KINDS]
    classes = frozenset(_naming.squeezed(type(layer).__name__) for layer in layers)
    inside = tuple(path + "/" for path in live.optimizers)
    whole = {
        key: _naming.path_of(entry.variable)
        for key, entry in live.entries.items()
        if entry.kind == entries.VARIABLE
        and isinstance(entry, entries.VariableEntry)
        and not key.startswith(inside)
    }
    short = {}
    for layer in layers:  # what is further inside comes later
        for weight in layer.weights:
            key = live.graph.path_to(weight)
            if key in whole:
                short[key] = f"{layer.name}/{_naming.short_name(weight)}"
    pairs: dict[str, str] = {}
    for own, parts in ((whole, None), (short, 2)):
        keys = [key for key in own if key not in pairs]
        taken = set(pairs.values())
        left = [name for name in names if name not in taken]
        there = ["/".join(name.split("/")[-parts:] if parts else [name]) for name in left]
        found = naming.align([own[key] for key in keys], there, classes)
        pairs.update((keys[one], left[other]) for one, other in found.items())
    return pairs


def _negative_rate(optimizer: LiveOptimizer) -> float | None:
    for entry in optimizer.entries():
        if entry.key.rpartition("/")[2] == "learning_rate":
            return -float(entry.read().numpy())
    return None


def _optimizer_in(name: str) -> tuple[str, str]:
    """Part the name of a variable of `OptimizerV2`, such as `training/Adam/dense/kernel/m`.

    Returns (the class, what comes after it); both are empty for other names.
    """
    parts = name.split("/")
    for index, part in enumerate(parts[:-1]):
        if part in CLASSES and (len(parts) > index + 2 or parts[-1] in _HYPERPARAMETERS):
            return part, "/".join(parts[index + 1 :])
    return "", ""
