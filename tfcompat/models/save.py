"""Save a model so that any release loads it."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
from collections.abc import Callable
from typing import Any

from tfcompat import _kinds, _runtime
from tfcompat.errors import NotBuiltError, TfcompatError, UnsupportedObjectError
from tfcompat.models import vocabularies
from tfcompat.models.documents import FORMAT, KEY, VERSION
from tfcompat.models.load import weights_of
from tfcompat.state import bundle, save_state
from tfcompat.state.native import files
from tfcompat.state.save import require_eager

# The formats of Keras's own, by suffix. `.weights.h5` is one of weights alone.
_MODEL_SUFFIXES = (".keras", ".h5", ".hdf5")
_WEIGHTS_SUFFIXES = (".h5", ".hdf5", ".keras")
_ONLY_WEIGHTS = ".weights.h5"


def save_model(model: Any, path: str | os.PathLike[str]) -> None:
    """Save a model with its weights and its optimizer, for any release to load.

    A path without one of Keras's suffixes becomes a directory: a state of `save_state` that
    holds the configuration of the model as well. Every release loads it, and it becomes visible
    in one step: after a crash at any moment there is the earlier model or the new one.

    Args:
        model: a Sequential or functional model, or one of a registered class with `get_config`.
            It must be built.
        path: a directory; or with the suffix `.keras`, `.h5` or `.hdf5` a file in the format
            that this release's Keras writes under that name.

    Raises:
        UnsupportedObjectError: the model has no configuration; `save_state` saves its weights.
        NotBuiltError: the model has no variables yet.
        StateWriteError: writing failed; what was there is as it was.
        TfcompatError: the path is a file, or a directory that holds something else.
    """
    require_eager("save_model")
    name = os.fspath(path)
    if name.endswith(_ONLY_WEIGHTS):
        raise TfcompatError(f"{name!r} has the suffix of weights alone; use save_weights for it.")
    if name.endswith(_MODEL_SUFFIXES):
        model.save(name)
        return
    if not model.built:
        raise NotBuiltError(
            "The model is not built, so that there is nothing to save. Call it on a batch of "
            "data, or call its build(input_shape), before save_model."
        )
    _require_place(name)
    save_state(name, {"model": model, KEY: _document(model)})


def save_weights(model: Any, path: str | os.PathLike[str]) -> None:
    """Save the weights of a model, without its optimizer, for any release to load.

    Args:
        model: a model that is built.
        path: a directory; or with the suffix `.weights.h5` or `.h5` a file as this release's
            Keras writes it. Keras 3 writes the former only.

    Raises:
        NotBuiltError: the model has no variables yet.
        StateWriteError: writing failed; what was there is as it was.
        TfcompatError: this release's Keras writes no file with that suffix.
    """
    require_eager("save_weights")
    name = os.fspath(path)
    if not name.endswith(_WEIGHTS_SUFFIXES):
        save_state(name, weights_of(model))
        return
    if _runtime.supports("keras3") and not name.endswith(_ONLY_WEIGHTS):
        raise TfcompatError(
            f"Keras 3 writes weights to files that end in '.weights.h5', and {name!r} does not."
        )
    model.save_weights(name)


def _require_place(path: str) -> None:
    """Refuse to write among files that are not a model's."""
    if not files.exists(path):
        return
    if not files.is_directory(path):
        raise TfcompatError(f"{path!r} is a file; a model without a suffix is a directory.")
    if not files.names(path):
        return
    found = {}
    if bundle.holds_states(path):
        found = bundle.read_manifest(bundle.find(path, None)).entries
    if KEY not in found:
        raise TfcompatError(
            f"{path!r} holds something else than a model of save_model. Take another path, or "
            "remove it first."
        )


def _document(model: Any) -> str:
    """Return in JSON what the model is: its configuration and that of `compile`."""
    try:
        config = json.loads(model.to_json())
    except (NotImplementedError, TypeError) as error:
        raise UnsupportedObjectError(
            f"{type(model).__name__} has no configuration, so that no other process can make it "
            "again. Give it a get_config, or save it with save_state and restore it into a model "
            f"that code has made. {error}"
        ) from error
    if not any(keras.owns(type(model)) for keras in _kinds.kerases()):
        # Up to 2.15 Keras writes the bare name of a class here.
        config["class_name"] = _runtime.keras().utils.get_registered_name(type(model))
    vocabularies.collect(model, config.get("config"))
    installed = _runtime.runtime()
    document = {
        "format": FORMAT,
        "version": VERSION,
        "keras": str(installed.keras),
        "model": {
            key: config[key]
            for key in ("module", "class_name", "registered_name", "config")
            if key in config
        },
        "compile": _compiled(model),
        "build": _build_config(model),
    }
    return json.dumps(document, default=_plain)


def _plain(value: Any) -> Any:
    """Return what JSON has no word for: numbers of NumPy, shapes, tensors."""
    if hasattr(value, "numpy"):
        value = value.numpy()
    if hasattr(value, "as_list"):
        return value.as_list()
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _build_config(model: Any) -> Any:
    """Return the shapes with which a subclassed model was built, where Keras tells them."""
    if _kinds.kind_of(model) == _kinds.FUNCTIONAL:
        return None
    if hasattr(model, "get_build_config"):  # from 2.12 on
        return model.get_build_config()
    if hasattr(model, "save_spec"):
        found = model.save_spec()
        if found is not None and len(found[0]) == 1 and hasattr(found[0][0], "shape"):
            return {"input_shape": found[0][0].shape.as_list()}
    return None


def _compiled(model: Any) -> dict[str, Any] | None:
    """Return the arguments of `compile`, ready for JSON, or None for a model that is not."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        return None
    if hasattr(model, "get_compile_config"):  # from 2.12 on
        found = model.get_compile_config() or {}
    else:
        found = _training_config(model)
    # As it is now: `compile` may have wrapped it, and its learning rate may have changed.
    return {**found, "optimizer": _runtime.keras().optimizers.serialize(optimizer)}


def _training_config(model: Any) -> dict[str, Any]:
    """Return what Keras 2 up to 2.11 writes of `compile` into an HDF5 file, its only public word.

    Models that it does not write so (subclassed, or with lookup layers) tell their loss, and
    with one output their metrics.
    """
    h5py = importlib.import_module("h5py")
    keras = _runtime.keras()
    in_memory = h5py.File("model", "w", driver="core", backing_store=False)
    # 2.11 has written it by the time that it fails on the variables of a wrapped optimizer.
    failures = (AttributeError, NotImplementedError, TypeError, ValueError)
    with in_memory as file:
        with contextlib.suppress(*failures):
            keras.models.save_model(model, file)
        if "training_config" in file.attrs:
            return dict(json.loads(file.attrs["training_config"]))
    nest = _runtime.tensorflow().nest
    found = {"loss": nest.map_structure(_serialized(keras.losses), model.loss)}
    if len(model.outputs or ()) == 1:
        metrics = model.compiled_metrics.metrics
        found["metrics"] = [keras.metrics.serialize(metric) for metric in metrics]
    return found


def _serialized(module: Any) -> Callable[[Any], Any]:
    return lambda value: (
        value if value is None or isinstance(value, str) else module.serialize(value)
    )
