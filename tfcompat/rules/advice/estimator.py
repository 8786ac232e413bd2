"""Estimators, which are no part of TensorFlow from 2.16 on.

https://github.com/tensorflow/tensorflow/releases/tag/v2.16.1
"""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, nothing

_GONE = nothing(
    "Estimators went with TensorFlow 2.16, and the package tensorflow_estimator with them; "
    "tf.keras, or a training loop of one's own, replaces them."
)

ADVICE: dict[str, Advice] = {
    "tensorflow_estimator.*": _GONE,
    "tensorflow.estimator.*": _GONE,
    "tensorflow.compat.v1.estimator.*": _GONE,
    "tensorflow.python.estimator.*": _GONE,
    "tensorflow.python.distribute.estimator_training.*": _GONE,
    "tensorflow.contrib.*": nothing("tf.contrib is of TensorFlow 1 and has no successor."),
}
