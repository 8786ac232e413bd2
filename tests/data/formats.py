"""The formats that Keras itself writes a model in. Needs no tfcompat, and Python 3.7."""

from __future__ import annotations

import pathlib
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import h5py
import tensorflow as tf

# Where each format is, from a directory of its own on. What Keras makes of a name depends on the
# release: up to 2.11 `.weights.h5` and `.keras` were the formats of `.h5`.
PATHS = {
    "checkpoint": "checkpoint/model",
    "manager": "manager",
    "save_weights": "save_weights/model",
    "model_checkpoint": "model_checkpoint/model",
    "model_checkpoint.weights.h5": "model_checkpoint/model.weights.h5",
    "backup": "backup",
    "h5_weights": "weights.h5",
    "weights.h5": "model.weights.h5",
    "h5": "model.h5",
    "keras": "model.keras",
    "saved_model": "saved_model",
    "name_based": "name_based/model.ckpt",
}

# Those that have the model at their root, so that they are restored into the model alone.
ROOTED = ("save_weights", "model_checkpoint", "saved_model")

# What releases raise when they cannot write a format; the first, 2.11.0 of a loss scale's wrapper.
_CANNOT = (AttributeError, NotImplementedError, TypeError, ValueError)


def write(model: Any, here: pathlib.Path, names: Iterable[str]) -> None:
    """Write a model in those formats that this release can write."""
    for name in names:
        path = here / PATHS[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _writer(model, name)(str(path))
        except _CANNOT:
            if path.is_file():  # Keras notices too late that two weights have one name
                path.unlink()


def _writer(model: Any, name: str) -> Callable[[str], Any]:
    if name == "saved_model":
        return lambda path: _save_model(model, path)
    return model.save if name in ("h5", "keras") else model.save_weights


def _save_model(model: Any, path: str) -> None:
    try:
        model.save(path, save_format="tf")
    except (TypeError, ValueError):  # Keras 3
        model.export(path)


def written(here: pathlib.Path) -> dict[str, bool]:
    """Return the formats in a directory, and whether each holds the optimizer."""
    found = {name: list(_names_in(here / path)) for name, path in PATHS.items()}
    return {
        name: any("optimizer" in n or n.startswith("training/") for n in inside)
        for name, inside in found.items()
        if inside
    }


def _names_in(path: pathlib.Path) -> Iterator[str]:
    """Yield the names of what is in a checkpoint, an HDF5 file, or the files of a directory."""
    if path.is_dir():
        for inner in path.rglob("*"):
            if inner.is_file():
                yield from _names_in(inner.with_suffix("") if inner.suffix == ".index" else inner)
    elif pathlib.Path(f"{path}.index").exists():
        yield from tf.train.load_checkpoint(str(path)).get_variable_to_shape_map()
    elif not path.exists():
        return
    elif h5py.is_hdf5(str(path)):
        with h5py.File(str(path), "r") as file:
            found: list[str] = []
            file.visit(found.append)
            yield from found
    elif zipfile.is_zipfile(str(path)):
        with tempfile.TemporaryDirectory() as name, zipfile.ZipFile(str(path)) as archive:
            archive.extractall(name)
            yield from _names_in(pathlib.Path(name))
