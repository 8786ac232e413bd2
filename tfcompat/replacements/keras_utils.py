"""Helpers of `keras.utils` that were never public: tensors, layers, training."""

from __future__ import annotations

import contextlib
import inspect
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from tfcompat import _runtime

if TYPE_CHECKING:
    keras_version: str

__all__ = [
    "ListLeaf",
    "compute_fans",
    "convert_dense_weights_data_format",
    "count_params",
    "filter_empty_gradients",
    "get_test_data",
    "has_arg",
    "is_symbolic_tensor",
    "is_tensor_or_variable",
    "keras_version",
    "make_batches",
    "model_from_config",
    "model_input_signature",
    "name_scope_only_in_function_or_graph",
    "slice_arrays",
    "sync_to_numpy_or_python_type",
    "to_list",
    "to_snake_case",
    "trace_model_call",
    "transform_images",
    "validate_string_arg",
]


class ListLeaf:
    """A list that `tf.nest` takes for one value; `tf_utils.ListWrapper` of Keras."""

    def __init__(self, list_to_wrap: list[Any]) -> None:
        self._list = list_to_wrap

    def as_list(self) -> list[Any]:
        """Return the list."""
        return self._list


def is_tensor_or_variable(x: Any) -> bool:
    """Tell whether a value is a tensor of any kind, or a variable."""
    tf = _runtime.tensorflow()
    return bool(tf.is_tensor(x)) or isinstance(x, tf.Variable)


def is_symbolic_tensor(tensor: Any) -> bool:
    """Tell whether a tensor is one of a graph, rather than an eager one.

    A variable is symbolic wherever eager execution is off. Whether a `KerasTensor` counts as
    symbolic changed between releases; here it does not.
    """
    tf = _runtime.tensorflow()
    if isinstance(tensor, tf.Variable):
        return not tf.executing_eagerly()
    if not tf.is_tensor(tensor):
        return False
    parts = tf.nest.flatten(tensor, expand_composites=True)
    # Of an eager tensor, asking for the graph raises AttributeError.
    return any(isinstance(part, tf.Tensor) and hasattr(part, "graph") for part in parts)


def sync_to_numpy_or_python_type(tensors: Any) -> Any:
    """Return a nest of eager tensors as NumPy arrays, scalars as Python numbers.

    Strings stay `bytes`; ragged and sparse tensors are left as they are.
    """
    tf = _runtime.tensorflow()

    def convert(value: Any) -> Any:
        if isinstance(value, tf.Tensor):
            value = value.numpy()
        if not isinstance(value, (np.ndarray, np.generic)):
            return value
        return value.item() if np.ndim(value) == 0 else value

    return tf.nest.map_structure(convert, tensors)


def count_params(weights: Iterable[Any]) -> int:
    """Return the number of elements of some weights, each counted once; unknown sizes as 0."""
    unique = {id(weight): weight for weight in weights}.values()
    return sum(
        int(np.prod([size or 0 for size in weight.shape]))
        for weight in unique
        if hasattr(weight, "shape")
    )


def convert_dense_weights_data_format(
    dense: Any,
    previous_feature_map_shape: tuple[int, int, int],
    target_data_format: str = "channels_first",
) -> None:
    """Reorder the kernel of a `Dense` layer that follows `Flatten`, for another data format.

    Args:
        dense: the layer; its weights are set.
        previous_feature_map_shape: the shape before `Flatten`, in the target's format.
        target_data_format: `"channels_first"` or `"channels_last"`.
    """
    kernel, bias = dense.get_weights()
    if target_data_format == "channels_first":
        channels, height, width = previous_feature_map_shape
        maps = kernel.reshape((height, width, channels, -1)).transpose((2, 0, 1, 3))
    elif target_data_format == "channels_last":
        height, width, channels = previous_feature_map_shape
        maps = kernel.reshape((channels, height, width, -1)).transpose((1, 2, 0, 3))
    else:
        raise AssertionError(f"Invalid data format: {target_data_format}")
    dense.set_weights([maps.reshape(kernel.shape), bias])


def validate_string_arg(
    input_data: Any,
    allowable_strings: Any,
    layer_name: str,
    arg_name: str,
    allow_none: bool = False,
    allow_callables: bool = False,
) -> None:
    """Check an argument of a layer that is one of some strings.

    Args:
        input_data: the argument.
        allowable_strings: the strings.
        layer_name: of the layer, for the message.
        arg_name: of the argument, for the message.
        allow_none: whether None is allowed.
        allow_callables: whether callables are.

    Raises:
        ValueError: the argument is none of them.
    """
    if allow_none and input_data is None:
        return
    if allow_callables and callable(input_data):
        return
    if isinstance(input_data, str) and input_data in allowable_strings:
        return
    allowed = ["None"] * allow_none + ["a callable"] * allow_callables
    raise ValueError(
        f"Unknown value for the `{arg_name}` argument of layer {layer_name}: {input_data!r}. "
        f"Allowed: {', '.join([*allowed, *map(repr, allowable_strings)])}."
    )


def has_arg(fn: Callable[..., Any], name: str, accept_all: bool = False) -> bool:
    """Tell whether a function takes an argument of a name.

    Args:
        fn: the function.
        name: of the argument.
        accept_all: whether `**kwargs` counts.
    """
    spec = inspect.getfullargspec(inspect.unwrap(fn))
    return (accept_all and spec.varkw is not None) or name in (*spec.args, *spec.kwonlyargs)


def to_list(x: Any) -> list[Any]:
    """Return a list as it is, and anything else as a list of one."""
    return x if isinstance(x, list) else [x]


def to_snake_case(name: str) -> str:
    """Return a class's name as Keras writes it in automatic names: `Conv2D` as `conv2d`."""
    words = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    snake = re.sub("([a-z])([A-Z])", r"\1_\2", words).lower()
    # A name of a scope must not begin with an underscore.
    return "private" + snake if snake.startswith("_") else snake


def make_batches(size: int, batch_size: int) -> list[tuple[int, int]]:
    """Return the first index and the end of each batch of `size` examples."""
    return [(start, min(size, start + batch_size)) for start in range(0, size, batch_size)]


def slice_arrays(arrays: Any, start: Any = None, stop: int | None = None) -> Any:
    """Return the same rows of each of some arrays.

    Args:
        arrays: an array, a list of arrays and None, or None.
        start: the first row, or a list or array of rows.
        stop: the end of the rows, if `start` is one.
    """
    if arrays is None:
        return [None]
    if isinstance(start, list) and stop is not None:
        raise ValueError(f"A list of rows has no stop. Received: start={start}, stop={stop}")
    rows = hasattr(start, "__len__")
    index = (start.tolist() if hasattr(start, "shape") else start) if rows else slice(start, stop)
    if isinstance(arrays, list):
        return [array[index] if hasattr(array, "__getitem__") else None for array in arrays]
    # Without a list Keras takes rows, or nothing.
    return arrays[index] if rows else [None]


def filter_empty_gradients(grads_and_vars: Iterable[tuple[Any, Any]]) -> tuple[Any, ...]:
    """Return the pairs that have a gradient, and warn of the variables that have none.

    Args:
        grads_and_vars: pairs of gradient and variable.

    Raises:
        ValueError: no variable has a gradient.
    """
    pairs = tuple(grads_and_vars)
    found = tuple((gradient, variable) for gradient, variable in pairs if gradient is not None)
    missing = [variable.name for gradient, variable in pairs if gradient is None]
    if pairs and not found:
        raise ValueError(f"No gradients provided for any variable: {missing}.")
    if missing:
        _runtime.tensorflow().get_logger().warning(
            "Gradients do not exist for variables %s when minimizing the loss.", missing
        )
    return found


def name_scope_only_in_function_or_graph(name: str) -> Any:
    """Return a name scope inside of a graph, and a context that does nothing outside."""
    tf = _runtime.tensorflow()
    if tf.executing_eagerly():
        return contextlib.nullcontext()
    return tf.compat.v1.name_scope(name)


def get_test_data(
    train_samples: int,
    test_samples: int,
    input_shape: tuple[int, ...],
    num_classes: int,
    random_seed: int | None = None,
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Return random data that a classifier can learn: noise around one point of each class.

    Args:
        train_samples: how many examples to train with.
        test_samples: how many to test with.
        input_shape: of one example.
        num_classes: the number of classes.
        random_seed: of NumPy's global generator.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: `x` of dtype float32, `y` of integers.
    """
    if random_seed is not None:
        np.random.seed(random_seed)
    count = train_samples + test_samples
    centers = 2 * num_classes * np.random.random((num_classes, *input_shape))
    y = np.random.randint(0, num_classes, size=(count,))
    x = np.zeros((count, *input_shape), dtype=np.float32)
    for index, label in enumerate(y):
        x[index] = centers[label] + np.random.normal(size=input_shape)
    return (x[:train_samples], y[:train_samples]), (x[train_samples:], y[train_samples:])


def model_from_config(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Make a model from its configuration: `{"class_name": ..., "config": model.get_config()}`.

    Replaces `tf.keras.models.model_from_config`, which Keras 3 dropped. Its successors there find
    a class by the module that `keras.saving.serialize_keras_object` notes. A configuration without
    one, whose class is a Sequential or functional model of Keras's own, is read here as well:
    https://keras.io/api/models/model_saving_apis/serialization_utils/

    Args:
        config: the configuration.
        custom_objects: classes and functions by their names in it.

    Returns:
        A model that has not been compiled.

    Raises:
        TypeError: the configuration is a list, which is that of a Sequential alone.
    """
    keras = _runtime.tensorflow().keras
    own = getattr(keras.models, "model_from_config", None)
    if own is not None:
        return own(config, custom_objects=custom_objects)
    if isinstance(config, list):
        raise TypeError("The configuration is a list: use tf.keras.Sequential.from_config.")
    models = {
        "Functional": keras.Model,
        "Model": keras.Model,
        "Sequential": keras.Sequential,
        **dict.fromkeys(custom_objects or ()),
    }
    model = None if config.get("module") else models.get(config["class_name"])
    if model is None:
        return keras.layers.deserialize(config, custom_objects=custom_objects)
    return model.from_config(config["config"], custom_objects=custom_objects)


def model_input_signature(model: Any, keep_original_batch_size: bool = False) -> Any:
    """Return the inputs of a built model as an input signature of `tf.function`.

    Args:
        model: a functional or Sequential model that has its inputs.
        keep_original_batch_size: whether to keep the batch size of the inputs.

    Returns:
        A list of one `tf.TensorSpec`, or of one list of them for a model of several inputs; None
        where the inputs are not known, as those of a subclassed model.
    """
    tf = _runtime.tensorflow()
    inputs = getattr(model, "inputs", None)
    if not inputs:
        return None
    names = getattr(model, "input_names", None) or [tensor.name for tensor in inputs]
    specs = []
    for name, tensor in zip(names, inputs):
        shape = tf.TensorShape(tensor.shape).as_list()
        if not keep_original_batch_size:
            shape[0] = None
        specs.append(tf.TensorSpec(shape, tensor.dtype, name=name))
    return specs if len(specs) == 1 else [specs]


def trace_model_call(model: Any, input_signature: Any = None) -> Any:
    """Return a `tf.function` of a model's outputs, by name, for inference.

    Args:
        model: a Keras model.
        input_signature: of the function; `model_input_signature` if None.

    Returns:
        A `tf.function` whose result is a dictionary of the outputs.

    Raises:
        ValueError: the inputs of the model are not known.
    """
    tf = _runtime.tensorflow()
    signature = input_signature or model_input_signature(model)
    if signature is None:
        raise ValueError(
            f"The inputs of the model {model.name!r} are not known. Pass input_signature."
        )

    def call(*args: Any) -> dict[str, Any]:
        outputs = tf.nest.flatten(
            model(args[0] if len(signature) == 1 else list(args), training=False)
        )
        names = getattr(model, "output_names", None)
        return dict(zip(names or [f"output_{i + 1}" for i in range(len(outputs))], outputs))

    return tf.function(call, input_signature=signature)


def __getattr__(name: str) -> Any:
    # `tf.keras.__version__` is absent in 2.13 to 2.15 and under tf_keras.
    if name == "keras_version":
        return str(_runtime.runtime().keras)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def compute_fans(shape: Iterable[int]) -> tuple[int, int]:
    """Return the numbers of inputs and outputs of a unit, for a weight of a shape.

    Replaces `compute_fans` of Keras 3's initializers and `_compute_fans` of the earlier ones.

    Args:
        shape: (..., inputs, outputs) for a kernel, which may be that of a convolution.
    """
    shape = tuple(shape)
    if len(shape) < 2:
        units = shape[0] if shape else 1
        return int(units), int(units)
    field = int(np.prod(shape[:-2], dtype=np.int64))
    return int(shape[-2]) * field, int(shape[-1]) * field


def transform_images(
    images: Any,
    transforms: Any,
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    interpolation: str = "bilinear",
    output_shape: Any = None,
    name: str | None = None,
) -> Any:
    """Apply projective transforms to images.

    Replaces `transform` of the private module `image_preprocessing` of Keras 2.

    Args:
        images: a tensor of shape (batch, height, width, channels).
        transforms: of shape (1, 8) or (batch, 8). [a0, a1, a2, b0, b1, b2, c0, c1] takes the point
            (x, y) of the output from ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k) of the input,
            where k = c0 x + c1 y + 1.
        fill_mode: `"constant"`, `"reflect"`, `"wrap"` or `"nearest"`, for points outside.
        fill_value: the value of points outside with `"constant"`.
        interpolation: `"nearest"` or `"bilinear"`.
        output_shape: (height, width); that of the input by default.
        name: of the scope of the operations.

    Returns:
        A tensor of shape (batch, height, width, channels) and the dtype of `images`.
    """
    tf = _runtime.tensorflow()
    with tf.name_scope(name or "transform"):
        if output_shape is None:
            output_shape = tf.shape(images)[1:3]
            known = None if tf.executing_eagerly() else tf.get_static_value(output_shape)
            output_shape = output_shape if known is None else known
        output_shape = tf.convert_to_tensor(output_shape, tf.int32)
        if not output_shape.shape.is_compatible_with([2]):
            raise ValueError(f"output_shape must be (height, width); got {output_shape}")
        return tf.raw_ops.ImageProjectiveTransformV3(
            images=images,
            output_shape=output_shape,
            fill_value=tf.convert_to_tensor(fill_value, tf.float32),
            transforms=transforms,
            fill_mode=fill_mode.upper(),
            interpolation=interpolation.upper(),
        )
