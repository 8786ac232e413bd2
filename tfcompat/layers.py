"""What custom layers and models need that moved or changed between Keras 2 and Keras 3.

The types (`Layer`, `Model`, `Functional`, `KerasTensor`, ...) are for `isinstance`, `issubclass`,
annotations and base classes. As a base class each stands for the class of the Keras that
`tf.keras` is; `isinstance` is true for objects of any Keras in the process.

`register_keras_serializable`, `InputSpec`, `pack_x_y_sample_weight` and
`unpack_x_y_sample_weight` are Keras's own and public in every release, at `tf.keras.utils` and
`tf.keras.layers`; they are here so that a file of layers needs one import.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from concurrent import futures
from typing import TYPE_CHECKING, Any

from tfcompat import _kinds, _runtime
from tfcompat._keras_type import KerasType
from tfcompat.errors import UnsupportedArgumentError

if TYPE_CHECKING:
    Callback: Any
    Functional: Any
    InputLayer: Any
    KerasTensor: Any
    Layer: Any
    Loss: Any
    Metric: Any
    Model: Any
    Optimizer: Any
    Sequential: Any
    Variable: Any
    InputSpec: Any
    pack_x_y_sample_weight: Any
    register_keras_serializable: Any
    unpack_x_y_sample_weight: Any

__all__ = [
    "Callback",
    "Functional",
    "InputLayer",
    "InputSpec",
    "KerasTensor",
    "KerasType",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Sequential",
    "Variable",
    "add_weight",
    "compute_loss",
    "compute_output_shape",
    "compute_output_spec",
    "get_mask",
    "minimize",
    "pack_x_y_sample_weight",
    "register_keras_serializable",
    "set_mask",
    "unpack_x_y_sample_weight",
    "update_metrics",
]


def _keras_tensor(keras: Any) -> tuple[type, ...]:
    # Inside a graph Keras 2 makes placeholders of the graph instead; a new thread is in none.
    with futures.ThreadPoolExecutor(1) as thread:
        probe = thread.submit(keras.module.Input, (1,), name="tfcompat_probe_keras_tensor")
    found = type(probe.result())
    # With eager execution disabled symbolic tensors have no class of their own.
    return () if issubclass(found, _runtime.tensorflow().Tensor) else (found,)


def _variables(keras: Any) -> tuple[type, ...]:
    variable: type = _runtime.tensorflow().Variable
    return (variable,) if issubclass(keras.variable, variable) else (keras.variable, variable)


_TYPES: dict[str, Callable[[Any], tuple[type, ...]]] = {
    "Callback": lambda keras: (keras.module.callbacks.Callback,),
    # Has no public name in Keras 2 (keras.Model is the public class of Keras 3 nearest to it).
    "Functional": lambda keras: (keras.functional[0],),
    "InputLayer": lambda keras: (keras.module.layers.InputLayer,),
    # Public as keras.KerasTensor in Keras 3 only.
    "KerasTensor": _keras_tensor,
    "Layer": lambda keras: (keras.layer,),
    "Loss": lambda keras: (keras.module.losses.Loss,),
    "Metric": lambda keras: (keras.metric,),
    "Model": lambda keras: (keras.model,),
    # The optimizers of 2.9 to 2.15 have up to three bases: OptimizerV2, the rewritten one, and
    # LossScaleOptimizer's: https://github.com/tensorflow/tensorflow/releases/tag/v2.11.0
    "Optimizer": lambda keras: (*keras.optimizers, *_loss_scale_optimizers(keras)),
    "Sequential": lambda keras: (keras.module.Sequential,),
    # Public as keras.Variable in Keras 3.1 and later; a tf.Variable in Keras 2.
    "Variable": _variables,
}


def _loss_scale_optimizers(keras: Any) -> tuple[type, ...]:
    found = getattr(keras.module.mixed_precision, "LossScaleOptimizer", None)
    # A function in 2.11 to 2.15 would be no class to test for.
    return (found,) if isinstance(found, type) else ()


# Public in every release.
_PUBLIC = {
    "InputSpec": ("layers", "InputSpec"),
    "pack_x_y_sample_weight": ("utils", "pack_x_y_sample_weight"),
    "register_keras_serializable": ("utils", "register_keras_serializable"),
    "unpack_x_y_sample_weight": ("utils", "unpack_x_y_sample_weight"),
}


def __getattr__(name: str) -> Any:
    if name in _TYPES:
        value: Any = KerasType(name, _TYPES[name])
    elif name in _PUBLIC:
        module, attribute = _PUBLIC[name]
        # Through tf.keras, whose names Keras 3 keeps where `keras` itself dropped them.
        value = getattr(getattr(_runtime.tensorflow().keras, module), attribute)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


# The parameters of `add_weight` that some Keras calls otherwise or lacks, with the value that
# asks for nothing. Keras 3 put `name` last, calls autocasting `autocast` and took
# `aggregation` out (until 3.5): https://keras.io/guides/migrating_to_keras_3/
_AGGREGATIONS = ("none", "mean", "sum", "only_first_replica")


def add_weight(
    layer: Any,
    name: str,
    shape: Any = (),
    *,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    constraint: Any = None,
    trainable: bool = True,
    autocast: bool = True,
    aggregation: str = "none",
) -> Any:
    """Add a weight to a layer, with one signature for Keras 2 and Keras 3.

    `Layer.add_weight` takes `name` first in Keras 2 and last in Keras 3.

    Args:
        layer: a Keras layer, model or metric.
        name: of the weight. Keras 3 refuses a name with a `/`.
        shape: a tuple of integers, an integer or a `tf.TensorShape`; all dimensions known.
        dtype: a `tf.DType` or its name; the variable dtype of the layer if None.
        initializer: an initializer or its name. If None, `glorot_uniform` for floating-point
            weights and zeros for others; zeros for the weights of a metric.
        regularizer: a regularizer, its name, or None.
        constraint: a constraint, its name, or None.
        trainable: whether the weight is one of `trainable_weights`. Never of a metric's.
        autocast: whether a layer of mixed precision reads the weight in its compute dtype.
        aggregation: how replicas that assign to the weight are combined under `tf.distribute`:
            `"none"`, `"mean"`, `"sum"` or `"only_first_replica"`.

    Returns:
        The weight, as this Keras makes it: a `tf.Variable` in Keras 2, a `keras.Variable` in
        Keras 3.

    Raises:
        UnsupportedArgumentError: this Keras, or a metric, has no parameter for something that
            was asked for. All of it is listed, and no weight is added.
    """
    tf = _runtime.tensorflow()
    metric = _kinds.kind_of(layer) == _kinds.METRIC
    arguments: dict[str, Any] = {
        "name": name,
        "shape": tuple(tf.TensorShape(shape).as_list()),
        "dtype": None if dtype is None else tf.as_dtype(dtype).name,
        "initializer": "zeros" if metric and initializer is None else initializer,
    }
    if aggregation not in _AGGREGATIONS:
        raise UnsupportedArgumentError(
            f"aggregation={aggregation!r} is none of {', '.join(map(repr, _AGGREGATIONS))}."
        )
    optional = {  # parameter: what was asked for, what every Keras does anyway
        "regularizer": (regularizer, None),
        "constraint": (constraint, None),
        "trainable": (trainable, True),
        "autocast": (autocast, True),
        "aggregation": (aggregation, "none"),
    }
    parameters = inspect.signature(layer.add_weight).parameters
    keras2 = "synchronization" in parameters
    unsupported = []
    for parameter, (value, default) in optional.items():
        if value == default and (metric or parameter != "trainable"):
            continue
        if keras2 and not metric and parameter == "autocast":
            arguments["experimental_autocast"] = value
        elif parameter not in parameters:
            unsupported.append(f"{parameter}={value!r}")
        elif keras2 and parameter == "aggregation":
            arguments[parameter] = getattr(tf.VariableAggregation, value.upper())
        else:
            arguments[parameter] = value
    if unsupported:
        raise UnsupportedArgumentError(
            f"{type(layer).__name__}.add_weight of {_runtime.runtime()} cannot do "
            f"{', '.join(unsupported)}. Leave it out."
        )
    return layer.add_weight(**arguments)


def compute_output_shape(layer: Any, input_shape: Any) -> Any:
    """Return the shape that a layer gives for a shape.

    `Layer.compute_output_shape` returns a `tf.TensorShape` in Keras 2 and a tuple in Keras 3.

    Args:
        layer: a Keras layer or model. It is built if it was not, as by Keras itself.
        input_shape: a tuple of integers and None, a `tf.TensorShape`, or a list or dictionary of
            them for a layer of several inputs.

    Returns:
        A tuple of integers and None, or a nest of such tuples.
    """
    tf = _runtime.tensorflow()
    try:
        output_shape = layer.compute_output_shape(_map_shapes(_as_tuple, input_shape))
    except NotImplementedError:
        # Functional models of Keras 3.0 have compute_output_spec alone.
        if not hasattr(layer, "compute_output_spec"):
            raise
        specs = _map_shapes(lambda shape: tf.TensorSpec(shape, layer.compute_dtype), input_shape)
        outputs = compute_output_spec(layer, specs)
        return tf.nest.map_structure(lambda spec: _as_tuple(spec.shape), outputs)
    return _map_shapes(_as_tuple, output_shape)


def _as_tuple(shape: Any) -> tuple[int | None, ...]:
    return tuple(_runtime.tensorflow().TensorShape(shape).as_list())


def _map_shapes(function: Callable[[Any], Any], shapes: Any) -> Any:
    """Apply a function to each shape of a nest, where a shape may be a tuple or list itself."""
    if isinstance(shapes, dict):
        return {key: _map_shapes(function, shape) for key, shape in shapes.items()}
    if isinstance(shapes, (list, tuple)) and any(
        not (size is None or isinstance(size, int)) for size in shapes
    ):
        return type(shapes)(_map_shapes(function, shape) for shape in shapes)
    return function(shapes)


def compute_output_spec(layer: Any, input_spec: Any) -> Any:
    """Return the shapes and dtypes that a layer gives for inputs of given shapes and dtypes.

    `Layer.compute_output_signature` of Keras 2 became `compute_output_spec` in Keras 3, which
    takes and returns `KerasTensor`s.

    Args:
        layer: a Keras layer or model. It is built if it was not, as by Keras itself.
        input_spec: a `tf.TensorSpec`, or a list or dictionary of them.

    Returns:
        A `tf.TensorSpec`, or a nest of them.
    """
    tf = _runtime.tensorflow()
    if hasattr(layer, "compute_output_signature"):
        return layer.compute_output_signature(input_spec)
    keras_tensor: Any = _kinds.keras_of(layer).module.KerasTensor
    inputs = tf.nest.map_structure(
        lambda spec: keras_tensor(_as_tuple(spec.shape), dtype=spec.dtype.name), input_spec
    )
    outputs = layer.compute_output_spec(inputs)
    return tf.nest.map_structure(
        lambda output: tf.TensorSpec(_as_tuple(output.shape), output.dtype), outputs
    )


@functools.cache
def _mask_layers(keras: Any) -> tuple[Any, Any]:
    """Make the two layers that read and set a mask by Keras's own public protocol."""
    layer_class: Any = keras.layer

    class MaskReader(layer_class):  # type: ignore[misc]
        supports_masking = True

        def call(self, inputs: Any, mask: Any = None) -> Any:
            self.found.append(mask)
            return inputs

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return mask

    class MaskSetter(layer_class):  # type: ignore[misc]
        supports_masking = True

        def call(self, inputs: Any) -> Any:
            return _runtime.tensorflow().identity(inputs)

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return self.given[0]

    return MaskReader, MaskSetter


_symbolic: Any = KerasType("KerasTensor", _keras_tensor)


def _mask_layer(which: int, tensor: Any) -> Any:
    if isinstance(tensor, _symbolic):
        raise UnsupportedArgumentError(
            "The mask of a symbolic tensor is known inside of a layer's `call` only. Read or set "
            "it there."
        )
    return _mask_layers(_kinds.kerases()[0])[which](dtype=tensor.dtype)


def get_mask(tensor: Any) -> Any:
    """Return the mask that Keras attached to a tensor, or None.

    Args:
        tensor: an eager tensor, or one inside of a layer's `call`, that a layer returned, such as
            `Embedding(mask_zero=True)` or `Masking`.

    Returns:
        A boolean tensor, usually of shape `(batch, steps)`, or None.

    Raises:
        UnsupportedArgumentError: the tensor is a symbolic one of a functional model.
    """
    reader = _mask_layer(0, tensor)
    found: list[Any] = []
    object.__setattr__(reader, "found", found)  # not to be tracked as the layer's state
    reader(tensor)
    return found[-1]


def set_mask(tensor: Any, mask: Any) -> Any:
    """Return a tensor of the same values with a mask that the next layers see.

    Args:
        tensor: an eager tensor, or one inside of a layer's `call`.
        mask: a boolean tensor, or None to take the mask off.

    Returns:
        A tensor equal to `tensor`, which is left as it was.

    Raises:
        UnsupportedArgumentError: the tensor is a symbolic one of a functional model.
    """
    setter = _mask_layer(1, tensor)
    object.__setattr__(setter, "given", (mask,))
    return setter(tensor)


def compute_loss(
    model: Any, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None
) -> Any:
    """Return the loss that a compiled model has for its predictions, its layers' losses included.

    For a custom `train_step`. `Model.compute_loss` exists from 2.8; before, and in Keras 2 with
    the same result, it is `compiled_loss`:
    https://github.com/tensorflow/tensorflow/releases/tag/v2.8.0

    Args:
        model: a compiled Keras model.
        x: the inputs, which Keras's own loss does not look at.
        y: the targets.
        y_pred: the outputs of the model.
        sample_weight: a tensor of weights, or None.

    Returns:
        A scalar tensor, not scaled for mixed precision; `minimize` scales.
    """
    if hasattr(model, "compute_loss"):
        return model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
    return model.compiled_loss(y, y_pred, sample_weight, regularization_losses=model.losses)


def minimize(optimizer: Any, loss: Callable[[], Any], variables: Any) -> Any:
    """Take one training step: compute a loss and its gradients, and apply them.

    `Optimizer.minimize` is gone in Keras 3, and a `LossScaleOptimizer` scales by
    `get_scaled_loss` and `get_unscaled_gradients` in Keras 2, by `scale_loss` in Keras 3.

    Args:
        optimizer: a Keras optimizer of any release.
        loss: computes the loss, a scalar tensor; called once, with no arguments.
        variables: what to train, such as `model.trainable_variables`; or a function that returns
            it, called after the loss, for a model that has no variables before its first call.

    Returns:
        What `loss` returned.
    """
    tf = _runtime.tensorflow()
    unscale = getattr(optimizer, "get_unscaled_gradients", None)
    scale = getattr(optimizer, "get_scaled_loss" if unscale else "scale_loss", lambda value: value)
    with tf.GradientTape() as tape:
        value = loss()
        scaled = scale(value)
    variables = list(variables() if callable(variables) else variables)
    gradients = tape.gradient(scaled, variables)
    optimizer.apply_gradients(list(zip(unscale(gradients) if unscale else gradients, variables)))
    return value


def update_metrics(
    model: Any,
    x: Any = None,
    y: Any = None,
    y_pred: Any = None,
    sample_weight: Any = None,
    *,
    loss: Any = None,
) -> dict[str, Any]:
    """Update the metrics of a compiled model and return their results, `loss` among them.

    For a custom `train_step` or `test_step`, whose result this is. `Model.compute_metrics` exists
    from 2.8. In Keras 3 a custom step has to update the mean of the loss itself; in Keras 2
    `compute_loss` did.

    Args:
        model: a compiled Keras model.
        x: the inputs.
        y: the targets.
        y_pred: the outputs of the model.
        sample_weight: a tensor of weights, or None.
        loss: what `compute_loss` returned.

    Returns:
        The result of each metric under its name.
    """
    tf = _runtime.tensorflow()
    # In Keras 2 `compiled_loss` has metrics of its own and has updated them.
    if loss is not None and not hasattr(getattr(model, "compiled_loss", None), "metrics"):
        size = tf.shape(tf.nest.flatten(y if x is None else x)[0])[0]
        for metric in model.metrics:
            if metric.name == "loss":
                metric.update_state(loss, sample_weight=size)
    if hasattr(model, "compute_metrics"):
        results: dict[str, Any] = model.compute_metrics(x, y, y_pred, sample_weight)
        return results
    model.compiled_metrics.update_state(y, y_pred, sample_weight)
    results = {}
    for metric in model.metrics:
        result = metric.result()
        results.update(result if isinstance(result, dict) else {metric.name: result})
    return results
