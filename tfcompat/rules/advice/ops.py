"""`tensorflow.python.ops`, `layers` and `feature_column`: names without a public twin."""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, Call, nothing, public, replacement

_COLUMNS = "tensorflow.python.feature_column.feature_column"
_OPS = "tensorflow.python.ops"
_LAYERS = "tensorflow.python.layers"

# Layers of TensorFlow 1: the module where each lives, and its names.
_V1_LAYERS = {
    "base": ("Layer",),
    "core": ("Dense", "Dropout", "Flatten"),
    "convolutional": (
        "Conv1D",
        "Conv2D",
        "Conv2DTranspose",
        "Conv3D",
        "Conv3DTranspose",
        "SeparableConv1D",
        "SeparableConv2D",
    ),
    "normalization": ("BatchNormalization",),
    "pooling": (
        "AveragePooling1D",
        "AveragePooling2D",
        "AveragePooling3D",
        "MaxPooling1D",
        "MaxPooling2D",
        "MaxPooling3D",
    ),
}
_SUMMARY = "Summaries of TensorFlow 2 are written in another form, with a step that must be set."

_CELLS = {
    "DropoutWrapper": public(
        "tensorflow.nn.RNNCellDropoutWrapper",
        safe=False,
        reason="It wraps cells of tf.keras.",
    ),
    "ResidualWrapper": public(
        "tensorflow.nn.RNNCellResidualWrapper",
        safe=False,
        reason="It wraps cells of tf.keras.",
    ),
    **{
        name: replacement(
            name, safe=False, reason="It is another class, and no layer of Keras, for isinstance."
        )
        for name in (
            "BasicLSTMCell",
            "BasicRNNCell",
            "GRUCell",
            "LSTMCell",
            "MultiRNNCell",
            "RNNCell",
        )
    },
}

_BACKPROPAGATABLE = nothing(
    "It went in 2.7; what is differentiable has a dtype that is_floating or is_complex."
)
_LINEAR = nothing("It went with TensorFlow 1; a tf.keras.layers.Dense is such a layer.")


def _summary(name: str, *more: str) -> Advice:
    return public(
        f"tensorflow.summary.{name}",
        safe=False,
        reason=_SUMMARY,
        call=Call(
            parameters=("name", "tensor", *more, "family", "step"),
            rename={"tensor": "data"},
            refuse=("family",),
        ),
    )


def _shape(name: str, *more: str) -> Advice:
    parameters = ("input", "name", "optimize", *more)
    return public(f"tensorflow.{name}", call=Call(parameters=parameters, drop=("optimize",)))


ADVICE: dict[str, Advice] = {
    # array_ops, math_ops
    f"{_OPS}.array_ops.shape_internal": _shape("shape", "out_type"),
    f"{_OPS}.array_ops.size_internal": _shape("size", "out_type"),
    f"{_OPS}.array_ops.rank_internal": _shape("rank"),
    f"{_OPS}.array_ops.ones_like_impl": public(
        "tensorflow.compat.v1.ones_like",
        call=Call(parameters=("tensor", "dtype", "name", "optimize", "layout"), refuse=("layout",)),
    ),
    f"{_OPS}.array_ops.zeros_like_impl": public(
        "tensorflow.compat.v1.zeros_like",
        call=Call(parameters=("tensor", "dtype", "name", "optimize", "layout"), refuse=("layout",)),
    ),
    f"{_OPS}.math_ops.mod": public("tensorflow.math.floormod"),
    f"{_OPS}.math_ops.tensor_equals": public(
        "tensorflow.equal",
        safe=False,
        reason="The original follows tf.compat.v1.disable_tensor_equality and takes None.",
        call=Call(parameters=("self", "other"), rename={"self": "x", "other": "y"}),
    ),
    f"{_OPS}.gradients_util._IsBackpropagatable": _BACKPROPAGATABLE,
    f"{_OPS}.gradients_impl._IsBackpropagatable": _BACKPROPAGATABLE,
    f"{_OPS}.rnn_cell_impl._Linear": _LINEAR,
    f"{_OPS}.rnn_cell_impl._like_rnncell": nothing(
        "It went with TensorFlow 1; whether an object has state_size and output_size and is "
        "callable tells it."
    ),
    f"{_OPS}.string_ops.string_split": public("tensorflow.compat.v1.string_split"),
    # control flow
    f"{_OPS}.parallel_for.control_flow_ops.pfor": replacement(
        "pfor",
        safe=False,
        reason="It hands no pfor_config to the function and does not convert it by autograph.",
        call=Call(
            parameters=(
                "loop_fn",
                "iters",
                "fallback_to_while_loop",
                "parallel_iterations",
                "warn",
            ),
            drop=("warn",),
            refuse=("parallel_iterations",),
        ),
    ),
    f"{_OPS}.control_flow_ops.with_dependencies": replacement("with_dependencies"),
    # Variables
    f"{_OPS}.resource_variable_ops.is_resource_variable": replacement("is_resource_variable"),
    f"{_OPS}.resource_variable_ops.ResourceVariable": replacement("ResourceVariable"),
    f"{_OPS}.resource_variable_ops.BaseResourceVariable": replacement("BaseResourceVariable"),
    f"{_OPS}.resource_variable_ops.VariableSpec": replacement("VariableSpec"),
    f"{_OPS}.variables.RefVariable": replacement("RefVariable"),
    f"{_OPS}.ref_variable.RefVariable": replacement("RefVariable"),
    f"{_OPS}.confusion_matrix.remove_squeezable_dimensions": replacement(
        "remove_squeezable_dimensions"
    ),
    # weights
    f"{_OPS}.weights_broadcast_ops.broadcast_weights": replacement("broadcast_weights"),
    f"{_OPS}.weights_broadcast_ops.assert_broadcastable": replacement("assert_broadcastable"),
    # Updates of rows
    **{
        f"{_OPS}.inplace_ops.{name}": replacement(name)
        for name in (
            "alias_inplace_add",
            "alias_inplace_sub",
            "alias_inplace_update",
            "empty_like",
            "inplace_add",
            "inplace_sub",
            "inplace_update",
        )
    },
    **{
        f"{_OPS}.list_ops.{name}": replacement(name)
        for name in (
            "empty_tensor_list",
            "tensor_list_from_tensor",
            "tensor_list_gather",
            "tensor_list_stack",
        )
    },
    # Lookup tables
    **{
        f"{_OPS}.lookup_ops.{name}": replacement(name)
        for name in ("index_to_string_table_from_file", "index_to_string_table_from_tensor")
    },
    f"{_OPS}.lookup_ops.index_table_from_file": replacement(
        "index_table_from_file", safe=False, reason="It has the fast hash alone."
    ),
    f"{_OPS}.lookup_ops.HashTable": public(
        "tensorflow.compat.v1.lookup.StaticHashTable",
        safe=False,
        reason="It has initializer alone, which is init as well in the subclass.",
    ),
    # Recurrent cells
    **{
        f"{_OPS}.{module}.LSTMStateTuple": replacement(
            "LSTMStateTuple", safe=False, reason="It is another class, for isinstance."
        )
        for module in ("rnn_cell", "rnn_cell_impl")
    },
    **{
        f"{package}.LSTMStateTuple": replacement(
            "LSTMStateTuple", safe=False, reason="It is another class, for isinstance."
        )
        for package in (
            "keras.layers.legacy_rnn.rnn_cell_impl",
            "tensorflow.python.keras.layers.legacy_rnn.rnn_cell_impl",
        )
    },
    **{
        f"{_OPS}.{module}.{name}": advice
        for module in ("rnn_cell", "rnn_cell_impl")
        for name, advice in _CELLS.items()
    },
    f"{_OPS}.rnn_cell_impl.assert_like_rnncell": replacement("assert_like_rnncell"),
    f"{_OPS}.rnn_cell_impl._concat": replacement("concat_shapes"),
    f"{_OPS}.rnn_cell_impl._zero_state_tensors": replacement("zero_state_tensors"),
    # Resources of graphs
    **{
        f"{_OPS}.resources.{name}": replacement(name)
        for name in (
            "initialize_resources",
            "local_resources",
            "report_uninitialized_resources",
            "shared_resources",
        )
    },
    f"{_OPS}.resource_variable_ops.variable_accessed": replacement(
        "variable_accessed", safe=False, reason="It reads the variable."
    ),
    "tensorflow.python.platform.build_info.build_info": replacement("build_info"),
    f"{_OPS}.bincount_ops.validate_dense_weights": replacement("validate_dense_weights"),
    f"{_OPS}.nn_ops._get_strides_and_dilation_rate": replacement("get_strides_and_dilation_rate"),
    f"{_OPS}.summary_op_util.collect": replacement("collect"),
    f"{_OPS}.variables.validate_synchronization_aggregation_trainable": replacement(
        "validate_synchronization_aggregation_trainable"
    ),
    f"{_OPS}.distributions.util.gen_new_seed": replacement("gen_new_seed"),
    f"{_OPS}.inplace_ops.empty": public(
        "tensorflow.raw_ops.Empty",
        call=Call(parameters=("shape", "dtype", "init", "name"), keywords_only=True),
    ),
    f"{_OPS}.script_ops.py_func_common": public("tensorflow.compat.v1.py_func"),
    f"{_OPS}.lookup_ops.LookupInterface": replacement("LookupInterface"),
    f"{_OPS}.lookup_ops.InitializableLookupTableBase": replacement("InitializableLookupTableBase"),
    f"{_OPS}.lookup_ops.TableInitializerBase": replacement("TableInitializerBase"),
    # Initializers
    f"{_OPS}.init_ops.Initializer": replacement("Initializer"),
    f"{_OPS}.init_ops_v2.Initializer": replacement("InitializerV2"),
    f"{_OPS}.init_ops_v2.TruncatedNormal": replacement("TruncatedNormalV2"),
    f"{_OPS}.init_ops_v2.VarianceScaling": replacement("VarianceScalingV2"),
    f"{_OPS}.init_ops_v2.GlorotNormal": replacement("GlorotNormalV2"),
    f"{_OPS}.init_ops_v2.GlorotUniform": replacement("GlorotUniformV2"),
    f"{_OPS}.init_ops_v2.truncated_normal_initializer": replacement("TruncatedNormalV2"),
    f"{_OPS}.init_ops_v2.variance_scaling_initializer": replacement("VarianceScalingV2"),
    f"{_OPS}.init_ops_v2.truncated_normal": replacement("TruncatedNormalV2"),
    f"{_OPS}.init_ops_v2.glorot_normal": replacement("GlorotNormalV2"),
    f"{_OPS}.init_ops_v2.glorot_uniform": replacement("GlorotUniformV2"),
    f"{_OPS}.init_ops_v2.glorot_normal_initializer": replacement("GlorotNormalV2"),
    f"{_OPS}.init_ops_v2.glorot_uniform_initializer": replacement("GlorotUniformV2"),
    # Summaries of TensorFlow 1.x's tf.contrib.summary
    f"{_OPS}.summary_ops_v2.scalar": _summary("scalar"),
    f"{_OPS}.summary_ops_v2.histogram": _summary("histogram"),
    f"{_OPS}.summary_ops_v2.always_record_summaries": public(
        "tensorflow.summary.record_if", template="tf.summary.record_if(True)"
    ),
    f"{_OPS}.summary_op_util.summary_scope": public(
        "tensorflow.summary.experimental.summary_scope",
        safe=False,
        reason="The public one puts the name scopes around it into the tag, in eager mode too.",
        call=Call(parameters=("name", "family", "default_name", "values"), refuse=("family",)),
    ),
    **{
        f"{_OPS}.summary_ops_v2.{name}": replacement(name.lstrip("_"))
        for name in (
            "_INVALID_SCOPE_CHARACTERS",
            "record_summaries_every_n_global_steps",
            "summary_writer_initializer_op",
        )
    },
    f"{_OPS}.collective_ops.all_reduce": replacement("collective_all_reduce"),
    f"{_OPS}.op_selector.get_backward_walk_ops": replacement(
        "get_backward_walk_ops",
        call=Call(
            parameters=(
                "seed_ops",
                "inclusive",
                "within_ops",
                "within_ops_fn",
                "stop_at_ts",
                "control_inputs",
                "only_differentiable",
            ),
            refuse=("only_differentiable",),
        ),
    ),
    f"{_OPS}.control_flow_ops.merge": public(
        "tensorflow.raw_ops.Merge",
        safe=False,
        reason="It takes tensors alone, where the original also takes sparse ones.",
        call=Call(parameters=("inputs", "name"), keywords_only=True),
    ),
    f"{_OPS}.control_flow_ops.switch": public(
        "tensorflow.raw_ops.Switch",
        safe=False,
        reason="It takes tensors alone, where the original also takes sparse ones and values.",
        call=Call(
            parameters=("data", "pred", "dtype", "name"), refuse=("dtype",), keywords_only=True
        ),
    ),
    f"{_OPS}.resource_variable_ops.variable_shape": public(
        "tensorflow.raw_ops.VariableShape",
        safe=False,
        reason="It is an operation also where the shape is known, of which the original makes a "
        "constant.",
        call=Call(
            parameters=("handle", "out_type"), rename={"handle": "input"}, keywords_only=True
        ),
    ),
    f"{_OPS}.rnn._transpose_batch_time": replacement("transpose_batch_time"),
    f"{_OPS}.summary_ops_v2.create_file_writer": public(
        "tensorflow.summary.create_file_writer",
        safe=False,
        reason="The original shares one writer among all of the same directory.",
    ),
    # feature_column
    f"{_COLUMNS}._EmbeddingColumn": replacement("EmbeddingColumnV1"),
    f"{_COLUMNS}_v2.EmbeddingColumn": replacement("EmbeddingColumn"),
    f"{_COLUMNS}_v2.DenseColumn": replacement("DenseColumn"),
    f"{_COLUMNS}_v2_types.DenseColumn": replacement("DenseColumn"),
    f"{_COLUMNS}_v2.FeatureColumn": replacement("FeatureColumn"),
    f"{_COLUMNS}_v2_types.FeatureColumn": replacement("FeatureColumn"),
    f"{_COLUMNS}_v2.StateManager": replacement(
        "StateManager",
        safe=False,
        reason="It is a class of its own, which isinstance does not take for the original.",
    ),
    f"{_COLUMNS}_v2.is_feature_column_v2": replacement(
        "is_feature_column_v2",
        safe=False,
        reason="A column of another class counts by its parents, not by its _is_v2_column.",
    ),
    # layers
    f"{_LAYERS}.utils.smart_cond": replacement("smart_cond"),
    **{
        f"{_LAYERS}.{module}.{name}": public(
            f"tensorflow.keras.layers.{name}",
            safe=False,
            reason="tf.compat.v1.layers went with Keras 3; the layers of tf.keras neither reuse "
            "variables of a scope nor add to collections.",
        )
        for module, names in _V1_LAYERS.items()
        for name in names
    },
}
