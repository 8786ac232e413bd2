"""Classes: other names, and classes that say the same with other arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Another name of the same class in some releases.
ALIASES: dict[str, tuple[str, ...]] = {
    # Keras 1 and standalone Keras.
    "Model": ("Functional",),
    # Lower case and older names of initializers, as standalone Keras wrote them.
    "Zeros": ("ZerosInitializer",),
    "Ones": ("OnesInitializer",),
    "Orthogonal": ("OrthogonalInitializer",),
    "Identity": ("IdentityInitializer",),
    # Keras 3.0 writes these two so.
    "OrthogonalInitializer": ("Orthogonal",),
    "IdentityInitializer": ("Identity",),
    "LossScaleOptimizerV3": ("LossScaleOptimizer",),
    "BatchNormalizationV1": ("BatchNormalization",),
    "BatchNormalizationV2": ("BatchNormalization",),
}

Rewrite = Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]


def _thresholded(config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    config = dict(config)
    return "ReLU", {**config, "threshold": config.pop("theta", 1.0)}


def _synchronized(config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "BatchNormalization", {**config, "synchronized": True}


# Classes that a release may lack, in the words of one that it has: the same function of the
# same weights.
REWRITES: dict[str, Rewrite] = {
    # Gone in Keras 3: https://keras.io/api/layers/activation_layers/
    "ThresholdedReLU": _thresholded,
    # `synchronized=True` from 2.12 on: its release notes.
    "SyncBatchNormalization": _synchronized,
}

# Layers that load code or files that a configuration names. None of them is made unless the
# file is trusted.
UNSAFE = {
    "TFSMLayer": "loads a SavedModel from a path that the file names",
    "JaxLayer": "holds code",
    "FlaxLayer": "holds code",
    "TorchModuleWrapper": "holds a pickle",
}

# Metrics that Keras 2 writes for the names that were given to `compile`.
WRAPPERS = ("MeanMetricWrapper", "SumOverBatchSizeMetricWrapper")
