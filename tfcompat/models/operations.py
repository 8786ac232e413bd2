"""Operations between layers of a functional model: `a + b` and its like.

Keras 2 writes a layer `TFOpLambda` with the name of a TensorFlow function, Keras 3 an operation
of its own. Either is one row of a table here, and no other function can be named.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tfcompat import _runtime

if TYPE_CHECKING:
    from tfcompat.models.planning import Planner

# (the class in Keras 3, the function of `keras.ops`, that of TensorFlow, others of TensorFlow)
_ROWS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("Add", "add", "math.add", ("__operators__.add",)),
    ("Subtract", "subtract", "math.subtract", ("__operators__.subtract",)),
    ("Multiply", "multiply", "math.multiply", ("__operators__.multiply",)),
    ("Divide", "divide", "math.divide", ("math.truediv", "realdiv")),
    ("TrueDivide", "true_divide", "math.truediv", ()),
    ("Power", "power", "math.pow", ()),
    ("Matmul", "matmul", "linalg.matmul", ()),
    ("Maximum", "maximum", "math.maximum", ()),
    ("Minimum", "minimum", "math.minimum", ()),
    ("Negative", "negative", "math.negative", ()),
    ("Absolute", "absolute", "math.abs", ()),
    ("Abs", "abs", "math.abs", ()),
    ("Exp", "exp", "math.exp", ()),
    ("Log", "log", "math.log", ()),
    ("Sqrt", "sqrt", "math.sqrt", ()),
    ("Square", "square", "math.square", ()),
    ("Tanh", "tanh", "math.tanh", ()),
    ("Sigmoid", "sigmoid", "math.sigmoid", ("nn.sigmoid",)),
    ("Relu", "relu", "nn.relu", ()),
    ("Softmax", "softmax", "nn.softmax", ()),
    ("Mean", "mean", "math.reduce_mean", ()),
    ("Sum", "sum", "math.reduce_sum", ()),
    ("Max", "max", "math.reduce_max", ()),
    ("Min", "min", "math.reduce_min", ()),
)
_BY_CLASS = {row[0]: row for row in _ROWS}
_BY_FUNCTION = {
    **{other: row for row in _ROWS for other in row[3]},
    **{row[2]: row for row in reversed(_ROWS)},
}
_LAYERS = (
    "TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty",
    "TensorFlowOpLayer",
)  # fmt: skip
# Keywords for the second operand, and those that both sides have.
_OPERANDS = ("x", "y", "b", "x2")
_KEYWORDS = {"axis": "axis", "keepdims": "keepdims", "reduction_indices": "axis"}


@dataclasses.dataclass
class Operation:
    """An operation to call.

    Attributes:
        name: of its layer in the file.
        function: what to call.
        keywords: of its own configuration.
        config: as the plan of a layer has it.
    """

    name: str
    function: Any
    keywords: dict[str, Any]

    def call(self, positional: list[Any], keywords: dict[str, Any]) -> Any:
        """Call it on the tensors of one node."""
        operands = [*positional, *(keywords[key] for key in _OPERANDS if key in keywords)]
        named = {
            _KEYWORDS[key]: value
            for key, value in {**self.keywords, **keywords}.items()
            if key in _KEYWORDS and value is not None
        }
        return self.function(*operands, **named)


def plan(layer: dict[str, Any], where: str, planner: Planner) -> Any:
    """Return the plan of an operation, or None where a layer is none.

    What is one and stands in no row is noted as a problem.
    """
    name, module = layer.get("class_name"), str(layer.get("module") or "")
    config = layer.get("config")
    config = config if isinstance(config, dict) else {}
    if name in _LAYERS:
        row = _BY_FUNCTION.get(str(config.get("function"))) if name == "TFOpLambda" else None
        shown = config.get("function", name)
    elif module.startswith(("keras.src.ops", "keras.ops", "keras.src.backend", "keras.operations")):
        row, shown = _BY_CLASS.get(str(name)), name
    else:
        return None
    label = str(config.get("name") or layer.get("name"))
    if row is None:
        planner.problems.append(f"{where} {label!r}: the operation {shown!r} is not translated")
        return Operation(label, None, {})
    keywords = {key: value for key, value in config.items() if key in _KEYWORDS}
    return Operation(label, _function(row), keywords)


def _function(row: tuple[str, str, str, tuple[str, ...]]) -> Any:
    found: Any = _runtime.tensorflow()
    path = row[2]
    if _runtime.supports("keras3"):
        found, path = _runtime.keras().ops, row[1]
    for name in path.split("."):
        found = getattr(found, name)
    return found
