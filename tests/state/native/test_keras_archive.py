"""`.weights.h5` files and `.keras` archives."""

from __future__ import annotations

import pathlib
import zipfile
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tests.programs import output_of
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
    fitted,
    mixed_writer,
    snapshot,
)

keras = tf.keras
layers = keras.layers

# `.weights.h5` files have been of a format of their own since 2.12, `.keras` archives since 2.13
# (and in 2.12 when asked for).
KERAS = tfc.runtime().keras.release
if KERAS < (2, 12):
    pytest.skip("this release writes none of these formats", allow_module_level=True)


def save_model(model: Any, path: pathlib.Path) -> None:
    model.save(str(path), **({"save_format": "keras_v3"} if KERAS[:2] == (2, 12) else {}))


def save(model: Any, path: pathlib.Path) -> None:
    if path.name.endswith(".weights.h5"):
        model.save_weights(str(path))
    else:
        save_model(model, path)


def made(make: Any, *arguments: Any) -> Any:
    try:
        return make(*arguments)
    except MissingError as missing:
        pytest.skip(f"this release has no {missing}")


@pytest.mark.parametrize("name", MODELS)
def test_weights_restore(name: str, tmp_path: pathlib.Path) -> None:
    writer = made(examples.writer, name)
    writer.save_weights(str(tmp_path / "model.weights.h5"))
    model = examples.reader(name)
    assert tfc.restore_state(tmp_path / "model.weights.h5", {"model": model}).complete
    assert_restored(model, writer)


@pytest.mark.parametrize("name", MODELS)
def test_a_whole_model_restores(name: str, tmp_path: pathlib.Path) -> None:
    writer = made(examples.writer, name)
    writer.optimizer.learning_rate = 0.125
    save_model(writer, tmp_path / "model.keras")
    model = examples.reader(name)
    assert tfc.restore_state(tmp_path / "model.keras", {"net": model}).complete
    assert_restored(model, writer)
    np.testing.assert_allclose(float(np.array(model.optimizer.learning_rate)), 0.125)


@pytest.mark.parametrize("form", ["model.keras", "model.weights.h5"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_restores(name: str, form: str, tmp_path: pathlib.Path) -> None:
    writer = made(examples.writer, "sequential", name)
    path = tmp_path / form
    save(writer, path)
    model = examples.reader("sequential", name)
    # 2.11 to 2.15 keep Nadam's product to themselves.
    lacks_product = name == "nadam" and tfc.runtime().era == "keras2"
    report = tfc.restore_state(path, model, strict=not lacks_product)
    assert report.missing == (("optimizer/u_product",) if lacks_product else ())
    assert not report.unexpected
    assert not report.different
    assert_restored(model, writer)


def test_given_names_match_after_layers_were_reordered(tmp_path: pathlib.Path) -> None:
    writer = dense_writer()
    save_model(writer, tmp_path / "model.keras")
    model = dense("b", "a")
    assert tfc.restore_state(tmp_path / "model.keras", {"model": model}).complete
    there = tfc.variables({"model": writer, "optimizer": writer.optimizer})
    here = tfc.variables({"model": model, "optimizer": model.optimizer})
    assert set(here) == set(there)
    for key, variable in here.items():
        np.testing.assert_array_equal(np.array(variable), np.array(there[key]))


@pytest.mark.parametrize("name", OTHERS)
def test_another_model_is_a_mismatch(name: str, tmp_path: pathlib.Path) -> None:
    make, holder = OTHERS[name]
    save_model(mixed_writer(), tmp_path / "model.keras")
    model = make()
    before = snapshot(model)
    with pytest.raises(tfc.StateMismatchError) as caught:
        tfc.restore_state(tmp_path / "model.keras", {"model": model})
    assert getattr(caught.value, holder)
    examples.assert_same(snapshot(model)[: len(before)], before)


@pytest.mark.parametrize("form", ["model.keras", "model.weights.h5"])
def test_another_optimizer_is_a_mismatch(form: str, tmp_path: pathlib.Path) -> None:
    save(dense_writer(), tmp_path / form)
    model = dense("a", "b")
    model.compile(keras.optimizers.RMSprop(0.01), "mse", run_eagerly=True)
    with pytest.raises(tfc.StateMismatchError, match=r"Adam|RMSprop"):
        tfc.restore_state(tmp_path / form, {"model": model})


def test_weights_without_an_optimizer_here(tmp_path: pathlib.Path) -> None:
    writer = dense("a", "b")
    examples.randomize(writer, np.random.RandomState(5))
    save(writer, tmp_path / "model.weights.h5")
    model = dense("a", "b")
    tfc.restore_state(tmp_path / "model.weights.h5", model)
    assert_restored(model, writer, optimizer=False)


@pytest.mark.parametrize("form", ["model.keras", "model.weights.h5"])
@pytest.mark.parametrize("size", [0.1, 0.5, 0.9, -100])
def test_a_truncated_file_is_bad(size: float, form: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / form
    save(dense_writer(), path)
    data = path.read_bytes()
    path.write_bytes(data[: int(size * len(data)) if isinstance(size, float) else size])
    model = dense_reader()
    before = snapshot(model)
    with pytest.raises(tfc.BadStateError):
        tfc.restore_state(path, {"model": model})
    examples.assert_same(snapshot(model)[: len(before)], before)


def test_an_altered_archive_is_bad(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "model.keras"
    save(dense_writer(), path)
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("model.weights.h5").header_offset
        size = archive.getinfo("model.weights.h5").file_size
    data = bytearray(path.read_bytes())
    data[start + size // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(tfc.BadStateError):
        tfc.restore_state(path, {"model": dense_reader()})


def packed(path: pathlib.Path, compression: int, extra: str = "") -> None:
    """Write an archive anew, compressed or with one more member."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if extra:
        members[extra] = b"planted"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def test_a_compressed_archive_restores(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "model.keras"
    writer = dense_writer()
    save(writer, path)
    packed(path, zipfile.ZIP_DEFLATED)
    model = dense("a", "b")
    assert tfc.restore_state(path, model).complete
    assert_restored(model, writer)


@pytest.mark.parametrize("name", ["../planted", "/planted", "a\\planted", "model.weights.h5/.."])
def test_a_member_with_a_path_elsewhere_is_bad(name: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "model.keras"
    save(dense_writer(), path)
    packed(path, zipfile.ZIP_STORED, name)
    with pytest.raises(tfc.BadStateError, match="no Keras wrote it"):
        tfc.restore_state(path, dense_reader())


def test_a_bomb_is_bad(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "model.keras"
    save(dense_writer(), path)
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("model.weights.h5").file_size
    # The size that the directory at the end claims, after that of the compressed contents.
    at = data.rindex(size.to_bytes(4, "little"))
    path.write_bytes(data[:at] + (2**31).to_bytes(4, "little") + data[at + 4 :])
    with pytest.raises(tfc.BadStateError, match="claims"):
        tfc.restore_state(path, dense_reader())


def test_reading_imports_no_tensorflow(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "model.keras"
    save(dense_writer(), path)
    code = (
        "import sys\n"
        "from tfcompat.state.native.keras_archive import open_archive\n"
        f"artifact = open_archive({str(path)!r})\n"
        "assert len(artifact.read(artifact.entries)) == len(artifact.entries) > 4\n"
        "assert 'tensorflow' not in sys.modules\n"
    )
    output_of("-c", code)


def scaled() -> Any:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(3), layers.Dense(2)])
    scaling = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.Adam(0.01))
    model.compile(scaling, "mse", run_eagerly=True)
    return model


@pytest.mark.parametrize("form", ["model.keras", "model.weights.h5"])
def test_loss_scaling_restores(form: str, tmp_path: pathlib.Path) -> None:
    writer = fitted(scaled())
    save(writer, tmp_path / form)
    model = scaled()
    # Keras 2 does not save the scale.
    in_keras_3 = tfc.runtime().era == "keras3"
    report = tfc.restore_state(tmp_path / form, model, strict=in_keras_3)
    assert not report.unexpected
    assert not report.different
    scale = {"optimizer/loss_scale", "optimizer/loss_scale_steps"}
    assert set(report.missing) == (set() if in_keras_3 else scale)
    assert_restored(model, writer)


@pytest.mark.skipif(not tfc.supports("keras3"), reason="Keras 2 does not save the loss scale")
def test_an_optimizer_that_compile_wrapped(tmp_path) -> None:
    def make():
        keras.mixed_precision.set_global_policy("mixed_float16")
        try:
            model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
            model.compile(keras.optimizers.Adam(0.01), "mse")
        finally:
            keras.mixed_precision.set_global_policy("float32")
        return model

    writer, reader = make(), make()
    writer.fit(np.ones((4, 3), "float32"), np.ones((4, 2), "float32"), verbose=0)
    writer.save(tmp_path / "model.keras")
    tfc.restore_state(tmp_path / "model.keras", reader)
    examples.assert_restored(reader, writer)
