"""Activations of one name that compute something else in the other Keras."""

from __future__ import annotations

from typing import Any

from tfcompat import _runtime

# Keras 2: a line of slope 0.2. Keras 3: of slope 1/6.
# https://keras.io/api/layers/activations/#hard_sigmoid-function
DIFFERENT = ("hard_sigmoid",)

# Another name of the same function in some releases.
ALIASES = {"silu": "swish", "swish": "silu", "hard_silu": "hard_swish", "hard_swish": "hard_silu"}


def hard_sigmoid_keras_2(inputs: Any) -> Any:
    """Return the `hard_sigmoid` of Keras 2: 0.2 * x + 0.5, between 0 and 1."""
    tf = _runtime.tensorflow()
    return tf.clip_by_value(0.2 * inputs + 0.5, 0.0, 1.0)


def hard_sigmoid_keras_3(inputs: Any) -> Any:
    """Return the `hard_sigmoid` of Keras 3: x / 6 + 0.5, between 0 and 1."""
    tf = _runtime.tensorflow()
    return tf.clip_by_value(inputs / 6.0 + 0.5, 0.0, 1.0)


# By the name under which they are registered, so that a model that has one can be saved again.
OWN = {
    "tfcompat>hard_sigmoid_keras_2": hard_sigmoid_keras_2,
    "tfcompat>hard_sigmoid_keras_3": hard_sigmoid_keras_3,
}


def foreign(name: str, writer: int) -> Any:
    """Return the function that an activation was for the writer, None where it is the same here.

    Args:
        name: of the activation.
        writer: the number of the Keras that wrote it, 2 or 3.
    """
    if name not in DIFFERENT or writer == installed():
        return None
    return registered(f"tfcompat>{name}_keras_{writer}")


def installed() -> int:
    """Return the number of the Keras that `tf.keras` is, 2 or 3."""
    return 3 if _runtime.runtime().era == _runtime.ERA_KERAS_3 else 2


def registered(name: str) -> Any:
    """Return one of the functions above under its registered name, registering it first."""
    function = OWN.get(name)
    keras = _runtime.keras()
    if function is not None and keras.utils.get_custom_objects().get(name) is None:
        keras.utils.register_keras_serializable("tfcompat")(function)
    return function
