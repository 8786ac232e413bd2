"""Variables and losses as the layers of TensorFlow 1 made them."""

from __future__ import annotations

from collections.abc import Callable
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


def biased(
    outputs: Any,
    channels: int,
    variable: Callable[..., Any],
    initializer: Any,
    regularizer: Any,
    constraint: Any,
    layout: str = "NHWC",
) -> Any:
    """Add a vector to the channels, which `variable` makes; of zeros where nothing is said.

    Args:
        outputs: what to add it to.
        channels: how many there are.
        variable: `weight` with its options.
        initializer: zeros if None.
        regularizer: a function of the vector, or None.
        constraint: a function that projects the vector, or None.
        layout: has `C` last or not.
    """
    tf = _runtime.tensorflow()
    zeros = tf.compat.v1.zeros_initializer()
    bias = variable("bias", [channels], initializer or zeros, regularizer, constraint)
    return tf.nn.bias_add(outputs, bias, "N...C" if layout.endswith("C") else "NC...")


def finished(outputs: Any, activation: Any, regularizer: Any) -> Any:
    """Apply the activation, and add the loss of the regularizer to the collection."""
    v1 = _runtime.tensorflow().compat.v1
    if activation is not None:
        outputs = activation(outputs)
    if regularizer is not None:
        v1.add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, regularizer(outputs))
    return outputs
