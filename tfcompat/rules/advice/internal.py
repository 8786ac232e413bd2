"""`tf.__internal__`: private names that TensorFlow shows to Keras and its like.

Advice for where each is defined holds for them as well. Here are those that libraries use.
"""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, facade, nothing, replacement, unstable

STRUCTURES = (
    "Of the specs of types it knows those of dense, sparse and ragged tensors; "
    "tfcompat.unstable has the original, which knows all."
)

GENERATE = replacement(
    "generate_distributed",
    safe=False,
    reason="It runs no tests of several workers, which the original starts as processes.",
)
# Strategies to test with, each made by its public class.
STRATEGIES = {
    name: replacement(
        name,
        safe=False,
        reason="The original also parts devices, and tells collective operations of one strategy "
        "from those of the next.",
    )
    for name in (
        "cloud_tpu_strategy",
        "default_strategy",
        "mirrored_strategy_with_gpu_and_cpu",
        "mirrored_strategy_with_one_cpu",
        "mirrored_strategy_with_one_gpu",
        "mirrored_strategy_with_two_gpus",
        "one_device_strategy",
        "one_device_strategy_gpu",
    )
}

_INTERNAL = "tensorflow.__internal__"

ADVICE: dict[str, Advice] = {
    f"{_INTERNAL}.CompositeTensor": replacement("CompositeTensor"),
    f"{_INTERNAL}.EagerTensor": replacement("EagerTensor"),
    f"{_INTERNAL}.FuncGraph": replacement("FuncGraph"),
    f"{_INTERNAL}.autograph.control_status_ctx": unstable("autograph_context.control_status_ctx"),
    f"{_INTERNAL}.autograph.tf_convert": unstable("autograph_api.tf_convert"),
    f"{_INTERNAL}.decorator.unwrap": replacement(
        "unwrap",
        safe=False,
        reason="The decorators that it returns first are callables, not descriptions of them.",
    ),
    f"{_INTERNAL}.distribute.combinations.generate": GENERATE,
    f"{_INTERNAL}.monitoring.BoolGauge": replacement("BoolGauge"),
    f"{_INTERNAL}.ops.broadcast_weights": replacement("broadcast_weights"),
    f"{_INTERNAL}.ops.is_resource_variable": replacement("is_resource_variable"),
    f"{_INTERNAL}.saved_model.StructureCoder": replacement(
        "StructureCoder", safe=False, reason=STRUCTURES
    ),
    f"{_INTERNAL}.saved_model.decode_proto": replacement(
        "decode_proto", safe=False, reason=STRUCTURES
    ),
    f"{_INTERNAL}.saved_model.encode_structure": replacement(
        "encode_structure", safe=False, reason=STRUCTURES
    ),
    f"{_INTERNAL}.saved_model.parse_saved_model": replacement("parse_saved_model"),
    f"{_INTERNAL}.smart_cond.smart_cond": replacement("smart_cond"),
    f"{_INTERNAL}.test.combinations.combine": replacement("combine"),
    f"{_INTERNAL}.test.combinations.generate": replacement("generate"),
    f"{_INTERNAL}.test.combinations.times": replacement("times"),
    f"{_INTERNAL}.tf2.enabled": replacement(
        "tf2_enabled",
        safe=False,
        reason="It follows tf.compat.v1.disable_control_flow_v2 as well, where that is called.",
    ),
    f"{_INTERNAL}.tracking.AutoTrackable": facade("AutoTrackable"),
    f"{_INTERNAL}.tracking.Trackable": facade("Trackable"),
    f"{_INTERNAL}.tracking.no_automatic_dependency_tracking": facade("untracked_attributes"),
    f"{_INTERNAL}.train.assign_moving_average": replacement("assign_moving_average"),
    f"{_INTERNAL}.types.Tensor": replacement("CoreTensor"),
    "tensorflow.keras.__internal__.optimizers.convert_to_legacy_optimizer": nothing(
        "It exists in 2.11 to 2.15 and in tf_keras only, as legacy optimizers do; "
        "tfcompat.names.legacy_optimizers are the optimizers that have get_slot."
    ),
}
# What is the same object under the same name in a module of tfcompat.unstable.
_SAME = {
    "dispatch": (
        "dispatch",
        "GlobalOpDispatcher OpDispatcher add_dispatch_support dispatch_for_types",
    ),
}
# The other strategies for tests. Those of parameter servers came with 2.6.
_STRATEGIES = """
    central_storage_strategy_with_gpu_and_cpu central_storage_strategy_with_two_gpus
    mirrored_strategy_with_cpu_1_and_2 multi_worker_mirrored_2x1_cpu
    multi_worker_mirrored_2x1_gpu multi_worker_mirrored_2x2_gpu
    parameter_server_strategy_1worker_2ps_1gpu parameter_server_strategy_1worker_2ps_cpu
    parameter_server_strategy_3worker_2ps_1gpu parameter_server_strategy_3worker_2ps_cpu
    tpu_strategy tpu_strategy_one_core tpu_strategy_packed_var
"""
for _module in ("combinations", "strategy_combinations"):
    _SAME[f"distribute.{_module}"] = ("strategy_combinations", _STRATEGIES)
for _module, (_row, _names) in _SAME.items():
    for _name in _names.split():
        ADVICE[f"{_INTERNAL}.{_module}.{_name}"] = unstable(f"{_row}.{_name}")
for _name, _advice in STRATEGIES.items():
    ADVICE[f"{_INTERNAL}.distribute.combinations.{_name}"] = _advice
    ADVICE[f"{_INTERNAL}.distribute.strategy_combinations.{_name}"] = _advice
