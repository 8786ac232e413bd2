"""Functions of `tf.keras.backend` that Keras 3 dropped.

Where this Keras has the function, it is called. Keras 3 dropped what belongs to graphs, sessions
and the global learning phase: https://keras.io/guides/migrating_to_keras_3/
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from tfcompat import _runtime
from tfcompat.errors import UnsupportedArgumentError
from tfcompat.replacements.keras_utils import sync_to_numpy_or_python_type

__all__ = [
    "enable_tf_random_generator",
    "enable_v2_dtype_behavior",
    "get_session",
    "in_test_phase",
    "in_train_phase",
    "keras_function",
    "keras_placeholder",
    "learning_phase",
    "learning_phase_scope",
    "print_tensor",
    "reset_uids",
    "set_learning_phase",
    "set_session",
    "track_variable",
]

# What Keras 3 has no place for: the value of `set_learning_phase`, and that of `set_session`.
_state: dict[str, Any] = {"learning_phase": 0, "session": None}


def _native(name: str) -> Any:
    """Return the function of this Keras, or None."""
    tf = _runtime.tensorflow()
    for keras in (tf.keras, tf.compat.v1.keras):
        try:
            return getattr(keras.backend, name)
        except (AttributeError, ImportError):
            continue
    return None


def learning_phase() -> Any:
    """Return the global learning phase: 1 in training, 0 otherwise.

    Keras 3 has none; there it is what `set_learning_phase` was given, 0 before, and no layer looks
    at it. Pass `training` to layers instead.
    """
    native = _native("learning_phase")
    return native() if native else _state["learning_phase"]


def set_learning_phase(value: Any) -> None:
    """Set the global learning phase.

    In Keras 3 it changes what `learning_phase` and `in_train_phase` return, and no layer.

    Args:
        value: 0, 1 or a bool.
    """
    if value not in (0, 1):
        raise ValueError(f"The learning phase is 0 or 1, not {value!r}.")
    native = _native("set_learning_phase")
    if native:
        native(value)
    else:
        _state["learning_phase"] = value


@contextlib.contextmanager
def learning_phase_scope(value: Any) -> Iterator[None]:
    """Set the global learning phase in a block, as `set_learning_phase` does."""
    native = _native("learning_phase_scope")
    if native:
        with native(value):
            yield
        return
    before = _state["learning_phase"]
    set_learning_phase(value)
    try:
        yield
    finally:
        _state["learning_phase"] = before


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """Return `x` in training and `alt` otherwise.

    Args:
        x: a tensor, or a function of no arguments that returns one.
        alt: the same.
        training: a bool, 0, 1 or a boolean tensor. If None, the global learning phase; in Keras 2
            that of the layer being called.

    Returns:
        A tensor: the value, or the result of the function that was chosen.
    """
    native = _native("in_train_phase")
    if native:
        return native(x, alt, training=training)
    tf = _runtime.tensorflow()
    if training is None:
        training = learning_phase()
    static = tf.get_static_value(training) if tf.is_tensor(training) else training
    if static is not None:
        chosen = x if bool(static) else alt
        return chosen() if callable(chosen) else chosen
    return tf.cond(
        tf.cast(training, tf.bool),
        x if callable(x) else lambda: x,
        alt if callable(alt) else lambda: alt,
    )


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """Return `alt` in training and `x` otherwise; see `in_train_phase`."""
    return in_train_phase(alt, x, training=training)


def keras_function(
    inputs: Any, outputs: Any, updates: Any = None, name: str | None = None, **kwargs: Any
) -> Callable[[Any], Any]:
    """Return a function that computes symbolic outputs of a functional model.

    Args:
        inputs: a symbolic tensor, or a list of them.
        outputs: a symbolic tensor that they lead to, or a list.
        updates: in graph mode of Keras 2 only.
        name: in graph mode of Keras 2 only.
        **kwargs: options of `tf.Session.run`; in graph mode of Keras 2 only.

    Returns:
        A function of the values of the inputs. It returns NumPy arrays, Python numbers for
        scalars, in a list if `outputs` is one.

    Raises:
        UnsupportedArgumentError: Keras 3, which runs no session, was given `updates` or options.
    """
    native = _native("function")
    if native:
        compute: Callable[[Any], Any] = native(inputs, outputs, updates, name, **kwargs)
        return compute
    if updates or kwargs:
        asked = sorted([*kwargs, *(["updates"] if updates else [])])
        raise UnsupportedArgumentError(
            f"{_runtime.runtime()} runs no session and cannot do {', '.join(asked)}."
        )
    model = _runtime.tensorflow().keras.Model(inputs, outputs)

    def compute_outputs(values: Any) -> Any:
        found = model(values)
        if isinstance(outputs, (list, tuple)) and not isinstance(found, (list, tuple)):
            found = [found]
        return sync_to_numpy_or_python_type(found)

    return compute_outputs


def keras_placeholder(
    shape: Any = None,
    ndim: int | None = None,
    dtype: Any = None,
    sparse: bool = False,
    name: str | None = None,
    ragged: bool = False,
) -> Any:
    """Return a symbolic tensor, for the inputs of `keras_function`.

    In Keras 3 it is a `keras.Input`, to which Keras's layers and `keras.ops` apply, and
    TensorFlow's functions do not.

    Args:
        shape: a tuple of integers and None, the batch included.
        ndim: the number of dimensions, if there is no shape.
        dtype: a dtype or its name; `floatx` if None.
        sparse: whether it stands for a sparse tensor.
        name: of the tensor.
        ragged: whether it stands for a ragged tensor.
    """
    native = _native("placeholder")
    if native:
        return native(shape, ndim, dtype, sparse, name, ragged)
    tf = _runtime.tensorflow()
    if sparse and ragged:
        raise ValueError("A placeholder is sparse or ragged, not both.")
    return tf.keras.Input(
        batch_shape=tuple(shape) if shape else (None,) * (ndim or 0),
        dtype=None if dtype is None else tf.as_dtype(dtype).name,
        name=name,
        **({"sparse": True} if sparse else {}),
        **({"ragged": True} if ragged else {}),
    )


def get_session(op_input_list: Any = ()) -> Any:
    """Return the session of Keras in graph mode.

    Keras 3 has none: there it is the session of `set_session`, the default session, or a new
    `tf.compat.v1.Session` of the default graph, in this order.

    Args:
        op_input_list: tensors whose graph the session is to run; Keras 2 only.
    """
    native = _native("get_session")
    if native:
        return native(op_input_list) if op_input_list else native()
    v1 = _runtime.tensorflow().compat.v1
    if _state["session"] is None:
        return v1.get_default_session() or v1.Session()
    return _state["session"]


def set_session(session: Any) -> None:
    """Set the session of Keras in graph mode.

    Keras 3 runs no session: nothing but `get_session` sees it there, and options such as the
    growth of GPU memory belong to `tf.config`.

    Args:
        session: a `tf.compat.v1.Session`.
    """
    native = _native("set_session")
    if native:
        native(session)
    else:
        _state["session"] = session


def print_tensor(x: Any, message: str = "", summarize: int = 3) -> Any:
    """Print a message and a tensor when it is computed, and return the tensor.

    Args:
        x: a tensor.
        message: what to print before it.
        summarize: how many elements of each dimension to print at either end.
    """
    native = _native("print_tensor")
    if native and summarize == 3:  # which is no parameter in 2.5
        return native(x, message)
    tf = _runtime.tensorflow()
    tf.print(message, x, output_stream="file:///dev/stdout", summarize=summarize)
    return x


def reset_uids() -> None:
    """Let automatic names of layers count from the beginning.

    Keras 3 has `clear_session` alone for it, which also forgets its other global state.
    """
    native = _native("reset_uids")
    if native:
        native()
    else:
        _runtime.tensorflow().keras.backend.clear_session()


def enable_tf_random_generator() -> None:
    """Let Keras draw random numbers from a `tf.random.Generator`.

    Exists in 2.8 to 2.15 and in tf_keras; Keras 3 has seed generators, and before 2.8 there was
    nothing to enable.
    """
    native = _native("experimental")
    if native:
        native.enable_tf_random_generator()


def enable_v2_dtype_behavior() -> None:
    """Let layers have a dtype of their own and cast their inputs to it.

    It is on from TensorFlow 2 on unless switched off. Public in `tf.compat.v1.keras.layers` up to
    2.15 and in tf_keras; Keras 3 cannot switch it off.
    """
    layers = _runtime.tensorflow().compat.v1.keras.layers
    if hasattr(layers, "enable_v2_dtype_behavior"):
        layers.enable_v2_dtype_behavior()


def track_variable(v: Any) -> None:
    """Do nothing, as the private original does in eager execution.

    In graph mode of Keras 2 it made `get_session` initialize the variable;
    `tf.compat.v1.global_variables_initializer` does that for every variable.

    Args:
        v: a variable.
    """
