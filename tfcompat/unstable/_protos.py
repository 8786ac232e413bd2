"""Where the protocol buffers of TensorFlow live.

TensorFlow installs them as Python modules and shows the messages of only a few (
`tf.compat.v1.GraphDef`, `tf.train.Example`); the rest has been the way into graphs, saved
models and profiles all the same.
"""

from __future__ import annotations

from tfcompat._lookup import Row

# Package -> the modules in it that every release has.
_EVERYWHERE = {
    "tensorflow.core.example": "example_parser_configuration_pb2 example_pb2 feature_pb2",
    "tensorflow.core.framework": """
        allocation_description_pb2 api_def_pb2 attr_value_pb2 cost_graph_pb2
        dataset_options_pb2 device_attributes_pb2 function_pb2 graph_pb2
        graph_transfer_info_pb2 kernel_def_pb2 log_memory_pb2 model_pb2 node_def_pb2 op_def_pb2
        reader_base_pb2 resource_handle_pb2 step_stats_pb2 summary_pb2 tensor_description_pb2
        tensor_pb2 tensor_shape_pb2 tensor_slice_pb2 types_pb2 variable_pb2 versions_pb2
    """,
    "tensorflow.core.debug": "debug_service_pb2 debugger_event_metadata_pb2",
    "tensorflow.core.grappler.costs": "op_performance_data_pb2",
    "tensorflow.core.profiler": """
        profile_pb2 profiler_options_pb2 tfprof_log_pb2 tfprof_options_pb2 tfprof_output_pb2
    """,
    "tensorflow.core.protobuf": """
        bfc_memory_map_pb2 cluster_pb2 config_pb2 control_flow_pb2 debug_event_pb2 debug_pb2
        device_filters_pb2 device_properties_pb2 error_codes_pb2 meta_graph_pb2
        named_tensor_pb2 queue_runner_pb2 remote_tensor_handle_pb2 rewriter_config_pb2
        saved_model_pb2 saved_object_graph_pb2 saver_pb2 service_config_pb2 snapshot_pb2
        struct_pb2 tensor_bundle_pb2 tensorflow_server_pb2 trackable_object_graph_pb2
        transport_options_pb2 verifier_config_pb2
    """,
    "tensorflow.core.protobuf.tpu": """
        compilation_result_pb2 dynamic_padding_pb2 optimization_parameters_pb2 topology_pb2
        tpu_embedding_configuration_pb2
    """,
    "tensorflow.core.util": """
        event_pb2 memmapped_file_system_pb2 saved_tensor_slice_pb2 test_log_pb2
    """,
    "tensorflow.compiler.tf2xla": "tf2xla_pb2",
    "tensorflow.compiler.xla": "xla_data_pb2",
    "tensorflow.compiler.xla.service": "hlo_pb2",
    "tensorflow.lite.toco": "toco_flags_pb2",
    "tensorflow.python.tpu": "tensor_tracer_pb2",
    "tensorflow.python.training": "checkpoint_state_pb2",
}

# Moved, or in some releases only.
_OTHERS = {
    "boosted_trees_pb2": Row(
        ("tensorflow.core.kernels.boosted_trees.boosted_trees_pb2",),
        "2.5-2.8",
        "TensorFlow Decision Forests",
    ),
    "composite_tensor_variant_pb2": Row(
        (
            "tensorflow.core.protobuf.composite_tensor_variant_pb2",
            "tensorflow.core.protobuf.extension_type_variant_pb2",
        ),
        note="extension_type_variant_pb2 in 2.5",
    ),
    "coordination_config_pb2": Row(
        (
            "tensorflow.core.protobuf.coordination_config_pb2",
            "tensorflow.tsl.protobuf.coordination_config_pb2",
            "tensorflow.compiler.xla.tsl.protobuf.coordination_config_pb2",
        ),
        "2.8-",
    ),
    "cpp_shape_inference_pb2": Row(
        (
            "tensorflow.core.framework.cpp_shape_inference_pb2",
            "tensorflow.python.framework.cpp_shape_inference_pb2",
        ),
    ),
    "data_service_pb2": Row(("tensorflow.core.protobuf.data_service_pb2",), "2.7-"),
    "dataset_metadata_pb2": Row(("tensorflow.core.framework.dataset_metadata_pb2",), "2.7-"),
    "dataset_pb2": Row(("tensorflow.core.framework.dataset_pb2",), "2.12-"),
    "distributed_runtime_payloads_pb2": Row(
        (
            "tensorflow.core.protobuf.distributed_runtime_payloads_pb2",
            "tensorflow.tsl.protobuf.distributed_runtime_payloads_pb2",
            "tensorflow.compiler.xla.tsl.protobuf.distributed_runtime_payloads_pb2",
        ),
        "2.8-",
    ),
    "fingerprint_pb2": Row(("tensorflow.core.protobuf.fingerprint_pb2",), "2.10-"),
    "full_type_pb2": Row(("tensorflow.core.framework.full_type_pb2",), "2.6-"),
    "function_type_pb2": Row(("tensorflow.core.function.polymorphism.function_type_pb2",), "2.12-"),
    "graph_debug_info_pb2": Row(
        (
            "tensorflow.core.framework.graph_debug_info_pb2",
            "tensorflow.core.protobuf.graph_debug_info_pb2",
        ),
    ),
    "histogram_pb2": Row(
        (
            "tensorflow.tsl.protobuf.histogram_pb2",
            "tensorflow.compiler.xla.tsl.protobuf.histogram_pb2",
        ),
        "2.11-",
        "tf.compat.v1.HistogramProto",
    ),
    "layout_pb2": Row(("tensorflow.dtensor.proto.layout_pb2",), "2.9-"),
    "model_flags_pb2": Row(
        (
            "tensorflow.lite.toco.model_flags_pb2",
            "tensorflow.compiler.mlir.lite.model_flags_pb2",
        ),
    ),
    "profiler_analysis_pb2": Row(
        (
            "tensorflow.core.profiler.profiler_analysis_pb2",
            "tensorflow.tsl.profiler.protobuf.profiler_analysis_pb2",
        ),
        "2.5-2.13",
        "the package tensorboard-plugin-profile",
    ),
    "profiler_service_pb2": Row(
        (
            "tensorflow.core.profiler.profiler_service_pb2",
            "tensorflow.tsl.profiler.protobuf.profiler_service_pb2",
        ),
        "2.5-2.13",
        "tf.profiler.experimental.client",
    ),
    "rpc_options_pb2": Row(
        (
            "tensorflow.core.protobuf.rpc_options_pb2",
            "tensorflow.tsl.protobuf.rpc_options_pb2",
        ),
        "2.12-",
    ),
    "serialization_pb2": Row(("tensorflow.core.function.trace_type.serialization_pb2",), "2.10-"),
    "sparse_core_layout_pb2": Row(("tensorflow.core.tpu.kernels.sparse_core_layout_pb2",), "2.16-"),
    "trace_events_pb2": Row(
        (
            "tensorflow.core.profiler.protobuf.trace_events_pb2",
            "tensorflow.tsl.profiler.protobuf.trace_events_pb2",
        ),
    ),
    "xplane_pb2": Row(
        (
            "tensorflow.core.profiler.protobuf.xplane_pb2",
            "tensorflow.tsl.profiler.protobuf.xplane_pb2",
        ),
    ),
}

TABLE = {
    module: Row((f"{package}.{module}",))
    for package, modules in _EVERYWHERE.items()
    for module in modules.split()
}
TABLE.update(_OTHERS)
