"""Files that attack their reader: the public proofs of concept, with a harmless payload.

Each is made here without Keras, in the three formats, and its payload writes a file. A control
shows that the same file without the attack loads, and that the payload works where it is run.
"""

from __future__ import annotations

import base64
import io
import json
import marshal
import pathlib
import warnings
import zipfile
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tfcompat import models

FORMATS = ("keras", "h5", "directory")
KERNEL = np.arange(6, dtype=np.float32).reshape(2, 3)
BIAS = np.zeros(3, np.float32)
DENSE = {"class_name": "Dense", "config": {"name": "dense", "units": 3}}
INPUT = {
    "class_name": "InputLayer",
    "config": {"batch_input_shape": [None, 2], "name": "input_1", "dtype": "float32"},
}


@pytest.fixture
def marker(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "it-ran"


def sequential(*layers: Any) -> dict[str, Any]:
    return {"class_name": "Sequential", "config": {"name": "model", "layers": [INPUT, *layers]}}


def weights_file() -> bytes:
    data = io.BytesIO()
    with h5py.File(data, "w") as file:
        group = file.create_group("layers/dense/vars")
        group["0"], group["1"] = KERNEL, BIAS
    return data.getvalue()


def write_keras(path: pathlib.Path, config: Any, extra: dict[str, bytes] | None = None) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.5.0"}))
        archive.writestr("model.weights.h5", weights_file())
        for name, data in (extra or {}).items():
            archive.writestr(name, data)


def write_h5(path: pathlib.Path, config: Any) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = config if isinstance(config, str) else json.dumps(config)
        file.attrs["keras_version"] = "2.15.0"
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"dense"]
        weights.attrs["keras_version"] = b"2.15.0"
        layer = weights.create_group("dense")
        layer.attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
        layer["dense/kernel:0"], layer["dense/bias:0"] = KERNEL, BIAS


def _field(number: int, value: bytes) -> bytes:
    length, size = len(value), b""
    while length > 0x7F:
        size += bytes([length & 0x7F | 0x80])
        length >>= 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + value


def write_directory(path: pathlib.Path, config: Any) -> None:
    """Write what `model.save` of Keras 2 writes, with another configuration."""
    kernel, bias = tf.Variable(KERNEL, name="dense/kernel"), tf.Variable(BIAS, name="dense/bias")
    dense = tf.train.Checkpoint(kernel=kernel, bias=bias)
    root = tf.train.Checkpoint(**{"layer_with_weights-0": dense})
    (path / "variables").mkdir(parents=True)
    root.write(str(path / "variables" / "variables"))
    (path / "saved_model.pb").write_bytes(b"")
    text = config if isinstance(config, str) else json.dumps({**config, "is_graph_network": True})
    node = _field(3, b"root") + _field(4, b"_tf_keras_sequential") + _field(5, text.encode())
    (path / "keras_metadata.pb").write_bytes(_field(1, node))


WRITERS: dict[str, Callable[[pathlib.Path, Any], None]] = {
    "keras": write_keras,
    "h5": write_h5,
    "directory": write_directory,
}


def write(tmp_path: pathlib.Path, form: str, config: Any) -> pathlib.Path:
    path = tmp_path / {"keras": "x.keras", "h5": "x.h5", "directory": "x"}[form]
    WRITERS[form](path, config)
    return path


def payload(marker: pathlib.Path) -> str:
    """Return the code of a function that writes a file, as Keras writes that of a lambda."""
    space: dict[str, Any] = {}
    exec(f"def f(x, t={str(marker)!r}):\n open({str(marker)!r}, 'w').close()\n return x", space)
    return base64.b64encode(marshal.dumps(space["f"].__code__)).decode() + "\n"


def lambda_of_keras_2(marker: pathlib.Path) -> dict[str, Any]:
    config = {
        "name": "evil",
        "function": [payload(marker), [str(marker)], None],
        "function_type": "lambda",
        "module": "__main__",
        "output_shape": None,
        "output_shape_type": "raw",
        "output_shape_module": None,
        "arguments": {},
    }
    return {"class_name": "Lambda", "config": config}


def lambda_of_keras_3(marker: pathlib.Path) -> dict[str, Any]:
    code = {"code": payload(marker), "defaults": [str(marker)], "closure": None}
    config = {"name": "evil", "function": {"class_name": "__lambda__", "config": code}}
    return {"module": "keras.layers", "class_name": "Lambda", "config": config}


def _call(module: str, name: str, **arguments: Any) -> dict[str, Any]:
    function = {"module": module, "class_name": "function", "config": name}
    function["registered_name"] = name
    config = {"name": "evil", "function": function, "arguments": arguments}
    return {"module": "keras.layers", "class_name": "Lambda", "config": config}


def _object(place: str, name: str, **config: Any) -> dict[str, Any]:
    return {"module": place, "class_name": name, "config": config, "registered_name": name}


def _command(marker: pathlib.Path) -> str:
    return f"touch {marker}"


ATTACKS: dict[str, Callable[[pathlib.Path], list[Any]]] = {
    # Code of a lambda, run at loading: CVE-2024-3660; in .h5 whatever `safe_mode`: CVE-2025-9905.
    "lambda of Keras 2": lambda m: [lambda_of_keras_2(m)],
    "lambda of Keras 3": lambda m: [lambda_of_keras_3(m)],
    # A module and a function of the file's choice: CVE-2025-1550.
    "os.system": lambda m: [_call("os", "system", command=_command(m))],
    "subprocess.Popen": lambda m: [_object("subprocess", "Popen", args=["touch", str(m)])],
    "builtins.exec": lambda m: [_call("builtins", "exec", source=f"open({str(m)!r}, 'w')")],
    # Keras's own functions turned against the user: CVE-2025-8747.
    "keras.utils.get_file": lambda m: [
        _call("keras.utils", "get_file", fname=str(m), origin=f"file://{__file__}")
    ],
    "keras.src.utils": lambda m: [
        _object("keras.src.utils.file_utils", "get_file", fname=str(m), origin=f"file://{__file__}")
    ],
    # Switching safety off by the file, and then code: CVE-2025-9906.
    "enable_unsafe_deserialization": lambda m: [
        _call("keras.config", "enable_unsafe_deserialization"),
        _object("keras.src.config", "enable_unsafe_deserialization"),
        lambda_of_keras_3(m),
    ],
    "by the name of a class": lambda m: [{"class_name": "os.system", "config": {"name": "x"}}],
    "a pickled module": lambda m: [
        _object("keras.layers", "TorchModuleWrapper", module={"value": "gASVAAAAAAA="})
    ],
    "a SavedModel elsewhere": lambda m: [_object("keras.layers", "TFSMLayer", filepath=str(m))],
    "an initializer": lambda m: [
        {
            "class_name": "Dense",
            "config": {
                "name": "other",
                "units": 3,
                "kernel_initializer": _object("subprocess", "Popen", args=["touch", str(m)]),
            },
        }
    ],
    "an activation": lambda m: [
        _object("keras.layers", "Activation", activation=_object("os", "system", command=str(m)))
    ],
    "the name of a function": lambda m: [
        _object("keras.layers", "Activation", activation="os.system")
    ],
    "an operation": lambda m: [
        {"class_name": "TFOpLambda", "config": {"name": "w", "function": "io.write_file"}}
    ],
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_an_attack_runs(
    tmp_path: pathlib.Path, marker: pathlib.Path, form: str, attack: str
) -> None:
    path = write(tmp_path, form, sequential(DENSE, *ATTACKS[attack](marker)))
    with pytest.raises(models.ModelNotLoadedError) as caught:
        models.load_model(path)
    assert not marker.exists()
    assert caught.value.unsafe or caught.value.problems


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_file_without_an_attack_loads(tmp_path: pathlib.Path, form: str) -> None:
    model = models.load_model(write(tmp_path, form, sequential(DENSE)))
    np.testing.assert_array_equal(model.get_weights()[0], KERNEL)


@pytest.mark.parametrize(
    ("form", "attack"),
    [("keras", "lambda of Keras 3"), ("h5", "lambda of Keras 2")],
)
def test_a_trusted_file_runs_its_code(
    tmp_path: pathlib.Path, marker: pathlib.Path, form: str, attack: str
) -> None:
    """The payloads are real: this is what the other tests see nothing of."""
    path = write(tmp_path, form, sequential(DENSE, *ATTACKS[attack](marker)))
    models.load_model(path, trusted=True)
    assert marker.exists()


def test_everything_unsafe_is_listed_at_once(tmp_path: pathlib.Path, marker: pathlib.Path) -> None:
    layers = [layer for attack in ATTACKS.values() for layer in attack(marker)]
    path = write(tmp_path, "keras", sequential(*layers))
    with pytest.raises(models.ModelNotLoadedError) as caught:
        models.load_model(path)
    assert len(caught.value.unsafe) + len(caught.value.problems) >= len(layers)
    assert "trusted=True" in str(caught.value)


@pytest.mark.parametrize("form", FORMATS)
def test_the_loss_and_the_optimizer_are_no_way_in(
    tmp_path: pathlib.Path, marker: pathlib.Path, form: str
) -> None:
    evil = _object("subprocess", "Popen", args=["touch", str(marker)])
    compiled = {"optimizer": evil, "optimizer_config": evil, "loss": evil, "metrics": [evil]}
    config = {**sequential(DENSE), "compile_config": compiled, "training_config": compiled}
    path = write(tmp_path, form, config)
    if form == "h5":
        with h5py.File(path, "a") as file:
            file.attrs["training_config"] = json.dumps(compiled)
    with pytest.raises(models.ModelNotLoadedError) as caught:
        models.load_model(path)
    assert len(caught.value.unsafe) == 3
    assert not marker.exists()
    models.load_model(path, compile=False)
    assert not marker.exists()


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside", "a\\..\\outside"])
def test_members_outside_the_archive_are_refused(tmp_path: pathlib.Path, name: str) -> None:
    path = tmp_path / "inside" / "x.keras"
    path.parent.mkdir()
    write_keras(path, sequential(DENSE), {name: b"data"})
    with pytest.raises(tfc.BadStateError, match="no Keras wrote it"):
        models.load_model(path)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["inside", "x.keras"]


def test_a_vocabulary_is_no_path_to_a_file(tmp_path: pathlib.Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("word\n")
    layer = {"class_name": "StringLookup", "config": {"name": "s", "vocabulary": str(secret)}}
    path = write(tmp_path, "keras", sequential(layer))
    with pytest.raises(models.ModelNotLoadedError, match="names a file to read"):
        models.load_model(path)


@pytest.mark.parametrize("units", [10**9, 10**12, 10**30])
@pytest.mark.parametrize("form", FORMATS)
def test_sizes_that_the_file_does_not_hold_are_refused(
    tmp_path: pathlib.Path, form: str, units: int
) -> None:
    path = write(tmp_path, form, sequential({"class_name": "Dense", "config": {"units": units}}))
    with pytest.raises(models.ModelNotLoadedError, match="larger than any tensor"):
        models.load_model(path)


def test_a_product_of_sizes_is_refused_before_it_is_allocated(tmp_path: pathlib.Path) -> None:
    # Each is small enough for its own; the kernel would have 2**40 elements, 4 TB.
    wide = [{"class_name": "Dense", "config": {"name": n, "units": 2**20}} for n in "ab"]
    path = write(tmp_path, "h5", sequential(*wide))
    with pytest.raises(tfc.TfcompatError, match="no tensor as large"):
        models.load_model(path)


def test_a_tensor_that_only_claims_to_be_large_is_refused(tmp_path: pathlib.Path) -> None:
    path = write(tmp_path, "h5", sequential(DENSE))
    with h5py.File(path, "a") as file:
        group = file["model_weights/dense"]
        del group["dense/kernel:0"]
        group.create_dataset("dense/kernel:0", (2**40, 3), "float32", chunks=(1024, 3))
    with pytest.raises(tfc.BadStateError, match="claims"):
        models.load_model(path)


def test_a_zip_bomb_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "x.keras"
    write_keras(path, sequential(DENSE))
    data = path.read_bytes()
    size = zipfile.ZipFile(path).getinfo("config.json").file_size.to_bytes(4, "little")
    claimed = (2**31).to_bytes(4, "little")
    path.write_bytes(data.replace(size, claimed))
    with pytest.raises(tfc.BadStateError):
        models.load_model(path)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "config",
    [
        "[" * 100_000,
        '{"class_name": "Sequential", "config": ' * 200 + "{}" + "}" * 200,
        "null",
        '"Sequential"',
        "{}",
        '{"class_name": "Sequential"}',
        '{"class_name": "Sequential", "config": {"layers": {}}}',
        '{"class_name": "Sequential", "config": {"layers": [1, null, "x"]}}',
        '{"class_name": {"a": 1}, "config": {}}',
        '{"class_name": "Functional", "config": {"name": "x", "layers": [{"class_name": '
        '"Dense", "config": {"units": 1}, "name": "d", "inbound_nodes": [[["d", 0, 0, {}]]]}],'
        ' "input_layers": [["d", 0, 0]], "output_layers": [["d", 0, 0]]}}',
    ],
    ids=range(10),
)
def test_nonsense_is_one_of_our_errors(tmp_path: pathlib.Path, form: str, config: str) -> None:
    path = write(tmp_path, form, config)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(tfc.TfcompatError):
            models.load_model(path)
