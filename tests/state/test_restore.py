"""Restoring: names, strictness, whole or not at all."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc

keras = tf.keras
layers = keras.layers


def model_of(*made) -> object:
    return keras.Sequential([keras.Input((3,)), *made])


def randomize(model, seed: int = 0) -> None:
    random = np.random.RandomState(seed)
    model.set_weights([random.normal(size=w.shape).astype(w.dtype) for w in model.get_weights()])


def snapshot(objects) -> dict[str, bytes]:
    return {key: variable.numpy().tobytes() for key, variable in tfc.variables(objects).items()}


def assert_same(first, second) -> None:
    assert len(first) == len(second)
    for a, b in zip(first, second):
        np.testing.assert_array_equal(a, b)


def test_automatic_names_do_not_matter(tmp_path) -> None:
    def make():
        return model_of(layers.Dense(3), layers.Dense(3), layers.BatchNormalization())

    first, second = make(), make()
    assert [layer.name for layer in first.layers] != [layer.name for layer in second.layers]
    randomize(first)
    tfc.save_state(tmp_path, first)
    tfc.restore_state(tmp_path, second)
    assert_same(second.get_weights(), first.get_weights())


def test_given_names_match_after_layers_were_reordered(tmp_path) -> None:
    first = model_of(layers.Dense(3, name="a"), layers.Dense(3, name="b"))
    second = model_of(layers.Dense(3, name="b"), layers.Dense(3, name="a"))
    randomize(first)
    tfc.save_state(tmp_path, first)
    tfc.restore_state(tmp_path, second)
    for name in "ab":
        assert_same(second.get_layer(name).get_weights(), first.get_layer(name).get_weights())


def test_given_names_match_in_lists_of_a_subclassed_model(tmp_path) -> None:
    class Model(keras.Model):
        def __init__(self, names):
            super().__init__()
            self.blocks = [layers.Dense(3, name=name) for name in names]

        def call(self, inputs):
            for block in self.blocks:
                inputs = block(inputs)
            return inputs

    first, second = Model("xy"), Model("yx")
    first(tf.ones((1, 3)))
    second(tf.ones((1, 3)))
    randomize(first)
    tfc.save_state(tmp_path, first)
    tfc.restore_state(tmp_path, second)
    assert_same(second.blocks[1].get_weights(), first.blocks[0].get_weights())
    assert_same(second.blocks[0].get_weights(), first.blocks[1].get_weights())


def test_another_order_of_layers_without_names_is_a_mismatch(tmp_path) -> None:
    first = model_of(layers.Dense(3), layers.BatchNormalization())
    second = model_of(layers.BatchNormalization(), layers.Dense(3))
    tfc.save_state(tmp_path, {"model": first})
    before = snapshot(second)
    with pytest.raises(tfc.StateMismatchError, match="another order: dense, batch_normalization"):
        tfc.restore_state(tmp_path, {"model": second})
    assert snapshot(second) == before


def test_mismatch_lists_all_and_changes_nothing(tmp_path) -> None:
    saved = {
        "same": tf.Variable([1.0, 2.0]),
        "shape": tf.Variable(tf.zeros((2, 3))),
        "dtype": tf.Variable([1, 2]),
        "gone": tf.Variable(1.0),
        "kind": 3,
    }
    live = {
        "same": tf.Variable([0.0, 0.0]),
        "shape": tf.Variable(tf.ones((3, 2))),
        "dtype": tf.Variable([1.0, 2.0]),
        "new": tf.Variable(1.0),
        "kind": tf.Variable(3),
    }
    tfc.save_state(tmp_path, saved)
    before = snapshot(live)
    with pytest.raises(tfc.StateMismatchError) as caught:
        tfc.restore_state(tmp_path, live)
    error = caught.value
    assert error.missing == ("new",)
    assert error.unexpected == ("gone",)
    assert sorted(error.different) == [
        "dtype: int32 in the state, float32 here",
        "kind: a Python int in the state, a variable here",
        "shape: shape (2, 3) in the state, shape (3, 2) here",
    ] or sorted(error.different) == [
        "dtype: int32 in the state, float32 here",
        "kind: a Python int in the state, a variable here",
        "shape: shape (2, 3) in the state, (3, 2) here",
    ]
    for word in ("new", "gone", "strict=False", "nothing has changed"):
        assert word in str(error)
    assert snapshot(live) == before

    report = tfc.restore_state(tmp_path, live, strict=False)
    assert not report.complete
    assert report.restored == ("same",)
    assert report.missing == ("new",)
    assert report.unexpected == ("gone",)
    assert len(report.different) == 3
    np.testing.assert_array_equal(live["same"].numpy(), [1.0, 2.0])
    after = snapshot(live)
    assert {key for key in before if before[key] != after[key]} == {"same"}


def test_part_of_a_state(tmp_path) -> None:
    model = model_of(layers.Dense(2, name="d"))
    randomize(model)
    tfc.save_state(tmp_path, {"model": model, "step": 3})
    other = model_of(layers.Dense(2, name="d"))
    with pytest.raises(tfc.StateMismatchError, match="step"):
        tfc.restore_state(tmp_path, {"model": other})
    report = tfc.restore_state(tmp_path, {"model": other}, strict=False)
    assert report.unexpected == ("step",)
    assert_same(other.get_weights(), model.get_weights())


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)


def test_restoring_into_a_model_that_is_not_built(tmp_path) -> None:
    first, second = Subclassed(), Subclassed()
    first(tf.ones((1, 3)))
    tfc.save_state(tmp_path, {"model": first})
    for strict in (True, False):
        with pytest.raises(tfc.NotBuiltError) as caught:
            tfc.restore_state(tmp_path, {"model": second}, strict=strict)
        assert "model/dense" in str(caught.value)
        assert "build(input_shape)" in str(caught.value)
    second(tf.ones((1, 3)))
    tfc.restore_state(tmp_path, {"model": second})
    assert_same(second.get_weights(), first.get_weights())


def test_saving_a_model_that_is_not_built(tmp_path) -> None:
    with pytest.raises(tfc.NotBuiltError, match="model"):
        tfc.save_state(tmp_path, {"model": Subclassed(), "step": 1})
    assert not list(tmp_path.iterdir())


def test_layer_that_is_never_called_is_no_obstacle(tmp_path) -> None:
    class Model(Subclassed):
        def __init__(self):
            super().__init__()
            self.unused = layers.Dense(2)

    first, second = Model(), Model()
    first(tf.ones((1, 3)))
    second(tf.ones((1, 3)))
    tfc.save_state(tmp_path, first)
    assert tfc.restore_state(tmp_path, second).complete
    assert_same(second.get_weights(), first.get_weights())


class Custom(layers.Layer):
    """A custom layer with weights of every kind."""

    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.plain = tf.Variable(tf.zeros((2,)), name="plain")
        self.inner = [layers.Dense(2), {"deep": layers.Dense(2)}]
        self.counts = {"seen": tf.Variable(0, trainable=False)}

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.extra = [self.add_weight(shape=(2,), name=f"extra_{i}") for i in range(2)]
        self.add_weight(shape=(3,), name="loose")
        super().build(input_shape)

    def call(self, inputs):
        outputs = tf.matmul(inputs, tf.convert_to_tensor(self.w)) + self.plain
        return self.inner[1]["deep"](self.inner[0](outputs))


def test_custom_layer(tmp_path) -> None:
    first, second = Custom(), Custom()
    first(tf.ones((1, 3)))
    second(tf.ones((1, 3)))
    for index, variable in enumerate(tfc.variables(first).values()):
        variable.assign(tf.ones_like(variable) * (index + 1))
    tfc.save_state(tmp_path, {"layer": first})
    report = tfc.restore_state(tmp_path, {"layer": second})
    assert set(report.restored) == {
        "layer/plain", "layer/w", "layer/extra/0", "layer/extra/1", "layer/loose",
        "layer/counts/seen", "layer/inner/0/kernel", "layer/inner/0/bias",
        "layer/inner/1/deep/kernel", "layer/inner/1/deep/bias",
    }  # fmt: skip
    assert_same(second.get_weights(), first.get_weights())
    np.testing.assert_array_equal(second.plain.numpy(), first.plain.numpy())
    assert second.counts["seen"].numpy() == first.counts["seen"].numpy() > 0


def test_class_derived_from_a_layer_of_keras(tmp_path) -> None:
    class Mine(layers.Dense):
        pass

    layer = Mine(2)
    layer.build((None, 3))
    assert list(tfc.variables(layer)) == ["kernel", "bias"]


def test_nested_shared_and_frozen_layers(tmp_path) -> None:
    def make():
        shared = layers.Dense(3, name="shared")
        inputs = keras.Input((3,))
        encoder = keras.Sequential([keras.Input((3,)), layers.Dense(3), shared], name="encoder")
        frozen = layers.Dense(3)
        frozen.trainable = False
        outputs = frozen(shared(encoder(inputs)))
        model = keras.Model(inputs, outputs)
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse", run_eagerly=True)
        return model

    first, second = make(), make()
    randomize(first)
    batch = np.ones((4, 3), np.float32)
    first.train_on_batch(batch, batch)
    tfc.save_state(tmp_path, first)
    report = tfc.restore_state(tmp_path, second)
    assert report.complete
    assert "shared/kernel" in report.restored
    assert "encoder/dense/kernel" in report.restored
    slots = [key for key in report.restored if "/slots/" in f"/{key}"]
    assert len(slots) == len(first.trainable_variables)  # Keras 3.0 counts frozen ones in
    first.train_on_batch(batch, batch)
    second.train_on_batch(batch, batch)
    assert_same(second.get_weights(), first.get_weights())


def compiled():
    model = model_of(layers.Dense(2))
    model.compile(keras.optimizers.Adam(0.1), "mse", run_eagerly=True)
    return model


def train(model) -> None:
    model.train_on_batch(np.ones((4, 3), np.float32), np.zeros((4, 2), np.float32))


def test_optimizer_of_a_compiled_model_comes_along(tmp_path) -> None:
    first, second = compiled(), compiled()
    train(first)
    tfc.save_state(tmp_path, {"model": first})
    report = tfc.restore_state(tmp_path, {"model": second})
    assert "model/optimizer/iterations" in report.restored
    train(first)
    train(second)
    assert_same(second.get_weights(), first.get_weights())


@pytest.mark.parametrize("explicit", ["saved", "restored"])
def test_optimizer_under_another_of_its_paths(explicit, tmp_path) -> None:
    first, second = compiled(), compiled()
    train(first)

    def objects(model, role):
        return (
            {"model": model, "optimizer": model.optimizer} if role == explicit else {"model": model}
        )

    tfc.save_state(tmp_path, objects(first, "saved"))
    assert tfc.restore_state(tmp_path, objects(second, "restored")).complete
    train(first)
    train(second)
    assert_same(second.get_weights(), first.get_weights())


def test_several_models_and_optimizers(tmp_path) -> None:
    def make():
        generator, critic = model_of(layers.Dense(3)), model_of(layers.Dense(1))
        return {
            "generator": generator,
            "critic": critic,
            "optimizers": {
                "generator": keras.optimizers.Adam(0.1),
                "critic": keras.optimizers.RMSprop(0.1),
            },
            "step": 0,
        }

    def step(objects):
        for name in ("generator", "critic"):
            model = objects[name]
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(model(tf.ones((2, 3))) ** 2)
            gradients = tape.gradient(loss, model.trainable_variables)
            objects["optimizers"][name].apply_gradients(zip(gradients, model.trainable_variables))
        objects["step"] += 1

    first, second = make(), make()
    step(first)
    tfc.save_state(tmp_path, first)
    tfc.restore_state(tmp_path, second)
    assert second["step"] == 1
    step(first)
    step(second)
    for name in ("generator", "critic"):
        assert_same(second[name].get_weights(), first[name].get_weights())


def test_optimizer_without_the_weights_it_updates(tmp_path) -> None:
    model = compiled()
    train(model)
    with pytest.raises(tfc.UnsupportedObjectError, match="weights that are not part of the state"):
        tfc.save_state(tmp_path, {"optimizer": model.optimizer})
    assert not list(tmp_path.iterdir())


def test_names_that_differ_by_an_underscore(tmp_path) -> None:
    class Module(tf.Module):
        def __init__(self, number):
            super().__init__()
            self._w = tf.Variable(float(number), name="w")
            self.w = tf.Variable(float(number + 1), name="w")

    saved, live = Module(1), Module(5)
    tfc.save_state(tmp_path, saved)
    assert len(tfc.restore_state(tmp_path, live).restored) == 2
    assert (live._w.numpy(), live.w.numpy()) == (1.0, 2.0)


def test_changed_learning_rate_is_restored(tmp_path) -> None:
    first, second = compiled(), compiled()
    train(first)
    first.optimizer.learning_rate = 0.0123
    tfc.save_state(tmp_path, first)
    tfc.restore_state(tmp_path, second)
    assert float(np.float32(second.optimizer.learning_rate.numpy())) == np.float32(0.0123)


def test_failed_restore_leaves_an_optimizer_usable(tmp_path) -> None:
    first = compiled()
    train(first)
    tfc.save_state(tmp_path, {"model": first})
    other = model_of(layers.Dense(2), layers.Dense(2))
    other.compile(keras.optimizers.Adam(0.1), "mse", run_eagerly=True)
    before = snapshot(other)
    with pytest.raises(tfc.StateMismatchError) as caught:
        tfc.restore_state(tmp_path, {"model": other})
    assert "model/dense_1/kernel" in caught.value.missing
    assert {key: snapshot(other)[key] for key in before} == before
    train(other)


def test_state_of_a_model_in_a_second_keras(tmp_path) -> None:
    tf_keras = pytest.importorskip("tf_keras")
    if tf_keras.layers.Layer is keras.layers.Layer:
        pytest.skip("tf.keras is tf_keras here")
    first = tf_keras.Sequential([tf_keras.layers.Dense(2, input_shape=(3,))])
    second = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    tfc.save_state(tmp_path, first)
    tfc.restore_state(tmp_path, second)
    assert_same(second.get_weights(), first.get_weights())


@pytest.mark.parametrize("broken", ["serialize", "deserialize"])
def test_object_that_fails_while_it_is_restored(broken, tmp_path) -> None:
    class Counter(tf.train.experimental.PythonState):
        def __init__(self, count):
            self.count = count

        def serialize(self):
            return str(self.count)

        def deserialize(self, text):
            self.count = int(text)

    def fail(*arguments):
        raise RuntimeError("on purpose")

    def make(number):
        return {"a": Counter(number), "b": Counter(number), "w": tf.Variable(float(number))}

    tfc.save_state(tmp_path, make(1))
    live = make(2)
    setattr(live["b"], broken, fail)
    with pytest.raises(tfc.BadStateError, match="b could not be restored, and nothing has changed"):
        tfc.restore_state(tmp_path, live)
    assert (live["a"].count, live["b"].count, live["w"].numpy()) == (2, 2, 2.0)
    live = make(3)
    tfc.restore_state(tmp_path, live)
    assert (live["a"].count, live["b"].count, live["w"].numpy()) == (1, 1, 1.0)


def test_inside_a_function_is_an_error(tmp_path) -> None:
    variable = tf.Variable(1.0)

    @tf.function
    def save():
        tfc.save_state(tmp_path, variable)

    with pytest.raises(tfc.TfcompatError, match=r"inside a tf\.function"):
        save()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [{"step": -1}, {"step": "x"}, {"keep": 0}, {"keep": 1.5}])
def test_bad_arguments(arguments, tmp_path) -> None:
    with pytest.raises(tfc.TfcompatError, match=f"{next(iter(arguments))} must be None or a whole"):
        tfc.save_state(tmp_path, tf.Variable(1.0), **arguments)


def test_objects_that_cannot_be_saved_are_all_listed(tmp_path) -> None:
    with pytest.raises(tfc.UnsupportedObjectError) as caught:
        tfc.save_state(tmp_path, {"ok": 1, "a": object(), "b": [{1, 2}], "c": lambda: None})
    message = str(caught.value)
    for line in ("a: builtins.object", "b/0: builtins.set", "c: builtins.function"):
        assert line in message
    assert "ok" not in message
    assert not list(tmp_path.iterdir())


def test_nothing_to_save(tmp_path) -> None:
    with pytest.raises(tfc.UnsupportedObjectError, match="nothing to save"):
        tfc.save_state(tmp_path, {})


def test_what_was_one_variable_may_be_two(tmp_path) -> None:
    writer, reader = tf.Module(), tf.Module()
    writer.a = writer.b = tf.Variable([3.0])
    reader.a, reader.b = tf.Variable([0.0]), tf.Variable([0.0])
    tfc.save_state(tmp_path, writer)
    tfc.restore_state(tmp_path, reader)
    assert reader.a.numpy() == reader.b.numpy() == [3.0]
