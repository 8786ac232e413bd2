"""TensorFlow checkpoints: of Checkpoint, CheckpointManager, Keras, SavedModel, TensorFlow 1."""

from __future__ import annotations

import functools
import os
import pathlib
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tests.state.native import examples

keras = tf.keras
layers = keras.layers

pytestmark = pytest.mark.filterwarnings("ignore::tfcompat.MissingOptimizerWarning")


def made(function, *arguments):
    try:
        return function(*arguments)
    except examples.MissingError as error:
        pytest.skip(f"no {error} in this release")


def written(tmp_path, **objects) -> str:
    try:
        checkpoint = tf.train.Checkpoint(**objects)
    except ValueError:
        pytest.skip("an optimizer of Keras 3.0 cannot be part of a tf.train.Checkpoint")
    return checkpoint.save(str(tmp_path / "ckpt"))


def snapshot(objects) -> dict[str, bytes]:
    return {key: variable.numpy().tobytes() for key, variable in tfc.variables(objects).items()}


# What Keras 3 does not show a TensorFlow checkpoint: weights that are not trained and hang below
# lists or dictionaries, such as the averages of a batch normalization.
def hidden_from_keras_3(report) -> bool:
    return tfc.supports("keras3") and all("moving_" in k or "counter" in k for k in report.missing)


@pytest.mark.parametrize("model", examples.MODELS)
def test_model_and_optimizer(tmp_path, model) -> None:
    writer = made(examples.writer, model)
    prefix = written(tmp_path, net=writer, opt=writer.optimizer)
    reader = examples.reader(model)
    objects = {"net": reader, "opt": reader.optimizer}
    report = tfc.restore_state(prefix, objects, strict=False)
    assert report.step == 1
    assert not report.unexpected
    assert not report.different
    if report.missing:
        assert hidden_from_keras_3(report), report.missing
        with pytest.raises(tfc.StateMismatchError, match="moving_mean"):
            tfc.restore_state(prefix, objects)
        return
    examples.assert_restored(reader, writer)


@pytest.mark.parametrize("optimizer", examples.OPTIMIZERS)
def test_optimizers(tmp_path, optimizer) -> None:
    writer = made(examples.writer, "sequential", optimizer)
    prefix = written(tmp_path, model=writer, optimizer=writer.optimizer)
    reader = examples.reader("sequential", optimizer)
    tfc.restore_state(prefix, {"model": reader, "optimizer": reader.optimizer})
    examples.assert_restored(reader, writer)


def test_an_optimizer_that_has_not_stepped(tmp_path) -> None:
    writer = examples.compiled("sequential")
    prefix = written(tmp_path, model=writer, optimizer=writer.optimizer)
    reader = examples.trained("sequential", seed=1, make=examples.reader)
    tfc.restore_state(prefix, {"model": reader, "optimizer": reader.optimizer})
    examples.assert_same(reader.get_weights(), writer.get_weights())
    for variable in examples.optimizer_variables(reader):
        if variable.ndim:
            assert not variable.any()


def test_directory_of_a_manager_and_its_steps(tmp_path) -> None:
    counter = tf.Variable(0)
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(counter=counter), str(tmp_path), max_to_keep=3
    )
    for value in (10, 20, 30):
        counter.assign(value)
        manager.save(checkpoint_number=value)
    assert tfc.restore_state(tmp_path, {"counter": counter}).step == 30
    assert counter.numpy() == 30
    assert tfc.restore_state(tmp_path, {"counter": counter}, step=10).step == 10
    assert counter.numpy() == 10
    with pytest.raises(tfc.StateNotFoundError, match=r"ckpt-30.*ckpt-10"):
        tfc.restore_state(tmp_path, {"counter": counter}, step=15)


def test_directory_that_was_moved(tmp_path) -> None:
    counter = tf.Variable(3)
    before, after = tmp_path / "before", tmp_path / "after"
    tf.train.Checkpoint(counter=counter).save(str(before / "ckpt"))
    pointer = before / "checkpoint"
    pointer.write_text(pointer.read_text().replace('"ckpt', f'"{before}/ckpt'))
    before.rename(after)
    counter.assign(0)
    tfc.restore_state(after, {"counter": counter})
    assert counter.numpy() == 3


def test_directory_whose_checkpoint_is_gone(tmp_path) -> None:
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "ckpt-1"')
    with pytest.raises(tfc.BadStateError, match=r"ckpt-1\.index"):
        tfc.restore_state(tmp_path, {"counter": tf.Variable(0)})


def test_directory_that_does_not_tell_the_newest_checkpoint(tmp_path) -> None:
    prefix = tf.train.Checkpoint(counter=tf.Variable(3)).write(str(tmp_path / "mine"))
    with pytest.raises(tfc.StateNotFoundError, match=f"Give the path of one: '{prefix}'"):
        tfc.restore_state(tmp_path, {"counter": tf.Variable(0)})


def test_a_model_alone_of_a_checkpoint_with_roots(tmp_path) -> None:
    writer = examples.writer("sequential")
    prefix = written(tmp_path, net=writer, opt=writer.optimizer)
    reader = examples.reader("sequential")
    tfc.restore_state(prefix, reader)
    examples.assert_restored(reader, writer)


@pytest.mark.skipif(tfc.supports("keras3"), reason="Keras 3 writes .weights.h5 alone")
@pytest.mark.parametrize("model", ["sequential", "functional", "nested", "subclassed"])
def test_weights_without_a_suffix(tmp_path, model) -> None:
    writer = examples.writer(model)
    writer.save_weights(str(tmp_path / "weights"))
    reader = examples.reader(model)
    tfc.restore_state(tmp_path / "weights", reader)
    examples.assert_restored(reader, writer)
    reader = examples.reader(model)
    tfc.restore_state(tmp_path / "weights", {"model": reader, "optimizer": reader.optimizer})
    examples.assert_restored(reader, writer)


@pytest.mark.skipif(tfc.supports("keras3"), reason="Keras 3 writes no SavedModel with save")
@pytest.mark.parametrize(("model", "traces"), [("sequential", True), ("attention", False)])
def test_saved_model_of_keras(tmp_path, model, traces) -> None:
    writer = examples.writer(model)
    # Traces hold no values and take most of the time: one file with them does.
    writer.save(str(tmp_path / "saved"), save_format="tf", save_traces=traces)
    reader = examples.reader(model)
    tfc.restore_state(tmp_path / "saved", {"model": reader, "optimizer": reader.optimizer})
    examples.assert_restored(reader, writer)


@pytest.mark.skipif(
    not hasattr(keras.backend, "experimental")
    or not hasattr(keras.backend.experimental, "enable_tf_random_generator"),
    reason="Keras has its generators since 2.8, and Keras 3 no switch for them",
)
def test_generators_inside_of_layers(tmp_path) -> None:
    # No file of the others holds them, and no public name leads to them in a live model.
    experimental = keras.backend.experimental
    was_enabled = experimental.is_tf_random_generator_enabled()
    experimental.enable_tf_random_generator()
    try:
        writer = examples.trained("sequential")
        writer.save(str(tmp_path / "saved"), save_format="tf", save_traces=False)
    finally:
        if not was_enabled:
            experimental.disable_tf_random_generator()
    reader = examples.reader("sequential")
    tfc.restore_state(tmp_path / "saved", {"model": reader, "optimizer": reader.optimizer})
    examples.assert_restored(reader, writer)


@pytest.mark.parametrize("model", ["sequential", "functional"])
def test_exported_model(tmp_path, model) -> None:
    writer = examples.writer(model)
    if not hasattr(writer, "export"):
        pytest.skip("model.export came with 2.12")
    writer.export(str(tmp_path / "exported"))
    keys = dict(tf.train.list_variables(str(tmp_path / "exported" / "variables" / "variables")))
    reader = examples.trained(model, seed=1, make=examples.reader)
    report = tfc.restore_state(
        tmp_path / "exported", {"model": reader, "optimizer": reader.optimizer}
    )
    # 2.12 exports all that the model tracks, the optimizer too.
    held = any("_iterations" in key for key in keys)
    assert report.without_optimizer == (() if held else ("optimizer",))
    examples.assert_restored(reader, writer, optimizer=held)


class Module(tf.Module):
    def __init__(self, seed: int) -> None:
        super().__init__()
        random = np.random.RandomState(seed)
        self.matrix = tf.Variable(random.normal(size=(2, 3)).astype("float32"))
        self.layers = [tf.Variable([float(seed)]), tf.Variable([seed + 1.0])]
        self.by_name = {"a": tf.Variable(seed), "b": tf.Variable([seed])}
        self.inner = tf.Module()
        self.inner.scale = tf.Variable(2.0 * seed)

    def values(self) -> list[np.ndarray]:
        held = (self.matrix, *self.layers, *self.by_name.values(), self.inner.scale)
        return [variable.numpy() for variable in held]


@pytest.mark.parametrize("form", ["checkpoint", "SavedModel"])
def test_module(tmp_path, form) -> None:
    writer, reader = Module(3), Module(5)
    path = str(tmp_path / "module")
    if form == "checkpoint":
        tf.train.Checkpoint(writer).write(path)
    else:
        tf.saved_model.save(writer, path)
    report = tfc.restore_state(path, reader)
    assert report.writer["format"].endswith(form)
    examples.assert_same(reader.values(), writer.values())


def test_tables_and_generators(tmp_path) -> None:
    if not hasattr(tf.lookup.experimental, "MutableHashTable"):
        pytest.skip("MutableHashTable became public in 2.8")

    def make(seed, values):
        table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)
        table.insert(tf.constant(["a", "b"]), tf.constant(values, tf.int64))
        return {"table": table, "generator": tf.random.Generator.from_seed(seed)}

    writer, reader = make(1, [3, 4]), make(2, [5, 6])
    writer["generator"].normal((3,))
    prefix = tf.train.Checkpoint(**writer).write(str(tmp_path / "ckpt"))
    tfc.restore_state(prefix, reader)
    assert reader["table"].lookup(tf.constant(["a", "b"])).numpy().tolist() == [3, 4]
    np.testing.assert_array_equal(
        reader["generator"].normal((5,)), writer["generator"].normal((5,))
    )


def test_loss_scaling(tmp_path) -> None:
    def make():
        model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
        optimizer = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.Adam(0.01))
        model.compile(optimizer, "mse", run_eagerly=True)
        return model

    writer, reader = make(), make()
    writer.fit(np.ones((4, 3), "float32"), np.ones((4, 2), "float32"), verbose=0)
    prefix = written(tmp_path, model=writer, optimizer=writer.optimizer)
    tfc.restore_state(prefix, {"model": reader, "optimizer": reader.optimizer})
    examples.assert_restored(reader, writer)
    first, second = (tfc.variables({"optimizer": m.optimizer, "m": m}) for m in (writer, reader))
    assert {k: v.numpy().tolist() for k, v in first.items()} == {
        k: v.numpy().tolist() for k, v in second.items()
    }


def model_of(*some) -> object:
    return keras.Sequential([keras.Input((3,)), *some])


def test_given_names_match_in_another_order(tmp_path) -> None:
    writer = model_of(layers.Dense(3, name="a"), layers.Dense(3, name="b"))
    reader = model_of(layers.Dense(3, name="b"), layers.Dense(3, name="a"))
    tfc.restore_state(written(tmp_path, model=writer), {"model": reader})
    for name in "ab":
        examples.assert_same(
            reader.get_layer(name).get_weights(), writer.get_layer(name).get_weights()
        )


@pytest.mark.parametrize(
    ("there", "here"),
    [
        pytest.param(
            lambda: (layers.Dense(3), layers.Dense(4)), lambda: (layers.Dense(3), layers.Dense(5)),
            id="another shape",
        ),
        pytest.param(
            lambda: (layers.Dense(3), layers.Dense(3)), lambda: (layers.Dense(3),), id="fewer"
        ),
        pytest.param(
            lambda: (layers.Dense(3),), lambda: (layers.Dense(3), layers.Dense(3)), id="more"
        ),
        pytest.param(
            lambda: (layers.LayerNormalization(), layers.Dense(3), layers.BatchNormalization()),
            lambda: (layers.BatchNormalization(), layers.Dense(3), layers.LayerNormalization()),
            id="another order",
        ),
        pytest.param(
            lambda: (layers.Dense(3, name="a"), layers.Dense(3, name="b")),
            lambda: (layers.Dense(3, name="a"), layers.Dense(3, name="c")),
            id="another name",
        ),
    ],
)  # fmt: skip
def test_another_architecture(tmp_path, there, here) -> None:
    prefix = written(tmp_path, model=model_of(*there()))
    objects = {"model": model_of(*here())}
    before = snapshot(objects)
    with pytest.raises(tfc.StateMismatchError) as caught:
        tfc.restore_state(prefix, objects)
    assert caught.value.missing or caught.value.different
    assert snapshot(objects) == before


@pytest.mark.parametrize(
    ("there", "here"), [("adam", "nadam"), ("adam", "momentum"), ("rmsprop", "adagrad"),
                        ("adam", "amsgrad"), ("amsgrad", "adam"), ("adamax", "adam")],
)  # fmt: skip
def test_another_optimizer(tmp_path, there, here) -> None:
    writer = examples.writer("sequential", there)
    prefix = written(tmp_path, model=writer, optimizer=writer.optimizer)
    reader = examples.trained("sequential", here, seed=1, make=examples.reader)
    objects = {"model": reader, "optimizer": reader.optimizer}
    before = snapshot(objects)
    with pytest.raises(tfc.StateMismatchError, match="optimizer"):
        tfc.restore_state(prefix, objects)
    assert snapshot(objects) == before


def test_other_roots(tmp_path) -> None:
    writer = examples.writer("sequential")
    prefix = written(tmp_path, net=writer, opt=writer.optimizer)
    reader = examples.reader("sequential")
    with pytest.raises(tfc.StateMismatchError, match="net, opt at its root and not"):
        tfc.restore_state(prefix, {"network": reader, "optimizer": reader.optimizer})


@pytest.mark.parametrize("part", ["index", "data-00000-of-00001"])
def test_truncated(tmp_path, part) -> None:
    writer = examples.writer("sequential")
    prefix = written(tmp_path, model=writer, optimizer=writer.optimizer)
    path = f"{prefix}.{part}"
    whole = pathlib.Path(path).read_bytes()
    reader = examples.reader("sequential")
    objects = {"model": reader, "optimizer": reader.optimizer}
    before = snapshot({"model": reader})
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        with open(path, "wb") as file:
            file.write(whole[:size])
        with pytest.raises(tfc.BadStateError):
            tfc.restore_state(prefix, objects)
        assert snapshot({"model": reader}) == before


def test_a_model_that_is_not_built(tmp_path) -> None:
    writer = examples.writer("subclassed")
    prefix = written(tmp_path, model=writer)
    with pytest.raises(tfc.NotBuiltError, match="build"):
        tfc.restore_state(prefix, {"model": examples.Subclassed()})


def test_a_file_without_the_optimizer(tmp_path) -> None:
    writer = examples.MODELS["sequential"]()
    reader = examples.trained("sequential", seed=1, make=examples.reader)
    kept = examples.optimizer_variables(reader)
    with pytest.warns(tfc.MissingOptimizerWarning, match="optimizer"):
        report = tfc.restore_state(
            written(tmp_path, model=writer), {"model": reader, "optimizer": reader.optimizer}
        )
    assert report.without_optimizer == ("optimizer",)
    examples.assert_same(reader.get_weights(), writer.get_weights())
    examples.assert_same(examples.optimizer_variables(reader), kept)


def test_nothing_there(tmp_path) -> None:
    with pytest.raises(tfc.StateNotFoundError, match="nothing at"):
        tfc.restore_state(tmp_path / "absent", tf.Variable(0))


class NamedValues:
    """What a script of TensorFlow 1 saved: weights, Adam's slots, the global step."""

    def __init__(self, directory: str, optimizer: str, first_step: int = 0) -> None:
        v1 = tf.compat.v1
        with tf.Graph().as_default(), v1.Session() as session:
            inputs = v1.placeholder(tf.float32, (None, 3))
            hidden = inputs
            for name in ("hidden", "output"):
                with v1.variable_scope(name):
                    kernel = v1.get_variable("kernel", (3, 3))
                    bias = v1.get_variable("bias", (3,), initializer=v1.zeros_initializer())
                hidden = tf.matmul(hidden, kernel) + bias
            step = v1.train.get_or_create_global_step()
            train = {
                "adam": lambda: v1.train.AdamOptimizer(0.01),
                "momentum": lambda: v1.train.MomentumOptimizer(0.01, 0.9),
            }[optimizer]().minimize(tf.reduce_mean(hidden**2), global_step=step)
            session.run(v1.global_variables_initializer())
            step.load(first_step, session)
            for _ in range(3):
                session.run(train, {inputs: np.ones((2, 3), "float32")})
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.prefix = v1.train.Saver().save(
                    session, os.path.join(directory, "model.ckpt"), 3
                )
            names = [v.op.name for v in v1.global_variables()]
            self.values = dict(zip(names, session.run(v1.global_variables())))


@pytest.fixture(scope="module")
def named_values(tmp_path_factory) -> Callable[..., NamedValues]:
    @functools.cache
    def make(optimizer: str, first_step: int = 0) -> NamedValues:
        return NamedValues(str(tmp_path_factory.mktemp(optimizer)), optimizer, first_step)

    return make


@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
@pytest.mark.parametrize("legacy", [False, True])
def test_checkpoint_of_tensorflow_1(named_values, optimizer, legacy) -> None:
    found = named_values(optimizer)
    module = keras.optimizers
    if legacy:
        module = getattr(module, "legacy", None)
        if module is None or tfc.supports("keras3"):
            pytest.skip("no keras.optimizers.legacy in this release")
    reader = model_of(layers.Dense(3, name="hidden"), layers.Dense(3, name="output"))
    used = module.Adam(0.01) if optimizer == "adam" else module.SGD(0.01, momentum=0.9)
    objects = {"model": reader, "optimizer": used}
    report = tfc.restore_state(found.prefix, objects)
    assert report.step == 3
    for name in ("hidden", "output"):
        kernel, bias = reader.get_layer(name).get_weights()
        np.testing.assert_array_equal(kernel, found.values[f"{name}/kernel"])
        np.testing.assert_array_equal(bias, found.values[f"{name}/bias"])
    state = {key: variable.numpy() for key, variable in tfc.variables(objects).items()}
    # Keras keeps the last step where MomentumOptimizer keeps the sum of the gradients.
    suffix, factor = {"adam": ("Adam", 1), "momentum": ("Momentum", -0.01)}[optimizer]
    np.testing.assert_allclose(
        state["optimizer/slots/momentum/model/hidden/kernel"],
        found.values[f"hidden/kernel/{suffix}"] * factor,
        rtol=1e-6,
    )
    assert state["optimizer/iterations"] == 3


def test_names_from_the_user(named_values) -> None:
    found = named_values("momentum")
    module = tf.Module()
    module.first, module.second = tf.Variable(tf.zeros((3, 3))), tf.Variable(tf.zeros((3,)))
    names = {"hidden/kernel": "first", "hidden/bias": "second"}
    for given in (names, names.get):
        module.first.assign(tf.zeros((3, 3)))
        report = tfc.restore_state(found.prefix, module, strict=False, names=given)
        assert not report.missing
        np.testing.assert_array_equal(module.first, found.values["hidden/kernel"])
    with pytest.raises(tfc.StateMismatchError, match="output/kernel"):
        tfc.restore_state(found.prefix, module, names=names)
    with pytest.raises(tfc.TfcompatError, match=r"hidden/kernal \(is it hidden/kernel\?\)"):
        tfc.restore_state(found.prefix, module, names={"hidden/kernal": "first"})


def test_near_matches_are_suggested(named_values) -> None:
    found = named_values("momentum")
    module = tf.Module()
    module.hidden_kernel = tf.Variable(tf.zeros((3, 3)), name="hidden/kernels")
    with pytest.raises(tfc.StateMismatchError, match=r"{'hidden/kernel': 'hidden_kernel'}"):
        tfc.restore_state(found.prefix, module)


def optimizers_of(*models) -> list:
    """Return an optimizer for each model, after steps of different number."""
    found = []
    for steps, model in enumerate(models, 2):
        optimizer = keras.optimizers.Adam(0.01)
        for step in range(steps):
            gradients = [tf.ones_like(w) * (steps + step) for w in model.trainable_variables]
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        found.append(optimizer)
    return found


def test_two_models_whose_weights_have_the_same_names(tmp_path) -> None:
    def make():
        return keras.Sequential([keras.Input((2,)), layers.Dense(2, name="d")], name="m")

    first, second = make(), make()
    one, two = optimizers_of(first, second)
    prefix = written(tmp_path, a=first, b=second, oa=one, ob=two)
    a, b = make(), make()
    objects = {"a": a, "b": b, "oa": keras.optimizers.Adam(0.01), "ob": keras.optimizers.Adam(0.01)}
    if not hasattr(one, "get_slot") and not tfc.supports("keras3"):
        # The names of slots are all that a file of 2.11 to 2.15 tells.
        with pytest.raises(tfc.StateMismatchError, match="the name"):
            tfc.restore_state(prefix, objects)
        return
    tfc.restore_state(prefix, objects)
    for model, optimizer in ((a, objects["oa"]), (b, objects["ob"])):
        source = {id(a): (first, one), id(b): (second, two)}[id(model)]
        for weight, saved in zip(model.trainable_variables, source[0].trainable_variables):
            np.testing.assert_array_equal(weight, saved)
        here, there = (
            [v.numpy() for v in (o.variables() if callable(o.variables) else o.variables)]
            for o in (optimizer, source[1])
        )
        examples.assert_same(here, there)


def test_one_optimizer_of_two_models_in_another_order(tmp_path) -> None:
    def make():
        return keras.Sequential([keras.Input((2,)), layers.Dense(2, name="d")], name="m")

    def slots(optimizer) -> list[np.ndarray]:
        variables = optimizer.variables
        return [v.numpy() for v in (variables() if callable(variables) else variables)]

    def train(first, second):
        optimizer = keras.optimizers.Adam(0.01)
        weights = [*first.trainable_variables, *second.trainable_variables]
        gradients = [tf.ones_like(w) * float(i + 1) for i, w in enumerate(weights)]
        optimizer.apply_gradients(zip(gradients, weights))
        return optimizer

    first, second, third, fourth = make(), make(), make(), make()
    saved, restored = train(first, second), train(fourth, third)
    tfc.save_state(tmp_path, {"b": second, "a": first, "optimizer": saved})
    tfc.restore_state(tmp_path, {"b": third, "a": fourth, "optimizer": restored})
    examples.assert_same(slots(restored), slots(saved))


def test_layers_inside_others_whose_names_end_alike(tmp_path) -> None:
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        for scope in ("encoder", "decoder"):
            with v1.variable_scope(f"{scope}/dense"):
                v1.get_variable("kernel", (2, 2))
        session.run(v1.global_variables_initializer())
        prefix = v1.train.Saver().save(session, str(tmp_path / "model.ckpt"))

    class Part(layers.Layer):
        def __init__(self, name) -> None:
            super().__init__(name=name)
            self.dense = layers.Dense(2, use_bias=False, name="dense")

        def call(self, inputs):
            return self.dense(inputs)

    class Model(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.enc, self.dec = Part("enc"), Part("dec")

        def call(self, inputs):
            return self.dec(self.enc(inputs))

    model = Model()
    model(np.zeros((1, 2), "float32"))
    with pytest.raises(tfc.StateMismatchError):
        tfc.restore_state(prefix, {"model": model})


def test_a_sublayer_more_than_the_file_has(tmp_path) -> None:
    class Layer(layers.Layer):
        def __init__(self, more: bool) -> None:
            super().__init__()
            self.kernel = self.add_weight(name="kernel", shape=(2, 2))
            self.more = layers.Dense(2, use_bias=False) if more else None
            if more:
                self.more.build((None, 2))

    prefix = written(tmp_path, layer=Layer(more=False))
    with pytest.raises(tfc.StateMismatchError, match="more/kernel"):
        tfc.restore_state(prefix, {"layer": Layer(more=True)})


def test_two_models_of_a_file_with_one(tmp_path) -> None:
    prefix = tf.train.Checkpoint(model_of(layers.Dense(2))).write(str(tmp_path / "ckpt"))
    objects = {"online": model_of(layers.Dense(2)), "target": model_of(layers.Dense(2))}
    with pytest.raises(tfc.StateMismatchError):
        tfc.restore_state(prefix, objects)


def test_adam_that_took_other_steps_than_the_global_one(named_values) -> None:
    found = named_values("adam", first_step=1000)
    reader = model_of(layers.Dense(3, name="hidden"), layers.Dense(3, name="output"))
    objects = {"model": reader, "optimizer": keras.optimizers.Adam(0.01)}
    with pytest.raises(tfc.StateMismatchError, match="has taken 3 steps"):
        tfc.restore_state(found.prefix, objects)


@pytest.mark.parametrize("names", ["text", {"hidden/kernel": 3}, ["hidden/kernel"]])
def test_bad_names(named_values, names) -> None:
    found = named_values("momentum")
    with pytest.raises(tfc.TfcompatError, match="names"):
        tfc.restore_state(found.prefix, tf.Module(), names=names)
