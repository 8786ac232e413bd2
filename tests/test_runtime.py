"""The runtime, compared with what TensorFlow and Keras say of themselves."""

from __future__ import annotations

import importlib
import sys
import types
import warnings
from collections.abc import Iterator

import pytest
import tensorflow as tf
from packaging.version import Version

import tfcompat as tfc
from tfcompat import _runtime


def test_versions_are_those_of_the_modules() -> None:
    runtime = tfc.runtime()
    assert runtime.tensorflow == Version(tf.__version__)
    assert runtime.python == Version(".".join(map(str, sys.version_info[:3])))
    # 2.13 to 2.15 and tf_keras show no tf.keras.__version__.
    version = getattr(tf.keras, "__version__", None)
    if version is not None and runtime.tensorflow >= Version("2.6"):
        assert runtime.keras == Version(version)


def test_era_is_what_the_optimizers_are() -> None:
    adam = tf.keras.optimizers.Adam()
    # OptimizerV2 has get_slot; Keras 3's optimizers have no `minimize`.
    if hasattr(adam, "get_slot"):
        expected = "keras2-optimizer-v2"
    else:
        expected = "keras2" if hasattr(adam, "minimize") else "keras3"
    assert tfc.runtime().era == expected


def test_legacy_flag_is_what_tensorflow_did() -> None:
    package = tf.keras.layers.Layer.__module__.partition(".")[0]
    assert tfc.runtime().legacy_keras == (package == "tf_keras")


def test_keras_is_the_module_of_tensorflow() -> None:
    assert tfc.keras.layers.Dense is tf.keras.layers.Dense
    assert tfc.keras.Model is tf.keras.Model
    assert tfc.keras.optimizers.Adam is tf.keras.optimizers.Adam


def test_nightly_is_a_development_version() -> None:
    assert tfc.runtime().nightly == ("dev" in tf.__version__ or "rc" in tf.__version__)


@pytest.mark.parametrize(
    ("feature", "probe"),
    [
        ("adamw", lambda: tf.keras.optimizers.AdamW(0.1)),
        ("lion", lambda: tf.keras.optimizers.Lion(0.1)),
        ("adafactor", lambda: tf.keras.optimizers.Adafactor(0.1)),
        ("legacy_optimizers", lambda: tf.keras.optimizers.legacy.SGD(0.1)),
        ("optimizer_build", lambda: tf.keras.optimizers.SGD(0.1).build([tf.Variable([1.0])])),
        ("jit_compile", lambda: tf.function(lambda: 1, jit_compile=False)),
        ("reduce_retracing", lambda: tf.function(lambda: 1, reduce_retracing=True)),
        ("trackable_view", lambda: tf.train.TrackableView(tf.Module())),
        ("seed_generator", lambda: tf.keras.random.SeedGenerator(1)),
        ("set_random_seed", lambda: tf.keras.utils.set_random_seed(1)),
        ("op_determinism", lambda: tf.config.experimental.enable_op_determinism),
        ("dataset_save", lambda: tf.data.Dataset.save),
    ],
)
def test_supports_what_works_when_it_is_used(feature: str, probe) -> None:
    try:
        probe()
    except Exception:
        works = False
    else:
        works = True
    assert tfc.supports(feature) == works


def test_supports_has_a_test_for_each_capability() -> None:
    tested = {
        mark.args[1][i][0]
        for mark in test_supports_what_works_when_it_is_used.pytestmark
        for i in range(len(mark.args[1]))
    }
    others = {"keras3", "legacy_keras", "optimizer_v2"}  # eras, tested above
    assert tested | others == set(_runtime._FEATURES)
    assert tfc.supports("keras3") == (tfc.runtime().era == "keras3")
    assert tfc.supports("legacy_keras") == tfc.runtime().legacy_keras
    assert tfc.supports("optimizer_v2") == (tfc.runtime().era == "keras2-optimizer-v2")


def test_unknown_capability_lists_those_that_are_known() -> None:
    with pytest.raises(tfc.UnknownFeatureError) as caught:
        tfc.supports("time_travel")
    assert "time_travel" in str(caught.value)
    assert "adamw" in str(caught.value)
    assert "keras3" in str(caught.value)


@pytest.fixture
def _no_tfcompat() -> Iterator[None]:
    """Let a second copy of the package be imported, beside TensorFlow as it is."""

    def taken() -> dict[str, types.ModuleType]:
        ours = [name for name in sys.modules if name.partition(".")[0] == "tfcompat"]
        return {name: sys.modules.pop(name) for name in ours}

    before = taken()
    yield
    taken()
    sys.modules.update(before)


@pytest.mark.usefixtures("_no_tfcompat")
def test_newer_release_warns_once() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        again = importlib.import_module("tfcompat")
        assert again is not tfc
        assert not caught, caught
        assert again.keras
        again.is_trackable(1)
        again.is_trackable(2)
    newer = tfc.runtime().tensorflow.release[:2] > _runtime.NEWEST_TESTED.release[:2]
    assert sum(w.category is again.NewerReleaseWarning for w in caught) == newer


def test_no_warning_of_ours_in_this_process() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", tfc.ArithmeticWarning)
        tfc.is_trackable(tf.Variable(1))
