"""Ops that a generated module hides behind an underscore, which the table of names leaves out.

`gen_math_ops._max` is in every release, for `tf.math.reduce_max` to call. Its function of
`tf.raw_ops` takes the same arguments, by keyword alone.
tensorflow/python/framework/python_op_gen.cc
"""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, Call, public

_REDUCTION = ("input", "axis", "keep_dims", "name")

# Private function: function of tf.raw_ops, parameters.
OPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "gen_array_ops._slice": ("Slice", ("input", "begin", "size", "name")),
    "gen_control_flow_ops._exit": ("Exit", ("data", "name")),
    "gen_data_flow_ops._stack": ("Stack", ("elem_type", "stack_name", "name")),
    "gen_functional_ops._for": ("For", ("start", "limit", "delta", "input", "body", "name")),
    "gen_functional_ops._if": (
        "If",
        ("cond", "input", "Tout", "then_branch", "else_branch", "output_shapes", "name"),
    ),
    "gen_functional_ops._while": (
        "While",
        ("input", "cond", "body", "output_shapes", "parallel_iterations", "name"),
    ),
    "gen_logging_ops._assert": ("Assert", ("condition", "data", "summarize", "name")),
    "gen_logging_ops._print": (
        "Print",
        ("input", "data", "message", "first_n", "summarize", "name"),
    ),
    "gen_math_ops._abs": ("Abs", ("x", "name")),
    "gen_math_ops._all": ("All", _REDUCTION),
    "gen_math_ops._any": ("Any", _REDUCTION),
    "gen_math_ops._clip_by_value": (
        "ClipByValue",
        ("t", "clip_value_min", "clip_value_max", "name"),
    ),
    "gen_math_ops._complex": ("Complex", ("real", "imag", "Tout", "name")),
    "gen_math_ops._histogram_fixed_width": (
        "HistogramFixedWidth",
        ("values", "value_range", "nbins", "dtype", "name"),
    ),
    "gen_math_ops._max": ("Max", _REDUCTION),
    "gen_math_ops._min": ("Min", _REDUCTION),
    "gen_math_ops._pow": ("Pow", ("x", "y", "name")),
    "gen_math_ops._range": ("Range", ("start", "limit", "delta", "name")),
    "gen_math_ops._sum": ("Sum", _REDUCTION),
    "gen_nn_ops._batch_norm_with_global_normalization": (
        "BatchNormWithGlobalNormalization",
        (
            *("t", "m", "v", "beta", "gamma", "variance_epsilon"),
            *("scale_after_normalization", "name"),
        ),
    ),
    "gen_nn_ops._fused_batch_norm": (
        "FusedBatchNorm",
        (
            *("x", "scale", "offset", "mean", "variance", "epsilon", "exponential_avg_factor"),
            *("data_format", "is_training", "name"),
        ),
    ),
}

ADVICE: dict[str, Advice] = {
    f"tensorflow.python.ops.{name}": public(
        f"tensorflow.raw_ops.{op}", call=Call(parameters=parameters, keywords_only=True)
    )
    for name, (op, parameters) in OPS.items()
}
