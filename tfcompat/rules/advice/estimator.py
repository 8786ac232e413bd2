"""Estimators, which are no part of TensorFlow from 2.16 on.

https://github.com/tensorflow/tensorflow/releases/tag/v2.16.1
"""

from __future__ import annotations

from tfcompat.replacements import estimators
from tfcompat.rules.advice._kinds import Advice, nothing, replacement

_GONE = nothing(
    "Estimators went with TensorFlow 2.16, and the package tensorflow_estimator with them; "
    "tf.keras, or a training loop of one's own, replaces them."
)

_PACKAGE = "tensorflow_estimator.python.estimator"
_MODE_KEYS = (
    "tensorflow.estimator.ModeKeys",
    "tensorflow.compat.v1.estimator.ModeKeys",
    "tensorflow.python.estimator.model_fn.ModeKeys",
    "tensorflow.python.saved_model.model_utils.mode_keys.EstimatorModeKeys",
)
# The package is in no table of names, so the constants of its classes are written out.
_KEYS = {
    f"{_PACKAGE}.mode_keys.ModeKeys": estimators.ModeKeys,
    f"{_PACKAGE}.model_fn.ModeKeys": estimators.ModeKeys,
    f"{_PACKAGE}.canned.prediction_keys.PredictionKeys": estimators.PredictionKeys,
    f"{_PACKAGE}.canned.metric_keys.MetricKeys": estimators.MetricKeys,
}

ADVICE: dict[str, Advice] = {
    "tensorflow_estimator.*": _GONE,
    "tensorflow.estimator.*": _GONE,
    "tensorflow.compat.v1.estimator.*": _GONE,
    "tensorflow.python.estimator.*": _GONE,
    "tensorflow.python.distribute.estimator_training.*": _GONE,
    f"{_PACKAGE}.estimator_export.estimator_export": replacement("tf_export"),
    "tensorflow.python.util.tf_export.estimator_export": replacement("tf_export"),
    **{path: replacement("ModeKeys") for path in _MODE_KEYS},
    **{path: replacement(keys.__name__) for path, keys in _KEYS.items()},
    **{
        f"{path}.{name}": replacement(f"{keys.__name__}.{name}")
        for path, keys in _KEYS.items()
        for name in vars(keys)
        if name.isupper()
    },
    "tensorflow.contrib.*": nothing("tf.contrib is of TensorFlow 1 and has no successor."),
}
