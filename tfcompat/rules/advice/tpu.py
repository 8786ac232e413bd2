"""`tensorflow.python.tpu`. Its modules are rows of `tfcompat.unstable`, see `internal`."""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, Call, nothing, public, replacement

_ESTIMATOR = nothing(
    "Estimators went with TensorFlow 2.16; tf.distribute.TPUStrategy trains on TPUs."
)

# What the successors take as well; a call with more than that is left to its author.
_EMBEDDING_CALLS = {
    "FeatureConfig": Call(
        parameters=("table_id", "max_sequence_length", "weight_key"),
        refuse=("table_id", "weight_key"),
    ),
    "TableConfig": Call(
        parameters=(
            "vocabulary_size",
            "dimension",
            "initializer",
            "combiner",
            "hot_id_replication",
            "learning_rate",
            "learning_rate_fn",
            "optimization_parameters",
        ),
        rename={"dimension": "dim"},
        refuse=(
            "hot_id_replication",
            "learning_rate",
            "learning_rate_fn",
            "optimization_parameters",
        ),
    ),
    "TPUEmbedding": Call(parameters=("table_to_config_dict",), refuse=("table_to_config_dict",)),
}

ADVICE: dict[str, Advice] = {
    **{
        f"tensorflow.python.tpu.tpu_embedding.{name}": public(
            f"tensorflow.tpu.experimental.embedding.{name}",
            call=call,
            safe=False,
            reason="The class of tf.estimator's time went in 2.16; the one of the same name that "
            "took its place, for tf.distribute.TPUStrategy, has other arguments.",
        )
        for name, call in _EMBEDDING_CALLS.items()
    },
    # A mode is a number of an enum; the module went in 2.16.
    **{
        f"tensorflow.python.tpu.tpu_embedding.{name}": replacement(
            f"protos.tpu_embedding_configuration_pb2.TPUEmbeddingConfiguration.{name}"
        )
        for name in ("INFERENCE", "TRAINING")
    },
    "tensorflow.python.tpu.tpu_embedding_v2_utils._Optimizer": replacement("TpuEmbeddingOptimizer"),
    "tensorflow.python.tpu.tpu_function.get_tpu_context": replacement(
        "get_tpu_context",
        safe=False,
        reason="It is read from the graph of tf.compat.v1.tpu.replicate, and so of TPUStrategy; "
        "what code sets by tpu_shard_context is not seen.",
    ),
    "tensorflow.python.tpu.ops.tpu_ops.all_to_all": replacement(
        "all_to_all",
        safe=False,
        reason="By default it takes the replicas of the TPU computation that is being built, and "
        "not those that code sets by tpu_shard_context.",
    ),
    "tensorflow.python.tpu.ops.tpu_ops.collective_permute": replacement("collective_permute"),
    "tensorflow.python.tpu.tpu_feed.InfeedQueue": replacement(
        "InfeedQueue",
        safe=False,
        reason="It has no sharding_policies and takes no partitions, and does not check which "
        "dtypes a TPU takes.",
    ),
    "tensorflow.python.tpu.tpu.split_compile_and_shard": replacement("split_compile_and_shard"),
    "tensorflow.python.tpu.tpu_function.on_device_training_loop": replacement(
        "on_device_training_loop"
    ),
    **{
        f"tensorflow.python.tpu.training_loop.{name}": replacement(
            f"tpu_{name}",
            safe=False,
            reason="It does not trace tensors, which the original does where the environment "
            "variable TENSOR_TRACER_FLAGS says so.",
        )
        for name in ("repeat", "while_loop")
    },
    "tensorflow.python.tpu.device_assignment.device_assignment": public(
        "tensorflow.tpu.experimental.DeviceAssignment.build",
        call=Call(
            parameters=(
                "topology",
                "computation_shape",
                "computation_stride",
                "num_replicas",
                "device_order_mode",
            ),
            refuse=("device_order_mode",),
        ),
        safe=False,
        reason="No machine without TPUs compares the two.",
    ),
    "tensorflow.python.tpu.tpu_config.*": _ESTIMATOR,
    "tensorflow.python.tpu.tpu_context.*": _ESTIMATOR,
    "tensorflow.python.tpu.tpu_estimator.*": _ESTIMATOR,
    "tensorflow.python.tpu._tpu_estimator_embedding.*": _ESTIMATOR,
}
