"""What is installed. The only file that reads versions or decides by release."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import os
import sys
import warnings
from collections.abc import Callable
from importlib import metadata
from types import ModuleType
from typing import Any

from packaging.version import Version

from tfcompat.errors import (
    NewerReleaseWarning,
    UnknownFeatureError,
    UnsupportedReleaseError,
)

OLDEST = Version("2.5")
NEWEST_TESTED = Version("2.21")

# The distributions that provide the module `tensorflow`, and those of Keras.
_TENSORFLOW_DISTRIBUTIONS = (
    "tensorflow",
    "tensorflow-cpu",
    "tf-nightly",
    "tf-nightly-cpu",
    "tensorflow-gpu",
    "tensorflow-macos",
    "tensorflow-intel",
    "tensorflow-cpu-aws",
    "tensorflow-rocm",
    "intel-tensorflow",
)
_KERAS_DISTRIBUTIONS = ("keras", "keras-nightly")
_LEGACY_KERAS_DISTRIBUTIONS = ("tf-keras", "tf-keras-nightly")

# The values that TensorFlow itself takes for true (release notes of 2.16).
_TRUE = ("1", "true", "True")

ERA_OPTIMIZER_V2 = "keras2-optimizer-v2"
ERA_KERAS_2 = "keras2"
ERA_KERAS_3 = "keras3"


@dataclasses.dataclass(frozen=True)
class Runtime:
    """What this process runs on.

    Attributes:
        tensorflow: the version of TensorFlow.
        keras: the version of the Keras that `tf.keras` is. Up to TensorFlow 2.5 Keras is
            a part of TensorFlow and has TensorFlow's version.
        era: `"keras2-optimizer-v2"` (TensorFlow to 2.10), `"keras2"` (2.11 to 2.15, and
            legacy Keras on any later release) or `"keras3"` (from 2.16).
        legacy_keras: whether `TF_USE_LEGACY_KERAS` makes `tf.keras` the package `tf_keras`.
        nightly: whether TensorFlow is a nightly or otherwise unreleased build.
        python: the version of Python.
    """

    tensorflow: Version
    keras: Version | None
    era: str
    legacy_keras: bool
    nightly: bool
    python: Version

    def __str__(self) -> str:
        flavour = "legacy Keras" if self.legacy_keras else "Keras"
        return f"TensorFlow {self.tensorflow}, {flavour} {self.keras}, Python {self.python}"


def _installed(distributions: tuple[str, ...]) -> Version | None:
    for name in distributions:
        try:
            return Version(metadata.version(name))
        except metadata.PackageNotFoundError:
            continue
    return None


@functools.cache
def runtime() -> Runtime:
    """Tell what is installed, without importing TensorFlow.

    The versions come from package metadata. Only where TensorFlow was installed without
    metadata (a system build) is it imported to ask it.

    Raises:
        UnsupportedReleaseError: TensorFlow is not installed, or is older than 2.5.
    """
    tensorflow = _installed(_TENSORFLOW_DISTRIBUTIONS)
    if tensorflow is None:
        try:
            tensorflow = Version(importlib.import_module("tensorflow").__version__)
        except ImportError as error:
            raise UnsupportedReleaseError(
                "TensorFlow is not installed. Install it beside tfcompat, for instance with "
                "`pip install tfcompat[tensorflow]`."
            ) from error
    if tensorflow < OLDEST:
        raise UnsupportedReleaseError(
            f"tfcompat runs on TensorFlow {OLDEST} and later; TensorFlow {tensorflow} is installed."
        )
    # From 2.16 Keras is Keras 3 unless this variable asks for tf_keras:
    # https://github.com/tensorflow/tensorflow/releases/tag/v2.16.1
    separate = tensorflow.release >= (2, 16)
    legacy = separate and os.environ.get("TF_USE_LEGACY_KERAS") in _TRUE
    if legacy:
        keras = _installed(_LEGACY_KERAS_DISTRIBUTIONS)
    elif tensorflow.release < (2, 6):
        # Keras left TensorFlow for a package of its own in 2.6.
        keras = tensorflow
    else:
        keras = _installed(_KERAS_DISTRIBUTIONS)
    if separate and not legacy:
        era = ERA_KERAS_3
    elif tensorflow.release < (2, 11):
        # The rewritten optimizers became the default in 2.11:
        # https://github.com/tensorflow/tensorflow/releases/tag/v2.11.0
        era = ERA_OPTIMIZER_V2
    else:
        era = ERA_KERAS_2
    return Runtime(
        tensorflow=tensorflow,
        keras=keras,
        era=era,
        legacy_keras=legacy,
        nightly=tensorflow.is_devrelease or tensorflow.is_prerelease,
        python=Version(".".join(map(str, sys.version_info[:3]))),
    )


@functools.cache
def tensorflow() -> ModuleType:
    """Import TensorFlow, and warn once when it is newer than the newest tested release."""
    installed = runtime().tensorflow
    module = importlib.import_module("tensorflow")
    if installed.release[:2] > NEWEST_TESTED.release[:2]:
        warnings.warn(
            f"TensorFlow {installed} is newer than {NEWEST_TESTED}, the newest release that this "
            "version of tfcompat was tested with.",
            NewerReleaseWarning,
            stacklevel=3,
        )
    return module


@functools.cache
def keras() -> ModuleType:
    """Import the Keras that `tf.keras` is in this process, as a real module.

    From TensorFlow 2.16 `tf.keras` is a lazy loader; the module behind it is `keras` or, with
    `TF_USE_LEGACY_KERAS=1`, `tf_keras`.
    """
    facade = tensorflow().keras
    name = facade.layers.__name__.partition(".")[0]
    if name in ("keras", "tf_keras") and runtime().tensorflow.release >= (2, 16):
        return importlib.import_module(name)
    return facade  # type: ignore[no-any-return]


def loaded_keras() -> tuple[ModuleType, ...]:
    """Every Keras that this process has imported, the one of `tf.keras` first.

    Libraries that stay on `tf_keras` bring it into processes whose `tf.keras` is Keras 3.
    """
    found = [keras()]
    for name in ("tf_keras", "keras"):
        module = sys.modules.get(name)
        # Up to 2.15 the package `keras` is what `tf.keras` shows; its own layers module
        # holds the same classes and needs no second entry.
        if module is None or module in found or not hasattr(module, "layers"):
            continue
        # The package that TensorFlow 2.5 requires is a start of Keras 2.6 that lacks half.
        if not hasattr(module.optimizers, "schedules"):
            continue
        if module.layers.Layer is not found[0].layers.Layer:
            found.append(module)
    return tuple(found)


# Ranges of releases within which a dataset iterator of one restores in another. Across their
# borders most fail, and some go on at the wrong place without a word (a shuffled dataset of 2.13
# in 2.12), which nothing can probe.
_ITERATOR_RANGES = (((2, 7), (2, 10)), ((2, 14), (999,)))


def reads_iterators_of(writer: str) -> bool:
    """Tell whether dataset iterators that another TensorFlow saved can be restored here."""
    there, here = (release.release[:2] for release in (Version(writer), runtime().tensorflow))
    return there == here or any(
        oldest <= there <= newest and oldest <= here <= newest
        for oldest, newest in _ITERATOR_RANGES
    )


def calls_functions_without_threads() -> bool:
    """Tell whether an operation that calls a function can run it in the thread that calls.

    Before 2.10 it waits for threads of TensorFlow's, at least from 2.6 on whatever the operation
    is told: for ever in a forked process, which has none, or where a `tf.py_function` holds the
    only one.
    """
    return runtime().tensorflow.release >= (2, 10)


def _has(path: str) -> Callable[[], bool]:
    """Probe for a public attribute below the module `tensorflow`."""

    def probe() -> bool:
        value: Any = tensorflow()
        for name in path.split("."):
            try:
                value = getattr(value, name)
            except (AttributeError, ImportError):
                return False
        return True

    return probe


def _accepts(path: str, parameter: str) -> Callable[[], bool]:
    """Probe for a parameter of a public callable below the module `tensorflow`."""

    def probe() -> bool:
        value: Any = tensorflow()
        for name in path.split("."):
            value = getattr(value, name)
        return parameter in inspect.signature(value).parameters

    return probe


def _era(*eras: str) -> Callable[[], bool]:
    return lambda: runtime().era in eras


_FEATURES: dict[str, tuple[Callable[[], bool], str]] = {
    "keras3": (_era(ERA_KERAS_3), "tf.keras is Keras 3"),
    "legacy_keras": (lambda: runtime().legacy_keras, "tf.keras is tf_keras on 2.16 or later"),
    "optimizer_v2": (_era(ERA_OPTIMIZER_V2), "tf.keras.optimizers.Adam is an OptimizerV2"),
    "legacy_optimizers": (
        lambda: runtime().era != ERA_KERAS_3 and _has("keras.optimizers.legacy.Adam")(),
        "tf.keras.optimizers.legacy.* can be instantiated (2.9 to 2.15, and tf_keras)",
    ),
    "optimizer_build": (
        lambda: hasattr(tensorflow().keras.optimizers.Adam, "build"),
        "optimizers create their variables by build(var_list) (from 2.11)",
    ),
    "adamw": (_has("keras.optimizers.AdamW"), "tf.keras.optimizers.AdamW (from 2.12)"),
    "lion": (_has("keras.optimizers.Lion"), "tf.keras.optimizers.Lion (from 2.13)"),
    "adafactor": (_has("keras.optimizers.Adafactor"), "tf.keras.optimizers.Adafactor (from 2.12)"),
    "jit_compile": (_accepts("function", "jit_compile"), "tf.function(jit_compile=) (from 2.5)"),
    "reduce_retracing": (
        _accepts("function", "reduce_retracing"),
        "tf.function(reduce_retracing=) (from 2.9)",
    ),
    "trackable_view": (_has("train.TrackableView"), "tf.train.TrackableView (from 2.10)"),
    "seed_generator": (_has("keras.random.SeedGenerator"), "tf.keras.random.SeedGenerator"),
    "set_random_seed": (
        _has("keras.utils.set_random_seed"),
        "tf.keras.utils.set_random_seed (from 2.7)",
    ),
    "op_determinism": (
        _has("config.experimental.enable_op_determinism"),
        "tf.config.experimental.enable_op_determinism (from 2.8)",
    ),
    "dataset_save": (_has("data.Dataset.save"), "tf.data.Dataset.save (from 2.10)"),
}


def supports(feature: str) -> bool:
    """Tell whether this release has a named capability.

    Capabilities are found by looking for the public name or parameter itself wherever that
    is possible, so that a backport or a nightly build answers for itself.

    Args:
        feature: the name of a capability, such as `"adamw"` or `"reduce_retracing"`.

    Raises:
        UnknownFeatureError: the name is not known; the message lists those that are.
    """
    try:
        probe, _ = _FEATURES[feature]
    except KeyError:
        known = "\n".join(f"  {name}: {text}" for name, (_, text) in sorted(_FEATURES.items()))
        raise UnknownFeatureError(
            f"supports() does not know {feature!r}. Known capabilities:\n{known}"
        ) from None
    return probe()
