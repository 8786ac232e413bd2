"""Graphs of TensorFlow 1 in files: with constants for variables, and without what is not used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tfcompat import _runtime
from tfcompat.replacements import protos
from tfcompat.replacements.saved_models import SavedModelLoader, read_message

__all__ = ["freeze_graph", "freeze_graph_with_def_protos", "strip_unused"]


def freeze_graph(
    input_graph: str | None,
    input_saver: str | None,
    input_binary: bool,
    input_checkpoint: str | None,
    output_node_names: str,
    restore_op_name: str | None,
    filename_tensor_name: str | None,
    output_graph: str,
    clear_devices: bool,
    initializer_nodes: str,
    variable_names_whitelist: str = "",
    variable_names_denylist: str = "",
    input_meta_graph: str | bool | None = None,
    input_saved_model_dir: str | None = None,
    saved_model_tags: str = "serve",
    checkpoint_version: int = 2,
) -> Any:
    """Write a graph of which a checkpoint's values are constants, and return its `GraphDef`.

    Replaces the function of `tensorflow.python.tools.freeze_graph`, by the public
    `tf.compat.v1.graph_util.convert_variables_to_constants`.

    Args:
        input_graph: the file of a `GraphDef`.
        input_saver: the file of a `SaverDef`, if there is one.
        input_binary: whether the files are binary; else they are text.
        input_checkpoint: the prefix of the checkpoint.
        output_node_names: the nodes to keep, with commas between them.
        restore_op_name: has no effect, as in the original.
        filename_tensor_name: has no effect, as in the original.
        output_graph: where to write; nothing is written where it is empty.
        clear_devices: whether to forget the devices of nodes.
        initializer_nodes: nodes to run before, with commas between them.
        variable_names_whitelist: the variables to convert; all by default.
        variable_names_denylist: the variables not to convert.
        input_meta_graph: the file of a `MetaGraphDef`, in place of `input_graph`.
        input_saved_model_dir: a SavedModel, in place of both and of the checkpoint.
        saved_model_tags: the tags of its graph, with commas between them.
        checkpoint_version: the format of the checkpoint, of `SaverDef`.

    Raises:
        OSError: a file is not there or cannot be parsed.
        ValueError: there is no checkpoint, or no output node is named.
    """
    tags = _names(saved_model_tags)
    graph_def = meta_graph_def = saver_def = None
    if input_saved_model_dir:
        loader = SavedModelLoader(input_saved_model_dir)
        graph_def = loader.get_meta_graph_def_from_tags(tags).graph_def
    elif input_graph:
        graph_def = read_message(input_graph, protos.graph_pb2.GraphDef(), not input_binary)
    if isinstance(input_meta_graph, str) and input_meta_graph:
        message = protos.meta_graph_pb2.MetaGraphDef()
        meta_graph_def = read_message(input_meta_graph, message, not input_binary)
    if input_saver:
        saver_def = read_message(input_saver, protos.saver_pb2.SaverDef(), not input_binary)
    return freeze_graph_with_def_protos(
        graph_def,
        saver_def,
        input_checkpoint,
        output_node_names,
        restore_op_name,
        filename_tensor_name,
        output_graph,
        clear_devices,
        initializer_nodes,
        variable_names_whitelist,
        variable_names_denylist,
        meta_graph_def,
        input_saved_model_dir,
        tags,
        checkpoint_version,
    )


def freeze_graph_with_def_protos(
    input_graph_def: Any,
    input_saver_def: Any,
    input_checkpoint: str | None,
    output_node_names: str,
    restore_op_name: str | None,
    filename_tensor_name: str | None,
    output_graph: str,
    clear_devices: bool,
    initializer_nodes: str,
    variable_names_whitelist: str = "",
    variable_names_denylist: str = "",
    input_meta_graph_def: Any = None,
    input_saved_model_dir: str | None = None,
    saved_model_tags: Sequence[str] | None = None,
    checkpoint_version: int = 2,
) -> Any:
    """Do what `freeze_graph` does, from messages in place of files."""
    tf = _runtime.tensorflow()
    v1 = tf.compat.v1
    if not input_saved_model_dir and not (
        input_checkpoint and v1.train.checkpoint_exists(input_checkpoint)
    ):
        raise ValueError(f"Input checkpoint {input_checkpoint!r} doesn't exist!")
    if not output_node_names:
        raise ValueError("Name an output node: output_node_names is empty.")
    given = input_meta_graph_def.graph_def if input_meta_graph_def else input_graph_def
    if clear_devices and given:
        for node in given.node:
            node.device = ""
    with tf.Graph().as_default(), v1.Session() as session:
        if input_graph_def and not input_saved_model_dir:  # its graph is loaded with it
            tf.import_graph_def(input_graph_def, name="")
        if input_saver_def:
            saver = v1.train.Saver(saver_def=input_saver_def, write_version=checkpoint_version)
            saver.restore(session, input_checkpoint)
        elif input_saved_model_dir:
            v1.saved_model.load(session, list(saved_model_tags or ()), input_saved_model_dir)
        else:
            if input_meta_graph_def:
                saver = v1.train.import_meta_graph(input_meta_graph_def, clear_devices=True)
            else:
                saver = _saver(session.graph, input_checkpoint, checkpoint_version)
            saver.restore(session, input_checkpoint)
            if initializer_nodes:
                session.run(_names(initializer_nodes))
        frozen = v1.graph_util.convert_variables_to_constants(
            session,
            given,
            _names(output_node_names),
            variable_names_whitelist=_names(variable_names_whitelist) or None,
            variable_names_blacklist=_names(variable_names_denylist) or None,
        )
    if output_graph:
        with tf.io.gfile.GFile(output_graph, "wb") as file:
            file.write(frozen.SerializeToString(deterministic=True))
    return frozen


def _names(text: str) -> list[str]:
    return [name for name in text.replace(" ", "").split(",") if name]


def _saver(graph: Any, checkpoint: str | None, version: int) -> Any:
    """Make a saver of what the graph and the checkpoint both have."""
    v1 = _runtime.tensorflow().compat.v1
    operations = {operation.name for operation in graph.get_operations()}
    shapes = v1.train.load_checkpoint(checkpoint).get_variable_to_shape_map()
    known = {
        name: graph.get_tensor_by_name(f"{name}:0")
        for name in shapes
        if name in operations and graph.get_operation_by_name(name).outputs
    }
    try:
        return v1.train.Saver(var_list=known, write_version=version)
    except TypeError as error:
        if any(re.search(f"{name}.*/part_\\d+/", one) for name in known for one in operations):
            raise ValueError(
                "Models with partitioned variables cannot be converted from checkpoints. Pass a "
                "SavedModel as input_saved_model_dir."
            ) from error
        types = {operation.type for operation in graph.get_operations()}
        if not any(one.startswith("Variable") or one.endswith("VariableOp") for one in types):
            raise ValueError(
                "No variables were found in this model. It is likely the model was frozen "
                "previously. You cannot freeze a graph twice."
            ) from error
        raise


def strip_unused(
    input_graph_def: Any,
    input_node_names: Sequence[str],
    output_node_names: Sequence[str],
    placeholder_type_enum: int | Sequence[int],
) -> Any:
    """Return the part of a `GraphDef` between inputs, which become placeholders, and outputs.

    Replaces the function of `tensorflow.python.tools.strip_unused_lib`.

    Args:
        input_graph_def: the graph.
        input_node_names: names of nodes.
        output_node_names: names of nodes.
        placeholder_type_enum: the dtype of the placeholders, such as
            `tf.float32.as_datatype_enum`, or one for each.

    Raises:
        ValueError: an input is named as a tensor (`name:0`).
        KeyError: an input is not in the graph.
    """
    names = list(input_node_names)
    tensors = [name for name in names if ":" in name]
    if tensors:
        raise ValueError(f"These are names of tensors, not of nodes: {', '.join(tensors)}.")
    absent = set(names) - {node.name for node in input_graph_def.node}
    if absent:
        raise KeyError(f"The following input nodes were not found: {', '.join(sorted(absent))}.")
    replaced = protos.graph_pb2.GraphDef()
    for node in input_graph_def.node:
        if node.name not in names:
            replaced.node.add().CopyFrom(node)
            continue
        placeholder = replaced.node.add(op="Placeholder", name=node.name)
        enum = placeholder_type_enum
        if isinstance(enum, Sequence):
            enum = enum[names.index(node.name)]
        placeholder.attr["dtype"].type = enum
        for key in ("_output_shapes", "shape"):
            if key in node.attr:
                placeholder.attr[key].CopyFrom(node.attr[key])
    graph_util = _runtime.tensorflow().compat.v1.graph_util
    return graph_util.extract_sub_graph(replaced, list(output_node_names))
