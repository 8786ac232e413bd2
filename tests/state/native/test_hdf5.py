"""HDF5 files that Keras wrote, whole models and weights alone."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import h5py
import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tests.state.native import examples
from tests.state.native.examples import (
    MODELS,
    OPTIMIZERS,
    OTHERS,
    MissingError,
    assert_restored,
    dense,
    dense_reader,
    dense_writer,
    mixed_writer,
    snapshot,
)

keras = tf.keras
layers = keras.layers
KERAS_3 = tfc.runtime().era == "keras3"


def save_model(model: Any, path: pathlib.Path) -> None:
    try:
        model.save(str(path))
    except ValueError:
        if tfc.runtime().keras.release[:2] != (3, 0):
            raise
        # It writes short names alone, which the layers of a nested model share.
        pytest.skip("Keras 3.0 cannot save this model")


def save_weights(model: Any, path: pathlib.Path) -> None:
    if KERAS_3:
        pytest.skip("Keras 3 writes no weights alone in this format")
    model.save_weights(str(path))


def made(make: Any, *arguments: Any) -> Any:
    try:
        return make(*arguments)
    except MissingError as missing:
        pytest.skip(f"this release has no {missing}")


@pytest.mark.parametrize("name", MODELS)
def test_weights_restore(name: str, tmp_path: pathlib.Path) -> None:
    writer = made(examples.writer, name)
    save_weights(writer, tmp_path / "weights.h5")
    model = examples.reader(name)
    report = tfc.restore_state(tmp_path / "weights.h5", {"model": model})
    assert report.complete
    assert report.without_optimizer == ("model/optimizer",)
    assert_restored(model, writer, optimizer=False)


@pytest.mark.parametrize("name", [name for name in MODELS if name != "subclassed"])
def test_a_whole_model_restores(name: str, tmp_path: pathlib.Path) -> None:
    writer = made(examples.writer, name)
    save_model(writer, tmp_path / "model.h5")
    model = examples.reader(name)
    report = tfc.restore_state(tmp_path / "model.h5", {"net": model})
    assert report.complete
    assert not report.without_optimizer
    assert_restored(model, writer)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_restores(name: str, tmp_path: pathlib.Path) -> None:
    writer = made(examples.writer, "sequential", name)
    writer.optimizer.learning_rate = 0.125
    try:
        save_model(writer, tmp_path / "model.h5")
    except (ValueError, OSError) as error:
        pytest.skip(f"this release cannot save it: {error}")
    model = examples.reader("sequential", name)
    # 2.11 to 2.15 keep Nadam's product to themselves.
    lacks_product = name == "nadam" and tfc.runtime().era == "keras2"
    report = tfc.restore_state(tmp_path / "model.h5", model, strict=not lacks_product)
    assert report.missing == (("optimizer/u_product",) if lacks_product else ())
    assert not report.unexpected
    assert not report.different
    assert_restored(model, writer)
    np.testing.assert_allclose(float(np.array(model.optimizer.learning_rate)), 0.125)


def test_given_names_match_after_layers_were_reordered(tmp_path: pathlib.Path) -> None:
    writer = dense_writer()
    save_model(writer, tmp_path / "model.h5")
    model = dense("b", "a")
    assert tfc.restore_state(tmp_path / "model.h5", {"model": model}).complete
    for name in "ab":
        for one, other in zip(writer.get_layer(name).weights, model.get_layer(name).weights):
            np.testing.assert_array_equal(np.array(one), np.array(other))
    keys = tfc.variables({"model": writer, "optimizer": writer.optimizer})
    for key, variable in tfc.variables({"model": model, "optimizer": model.optimizer}).items():
        np.testing.assert_array_equal(np.array(variable), np.array(keys[key]))


@pytest.mark.parametrize("name", OTHERS)
def test_another_model_is_a_mismatch(name: str, tmp_path: pathlib.Path) -> None:
    make, holder = OTHERS[name]
    save_model(mixed_writer(), tmp_path / "model.h5")
    model = make()
    before = snapshot(model)
    with pytest.raises(tfc.StateMismatchError) as caught:
        tfc.restore_state(tmp_path / "model.h5", {"model": model})
    assert getattr(caught.value, holder)
    examples.assert_same(snapshot(model)[: len(before)], before)


def test_another_optimizer_is_a_mismatch(tmp_path: pathlib.Path) -> None:
    save_model(dense_writer(), tmp_path / "model.h5")
    model = dense("a", "b")
    model.compile(keras.optimizers.RMSprop(0.01), "mse", run_eagerly=True)
    with pytest.raises(tfc.StateMismatchError, match="Adam"):
        tfc.restore_state(tmp_path / "model.h5", {"model": model})


def test_several_models_are_a_mismatch(tmp_path: pathlib.Path) -> None:
    save_model(dense_writer(), tmp_path / "model.h5")
    with pytest.raises(tfc.StateMismatchError, match="several"):
        tfc.restore_state(tmp_path / "model.h5", {"one": dense("a"), "other": dense("b")})


def test_many_layers_whose_names_are_cut_into_pieces(tmp_path: pathlib.Path) -> None:
    names = [f"{'long' * 4000}_{letter}" for letter in "abcde"]
    writer = dense(*names)
    examples.randomize(writer, np.random.RandomState(4))
    save_model(writer, tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "r") as file:
        assert "layer_names1" in file["model_weights"].attrs
    model = dense(*names)
    tfc.restore_state(tmp_path / "model.h5", {"model": model})
    assert_restored(model, writer, optimizer=False)


@pytest.mark.parametrize("size", [100, 2000, 0.5, 0.9, -100])
def test_a_truncated_file_is_bad(size: float, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "model.h5"
    save_model(dense_writer(), path)
    data = path.read_bytes()
    path.write_bytes(data[: int(size * len(data)) if isinstance(size, float) else size])
    model = dense_reader()
    before = snapshot(model)
    with pytest.raises(tfc.BadStateError):
        tfc.restore_state(path, {"model": model})
    examples.assert_same(snapshot(model)[: len(before)], before)


def soft(group: Any, name: str) -> None:
    group[name] = h5py.SoftLink("/model_weights/a")


def external(group: Any, name: str) -> None:
    group[name] = h5py.ExternalLink("/etc/hostname", "/")


def elsewhere(group: Any, name: str) -> None:
    group.create_dataset(name, (4,), "u1", external=[("/etc/hostname", 0, 4)])


def virtual(group: Any, name: str) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "data", (4,))
    group.create_virtual_dataset(name, layout)


def bomb(group: Any, name: str) -> None:
    group.create_dataset(name, (2**40,), "f4", chunks=(2**10,), compression="gzip")


def loop(group: Any, name: str) -> None:
    group[name] = group.file["/"]


@pytest.mark.parametrize("plant", [soft, external, elsewhere, virtual, bomb, loop])
def test_nothing_outside_of_the_file_is_read(plant: Any, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "model.h5"
    save_model(dense_writer(), path)
    with h5py.File(path, "a") as file:
        plant(file["model_weights"], "planted")
    with pytest.raises(tfc.BadStateError, match=r"planted|itself"):
        tfc.restore_state(path, {"model": dense_reader()})


def test_standalone_optimizers_match_in_order(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "model.h5"
    writer = dense_writer()
    save_model(writer, path)
    random = np.random.RandomState(7)
    weights = [random.uniform(size=w.shape).astype(np.float32) for w in writer.get_weights()]
    slots = [random.uniform(size=w.shape).astype(np.float32) for w in weights * 2]
    # What Keras 2.1 to 2.3 wrote: no names, and placeholders where there is no amsgrad.
    values = [np.int64(5), *slots, *[np.zeros(1, np.float32)] * len(weights)]
    names = [f"training/Adam/Variable_{i}:0" for i in range(len(values))]
    names[0] = "Adam/iterations:0"
    with h5py.File(path, "a") as file:
        file.attrs["keras_version"] = "2.2.4"
        config = {"optimizer_config": {"class_name": "Adam", "config": {"lr": 0.5}}}
        file.attrs["training_config"] = json.dumps(config)
        del file["optimizer_weights"]
        group = file.create_group("optimizer_weights")
        group.attrs["weight_names"] = [name.encode() for name in names]
        for name, value in zip(names, values):
            group[name] = value
    model = dense("a", "b")
    assert tfc.restore_state(path, {"model": model}).complete
    found = {
        key: np.array(v) for key, v in tfc.variables({"o": model.optimizer, "m": model}).items()
    }
    assert found["o/iterations"] == 5
    np.testing.assert_allclose(float(np.array(model.optimizer.learning_rate)), 0.5)
    keys = [f"m/{layer}/{weight}" for layer in "ab" for weight in ("kernel", "bias")]
    for slot, values in (("momentum", slots[: len(keys)]), ("velocity", slots[len(keys) :])):
        for key, value in zip(keys, values):
            np.testing.assert_array_equal(found[f"o/slots/{slot}/{key}"], value)
