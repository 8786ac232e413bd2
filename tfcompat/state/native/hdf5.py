"""The HDF5 files of Keras: `save_weights("x.h5")` and `model.save("x.h5")`.

Standalone Keras wrote them, Keras 2 did up to its end, and Keras 3 still writes whole models. A
group for each layer of the model holds all its weights under the names of their variables.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

from tfcompat.errors import BadStateError
from tfcompat.state.keys import LiveState
from tfcompat.state.manifest import StateEntry
from tfcompat.state.native import layers, slots
from tfcompat.state.native.artifact import Artifact, Mapping
from tfcompat.state.native.hdf5_file import Hdf5File, chunked
from tfcompat.state.optimizers import KERAS_2, KERAS_3, OPTIMIZER_V2

_WEIGHTS = "model_weights"
_OPTIMIZER = "optimizer_weights"
_TOP_LEVEL = "top_level_model_weights"

# The learning rate is no tensor of such a file: it stands among the optimizer's arguments.
LEARNING_RATE = "training_config/learning_rate"


@dataclasses.dataclass(frozen=True)
class _Layer:
    name: str
    weights: tuple[tuple[str, str], ...]  # (name of the variable, name of the tensor)


def of_hdf5(file: Hdf5File) -> LegacyHdf5 | None:
    """Return what a file holds, or None when it is not one that this module reads."""
    groups = (file.attributes[""], file.attributes.get(_WEIGHTS, {}))
    known = any(chunked(group, "layer_names") is not None for group in groups)
    return LegacyHdf5(file.path, file) if known else None


class LegacyHdf5(Artifact):
    """An HDF5 file with the weights of a model, layer by layer."""

    format = "Keras HDF5 file"

    def __init__(self, path: str, file: Hdf5File) -> None:
        self.path = path
        self.step = 0
        self._file = file
        self.entries = dict(self._file.tensors)
        root = self._file.attributes[""]
        base = _WEIGHTS if _WEIGHTS in self._file.attributes else ""
        names = chunked(self._file.attributes[base], "layer_names")
        if names is None:
            raise BadStateError(f"{path} is HDF5, and no weights that Keras wrote.")
        self.writer = {
            "keras": str(
                root.get("keras_version", self._file.attributes[base].get("keras_version", ""))
            )
        }
        prefix = base + "/" if base else ""
        self._layers = [_Layer(name, self._weights(prefix + name)) for name in names]
        top_level = prefix + _TOP_LEVEL
        self._top_level = self._weights(top_level) if top_level in self._file.attributes else ()
        self._slots = self._weights(_OPTIMIZER) if _OPTIMIZER in self._file.attributes else ()
        self._optimizer = slots.saved_optimizer(self._training_config(root))
        self._optimizer.family = self._family()
        for name, tensor in self._slots:
            if slots.scalar_of(name) in ("iterations", "loss_scale_steps"):
                entry = self.entries[tensor]
                self.entries[tensor] = StateEntry(entry.dtype, entry.shape, "counter")
        if self._slots and self._optimizer.learning_rate is not None:
            self.entries[LEARNING_RATE] = StateEntry("float32", ())

    def structure(self) -> dict[str, Any]:  # noqa: D102 - as in the base class
        return self._file.structure()

    def _weights(self, group: str) -> tuple[tuple[str, str], ...]:
        if group not in self._file.attributes:
            raise BadStateError(f"{self.path} lacks the group {group!r}.")
        found = []
        for name in chunked(self._file.attributes[group], "weight_names") or ():
            tensor = f"{group}/{name}"
            if tensor not in self.entries:
                raise BadStateError(f"{self.path} lacks the tensor {tensor!r}.")
            found.append((name, tensor))
        return tuple(found)

    def _training_config(self, root: dict[str, Any]) -> Any:
        try:
            document = json.loads(root.get("training_config", "{}"))
        except (ValueError, TypeError, RecursionError) as error:
            raise BadStateError(
                f"{self.path}: its training configuration cannot be read: {error}"
            ) from error
        return document.get("optimizer_config") if isinstance(document, dict) else None

    def _family(self) -> str:
        """Tell by the names of the optimizer's variables which family of optimizers it is."""
        names = [name.partition(":")[0] for name, _ in self._slots]
        shorts = [name.rpartition("/")[2] for name in names]
        if any(name in ("iter", "momentum_cache") for name in shorts):
            return OPTIMIZER_V2
        if self.writer["keras"].startswith("3."):
            return KERAS_3
        if "iteration" in shorts:
            return KERAS_2
        return slots.STANDALONE if names else ""

    def read(self, names: Iterable[str]) -> dict[str, Any]:  # noqa: D102 - as in the base class
        import numpy as np

        wanted = list(names)
        read = self._file.read(name for name in wanted if name != LEARNING_RATE)
        if LEARNING_RATE in wanted:
            read[LEARNING_RATE] = np.asarray(self._optimizer.learning_rate, dtype=np.float32)
        return read

    def match(self, live: LiveState) -> Mapping:  # noqa: D102 - as in the base class
        mapping = Mapping()
        model, problem = layers.model_in(live)
        if model is None:
            mapping.differences.append(problem)
            return mapping
        weights = self._match_weights(live, model, mapping)
        path = layers.optimizer_path(live, model)
        mapping.without_optimizer = [p for p in live.optimizers if p != path or not self._slots]
        if path is not None and self._slots:
            self._match_optimizer(live, path, weights, mapping)
        return mapping

    def _match_weights(
        self, live: LiveState, model: Any, mapping: Mapping
    ) -> list[tuple[str, str, str]]:
        """Match the weights; return (name of the variable, tensor, key) of each that is known."""
        saved = [layer for layer in self._layers if layer.weights]
        here = [layer for layer in model.layers if layers.variables_of(layer)]
        matched, problem = layers.match_layers([layer.name for layer in saved], here)
        if problem:
            mapping.differences.append(problem)
        found: list[tuple[str, str, str]] = []
        for i, layer in sorted(matched.items()):
            names = [name for name, _ in saved[i].weights]
            variables = layers.match_weights(layer, saved[i].name, names)
            self._pair(live, saved[i].weights, variables or (), mapping, found)
        own = layers.own_variables(model, model.layers)
        names = [name for name, _ in self._top_level]
        if [_short(name) for name in names] == [layers.short_name(v) for v in own]:
            self._pair(live, self._top_level, own, mapping, found)
        return found

    def _pair(
        self,
        live: LiveState,
        saved: Iterable[tuple[str, str]],
        variables: Iterable[Any],
        mapping: Mapping,
        found: list[tuple[str, str, str]],
    ) -> None:
        for (name, tensor), variable in zip(saved, variables):
            key = live.graph.path_to(variable)
            if key is None:
                continue
            if key in mapping.pairs:
                mapping.ignored.add(tensor)  # one variable that two layers share
            else:
                mapping.pairs[key] = tensor
            found.append((name, tensor, key))

    def _match_optimizer(
        self, live: LiveState, path: str, weights: list[tuple[str, str, str]], mapping: Mapping
    ) -> None:
        optimizer = live.optimizers[path]
        described = optimizer.describe()
        saved = self._optimizer
        cls = saved.name or described["class"]
        prefix = path + "/" if path else ""
        by_name: dict[str, set[str]] = {}
        flat: dict[str, set[str]] = {}
        for name, _, key in weights:
            plain = name.partition(":")[0]
            by_name.setdefault(plain, set()).add(key)
            flat.setdefault(plain.replace("/", "_"), set()).add(key)
        unsure: list[str] = []
        left: list[tuple[str, str]] = []
        slotted = False
        for name, tensor in self._slots:
            slot = slots.find_slot(cls, name, by_name, flat)
            scalar = slots.scalar_of(name) if self.entries[tensor].shape == () else None
            if slot is None and scalar is not None:
                self._pair_scalar(live, prefix, scalar, tensor, mapping)
            elif slot is None:
                left.append((name, tensor))
            elif len(slot[2]) > 1:
                unsure.append(name)
            else:
                slotted = True
                self._pair_slot(prefix, slot[1], next(iter(slot[2])), tensor, mapping)
        if left and not slotted and saved.family in (slots.STANDALONE, KERAS_3):
            slotted = self._match_in_order(live, prefix, weights, mapping)
        if unsure:
            mapping.differences.append(
                f"{path or 'the optimizer'}: several weights in the file have one name, so that "
                f"it does not tell whose these are: {', '.join(unsure)}"
            )
        if LEARNING_RATE in self.entries:
            if prefix + "learning_rate" in mapping.pairs:
                mapping.ignored.add(LEARNING_RATE)
            else:
                self._pair_scalar(live, prefix, "learning_rate", LEARNING_RATE, mapping)
        mapping.objects[path] = saved.describe(stepped=slotted or self._counted(mapping, prefix))

    def _counted(self, mapping: Mapping, prefix: str) -> bool:
        tensor = mapping.pairs.get(prefix + "iterations")
        return tensor is not None and bool(self.read([tensor])[tensor])

    def _pair_scalar(
        self, live: LiveState, prefix: str, name: str, tensor: str, mapping: Mapping
    ) -> None:
        key = prefix + name
        if name == "learning_rate" and key not in live.entries:
            mapping.ignored.add(tensor)
        else:
            # A wrapper for loss scaling in Keras 3 has a counter and a rate that nothing uses,
            # before those of the optimizer inside.
            mapping.ignored.update({mapping.pairs[key]} if key in mapping.pairs else ())
            mapping.pairs[key] = tensor

    def _pair_slot(self, prefix: str, slot: str, key: str, tensor: str, mapping: Mapping) -> None:
        options = self._optimizer.options or {}
        if slot == "momentum" and options.get("momentum", 1) == 0:
            # 2.11 to 2.15 give SGD a momentum variable that it does not use without momentum.
            mapping.ignored.add(tensor)
        else:
            mapping.pairs[f"{prefix}slots/{slot}/{key}"] = tensor

    def _match_in_order(
        self, live: LiveState, prefix: str, weights: list[tuple[str, str, str]], mapping: Mapping
    ) -> bool:
        """Match the optimizers whose variables have no names that tell, in their order.

        Standalone Keras names them after nothing; in Keras 3.0 weights have no more than a short
        name. They stand in the order of the weights that train.
        """
        trainable = {
            live.graph.path_to(variable)
            for _, value in live.graph.nodes
            if layers.is_model(value)
            for variable in value.trainable_variables
        }
        ordered = [(tensor, key) for _, tensor, key in weights if key in trainable]
        shapes = [self.entries[tensor].shape for _, tensor in self._slots]
        assigned = slots.assign(
            self._optimizer, shapes, [self.entries[tensor].shape for tensor, _ in ordered]
        )
        if assigned is None:
            return False
        tensors = [tensor for _, tensor in self._slots]
        for position, name in assigned.scalars.items():
            self._pair_scalar(live, prefix, name, tensors[position], mapping)
        for position, (slot, index) in assigned.slots.items():
            self._pair_slot(prefix, slot, ordered[index][1], tensors[position], mapping)
        mapping.ignored.update(tensors[position] for position in assigned.unused)
        return bool(assigned.slots)


def _short(name: str) -> str:
    return layers.plain_short(name.partition(":")[0].rpartition("/")[2])
