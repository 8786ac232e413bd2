"""`tensorflow.python.framework`, `platform` and what builds on them: names without a twin."""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, Call, nothing, public, replacement

_FRAMEWORK = "tensorflow.python.framework"
_OPS = f"{_FRAMEWORK}.ops"
_PLATFORM = "tensorflow.python.platform"

# tf.convert_to_tensor takes dtype_hint as the third argument, where these take the name.
_CONVERT = Call(
    parameters=(
        "value",
        "dtype",
        "name",
        "as_ref",
        "preferred_dtype",
        "dtype_hint",
        "ctx",
        "accepted_result_types",
    ),
    rename={"preferred_dtype": "dtype_hint"},
    drop=("ctx",),
    refuse=("as_ref", "accepted_result_types"),
)
_NO_TENSOR_LIKE = nothing(
    "Any type whose class derives from tf.Tensor or that registers a conversion by "
    "tf.register_tensor_conversion_function is like a tensor; the registry went with TensorFlow 2."
)

ADVICE: dict[str, Advice] = {
    # ops
    f"{_OPS}.name_scope": replacement("name_scope"),
    f"{_OPS}.internal_name_scope_v1": public("tensorflow.compat.v1.name_scope"),
    f"{_OPS}.convert_to_tensor": public("tensorflow.convert_to_tensor", call=_CONVERT),
    f"{_OPS}.internal_convert_to_tensor": public("tensorflow.convert_to_tensor", call=_CONVERT),
    f"{_FRAMEWORK}.tensor_conversion_registry.convert": public(
        "tensorflow.convert_to_tensor",
        call=Call(
            parameters=(
                "value",
                "dtype",
                "name",
                "as_ref",
                "preferred_dtype",
                "accepted_result_types",
            ),
            rename={"preferred_dtype": "dtype_hint"},
            refuse=("as_ref", "accepted_result_types"),
        ),
    ),
    f"{_OPS}.colocate_with": public("tensorflow.compat.v1.colocate_with"),
    f"{_OPS}._colocate_with_for_gradient": public(
        "tensorflow.compat.v1.colocate_with",
        call=Call(parameters=("op", "gradient_uid", "ignore_existing"), refuse=("gradient_uid",)),
        safe=False,
        reason="The public context does not know gradients; they are colocated by other means.",
    ),
    f"{_OPS}.EagerTensor": replacement("EagerTensor"),
    f"{_OPS}.SymbolicTensor": replacement(
        "SymbolicTensor",
        safe=False,
        reason="In 2.13 no tensor is of the original class, while those of graphs are of this one.",
    ),
    f"{_OPS}.uid": replacement(
        "uid",
        safe=False,
        reason="It counts apart from TensorFlow, whose numbers are then not taken into account.",
    ),
    f"{_OPS}.get_name_scope": replacement("get_name_scope"),
    f"{_OPS}.name_from_scope_name": replacement("name_from_scope_name"),
    f"{_OPS}.prepend_name_scope": replacement("prepend_name_scope"),
    f"{_OPS}.strip_name_scope": replacement("strip_name_scope"),
    f"{_OPS}.numpy_text": replacement("numpy_text"),
    f"{_OPS}.NullContextmanager": replacement("NullContextmanager"),
    f"{_OPS}.is_dense_tensor_like": public(
        "tensorflow.is_tensor",
        safe=False,
        reason="tf.is_tensor is true for sparse and ragged tensors as well.",
    ),
    f"{_OPS}.register_dense_tensor_like_type": _NO_TENSOR_LIKE,
    f"{_OPS}._run_using_default_session": public(
        "tensorflow.compat.v1.get_default_session",
        safe=False,
        reason="The default session may belong to another graph, which the original checks.",
        call=Call(parameters=("operation", "feed_dict", "graph", "session")),
        template="({session} or tf.compat.v1.get_default_session()).run({operation}, {feed_dict})",
    ),
    # Classes that moved, or that no public name shows.
    f"{_FRAMEWORK}.composite_tensor.CompositeTensor": replacement("CompositeTensor"),
    f"{_FRAMEWORK}.type_spec.BatchableTypeSpec": replacement("BatchableTypeSpec"),
    f"{_FRAMEWORK}.func_graph.FuncGraph": replacement("FuncGraph"),
    f"{_FRAMEWORK}.tensor_spec.BoundedTensorSpec": replacement("BoundedTensorSpec"),
    f"{_FRAMEWORK}.tensor.BoundedTensorSpec": replacement("BoundedTensorSpec"),
    f"{_FRAMEWORK}.tensor_spec.DenseSpec": replacement("DenseSpec"),
    f"{_FRAMEWORK}.tensor.DenseSpec": replacement("DenseSpec"),
    "tensorflow.python.types.core.Tensor": replacement("CoreTensor"),
    f"{_FRAMEWORK}.device.DeviceSpec": public(
        "tensorflow.DeviceSpec",
        safe=False,
        reason="Up to 2.14 it is tf.compat.v1.DeviceSpec, whose attributes can be set.",
    ),
    # Shapes and values
    f"{_FRAMEWORK}.tensor_shape.as_shape": public("tensorflow.TensorShape"),
    f"{_FRAMEWORK}.tensor_shape.as_dimension": public("tensorflow.compat.v1.Dimension"),
    f"{_FRAMEWORK}.tensor_shape.unknown_shape": replacement("unknown_shape"),
    f"{_FRAMEWORK}.tensor_util.shape_tensor": replacement("shape_tensor"),
    "tensorflow.python.ops.shape_util.shape_tensor": replacement("shape_tensor"),
    f"{_FRAMEWORK}.common_shapes.broadcast_shape": public("tensorflow.broadcast_static_shape"),
    f"{_FRAMEWORK}.smart_cond.smart_cond": replacement("smart_cond"),
    f"{_FRAMEWORK}.smart_cond.smart_constant_value": replacement("smart_constant_value"),
    f"{_FRAMEWORK}.smart_cond.smart_case": replacement("smart_case"),
    f"{_FRAMEWORK}.dtypes._TF_TO_NP": replacement("TF_TO_NP"),
    f"{_FRAMEWORK}.dtypes._NP_TO_TF": nothing("tf.as_dtype(type) tells the dtype of a NumPy type."),
    "tensorflow.python.tf2.enabled": replacement(
        "tf2_enabled",
        safe=False,
        reason="It follows tf.compat.v1.disable_control_flow_v2 as well, where that is called.",
    ),
    "tensorflow.python.types.trace.TraceType": nothing(
        "It is public as tf.types.experimental.TraceType from 2.9 on; 2.5 to 2.7 have none."
    ),
    "tensorflow.python.types.core.GenericFunction": nothing(
        "It is public as tf.types.experimental.GenericFunction from 2.6 on; 2.5 has none."
    ),
    # platform
    f"{_PLATFORM}.benchmark.ParameterizedBenchmark": replacement("ParameterizedBenchmark"),
    f"{_PLATFORM}.test.mock": nothing("It is Python's own module unittest.mock."),
    f"{_PLATFORM}.flags.os": nothing("It is Python's own module os."),
    f"{_PLATFORM}.build_info.cuda_version_number": nothing(
        "It went with TensorFlow 2.3; tf.sysconfig.get_build_info()['cuda_version'] tells it."
    ),
    f"{_PLATFORM}.build_info.cudnn_version_number": nothing(
        "It went with TensorFlow 2.3; tf.sysconfig.get_build_info()['cudnn_version'] tells it."
    ),
    # client
    "tensorflow.python.client.device_lib.list_local_devices": replacement(
        "list_local_devices",
        safe=False,
        reason="The devices have no incarnation and no locality, which no public name tells.",
    ),
    "tensorflow.python.client.session.BaseSession": replacement("BaseSession"),
    "tensorflow.python.client.session.SessionInterface": replacement("SessionInterface"),
}
for _name in ("convert_variables_to_constants_v2", "convert_variables_to_constants_v2_as_graph"):
    ADVICE[f"tensorflow.python.framework.convert_to_constants.{_name}"] = replacement(
        _name,
        safe=False,
        reason="Functions that the graph calls, loops and branches stay whole; the original puts "
        "what they do into the graph itself.",
    )
for _name in (
    "freeze_graph.freeze_graph",
    "freeze_graph.freeze_graph_with_def_protos",
    "strip_unused_lib.strip_unused",
):
    ADVICE[f"tensorflow.python.tools.{_name}"] = replacement(_name.partition(".")[2])
ADVICE["tensorflow.python.client.timeline.Timeline"] = replacement("Timeline")
ADVICE[f"{_FRAMEWORK}.config.is_op_determinism_enabled"] = replacement("is_op_determinism_enabled")
ADVICE["tensorflow.python.framework.registry.Registry"] = replacement("Registry")
ADVICE["tensorflow.python.framework.constant_op._tensor_shape_tensor_conversion_function"] = public(
    "tensorflow.convert_to_tensor",
    call=Call(
        parameters=("s", "dtype", "name", "as_ref"), rename={"s": "value"}, refuse=("as_ref",)
    ),
)
