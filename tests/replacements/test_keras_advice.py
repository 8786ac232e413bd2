"""Advice for Keras: what it writes exists, and where it says safe, the results are the same."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tfcompat import layers, replacements, rules
from tfcompat.rules.advice import keras_backend, keras_private, keras_public, keras_stale

keras = tf.keras
KERAS_3 = tfc.supports("keras3")
ADVICE = {
    path: advice
    for module in (keras_backend, keras_private, keras_public, keras_stale)
    for path, advice in module.ADVICE.items()
}


def resolve(path: str):
    """Return what a dotted path leads to; None where this release has nothing there."""
    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:cut]))
            for part in parts[cut:]:
                value = getattr(value, part)
        except (ImportError, AttributeError):
            continue
        return value
    return None


def test_every_name_of_tfcompat_that_is_advised_exists() -> None:
    targets = {advice.target for advice in ADVICE.values() if advice.target}
    own = {target.split(".", 1)[1] for target in targets if target.startswith("tfcompat.")}
    missing = set()
    for target in own:
        module, _, name = target.rpartition(".")
        homes = {"replacements": replacements.__all__, "layers": layers.__all__}
        if module in homes and name not in homes[module]:
            missing.add(target)
    assert missing == set()


def test_every_public_name_that_a_rule_writes_exists() -> None:
    found = (rules.rule(path) for path in ADVICE)
    targets = {rule.target for rule in found if rule is not None and rule.target}
    public = sorted(target for target in targets if target.startswith("tensorflow."))
    assert len(public) > 50
    assert [target for target in public if resolve(target) is None] == []


V = tf.Variable([[1.0, 2.0]])
CALLS = {
    "utils.np_utils.to_categorical": [([0, 2, 1],), ([[1], [0]], 4), (np.array([0, 1]), 2)],
    "utils.np_utils.normalize": [(np.array([[3.0, 4.0], [1.0, 0.0]]),), (np.ones((2, 2)), 0)],
    "backend.get_value": [(V,), (tf.constant(1.0),)],
    "backend.batch_get_value": [([V, tf.Variable(3)],), ([],)],
    "backend.set_value": [(V, [[3.0, 4.0]])],
    "backend.batch_set_value": [([(V, np.array([[5.0, 6.0]]))],)],
    "backend.ndim": [(V,), (tf.ones((2, 3, 4)),)],
    "backend.reshape": [(tf.ones((2, 3)), (3, 2)), (tf.ones(4), (2, -1))],
    "backend.logsumexp": [(tf.ones((2, 3)),), (tf.ones((2, 3)), 1), (tf.ones((2, 3)), 0, True)],
    "backend.identity": [(tf.ones(2),)],
}


@pytest.mark.parametrize("path", CALLS)
def test_functions_give_what_the_copy_in_tensorflow_gives(path) -> None:
    original = resolve(f"tensorflow.python.keras.{path}")
    advice = ADVICE[f"tensorflow.python.keras.{path}"]
    assert advice.safe
    assert original is not None
    for args in CALLS[path]:
        results = []
        for function in (original, resolve(advice.target)):
            results.append((function(*args), V.numpy()))
        for expected, found in zip(*results):
            assert type(expected) is type(found)
            if isinstance(expected, list):
                assert [np.asarray(v).tolist() for v in expected] == [
                    np.asarray(v).tolist() for v in found
                ]
            elif expected is not None:
                np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_random_binomial_is_random_bernoulli() -> None:
    advice = ADVICE["tensorflow.keras.backend.random_binomial"]
    functions = [resolve("tensorflow.python.keras.backend.random_binomial"), resolve(advice.target)]
    drawn = [function((1000,), p=0.3, seed=1) for function in functions]
    for values in drawn:
        assert set(np.unique(values)) == {0.0, 1.0}
        assert 0.2 < float(tf.reduce_mean(values)) < 0.4
        assert values.dtype == tf.float32


@pytest.mark.parametrize("module", ["losses", "metrics"])
@pytest.mark.parametrize("name", keras_public._LOSSES)
def test_losses_of_the_short_names(name, module) -> None:
    advice = ADVICE[f"tensorflow.keras.{module}.{name}"]
    assert advice.safe
    y_true, y_pred = tf.constant([[0.2, 0.8], [0.5, 0.5]]), tf.constant([[0.3, 0.7], [0.1, 0.9]])
    found = resolve(advice.target)(y_true, y_pred)
    t, p = y_true.numpy(), y_pred.numpy()
    expected = {
        "kl_divergence": (t * np.log(t / p)).sum(-1),
        "log_cosh": np.log(np.cosh(p - t)).mean(-1),
        "mean_absolute_error": np.abs(p - t).mean(-1),
        "mean_absolute_percentage_error": 100 * np.abs((p - t) / t).mean(-1),
        "mean_squared_error": ((p - t) ** 2).mean(-1),
        "mean_squared_logarithmic_error": ((np.log1p(p) - np.log1p(t)) ** 2).mean(-1),
    }[name]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    original = resolve(f"tensorflow.keras.{module}.{name}")
    if original is not None:
        np.testing.assert_allclose(found, original(y_true, y_pred), rtol=1e-6)


@pytest.mark.parametrize("name", keras_public._OPTIMIZERS)
def test_legacy_optimizers(name) -> None:
    """What replaces `optimizers.legacy` is the very class in Keras 2 and can be made in Keras 3."""
    advice = ADVICE[f"tensorflow.keras.optimizers.legacy.{name}"]
    cls = resolve(advice.target)
    weight = tf.Variable([1.0])
    cls(0.1).apply_gradients([(tf.constant([1.0]), weight)])
    assert float(weight[0]) != 1.0
    legacy = resolve(f"tensorflow.keras.optimizers.legacy.{name}")
    if legacy is not None and not KERAS_3:
        assert issubclass(legacy, cls)


def test_registered_paths_are_written_once() -> None:
    modules = (keras_backend, keras_private, keras_public, keras_stale)
    assert sum(len(module.ADVICE) for module in modules) == len(ADVICE)


def test_types_stand_for_the_originals_of_this_release() -> None:
    """A private class is one of the classes that the type stands for."""
    found = []
    for path, advice in keras_private.ADVICE.items():
        target = advice.target or ""
        name = target.rpartition(".")[2]
        if not (target.startswith("tfcompat.") and name[:1].isupper()):
            continue
        original = resolve(path)
        if not isinstance(original, type) or path.startswith("tensorflow.python.keras"):
            continue
        if path.startswith("keras.") and not keras.layers.Layer.__module__.startswith("keras."):
            continue  # the Keras 3 that lies beside tf_keras
        kind = resolve(target)
        if KERAS_3 and name == "KerasNode":
            continue  # what Keras 3 does not show
        if isinstance(kind, layers.KerasType):
            found.append(path)
            # Keras 3's variable of TensorFlow derives from the one of all its backends.
            assert issubclass(original, kind) or issubclass(kind._active_class(), original), path
    assert found or tfc.runtime().tensorflow.release < (2, 6)


def functional():
    inputs = keras.Input((2,))
    return keras.Model(inputs, keras.layers.Dense(1)(inputs))


@pytest.mark.parametrize(
    "make", [functional, lambda: keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])]
)
def test_model_from_config(make) -> None:
    model = make()
    # As libraries write it, and as Keras itself does.
    written = {"class_name": type(model).__name__, "config": model.get_config()}
    for config in (written, keras.layers.serialize(model)):
        copy = replacements.model_from_config(config)
        copy.set_weights(model.get_weights())
        assert type(copy) is type(model)
        np.testing.assert_array_equal(copy(tf.ones((3, 2))), model(tf.ones((3, 2))))
        if not KERAS_3:
            original = resolve("tensorflow.keras.models.model_from_config")
            assert original(config).get_config() == copy.get_config()


def test_model_from_config_with_a_class_of_the_users() -> None:
    class Sequential(keras.Sequential):
        pass

    config = {"class_name": "Sequential", "config": Sequential([keras.Input((2,))]).get_config()}
    objects = {"Sequential": Sequential}
    assert type(replacements.model_from_config(config, custom_objects=objects)) is Sequential
    with pytest.raises(TypeError, match=r"Sequential\.from_config"):
        replacements.model_from_config([])


@pytest.mark.parametrize("dtype", [None, "float16", tf.int32])
def test_the_dtype_of_an_initializer(dtype):
    module = "tensorflow.python.keras.initializers.initializers_v2"
    one = ADVICE[f"{module}._get_dtype"]
    old = importlib.import_module(module)._get_dtype(dtype)
    new = eval(one.template.format(dtype="dtype"), {"tf": tf, "dtype": dtype})
    assert new == old
