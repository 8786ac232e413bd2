"""What the constructors of this release's classes take, and what of a file that leaves out."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from tfcompat import _runtime
from tfcompat.models.translate import arguments


def names_of(cls: Any, name: str) -> tuple[str, ...]:
    """Return the names of a class and of the classes that it derives from."""
    return tuple(dict.fromkeys((name, *(one.__name__ for one in cls.__mro__[:-1]))))


@functools.cache
def accepted_by(cls: Any) -> frozenset[str]:
    """Return the arguments that the constructor of a class takes, also by `**kwargs`."""
    found: set[str] = set()
    for one in cls.__mro__[:-1]:
        if "__init__" not in vars(one):
            continue
        try:
            parameters = inspect.signature(one.__init__).parameters.values()
        except (TypeError, ValueError):
            continue
        found.update(
            p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        )
        if all(p.kind != p.VAR_KEYWORD for p in parameters):
            break
    found.discard("self")
    if not _runtime.supports("keras3"):
        for name in names_of(cls, cls.__name__):
            # The base class of optimizers is `OptimizerV2` up to 2.10.
            found.update(arguments.HIDDEN.get("Optimizer" if "Optimizer" in name else name, ()))
    if issubclass(cls, _runtime.keras().layers.Layer):
        found.update(("name", "trainable", "dtype", "activity_regularizer"))
    return frozenset(found)


def synonym(key: str, ancestors: tuple[str, ...], accepted: frozenset[str]) -> str | None:
    """Return the name under which a class takes an argument, or None."""
    for ancestor in ancestors:
        for names in arguments.SYNONYMS.get(ancestor, ()):
            if key in names:
                return next((name for name in names if name in accepted), None)
    return key if key in accepted else None


def is_neutral(key: str, value: Any, ancestors: tuple[str, ...]) -> bool:
    """Tell whether an argument with this value changes nothing where a class does not take it."""
    tables = [arguments.NEUTRAL_OF.get(name, {}) for name in ancestors]
    for table in (*tables, arguments.NEUTRAL):
        for neutral in table.get(key, ()):
            if neutral is arguments.ANY or (type(neutral) is type(value) and neutral == value):
                return True
            if isinstance(neutral, float) and isinstance(value, int) and neutral == value:
                return True
    return False


def loss_scaling() -> frozenset[str]:
    """Return the arguments of the wrapper for loss scaling, whose class shows none in 2.11."""
    common = ("inner_optimizer", "initial_scale", "dynamic_growth_steps")
    return frozenset(common if _runtime.supports("keras3") else (*common, "dynamic"))
