"""Restoring a part of a state: what is left out is not read, compared or changed."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc

keras = tf.keras
layers = keras.layers


def training(optimizer: object, seed: int = 0) -> dict:
    """Return a model of named layers, an optimizer, and what a loop keeps beside them."""
    model = keras.Sequential(
        [keras.Input((3,)), layers.Dense(4, name="encoder"), layers.Dense(2, name="head")]
    )
    random = np.random.RandomState(seed)
    model.set_weights([random.normal(size=w.shape) for w in model.get_weights()])
    return {"model": model, "optimizer": optimizer, "history": {"best": seed, "losses": [seed]}}


def stepped(objects: dict) -> dict:
    weights = objects["model"].trainable_variables
    objects["optimizer"].apply_gradients([(tf.ones(w.shape), w) for w in weights])
    return objects


def snapshot(objects: object) -> dict[str, bytes]:
    return {key: variable.numpy().tobytes() for key, variable in tfc.variables(objects).items()}


def test_a_model_without_its_optimizer(tmp_path: pathlib.Path) -> None:
    first = stepped(training(keras.optimizers.Adam(0.1), seed=1))
    second = training(keras.optimizers.SGD(0.1, momentum=0.9), seed=2)
    tfc.save_state(tmp_path, first)
    before = set(tfc.variables({"optimizer": second["optimizer"]}))
    report = tfc.restore_state(tmp_path, second, only="model")
    assert report.complete
    assert all(key.startswith("model/") for key in report.restored)
    for one, other in zip(second["model"].get_weights(), first["model"].get_weights()):
        np.testing.assert_array_equal(one, other)
    # Of another class, it is not even compared, and it has made no variables.
    assert set(tfc.variables({"optimizer": second["optimizer"]})) == before
    assert second["history"] == {"best": 2, "losses": [2]}


def test_a_layer_of_a_model(tmp_path: pathlib.Path) -> None:
    first, second = (training(keras.optimizers.Adam(0.1), seed) for seed in (1, 2))
    tfc.save_state(tmp_path, first)
    head = second["model"].get_layer("head").get_weights()
    tfc.restore_state(tmp_path, second, only="model/encoder")
    encoders = [one["model"].get_layer("encoder").get_weights() for one in (first, second)]
    for one, other in zip(*encoders):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(second["model"].get_layer("head").get_weights(), head):
        np.testing.assert_array_equal(one, other)


def test_an_optimizer_without_its_model(tmp_path: pathlib.Path) -> None:
    first = stepped(training(keras.optimizers.Adam(0.1), seed=1))
    second = training(keras.optimizers.Adam(0.1), seed=2)
    tfc.save_state(tmp_path, first)
    weights = second["model"].get_weights()
    assert tfc.restore_state(tmp_path, second, only="optimizer").complete
    for one, other in zip(second["model"].get_weights(), weights):
        np.testing.assert_array_equal(one, other)
    assert int(np.array(second["optimizer"].iterations)) == 1
    live, saved = (snapshot({"o": o["optimizer"], "m": o["model"]}) for o in (second, first))
    slots = [key for key in saved if "/slots/" in key]
    assert len(slots) == 8
    assert all(live[key] == saved[key] for key in slots)


def test_several_parts_and_plain_values(tmp_path: pathlib.Path) -> None:
    first, second = (training(keras.optimizers.Adam(0.1), seed) for seed in (1, 2))
    tfc.save_state(tmp_path, first)
    weights = second["model"].get_layer("encoder").get_weights()
    report = tfc.restore_state(tmp_path, second, only=["history/best", "model/head"])
    assert second["history"] == {"best": 1, "losses": [2]}
    assert report.objects["history"] == {"best": 1, "losses": [2]}
    for one, other in zip(second["model"].get_layer("encoder").get_weights(), weights):
        np.testing.assert_array_equal(one, other)


def test_strict_holds_for_the_part(tmp_path: pathlib.Path) -> None:
    saved = {"a": {"x": tf.Variable(1.0), "gone": tf.Variable(2.0)}, "b": tf.Variable([1.0])}
    live = {"a": {"x": tf.Variable(0.0), "new": tf.Variable(0.0)}, "b": tf.Variable([0])}
    tfc.save_state(tmp_path, saved)
    with pytest.raises(tfc.StateMismatchError) as caught:
        tfc.restore_state(tmp_path, live, only="a")
    assert caught.value.missing == ("a/new",)
    assert caught.value.unexpected == ("a/gone",)
    assert caught.value.different == ()
    assert live["a"]["x"].numpy() == 0
    report = tfc.restore_state(tmp_path, live, only="a", strict=False)
    assert report.restored == ("a/x",)
    assert live["a"]["x"].numpy() == 1


def test_a_name_that_begins_alike_is_another_part(tmp_path: pathlib.Path) -> None:
    tfc.save_state(tmp_path, {"net": tf.Variable(1), "network": tf.Variable(1)})
    live = {"net": tf.Variable(0), "network": tf.Variable(0)}
    tfc.restore_state(tmp_path, live, only="net")
    assert (live["net"].numpy(), live["network"].numpy()) == (1, 0)


def test_the_rest_is_not_read(tmp_path: pathlib.Path) -> None:
    wanted, rest = np.arange(1000, dtype=np.int64), np.full(1000, 0x0123456789ABCDEF)
    tfc.save_state(tmp_path, {"wanted": tf.Variable(wanted), "rest": tf.Variable(rest)})
    [data] = tmp_path.glob("*/*.data-*")
    content = bytearray(data.read_bytes())
    content[content.index(rest.tobytes()) + 8] ^= 1
    data.write_bytes(content)
    live = {"wanted": tf.Variable(wanted * 0), "rest": tf.Variable(rest * 0)}
    with pytest.raises(tfc.BadStateError):
        tfc.restore_state(tmp_path, live)
    tfc.restore_state(tmp_path, live, only="wanted")
    np.testing.assert_array_equal(live["wanted"].numpy(), wanted)
    assert not live["rest"].numpy().any()


def test_what_is_not_built_elsewhere_does_not_matter(tmp_path: pathlib.Path) -> None:
    class Late(keras.layers.Layer):
        def build(self, shape) -> None:
            self.w = self.add_weight(name="w", shape=(2,), initializer="ones")

        def call(self, inputs):
            return inputs * self.w

    built = Late()
    built(tf.ones((1, 2)))
    tfc.save_state(tmp_path, {"late": built, "v": tf.Variable(5)})
    live = {"late": Late(), "v": tf.Variable(0)}
    with pytest.raises(tfc.NotBuiltError):
        tfc.restore_state(tmp_path, live)
    tfc.restore_state(tmp_path, live, only="v")
    assert live["v"].numpy() == 5


def test_of_what_tensorflow_wrote(tmp_path: pathlib.Path) -> None:
    first = tf.train.Checkpoint(a=tf.Variable([1.0, 2.0]), b=tf.Variable(3))
    path = first.write(str(tmp_path / "ckpt"))
    live = {"a": tf.Variable([0.0, 0.0]), "b": tf.Variable(0)}
    report = tfc.restore_state(path, live, only="a")
    assert report.restored == ("a",)
    assert live["a"].numpy().tolist() == [1.0, 2.0]
    assert live["b"].numpy() == 0


@pytest.mark.parametrize("only", [["a", "models", "optimiser/x"], []])
def test_what_the_objects_do_not_have_is_listed(tmp_path: pathlib.Path, only: list) -> None:
    tfc.save_state(tmp_path, {"a": tf.Variable(1), "model": tf.Variable(1)})
    live = {"a": tf.Variable(0), "model": tf.Variable(0)}
    with pytest.raises(tfc.TfcompatError) as caught:
        tfc.restore_state(tmp_path, live, only=only)
    for name in only[1:]:
        assert repr(name) in str(caught.value)
    assert "'a', 'model'" in str(caught.value)
    assert live["a"].numpy() == 0
