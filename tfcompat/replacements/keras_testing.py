"""Modes in which tests of Keras run: `keras_parameterized` and `testing_utils` of Keras 2.

`absl.testing`, which TensorFlow needs itself, makes the cases.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import itertools
import unittest
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tfcompat import _runtime
from tfcompat.replacements.graphs import eager_mode, tf2_enabled

if TYPE_CHECKING:
    KerasTestCase: Any

__all__ = ["KerasTestCase", "run_all_keras_modes", "run_eagerly_scope", "should_run_eagerly"]

_run_eagerly: contextvars.ContextVar[bool | None] = contextvars.ContextVar(
    "run_eagerly", default=None
)


@contextlib.contextmanager
def run_eagerly_scope(value: bool) -> Iterator[bool]:
    """Say inside the block whether models are compiled to run eagerly.

    Args:
        value: whether they are.
    """
    token = _run_eagerly.set(value)
    try:
        yield value
    finally:
        _run_eagerly.reset(token)


def should_run_eagerly() -> bool:
    """Return what `run_eagerly_scope` says, and False in graphs.

    Raises:
        ValueError: there is no such scope.
    """
    value = _run_eagerly.get()
    if value is None:
        raise ValueError(
            "Cannot call `should_run_eagerly()` outside of a `run_eagerly_scope()` or "
            "`run_all_keras_modes` decorator."
        )
    return value and bool(_runtime.tensorflow().executing_eagerly())


def run_all_keras_modes(
    test_or_class: Any = None,
    config: Any = None,
    always_skip_v1: bool = False,
    always_skip_eager: bool = False,
) -> Any:
    """Run a test in functions and eagerly, and in a session where TensorFlow 2 is disabled.

    Args:
        test_or_class: a method, cases that a decorator of absl made, or a class, whose tests all
            run so. A decorator is returned if None.
        config: of the session.
        always_skip_v1: whether to leave out the session.
        always_skip_eager: whether to leave out running eagerly.
    """
    from absl.testing import parameterized

    modes = ["v2_function"]
    if not always_skip_eager:
        modes.append("v2_eager")
    if not (always_skip_v1 or tf2_enabled()):
        modes.append("v1_session")

    def decorate(method: Callable[..., Any]) -> Any:
        @functools.wraps(method)
        def decorated(self: Any, run_mode: str, *args: Any, **kwargs: Any) -> None:
            with contextlib.ExitStack() as stack:
                if run_mode == "v1_session":
                    graph = _runtime.tensorflow().compat.v1.get_default_graph()
                    stack.enter_context(graph.as_default())
                    stack.enter_context(self.test_session(config=config))
                else:
                    stack.enter_context(eager_mode())
                stack.enter_context(run_eagerly_scope(run_mode == "v2_eager"))
                method(self, *args, **kwargs)

        return parameterized.named_parameters(*[(f"_{mode}", mode) for mode in modes])(decorated)

    def decorate_any(test: Any) -> Any:
        if isinstance(test, type):
            for name, value in list(vars(test).items()):
                if callable(value) and name.startswith(unittest.TestLoader.testMethodPrefix):
                    setattr(test, name, decorate(value))
            # The metaclass of absl makes methods of the cases when it makes the class.
            return type(test)(test.__name__, test.__bases__, dict(vars(test)))
        if isinstance(test, Iterable):
            return itertools.chain.from_iterable(map(decorate, test))
        return decorate(test)

    return decorate_any if test_or_class is None else decorate_any(test_or_class)


@functools.cache
def _test_case() -> type:
    from absl.testing import parameterized

    test_case: Any = _runtime.tensorflow().test.TestCase

    class KerasTestCase(test_case, parameterized.TestCase):  # type: ignore[misc]
        """A test case of TensorFlow with parameters, and without state of Keras at its end."""

        def tearDown(self) -> None:
            _runtime.tensorflow().keras.backend.clear_session()
            super().tearDown()

    return KerasTestCase


def __getattr__(name: str) -> Any:
    if name != "KerasTestCase":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _test_case()
