"""States that TensorFlow and Keras wrote by themselves, one reader per format.

A reader tells which tensor of the file is which key of the live objects. From there on a native
artifact is restored as a state of tfcompat's own is.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from typing import Any

from tfcompat.errors import BadStateError, NotBuiltError, StateNotFoundError, TfcompatError
from tfcompat.state import entries
from tfcompat.state.keys import LiveState
from tfcompat.state.manifest import Manifest, StateEntry
from tfcompat.state.native import files
from tfcompat.state.native.artifact import Artifact, Mapping, Names

# Follows the name of a tensor that is none of the live objects'.
IN_FILE = " (in the file)"

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
# The text file beside checkpoints that names them, the newest first.
_POINTER = "checkpoint"
_NAMED = re.compile(r'(all_)?model_checkpoint_paths?: "((?:[^"\\]|\\.)*)"')
_STEP = re.compile(r"-(\d+)$")


def open_artifact(path: str, step: int | None = None) -> Artifact:
    """Open what TensorFlow or Keras wrote.

    Raises:
        StateNotFoundError: there is nothing at the path that one of the readers knows.
        BadStateError: the file is truncated or altered.
    """
    found = find_artifact(path, step)
    if found is None:
        what = "nothing" if not files.exists(path) else "no state and no file of a known format"
        raise StateNotFoundError(f"There is {what} at {path!r}.")
    return found


def find_artifact(path: str, step: int | None = None) -> Artifact | None:
    """Open what TensorFlow or Keras wrote, or return None where it is neither's."""
    if files.exists(path + ".index"):
        return _open_checkpoint(path)
    if files.is_directory(path):
        for name in ("saved_model.pb", "saved_model.pbtxt"):
            if files.exists(os.path.join(path, name)):
                return _open_checkpoint(os.path.join(path, "variables", "variables"), "SavedModel")
        if files.exists(os.path.join(path, _POINTER)):
            return _open_checkpoint(_pointed(path, step))
        # What the callback BackupAndRestore leaves: Keras 2, Keras 3.
        if files.exists(os.path.join(path, "chief", _POINTER)):
            return _open_checkpoint(_pointed(os.path.join(path, "chief"), step))
        if files.exists(os.path.join(path, "latest.weights.h5")):
            return _open_file(os.path.join(path, "latest.weights.h5"))
        found = sorted(name for name in files.names(path) if name.endswith(".index"))
        if found:
            prefixes = ", ".join(repr(os.path.join(path, name[:-6])) for name in found[:5])
            raise StateNotFoundError(
                f"{path!r} has no file {_POINTER!r} that tells which of its checkpoints is the "
                f"newest. Give the path of one: {prefixes}{' or another' if found[5:] else ''}."
            )
        return None
    return _open_file(path) if files.exists(path) else None


def _open_file(path: str) -> Artifact | None:
    with files.open_binary(path) as file:
        start = file.read(8)
    # Imported late: h5py takes a while.
    if start == _HDF5:
        from tfcompat.state.native import hdf5, hdf5_file, keras_archive

        opened = hdf5_file.Hdf5File(path)
        return keras_archive.of_hdf5(opened) or hdf5.of_hdf5(opened)
    if start[:4] == _ZIP:
        from tfcompat.state.native import keras_archive

        return keras_archive.open_archive(path)
    return None


def _open_checkpoint(prefix: str, form: str = "TensorFlow checkpoint") -> Artifact:
    from tfcompat.state.native import checkpoint, named_checkpoint, object_graph, tensor_bundle

    if not files.exists(prefix + ".index"):
        raise BadStateError(f"The {form} lacks {prefix + '.index'!r}: it holds no variables.")
    number = _STEP.search(prefix)
    bundle = tensor_bundle.TensorBundle(prefix, files.open_binary)
    reader: Any = checkpoint.Checkpoint
    if object_graph.KEY not in bundle.entries:
        reader = named_checkpoint.NamedCheckpoint
    artifact: Artifact = reader(bundle, int(number[1]) if number else 0, form)
    return artifact


def _pointed(directory: str, step: int | None) -> str:
    """Return the prefix of the newest checkpoint in a directory, or of that of a step."""
    with files.open_binary(os.path.join(directory, _POINTER)) as file:
        text = file.read().decode("utf-8", "replace")
    found = [
        os.path.join(directory, re.sub(r"\\(.)", r"\1", name)) for _, name in _NAMED.findall(text)
    ]
    if not found:
        raise BadStateError(f"{os.path.join(directory, _POINTER)!r} names no checkpoint.")
    # A directory that was moved names its checkpoints where they were.
    moved = [os.path.join(directory, os.path.basename(prefix)) for prefix in found]
    found = [
        there if files.exists(there + ".index") and not files.exists(prefix + ".index") else prefix
        for prefix, there in zip(found, moved)
    ]
    if step is None:
        return found[0]
    for prefix in found:
        number = _STEP.search(prefix)
        if number and int(number[1]) == step:
            return prefix
    names = ", ".join(os.path.basename(prefix) for prefix in dict.fromkeys(found))
    raise StateNotFoundError(f"{directory!r} has no checkpoint of step {step}. It has {names}.")


def match(artifact: Artifact, live: LiveState, names: Names) -> Mapping:
    """Match an artifact with live objects; the user's names come before what is found.

    Raises:
        TfcompatError: the user's names name tensors that the file does not hold.
        BadStateError: the file tells of tensors that it does not hold.
    """
    mapping = artifact.match(live)
    lost = sorted({*mapping.pairs.values()} - artifact.entries.keys())
    if lost:
        raise BadStateError(
            f"{artifact.path!r} is altered: it tells of tensors that it does not hold:\n"
            + "\n".join(f"  {name}" for name in lost)
        )
    if names is None:
        return mapping
    if callable(names):
        given = {name: names(name) for name in artifact.entries}
        named = {name: key for name, key in given.items() if key is not None}
    elif isinstance(names, dict):
        named = dict(names)
    else:
        raise TfcompatError(f"`names` must be a dictionary or a function; got {names!r}.")
    if not all(isinstance(key, str) for key in named.values()):
        raise TfcompatError("`names` must have strings: names of the file, and the keys of each.")
    absent = [name for name in named if name not in artifact.entries]
    if absent:
        near = {name: near_match(name, artifact.entries) for name in absent}
        lines = [f"  {name}" + (f" (is it {near[name]}?)" if near[name] else "") for name in absent]
        raise TfcompatError(
            f"`names` has names that {artifact.path!r} does not hold:\n" + "\n".join(lines)
        )
    kept = {key: name for key, name in mapping.pairs.items() if name not in named}
    mapping.pairs = {**kept, **{key: name for name, key in named.items()}}
    return mapping


def near_match(name: str, known: Iterable[str]) -> str | None:
    """Return which of the known names is like one, or None."""
    near = difflib.get_close_matches(name, list(known), 1)
    return near[0] if near else None


def document_of(artifact: Artifact, mapping: Mapping, live: LiveState) -> Manifest:
    """Return what the manifest of a state with the contents of a native artifact would be.

    Its keys are stable ones, and the artifact's own names where there is no counterpart.
    """
    kinds = {key: entry.kind for key, entry in live.entries.items()}
    found = {}
    for key, name in mapping.pairs.items():
        stored = artifact.entries[name]
        counts = key.rpartition("/")[2] in ("iterations", "loss_scale_steps")
        kind = entries.COUNTER if counts else entries.VARIABLE
        found[key] = StateEntry(stored.dtype, stored.shape, kinds.get(key, kind))
    used = {*mapping.pairs.values(), *mapping.ignored}
    left = [name for name in artifact.entries if name not in used]
    unbuilt = [path or "the object itself" for path in live.unbuilt]
    if left and unbuilt:
        raise NotBuiltError(
            f"{artifact.path!r} has values for layers that are not built yet: "
            f"{', '.join(unbuilt)}. Call the model on a batch of data, or call its "
            "build(input_shape), and then restore_state again. Nothing has changed."
        )
    found.update({name + IN_FILE: artifact.entries[name] for name in left})
    return Manifest(
        step=artifact.step,
        saved_at="",
        writer={"format": artifact.format, "path": artifact.path, **artifact.writer},
        entries=found,
        objects={
            path: {**live.optimizers[path].describe(), **described}
            if path in live.optimizers
            else described
            for path, described in mapping.objects.items()
        },
        aliases={},
    )
