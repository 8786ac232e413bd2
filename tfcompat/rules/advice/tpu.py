"""`tensorflow.python.tpu`. Its modules are rows of `tfcompat.unstable`, see `internal`."""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, nothing

_ESTIMATOR = nothing(
    "Estimators went with TensorFlow 2.16; tf.distribute.TPUStrategy trains on TPUs."
)

ADVICE: dict[str, Advice] = {
    "tensorflow.python.tpu.tpu_config.*": _ESTIMATOR,
    "tensorflow.python.tpu.tpu_context.*": _ESTIMATOR,
    "tensorflow.python.tpu.tpu_estimator.*": _ESTIMATOR,
    "tensorflow.python.tpu._tpu_estimator_embedding.*": _ESTIMATOR,
}
