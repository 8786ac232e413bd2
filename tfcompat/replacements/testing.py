"""Decorators and contexts for tests, as `tensorflow.python.framework.test_util` has them.

They work on the methods of a `tf.test.TestCase`.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import unittest
from collections.abc import Callable, Iterator
from typing import Any

from tfcompat import _runtime
from tfcompat.replacements.graphs import eager_mode, graph_mode, tf2_enabled
from tfcompat.replacements.inspection import make_decorator

__all__ = [
    "assert_proto_equal",
    "deprecated_graph_mode_only",
    "disable_cudnn_autotune",
    "disable_mlir_bridge",
    "disable_tfrt",
    "disable_xla",
    "for_all_test_methods",
    "force_cpu",
    "force_gpu",
    "no_xla_auto_jit",
    "run_all_in_deprecated_graph_mode_only",
    "run_all_in_graph_and_eager_modes",
    "run_all_without_tensor_float_32",
    "run_cuda_only",
    "run_deprecated_v1",
    "run_gpu_only",
    "run_gpu_or_tpu",
    "run_in_graph_and_eager_modes",
    "run_v1_only",
    "run_v2_only",
    "run_without_tensor_float_32",
    "skip_if",
    "test_device",
    "use_gpu",
]


def _decorated(method: Callable[..., Any], wrapper: Callable[..., Any]) -> Any:
    return make_decorator(method, wrapper)


def _methods(cls: type) -> list[str]:
    """Return the names of a class's tests, as unittest finds them, without TestCase's own."""
    own = ("test_session", "test_scope")
    names = [name for name in dir(cls) if name.startswith(unittest.TestLoader.testMethodPrefix)]
    return [name for name in names if name not in own and callable(getattr(cls, name))]


def run_in_graph_and_eager_modes(
    func: Callable[..., Any] | None = None,
    config: Any = None,
    use_gpu: bool = True,
    assert_no_eager_garbage: bool = False,
) -> Any:
    """Decorate a test method to run twice: in a graph with a session, then in eager mode.

    `setUp` and `tearDown` are called for each, and what the first run left in
    `get_temp_dir()` is removed.

    Args:
        func: the method; without it a decorator is returned.
        config: the `tf.compat.v1.ConfigProto` of the session.
        use_gpu: whether operations may run on a GPU.
        assert_no_eager_garbage: has no effect; the original looks for garbage of Python.

    Raises:
        ValueError: it decorates a class.
    """

    def decorator(method: Callable[..., Any]) -> Any:
        if isinstance(method, type):
            raise ValueError(
                "run_in_graph_and_eager_modes is for test methods; decorate the class with "
                "run_all_in_graph_and_eager_modes."
            )

        def both(self: Any, *args: Any, **kwargs: Any) -> None:
            session = functools.partial(self.test_session, use_gpu=use_gpu, config=config)
            try:
                with graph_mode(), self.subTest("graph_mode"), session():
                    method(self, *args, **kwargs)
            except unittest.SkipTest:  # in graph mode alone
                pass
            self.tearDown()
            directory = self.get_temp_dir()
            shutil.rmtree(directory)
            os.makedirs(directory)
            with eager_mode(), self.subTest("eager_mode"):
                self.setUp()
                with contextlib.nullcontext() if use_gpu else force_cpu():
                    method(self, *args, **kwargs)

        return _decorated(method, both)

    return decorator if func is None else decorator(func)


def run_all_in_graph_and_eager_modes(cls: Any) -> Any:
    """Decorate a test class: `run_in_graph_and_eager_modes` for each of its tests.

    Tests whose names begin with `testSkipEager` or `test_skip_eager` are left as they are.
    """
    for name in _methods(cls):
        if not name.startswith(("testSkipEager", "test_skip_eager")):
            setattr(cls, name, run_in_graph_and_eager_modes(getattr(cls, name)))
    return cls


def deprecated_graph_mode_only(func: Any) -> Any:
    """Decorate a test method, or a class for all its tests and `setUp`, to run in graph mode."""
    if isinstance(func, type):
        for name, value in list(vars(func).items()):
            is_test = name.startswith(unittest.TestLoader.testMethodPrefix)
            if name == "setUp" or (is_test and callable(value)):
                setattr(func, name, deprecated_graph_mode_only(value))
        return func

    def in_graph(*args: Any, **kwargs: Any) -> Any:
        if not _runtime.tensorflow().executing_eagerly():
            return func(*args, **kwargs)
        with graph_mode():
            return func(*args, **kwargs)

    return _decorated(func, in_graph)


run_deprecated_v1 = deprecated_graph_mode_only


def run_all_in_deprecated_graph_mode_only(cls: Any) -> Any:
    """Decorate a test class: `deprecated_graph_mode_only` for each of its tests and `setUp`."""
    for name in ["setUp", *_methods(cls)]:
        setattr(cls, name, deprecated_graph_mode_only(getattr(cls, name)))
    return cls


def _run_only(wanted: Callable[[], bool], reason: str, func: Any) -> Any:
    def decorator(test: Any) -> Any:
        if isinstance(test, type):
            test.setUp = decorator(test.setUp)  # type: ignore[attr-defined]
            return test

        def or_skip(self: Any, *args: Any, **kwargs: Any) -> Any:
            if not wanted():
                self.skipTest(reason)
            return test(self, *args, **kwargs)

        return _decorated(test, or_skip)

    return decorator if func is None else decorator(func)


def run_v1_only(reason: str | None = None, func: Any = None) -> Any:
    """Decorate a test method or class to be skipped while TensorFlow 2 behaviour is on.

    Args:
        reason: told by the skip.
        func: the method or class; without it a decorator is returned.
    """
    return _run_only(lambda: not tf2_enabled(), reason or "Test is only compatible with v1", func)


def run_v2_only(func: Any = None, reason: str | None = None) -> Any:
    """Decorate a test method or class to be skipped while TensorFlow 2 behaviour is off.

    Args:
        func: the method or class; without it a decorator is returned.
        reason: told by the skip.
    """
    return _run_only(tf2_enabled, reason or "Test is only compatible with v2", func)


def _has_device(kind: str) -> bool:
    return bool(_runtime.tensorflow().config.list_physical_devices(kind))


def run_gpu_only(func: Callable[..., Any]) -> Any:
    """Decorate a test method to be skipped where there is no GPU."""
    return _run_only(lambda: _has_device("GPU"), "Test requires GPU", func)


def run_cuda_only(func: Callable[..., Any]) -> Any:
    """Decorate a test method to be skipped where there is no GPU with CUDA."""

    def has_cuda() -> bool:
        return bool(_runtime.tensorflow().test.is_built_with_cuda()) and _has_device("GPU")

    return _run_only(has_cuda, "Test requires CUDA GPU", func)


def run_gpu_or_tpu(func: Callable[..., Any]) -> Any:
    """Decorate a test method to be called with `"GPU"` or `"TPU"`, or skipped without either."""

    def with_device(self: Any, *args: Any, **kwargs: Any) -> Any:
        for kind in ("GPU", "TPU"):
            if _has_device(kind):
                return func(self, kind, *args, **kwargs)
        return self.skipTest("Test requires GPU or TPU")

    return functools.wraps(func)(with_device)


def skip_if(condition: Callable[[], bool] | bool) -> Callable[[Any], Any]:
    """Return a decorator of tests that do nothing where the condition is true."""

    def decorator(func: Callable[..., Any]) -> Any:
        def unless(*args: Any, **kwargs: Any) -> None:
            if not (condition() if callable(condition) else condition):
                func(*args, **kwargs)

        return _decorated(func, unless)

    return decorator


def for_all_test_methods(
    decorator: Callable[..., Any], *args: Any, **kwargs: Any
) -> Callable[[Any], Any]:
    """Return a decorator of classes that applies `decorator(*args, **kwargs)` to each test."""

    def decorate(cls: Any) -> Any:
        for name in _methods(cls):
            setattr(cls, name, decorator(*args, **kwargs)(getattr(cls, name)))
        return cls

    return decorate


def no_xla_auto_jit(description: str) -> Callable[[Any], Any]:
    """Return a decorator that does nothing.

    The original leaves a test out in builds of TensorFlow that turn XLA on for all tests, which
    no released one does. `disable_xla`, `disable_mlir_bridge` and `disable_tfrt` are alike.

    Args:
        description: why, for the reader.
    """

    def decorator(func: Callable[..., Any]) -> Any:
        return func

    return decorator


disable_xla = disable_mlir_bridge = disable_tfrt = no_xla_auto_jit


def run_without_tensor_float_32(description: str) -> Callable[[Any], Any]:
    """Return a decorator of a test that runs with TensorFloat-32 disabled.

    Args:
        description: why, for the reader.
    """

    def decorator(func: Callable[..., Any]) -> Any:
        def without(*args: Any, **kwargs: Any) -> None:
            config = _runtime.tensorflow().config.experimental
            before = config.tensor_float_32_execution_enabled()
            config.enable_tensor_float_32_execution(False)
            try:
                func(*args, **kwargs)
            finally:
                config.enable_tensor_float_32_execution(before)

        return _decorated(func, without)

    return decorator


def run_all_without_tensor_float_32(description: str) -> Callable[[Any], Any]:
    """Return a decorator of a class all of whose tests run with TensorFloat-32 disabled."""
    return for_all_test_methods(run_without_tensor_float_32, description)


def disable_cudnn_autotune(func: Callable[..., Any]) -> Any:
    """Decorate a function to run with the tuning of cuDNN and XLA for GPUs switched off."""

    def untuned(*args: Any, **kwargs: Any) -> Any:
        flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_autotune_level=0".lstrip()
        new = {"TF_CUDNN_USE_AUTOTUNE": "false", "XLA_FLAGS": flags}
        before = {name: os.environ.get(name) for name in new}
        os.environ.update(new)
        try:
            return func(*args, **kwargs)
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value

    return _decorated(func, untuned)


@contextlib.contextmanager
def test_device(use_gpu: bool) -> Iterator[None]:
    """Place operations on the first GPU if asked to and if there is one, else on the CPU.

    Replaces `tensorflow.python.framework.test_util.device`.
    """
    with force_gpu() if use_gpu and _has_device("GPU") else force_cpu():
        yield


# pytest would collect it from a test module that imports it by name.
test_device.__test__ = False  # type: ignore[attr-defined]


def use_gpu() -> Any:
    """Place operations on the first GPU if there is one, else on the CPU, within the context."""
    return test_device(use_gpu=True)


def force_gpu() -> Any:
    """Place operations on the first GPU within the context."""
    return _runtime.tensorflow().device("/device:GPU:0")


def force_cpu() -> Any:
    """Place operations on the first CPU within the context."""
    return _runtime.tensorflow().device("/device:CPU:0")


def assert_proto_equal(
    self: Any, a: Any, b: Any, check_initialized: bool = True, msg: str | None = None
) -> None:
    """Fail a test with a difference of texts if two messages are not equal.

    Replaces `tensorflow.python.util.protobuf.compare.assertProtoEqual` without its arguments
    `normalize_numbers` and `relative_tolerance`.

    Args:
        self: the test case.
        a: a message of protobuf, or its text.
        b: a message.
        check_initialized: whether to fail as well where a required field is not set.
        msg: what to say on failure.
    """
    from google.protobuf import text_format

    if isinstance(a, str):
        a = text_format.Parse(a, type(b)())
    for message in (a, b) if check_initialized else ():
        missing = message.FindInitializationErrors()
        if missing:
            self.fail(f"Initialization errors: {missing}\n{message}")
    self.assertMultiLineEqual(  # noqa: PT009 - the test case is the caller's
        text_format.MessageToString(a), text_format.MessageToString(b), msg=msg
    )
