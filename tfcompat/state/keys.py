"""Live objects to entries under stable keys."""

from __future__ import annotations

import contextlib
import gc
import itertools
from collections.abc import Iterator
from typing import Any

from tfcompat import _graph, _kinds, _naming, _runtime
from tfcompat.errors import UnsupportedObjectError
from tfcompat.state import arithmetic, opaque
from tfcompat.state import entries as e
from tfcompat.state.optimizers import LiveOptimizer, Reference


class LiveState:
    """The entries of live objects.

    Attributes:
        graph: the walk that found them.
        entries: by key, plain values apart.
        values: plain Python values and NumPy arrays by key.
        optimizers: by path.
        normalizations: what the manifest says of layers whose arithmetic depends on the era.
        finalizers: by path, what preprocessing layers must be told to do after their weights
            have changed: Normalization computes with copies of them.
        unbuilt: paths of Keras layers and models that have no variables yet.
    """

    def __init__(self, objects: Any) -> None:
        self.objects = objects
        self.graph = _graph.Graph(objects)
        bad = unsupported(self.graph)
        if bad:
            raise UnsupportedObjectError(
                "These objects cannot be part of a state:\n"
                + "\n".join(f"  {line}" for line in bad)
                + "\nA state holds what TensorFlow and Keras track (models, layers, optimizers, "
                "metrics, variables, modules, generators, tables, iterators), NumPy arrays, and "
                "numbers, strings, bytes and None in dictionaries, lists, tuples and dataclasses."
            )
        self.entries: dict[str, e.Entry] = {}
        self.values: dict[str, Any] = {}
        self.optimizers: dict[str, LiveOptimizer] = {}
        self.unbuilt: list[str] = []
        self.normalizations: dict[str, dict[str, Any]] = {}
        self.finalizers: dict[str, Any] = {}
        found: list[tuple[str, Any]] = []
        for path, value in self.graph.nodes:
            kind = _kinds.kind_of(value)
            if kind == _kinds.VARIABLE:
                self._add(e.VariableEntry(path or "value", value))
            elif kind == _kinds.PARTITIONED:
                parts = [e.VariableEntry(*part) for part in _graph.parts_of(path, value)]
                self._add(e.PartitionedEntry(path or "value", parts))
            elif kind == _kinds.OPTIMIZER:
                found.append((path, value))
            elif kind in (_kinds.VALUE, _kinds.ARRAY):
                self.values[path or "value"] = value
            elif kind != _kinds.UNKNOWN:
                for entry in _ENTRIES_OF.get(kind, _no_entries)(path, value):
                    self._add(entry)
                if kind in _kinds.KERAS_KINDS and not value.built:
                    self.unbuilt.append(path)
                elif kind == _kinds.LAYER:
                    if hasattr(value, "finalize_state"):
                        self.finalizers[path] = value.finalize_state
                    described = arithmetic.describe_layer(value)
                    if described:
                        self.normalizations[path] = described
        for path, variable in self.graph.seeds:
            self._add(e.VariableEntry(path, variable, e.SEED))
        references = self.references() if found else []
        for path, optimizer in found:
            live = LiveOptimizer(path, optimizer, references)
            self.optimizers[path] = live
            for entry in live.entries():
                self._add(entry)

    def _add(self, entry: e.Entry) -> None:
        while entry.key in self.entries and not _is_same(self.entries[entry.key], entry):
            # A class may have `kernel` and `_kernel`, which are one name in a state.
            entry.key += "~"
        self.entries[entry.key] = entry

    def references(self) -> list[Reference]:
        """Return every variable that an optimizer may update.

        They stand in the order in which Keras hands a model's variables to its optimizer,
        because that tells variables of one name apart.
        """
        ordered: dict[str, Any] = {}
        kinds = (*_kinds.KERAS_KINDS, _kinds.MODULE)
        inside: tuple[str, ...] = ()
        for path, value in self.graph.nodes:
            kind = _kinds.kind_of(value)
            if kind in kinds and not path.startswith(inside or "\0"):
                for variable in getattr(value, "trainable_variables", ()):
                    key = self.graph.path_to(variable)
                    if key is not None:
                        ordered.setdefault(key, variable)
                inside = (*inside, path + "/" if path else "")
        for path, value in self.graph.nodes:
            kind = _kinds.kind_of(value)
            if kind == _kinds.VARIABLE:
                ordered.setdefault(path, value)
            elif kind == _kinds.PARTITIONED:
                for key, part in _graph.parts_of(path, value):
                    ordered.setdefault(key, part)
        wholes = self.graph.wholes
        return [Reference(key, variable, wholes.get(key, key)) for key, variable in ordered.items()]

    def refresh_optimizer(self, path: str) -> None:
        """Add the entries that an optimizer has since it made its variables."""
        for entry in self.optimizers[path].entries():
            self._add(entry)

    def trainable_keys(self, optimizer_path: str) -> list[str]:
        """Return the keys of the weights that a compiled model's optimizer will update."""
        optimizer = self.optimizers[optimizer_path].outer
        keys: list[str] = []
        for _, value in self.graph.nodes:
            is_model = _kinds.kind_of(value) in (_kinds.FUNCTIONAL, _kinds.MODEL)
            if is_model and _graph.optimizer_of(value) is optimizer:
                found = (self.graph.path_to(variable) for variable in value.trainable_variables)
                keys += [key for key in found if key is not None]
        return keys

    def describe(self) -> dict[str, dict[str, Any]]:
        """Return what the manifest says of objects, apart from their entries."""
        described = {path: live.describe() for path, live in self.optimizers.items()}
        described.update(self.normalizations)
        for path, order in self.graph.models.items():
            described[path] = {"type": "model", "order": order}
        return described


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector from looking at all of the heap again and again meanwhile.

    A save or restore makes some ten objects for each variable and drops no cycle. The collector
    would make 10,000 variables take more than ten times as long as 1,000.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _is_same(one: e.Entry, other: e.Entry) -> bool:
    if isinstance(one, e.VariableEntry) and isinstance(other, e.VariableEntry):
        return one.variable is other.variable
    return type(one) is type(other)


def unsupported(graph: _graph.Graph) -> list[str]:
    """Return in words what of a nest no state can hold."""
    kinds = (_kinds.UNKNOWN, _kinds.VALUE, _kinds.ARRAY)
    return [
        f"{path or 'the object itself'}: {type(value).__module__}.{type(value).__qualname__}"
        for path, value in graph.nodes
        for kind in (_kinds.kind_of(value),)
        if (kind in kinds and e.value_kind(value) is None)
        # MultiOptimizer (Keras 3.15): which optimizer has which weight, nothing public tells.
        or (kind == _kinds.OPTIMIZER and hasattr(value, "optimizers"))
    ]


def _no_entries(path: str, value: Any) -> list[e.Entry]:
    return []


def _generator_entries(path: str, value: Any) -> list[e.Entry]:
    return [e.VariableEntry(_naming.join(path, "state"), value.state)]


def _seed_entries(path: str, value: Any) -> list[e.Entry]:
    return [e.VariableEntry(_naming.join(path, "state"), value.state, e.COUNTER)]


def _table_entries(path: str, table: Any) -> list[e.Entry]:
    """Return a lookup table's keys and values; both are needed to restore either.

    Not what `tf.train.Checkpoint` saves of it: a DenseHashTable of 2.9 comes back empty from
    that in other releases, without a word.
    """
    tf = _runtime.tensorflow()
    keys = _keys_of(table)
    contents = {"keys": keys, "values": table.lookup(keys)}
    received: dict[str, Any] = {}

    def write(name: str, tensor: Any) -> None:
        received[name] = tensor
        if len(received) == len(contents):
            table.remove(_keys_of(table))
            table.insert(received["keys"], received["values"])
            received.clear()

    return [
        e.Entry(
            _naming.join(path, name),
            e.TABLE,
            tensor.dtype.name,
            (None, *tensor.shape.as_list()[1:]),
            lambda tensor=tensor: tf.identity(tensor),  # type: ignore[misc]
            lambda tensor, name=name: write(name, tensor),  # type: ignore[misc]
        )
        for name, tensor in contents.items()
    ]


def _keys_of(table: Any) -> Any:
    """Return the keys of a lookup table.

    The export of a DenseHashTable has its empty and deleted buckets among them, under two keys
    that nothing public tells; looking one of these up is an error.
    """
    tf = _runtime.tensorflow()
    keys = table.export()[0]
    if not isinstance(table, tf.lookup.experimental.DenseHashTable):
        return keys
    array = keys.numpy()
    flat = array.reshape(len(array), -1)
    # Next to all are empty buckets, and there are 131,072 of them unless told otherwise: runs of
    # one key go before they become Python objects.
    changes = (flat[1:] != flat[:-1]).any(axis=1)
    rows = list(dict.fromkeys(map(tuple, [*flat[:1].tolist(), *flat[1:][changes].tolist()])))

    def tensor(some: list[tuple[Any, ...]]) -> Any:
        items = [item for row in some for item in row]
        return tf.reshape(tf.constant(items, keys.dtype), (len(some), *array.shape[1:]))

    def valid(some: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        try:
            table.lookup(tensor(some))
        except tf.errors.InvalidArgumentError:
            middle = len(some) // 2
            return valid(some[:middle]) + valid(some[middle:]) if middle else []
        return some

    return tensor(valid(rows))


def _vocabulary_entries(path: str, layer: Any) -> list[e.Entry]:
    """Return the vocabulary of a StringLookup, IntegerLookup or TextVectorization layer."""
    if not hasattr(layer, "set_vocabulary") or not hasattr(layer, "get_vocabulary"):
        return []
    tf = _runtime.tensorflow()

    def read() -> Any:
        words = _words(layer)
        return tf.constant(words, shape=(len(words),), dtype=dtype)

    # Of the three, only IntegerLookup has integers; its vocabulary dtype is its input's.
    dtype = "int64" if "IntegerLookup" in [c.__name__ for c in type(layer).__mro__] else "string"
    return [
        e.Entry(
            _naming.join(path, "vocabulary"), e.TABLE, dtype, (None,), read,
            lambda tensor: layer.set_vocabulary(tensor.numpy().tolist())
            if dtype == "int64"
            else layer.set_vocabulary([word.decode("utf-8") for word in tensor.numpy().tolist()]),
        )
    ]  # fmt: skip


def _words(layer: Any) -> list[Any]:
    """Return a layer's vocabulary without the tokens that stand for padding and the unknown."""
    try:
        return list(layer.get_vocabulary(include_special_tokens=False))
    except TypeError:
        # 2.5 always puts them first.
        config = layer.get_config()
        names = ("mask_token", "oov_token", "mask_value", "oov_value")
        special = {"", "[UNK]", *(config[name] for name in names if name in config)}
        try:
            words = layer.get_vocabulary()
        except IndexError:  # it has none yet
            return []
        return list(itertools.dropwhile(special.__contains__, words))


_ENTRIES_OF = {
    _kinds.GENERATOR: _generator_entries,
    _kinds.SEED_GENERATOR: _seed_entries,
    _kinds.TABLE: _table_entries,
    _kinds.LAYER: _vocabulary_entries,
    _kinds.ITERATOR: opaque.checkpoint_entries,
    _kinds.OPAQUE: opaque.checkpoint_entries,
    _kinds.PYTHON_STATE: opaque.python_state_entries,
}
