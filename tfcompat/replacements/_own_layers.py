"""Layers that some release of Keras has, and elsewhere a class of tfcompat's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfcompat.layers import KerasType


def own(keras: Any, name: str, made: type) -> type:
    """Give a class of our own its name, and register it with a Keras."""
    made.__name__ = made.__qualname__ = name
    registered = keras.module.utils.register_keras_serializable("tfcompat", name)
    return registered(made)  # type: ignore[no-any-return]


def layer_type(name: str, make: Callable[[Any, str], type]) -> KerasType:
    """Return the type of Keras's layer, or of one of our own.

    Args:
        name: of the layer.
        make: makes the class of that name for a Keras that has none.
    """
    return KerasType(
        name, lambda keras: (getattr(keras.module.layers, name, None) or make(keras, name),)
    )


def kinds(keras: Any, argument: str) -> Any:
    """Return the module of Keras that serializes what an argument takes."""
    return getattr(keras.module, argument.rpartition("_")[2] + "s")
