"""`tf.function` with today's argument names on every release, and the types that it returns."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tfcompat import _runtime
from tfcompat.errors import UnsupportedArgumentError

if TYPE_CHECKING:
    Function: type[Any]
    ConcreteFunction: type[Any]

__all__ = ["ConcreteFunction", "Function", "function"]

# The one attribute that releases without experimental_attributes take, under its own name.
_IMPLEMENTS = "_implements"


def function(
    func: Callable[..., Any] | None = None,
    input_signature: Any = None,
    autograph: bool = True,
    jit_compile: bool | None = None,
    reduce_retracing: bool = False,
    experimental_implements: str | None = None,
    experimental_autograph_options: Any = None,
    experimental_attributes: Mapping[str, Any] | None = None,
    experimental_relax_shapes: bool | None = None,
    experimental_compile: bool | None = None,
    experimental_follow_type_hints: bool | None = None,
) -> Any:
    """Compile a function into TensorFlow graphs, as `tf.function` does.

    It is used bare (`@tfc.function`), with arguments (`@tfc.function(jit_compile=True)`) or
    called (`tfc.function(f, input_signature=...)`), and takes the arguments of
    https://www.tensorflow.org/api_docs/python/tf/function in their order there. Those that
    this release calls otherwise are translated; what is left is what `tf.function` does here.

    Args:
        func: the function. Without it, a decorator is returned.
        input_signature: a nest of `tf.TensorSpec`: shapes and dtypes of the arguments.
        autograph: whether Python's control flow becomes TensorFlow's.
        jit_compile: whether XLA compiles the function: True, False, or None for as it comes.
        reduce_retracing: whether shapes are relaxed for fewer traces. Up to 2.8 the argument is
            `experimental_relax_shapes`
            (https://github.com/tensorflow/tensorflow/releases/tag/v2.9.0), which may
            trace another number of times.
        experimental_implements: the name of the function that this one implements.
        experimental_autograph_options: `tf.autograph.experimental.Feature` values.
        experimental_attributes: attributes of the graph's function, by name. From 2.12
            (https://github.com/tensorflow/tensorflow/releases/tag/v2.12.0); before, of all of
            them `_implements` alone can be given, which is `experimental_implements`.
        experimental_relax_shapes: the old name of `reduce_retracing`.
        experimental_compile: the old name of `jit_compile`.
        experimental_follow_type_hints: from 2.11 on it has no effect in TensorFlow; before, it
            is passed on.

    Returns:
        What `tf.function` returns: a `Function`, or a decorator that makes one.

    Raises:
        UnsupportedArgumentError: `experimental_attributes` has attributes that this release
            cannot take.
    """
    tf = _runtime.tensorflow()
    accepted = inspect.signature(tf.function).parameters
    if experimental_compile is not None and jit_compile is None:
        jit_compile = experimental_compile
    arguments = {
        "input_signature": input_signature,
        "autograph": autograph,
        "jit_compile": jit_compile,
        "experimental_implements": experimental_implements,
        "experimental_autograph_options": experimental_autograph_options,
    }
    retracing = (
        "reduce_retracing" if "reduce_retracing" in accepted else "experimental_relax_shapes"
    )
    arguments[retracing] = bool(reduce_retracing or experimental_relax_shapes)
    if experimental_follow_type_hints and "experimental_follow_type_hints" in accepted:
        arguments["experimental_follow_type_hints"] = experimental_follow_type_hints
    if experimental_attributes:
        if "experimental_attributes" in accepted:
            arguments["experimental_attributes"] = experimental_attributes
        else:
            arguments.update(_translated(experimental_attributes, experimental_implements))
    return tf.function(func, **arguments)


def _translated(attributes: Mapping[str, Any], implements: str | None) -> dict[str, Any]:
    """Return the arguments of a release without `experimental_attributes`."""
    others = sorted(set(attributes) - {_IMPLEMENTS})
    if others:
        raise UnsupportedArgumentError(
            f"tf.function takes the attributes {', '.join(others)} from TensorFlow 2.12 on; "
            f"{_runtime.runtime()} is installed. Leave them out of experimental_attributes."
        )
    return {"experimental_implements": implements or attributes[_IMPLEMENTS]}


def _function() -> Any:
    return _runtime.tensorflow().function(lambda: None, autograph=False)


# The classes have no public name in every release (tf.types.experimental.PolymorphicFunction is
# the abstract base from 2.15 on), but what tf.function returns is public.
_TYPES: dict[str, Callable[[], type[Any]]] = {
    "Function": lambda: type(_function()),
    "ConcreteFunction": lambda: type(_function().get_concrete_function()),
}


def __getattr__(name: str) -> Any:
    if name not in _TYPES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = _TYPES[name]()
    globals()[name] = value
    return value
