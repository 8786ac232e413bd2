"""Configurations as data to what is to be made of them, with everything that stands against it.

Planning makes nothing: it finds the class of each object, translates its arguments, and notes
in words what this release cannot express and what is not safe. Only a plan without problems is
made (`making`).
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from tfcompat import _kinds, _runtime
from tfcompat.models import known, operations, signatures, trusted
from tfcompat.models.known import Registry
from tfcompat.models.translate import activations, arguments, classes

DEEPEST = 60  # objects inside objects

_KIND_OF_SUFFIX = {
    "initializer": known.INITIALIZER,
    "regularizer": known.REGULARIZER,
    "constraint": known.CONSTRAINT,
    "activation": known.ACTIVATION,
    "layer": known.LAYER,
    "layers": known.LAYER,
    "cell": known.LAYER,
    "cells": known.LAYER,
    "dtype": known.POLICY,
    "policy": known.POLICY,
    "rate": known.SCHEDULE,
    "optimizer": known.OPTIMIZER,
    "fn": known.METRIC,
}
# Strings that stand for an object, where one of these is expected.
_NAMED = (
    known.INITIALIZER, known.REGULARIZER, known.CONSTRAINT, known.ACTIVATION, known.LOSS,
    known.METRIC, known.OPTIMIZER,
)  # fmt: skip
# What `compile` itself understands, by the shapes of the targets.
_COMPILE_NAMES = ("accuracy", "acc", "crossentropy", "ce")


@dataclasses.dataclass
class Plan:
    """An object to make.

    Attributes:
        kind: one of the kinds of `known`.
        cls: its class, or the function that it is.
        own: whether Keras's own.
        arguments: of the constructor of one of Keras's own classes, else the configuration.
        shared: the number of an object that stands at several places, or None.
        layers: of a Sequential or functional model its layers, else None.
        config: as it is in the file.
        build: what the file says of the shapes with which it was built.
    """

    kind: str
    cls: Any
    own: bool
    arguments: dict[str, Any]
    shared: Any = None
    layers: list[Any] | None = None
    config: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    build: Any = None


@dataclasses.dataclass
class Value:
    """A value that is there already: a function, a policy."""

    value: Any


class Planner:
    """Plans the objects of one file.

    Attributes:
        problems: in words, what cannot be made here, each with where it stands.
        unsafe: in words, what is not made because the file is not trusted.
        arithmetic: in words, what this release computes otherwise than the writer did.
    """

    def __init__(
        self, registry: Registry, writer: int, trust: bool, largest: int | None = None
    ) -> None:
        """Begin.

        Args:
            registry: what the file may name.
            writer: the number of the Keras that wrote it, 2 or 3.
            trust: whether the file may name modules and hold code.
            largest: how many elements a tensor of the file may have; None is any number.
        """
        self.registry = registry
        self.writer = writer
        self.trust = trust
        self.largest = largest
        self.problems: list[str] = []
        self.unsafe: list[str] = []
        self.arithmetic: list[str] = []

    def plan(self, value: Any, where: str, kind: str | None = None, depth: int = 0) -> Any:
        """Return a value of a configuration with its objects planned."""
        if depth > DEEPEST:
            self.unsafe.append(f"{where}: objects are nested more than {DEEPEST} deep")
            return None
        if isinstance(value, dict):
            if "class_name" in value:
                return self._object(value, where, kind, depth)
            return {
                key: self.plan(item, f"{where}.{key}", kind or kind_of_argument(key), depth + 1)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [
                self.plan(item, f"{where}[{i}]", kind, depth + 1) for i, item in enumerate(value)
            ]
        if isinstance(value, str) and kind in _NAMED:
            return self._named(value, where, kind)
        return value

    def _named(self, name: str, where: str, kind: str) -> Any:
        """Return a plan for a name that stands for an object."""
        found = self._translated(name, kind)
        if found is None:
            self.problems.append(f"{where}: this release has no {kind} {name!r}")
        return found

    def _translated(self, name: str, kind: str) -> Any:
        """Return what a name stands for, or the name for it in this release, or None."""
        custom = self.registry.custom(name)
        if custom is not None:
            return Value(custom)
        if kind == known.ACTIVATION:
            function = activations.foreign(name, self.writer)
            if function is not None:
                return Value(function)
        if kind in (known.LOSS, known.METRIC) and (
            self.registry.find(kind, name) is not None or name in _COMPILE_NAMES
        ):
            return name
        for one in (name, activations.ALIASES.get(name, name)):
            if one.isidentifier() and _is_known(kind, one):
                return one
        return None

    def _object(self, value: dict[str, Any], where: str, kind: str | None, depth: int) -> Any:
        name = value["class_name"]
        config = value.get("config")
        if not isinstance(name, str):
            self.unsafe.append(f"{where}: the name of a class is {name!r}")
            return None
        if name in _LITERALS:
            try:
                return _LITERALS[name](self.plan(config, where, None, depth + 1))
            except (KeyError, TypeError, AttributeError):
                self.unsafe.append(f"{where}: {name} holds {_shown(config)}")
                return None
        if name in ("__lambda__", "function"):
            return self._function(value, where, kind)
        if name in ("Policy", "PolicyV1", "DTypePolicy") and isinstance(config, dict):
            return self._policy(config, where)
        if name in classes.WRAPPERS and kind == known.METRIC and isinstance(config, dict):
            return self._wrapped_metric(name, config, where)
        if isinstance(config, list) and name in ("Sequential", "Model", "Functional"):
            config = {"layers": config}  # standalone Keras up to 2.2.2
        if not isinstance(config, dict):
            self.unsafe.append(f"{where}: {name} has no configuration")
            return None
        cls, own_name, kind = self._resolve(value, where, kind)
        if cls is None:
            return None
        own = _is_own(cls)
        label = where if not config.get("name") else f"{where} {config['name']!r}"
        if own:
            rewritten = self._rewritten(own_name, cls, config)
            if rewritten is not None:
                own_name, cls, config = rewritten
        found = Plan(
            kind=kind,
            cls=cls,
            own=own,
            arguments={},
            shared=value.get("shared_object_id") if kind == known.LAYER else None,
            config=config,
            build=value.get("build_config"),
        )
        if kind == known.LAYER and _is_model(cls) and isinstance(config.get("layers"), list):
            self._model(found, config, label, depth)
        elif own:
            found.arguments = self._arguments(own_name, cls, config, label, kind, depth)
        else:
            found.arguments = self._custom_config(cls, config, label, depth)
        return found

    def _rewritten(
        self, name: str, cls: Any, config: dict[str, Any]
    ) -> tuple[str, Any, dict[str, Any]] | None:
        """Put a class in the words of another, where the release lacks it."""
        if cls is not _MISSING:
            return None
        new_name, new_config = classes.REWRITES[name](config)
        return new_name, self.registry.find(known.LAYER, new_name), new_config

    def _resolve(self, value: dict[str, Any], where: str, kind: str | None) -> tuple[Any, str, str]:
        """Find the class of an object; return None and note the problem where there is none."""
        name = value["class_name"]
        module = value.get("module")
        registered = value.get("registered_name")
        custom = self.registry.custom(registered if registered != name else None, name)
        if custom is not None:
            if not inspect.isclass(custom):
                self.problems.append(f"{where}: {name!r} is registered, and no class")
                return None, name, ""
            return custom, name.rpartition(">")[2], _kind_of_class(custom, kind)
        told = known.kind_of_module(module)
        if module is not None and told is None:
            found = trusted.imported(module, name) if self.trust else None
            if not inspect.isclass(found):
                self.unsafe.append(
                    f"{where}: {registered or name!r} of the module {module!r} is neither "
                    "registered nor in custom_objects"
                )
                return None, name, ""
            return found, name, kind or known.LAYER
        if told == known.OPTIMIZER and kind == known.SCHEDULE:
            told = known.SCHEDULE
        kinds = (told,) if told and told != known.LAYER else (kind,) if kind else tuple(known.KINDS)
        if told == known.LAYER and kind in (None, known.LAYER, known.ACTIVATION):
            kinds = (known.LAYER,)
        elif kind == known.ACTIVATION:
            kinds = (known.LAYER,)  # an activation may be a layer
        for one in kinds:
            if one == known.POLICY:
                continue
            found = self.registry.find(one, name)
            if found is not None and inspect.isclass(found):
                return self._checked(found, name, where), name.rpartition(">")[2], one
            if one == known.LAYER and name in classes.REWRITES:
                return _MISSING, name, one
        self.problems.append(
            f"{where}: this release has no {kind or 'class'} {name!r}; if it is yours, give it as "
            "custom_objects, or register it before loading"
        )
        return None, name, ""

    def _checked(self, cls: Any, name: str, where: str) -> Any:
        reason = classes.UNSAFE.get(name)
        if reason is not None and not self.trust:
            self.unsafe.append(f"{where}: {name} {reason}")
            return None
        return cls

    def _wrapped_metric(self, name: str, config: dict[str, Any], where: str) -> Any:
        """Plan a function with a name of its own, as `compile` makes it of a string."""
        function = config.get("fn")
        if isinstance(function, dict):
            return self._function(function, where, known.METRIC)
        planned = self._named(str(function), where, known.METRIC)
        cls = self.registry.find(known.METRIC, "MeanMetricWrapper")
        found = planned.value if isinstance(planned, Value) else None
        if isinstance(planned, str):
            found = self.registry.find(known.METRIC, planned)
        if cls is None or not inspect.isfunction(found):
            return planned
        given = {"fn": Value(found), "name": config.get("name"), "dtype": config.get("dtype")}
        return Plan(known.METRIC, cls, True, given)

    def _policy(self, config: dict[str, Any], where: str) -> Any:
        name = config.get("name")
        if not isinstance(name, str) or not name.replace("_", "").isalnum():
            self.problems.append(f"{where}: the dtype policy {name!r} is not one of this release")
            return None
        return name

    def _function(self, value: dict[str, Any], where: str, kind: str | None) -> Any:
        name, config = value["class_name"], value.get("config")
        if name == "function" and isinstance(config, str):
            custom = self.registry.custom(config) or self.registry.registered_as(config)
            if custom is not None:
                return Value(custom)
            if kind in (known.ACTIVATION, known.LOSS, known.METRIC):
                return self._named(config, where, kind)
            module = value.get("module")
            if self.trust and isinstance(module, str):
                return Value(trusted.imported(module, config))
            self.unsafe.append(
                f"{where}: the function {config!r} is neither registered nor in custom_objects"
            )
            return None
        if not self.trust:
            self.unsafe.append(f"{where}: holds the code of a lambda")
            return None
        return Value(trusted.code(config))

    def _arguments(
        self, name: str, cls: Any, config: dict[str, Any], where: str, kind: str, depth: int
    ) -> dict[str, Any]:
        """Translate a configuration to arguments of one of Keras's own classes."""
        if name == "Lambda":
            return self._lambda(config, where)
        ancestors = signatures.names_of(cls, name)
        accepted = signatures.accepted_by(cls)
        if kind == known.OPTIMIZER:
            ancestors = (*ancestors, "Optimizer")
        if name.startswith("LossScaleOptimizer"):
            accepted = signatures.loss_scaling()
        found: dict[str, Any] = {}
        if arguments.differs(name, config) and self.writer != activations.installed():
            self.arithmetic.append(f"{where}: {arguments.ACTIVITY}")
        for key, value in config.items():
            if key in _SIZES and self._is_absurd(value):
                self.unsafe.append(f"{where}.{key} = {_shown(value)}: larger than any tensor there")
            if key == "dtype" and any(one in arguments.WITHOUT_DTYPE for one in ancestors):
                continue
            target = signatures.synonym(key, ancestors, accepted)
            inner = f"{where}.{key}"
            if target is None:
                if value is not None and not signatures.is_neutral(key, value, ancestors):
                    self.problems.append(
                        f"{inner} = {_shown(value)}: {name} has no such argument here"
                    )
                continue
            if key in ("vocabulary", "idf_weights") and isinstance(value, str) and not self.trust:
                self.unsafe.append(f"{inner}: names a file to read, {value!r}")
                continue
            if key == "name" and value is None:
                continue  # a schedule of Keras 3 takes no None
            if key == "name" and not self._is_name(value, kind, inner):
                continue
            for ancestor in ancestors:
                value = arguments.FORMS.get(ancestor, {}).get(key, _same)(value)
            found[target] = self.plan(value, inner, kind_of_argument(key), depth + 1)
        return found

    def _is_absurd(self, size: Any) -> bool:
        return isinstance(size, int) and self.largest is not None and size > self.largest

    def _is_name(self, name: Any, kind: str, where: str) -> bool:
        if not isinstance(name, str):
            self.unsafe.append(f"{where}: a name is {name!r}")
            return False
        if kind == known.LAYER and "/" in name and _runtime.supports("keras3"):
            self.problems.append(f"{where}: Keras 3 takes no name with a slash, {name!r}")
            return False
        return True

    def _lambda(self, config: dict[str, Any], where: str) -> dict[str, Any]:
        """Plan a Lambda layer, whose function only the caller can give without code."""
        function = config.get("function")
        if isinstance(function, str):
            custom = self.registry.custom(function)
            if custom is None and self.trust and isinstance(config.get("module"), str):
                custom = trusted.imported(config["module"], function)
            planned: Any = Value(custom)
            if custom is None:
                self.unsafe.append(
                    f"{where}: the function {function!r} is neither registered nor in "
                    "custom_objects"
                )
        elif isinstance(function, dict):
            planned = self._function(function, f"{where}.function", None)
        elif self.trust:
            planned = Value(trusted.code(function))
        else:
            planned = None
            self.unsafe.append(f"{where}: holds the code of a lambda")
        found = {key: config[key] for key in ("name", "trainable", "arguments") if config.get(key)}
        found["function"] = planned
        if config.get("mask") is not None:
            self.problems.append(f"{where}.mask: is code or a function, which is not translated")
        shape = config.get("output_shape")
        if isinstance(shape, list) and config.get("output_shape_type", "raw") == "raw":
            found["output_shape"] = tuple(shape)
        elif shape is not None and not self.trust:
            self.unsafe.append(f"{where}.output_shape: holds code")
        return found

    def _model(self, found: Plan, config: dict[str, Any], where: str, depth: int) -> None:
        """Plan a Sequential or functional model."""
        found.arguments = {"name": config.get("name")}
        if found.arguments["name"] is not None:
            self._is_name(found.arguments["name"], known.LAYER, f"{where}.name")
        found.layers = []
        for number, layer in enumerate(config["layers"]):
            inside = f"{where}.layers[{number}]"
            if not isinstance(layer, dict):
                self.unsafe.append(f"{inside}: is no layer")
                continue
            if isinstance(layer.get("config"), dict):
                layer = {**layer, "config": {"name": layer.get("name"), **layer["config"]}}
            operation = operations.plan(layer, inside, self)
            if operation is not None:
                found.layers.append(operation)
            else:
                found.layers.append(self.plan(layer, inside, known.LAYER, depth + 1))

    def _custom_config(
        self, cls: Any, config: dict[str, Any], where: str, depth: int
    ) -> dict[str, Any]:
        """Plan the configuration of a class of the user's, which its own `from_config` takes."""
        ancestors = signatures.names_of(cls, cls.__name__)
        accepted = signatures.accepted_by(cls)
        found = {}
        for key, value in config.items():
            target = signatures.synonym(key, ancestors, accepted)
            if target is None and key in arguments.NEUTRAL and _is_base_argument(key):
                continue
            told = kind_of_argument(key)
            if isinstance(value, str):
                # What a string means only its class knows.
                planned = self._translated(value, told) if told in _NAMED else None
                found[target or key] = value if planned is None else planned
            else:
                found[target or key] = self.plan(value, f"{where}.{key}", told, depth + 1)
        return found


# Arguments that some variable has as one of its dimensions.
_SIZES = (
    "units", "filters", "input_dim", "output_dim", "num_heads", "key_dim", "value_dim",
    "depth_multiplier", "head_dim", "num_query_heads", "num_key_value_heads",
)  # fmt: skip


_MISSING = type("Missing", (), {})  # a class that another one stands for

_LITERALS: dict[str, Callable[[Any], Any]] = {
    "__ellipsis__": lambda _: Ellipsis,
    "__tensor__": lambda config: config["value"],
    "__numpy__": lambda config: config["value"],
    "__slice__": lambda config: slice(config.get("start"), config.get("stop"), config.get("step")),
}


def kind_of_argument(name: str) -> str | None:
    """Return which kind of object an argument of this name is, where the name tells."""
    return _KIND_OF_SUFFIX.get(name.rpartition("_")[2])


def _same(value: Any) -> Any:
    return value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 80 else text[:77] + "..."


def _is_own(cls: Any) -> bool:
    if cls is _MISSING:
        return True
    return any(keras.owns(cls) for keras in _kinds.kerases())


def _is_model(cls: Any) -> bool:
    return inspect.isclass(cls) and issubclass(cls, _runtime.keras().Model)


def _kind_of_class(cls: Any, told: str | None) -> str:
    keras = _kinds.kerases()[0]
    for kind, bases in (
        (known.LAYER, (keras.layer,)),
        (known.OPTIMIZER, keras.optimizers),
        (known.METRIC, (keras.metric,)),
        (known.SCHEDULE, (keras.schedule,)),
    ):
        if issubclass(cls, bases) and not (kind == known.LAYER and told == known.METRIC):
            return kind
    return told or known.LAYER


@functools.cache
def _is_known(kind: str, name: str) -> bool:
    """Tell whether Keras knows a name that stands for an object of a kind."""
    module = getattr(_runtime.keras(), known.place(kind))
    try:
        return module.get(name) is not None
    except (ValueError, TypeError, AttributeError, KeyError):
        return False


def _is_base_argument(key: str) -> bool:
    return key in ("batch_input_shape", "batch_shape", "dynamic", "autocast")
