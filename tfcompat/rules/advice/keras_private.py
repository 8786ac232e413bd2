"""Private classes and helpers of Keras, wherever a release keeps them."""

from __future__ import annotations

from tfcompat.rules.advice._keras_copies import copies
from tfcompat.rules.advice._kinds import Advice, Call, facade, nothing, public, replacement

_STANDS_FOR = (
    "It stands for the class in isinstance, issubclass, == and as a base class, but is another "
    "object."
)
_NODES = "Keras 3 keeps the graph of a model to itself: there no object is an instance of it."
_KERAS_2_ONLY = "Keras 3 has no such class: there no object is an instance of it."
_OWN_INTERFACE = "As a base class it has another interface in Keras 2 than in Keras 3."
_BY_DIMENSION = (
    "Keras 2 has one class for each number of dimensions, of which isinstance knows all and a "
    "subclass derives from the one for two."
)

_CLASSES = [
    (
        "tks",
        "engine.functional.Functional",
        facade("layers.Functional", safe=False, reason=_STANDS_FOR),
    ),
    (
        "f",
        "engine.functional.Functional",
        facade("layers.Functional", safe=False, reason=_STANDS_FOR),
    ),
    ("t", "models.Functional", facade("layers.Functional", safe=False, reason=_STANDS_FOR)),
    (
        "s",
        "models.functional.Functional",
        facade("layers.Functional", safe=False, reason=_STANDS_FOR),
    ),
    *(
        (
            "ksf",
            f"layers.{path}",
            replacement(path.rpartition(".")[2], safe=False, reason=_STANDS_FOR),
        )
        for path in (
            "convolutional.depthwise_conv1d.DepthwiseConv1D",
            "core.identity.Identity",
            "normalization.unit_normalization.UnitNormalization",
        )
    ),
    (
        "tksf",
        "engine.keras_tensor.KerasTensor",
        facade("layers.KerasTensor", safe=False, reason=_STANDS_FOR),
    ),
    (
        "s",
        "backend.common.keras_tensor.KerasTensor",
        facade("layers.KerasTensor", safe=False, reason=_STANDS_FOR),
    ),
    (
        "s",
        "backend.common.variables.Variable backend.Variable",
        facade("layers.Variable", safe=False, reason=_STANDS_FOR),
    ),
    (
        "s",
        "backend.tensorflow.core.Variable",
        facade("layers.Variable", safe=False, reason=_STANDS_FOR),
    ),
    (
        "t",
        "layers.core.TFOpLambda",
        replacement("TFOpLambda", safe=False, reason=_KERAS_2_ONLY),
    ),
    (
        "t",
        "layers.core.SlicingOpLambda",
        replacement("SlicingOpLambda", safe=False, reason=_KERAS_2_ONLY),
    ),
    (
        "ksf",
        "layers.core.tf_op_layer.TFOpLambda",
        replacement("TFOpLambda", safe=False, reason=_KERAS_2_ONLY),
    ),
    (
        "ksf",
        "layers.core.tf_op_layer.SlicingOpLambda",
        replacement("SlicingOpLambda", safe=False, reason=_KERAS_2_ONLY),
    ),
    (
        "tksf",
        "engine.base_layer.TensorFlowOpLayer",
        replacement("TensorFlowOpLayer", safe=False, reason=_KERAS_2_ONLY),
    ),
    (
        "tksf",
        "engine.compile_utils.MetricsContainer",
        replacement("MetricsContainer", safe=False, reason=_KERAS_2_ONLY),
    ),
    (
        "tksf",
        "engine.compile_utils.LossesContainer",
        replacement("LossesContainer", safe=False, reason=_KERAS_2_ONLY),
    ),
    (
        "tk",
        "optimizer_v2.optimizer_v2.OptimizerV2",
        replacement("OptimizerV2", safe=False, reason=_KERAS_2_ONLY),
    ),
    (
        "ksf",
        "optimizers.legacy.optimizer_v2.OptimizerV2",
        replacement("OptimizerV2", safe=False, reason=_KERAS_2_ONLY),
    ),
    (
        "k",
        "optimizers.optimizer_v2.optimizer_v2.OptimizerV2",
        replacement("OptimizerV2", safe=False, reason=_KERAS_2_ONLY),
    ),
    ("tksf", "engine.node.Node", replacement("KerasNode", safe=False, reason=_NODES)),
    ("s", "ops.node.Node", replacement("KerasNode", safe=False, reason=_NODES)),
    (
        "t",
        "optimizers.Optimizer optimizer_v1.Optimizer",
        facade(
            "layers.Optimizer",
            safe=False,
            reason="The original is the optimizer of multi-backend Keras, which nothing uses.",
        ),
    ),
    (
        "tk",
        "layers.convolutional.Conv",
        replacement("BaseConv", safe=False, reason=_OWN_INTERFACE),
    ),
    (
        "ksf",
        "layers.convolutional.base_conv.Conv",
        replacement("BaseConv", safe=False, reason=_OWN_INTERFACE),
    ),
    (
        "s",
        "layers.convolutional.base_conv.BaseConv",
        replacement("BaseConv", safe=False, reason=_OWN_INTERFACE),
    ),
    (
        "ksf",
        "layers.convolutional.base_depthwise_conv.DepthwiseConv",
        replacement("BaseDepthwiseConv", safe=False, reason=_OWN_INTERFACE),
    ),
    (
        "s",
        "layers.convolutional.base_depthwise_conv.BaseDepthwiseConv",
        replacement("BaseDepthwiseConv", safe=False, reason=_OWN_INTERFACE),
    ),
    (
        "tk",
        "layers.convolutional.SeparableConv",
        replacement("BaseSeparableConv", safe=False, reason=_OWN_INTERFACE),
    ),
    (
        "ksf",
        "layers.convolutional.base_separable_conv.SeparableConv",
        replacement("BaseSeparableConv", safe=False, reason=_OWN_INTERFACE),
    ),
    (
        "s",
        "layers.convolutional.base_separable_conv.BaseSeparableConv",
        replacement("BaseSeparableConv", safe=False, reason=_OWN_INTERFACE),
    ),
    (
        "s",
        "layers.pooling.base_pooling.BasePooling",
        replacement("BasePooling", safe=False, reason=_BY_DIMENSION),
    ),
    (
        "s",
        "layers.pooling.base_global_pooling.BaseGlobalPooling",
        replacement("BaseGlobalPooling", safe=False, reason=_BY_DIMENSION),
    ),
    ("tk", "layers.merge._Merge", replacement("Merge", safe=False, reason=_OWN_INTERFACE)),
    (
        "ksf",
        "layers.merging.base_merge._Merge",
        replacement("Merge", safe=False, reason=_OWN_INTERFACE),
    ),
    (
        "s",
        "layers.merging.base_merge.Merge",
        replacement("Merge", safe=False, reason=_OWN_INTERFACE),
    ),
    (
        "tk",
        "layers.recurrent.DropoutRNNCellMixin",
        replacement("DropoutRNNCellMixin", safe=False, reason=_OWN_INTERFACE),
    ),
    (
        "ksf",
        "layers.rnn.dropout_rnn_cell_mixin.DropoutRNNCellMixin",
        replacement("DropoutRNNCellMixin", safe=False, reason=_OWN_INTERFACE),
    ),
    (
        "s",
        "layers.rnn.dropout_rnn_cell.DropoutRNNCell",
        replacement("DropoutRNNCellMixin", safe=False, reason=_OWN_INTERFACE),
    ),
    (
        "tk",
        "losses.LossFunctionWrapper",
        replacement("LossFunctionWrapper", safe=False, reason=_STANDS_FOR),
    ),
    (
        "s",
        "losses.losses.LossFunctionWrapper",
        replacement("LossFunctionWrapper", safe=False, reason=_STANDS_FOR),
    ),
    (
        "f",
        "losses.LossFunctionWrapper",
        replacement("LossFunctionWrapper", safe=False, reason=_STANDS_FOR),
    ),
]

# Functions that tests compare with each original.
_HELPERS = {
    "utils.conv_utils": """normalize_data_format normalize_padding convert_data_format
        conv_output_length conv_input_length deconv_output_length""",
    "utils.tf_utils": """convert_shapes shape_type_conversion is_tensor_or_variable
        sync_to_numpy_or_python_type""",
    "utils.generic_utils": "has_arg to_list to_snake_case make_batches slice_arrays",
    "utils.layer_utils": "count_params convert_dense_weights_data_format validate_string_arg",
    "utils.losses_utils": """remove_squeezable_dimensions squeeze_or_expand_dimensions
        cast_losses_to_common_dtype reduce_weighted_loss compute_weighted_loss
        scale_loss_for_distribution""",
    "utils.metrics_utils": "ragged_assert_compatible_and_get_flat_values",
}
_ENCODING = "layers.preprocessing.preprocessing_utils"
_ZEROS = "The original of 2.8 to 2.15 refuses zeros and negative numbers; pass allow_zero for that."
_VARIABLES = "For a variable inside of a function the original changed its answer in 2.14."
_BATCH = "Keras 2 keeps the names and the structure of inputs that only private names give."

_FUNCTIONS = [
    *(
        ("tksf", f"{module}.{name}", replacement(name))
        for module, names in _HELPERS.items()
        for name in names.split()
        if (module, name) != ("utils.layer_utils", "validate_string_arg")
    ),
    ("tksf", "utils.layer_utils.validate_string_arg", replacement("validate_string_arg")),
    (
        "tksf",
        "utils.conv_utils.normalize_tuple",
        replacement("normalize_tuple", safe=False, reason=_ZEROS),
    ),
    ("tksf", "utils.tf_utils.ListWrapper", replacement("ListLeaf")),
    (
        "tksf",
        "utils.tf_utils.is_symbolic_tensor",
        replacement("is_symbolic_tensor", safe=False, reason=_VARIABLES),
    ),
    ("tksf", "engine.training_utils.slice_arrays", replacement("slice_arrays")),
    *(
        ("ksf", f"{_ENCODING}.{name}", replacement(name))
        for name in [
            "INT",
            "ONE_HOT",
            "MULTI_HOT",
            "COUNT",
            "TF_IDF",
            "ensure_tensor",
            "compute_shape_for_encode_categorical",
        ]
    ),
    (
        "ksf",
        f"{_ENCODING}.encode_categorical_inputs",
        replacement(
            "encode_categorical_inputs",
            safe=False,
            reason="That of 2.7 takes no dtype, and hands integers through as they are.",
        ),
    ),
    ("tk", "testing_utils.get_test_data", replacement("get_test_data")),
    ("ksf", "testing_infra.test_utils.get_test_data", replacement("get_test_data")),
    ("tk", "optimizer_v2.utils.filter_empty_gradients", replacement("filter_empty_gradients")),
    ("ksf", "optimizers.utils.filter_empty_gradients", replacement("filter_empty_gradients")),
    (
        "tk",
        "optimizer_v2.optimizer_v2.name_scope_only_in_function_or_graph",
        replacement("name_scope_only_in_function_or_graph"),
    ),
    (
        "ksf",
        "optimizers.legacy.optimizer_v2.name_scope_only_in_function_or_graph",
        replacement("name_scope_only_in_function_or_graph"),
    ),
    (
        "tk",
        "saving.saving_utils.trace_model_call",
        replacement("trace_model_call", safe=False, reason=_BATCH),
    ),
    (
        "ksf",
        "saving.legacy.saving_utils.trace_model_call",
        replacement("trace_model_call", safe=False, reason=_BATCH),
    ),
    (
        "t",
        "saving.saving_utils.model_input_signature",
        replacement("model_input_signature", safe=False, reason=_BATCH),
    ),
    *(
        ("tksf", f"layers.{module}.{original}", replacement(name))
        for module in ("multi_head_attention", "attention.multi_head_attention")
        for original, name in (
            ("_build_proj_equation", "attention_proj_equation"),
            ("_get_output_shape", "attention_output_shape"),
        )
    ),
    (
        "tksf",
        "layers.advanced_activations._large_compatible_negative "
        "layers.activation.softmax._large_compatible_negative",
        replacement(
            "large_compatible_negative",
            safe=False,
            reason="Of float16 it is half of what it was up to Keras 2.12.",
        ),
    ),
    (
        "tksf",
        "engine.base_layer_utils.is_subclassed",
        replacement(
            "is_subclassed",
            safe=False,
            reason="To it the classes of Keras 3 and of every release of Keras 2 are Keras's own.",
        ),
    ),
    (
        "tksf",
        "utils.tf_utils.maybe_init_scope",
        replacement(
            "maybe_init_scope",
            safe=False,
            reason="It treats layers of tf.compat.v1.layers as it does those of Keras.",
        ),
    ),
    *(
        ("tksf", f"backend.{name}", replacement(name))
        for name in ("convert_inputs_if_ragged", "maybe_convert_to_ragged")
    ),
    ("tksf", "utils.control_flow_util.smart_cond", replacement("smart_cond")),
    ("tksf", "utils.tf_inspect.getfullargspec", replacement("getfullargspec")),
    ("tksf", "utils.tf_inspect.getargspec", replacement("getargspec")),
    ("tksf", "utils.tf_inspect.getcallargs", replacement("getcallargs")),
    ("s", "api_export.keras_export", replacement("keras_export")),
    ("s", "utils.dtype_utils.dtype_size", replacement("dtype_size")),
    ("s", "backend.common.masking.get_keras_mask", facade("layers.get_mask")),
    (
        "s",
        "backend.common.masking.set_keras_mask",
        facade(
            "layers.set_mask",
            safe=False,
            reason="It returns the tensor with the mask and leaves the one that it is given.",
        ),
    ),
    (
        "tksf",
        "engine.data_adapter.unpack_x_y_sample_weight",
        public("tensorflow.keras.utils.unpack_x_y_sample_weight"),
    ),
    (
        "s",
        "trainers.data_adapters.data_adapter_utils.unpack_x_y_sample_weight",
        public("tensorflow.keras.utils.unpack_x_y_sample_weight"),
    ),
]

_SAVE = Call(
    parameters=(
        "model",
        "filepath",
        "overwrite",
        "include_optimizer",
        "signatures",
        "options",
        "save_traces",
    ),
    rename={"model": "obj", "filepath": "export_dir"},
    drop=("overwrite", "include_optimizer", "save_traces"),
)
_OWN_SAVE = public(
    "tensorflow.saved_model.save",
    safe=False,
    reason="It does not write what only Keras reads back, the configuration of the layers.",
    call=_SAVE,
)


def _own_format(name: str) -> Advice:
    return public(
        f"tensorflow.keras.models.{name}",
        safe=False,
        reason="It goes by the suffix of the path, where the original takes .keras only.",
    )


_FROM_CONFIG = replacement(
    "model_from_config",
    safe=False,
    reason="It makes models of tf.keras, not of its copy.",
)
_ALWAYS_ON = "The format .keras is on in every release that has it, since 2.12."
_UNSAFE_MODE = (
    "Loading code from a file is a decision for each call: pass trusted=True to "
    "tfcompat.load_model, or safe_mode=False to keras.models.load_model."
)
_MARSHAL = (
    "Byte code in a file runs on one version of Python only and is code from outside; register "
    "the function with tf.keras.utils.register_keras_serializable and save its name."
)
_MAPS = "It is a step of building a functional model, which Keras 3 takes in another way."
_V1 = "It wraps an optimizer of tf.compat.v1.train for graph mode, which Keras 3 does not have."
_NOTHING = [
    ("tksf", "utils.generic_utils.func_dump utils.generic_utils.func_load", nothing(_MARSHAL)),
    ("s", "utils.python_utils.func_dump utils.python_utils.func_load", nothing(_MARSHAL)),
    ("tksf", "engine.functional._build_map", nothing(_MAPS)),
    ("t", "optimizer_v1.TFOptimizer", nothing(_V1)),
    ("k", "optimizer_v1.TFOptimizer optimizers.optimizer_v1.TFOptimizer", nothing(_V1)),
    ("sf", "optimizers.optimizer_v1.TFOptimizer", nothing(_V1)),
    (
        "ksf",
        "saving.serialization_lib.SafeModeScope saving.serialization_lib.in_safe_mode "
        "saving.serialization_lib.enable_unsafe_deserialization",
        nothing(_UNSAFE_MODE),
    ),
    *(
        ("ksf", f"saving.saving_lib.{name}", _own_format(name))
        for name in ("load_model", "save_model")
    ),
    (
        "tk",
        "saving.hdf5_format.load_optimizer_weights_from_hdf5_group",
        nothing("tfcompat.restore_state restores optimizers from .h5 files of every release."),
    ),
    (
        "ksf",
        "saving.legacy.hdf5_format.load_optimizer_weights_from_hdf5_group",
        nothing("tfcompat.restore_state restores optimizers from .h5 files of every release."),
    ),
    ("ksf", "layers.preprocessing.image_preprocessing.transform", replacement("transform_images")),
    ("ksf", "saving.saving_lib.H5IOStore", nothing("tfcompat.describe_state reads such files.")),
    ("k", "saving.saving_lib._SAVING_V3_ENABLED", nothing(_ALWAYS_ON)),
    ("k", "saving.experimental.saving_lib._SAVING_V3_ENABLED", nothing(_ALWAYS_ON)),
    (
        "tksf",
        "engine.data_adapter.get_data_handler",
        nothing("It is the loop of Model.fit, which Keras 3 has otherwise; iterate over tf.data."),
    ),
    (
        "t",
        "engine.base_layer_utils.enable_v2_dtype_behavior",
        replacement(
            "enable_v2_dtype_behavior", safe=False, reason="It is for the Keras of tf.keras."
        ),
    ),
    ("s", "ops.node.KerasHistory", nothing("Keras 3 keeps the graph of a model to itself.")),
    (
        "s",
        "initializers.random_initializers.compute_fans",
        replacement("compute_fans"),
    ),
    (
        "s",
        "backend.tensorflow.core.compute_output_spec",
        nothing("Only Keras 3 has it; tfcompat.layers.compute_output_spec takes a layer."),
    ),
    (
        "t",
        "initializers.initializers_v2._get_dtype",
        public(
            "tensorflow.as_dtype",
            call=Call(parameters=("dtype",)),
            template="tf.as_dtype({dtype} or tf.keras.backend.floatx())",
        ),
    ),
    (
        "t",
        "initializers.initializers_v2._validate_kwargs",
        nothing("It checks arguments of its own initializers only."),
    ),
    (
        "t",
        "legacy_tf_layers.base.Layer",
        facade(
            "layers.Layer",
            safe=False,
            reason="It has no variable scopes; tf.compat.v1.layers is gone in Keras 3.",
        ),
    ),
    ("ksf", "layers.core.einsum_dense.EinsumDense", facade("names.EinsumDense")),
    *(
        (letters, f"saving.{path}model_config.model_from_config", _FROM_CONFIG)
        for letters, path in (("tk", ""), ("ksf", "legacy."))
    ),
    ("tsf", "models.model_from_config", _FROM_CONFIG),
    ("tk", "saving.saved_model.save.save", _OWN_SAVE),
    ("ksf", "saving.legacy.saved_model.save.save", _OWN_SAVE),
]

ADVICE: dict[str, Advice] = dict(copies([*_CLASSES, *_FUNCTIONS, *_NOTHING]))
# The copies of the layers of TensorFlow 1.
for _name in ("convert_data_format", "normalize_tuple", "conv_output_length", "conv_input_length"):
    ADVICE[f"tensorflow.python.layers.utils.{_name}"] = replacement(_name)
ADVICE["tensorflow.python.layers.utils.deconv_output_length"] = replacement(
    "deconv_output_length",
    call=Call(parameters=("input_length", "filter_size", "padding", "stride"), keywords_only=True),
)
# Half-public names of Keras 2, for TensorFlow's own projects.
for _package in ("keras", "tf_keras", "tensorflow.keras"):
    ADVICE[f"{_package}.__internal__.enable_unsafe_deserialization"] = nothing(_UNSAFE_MODE)
    ADVICE[f"{_package}.__internal__.losses.LossFunctionWrapper"] = replacement(
        "LossFunctionWrapper", safe=False, reason=_STANDS_FOR
    )
    ADVICE[f"{_package}.__internal__.losses.compute_weighted_loss"] = replacement(
        "compute_weighted_loss"
    )
    ADVICE[f"{_package}.__internal__.KerasTensor"] = facade(
        "layers.KerasTensor", safe=False, reason=_STANDS_FOR
    )
