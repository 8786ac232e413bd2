"""Functions whose variables have become constants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfcompat import _runtime
from tfcompat.errors import TfcompatError
from tfcompat.replacements.execution import function_from_graph_def

__all__ = ["convert_variables_to_constants_v2", "convert_variables_to_constants_v2_as_graph"]


def convert_variables_to_constants_v2(
    func: Any, lower_control_flow: bool = True, aggressive_inlining: bool = False
) -> Any:
    """Return a function that computes the same with constants in place of its variables.

    Replaces the function of `tensorflow.python.framework.convert_to_constants`, by the public
    `tf.compat.v1.graph_util.convert_variables_to_constants`. Inputs keep their names. Functions
    that the graph calls stay in its library, and loops and branches stay whole, which the
    original puts into the graph itself.

    Args:
        func: a concrete function.
        lower_control_flow: has no effect.
        aggressive_inlining: has no effect.

    Raises:
        TfcompatError: the function needs a resource that is no variable, such as a table, or a
            function that it calls looks up rows of a variable, which the public converter does
            not follow.
    """
    return convert_variables_to_constants_v2_as_graph(func)[0]


def convert_variables_to_constants_v2_as_graph(
    func: Any, lower_control_flow: bool = True, aggressive_inlining: bool = False
) -> tuple[Any, Any]:
    """Return the function that `convert_variables_to_constants_v2` does, and its `GraphDef`."""
    tf = _runtime.tensorflow()
    captured = list(func.captured_inputs)
    inputs = list(func.inputs)[: len(func.inputs) - len(captured)]
    places = list(func.inputs)[len(inputs) :]
    variables = {id(variable.handle): variable for variable in func.variables}
    unknown = [
        place.name
        for place, value in zip(places, captured)
        if id(value) not in variables and value.dtype in (tf.resource, tf.variant)
    ]
    looking = sorted(
        f"{node.name} in {called.signature.name}"
        for called in func.graph.as_graph_def().library.function
        for node in called.node_def
        if node.op.startswith("ResourceGather")
    )
    if looking:
        raise TfcompatError(
            "No public name makes constants of variables whose rows a called function, a loop or "
            f"a branch looks up: {', '.join(looking)}. Look them up in the function itself."
        )
    if unknown:
        raise TfcompatError(
            f"A constant can take the place of variables alone, and these inputs of the function "
            f"are other resources: {', '.join(unknown)}. Pass them as arguments or export the "
            "function with tf.saved_model.save."
        )
    values = [variables.get(id(value), value).numpy() for value in captured]
    outputs = [tensor.name for tensor in func.outputs]
    with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
        taken = {}
        for number, (place, value) in enumerate(zip(places, values)):
            name = f"captured_{number}_{place.op.name}"
            is_variable = id(captured[number]) in variables
            taken[place.name] = (
                _variable(session, name, value) if is_variable else tf.constant(value, name=name)
            )
        tf.import_graph_def(func.graph.as_graph_def(), input_map=taken, name="")
        kept = {name.partition(":")[0] for name in outputs}
        kept.update(tensor.op.name for tensor in inputs)
        frozen = _frozen(session, graph.as_graph_def(), sorted(kept))
    function = function_from_graph_def(frozen, [tensor.name for tensor in inputs], outputs)
    return function, function.graph.as_graph_def()


def _variable(session: Any, name: str, value: Any) -> Any:
    """Make a variable with a value, and return its handle."""
    tf = _runtime.tensorflow()
    # The value is fed, since a graph holds two gigabytes at most.
    first = tf.compat.v1.placeholder(value.dtype, value.shape)
    made = tf.compat.v1.get_variable(name, initializer=first, use_resource=True)
    session.run(made.initializer, {first: value})
    return made.handle


def _frozen(session: Any, graph_def: Any, names: list[str]) -> Any:
    convert = _runtime.tensorflow().compat.v1.graph_util.convert_variables_to_constants
    frozen = convert(session, graph_def, names)
    if not any(_takes_resources(node) for node in _nodes(frozen)):
        return frozen
    # 2.5 follows variables into calls of the other kind alone.
    for node in _nodes(graph_def):
        if node.op == _CALL:
            node.op = "PartitionedCall"
    return convert(session, graph_def, names)


_CALL = "StatefulPartitionedCall"


def _nodes(graph_def: Any) -> Iterator[Any]:
    yield from graph_def.node
    for function in graph_def.library.function:
        yield from function.node_def


def _takes_resources(node: Any) -> bool:
    resource = _runtime.tensorflow().resource.as_datatype_enum
    return node.op == _CALL and resource in node.attr["Tin"].list.type
