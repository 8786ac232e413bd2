"""`tensorflow.python.eager` and its neighbours: client, autograph, pywrap_tensorflow.

Modules that no public name replaces are rows of `tfcompat.unstable`, see `internal`.
"""

from __future__ import annotations

from tfcompat.rules.advice._kinds import (
    Advice,
    Call,
    facade,
    nothing,
    public,
    replacement,
    unstable,
)

_EAGER = "tensorflow.python.eager"
_PYWRAP = "tensorflow.python.pywrap_tensorflow"

_FUNCTION = facade("functions.Function")
_CONCRETE_FUNCTION = facade("functions.ConcreteFunction")
_DEFUN = facade(
    "functions.function",
    safe=False,
    reason="A defun may create variables at any call; a tf.function may at its first one only.",
    call=Call(
        parameters=(
            "func",
            "input_signature",
            "autograph",
            "experimental_autograph_options",
            "experimental_relax_shapes",
        ),
        rename={"experimental_relax_shapes": "reduce_retracing"},
    ),
)
_NOT_COMPARED = "It went before TensorFlow 2.5, so that no test compares the two."
_EAGER_MODE = "The public way back to eager mode leads out of functions, not out of a tf.Graph."
_POLICY = "The policies are names here, and numbers in the original."
_RECORD_GRADIENT = unstable("execute.record_gradient")

ADVICE: dict[str, Advice] = {
    f"{_EAGER}.context.in_eager_mode": public("tensorflow.executing_eagerly"),
    f"{_EAGER}.context.in_graph_mode": public(
        "tensorflow.executing_eagerly",
        safe=False,
        reason="in_graph_mode went with TensorFlow 1; it is the opposite.",
        template="(not tf.executing_eagerly())",
    ),
    f"{_EAGER}.context.graph_mode": replacement(
        "graph_mode",
        safe=False,
        reason="Within it tf.compat.v1.reset_default_graph, and with Keras 2 "
        "tf.keras.backend.clear_session, raise: to them the graph is entered.",
    ),
    f"{_EAGER}.context.eager_mode": replacement("eager_mode", safe=False, reason=_EAGER_MODE),
    "tensorflow.__internal__.eager_context.eager_mode": replacement(
        "eager_mode", safe=False, reason=_EAGER_MODE
    ),
    f"{_EAGER}.wrap_function.WrappedFunction": replacement("WrappedFunction"),
    **{
        f"{_EAGER}.context.DEVICE_PLACEMENT_{name}": replacement(
            f"DEVICE_PLACEMENT_{name}", safe=False, reason=_POLICY
        )
        for name in ("EXPLICIT", "SILENT", "SILENT_FOR_INT32", "WARN")
    },
    f"{_EAGER}.context.device_policy": replacement("device_policy", safe=False, reason=_POLICY),
    f"{_EAGER}.context.ensure_initialized": replacement("ensure_initialized"),
    f"{_EAGER}.context.global_seed": replacement("global_seed"),
    **{
        f"{_EAGER}.monitoring.{name}": replacement(name)
        for name in ("BoolGauge", "Counter", "IntGauge", "StringGauge")
    },
    **{
        f"{_EAGER}.monitoring.{name}": replacement(
            name, safe=False, reason="A histogram that is still empty has its limits here."
        )
        for name in ("ExponentialBuckets", "Sampler")
    },
    f"{_EAGER}.wrap_function.function_from_graph_def": replacement(
        "function_from_graph_def",
        call=Call(parameters=("graph_def", "inputs", "outputs", "captures"), refuse=("captures",)),
    ),
    f"{_EAGER}.context.num_gpus": public(
        "tensorflow.config.list_logical_devices",
        template="len(tf.config.list_logical_devices('GPU'))",
    ),
    f"{_EAGER}.context.shared_name": replacement("shared_name"),
    f"{_EAGER}.record.stop_recording": replacement("stop_recording"),
    f"{_EAGER}.tape.stop_recording": replacement("stop_recording"),
    # The types of what tf.function returns.
    f"{_EAGER}.def_function.Function": _FUNCTION,
    f"{_EAGER}.polymorphic_function.polymorphic_function.Function": _FUNCTION,
    f"{_EAGER}.function.ConcreteFunction": _CONCRETE_FUNCTION,
    f"{_EAGER}.polymorphic_function.concrete_function.ConcreteFunction": _CONCRETE_FUNCTION,
    f"{_EAGER}.polymorphic_function.monomorphic_function.ConcreteFunction": _CONCRETE_FUNCTION,
    "tensorflow.__internal__.function.Function": _FUNCTION,
    f"{_EAGER}.function.defun": _DEFUN,
    f"{_EAGER}.function.defun_with_attributes": _DEFUN,
    f"{_EAGER}.backprop.record_gradient": _RECORD_GRADIENT,
    f"{_EAGER}.backprop._record_gradient": _RECORD_GRADIENT,
    # It has held nothing but what another library loads since 2.2.
    f"{_PYWRAP}.*": nothing(
        "tensorflow.python.pywrap_tensorflow has held nothing of use since TensorFlow 2.2."
    ),
    f"{_PYWRAP}.EventsWriter": unstable("EventsWriter"),
    f"{_PYWRAP}.IsGoogleCudaEnabled": public(
        "tensorflow.test.is_built_with_cuda", safe=False, reason=_NOT_COMPARED
    ),
    f"{_PYWRAP}.NewCheckpointReader": public(
        "tensorflow.compat.v1.train.NewCheckpointReader", safe=False, reason=_NOT_COMPARED
    ),
    f"{_PYWRAP}.PyRecordReader_New": nothing(
        "It went with TensorFlow 2.2; tf.data.TFRecordDataset and "
        "tf.compat.v1.io.tf_record_iterator read records."
    ),
    f"{_PYWRAP}.TFE_ContextGetDevicePlacementPolicy": nothing(
        "It went with TensorFlow 2.2; tf.config.experimental.get_device_policy() names the policy."
    ),
    "tensorflow.python._pywrap_util_port.IsGoogleCudaEnabled": public(
        "tensorflow.test.is_built_with_cuda", safe=False, reason=_NOT_COMPARED
    ),
    "tensorflow.python.util._pywrap_util_port.IsGoogleCudaEnabled": public(
        "tensorflow.test.is_built_with_cuda"
    ),
    "tensorflow.python._pywrap_util_port.*": unstable("pywrap_util_port"),
    "tensorflow.python.ipu.*": nothing("It is in Graphcore's edition of TensorFlow only."),
    "tensorflow.keras.ipu.*": nothing("It is in Graphcore's edition of TensorFlow only."),
}
