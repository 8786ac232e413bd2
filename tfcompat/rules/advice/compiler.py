"""`tensorflow.compiler`, `tensorflow.python.compiler`, `tensorflow.tools`: XLA, TensorRT, MLIR."""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, nothing

_TENSORRT = "TensorFlow 2.18 was the first release without TensorRT; use the package tensorrt."

ADVICE: dict[str, Advice] = {
    # Since TensorFlow 2.0 there is no Graph Transform Tool:
    # https://github.com/tensorflow/tensorflow/releases/tag/v2.0.0
    "tensorflow.tools.graph_transforms.*": nothing(
        "The Graph Transform Tool is of TensorFlow 1; freezing a function to constants, "
        "tf.config.optimizer and the converter of TensorFlow Lite do what it did."
    ),
    "tensorflow.python.compiler.tensorrt.trt.*": nothing(_TENSORRT),
}
