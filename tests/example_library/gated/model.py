"""The model."""

from __future__ import annotations

from typing import Any

import tfcompat as tfc
from gated.layer import GatedDense


def build_model(features: int, units: int = 8) -> Any:
    """Return a model of two layers with one output, built.

    Args:
        features: the number of inputs.
        units: the number of hidden units.
    """
    keras = tfc.keras
    inputs = keras.Input((features,))
    hidden = GatedDense(units, name="hidden")(inputs)
    return keras.Model(inputs, keras.layers.Dense(1, name="head")(hidden))
