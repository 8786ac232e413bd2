"""What SavedModels and checkpoints of TensorFlow say of themselves, as protocol buffers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any

from tfcompat import _runtime
from tfcompat.replacements import protos
from tfcompat.replacements.files import gfile_join

__all__ = [
    "SavedModelLoader",
    "get_asset_tensors",
    "get_variables_dir",
    "get_variables_path",
    "meta_graph_filename",
    "object_graph_key_mapping",
    "parse_saved_model",
    "parse_saved_model_with_debug_info",
    "read_meta_graph_file",
]

_SHARD = re.compile(r"-[\d\?]+-of-\d+$")


def get_variables_dir(export_dir: Any) -> str:
    """Return the directory of the variables in that of a SavedModel."""
    return gfile_join(_runtime.tensorflow().compat.as_text(export_dir), "variables")


def get_variables_path(export_dir: Any) -> str:
    """Return the prefix of the checkpoint of the variables in a SavedModel."""
    return gfile_join(get_variables_dir(export_dir), "variables")


class SavedModelLoader:
    """Loads a SavedModel into a graph and a session, in one step or several.

    Replaces the class of `tensorflow.python.saved_model.loader_impl`.

    Args:
        export_dir: the directory of the model.

    Raises:
        OSError: see `parse_saved_model`.
    """

    def __init__(self, export_dir: str) -> None:
        self._export_dir = export_dir
        self._saved_model = parse_saved_model(export_dir)

    @property
    def export_dir(self) -> str:
        """The directory of the model."""
        return self._export_dir

    @property
    def variables_path(self) -> str:
        """The prefix of the checkpoint of its variables."""
        return get_variables_path(self._export_dir)

    @property
    def saved_model(self) -> Any:
        """The `SavedModel` message."""
        return self._saved_model

    def get_meta_graph_def_from_tags(self, tags: Iterable[str]) -> Any:
        """Return the `MetaGraphDef` that has exactly these tags.

        Raises:
            RuntimeError: there is none.
        """
        graphs = self._saved_model.meta_graphs
        for graph in graphs:
            if set(graph.meta_info_def.tags) == set(tags):
                return graph
        raise RuntimeError(
            f"MetaGraphDef associated with tags {tags} could not be found in SavedModel, with "
            f"available tags {[set(graph.meta_info_def.tags) for graph in graphs]}."
        )

    def load_graph(
        self, graph: Any, tags: Iterable[str], import_scope: str | None = None, **saver_kwargs: Any
    ) -> tuple[Any, list[Any] | None]:
        """Import the operations into a graph.

        Args:
            graph: a `tf.Graph`.
            tags: see `get_meta_graph_def_from_tags`.
            import_scope: put before each name, with a slash.
            **saver_kwargs: for the `tf.compat.v1.train.Saver`; also `return_elements`.

        Returns:
            The saver, or None if there are no variables; and the operations and tensors that
            `return_elements` names.
        """
        import_meta_graph = _runtime.tensorflow().compat.v1.train.import_meta_graph
        elements = saver_kwargs.pop("return_elements", None)
        with graph.as_default():
            scope = graph.unique_name(import_scope, mark_as_used=False) if import_scope else ""
            saver = import_meta_graph(
                self.get_meta_graph_def_from_tags(tags), import_scope=import_scope, **saver_kwargs
            )
            names = [f"{scope}/{name}" if scope else name for name in elements or []]
            found = [graph.as_graph_element(name) for name in names]
        return saver, None if elements is None else found

    def restore_variables(self, sess: Any, saver: Any, import_scope: str | None = None) -> None:
        """Restore the variables into a session.

        Args:
            sess: a `tf.compat.v1.Session`.
            saver: what `load_graph` returned first, or another saver.
            import_scope: see `load_graph`.

        Raises:
            ValueError: there are variables, but no saver.
        """
        v1 = _runtime.tensorflow().compat.v1
        with sess.graph.as_default():
            if isinstance(saver, v1.train.Saver):
                saver.restore(sess, self.variables_path)
                return
            keys = (v1.GraphKeys.GLOBAL_VARIABLES, v1.GraphKeys.SAVEABLE_OBJECTS)
            if saver is not None or any(v1.get_collection(key, import_scope) for key in keys):
                raise ValueError("There are variables in the graph, so a tf.train.Saver is needed.")

    def run_init_ops(self, sess: Any, tags: Iterable[str], import_scope: str | None = None) -> None:
        """Run in a session what the model has to be initialized with, if anything."""
        graph = self.get_meta_graph_def_from_tags(tags)
        assets = get_asset_tensors(self._export_dir, graph, import_scope)
        with sess.graph.as_default():
            operation = _init_op(graph, import_scope)
            if operation is not None:
                sess.run([operation], assets)

    def load(
        self, sess: Any, tags: Iterable[str], import_scope: str | None = None, **saver_kwargs: Any
    ) -> Any:
        """Do all of it, and return the `MetaGraphDef`."""
        with sess.graph.as_default():
            saver, _ = self.load_graph(sess.graph, tags, import_scope, **saver_kwargs)
            self.restore_variables(sess, saver, import_scope)
            self.run_init_ops(sess, tags, import_scope)
        return self.get_meta_graph_def_from_tags(tags)


def _init_op(graph: Any, import_scope: str | None) -> Any:
    """Return the operation in the default graph that initializes what was imported, or None."""
    v1 = _runtime.tensorflow().compat.v1
    signature = graph.signature_def.get("__saved_model_init_op")
    if signature:
        name = signature.outputs["__saved_model_init_op"].name
        scope = f"{import_scope}/" if import_scope else ""
        return v1.get_default_graph().as_graph_element(scope + name)
    for key in ("saved_model_main_op", "legacy_init_op"):
        if key in graph.collection_def:
            found = v1.get_collection(key)
            if len(found) != 1:
                raise RuntimeError(f"Expected exactly one operation in {key}, not {found}.")
            return found[0]
    return None


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
            return read_message(path, message, name.endswith("txt"))
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
    return model, read_message(path, info, False) if files.exists(path) else info


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
        return read_message(filename, tf.compat.v1.MetaGraphDef(), False)
    except OSError:
        return read_message(filename, tf.compat.v1.MetaGraphDef(), True)


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


def read_message(path: str, message: Any, text: bool) -> Any:
    """Read a message from a file, in binary or text format.

    Raises:
        OSError: the file is not there or cannot be parsed.
    """
    from google.protobuf import message as messages
    from google.protobuf import text_format

    tf = _runtime.tensorflow()
    try:
        with tf.io.gfile.GFile(path, "rb") as file:
            content = file.read()
    except tf.errors.NotFoundError as error:
        raise FileNotFoundError(f"There is no file {path!r}.") from error
    try:
        if text:
            text_format.Parse(content.decode("utf-8"), message)
        else:
            message.ParseFromString(content)
    except (messages.DecodeError, text_format.ParseError, UnicodeDecodeError) as error:
        raise OSError(f"Cannot parse file {path}: {error}.") from error
    return message
