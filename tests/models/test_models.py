"""Whole models, saved and loaded in one release; the grid takes them to the others."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tests.models import grid
from tests.models.examples import EXAMPLES, Scale, numbers, sequential
from tfcompat import models

keras = tf.keras
KERAS_3 = tfc.supports("keras3")


# The rest of them the grid has.
PLAIN = ("sequential", "functional", "custom")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    directory = tmp_path_factory.mktemp("models") / "writer"
    grid.write(directory, ("keras", "h5"), PLAIN)
    return directory


@pytest.mark.once_per_era
def test_what_plain_keras_wrote_computes_and_trains_on(written: pathlib.Path) -> None:
    cells = grid.load(written, ("keras", "h5"))
    found = {(cell["state"], cell["format"]): cell["result"] for cell in cells}
    assert set(found.values()) == {grid.LOADED}
    # Keras 3.0 cannot write the layers of the third as `.h5`.
    assert found.keys() >= {(name, "keras") for name in PLAIN} | {("sequential", "h5")}


def small() -> Any:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="a")])
    model.compile("sgd", "mse")
    return model


def test_the_first_example_of_all(tmp_path: pathlib.Path) -> None:
    """The call of the tutorials that Keras 3 ended: a path without a suffix."""
    model = small()
    path = str(tmp_path / "my_model")
    models.save_model(model, path)
    loaded = models.load_model(path)
    for ours, theirs in zip(loaded.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(ours, theirs)
    assert type(loaded) is type(model)
    assert loaded.name == model.name
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
    assert loaded.to_json() is not None


def test_a_model_is_replaced_in_its_directory(tmp_path: pathlib.Path) -> None:
    first, second = small(), small()
    models.save_model(first, tmp_path / "m")
    models.save_model(second, tmp_path / "m")
    np.testing.assert_array_equal(
        models.load_model(tmp_path / "m").get_weights()[0], second.get_weights()[0]
    )
    assert len(tfc.list_states(tmp_path / "m")) == 1


def test_a_model_takes_no_other_place(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(tfc.TfcompatError, match="is a file"):
        models.save_model(small(), tmp_path / "file")
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "notes").write_text("")
    with pytest.raises(tfc.TfcompatError, match="something else"):
        models.save_model(small(), tmp_path / "directory")
    tfc.save_state(tmp_path / "state", {"model": small()})
    with pytest.raises(tfc.TfcompatError, match="something else"):
        models.save_model(small(), tmp_path / "state")
    with pytest.raises(tfc.TfcompatError, match="save_weights"):
        models.save_model(small(), tmp_path / "m.weights.h5")


def test_what_holds_no_model_says_what_to_do(tmp_path: pathlib.Path) -> None:
    with pytest.raises(tfc.StateNotFoundError):
        models.load_model(tmp_path / "nothing")
    tfc.save_state(tmp_path / "state", {"model": small()})
    with pytest.raises(tfc.BadStateError, match="restore_state"):
        models.load_model(tmp_path / "state")
    small().save_weights(str(tmp_path / "x.weights.h5"))
    with pytest.raises(tfc.BadStateError, match="no model"):
        models.load_model(tmp_path / "x.weights.h5")
    (tmp_path / "text").write_text("text")
    with pytest.raises(tfc.BadStateError):
        models.load_model(tmp_path / "text")


def test_without_its_optimizer(tmp_path: pathlib.Path) -> None:
    example = sequential()
    example.step()
    for name in ("m", "m.h5"):
        models.save_model(example.model, tmp_path / name)
        loaded = models.load_model(tmp_path / name, compile=False)
        assert getattr(loaded, "optimizer", None) is None
        np.testing.assert_array_equal(loaded.get_weights()[0], example.model.get_weights()[0])


def test_what_compile_was_told_comes_along(tmp_path: pathlib.Path) -> None:
    example = sequential()
    example.step()
    models.save_model(example.model, tmp_path / "m")
    loaded = models.load_model(tmp_path / "m")
    ours = loaded.evaluate(example.inputs, example.targets, verbose=0)
    theirs = example.model.evaluate(example.inputs, example.targets, verbose=0)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert len(ours) == 3
    assert loaded.optimizer.get_config()["amsgrad"] is True


class Unregistered(keras.layers.Layer):
    def __init__(self, size: int = 1, **options: Any) -> None:
        super().__init__(**options)
        self.size = size

    def build(self, shape: Any) -> None:
        self.w = self.add_weight(shape=(self.size,), initializer="ones", name="w")

    def call(self, inputs: Any) -> Any:
        return inputs * tf.reduce_sum(self.w)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}


def test_custom_objects(tmp_path: pathlib.Path) -> None:
    model = keras.Sequential([keras.Input((2,)), Unregistered(4, name="u")])
    models.save_model(model, tmp_path / "m")
    with pytest.raises(models.ModelNotLoadedError) as caught:
        models.load_model(tmp_path / "m")
    assert "custom_objects" in str(caught.value)
    loaded = models.load_model(tmp_path / "m", custom_objects={"Unregistered": Unregistered})
    assert loaded.layers[-1].size == 4
    with keras.utils.custom_object_scope({"Unregistered": Unregistered}):
        assert models.load_model(tmp_path / "m").layers[-1].size == 4


def test_what_this_release_lacks_is_listed_at_once(tmp_path: pathlib.Path) -> None:
    layers = [
        {"class_name": "Dense", "config": {"units": 2, "from_the_future": 3}},
        {"class_name": "LayerOfTomorrow", "config": {"name": "x"}},
        {"class_name": "Dense", "config": {"units": 2, "activation": "of_tomorrow"}},
        {"class_name": "Dense", "config": {"units": 2, "kernel_initializer": "of_tomorrow"}},
    ]
    document = {
        "format": "tfcompat-model",
        "version": 1,
        "keras": "9.9",
        "model": {"class_name": "Sequential", "config": {"name": "m", "layers": layers}},
        "compile": {"optimizer": {"class_name": "OptimizerOfTomorrow", "config": {}}},
    }
    tfc.save_state(tmp_path / "m", {"configuration": json.dumps(document)})
    with pytest.raises(models.ModelNotLoadedError) as caught:
        models.load_model(tmp_path / "m")
    assert len(caught.value.problems) == 5
    for text in ("from_the_future = 3", "LayerOfTomorrow", "activation", "kernel_initializer"):
        assert text in str(caught.value)


def test_a_newer_format_is_refused(tmp_path: pathlib.Path) -> None:
    document = {"format": "tfcompat-model", "version": 2}
    tfc.save_state(tmp_path / "m", {"configuration": json.dumps(document)})
    with pytest.raises(tfc.BadStateError, match="version 2"):
        models.load_model(tmp_path / "m")


def test_weights_alone(tmp_path: pathlib.Path) -> None:
    example, other = sequential(), sequential()
    example.step()
    other.step()
    other.step()
    before = other.model.optimizer.iterations.numpy()
    models.save_weights(example.model, tmp_path / "weights")
    models.load_weights(other.model, tmp_path / "weights")
    for ours, theirs in zip(other.model.get_weights(), example.model.get_weights()):
        np.testing.assert_array_equal(ours, theirs)
    assert other.model.optimizer.iterations.numpy() == before
    assert not [key for key in tfc.describe_state(tmp_path / "weights").entries if "optim" in key]


def test_weights_of_a_saved_model(tmp_path: pathlib.Path) -> None:
    example, other = sequential(), sequential()
    example.step()
    models.save_model(example.model, tmp_path / "m")
    models.load_weights(other.model, tmp_path / "m")
    np.testing.assert_array_equal(other.model.get_weights()[0], example.model.get_weights()[0])
    with pytest.raises(tfc.StateMismatchError):
        models.load_weights(small(), tmp_path / "m")


def test_weights_in_the_format_of_keras(tmp_path: pathlib.Path) -> None:
    model, other = small(), small()
    models.save_weights(model, tmp_path / "x.weights.h5")
    models.load_weights(other, tmp_path / "x.weights.h5")
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])
    if KERAS_3:
        with pytest.raises(tfc.TfcompatError, match=r"\.weights\.h5"):
            models.save_weights(model, tmp_path / "x.h5")


def test_an_activation_of_one_name_that_is_another_function(tmp_path: pathlib.Path) -> None:
    """`hard_sigmoid` has a slope of 0.2 in Keras 2, and of 1/6 in Keras 3."""
    inputs = np.array([[-2.0, 1.0, 2.0]], np.float32)
    for version, expected in (
        ("2.15.0", np.clip(0.2 * inputs + 0.5, 0, 1)),
        ("3.5.0", np.clip(inputs / 6 + 0.5, 0, 1)),
    ):
        model = keras.Sequential(
            [keras.Input((3,)), keras.layers.Activation("hard_sigmoid"), Unregistered(1)]
        )
        config = json.loads(model.to_json())
        document = {
            "format": "tfcompat-model",
            "version": 1,
            "keras": version,
            "model": {"class_name": "Sequential", "config": config["config"]},
            "compile": None,
        }
        path = tmp_path / version
        tfc.save_state(path, {"model": model, "configuration": json.dumps(document)})
        scope = {"Unregistered": Unregistered}
        loaded = models.load_model(path, custom_objects=scope)
        np.testing.assert_allclose(loaded(inputs), expected, rtol=1e-6)
        models.save_model(loaded, tmp_path / "again")
        again = models.load_model(tmp_path / "again", custom_objects=scope)
        np.testing.assert_allclose(again(inputs), expected, rtol=1e-6)


def test_operations_between_layers(tmp_path: pathlib.Path) -> None:
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(3)(inputs)
    if KERAS_3:
        outputs = keras.ops.mean(hidden * 2.0 + inputs, axis=-1, keepdims=True)
    else:
        outputs = tf.reduce_mean(hidden * 2.0 + inputs, axis=-1, keepdims=True)
    model = keras.Model(inputs, outputs)
    models.save_model(model, tmp_path / "m")
    loaded = models.load_model(tmp_path / "m")
    batch = numbers(1, 4, 3)
    np.testing.assert_allclose(loaded(batch), model(batch), rtol=1e-6)


def test_inputs_by_name_and_recurrent_states(tmp_path: pathlib.Path) -> None:
    sequence, state = keras.Input((4, 3), name="sequence"), keras.Input((2,), name="state")
    outputs = keras.layers.GRU(2)(sequence, initial_state=state)
    model = keras.Model({"sequence": sequence, "state": state}, {"out": outputs})
    models.save_model(model, tmp_path / "m")
    loaded = models.load_model(tmp_path / "m")
    batch = {"sequence": tf.constant(numbers(1, 5, 4, 3)), "state": tf.constant(numbers(2, 5, 2))}
    np.testing.assert_allclose(loaded(batch)["out"], model(batch)["out"], rtol=1e-6)


def test_export(tmp_path: pathlib.Path) -> None:
    example = EXAMPLES["functional"]()
    models.export_model(example.model, tmp_path / "exported")
    loaded = models.load_exported(tmp_path / "exported")
    batch = [tf.constant(array) for array in example.inputs]
    for ours, theirs in zip(tf.nest.flatten(loaded.serve(*batch)), example.outputs()):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert list(loaded.signatures) == ["serving_default"]
    with pytest.raises(tfc.TfcompatError, match="exists"):
        models.export_model(example.model, tmp_path / "exported")
    with pytest.raises(tfc.StateNotFoundError):
        models.load_exported(tmp_path / "nothing")


def test_export_of_a_model_that_was_never_called(tmp_path: pathlib.Path) -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    models.export_model(model, tmp_path / "exported")
    loaded = models.load_exported(tmp_path / "exported")
    batch = tf.constant(numbers(1, 4, 3))
    np.testing.assert_allclose(loaded.serve(batch), model(batch), rtol=1e-6)


def test_export_of_a_signature(tmp_path: pathlib.Path) -> None:
    model = small()

    def doubled(inputs: Any) -> Any:
        return {"doubled": 2.0 * model(inputs)}

    spec = tf.TensorSpec((None, 3), tf.float32, name="inputs")
    models.export_model(
        model, tmp_path / "e", {"doubled": tf.function(doubled, input_signature=[spec])}
    )
    batch = tf.constant(numbers(1, 2, 3))
    loaded = models.load_exported(tmp_path / "e")  # which keeps its variables alive
    found = loaded.signatures["doubled"](inputs=batch)
    np.testing.assert_allclose(found["doubled"], 2 * model(batch), rtol=1e-6)


def test_a_model_without_a_configuration(tmp_path: pathlib.Path) -> None:
    class Bare(keras.Model):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(width)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

    model = Bare(2)
    with pytest.raises(tfc.NotBuiltError):
        models.save_model(model, tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_importing_models_imports_no_tensorflow() -> None:
    code = "import sys, tfcompat.models; print('tensorflow' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"


def test_the_custom_layer_is_what_was_saved(tmp_path: pathlib.Path) -> None:
    example = EXAMPLES["custom"]()
    models.save_model(example.model, tmp_path / "m")
    loaded = models.load_model(tmp_path / "m")
    first = loaded.get_layer("first_scale")
    assert type(first) is Scale
    assert first.initializer.get_config()["value"] == 0.5
