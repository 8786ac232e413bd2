"""What computes otherwise in another era although every variable is the same.

A restore across such a border warns, so that nobody looks for the difference in the state.
"""

from __future__ import annotations

from typing import Any

from tfcompat.state.optimizers import KERAS_2, KERAS_3, OPTIMIZER_V2

# Optimizers whose arithmetic differs between families, with what differs.
_OPTIMIZERS: dict[str, tuple[str, dict[str, str]]] = {
    "Nadam": (
        "its momentum schedule is computed otherwise",
        {OPTIMIZER_V2: "v2", KERAS_2: "keras2", KERAS_3: "keras3"},
    ),
    # Two steps with a gradient of 1e-4 differ by a factor of nine, with one of 1e-2 by 0.4%.
    "RMSprop": (
        "epsilon is added outside the square root up to TensorFlow 2.10 and inside from 2.11",
        {OPTIMIZER_V2: "outside", KERAS_2: "inside", KERAS_3: "inside"},
    ),
}

NORMALIZATION = "batch_normalization"


def describe_layer(layer: Any) -> dict[str, Any] | None:
    """Return what a manifest says of a layer whose arithmetic depends on the era, or None.

    For inputs of rank 4 Keras 2 uses a fused kernel, which tracks the unbiased variance of a
    batch; Keras 3 tracks the biased one, as both do for other ranks.
    """
    if "BatchNormalization" not in [cls.__name__ for cls in type(layer).__mro__]:
        return None
    if getattr(layer.input_spec, "ndim", None) != 4:
        return None
    variance = "unbiased" if getattr(layer, "fused", False) else "biased"
    return {"type": NORMALIZATION, "variance": variance}


def difference(saved: dict[str, Any], live: dict[str, Any]) -> str | None:
    """Return in words what two objects of one kind compute otherwise, or None."""
    if saved["type"] != live["type"]:
        return None
    if live["type"] == NORMALIZATION:
        if saved["variance"] == live["variance"]:
            return None
        return (
            "BatchNormalization of images tracks the variance otherwise (Keras 2 the unbiased "
            "one, Keras 3 the biased one of each batch)"
        )
    text, families = _OPTIMIZERS.get(live.get("class", ""), ("", {}))
    if families.get(saved.get("family", "")) == families.get(live.get("family", "")):
        return None
    return f"{live['class']} computes another step: {text}"
