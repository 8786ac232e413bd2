"""Variables and losses as the layers of TensorFlow 1 made them."""

from __future__ import annotations

from typing import Any

from tfcompat import _runtime


def weight(
    name: str,
    shape: list[int],
    initializer: Any,
    regularizer: Any,
    constraint: Any,
    **options: Any,
) -> Any:
    """Make a variable of the variable scope, or find it there."""
    return _runtime.tensorflow().compat.v1.get_variable(
        name,
        shape,
        initializer=initializer,
        regularizer=regularizer,
        constraint=constraint,
        **options,
    )


def finished(outputs: Any, activation: Any, regularizer: Any) -> Any:
    """Apply the activation, and add the loss of the regularizer to the collection."""
    v1 = _runtime.tensorflow().compat.v1
    if activation is not None:
        outputs = activation(outputs)
    if regularizer is not None:
        v1.add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, regularizer(outputs))
    return outputs
