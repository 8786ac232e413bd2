"""`tensorflow.core`: protocol buffers.

The messages that TensorFlow shows, such as `tf.compat.v1.GraphDef`, are the same objects and
need no advice. What importing TensorFlow registers is in `tfcompat.replacements.protos`; the
other modules are rows of `tfcompat.unstable`.
"""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, nothing, public, replacement

_TYPES = "tensorflow.core.framework.types_pb2"

# The number of each dtype is public as `DType.as_datatype_enum`.
_DTYPES = {
    "DT_FLOAT": "float32",
    "DT_DOUBLE": "float64",
    "DT_HALF": "float16",
    "DT_BFLOAT16": "bfloat16",
    "DT_INT8": "int8",
    "DT_INT16": "int16",
    "DT_INT32": "int32",
    "DT_INT64": "int64",
    "DT_UINT8": "uint8",
    "DT_UINT16": "uint16",
    "DT_UINT32": "uint32",
    "DT_UINT64": "uint64",
    "DT_QINT8": "qint8",
    "DT_QINT16": "qint16",
    "DT_QINT32": "qint32",
    "DT_QUINT8": "quint8",
    "DT_QUINT16": "quint16",
    "DT_COMPLEX64": "complex64",
    "DT_COMPLEX128": "complex128",
    "DT_BOOL": "bool",
    "DT_STRING": "string",
    "DT_RESOURCE": "resource",
    "DT_VARIANT": "variant",
}

# Module of `tfcompat.replacements.protos` -> its private paths.
MODULES: dict[str, tuple[str, ...]] = {
    name: (f"{package}.{name}",)
    for package, names in {
        "tensorflow.core.example": "example_pb2 feature_pb2",
        "tensorflow.core.framework": """
            allocation_description_pb2 api_def_pb2 attr_value_pb2 cost_graph_pb2
            dataset_options_pb2 device_attributes_pb2 function_pb2 graph_pb2 kernel_def_pb2
            node_def_pb2 op_def_pb2 resource_handle_pb2 step_stats_pb2 summary_pb2
            tensor_description_pb2 tensor_pb2 tensor_shape_pb2 types_pb2 variable_pb2 versions_pb2
        """,
        "tensorflow.core.grappler.costs": "op_performance_data_pb2",
        "tensorflow.core.profiler": "tfprof_log_pb2 tfprof_options_pb2 tfprof_output_pb2",
        "tensorflow.core.protobuf": """
            cluster_pb2 config_pb2 control_flow_pb2 debug_event_pb2 debug_pb2 device_filters_pb2
            device_properties_pb2 meta_graph_pb2 queue_runner_pb2 rewriter_config_pb2
            saved_model_pb2 saved_object_graph_pb2 saver_pb2 service_config_pb2 struct_pb2
            tensorflow_server_pb2 trackable_object_graph_pb2 verifier_config_pb2
        """,
        "tensorflow.core.protobuf.tpu": """
            dynamic_padding_pb2 optimization_parameters_pb2 topology_pb2
            tpu_embedding_configuration_pb2
        """,
        "tensorflow.core.util": "event_pb2 test_log_pb2",
        "tensorflow.compiler.xla": "xla_data_pb2",
        "tensorflow.compiler.xla.service": "hlo_pb2",
        "tensorflow.python.tpu": "tensor_tracer_pb2",
        "tensorflow.python.training": "checkpoint_state_pb2",
    }.items()
    for name in names.split()
}
MODULES["error_codes_pb2"] = (
    "tensorflow.core.protobuf.error_codes_pb2",
    "tensorflow.tsl.protobuf.error_codes_pb2",
)
MODULES["graph_debug_info_pb2"] = (
    "tensorflow.core.framework.graph_debug_info_pb2",
    "tensorflow.core.protobuf.graph_debug_info_pb2",
)
MODULES["model_flags_pb2"] = (
    "tensorflow.lite.toco.model_flags_pb2",
    "tensorflow.compiler.mlir.lite.model_flags_pb2",
)

ADVICE: dict[str, Advice] = {
    f"{_TYPES}.{name}": public(f"tensorflow.{dtype}.as_datatype_enum")
    for name, dtype in _DTYPES.items()
}
for _name, _paths in MODULES.items():
    for _path in _paths:
        ADVICE[f"{_path}.*"] = replacement(f"protos.{_name}")
_IMPORTED = "tensorflow_dot_core_dot_framework_dot_tensor__shape__pb2"
ADVICE[f"tensorflow.core.framework.attr_value_pb2.{_IMPORTED}"] = replacement(
    "protos.tensor_shape_pb2"
)
ADVICE["tensorflow.core.protobuf.error_codes_pb2._CODE"] = nothing(
    "The Python protocol buffers of today have no such global; "
    "tfcompat.replacements.protos.error_codes_pb2.Code.DESCRIPTOR is the enum's descriptor."
)
ADVICE["tensorflow.tsl.protobuf.error_codes_pb2._CODE"] = ADVICE[
    "tensorflow.core.protobuf.error_codes_pb2._CODE"
]
