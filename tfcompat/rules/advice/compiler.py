"""`tensorflow.compiler`, `tensorflow.python.compiler`, `tensorflow.tools`: XLA, TensorRT, MLIR."""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, nothing, replacement

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
_BESIDE = "The sharding is an operation of its own, where the original may mark the one before it."
for _module in (
    "tensorflow.python.compiler.xla.experimental.xla_sharding",
    "tensorflow.compiler.xla.experimental.xla_sharding.xla_sharding",
):
    ADVICE[f"{_module}.Sharding"] = replacement("XlaSharding", safe=False, reason=_BESIDE)
    for _name in (
        "assign_device",
        "auto_to_manual_spmd_partition",
        "copy_sharding",
        "get_op_sharding",
        "get_tensor_sharding",
        "manual_to_auto_spmd_partition",
        "mesh_split",
        "mesh_split_sharding",
        "partial_tile",
        "replicate",
        "split",
        "tile",
    ):
        ADVICE[f"{_module}.{_name}"] = replacement(f"xla_{_name}", safe=False, reason=_BESIDE)
for _name in ("dynamic_slice", "dynamic_update_slice", "recv", "replica_id", "send"):
    ADVICE[f"tensorflow.compiler.tf2xla.python.xla.{_name}"] = replacement(
        f"xla_{_name}",
        safe=False,
        reason="It is called within functions alone, which XLA compiles; the original can be "
        "called in eager mode where a device has it.",
    )
