"""Eager and graph mode, name scopes: what `tensorflow.python.framework.ops` offers beyond tf."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from tfcompat import _runtime
from tfcompat.errors import TfcompatError
from tfcompat.replacements._autograph import unconverted

__all__ = [
    "NullContextmanager",
    "eager_mode",
    "get_name_scope",
    "graph_mode",
    "name_from_scope_name",
    "name_scope",
    "prepend_name_scope",
    "strip_name_scope",
    "tf2_enabled",
    "uid",
]

_numbers = itertools.count()


def uid() -> int:
    """Return a number that no other call in this process returned.

    Replaces `tensorflow.python.framework.ops.uid`, whose numbers are counted apart.
    """
    return next(_numbers)


def graph_mode() -> AbstractContextManager[Any]:
    """Build graphs within the context, in the graph that is the default one.

    Replaces `tensorflow.python.eager.context.graph_mode`. In eager mode the default graph is the
    one that `tf.compat.v1.get_default_graph()` returns there. Otherwise than with the original it
    counts as entered, so that `tf.compat.v1.reset_default_graph`, which `clear_session` of Keras 2
    calls, raises an AssertionError within the context.
    """
    default = _runtime.tensorflow().compat.v1.get_default_graph()
    return default.as_default()  # type: ignore[no-any-return]


@contextlib.contextmanager
def eager_mode() -> Iterator[None]:
    """Execute eagerly within the context.

    Replaces `tensorflow.python.eager.context.eager_mode` where execution is eager already, or
    where a `tf.function` is being traced.

    Raises:
        TfcompatError: the default graph is a plain `tf.Graph`, or eager execution is disabled;
            no public name leads to eager mode from there.
    """
    tf = _runtime.tensorflow()
    with contextlib.ExitStack() as stack:
        if not tf.executing_eagerly():
            stack.enter_context(tf.init_scope())
        if not tf.executing_eagerly():
            raise TfcompatError(
                "eager_mode() cannot leave a plain tf.Graph that is the default one, nor enable "
                "eager execution where it is disabled. Leave the graph's context first."
            )
        yield


@contextlib.contextmanager
def NullContextmanager(*args: Any, **kwargs: Any) -> Iterator[None]:  # noqa: N802 - the old name
    """Do nothing, whatever the arguments."""
    yield


@contextlib.contextmanager
def name_scope(
    name: str | None,
    default_name: str | None = None,
    values: Any = None,
    skip_on_eager: bool = True,
) -> Iterator[str | None]:
    """Open a name scope in graphs; in eager mode do nothing unless asked to.

    Replaces `tensorflow.python.framework.ops.name_scope`. `tf.compat.v1.name_scope` has no
    `skip_on_eager` and opens the scope in eager mode as well.

    Args:
        name: of the scope, or None for the default name.
        default_name: used where `name` is None.
        values: the tensors that operations in the scope get; they tell the graph.
        skip_on_eager: whether to do nothing in eager mode.

    Yields:
        The scope's name with a `/` at its end; None in eager mode when skipped.
    """
    tf = _runtime.tensorflow()
    if not tf.executing_eagerly():
        with tf.compat.v1.name_scope(name, default_name, values) as scope:
            yield scope
    elif skip_on_eager:
        yield None
    else:
        with tf.name_scope(default_name if name is None else name) as scope:
            yield scope


@unconverted
def get_name_scope() -> str:
    """Return the current name scope, without a `/` at its end.

    Replaces `tensorflow.python.framework.ops.get_name_scope`, public from 2.6 as
    `tf.get_current_name_scope`.
    """
    tf = _runtime.tensorflow()
    if hasattr(tf, "get_current_name_scope"):
        return tf.get_current_name_scope()  # type: ignore[no-any-return]
    if not tf.executing_eagerly():
        return tf.compat.v1.get_default_graph().get_name_scope()  # type: ignore[no-any-return]
    # A scope that ends in "/" is taken as it is; the current one is what another lies in.
    with tf.name_scope("scope") as inner:
        return inner[: -len("scope/")].rstrip("/")  # type: ignore[no-any-return]


def name_from_scope_name(name: str) -> str:
    """Return the name of an operation from that of its scope, which may end in `/`."""
    return name[:-1] if name[-1:] == "/" else name


def _split_mark(name: str | bytes) -> tuple[str, str]:
    """Part a name in a GraphDef from the mark of a control input or a colocation before it."""
    text = name.decode() if isinstance(name, bytes) else name
    for mark in ("^", "loc:@"):
        if text.startswith(mark):
            return mark, text[len(mark) :]
    return "", text


def prepend_name_scope(name: str, import_scope: str | None) -> str:
    """Put a scope before the name of an operation, after `^` or `loc:@` if it has one of them."""
    if not import_scope:
        return name
    mark, rest = _split_mark(name)
    return f"{mark}{name_from_scope_name(import_scope)}/{rest}"


def strip_name_scope(name: str, export_scope: str | None) -> str:
    """Take a scope off the front of the name of an operation, after `^` or `loc:@`."""
    if not export_scope:
        return name
    mark, rest = _split_mark(name)
    scope = name_from_scope_name(export_scope) + "/"
    return mark + (rest[len(scope) :].lstrip("/") if rest.startswith(scope) else rest)


def tf2_enabled() -> bool:
    """Tell whether TensorFlow 2 behaviour is on, as it is unless switched off.

    Replaces `tensorflow.python.tf2.enabled`. Told by control flow, which
    `tf.compat.v1.enable_v2_behavior` and `tf.compat.v1.disable_v2_behavior` switch along.
    """
    return _runtime.tensorflow().compat.v1.control_flow_v2_enabled()  # type: ignore[no-any-return]
