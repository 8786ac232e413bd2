"""The graph of a functional model: layers called on each other's tensors, as a file tells.

Keras 2 writes a node as a list of `[layer, node, tensor, keywords]`, Keras 3 as arguments with
tensors among them. Both are read as the arguments of one call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfcompat import _runtime
from tfcompat.errors import BadStateError
from tfcompat.models.operations import Operation

_CONSTANT = "_CONSTANT_VALUE"
_MOST_DEEP = 30


class AbsentError(Exception):
    """A tensor that is not there yet."""


class Graph:
    """The calls of one functional model.

    Args:
        layers: the objects by name: layers, operations, and tensors for inputs.
        inputs: those of them that are inputs.
        where: the model's place in the file.
    """

    def __init__(self, layers: Mapping[str, Any], inputs: Mapping[str, Any], where: str) -> None:
        self._layers = layers
        self._where = where
        self._first: dict[str, int] = {}
        self._outputs: dict[str, list[Any]] = {name: [tensor] for name, tensor in inputs.items()}

    def run(self, configs: list[Any], ends: Any) -> None:
        """Call the layers of a configuration on each other, in an order in which that can be.

        Args:
            configs: of the layers.
            ends: the `output_layers` of the model.
        """
        pending = {}
        self._find_first(configs, ends)
        for config in configs:
            name = _name_of(config)
            nodes = config.get("inbound_nodes") or []
            if name not in self._outputs and nodes:
                pending[name] = list(nodes)
        while pending:
            moved = False
            for name in list(pending):
                nodes = pending[name]
                while nodes:
                    try:
                        positional, keywords = self._arguments(nodes[0])
                    except AbsentError:
                        break
                    self._call(name, positional, keywords)
                    nodes.pop(0)
                    moved = True
                if not nodes:
                    del pending[name]
            if not moved:
                raise BadStateError(
                    f"{self._where}: layers are called on tensors that nothing makes: "
                    f"{', '.join(sorted(pending))}."
                )

    def _find_first(self, configs: list[Any], ends: Any) -> None:
        """Find the numbers of layers' first nodes.

        Keras 2 has one more of a model inside, that of its own making, and does not write it.
        Every node that is written is used, so that the highest number tells.
        """
        highest: dict[str, int] = {}
        stack: list[Any] = [ends]
        for config in configs:
            stack.append(config.get("inbound_nodes"))
        while stack:
            value = stack.pop()
            if isinstance(value, dict):
                stack.extend(value.values())
            elif isinstance(value, list):
                stack.extend(value)
                if len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int):
                    highest[value[0]] = max(highest.get(value[0], 0), value[1])
        for config in configs:
            name, nodes = _name_of(config), config.get("inbound_nodes") or []
            if nodes and highest.get(name, 0) >= len(nodes):
                self._first[name] = highest[name] + 1 - len(nodes)

    def _call(self, name: str, positional: list[Any], keywords: dict[str, Any]) -> None:
        layer = self._layers.get(name)
        if layer is None:
            raise BadStateError(f"{self._where}: the graph names a layer {name!r} that it lacks.")
        keywords = {key: value for key, value in keywords.items() if value is not None}
        if isinstance(layer, Operation):
            result = layer.call(positional, keywords)
        else:
            keras_3 = _runtime.supports("keras3")
            is_recurrent = isinstance(layer, _recurrent())
            first = positional[0] if positional else None
            if keras_3 and is_recurrent and isinstance(first, (list, tuple)):
                # Keras 2 writes the initial state of a recurrent layer behind its input.
                keywords.setdefault("initial_state", list(first[1:]))
                positional = [first[0], *positional[1:]]
            result = layer(*positional, **keywords)
        self._outputs.setdefault(name, []).append(result)

    def _arguments(self, node: Any) -> tuple[list[Any], dict[str, Any]]:
        if isinstance(node, dict):
            return (
                [self._keras_3(value) for value in node.get("args", ())],
                {key: self._keras_3(value) for key, value in node.get("kwargs", {}).items()},
            )
        keywords: dict[str, Any] = {}

        def read(entry: Any, depth: int = 0) -> Any:
            if depth > _MOST_DEEP:
                raise BadStateError(f"{self._where}: a node is nested too deep.")
            if isinstance(entry, dict):
                return {key: read(value, depth + 1) for key, value in entry.items()}
            if not isinstance(entry, list) or not entry:
                raise BadStateError(f"{self._where}: a node is {entry!r}.")
            if isinstance(entry[0], str) and len(entry) >= 3:
                if len(entry) > 3 and isinstance(entry[3], dict):
                    keywords.update(entry[3])
                return entry[2] if entry[0] == _CONSTANT else self.tensor(entry)
            return [read(one, depth + 1) for one in entry]

        first = read(node)
        if isinstance(first, list) and len(first) == 1:
            first = first[0]
        return [first], {key: self._keras_2(value) for key, value in keywords.items()}

    def _keras_2(self, value: Any) -> Any:
        """Return the value of a keyword: a tensor is `[layer, node, tensor]`."""
        if isinstance(value, dict):
            if value.get("class_name") == "__ellipsis__":
                return Ellipsis
            return {key: self._keras_2(item) for key, item in value.items()}
        if isinstance(value, list):
            if len(value) >= 3 and isinstance(value[0], str) and value[0] in self._layers:
                return self.tensor(value)
            if len(value) >= 3 and value[0] == _CONSTANT:
                return value[2]
            return [self._keras_2(item) for item in value]
        return value

    def _keras_3(self, value: Any) -> Any:
        if isinstance(value, dict):
            config = value.get("config")
            if value.get("class_name") == "__keras_tensor__" and isinstance(config, dict):
                return self.tensor(config.get("keras_history"))
            if value.get("class_name") == "__tuple__":
                return tuple(self._keras_3(item) for item in value.get("items") or config or ())
            if value.get("class_name") in ("__tensor__", "__numpy__") and isinstance(config, dict):
                return _runtime.tensorflow().constant(config["value"], config.get("dtype"))
            return {key: self._keras_3(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._keras_3(item) for item in value]
        return value

    def tensor(self, entry: Any) -> Any:
        """Return the tensor that `[layer, node, tensor]` stands for.

        Raises:
            AbsentError: the layer is not called yet.
        """
        try:
            name, node, number = entry[:3]
            node -= self._first.get(name, 0)
            if node < 0:
                raise BadStateError(f"{self._where}: {entry!r} stands for no tensor.")
            outputs = self._outputs[name][node]
        except (KeyError, IndexError) as error:
            raise AbsentError(f"{self._where}: {entry!r}") from error
        except (TypeError, ValueError) as error:
            raise BadStateError(f"{self._where}: {entry!r} stands for no tensor.") from error
        flat = _runtime.tensorflow().nest.flatten(outputs)
        try:
            return flat[number]
        except (IndexError, TypeError) as error:
            raise BadStateError(f"{self._where}: {entry!r} stands for no tensor.") from error

    def ends(self, value: Any) -> Any:
        """Return the tensors of `input_layers` or `output_layers`, in the nest that they form."""
        try:
            return self._ends(value)
        except AbsentError as error:
            raise BadStateError(f"{error} stands for no tensor.") from error

    def _ends(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._ends(item) for key, item in value.items()}
        if isinstance(value, list) and value:
            if isinstance(value[0], str) and len(value) >= 3:
                return self.tensor(value)
            return [self._ends(item) for item in value]
        raise BadStateError(f"{self._where}: the model's ends are {value!r}.")


def _name_of(config: Any) -> str:
    name = config.get("name") or config.get("config", {}).get("name")
    if not isinstance(name, str):
        raise BadStateError(f"A layer of a functional model has the name {name!r}.")
    return name


def names_of_layers(configs: list[Any]) -> list[str]:
    """Return the names of the layers of a functional model's configuration."""
    return [_name_of(config) for config in configs]


def _recurrent() -> Any:
    layers = _runtime.keras().layers
    return (layers.RNN, layers.Bidirectional)
