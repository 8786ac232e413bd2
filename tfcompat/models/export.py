"""Export a model as functions that any program with TensorFlow calls, without Keras."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tfcompat import _runtime
from tfcompat.errors import BadStateError, StateNotFoundError, TfcompatError
from tfcompat.state.native import files
from tfcompat.state.native.tensor_bundle import TensorBundle
from tfcompat.state.save import require_eager

_DEFAULT = "serving_default"


def export_model(
    model: Any, directory: str | os.PathLike[str], signatures: Mapping[str, Any] | None = None
) -> None:
    """Export a model as a SavedModel of functions, for `load_exported`, TF Serving or TFLite.

    The directory holds functions and variables, and no configuration: it is for inference, and
    cannot be trained further by Keras. The new directory appears in one step.

    Args:
        model: a model that is built.
        directory: that does not exist yet.
        signatures: by name, functions made by `tf.function` with an `input_signature`, or
            concrete functions. By default `{"serving_default": f}`, where `f` takes what the
            model takes, any batch size included, and calls it with `training=False`.

    Raises:
        TfcompatError: the directory exists, or the model does not tell what it takes.
    """
    require_eager("export_model")
    tf = _runtime.tensorflow()
    name = os.fspath(directory)
    if tf.io.gfile.exists(name):
        raise TfcompatError(f"{name!r} exists; export_model makes a new directory.")
    module = tf.Module()
    # Tracked, so that its variables and tables are exported.
    module.model = model
    functions = dict(signatures or {})
    if not functions:
        module.serve = functions[_DEFAULT] = _serve(model)
    parent = os.path.dirname(os.path.abspath(name)) if "://" not in name else os.path.dirname(name)
    tf.io.gfile.makedirs(parent)
    hidden = os.path.join(parent, f".exporting-{os.getpid()}-{os.path.basename(name)}")
    try:
        tf.saved_model.save(module, hidden, signatures=functions)
        tf.io.gfile.rename(hidden, name)
    finally:
        if tf.io.gfile.exists(hidden):
            tf.io.gfile.rmtree(hidden)


def _serve(model: Any) -> Any:
    """Return the function of a model's inputs, in the nest in which the model takes them."""
    tf = _runtime.tensorflow()
    try:
        inputs = getattr(model, "inputs", None)
    except ValueError:  # a Sequential model of Keras 3.0 that was never called
        inputs = None
    if not inputs:
        raise TfcompatError(
            f"{type(model).__name__} does not tell what it takes. Give signatures: "
            "tf.function(model, input_signature=[tf.TensorSpec(...)])."
        )
    specs = [
        tf.TensorSpec(tuple(tensor.shape), tensor.dtype, name=_plain_name(tensor.name, i))
        for i, tensor in enumerate(inputs)
    ]
    try:
        structure = getattr(model, "input", inputs)
    except ValueError:  # such a model that has an `Input`
        structure = inputs[0] if len(inputs) == 1 else inputs

    def serve(*tensors: Any) -> Any:
        packed = tf.nest.pack_sequence_as(structure, list(tensors))
        return model(packed, training=False)

    return tf.function(serve, input_signature=specs, autograph=False)


def _plain_name(name: Any, number: int) -> str:
    plain = "".join(c if c.isalnum() else "_" for c in str(name).partition(":")[0])
    return plain if plain[:1].isalpha() else f"input_{number}"


def load_exported(directory: str | os.PathLike[str]) -> Any:
    """Load what `export_model`, `model.export` or `tf.saved_model.save` wrote.

    A SavedModel is a TensorFlow program: calling its functions runs the operations in it, among
    which are those that read and write files. Load one only from somebody you trust; loading
    alone runs no Python code of it.

    Args:
        directory: of the SavedModel.

    Returns:
        The object that TensorFlow makes of it. `signatures[name]` are its functions by name;
        `serve` is the model itself in what `model.export` and, without signatures of yours,
        `export_model` wrote. Keep the object as long as you use its functions.

    Raises:
        StateNotFoundError: there is no SavedModel.
        BadStateError: it cannot be read in this release, or its index is altered.
    """
    tf = _runtime.tensorflow()
    name = os.fspath(directory)
    if not files.exists(os.path.join(name, "saved_model.pb")):
        raise StateNotFoundError(f"There is no SavedModel in {name!r}.")
    prefix = os.path.join(name, "variables", "variables")
    if files.exists(prefix + ".index"):
        TensorBundle(prefix, files.open_binary)  # some altered indices end TensorFlow's process
    try:
        return tf.saved_model.load(name)
    except Exception as error:  # TensorFlow raises whatever its C++ code names
        raise BadStateError(f"The SavedModel {name!r} cannot be loaded: {error}") from error
