"""The formats of Keras from 2.12 on: `.weights.h5` files and `.keras` archives.

Each layer has a group with its weights in their order; the optimizer has one with all its
variables. `.keras` is a zip with such a file, and beside it in JSON the configuration of the
model, of which names and the optimizer's arguments are read and nothing is ever made.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from tfcompat import _graph, _kinds, _naming
from tfcompat._hdf5_reader import LARGEST_EXPANSION
from tfcompat.errors import BadStateError
from tfcompat.state.keys import LiveState
from tfcompat.state.manifest import StateEntry
from tfcompat.state.native import files, layers, slots
from tfcompat.state.native.artifact import Artifact, Mapping
from tfcompat.state.native.hdf5_file import Hdf5File, Place, copied
from tfcompat.state.native.saved_walk import RULES, VARIABLES, Found, Rules, Walk, own_weights
from tfcompat.state.optimizers import KERAS_2, KERAS_3

_OPTIMIZER = "optimizer"
# Where a wrapper for loss scaling has the variables of the optimizer inside a second time.
_INNER_OPTIMIZERS = ("optimizer/inner_optimizer", "optimizer/_optimizer")
# What Keras 2 saves of the metrics that `compile` makes.
_METRICS = ("metrics", "_metrics", "compiled_metrics", "_compile_metrics", "_loss_tracker")
_SEEDS = re.compile(r"(^|/)_?(seed|random)_generator/vars/0$")

_MEMBER = "model.weights.h5"
CONFIG = "config.json"
METADATA = "metadata.json"
_LARGEST_DOCUMENT = 2**28
_CHUNK = 2**20

# The learning rate is no tensor where Keras 2 wrote: it stands among the optimizer's arguments.
LEARNING_RATE = "config.json/learning_rate"


def of_hdf5(file: Hdf5File) -> KerasWeights | None:
    """Return what a file holds, or None when it is not one that this module reads."""
    if "layer_names" in file.attributes[""] or "layer_names0" in file.attributes[""]:
        return None
    if not any(name == VARIABLES or f"/{VARIABLES}" in name for name in file.attributes):
        return None
    return KerasWeights(file.path, file)


def open_archive(path: str) -> KerasWeights | None:
    """Open a zip archive, or return None when it is not one that this module reads."""
    try:
        with files.open_binary(path) as opened, zipfile.ZipFile(opened) as archive:
            members = members_of(path, archive)
            if _MEMBER not in members or CONFIG not in members:
                return None
            config = document(path, archive, members[CONFIG])
            metadata = {}
            if METADATA in members:
                metadata = document(path, archive, members[METADATA])
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, NotImplementedError) as error:
        raise BadStateError(f"{path} cannot be read as an archive: {error}") from error
    file = Hdf5File(path, lambda: _found_member(path))
    return KerasWeights(path, file, config, metadata)


def members_of(path: str, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the members of an archive by name, each of which is inside it and no bomb."""
    found: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        name = member.filename
        if name in found or "\\" in name or name.startswith("/") or ".." in name.split("/"):
            raise BadStateError(f"{path} has a member of the name {name!r}; no Keras wrote it.")
        if member.file_size > LARGEST_EXPANSION * (member.compress_size + 1):
            raise BadStateError(f"{path}: {name!r} claims {member.file_size} bytes.")
        if member.flag_bits & 1:
            raise BadStateError(f"{path}: {name!r} is encrypted.")
        found[name] = member
    return found


def document(path: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> dict[str, Any]:
    """Return what a member says in JSON."""
    if member.file_size > _LARGEST_DOCUMENT:
        raise BadStateError(f"{path}: {member.filename} claims {member.file_size} bytes.")
    try:
        document = json.loads(archive.read(member))
    except (ValueError, RecursionError) as error:
        raise BadStateError(f"{path}: {member.filename} cannot be read: {error}") from error
    return document if isinstance(document, dict) else {}


@contextlib.contextmanager
def _found_member(path: str) -> Iterator[Place]:
    """Find the weights inside an archive: in place where they are not compressed."""
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(files.open_binary(path))
        archive = stack.enter_context(zipfile.ZipFile(file))
        member = members_of(path, archive)[_MEMBER]
        with archive.open(member) as opened:
            chunks = _chunks_of(opened, member.file_size)
            if member.compress_type == zipfile.ZIP_STORED and files.is_local(path):
                for _ in chunks:
                    pass  # the last of them compares the checksum
                yield Place(path, _start_of(file, member), member.file_size)
                return
            place = stack.enter_context(copied(chunks))
        yield place


def _chunks_of(opened: Any, size: int) -> Iterator[bytes]:
    """Yield what a member holds, which must be no more than it says."""
    while chunk := opened.read(_CHUNK):
        size -= len(chunk)
        if size < 0:
            raise OSError("a member is larger than it says")
        yield chunk


def _start_of(file: BinaryIO, member: zipfile.ZipInfo) -> int:
    """Return where the contents of a member begin: after its own header, name and extras."""
    file.seek(member.header_offset + 26)
    lengths = file.read(4)
    name, extra = (int.from_bytes(lengths[i : i + 2], "little") for i in (0, 2))
    return member.header_offset + 30 + name + extra


def _compiled_optimizer(config: dict[str, Any]) -> Any:
    compiled = config.get("compile_config")
    return compiled.get("optimizer") if isinstance(compiled, dict) else None


@dataclasses.dataclass
class _Reading:
    """One way to read the file: what its groups are by the rules of one range of releases."""

    rules: Rules
    found: Found
    pairs: dict[str, str]
    ignored: set[str]
    left: int  # tensors of the file that nothing here has, and weights here that it lacks


class KerasWeights(Artifact):
    """A `.weights.h5` file, or a `.keras` archive."""

    def __init__(
        self,
        path: str,
        file: Hdf5File,
        config: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self.format = "Keras weights file" if config is None else "Keras archive"
        self.path = path
        self.step = 0
        self._file = file
        self._config = config or {}
        version = (metadata or {}).get("keras_version", "")
        self.writer = {"keras": str(version)}
        self.entries = {
            name: StateEntry(
                entry.dtype, entry.shape, "seed" if _SEEDS.search(name) else entry.kind
            )
            for name, entry in file.tensors.items()
        }
        self._groups: dict[str, list[str]] = {}
        for name in self.entries:
            group, _, _ = name.rpartition("/")
            if group == VARIABLES or group.endswith("/" + VARIABLES):
                self._groups.setdefault(group[: -len(VARIABLES)].rstrip("/"), []).append(name)
        for names in self._groups.values():
            names.sort(key=_number)
        self._members: dict[str, list[str]] = {}
        for name in file.attributes:
            if name and name.rpartition("/")[2] != VARIABLES:
                parent, _, member = name.rpartition("/")
                self._members.setdefault(parent, []).append(member)
        self._order: dict[str, list[str]] = {}
        self._names = self._layer_names()
        self._is_keras_3 = self._written_by_keras_3()
        self._optimizer = slots.saved_optimizer(_compiled_optimizer(self._config))
        if self._is_keras_3 is not None:
            self._optimizer.family = KERAS_3 if self._is_keras_3 else KERAS_2
        if not self._is_keras_3 and self._optimizer.learning_rate is not None:
            self.entries[LEARNING_RATE] = StateEntry("float32", ())

    def structure(self) -> dict[str, Any]:  # noqa: D102 - as in the base class
        documents = {"config": self._config, "keras_version": self.writer["keras"]}
        return {**self._file.structure(), **(documents if self._config else {})}

    def _written_by_keras_3(self) -> bool | None:
        if self.writer["keras"]:
            return not self.writer["keras"].startswith("2.")
        # Keras 3 writes the names of layers from 3.2 on, Keras 2 the metrics of `compile`.
        if any("name" in attributes for attributes in self._file.attributes.values()):
            return True
        if any(name in ("metrics", "_metrics") for name in self._members.get("", ())):
            return False
        return None

    def _layer_names(self) -> dict[str, str]:
        """Return what the file says of the names of layers, by the path of their groups."""
        names = {}
        for group, attributes in self._file.attributes.items():
            if "name" in attributes and (group == VARIABLES or group.endswith("/" + VARIABLES)):
                names[group[: -len(VARIABLES)].rstrip("/")] = str(attributes["name"])
        pending = [("", self._config.get("config"))]
        while pending:
            path, config = pending.pop()
            saved = config.get("layers") if isinstance(config, dict) else None
            if not isinstance(saved, list):
                continue
            for attribute in ("layers", "_layer_checkpoint_dependencies"):
                base = _naming.join(path, attribute)
                groups = self._groups_of(base, saved)
                for group, layer in groups:
                    names.setdefault(group, layer["config"].get("name", ""))
                    pending.append((group, layer["config"]))
                if groups:
                    self._order[path] = [group for group, _ in groups]
        return names

    def _groups_of(self, base: str, saved: list[Any]) -> list[tuple[str, dict[str, Any]]]:
        """Find the groups of the layers of a configuration: by class, in order of their numbers."""
        there: dict[str, list[tuple[int, str]]] = {}
        for member in self._members.get(base, ()):
            name, _, number = member.rpartition("_")
            if not number.isdigit():
                name, number = member, "0"
            there.setdefault(_naming.squeezed(name), []).append((int(number), member))
        here: dict[str, list[dict[str, Any]]] = {}
        for layer in saved:
            if isinstance(layer, dict) and isinstance(layer.get("config"), dict):
                cls = str(layer.get("class_name", "")).rpartition(">")[2]
                here.setdefault(_naming.squeezed(cls), []).append(layer)
        groups: dict[int, str] = {}
        for cls, found in here.items():
            members = sorted(there.get(cls, ()))
            if len(members) == len(found):
                for layer, (_, member) in zip(found, members):
                    groups[id(layer)] = _naming.join(base, member)
        return [(groups[id(layer)], layer) for layer in saved if id(layer) in groups]

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
        readings = [self._reading(live, model, rules) for rules in self._rules()]
        best = min(readings, key=lambda reading: reading.left)
        for other in readings:
            if other.left == best.left and other.pairs != best.pairs:
                mapping.differences.append(
                    "the file does not tell which release wrote it, and its layers mean one thing "
                    "in one and another in another"
                )
                return mapping
        mapping.pairs = best.pairs
        mapping.ignored = best.ignored
        mapping.differences += best.found.unsure
        self._compare_order(best.found, mapping)
        path = layers.optimizer_path(live, model)
        has_optimizer = _OPTIMIZER in self._groups
        mapping.without_optimizer = [p for p in live.optimizers if p != path or not has_optimizer]
        if path is not None and has_optimizer:
            self._match_optimizer(live, model, path, best.found, mapping)
        return mapping

    def _rules(self) -> list[Rules]:
        version = re.match(r"(\d+)\.(\d+)", self.writer["keras"])
        if version:
            written = int(version[1]), int(version[2])
            return [rules for rules in RULES if rules.oldest <= written <= rules.newest] or [
                RULES[-1]
            ]
        if self._is_keras_3 is None:
            return list(RULES)
        return [rules for rules in RULES if (rules.oldest >= (3, 0)) == self._is_keras_3]

    def _reading(self, live: LiveState, model: Any, rules: Rules) -> _Reading:
        walk = Walk(rules, self._members, self._names)
        walk.visit(model, "")
        reading = _Reading(rules, walk.found, {}, set(), 0)
        for path, value in walk.found.groups.items():
            self._pair_group(live, path, value, reading)
        self._pair_seeds(live, reading)
        used = {*reading.pairs.values(), *reading.ignored}
        for name, entry in self.entries.items():
            first = name.partition("/")[0]
            if name in used or first == _OPTIMIZER or name == LEARNING_RATE:
                continue
            if first in _METRICS:
                reading.ignored.add(name)
            elif entry.kind != "seed":
                reading.left += 1
        reading.left += sum(
            live.graph.path_to(weight) not in reading.pairs for weight in layers.variables_of(model)
        )
        return reading

    def _pair_group(self, live: LiveState, path: str, value: Any, reading: _Reading) -> None:
        names = self._groups.get(path, [])
        own = value if isinstance(value, list) else own_weights(value)
        numbered = [name for name in names if _number(name) >= 0]
        weights = self._fitting(value, own, [self.entries[name] for name in numbered])
        for name, weight in zip(numbered, weights):
            key = live.graph.path_to(weight)
            if key is None:
                continue
            if _kinds.kind_of(value) == _kinds.SEED_GENERATOR:
                key = _naming.join(live.graph.path_to(value) or "", "state")
            if key in reading.pairs:
                reading.ignored.add(name)
            else:
                reading.pairs[key] = name

    def _fitting(
        self, value: Any, own: Sequence[Any], saved: Sequence[StateEntry]
    ) -> Sequence[Any]:
        """Return the weights of an object that are in a group with such tensors, in their order."""
        kinds = [(entry.dtype, entry.shape) for entry in saved]
        if isinstance(value, list) or _kinds.kind_of(value) not in _kinds.KERAS_KINDS:
            return own if len(own) == len(saved) else ()
        if len(own) == len(saved):
            here = [layers.dtype_and_shape(weight) for weight in own]
            is_own = _kinds.keras_of(value).owns(type(value))
            if (
                here == kinds
                or not is_own
                or collections.Counter(here) != collections.Counter(kinds)
            ):
                return own
            # Quantized layers of Keras 3 save the kernel first, and list it after the bias.
            rest = list(zip(here, own))
            return [rest.pop([kind for kind, _ in rest].index(kind))[1] for kind in kinds]
        # A wrapper of Keras 2 that keeps a weight of the layer inside has it once more (before
        # its own: SpectralNormalization), and so does whatever holds a bare variable in Keras 2.
        known = {id(weight) for weight in own}
        extra = [
            child
            for _, child in _graph.children_of(value)
            if _kinds.kind_of(child) == _kinds.VARIABLE and id(child) not in known
        ]
        inside = [w for w in layers.variables_of(value) if id(w) not in known]
        for weights in ([*inside[: max(0, len(saved) - len(own))], *own], [*own, *extra]):
            if [layers.dtype_and_shape(weight) for weight in weights] == kinds:
                return weights
        return ()

    def _pair_seeds(self, live: LiveState, reading: _Reading) -> None:
        """Pair the random seeds that layers of Keras 3 have."""
        seeds: dict[str, list[str]] = {}
        for key, _ in live.graph.seeds:
            seeds.setdefault(key.rpartition("/")[0], []).append(key)
        for name, entry in self.entries.items():
            if entry.kind != "seed" or name in reading.pairs.values():
                continue
            path = name
            while path and path not in reading.found.groups:
                path = path.rpartition("/")[0]
            owner = live.graph.path_to(reading.found.groups.get(path))
            keys = seeds.get(owner or "", [])
            if owner is not None and len(keys) == 1:
                reading.pairs.setdefault(keys[0], name)

    def _compare_order(self, found: Found, mapping: Mapping) -> None:
        """Compare the order of those layers of functional models whose names Keras made up."""
        for path, groups in self._order.items():
            model = found.groups.get(path)
            if model is None or not hasattr(model, "layers"):
                continue
            here = [layer for layer in model.layers if layer.weights and layers.is_automatic(layer)]
            by_id = {id(layer): i for i, layer in enumerate(here)}
            there = [by_id[id(v)] for v in map(found.groups.get, groups) if id(v) in by_id]
            if there != sorted(there):
                mapping.differences.append(
                    f"{path or 'the model'}: its layers have no names of yours and stand in "
                    f"another order in the file: {', '.join(here[i].name for i in there)}. Give "
                    "the layers names to match them by name"
                )

    def _trainable(self, model: Any, path: str, found: Found) -> list[Any] | None:
        """Return the weights that the writer's optimizer updates, in its order.

        Returns:
            None when the layers stand elsewhere here, and the file does not tell where there.
        """
        if path in self._order:
            ordered: list[Any] = []
            for group in self._order[path]:
                layer = found.groups.get(group)
                if layer is not None:
                    inner = self._trainable(layer, group, found) or []
                    ordered += inner if group in self._order else layer.trainable_variables
            rest = model.trainable_variables
            ordered += [v for v in rest if all(v is not other for other in ordered)]
            return ordered
        if found.reordered and not self._order:
            return None
        ordered = list(model.trainable_variables)
        for part in layers.parts_of(model):
            if layers.is_model(part):
                ordered = self._moved(ordered, part)
        return ordered

    def _moved(self, ordered: list[Any], model: Any) -> list[Any]:
        """Put a model's own weights where the writer has them.

        Keras 2 lists them after those of the layers, Keras 3 before them.
        """
        own = {id(v) for v in layers.own_variables(model, model.layers)}
        inside = {id(v) for v in model.trainable_variables}
        places = [i for i, v in enumerate(ordered) if id(v) in inside]
        block = [ordered[i] for i in places]
        first = [v for v in block if (id(v) in own) == bool(self._is_keras_3)]
        last = [v for v in block if (id(v) in own) != bool(self._is_keras_3)]
        moved = list(ordered)
        for place, variable in zip(places, [*first, *last]):
            moved[place] = variable
        return moved

    def _match_optimizer(
        self, live: LiveState, model: Any, path: str, found: Found, mapping: Mapping
    ) -> None:
        optimizer = live.optimizers[path]
        prefix = path + "/" if path else ""
        inner = [
            name
            for name in self.entries
            if name.startswith(tuple(group + "/" for group in _INNER_OPTIMIZERS))
        ]
        # The configuration is that of the optimizer which `compile` wrapped for mixed precision.
        told = dataclasses.replace(self._optimizer, loss_scaling=True) if inner else self._optimizer
        saved = told
        if not saved.name:
            # A `.weights.h5` file says nothing of it: it must have what the live one would have.
            saved = slots.SavedOptimizer(
                optimizer.describe()["class"],
                optimizer.inner.get_config(),
                saved.family,
                bool(inner),
            )
        names = self._groups[_OPTIMIZER]
        trainable = self._trainable(model, "", found)
        weights = [(v, live.graph.path_to(v)) for v in trainable or ()]
        shapes = [self.entries[name].shape for name in names]
        assigned = None
        for family in (saved.family,) if saved.family else (KERAS_3, KERAS_2):
            assigned = assigned or slots.assign(
                dataclasses.replace(saved, family=family),
                shapes,
                [tuple(int(d) for d in layers.shape_of(v) if d is not None) for v, _ in weights],
            )
        described = told.describe(stepped=bool(assigned and assigned.slots))
        mapping.objects[path] = described
        if assigned is None or trainable is None:
            if self._optimizer.name in ("", optimizer.describe()["class"]):
                mapping.differences.append(
                    f"{path or 'the optimizer'}: the {len(names)} variables of the optimizer in "
                    f"the file are not those of a {saved.name} of this model"
                )
            return
        mapping.ignored.update(inner)
        mapping.ignored.update(names[position] for position in assigned.unused)
        for position, scalar in assigned.scalars.items():
            key = prefix + scalar
            if scalar == "learning_rate" and key not in live.entries:
                mapping.ignored.add(names[position])
            else:
                mapping.pairs[key] = names[position]
        for position, (slot, index) in assigned.slots.items():
            key_of_weight = weights[index][1]
            if key_of_weight is not None:
                mapping.pairs[f"{prefix}slots/{slot}/{key_of_weight}"] = names[position]
        if LEARNING_RATE in self.entries:
            if prefix + "learning_rate" in live.entries:
                mapping.pairs.setdefault(prefix + "learning_rate", LEARNING_RATE)
            else:
                mapping.ignored.add(LEARNING_RATE)
        counter = mapping.pairs.get(prefix + "iterations")
        if counter is not None and not described["stepped"]:
            described["stepped"] = bool(self.read([counter])[counter])


def _number(name: str) -> int:
    short = name.rpartition("/")[2]
    return int(short) if short.isdigit() else -1
