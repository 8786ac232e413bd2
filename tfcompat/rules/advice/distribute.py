"""`tensorflow.python.distribute`: strategies and their values.

Modules that no public name replaces are rows of `tfcompat.unstable`, see `internal`. Here is
what moved between modules, what went, and what a public name serves.
"""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, nothing, public, replacement, unstable
from tfcompat.rules.advice.internal import GENERATE, STRATEGIES

_PACKAGE = "tensorflow.python.distribute"
_VALUES = f"{_PACKAGE}.values"

_DEVICE_MAPS = nothing("Device maps went with TensorFlow 2.2; values carry their devices.")
_ITERATOR = public(
    "tensorflow.distribute.DistributedIterator",
    safe=False,
    reason="It is the type of the iterators of strategies, for isinstance; the old class went "
    "in 2.8 and cannot be built by hand.",
)

ADVICE: dict[str, Advice] = {
    # Went with TensorFlow 2.14; the functions are those of tf.distribute.
    f"{_PACKAGE}.distribution_strategy_context.get_strategy": public(
        "tensorflow.distribute.get_strategy"
    ),
    f"{_PACKAGE}.distribution_strategy_context.get_replica_context": public(
        "tensorflow.distribute.get_replica_context"
    ),
    f"{_PACKAGE}.distribution_strategy_context.has_strategy": public(
        "tensorflow.distribute.has_strategy"
    ),
    f"{_PACKAGE}.distribution_strategy_context.in_cross_replica_context": public(
        "tensorflow.distribute.in_cross_replica_context"
    ),
    f"{_PACKAGE}.distribution_strategy_context.experimental_set_strategy": public(
        "tensorflow.distribute.experimental_set_strategy"
    ),
    f"{_PACKAGE}.distribution_strategy_context._get_default_replica_context": public(
        "tensorflow.distribute.get_replica_context",
        safe=False,
        reason="It is the default replica context outside of any strategy's scope only.",
    ),
    f"{_PACKAGE}.distribute_lib._get_default_replica_context": public(
        "tensorflow.distribute.get_replica_context",
        safe=False,
        reason="It is the default replica context outside of any strategy's scope only.",
    ),
    f"{_PACKAGE}.distribution_strategy_context._get_default_strategy": public(
        "tensorflow.distribute.get_strategy",
        safe=False,
        reason="It is the default strategy outside of any strategy's scope only.",
    ),
    f"{_PACKAGE}.distribute_lib.StrategyBase": public(
        "tensorflow.distribute.Strategy",
        safe=False,
        reason="tf.distribute.Strategy is a subclass, and not the base of the strategies of "
        "tf.compat.v1.",
    ),
    **{
        f"{_PACKAGE}.{module}.{name}": replacement(name.lstrip("_"))
        for module, names in {
            "cross_device_ops": "AllReduceCrossDeviceOps CollectiveAllReduce",
            "distribute_lib": "_DefaultDistributionStrategy",
            "input_lib": "DistributedDatasetsFromFunction MultiStepContext",
            "numpy_dataset": "SingleDevice",
            "ps_values": "AggregatingVariable",
            "sharded_variable": "ShardedVariable",
            "tpu_strategy": "_TPUReplicaContext",
            "tpu_values": "TPUDistributedVariable TPUMirroredVariable",
            "values": """
                AggregatingVariable DistributedVariable Mirrored MirroredVariable PerReplica
                SyncOnReadVariable TPUMirroredVariable
            """,
        }.items()
        for name in names.split()
    },
    f"{_PACKAGE}.distribute_utils.select_replica": replacement("select_replica"),
    f"{_VALUES}.select_replica": replacement("select_replica"),
    f"{_PACKAGE}.distribute_utils.is_distributed_variable": replacement("is_distributed_variable"),
    f"{_VALUES}.is_distributed_variable": replacement("is_distributed_variable"),
    **{
        f"{_PACKAGE}.cross_device_utils.{name}": replacement(name)
        for name in (
            "aggregate_tensors_or_indexed_slices",
            "copy_tensor_or_indexed_slices_to_device",
            "divide_by_n_tensors_or_indexed_slices",
            "split_by_sparsity",
            "stitch_values",
        )
    },
    f"{_PACKAGE}.cross_device_ops.check_destinations": replacement("check_destinations"),
    f"{_PACKAGE}.distribute_lib.require_replica_context": replacement("require_replica_context"),
    f"{_PACKAGE}.distribute_utils.validate_colocate_distributed_variable": replacement(
        "validate_colocate_distributed_variable"
    ),
    f"{_VALUES}.validate_colocate_distributed_variable": replacement(
        "validate_colocate_distributed_variable"
    ),
    f"{_PACKAGE}.distribute_lib.UpdateContext": unstable(
        "distribute_lib.UpdateContext",
        reason="tf.distribute.StrategyExtended.update enters it; no public name does so by itself.",
    ),
    f"{_PACKAGE}.values_util.is_saving_non_distributed": unstable(
        "values_util.is_saving_non_distributed",
        reason="No public name tells whether a model is being saved, and with which options.",
    ),
    f"{_PACKAGE}.cross_device_utils.CollectiveKeys": unstable(
        "cross_device_utils.CollectiveKeys",
        reason="When two groups have the same number differs between releases, and a wrong one "
        "leaves collective operations waiting for each other.",
    ),
    f"{_PACKAGE}.shared_variable_creator.make_fn": replacement("make_shared_variable_creator"),
    f"{_PACKAGE}.summary_op_util.skip_summary": replacement("skip_summary"),
    **{f"{_PACKAGE}.combinations.{name}": replacement(name) for name in ("combine", "times")},
    f"{_PACKAGE}.combinations.generate": GENERATE,
    f"{_PACKAGE}.combinations.NamedDistribution": replacement(
        "NamedDistribution",
        safe=False,
        reason="It takes no arguments for several workers.",
    ),
    **{f"{_PACKAGE}.strategy_combinations.{name}": STRATEGIES[name] for name in STRATEGIES},
    f"{_PACKAGE}.strategy_combinations.set_virtual_cpus_to_at_least": replacement(
        "set_virtual_cpus_to_at_least"
    ),
    f"{_PACKAGE}.multi_worker_util.normalize_cluster_spec": replacement("normalize_cluster_spec"),
    # values was split before 2.5.
    **{
        f"{_PACKAGE}.{module}.{name}": replacement(name)
        for module in ("distribute_utils", "values")
        for name in ("regroup", "update_regroup", "value_container")
    },
    f"{_VALUES}.create_mirrored_variable": unstable("distribute_utils.create_mirrored_variable"),
    f"{_PACKAGE}.values_util.get_current_replica_id_as_int": replacement(
        "get_current_replica_id_as_int"
    ),
    f"{_PACKAGE}.numpy_dataset.one_host_numpy_dataset": replacement("one_host_numpy_dataset"),
    f"{_PACKAGE}.distribute_lib.distribution_strategy_gauge": replacement(
        "distribution_strategy_gauge",
        safe=False,
        reason="What TensorFlow sets when it makes a strategy is not in it.",
    ),
    f"{_VALUES}.select_device_mirrored": replacement(
        "select_replica",
        safe=False,
        reason="select_replica takes the number of the replica instead of a device.",
    ),
    f"{_VALUES}.ReplicaDeviceMap": _DEVICE_MAPS,
    f"{_VALUES}.SingleDeviceMap": _DEVICE_MAPS,
    f"{_VALUES}.WorkerDeviceMap": _DEVICE_MAPS,
    f"{_VALUES}.LogicalDeviceSpec": _DEVICE_MAPS,
    # choose_the_best became select_cross_device_ops before 2.5.
    **{
        f"{_PACKAGE}.cross_device_ops.{name}": replacement(
            "select_cross_device_ops",
            safe=False,
            reason="It takes every build to have the kernels of NCCL.",
        )
        for name in ("choose_the_best", "select_cross_device_ops")
    },
    f"{_PACKAGE}.cross_device_utils.build_collective_gather": nothing(
        "Gathering went into CollectiveReplicaLauncher.all_gather before 2.5; "
        "tf.distribute.ReplicaContext.all_gather is the public way."
    ),
    f"{_PACKAGE}.input_lib.DatasetIterator": _ITERATOR,
    f"{_PACKAGE}.input_lib.InputFunctionIterator": _ITERATOR,
    f"{_PACKAGE}.input_lib.DistributedIterator": _ITERATOR,
    f"{_PACKAGE}.input_lib.DistributedDataset": public(
        "tensorflow.distribute.DistributedDataset",
        safe=False,
        reason="The public class is the abstract base, for isinstance.",
    ),
}
