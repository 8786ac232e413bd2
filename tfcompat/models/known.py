"""What a configuration may name: Keras's public classes, registered ones, and the caller's.

Nothing else is ever looked up, so that no name in a file leads to a module or a function that
the caller did not mean.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any

from tfcompat import _kinds, _runtime
from tfcompat.models.translate import activations, classes

LAYER = "layer"
INITIALIZER = "initializer"
REGULARIZER = "regularizer"
CONSTRAINT = "constraint"
ACTIVATION = "activation"
OPTIMIZER = "optimizer"
SCHEDULE = "schedule"
LOSS = "loss"
METRIC = "metric"
POLICY = "policy"

# Where the public names of each kind are, and the name of their base class. Some were
# experimental once: preprocessing layers to 2.5, optimizers in 2.9 and 2.10.
_PLACES: dict[str, tuple[tuple[str, ...], str]] = {
    LAYER: (("layers", "layers.experimental", "layers.experimental.preprocessing"), "Layer"),
    INITIALIZER: (("initializers",), "Initializer"),
    REGULARIZER: (("regularizers",), "Regularizer"),
    CONSTRAINT: (("constraints",), "Constraint"),
    ACTIVATION: (("activations",), ""),
    SCHEDULE: (("optimizers.schedules",), "LearningRateSchedule"),
    OPTIMIZER: (("optimizers", "mixed_precision", "optimizers.experimental"), "Optimizer"),
    LOSS: (("losses",), "Loss"),
    METRIC: (("metrics",), "Metric"),
}
_NOT_FUNCTIONS = ("get", "serialize", "deserialize")

# What the second part of a module's name says of a class: `keras.layers`, `keras.src.layers`.
_KIND_OF_PART = {
    "layers": LAYER, "models": LAYER, "engine": LAYER, "initializers": INITIALIZER,
    "regularizers": REGULARIZER, "constraints": CONSTRAINT, "activations": ACTIVATION,
    "optimizers": OPTIMIZER, "losses": LOSS, "metrics": METRIC, "mixed_precision": OPTIMIZER,
}  # fmt: skip


def _module(path: str) -> Any:
    found: Any = _runtime.keras()
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except (AttributeError, ImportError):
            return None
    return found


def _bases(kind: str, module: Any, name: str) -> tuple[type, ...]:
    if kind == OPTIMIZER:
        return _kinds.kerases()[0].optimizers
    return (getattr(module, name),) if name else ()


@functools.cache
def public(kind: str) -> Mapping[str, Any]:
    """Return the public classes of a kind by name; functions too, where they may be named."""
    places, base_name = _PLACES[kind]
    modules = [module for module in map(_module, places) if module is not None]
    bases = _bases(kind, modules[0], base_name)
    found: dict[str, Any] = {}
    for module in modules:
        for name in dir(module):
            if name.startswith("_") or name in _NOT_FUNCTIONS:
                continue
            try:
                value = getattr(module, name)
            except (AttributeError, ImportError):
                continue
            if inspect.isclass(value):
                # In 2.11 to 2.15 the wrapper for loss scaling makes an object of another class.
                if not issubclass(value, bases) and name != "LossScaleOptimizer":
                    continue
            elif not inspect.isfunction(value) or kind not in (ACTIVATION, LOSS, METRIC):
                continue
            found.setdefault(name, value)
    if kind == LAYER:
        keras = _runtime.keras()
        found.update(Sequential=keras.Sequential, Functional=keras.Model, Model=keras.Model)
    return found


def kind_of_module(module: Any) -> str | None:
    """Return the kind that a module of Keras's holds, None of any other."""
    if not isinstance(module, str):
        return None
    parts = module.split(".")
    if parts[0] == "tensorflow":
        parts = parts[1:]
    if not parts or parts[0] not in ("keras", "tf_keras", "python"):
        return None
    if "schedules" in parts or "learning_rate_schedule" in parts:
        return SCHEDULE
    found = [_KIND_OF_PART[part] for part in parts if part in _KIND_OF_PART]
    # The top level: Sequential, Model; DTypePolicy is told by its name.
    return found[0] if found else LAYER


class Registry:
    """What the names in one file may stand for."""

    def __init__(self, custom_objects: Mapping[str, Any] | None) -> None:
        self._custom = dict(custom_objects or {})

    def custom(self, *names: Any) -> Any:
        """Return what the caller gave or registered under one of the names, or None."""
        keras = _runtime.keras()
        registered = keras.utils.get_custom_objects()
        for name in names:
            if not isinstance(name, str) or not name:
                continue
            for source in (self._custom, registered):
                if name in source:
                    return source[name]
            found = activations.registered(name)
            if found is None:
                # Also what a `custom_object_scope` around the call has.
                found = keras.utils.get_registered_object(name)
            if found is not None:
                return found
        # The caller may give a registered class under its bare name.
        for name in names:
            if isinstance(name, str) and ">" in name and name.rpartition(">")[2] in self._custom:
                return self._custom[name.rpartition(">")[2]]
        return None

    def registered_as(self, name: str) -> Any:
        """Return what is registered under a name with whatever package, if it is one thing.

        Keras 2.13 to 2.15 leave the package out where they write a function.
        """
        registered = _runtime.keras().utils.get_custom_objects()
        found = [value for key, value in registered.items() if key.endswith(">" + name)]
        return found[0] if len(found) == 1 else None

    def find(self, kind: str, name: str) -> Any:
        """Return one of Keras's own classes or functions under one of its names, or None."""
        known = public(kind)
        # Keras 2.11 to 2.15 registers its own optimizers as `Custom>Adam`.
        bare = name.rpartition(">")[2]
        for one in (bare, *classes.ALIASES.get(bare, ())):
            if one in known:
                return known[one]
        return None


KINDS = tuple(_PLACES)


def place(kind: str) -> str:
    """Return the name of Keras's module for a kind."""
    return _PLACES[kind][0][0]
