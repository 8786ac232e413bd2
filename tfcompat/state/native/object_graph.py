"""The object graph that a TensorFlow checkpoint holds: which object held which, by what name.

A key such as `optimizer/_trainable_variables/0` is the shortest path to a variable and says
nothing of what it is; the graph has every path to it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from tfcompat.state.native import protobuf

KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"

# Edges to what Keras and TensorFlow keep for themselves. What hangs below them, and below no
# other edge, is no state of the user's objects.
BOOKKEEPING = frozenset(
    (
        "save_counter", "keras_api", "signatures", "train_function", "train_tf_function",
        "_all_variables", "_tracked", "_inbound_nodes", "_outbound_nodes", "_compile_loss",
        "_compile_metrics", "_loss_tracker", "_metrics", "_current_learning_rate",
        "train_counter", "ckpt_saved_epoch", "ckpt_saved_batch", "_ckpt_saved_epoch",
        "_ckpt_saved_batch", "non_trainable_variables", "regularization_losses",
    )
)  # fmt: skip
# TensorFlow up to 2.4 saves the configuration of each layer beside its variables.
_CONFIGURATION = "OBJECT_CONFIG_JSON"


@dataclasses.dataclass
class Node:
    """One object of the writer.

    Attributes:
        children: the number of each child by the name of its edge.
        tensors: (kind, name of the variable, key of the tensor) of each of its values.
        slots: (number of the weight, name of the slot, number of the slot), on an optimizer.
    """

    children: dict[str, int] = dataclasses.field(default_factory=dict)
    tensors: list[tuple[str, str, str]] = dataclasses.field(default_factory=list)
    slots: list[tuple[int, str, int]] = dataclasses.field(default_factory=list)

    @property
    def is_variable(self) -> bool:
        """Whether it is a variable."""
        return any(kind == "VARIABLE_VALUE" for kind, _, _ in self.tensors)

    @property
    def name(self) -> str:
        """The name that the variable had in the writer's process, such as `dense/kernel`."""
        return self.tensors[0][1] if self.tensors else ""

    @property
    def key(self) -> str:
        """The key of the variable's tensor."""
        return self.tensors[0][2]


class ObjectGraph:
    """The stored graph; node 0 is what was given to the checkpoint.

    Raises:
        ValueError, IndexError: the data is no object graph.
    """

    def __init__(self, data: bytes) -> None:
        self.nodes = [_parse(value) for number, value in protobuf.fields(data) if number == 1]
        numbers = range(len(self.nodes))
        if not self.nodes or any(
            number not in numbers
            for node in self.nodes
            for number in (*node.children.values(), *(n for a, _, b in node.slots for n in (a, b)))
        ):
            raise ValueError("the object graph names objects that it does not have")

    def child(self, number: int, *edges: str) -> int | None:
        """Follow one edge after the other."""
        found: int | None = number
        for edge in edges:
            if found is None:
                return None
            found = self.nodes[found].children.get(edge)
        return found

    def members(self, number: int | None) -> list[int]:
        """Return what a list holds, in order."""
        if number is None:
            return []
        children = self.nodes[number].children
        return [children[edge] for edge in sorted(filter(str.isdigit, children), key=int)]

    def below(self, number: int, skip: frozenset[str] = BOOKKEEPING) -> Iterator[int]:
        """Yield an object and all that it leads to, each once, bookkeeping apart."""
        seen = {number}
        pending = [number]
        while pending:
            number = pending.pop()
            yield number
            for edge, child in reversed(list(self.nodes[number].children.items())):
                if child not in seen and edge not in skip:
                    seen.add(child)
                    pending.append(child)

    def configurations(self) -> set[str]:
        """Return the keys of what is no value: the configurations of layers."""
        return {
            key for node in self.nodes for kind, _, key in node.tensors if kind == _CONFIGURATION
        }


def _parse(data: bytes) -> Node:
    node = Node()
    for number, value in protobuf.fields(data):
        if number == 1:
            found = dict(protobuf.fields(value))
            node.children[found.get(2, b"").decode()] = found.get(1, 0)
        elif number == 2:
            found = dict(protobuf.fields(value))
            kind, name, key = (found.get(field, b"").decode() for field in (1, 2, 3))
            node.tensors.append((kind, name, key))
        elif number == 3:
            found = dict(protobuf.fields(value))
            node.slots.append((found.get(1, 0), found.get(2, b"").decode(), found.get(3, 0)))
    return node
