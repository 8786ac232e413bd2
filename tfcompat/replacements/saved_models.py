"""What SavedModels and checkpoints of TensorFlow say of themselves, as protocol buffers."""

from __future__ import annotations

import os
import re
from typing import Any

from tfcompat import _runtime
from tfcompat.replacements import protos
from tfcompat.replacements.files import gfile_join

__all__ = [
    "get_asset_tensors",
    "meta_graph_filename",
    "object_graph_key_mapping",
    "parse_saved_model",
    "parse_saved_model_with_debug_info",
    "read_meta_graph_file",
]

_SHARD = re.compile(r"-[\d\?]+-of-\d+$")


def parse_saved_model(export_dir: str | os.PathLike[str]) -> Any:
    """Read the `SavedModel` message of a directory, from `saved_model.pb` or `.pbtxt`.

    Replaces `tensorflow.python.saved_model.loader_impl.parse_saved_model`.

    Raises:
        OSError: the directory has neither file, or it cannot be parsed. A model that was split
            into several files, as `saved_model.cpb`, is not read.
    """
    files = _runtime.tensorflow().io.gfile
    message = protos.saved_model_pb2.SavedModel()
    directory = os.fspath(export_dir)
    for name in ("saved_model.pb", "saved_model.pbtxt"):
        path = gfile_join(directory, name)
        if files.exists(path):
            return _read(path, message, text=name.endswith("txt"))
    raise OSError(
        f"SavedModel file does not exist at: {directory}{os.path.sep}"
        "{saved_model.pbtxt|saved_model.pb}"
    )


def parse_saved_model_with_debug_info(export_dir: str | os.PathLike[str]) -> tuple[Any, Any]:
    """Read the `SavedModel` message of a directory, and its `GraphDebugInfo`, empty if it has none.

    Replaces `tensorflow.python.saved_model.loader_impl.parse_saved_model_with_debug_info`.

    Raises:
        OSError: as `parse_saved_model`.
    """
    model = parse_saved_model(export_dir)
    files = _runtime.tensorflow().io.gfile
    path = gfile_join(os.fspath(export_dir), "debug", "saved_model_debug_info.pb")
    info = protos.graph_debug_info_pb2.GraphDebugInfo()
    return model, _read(path, info, text=False) if files.exists(path) else info


def get_asset_tensors(
    export_dir: str, meta_graph_def_to_load: Any, import_scope: str | None = None
) -> dict[str, bytes]:
    """Return the path of each asset of a `MetaGraphDef` by the name of its tensor.

    Replaces `tensorflow.python.saved_model.loader_impl.get_asset_tensors`.
    """
    assets = list(meta_graph_def_to_load.asset_file_def)
    collections = meta_graph_def_to_load.collection_def
    if not assets and "saved_model_assets" in collections:
        for packed in collections["saved_model_assets"].any_list.value:
            asset = protos.meta_graph_pb2.AssetFileDef()
            packed.Unpack(asset)
            assets.append(asset)
    scope = f"{import_scope}/" if import_scope else ""
    return {
        scope + asset.tensor_info.name: gfile_join(export_dir, "assets", asset.filename).encode()
        for asset in assets
    }


def read_meta_graph_file(filename: str) -> Any:
    """Read a `MetaGraphDef` from a file, binary or text.

    Replaces `tensorflow.python.framework.meta_graph.read_meta_graph_file`.

    Raises:
        OSError: there is no such file, or it is none of both.
    """
    tf = _runtime.tensorflow()
    if not tf.io.gfile.exists(filename):
        raise OSError(f"File does not exist. Received: {filename}.")
    try:
        return _read(filename, tf.compat.v1.MetaGraphDef(), text=False)
    except OSError:
        return _read(filename, tf.compat.v1.MetaGraphDef(), text=True)


def object_graph_key_mapping(checkpoint_path: str) -> dict[str, str]:
    """Return the key of each variable in a checkpoint of objects by the variable's name.

    Replaces `tensorflow.python.training.saver.object_graph_key_mapping`.
    """
    reader = _runtime.tensorflow().train.load_checkpoint(checkpoint_path)
    graph = protos.trackable_object_graph_pb2.TrackableObjectGraph()
    graph.ParseFromString(reader.get_tensor("_CHECKPOINTABLE_OBJECT_GRAPH"))
    return {
        attribute.full_name: attribute.checkpoint_key
        for node in graph.nodes
        for attribute in node.attributes
    }


def meta_graph_filename(checkpoint_filename: str, meta_graph_suffix: str = "meta") -> str:
    """Return the name of the file of the graph beside a checkpoint, which may be sharded.

    Replaces `tensorflow.python.training.checkpoint_management.meta_graph_filename`.
    """
    return f"{_SHARD.sub('', checkpoint_filename)}.{meta_graph_suffix}"


def _read(path: str, message: Any, *, text: bool) -> Any:
    from google.protobuf import message as messages
    from google.protobuf import text_format

    with _runtime.tensorflow().io.gfile.GFile(path, "rb") as file:
        content = file.read()
    try:
        if text:
            text_format.Parse(content.decode("utf-8"), message)
        else:
            message.ParseFromString(content)
    except (messages.DecodeError, text_format.ParseError, UnicodeDecodeError) as error:
        raise OSError(f"Cannot parse file {path}: {error}.") from error
    return message
