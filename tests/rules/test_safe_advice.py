"""What the advice outside framework, ops and Keras calls safe, compared with the original."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import pytest
import tensorflow as tf

import tfcompat
from tfcompat import _lookup
from tfcompat.rules.advice import (
    compiler,
    distribute,
    eager,
    estimator,
    internal,
    lite,
    protos,
    tpu,
)

# Compared in the tests of what they are.
ELSEWHERE = (
    "tfcompat.replacements.",
    "tfcompat.AutoTrackable",
    "tfcompat.Trackable",
    "tfcompat.untracked_attributes",
)
MODULES = (compiler, distribute, eager, estimator, internal, lite, protos, tpu)
SAFE = {
    name: advice
    for module in MODULES
    for name, advice in module.ADVICE.items()
    if advice.safe and not name.endswith(".*") and not advice.target.startswith(ELSEWHERE)
}
# Called without arguments and compared, where they are no one object.
CALLED = {
    "tensorflow.python.eager.context.in_eager_mode": lambda: tf.executing_eagerly(),
    "tensorflow.python.eager.context.num_gpus": lambda: len(tf.config.list_logical_devices("GPU")),
    "tensorflow.python.util._pywrap_util_port.IsGoogleCudaEnabled": (
        lambda: tf.test.is_built_with_cuda()
    ),
}


def target(name: str) -> Any:
    if name.startswith("tensorflow."):
        return functools.reduce(getattr, name.split(".")[1:], tf)
    module, _, leaf = name.rpartition(".")
    return getattr(importlib.import_module(module), leaf)


@pytest.mark.parametrize("name", sorted(SAFE))
def test_safe_advice_is_the_same_object_or_gives_the_same(name: str) -> None:
    advice = SAFE[name]
    new = target(advice.target)
    try:
        old = _lookup.at(name)
    except (_lookup._MissingError, ImportError):
        return
    if name in CALLED:
        assert old() == CALLED[name]()
        with tf.Graph().as_default():
            assert old() == CALLED[name]()
    elif isinstance(old, (int, str)):
        assert old == new
    else:
        assert old is new or getattr(old, "__wrapped__", old) is getattr(new, "__wrapped__", new)


UNSTABLE = {
    name: advice.target
    for name, advice in internal.ADVICE.items()
    if advice.target and advice.target.startswith("tfcompat.unstable.")
}


@pytest.mark.parametrize("name", sorted(UNSTABLE))
def test_names_of_tensorflow_internal_are_the_same_objects(name: str) -> None:
    try:
        old = functools.reduce(getattr, name.split(".")[1:], tf)
    except AttributeError:
        pytest.skip("this release has no such name")
    _, _, module, leaf = UNSTABLE[name].split(".")
    assert getattr(getattr(tfcompat.unstable, module), leaf) is old
