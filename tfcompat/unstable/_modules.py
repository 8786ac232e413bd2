"""Where private modules and objects written in Python live."""

from __future__ import annotations

from tfcompat._lookup import Row

# Package -> the modules in it that every release has.
_EVERYWHERE = {
    "tensorflow.python.client": "device_lib session timeline",
    "tensorflow.python.compiler.tensorrt": "trt_convert",
    "tensorflow.python.data.ops": "dataset_ops iterator_ops",
    "tensorflow.python.debug.lib": "debug_data debug_events_monitors debug_events_reader",
    "tensorflow.python.distribute": """
        collective_all_reduce_strategy combinations cross_device_ops cross_device_utils
        device_util distribute_coordinator distribute_lib distribute_utils input_lib
        mirrored_run mirrored_strategy multi_process_runner multi_worker_test_base
        multi_worker_util numpy_dataset one_device_strategy parameter_server_strategy ps_values
        sharded_variable shared_variable_creator strategy_combinations tpu_strategy tpu_util
        tpu_values values values_util
    """,
    "tensorflow.python.distribute.coordinator": "cluster_coordinator",
    "tensorflow.python.eager": """
        backprop_util context execute executor lift_to_graph monitoring wrap_function
    """,
    "tensorflow.python.feature_column": "feature_column feature_column_v2",
    "tensorflow.python.framework": """
        auto_control_deps c_api_util constant_op convert_to_constants dtypes func_graph
        function_def_to_graph graph_to_function_def importer indexed_slices kernels meta_graph
        op_def_library op_def_registry ops tensor_util test_combinations test_util
    """,
    "tensorflow.python.grappler": "cluster item tf_optimizer",
    "tensorflow.python.ops": """
        array_ops bincount_ops clustering_ops collective_ops cond_v2 control_flow_ops
        control_flow_util control_flow_util_v2 custom_gradient data_flow_ops functional_ops
        gradients_impl gradients_util handle_data_util inplace_ops io_ops list_ops lookup_ops
        math_ops metrics_impl nccl_ops nn_ops op_selector random_ops resource_variable_ops
        resources rnn_cell rnn_cell_impl script_ops sparse_ops summary_op_util summary_ops_v2
        variable_scope variables while_v2
    """,
    "tensorflow.python.ops.numpy_ops": "np_arrays np_dtypes np_math_ops",
    "tensorflow.python.ops.ragged": "ragged_array_ops ragged_util",
    "tensorflow.python.platform": "build_info googletest tf_logging",
    "tensorflow.python.saved_model": """
        builder_impl function_deserialization function_serialization loader_impl
        nested_structure_coder revived_types save_context signature_serialization
    """,
    "tensorflow.python.summary.writer": "event_file_writer",
    "tensorflow.python.tools": """
        freeze_graph optimize_for_inference_lib saved_model_cli saved_model_utils
        strip_unused_lib
    """,
    "tensorflow.python.tpu": """
        device_assignment tensor_tracer topology tpu tpu_embedding_v2 tpu_embedding_v2_utils
        tpu_feed tpu_function tpu_name_util tpu_sharding tpu_strategy_util tpu_system_metadata
        training_loop
    """,
    "tensorflow.python.tpu.ops": "tpu_ops",
    "tensorflow.python.training": """
        basic_session_run_hooks checkpoint_utils device_setter monitored_session moving_averages
        saver slot_creator
    """,
    "tensorflow.python.training.saving": "saveable_object saveable_object_util",
    "tensorflow.python.util": """
        deprecation dispatch function_utils lazy_loader nest object_identity tf_decorator
        tf_export tf_inspect tf_should_use tf_stack
    """,
    "tensorflow.tools.docs": "doc_controls",
}

# Moved, in some releases only, or under a name of ours where upstream's says too little.
_OTHERS = {
    "EventsWriter": Row(
        (
            "tensorflow.python.client._pywrap_events_writer.EventsWriter",
            "tensorflow.python._pywrap_events_writer.EventsWriter",
        ),
    ),
    "TrackableWeightHandler": Row(
        (
            "keras.engine.base_layer_utils.TrackableWeightHandler",
            "keras.src.engine.base_layer_utils.TrackableWeightHandler",
            "tf_keras.src.engine.base_layer_utils.TrackableWeightHandler",
            "tensorflow.python.keras.engine.base_layer_utils.TrackableWeightHandler",
        ),
        note="a class of Keras 2",
    ),
    "autograph_api": Row(("tensorflow.python.autograph.impl.api",)),
    "autograph_context": Row(("tensorflow.python.autograph.core.ag_ctx",)),
    "checkpoint_management": Row(
        (
            "tensorflow.python.checkpoint.checkpoint_management",
            "tensorflow.python.training.checkpoint_management",
        ),
    ),
    "checkpoint_restore": Row(
        ("tensorflow.python.checkpoint.restore", "tensorflow.python.training.tracking.base"),
        note="holds CheckpointPosition",
    ),
    "composite_tensor_gradient": Row(
        ("tensorflow.python.framework.composite_tensor_gradient",), "2.9-"
    ),
    "coordinator_context": Row(
        ("tensorflow.python.distribute.coordinator.coordinator_context",), "2.7-"
    ),
    "data_convert": Row(("tensorflow.python.data.util.convert",)),
    "data_nest": Row(("tensorflow.python.data.util.nest",)),
    "data_random_seed": Row(("tensorflow.python.data.util.random_seed",)),
    "data_structure": Row(("tensorflow.python.data.util.structure",)),
    "data_structures": Row(
        (
            "tensorflow.python.trackable.data_structures",
            "tensorflow.python.training.tracking.data_structures",
        ),
        note="lists and dictionaries that TensorFlow tracks",
    ),
    "data_testing": Row(("tensorflow.python.data.experimental.ops.testing",)),
    "debug": Row(("tensorflow.python.debug",)),
    "debug_hooks": Row(("tensorflow.python.debug.wrappers.hooks",)),
    "decode_proto": Row(
        (
            "tensorflow.python.saved_model.nested_structure_coder.decode_proto",
            "tensorflow.python.saved_model.nested_structure_coder.StructureCoder().decode_proto",
        ),
        note="a method of StructureCoder up to 2.7",
    ),
    "distribute_summary_op_util": Row(("tensorflow.python.distribute.summary_op_util",)),
    "distributions_util": Row(("tensorflow.python.ops.distributions.util",)),
    "embedding_context_utils": Row(("tensorflow.python.tpu.embedding_context_utils",), "2.20-"),
    "encode_structure": Row(
        (
            "tensorflow.python.saved_model.nested_structure_coder.encode_structure",
            "tensorflow.python.saved_model.nested_structure_coder"
            ".StructureCoder().encode_structure",
        ),
        note="a method of StructureCoder up to 2.7",
    ),
    "enter_or_assert_strategy": Row(
        (
            "tensorflow.python.distribute.distribute_lib.enter_or_assert_strategy",
            "tensorflow.python.distribute.distribution_strategy_context.enter_or_assert_strategy",
        ),
    ),
    "flatbuffer_utils": Row(("tensorflow.lite.tools.flatbuffer_utils",), "2.7-"),
    "framework_combinations": Row(("tensorflow.python.framework.combinations",)),
    "framework_config": Row(("tensorflow.python.framework.config",)),
    "framework_function": Row(("tensorflow.python.framework.function",), note="holds Defun"),
    "framework_registry": Row(("tensorflow.python.framework.registry",)),
    "functional_saver": Row(
        (
            "tensorflow.python.checkpoint.functional_saver",
            "tensorflow.python.training.saving.functional_saver",
        ),
    ),
    "get_distributed_dataset": Row(
        (
            "tensorflow.python.distribute.input_util.get_distributed_dataset",
            "tensorflow.python.distribute.input_lib.get_distributed_dataset",
        ),
    ),
    "get_distributed_datasets_from_function": Row(
        (
            "tensorflow.python.distribute.input_util.get_distributed_datasets_from_function",
            "tensorflow.python.distribute.input_lib.get_distributed_datasets_from_function",
        ),
    ),
    "graph_view": Row(
        (
            "tensorflow.python.checkpoint.graph_view",
            "tensorflow.python.training.tracking.graph_view",
        ),
    ),
    "layers_utils": Row(("tensorflow.python.layers.utils",)),
    "lite_convert": Row(("tensorflow.lite.python.convert",)),
    "lite_interpreter": Row(("tensorflow.lite.python.interpreter",)),
    "lite_util": Row(("tensorflow.lite.python.util",)),
    "lite_visualize": Row(("tensorflow.lite.tools.visualize",)),
    "protobuf_compare": Row(("tensorflow.python.util.protobuf.compare",)),
    "optimizer_v1_var_key": Row(
        ("tensorflow.python.training.optimizer._var_key",),
        note="of the optimizers in tf.compat.v1.train",
    ),
    "optimizer_var_key": Row(
        ("tensorflow.python.keras.optimizer_v2.optimizer_v2._var_key",),
        note="of the optimizers of Keras 2",
    ),
    "pywrap_tfe": Row(("tensorflow.python.pywrap_tfe",)),
    "pywrap_util_port": Row(("tensorflow.python.util._pywrap_util_port",)),
    "record": Row(
        ("tensorflow.python.eager.record", "tensorflow.python.eager.tape"),
        note="tensorflow.python.eager.tape up to 2.12",
    ),
    "saved_model_load": Row(("tensorflow.python.saved_model.load",)),
    "saved_model_registration": Row(
        ("tensorflow.python.saved_model.registration",),
        "2.7-",
    ),
    "saved_model_save": Row(("tensorflow.python.saved_model.save",)),
    "strategy_supports_no_merge_call": Row(
        ("tensorflow.python.keras.optimizer_v2.utils.strategy_supports_no_merge_call",),
    ),
    "structured_function": Row(
        ("tensorflow.python.data.ops.structured_function",),
        "2.8-",
        "unstable.dataset_ops, which held it",
    ),
    "tf2xla": Row(("tensorflow.compiler.tf2xla.python.xla",)),
    "tpu_datasets": Row(("tensorflow.python.tpu.datasets",)),
    "tpu_embedding": Row(
        ("tensorflow.python.tpu.tpu_embedding",),
        "2.5-2.15",
        "tf.tpu.experimental.embedding.TPUEmbedding",
    ),
    "trackable_base": Row(
        ("tensorflow.python.trackable.base", "tensorflow.python.training.tracking.base"),
        note="below tensorflow.python.training.tracking up to 2.9",
    ),
    "trackable_resource": Row(
        (
            "tensorflow.python.trackable.resource",
            "tensorflow.python.training.tracking.resource",
            "tensorflow.python.training.tracking.tracking",
        ),
        note="tensorflow.python.training.tracking.tracking up to 2.7",
    ),
    "training_optimizer": Row(("tensorflow.python.training.optimizer",)),
    "training_ops": Row(("tensorflow.python.training.training_ops",), "2.5-2.15", "tf.raw_ops"),
    "util_serialization": Row(("tensorflow.python.util.serialization",)),
    "xla_sharding": Row(
        (
            "tensorflow.python.compiler.xla.experimental.xla_sharding",
            "tensorflow.compiler.xla.experimental.xla_sharding.xla_sharding",
        ),
        note="below tensorflow.compiler up to 2.10",
    ),
}

TABLE = {
    module: Row((f"{package}.{module}",))
    for package, modules in _EVERYWHERE.items()
    for module in modules.split()
}
TABLE.update(_OTHERS)
