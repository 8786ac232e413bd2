"""What a file says of a model besides its weights: JSON, read as data.

Every reader here returns the same: the configuration of the model and that of `compile`.
"""

from __future__ import annotations

import dataclasses
import json
import os
import zipfile
import zlib
from typing import Any

from tfcompat.errors import BadStateError, StateNotFoundError
from tfcompat.state import bundle
from tfcompat.state.native import files, keras_archive, protobuf
from tfcompat.state.native.hdf5_file import Hdf5File

FORMAT = "tfcompat-model"
VERSION = 1
# The key of the document in the state of a saved model.
KEY = "configuration"

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ZIP = b"PK\x03\x04"
_LARGEST = 2**28


@dataclasses.dataclass
class Document:
    """What a file says of a model.

    Attributes:
        path: of the file.
        format: in words.
        model: the configuration of the model, with its class.
        compiled: the arguments of `compile`, or None where the file has none.
        keras: the version of the Keras that wrote it, as far as the file tells.
        build: shapes with which a subclassed model was built, or None.
        vocabularies: of lookup layers, by the path of the layer in the file.
        own: whether it is a state of tfcompat.
        step: of that state.
    """

    path: str
    format: str
    model: dict[str, Any]
    compiled: dict[str, Any] | None
    keras: str
    build: Any = None
    vocabularies: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    own: bool = False
    step: int | None = None

    @property
    def tells_arithmetic(self) -> bool:
        """Whether its weights say which Keras computed them."""
        return self.own or self.format == "SavedModel"

    @property
    def writer(self) -> int:
        """The number of the Keras that wrote it, 2 or 3."""
        return 3 if self.keras.startswith("3") else 2


def read(path: str) -> Document:
    """Read what a file or directory says of a model.

    Raises:
        StateNotFoundError: there is nothing at the path, or nothing with a model.
        BadStateError: the file is truncated or altered, or holds no model.
    """
    if not files.exists(path):
        raise StateNotFoundError(f"There is nothing at {path!r}.")
    if files.is_directory(path):
        if bundle.holds_states(path):
            return _own(path)
        return _saved_model(path)
    with files.open_binary(path) as file:
        start = file.read(8)
    if start == _HDF5:
        return _hdf5(path)
    if start[:4] == _ZIP:
        return _archive(path)
    raise BadStateError(f"{path!r} is no model of Keras or tfcompat.")


def _parsed(path: str, what: str, text: Any) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise BadStateError(f"{path!r}: {what} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise BadStateError(f"{path!r}: {what} is no configuration.")
    try:
        return dict(_lists(document))
    except RecursionError as error:
        raise BadStateError(f"{path!r}: {what} is nested too deep.") from error


def _lists(value: Any) -> Any:
    """Write tuples and shapes as lists, which JSON has for them in most places."""
    if isinstance(value, dict):
        if value.get("class_name") in ("__tuple__", "TensorShape"):
            items = value.get("items", value.get("config"))
            return [_lists(item) for item in items] if isinstance(items, list) else None
        return {key: _lists(item) for key, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, list) else value


def _own(path: str) -> Document:

    stored = bundle.find(path, None)
    entry = bundle.read_manifest(stored).entries.get(KEY)
    if entry is None:
        raise BadStateError(
            f"{path!r} is a state of save_state and no model. Build the model, and restore the "
            "state into it with restore_state."
        )
    tensor = bundle.read(stored, {KEY: entry.dtype}, {KEY: 0})[KEY]
    text = tensor.numpy()
    document = _parsed(path, "its configuration", text)
    if document.get("format") != FORMAT:
        raise BadStateError(f"{path!r}: its configuration is not one of a model.")
    if document.get("version") != VERSION:
        raise BadStateError(
            f"{path!r} has version {document.get('version')!r} of the format; this tfcompat reads "
            f"version {VERSION}. Install a newer tfcompat."
        )
    try:
        return Document(
            path,
            "state",
            document["model"],
            document["compile"],
            str(document["keras"]),
            build=document.get("build"),
            own=True,
            step=stored.step,
        )
    except KeyError as error:
        raise BadStateError(f"{path!r}: its configuration lacks {error}.") from error


def _hdf5(path: str) -> Document:
    attributes = Hdf5File(path).attributes[""]
    if "model_config" not in attributes:
        raise BadStateError(
            f"{path!r} holds weights and no model. Build the model, and use load_weights."
        )
    compiled = None
    if "training_config" in attributes:
        compiled = _compiled(_parsed(path, "training_config", attributes["training_config"]))
    return Document(
        path,
        "Keras HDF5 file",
        _parsed(path, "model_config", attributes["model_config"]),
        compiled,
        str(attributes.get("keras_version", "2")),
    )


def _compiled(training: dict[str, Any] | None) -> dict[str, Any] | None:
    if not isinstance(training, dict):
        return None
    return {**training, "optimizer": training.get("optimizer_config")}


def _archive(path: str) -> Document:
    try:
        with files.open_binary(path) as opened, zipfile.ZipFile(opened) as archive:
            members = keras_archive.members_of(path, archive)
            if keras_archive.CONFIG not in members:
                raise BadStateError(f"{path!r} is an archive without a model.")
            documents = {
                name: keras_archive.document(path, archive, members[name])
                for name in (keras_archive.CONFIG, keras_archive.METADATA)
                if name in members
            }
            vocabularies = {
                name: _words(path, archive, member)
                for name, member in members.items()
                if name.endswith("/vocabulary.txt")
            }
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, NotImplementedError) as error:
        if isinstance(error, BadStateError):
            raise
        raise BadStateError(f"{path!r} cannot be read as an archive: {error}") from error
    model = dict(_lists(documents[keras_archive.CONFIG]))
    return Document(
        path,
        "Keras archive",
        model,
        model.get("compile_config"),
        str(documents.get(keras_archive.METADATA, {}).get("keras_version", "3")),
        build=model.get("build_config"),
        vocabularies=vocabularies,
    )


def _words(path: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> list[str]:
    if member.file_size > _LARGEST:
        raise BadStateError(f"{path!r}: {member.filename} claims {member.file_size} bytes.")
    try:
        return archive.read(member).decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise BadStateError(f"{path!r}: {member.filename} is no text.") from error


def _saved_model(path: str) -> Document:
    """Read the metadata that Keras 2 writes beside, or up to 2.4 inside, a SavedModel."""
    metadata = os.path.join(path, "keras_metadata.pb")
    for name, root_of in ((metadata, _root_of_metadata), (_graph(path), _root_of_graph)):
        if not files.exists(name):
            continue
        with files.open_binary(name) as file:
            data = file.read()
        try:
            text = root_of(data)
        except (ValueError, IndexError, AttributeError, TypeError) as error:
            raise BadStateError(f"{name!r} cannot be read: {error}") from error
        if text:
            return _of_metadata(path, _parsed(path, "its metadata", text))
    if files.exists(_graph(path)):
        raise BadStateError(
            f"{path!r} is a SavedModel of functions, with no configuration of a model. Load it "
            "with load_exported, or build the model and restore it with restore_state."
        )
    raise StateNotFoundError(f"There is no model in the directory {path!r}.")


def _graph(path: str) -> str:
    return os.path.join(path, "saved_model.pb")


def _of_metadata(path: str, found: dict[str, Any]) -> Document:
    if not isinstance(found.get("config"), dict):
        raise BadStateError(
            f"{path!r} holds a subclassed model without a configuration. Build the model, and "
            "restore it with restore_state."
        )
    build = found.get("build_input_shape")
    return Document(
        path,
        "SavedModel",
        {"class_name": found.get("class_name"), "config": found["config"]},
        _compiled(found.get("training_config")),
        str(found.get("keras_version", "2")),
        build={"input_shape": build} if build else None,
    )


def _message(data: Any, *numbers: int) -> Any:
    """Follow the first field of each number into a message; None where there is none."""
    for number in numbers:
        data = next((value for field, value in protobuf.fields(data) if field == number), None)
        if data is None:
            return None
    return data


def _root_of_metadata(data: bytes) -> str | None:
    """Return the metadata of the root of a `keras_metadata.pb`, a message SavedMetadata."""
    for number, node in protobuf.fields(data):
        if number == 1 and _message(node, 3) == b"root":
            return bytes(_message(node, 5) or b"").decode("utf-8")
    return None


def _root_of_graph(data: bytes) -> str | None:
    """Return the metadata of the root of a SavedModel's object graph, as 2.4 and older have it."""
    user_object = _message(data, 2, 7, 1, 4)
    if user_object is None or not bytes(_message(user_object, 1) or b"").startswith(b"_tf_keras"):
        return None
    return bytes(_message(user_object, 3) or b"").decode("utf-8")
