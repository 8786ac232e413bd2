"""`tensorflow.python.ops.ragged`: functions that the public ones call for ragged tensors.

A public function dispatches to one of these where an argument is ragged, and each takes dense
tensors as the public one does. The tests compare them.
"""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, public, replacement

_RAGGED = "tensorflow.python.ops.ragged"

_PUBLIC = {
    "ragged_array_ops": {
        "expand_dims": "expand_dims",
        "rank": "rank",
        "reverse": "reverse",
        "size": "size",
        "tile": "tile",
    },
    "ragged_concat_ops": {"concat": "concat"},
    "ragged_conversion_ops": {"from_sparse": "RaggedTensor.from_sparse"},
    "ragged_gather_ops": {"gather": "gather", "gather_nd": "gather_nd"},
    "ragged_math_ops": {
        **{
            f"reduce_{name}": f"reduce_{name}"
            for name in ("all", "any", "max", "mean", "min", "prod", "sum")
        },
        **{
            f"segment_{name}": f"math.unsorted_segment_{name}"
            for name in ("max", "mean", "min", "prod", "sqrt_n", "sum")
        },
    },
    "ragged_squeeze_op": {"squeeze": "squeeze"},
    "ragged_where_op": {"where": "compat.v1.where", "where_v2": "where"},
}

ADVICE: dict[str, Advice] = {
    **{
        f"{_RAGGED}.{module}.{name}": public(f"tensorflow.{target}")
        for module, names in _PUBLIC.items()
        for name, target in names.items()
    },
    **{
        f"{_RAGGED}.ragged_tensor.{name}": replacement(name)
        for name in (
            "convert_to_tensor_or_ragged_tensor",
            "is_ragged",
        )
    },
    f"{_RAGGED}.ragged_tensor.match_row_splits_dtypes": replacement(
        "match_row_splits_dtypes",
        safe=False,
        reason="It raises where they differ also where a private setting would convert them.",
    ),
    f"{_RAGGED}.ragged_tensor.RaggedTensorType": replacement(
        "RaggedTensorType",
        safe=False,
        reason="It is another class, which ragged_map_fn of tfcompat.replacements takes.",
    ),
    f"{_RAGGED}.ragged_conversion_ops.from_tensor": replacement("ragged_from_tensor"),
    f"{_RAGGED}.ragged_conversion_ops.to_tensor": replacement("ragged_to_tensor"),
    f"{_RAGGED}.ragged_map_ops.map_fn": replacement(
        "ragged_map_fn",
        safe=False,
        reason="Of a ragged result it takes the RaggedTensorType of tfcompat.replacements.",
    ),
}
