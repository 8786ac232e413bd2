"""Classes of Keras without a public name, for `isinstance`, annotations and base classes.

Each is a `tfcompat.layers.KerasType`: on a Keras that has no such class, no object is an instance
of it and nothing can derive from it. They are found as bases of public classes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tfcompat import _runtime
from tfcompat.layers import KerasType

if TYPE_CHECKING:
    AbstractRNNCell: Any
    BaseConv: Any
    BaseDepthwiseConv: Any
    BaseGlobalPooling: Any
    BasePooling: Any
    BaseSeparableConv: Any
    DropoutRNNCellMixin: Any
    KerasNode: Any
    LossFunctionWrapper: Any
    LossesContainer: Any
    Merge: Any
    MetricsContainer: Any
    OptimizerV2: Any
    SlicingOpLambda: Any
    TFOpLambda: Any
    TensorFlowOpLayer: Any

__all__ = [
    "AbstractRNNCell",
    "BaseConv",
    "BaseDepthwiseConv",
    "BaseGlobalPooling",
    "BasePooling",
    "BaseSeparableConv",
    "DropoutRNNCellMixin",
    "KerasNode",
    "LossFunctionWrapper",
    "LossesContainer",
    "Merge",
    "MetricsContainer",
    "OptimizerV2",
    "SlicingOpLambda",
    "TFOpLambda",
    "TensorFlowOpLayer",
]

_Find = Callable[[Any], "tuple[type, ...]"]


def _base(public: tuple[str, ...], *names: str, module: str = "layers") -> _Find:
    """Find the base, of one of the names, of each of some public classes."""

    def find(keras: Any) -> tuple[type, ...]:
        classes = [getattr(getattr(keras.module, module), name) for name in public]
        return tuple(base for cls in classes for base in cls.__mro__ if base.__name__ in names)

    return find


def _layer(name: str) -> _Find:
    """Find a class that derives from `Layer` and has no public name."""

    def find(keras: Any) -> tuple[type, ...]:
        return tuple(
            cls for cls in keras.layer.__subclasses__() if cls.__name__ == name and keras.owns(cls)
        )

    return find


def _slicing(keras: Any) -> tuple[type, ...]:
    # A subclass of TFOpLambda from 2.5 on, and of Layer before.
    bases = _layer("TFOpLambda")(keras)
    return tuple(
        cls for base in bases for cls in base.__subclasses__() if cls.__name__ == "SlicingOpLambda"
    )


def _depthwise(keras: Any) -> tuple[type, ...]:
    # Up to 2.6 DepthwiseConv2D has no base of its own but Conv2D.
    found = _base(("DepthwiseConv2D",), "DepthwiseConv", "BaseDepthwiseConv")(keras)
    return found or (keras.module.layers.DepthwiseConv2D,)


def _container(attribute: str) -> _Find:
    """Find the class of what `compile` of Keras 2 makes."""

    def find(keras: Any) -> tuple[type, ...]:
        model = keras.module.Sequential(name="tfcompat_probe_containers")
        model.compile(keras.module.optimizers.SGD(name="tfcompat_probe_optimizer"), "mse")
        cls = type(getattr(model, attribute, None))
        # Keras 3 answers with something else, for old custom steps.
        return (cls,) if cls.__name__ in ("LossesContainer", "MetricsContainer") else ()

    return find


def _node(keras: Any) -> tuple[type, ...]:
    # The graph of a functional model is public in Keras 2 only.
    inputs = keras.module.Input((1,), name="tfcompat_probe_node")
    layer = keras.module.layers.Activation("linear", name="tfcompat_probe_node_layer")
    layer(inputs)
    return tuple(type(node) for node in getattr(layer, "inbound_nodes", ())[:1])


def _optimizer_v2(keras: Any) -> tuple[type, ...]:
    # Public as tf.keras.optimizers.Optimizer up to 2.10, as optimizers.legacy.Optimizer in 2.9 to
    # 2.15. That of Keras 3 is a stub. Only OptimizerV2 has slots.
    return tuple(cls for cls in keras.optimizers if hasattr(cls, "get_slot"))


def _abstract_rnn_cell(keras: Any) -> tuple[type, ...]:
    # Gone in Keras 3, whose cells are any layers with a `state_size`.
    public = getattr(keras.module.layers, "AbstractRNNCell", None)
    return (public or _own_rnn_cell(keras),)


@functools.cache
def _own_rnn_cell(keras: Any) -> type:
    layer_class: Any = keras.layer

    class AbstractRNNCell(layer_class):  # type: ignore[misc]
        """A cell that `RNN` runs. Subclasses give `call(inputs, states)` and `state_size`."""

        def call(self, inputs: Any, states: Any) -> Any:
            raise NotImplementedError

        @property
        def state_size(self) -> Any:
            """The size of the state, or a list of the sizes of the states."""
            raise NotImplementedError

        @property
        def output_size(self) -> Any:
            """The size of the output."""
            raise NotImplementedError

        def get_initial_state(
            self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
        ) -> Any:
            """Return zeros of `state_size` for each example of the batch."""
            tf = _runtime.tensorflow()
            if inputs is not None:
                # Keras 3 passes the size of the batch alone, and first.
                is_size = getattr(inputs, "shape", ()) == ()
                batch_size = inputs if is_size else tf.shape(inputs)[0]
                dtype = dtype or (None if is_size else inputs.dtype)
            sizes = self.state_size
            states = [
                tf.zeros([batch_size, *tf.TensorShape(size)], dtype or self.compute_dtype)
                for size in (sizes if isinstance(sizes, (list, tuple)) else [sizes])
            ]
            return states if isinstance(sizes, (list, tuple)) else states[0]

    return AbstractRNNCell


_TYPES: dict[str, _Find] = {
    "AbstractRNNCell": _abstract_rnn_cell,
    "BaseConv": _base(("Conv2D",), "Conv", "BaseConv"),
    "BaseDepthwiseConv": _depthwise,
    "BaseGlobalPooling": _base(
        ("GlobalMaxPooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling3D"),
        "BaseGlobalPooling", "GlobalPooling1D", "GlobalPooling2D", "GlobalPooling3D",
    ),
    "BasePooling": _base(
        ("MaxPooling2D", "MaxPooling1D", "MaxPooling3D"),
        "BasePooling", "Pooling1D", "Pooling2D", "Pooling3D",
    ),
    "BaseSeparableConv": _base(("SeparableConv2D",), "SeparableConv", "BaseSeparableConv"),
    "DropoutRNNCellMixin": _base(("LSTMCell",), "DropoutRNNCellMixin", "DropoutRNNCell"),
    "KerasNode": _node,
    "LossFunctionWrapper": _base(("MeanSquaredError",), "LossFunctionWrapper", module="losses"),
    "LossesContainer": _container("compiled_loss"),
    "Merge": _base(("Add",), "Merge", "_Merge"),
    "MetricsContainer": _container("compiled_metrics"),
    "OptimizerV2": _optimizer_v2,
    # What Keras 2 makes of TensorFlow's functions in a functional model. Keras 3 has operations
    # of its own there, and no layers.
    "SlicingOpLambda": _slicing,
    "TFOpLambda": _layer("TFOpLambda"),
    "TensorFlowOpLayer": _layer("TensorFlowOpLayer"),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _TYPES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = KerasType(name, _TYPES[name])
    return value
