"""Functions of `keras.ops`, which Keras 3 alone has."""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, replacement

_KERAS_2 = (
    "In Keras 2 it is TensorFlow's function, which converts no dtypes to a common one; in Keras 3 "
    "it is the same object."
)

# The `__all__` of tfcompat.replacements.keras_ops, which the tests compare.
_NAMES = """abs add all any arccos arcsin arctan argmax argmin array broadcast_to cast ceil clip
    concatenate convert_to_numpy convert_to_tensor cos cosh cumsum divide
    dot_product_attention einsum equal erf exp expand_dims expm1 floor greater greater_equal
    isfinite isinf isnan less less_equal log log1p logical_and logical_not logical_or matmul
    max maximum mean min minimum multiply negative not_equal one_hot ones ones_like power prod
    relu repeat reshape rsqrt shape sigmoid sign sin sinh softmax softplus sqrt square squeeze
    stack std stop_gradient subtract sum take tan tanh transpose true_divide var where zeros
    zeros_like"""

ADVICE: dict[str, Advice] = {
    f"{package}.{name}": replacement(f"keras_ops.{name}", safe=False, reason=_KERAS_2)
    for package in ("keras.ops", "tensorflow.keras.ops", "keras.src.ops")
    for name in _NAMES.split()
}
