"""Restore a state into live objects, whole or not at all."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import os
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tfcompat import _graph, _naming, _runtime
from tfcompat.errors import (
    ArithmeticWarning,
    BadStateError,
    MissingOptimizerWarning,
    NotBuiltError,
    StateMismatchError,
    TfcompatError,
)
from tfcompat.state import arithmetic, bundle, entries, native, optimizers
from tfcompat.state.keys import LiveState, uncollected
from tfcompat.state.manifest import Manifest, StateEntry
from tfcompat.state.native.artifact import Artifact, Mapping, Names
from tfcompat.state.native.stored import rebuild
from tfcompat.state.optimizers import LiveOptimizer
from tfcompat.state.part import Part
from tfcompat.state.save import require_eager, wait_for_background_saves


@dataclasses.dataclass(frozen=True)
class RestoreReport:
    """What a restore did.

    Attributes:
        step: the step of the state.
        restored: the keys that were restored.
        missing: keys of the live objects that the state does not hold.
        unexpected: keys of the state that the live objects do not have.
        different: what was found on both sides and does not fit, in words.
        skipped: what may be on one side alone: random seeds of Keras 3's own layers, and the
            learning rate, or the whole optimizer, where a file does not hold it.
        writer: the versions of tfcompat, TensorFlow, Keras and Python that wrote the state; of
            what TensorFlow or Keras wrote, its format and what the file says of its writer.
        without_optimizer: paths of optimizers that a file of TensorFlow's or Keras's does not
            hold. They are as they were.
        objects: the nest that was given, with the plain Python values of the state. Mutable
            dictionaries, lists, dataclasses and NumPy arrays of it were changed in place.
    """

    step: int
    restored: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    different: tuple[str, ...]
    skipped: tuple[str, ...]
    writer: dict[str, Any]
    without_optimizer: tuple[str, ...]
    objects: Any = dataclasses.field(repr=False)

    @property
    def complete(self) -> bool:
        """Whether everything on both sides was restored."""
        return not (self.missing or self.unexpected or self.different)


def restore_state(
    path: str | os.PathLike[str],
    objects: Any,
    *,
    step: int | None = None,
    strict: bool = True,
    names: Names = None,
    only: str | Iterable[str] | None = None,
) -> RestoreReport:
    """Restore a state that any release saved into live objects, whole or not at all.

    The state is one of `save_state`, or what TensorFlow or Keras wrote by itself: a checkpoint
    of `tf.train.Checkpoint`, `CheckpointManager`, `ModelCheckpoint`, `BackupAndRestore` or
    `model.save_weights`, a checkpoint of TensorFlow 1, a SavedModel, a `.h5`, `.weights.h5` or
    `.keras` file. The format is recognised. Nothing but data is read: no configuration,
    pickle or code of a file is ever executed.

    Layers match by the name that the user gave them, and by their order where Keras made the
    name up. An optimizer that has not taken a step makes its variables first. Everything is
    read and compared before the first variable changes.

    A model must be built: a subclassed model has no variables before it has seen data or its
    `build` was called, and what it lacks cannot be told from what the state has too much.

    Args:
        path: the directory or URL that was given to `save_state`; or a file, a directory or the
            prefix of a checkpoint that TensorFlow or Keras wrote.
        objects: the live objects, in a nest of the same form as the one that was saved. Of what
            `tf.train.Checkpoint(net=model, opt=optimizer)` wrote that is
            `{"net": model, "opt": optimizer}`.
        step: the step to restore; the newest state by default.
        strict: whether anything missing, unexpected or different is an error. Otherwise what
            matches is restored, and the report tells the rest.
        names: what a name in the file stands for, where the names alone do not tell: a dictionary
            of stable keys by names of the file, or a function that returns the key for a name, or
            None to leave the name to tfcompat. `python -m tfcompat state show` lists the names of
            a file, `tfcompat.variables` the keys of objects.
        only: the part to restore, or several, as a path in the objects: `"model"`, or
            `"model/encoder"`; whatever `tfcompat.variables` lists at or below it. Nothing else is
            read, changed or compared, on either side, so that `strict` holds for this part alone.

    Returns:
        What was restored. Plain Python values are set in mutable containers, and are in
        `report.objects` in any case.

    Raises:
        StateMismatchError: the state and the live objects do not fit; all of it is listed, and
            no variable has changed.
        NotBuiltError: the state has values for a layer that is not built yet.
        StateNotFoundError: there is nothing at the path, or no state of that step.
        BadStateError: the files are no state, or truncated or altered.
        StoreError: the store that a URL names cannot be reached; nothing has changed.
        UnsupportedObjectError: some of the objects cannot be restored; all are listed.
        TfcompatError: `only` names what the objects do not have; all of it is listed.
    """
    require_eager("restore_state")
    wait_for_background_saves()
    with uncollected():
        live = LiveState(objects)
        part = Part.of(only, live)

        def read() -> tuple[_Match, dict[str, Any]]:
            source = _open(os.fspath(path), step, live, names)
            matched = _Match(source.document, live, source.mapping, part)
            if strict:
                matched.raise_mismatch()
            return matched, source.read(matched.pairs.values())

        matched, tensors = bundle.repeated(read)
        document = matched.document
        if matched.arithmetic:
            warnings.warn(
                f"Every value was restored, but this release goes on otherwise than the writer of "
                f"{source_of(document)}:\n" + "\n".join(f"  {line}" for line in matched.arithmetic),
                ArithmeticWarning,
                stacklevel=2,
            )
        restored = _commit(matched, tensors, document)
    if matched.without_optimizer:
        paths = ", ".join(path or "the object itself" for path in matched.without_optimizer)
        warnings.warn(
            f"{source_of(document)} does not hold the state of an optimizer, so that {paths} is as "
            "it was.",
            MissingOptimizerWarning,
            stacklevel=2,
        )
    return RestoreReport(
        step=document.step,
        restored=tuple(matched.pairs),
        missing=tuple(matched.missing),
        unexpected=tuple(matched.unexpected),
        different=tuple(matched.different),
        skipped=tuple(matched.skipped),
        writer=document.writer,
        without_optimizer=matched.without_optimizer,
        objects=restored,
    )


def source_of(document: Manifest) -> str:
    """Say what a state came from, to begin a sentence with."""
    writer = document.writer
    if "format" in writer:
        keras = f" of Keras {writer['keras']}" if writer.get("keras") else ""
        return f"the {writer['format']} {writer['path']!r}{keras}"
    flavour = "legacy Keras" if writer["legacy_keras"] else "Keras"
    return (
        f"the state of step {document.step}, saved by TensorFlow {writer['tensorflow']} with "
        f"{flavour} {writer['keras']}"
    )


_MOST_SUGGESTIONS = 20

# Returns tensors by their names.
Reader = Callable[[Iterable[str]], dict[str, Any]]


@dataclasses.dataclass
class _Source:
    """Where a state is restored from.

    Attributes:
        document: its manifest, or what that of a native artifact would be.
        read: returns tensors by their keys in the document.
        mapping: how a native artifact corresponds to the live objects.
    """

    document: Manifest
    read: Reader
    mapping: Mapping | None = None


def _open(path: str, step: int | None, live: LiveState, names: Names) -> _Source:
    artifact = None if bundle.holds_states(path) else native.find_artifact(path, step)
    if artifact is not None:
        return _native(artifact, artifact.tensors, live, names)
    stored = bundle.find(path, step)
    document = bundle.read_manifest(stored)

    def read(keys: Iterable[str]) -> dict[str, Any]:
        wanted = {key: document.entries[key] for key in keys}
        return bundle.read(
            stored,
            {key: entry.dtype for key, entry in wanted.items()},
            {key: entry.nbytes or 0 for key, entry in wanted.items()},
        )

    if document.native is not None:
        return _native(rebuild(document, stored.prefix), read, live, names)
    return _Source(document, read)


def _native(artifact: Artifact, read: Reader, live: LiveState, names: Names) -> _Source:
    mapping = native.match(artifact, live, names)

    def read_mapped(keys: Iterable[str]) -> dict[str, Any]:
        wanted = list(keys)
        tensors = read([mapping.pairs[key] for key in wanted])
        for name in tensors.keys() & mapping.factors.keys():
            tensors[name] *= mapping.factors[name]
        return {key: tensors[mapping.pairs[key]] for key in wanted}

    return _Source(native.document_of(artifact, mapping, live), read_mapped, mapping)


class _Match:
    """Which entry of the state goes where, and what does not fit.

    Attributes:
        pairs: live key to the key in the state.
        resets: by path of an optimizer, its entries to put back to where they start, as the
            state's optimizer had not taken a step.
        missing, unexpected, different, skipped: as in `RestoreReport`.
        arithmetic: what computes otherwise in the release that restores, in words.
    """

    def __init__(
        self, document: Manifest, live: LiveState, mapping: Mapping | None, part: Part
    ) -> None:
        self.document = document
        self.live = live
        self.part = part
        self.pairs: dict[str, str] = {}
        self.resets: dict[str, list[entries.Entry]] = {}
        self.missing: list[str] = []
        self.unexpected: list[str] = []
        self.different: list[str] = list(mapping.differences) if mapping else []
        self.skipped: list[str] = []
        self.without_optimizer = tuple(
            path for path in (mapping.without_optimizer if mapping else ()) if part.touches(path)
        )
        self.arithmetic: list[str] = []
        # Entries of an optimizer of another class: what one calls velocity is not the other's.
        self._excluded: set[str] = set()
        self._compare_models()
        for path, optimizer in live.optimizers.items():
            if part.touches(path):
                self._prepare_optimizer(path, optimizer)
        for path, described in live.normalizations.items():
            if part.touches(path):
                self._compare_arithmetic(self._saved_object(path), described)
        self._require_built()
        self._match()

    def _saved_key(self, key: str) -> str | None:
        """Find a live key in the state, where an object may stand under another of its paths."""
        saved = self.document.entries
        if key in saved:
            return key
        for replaced in self._renamed(key):
            if replaced in saved:
                return replaced
        return None

    def _renamed(self, key: str) -> list[str]:
        pairs = [
            *self.document.aliases.items(),
            *((canonical, alias) for alias, canonical in self.live.graph.aliases.items()),
        ]
        return [
            to + key[len(path) :] for path, to in pairs if key == path or key.startswith(path + "/")
        ]

    def _saved_object(self, path: str) -> dict[str, Any] | None:
        objects = self.document.objects
        for candidate in (path, *self._renamed(path)):
            if candidate in objects:
                return objects[candidate]
        return None

    def _compare_models(self) -> None:
        for path, order in self.live.graph.models.items():
            saved = self._saved_object(path)
            if saved is None or saved["type"] != "model" or saved["order"] == order:
                continue
            if not self.part.touches(path):
                continue
            if sorted(saved["order"]) == sorted(order):
                self.different.append(
                    f"{path or 'the model'}: its layers have no names of yours and stand in "
                    f"another order: {', '.join(saved['order'])} in the state, "
                    f"{', '.join(order)} here. Give the layers names to match them by name"
                )

    def _compare_arithmetic(self, saved: dict[str, Any] | None, live: dict[str, Any]) -> None:
        line = arithmetic.difference(saved, live) if saved else None
        if line and line not in self.arithmetic:
            self.arithmetic.append(line)

    def _prepare_optimizer(self, path: str, optimizer: LiveOptimizer) -> None:
        """Compare an optimizer with the state's, and have it make its variables."""
        saved = self._saved_object(path)
        if saved is None or saved["type"] != "optimizer":
            return
        described = optimizer.describe()
        differences = optimizers.compare(saved, described)
        self.different += [f"{path or 'the optimizer'}: {text}" for text in differences]
        if saved["class"] != described["class"]:
            self._excluded.update(entry.key for entry in optimizer.entries())
            return
        self._compare_arithmetic(saved, described)
        if optimizer.has_slots:
            if not saved["stepped"]:
                self._reset(path, optimizer)
            return
        wanted = self._slots_wanted(path)
        known = {reference.whole for reference in optimizer.references}
        if saved["stepped"] and wanted <= known:
            keys = wanted | set(self.live.trainable_keys(path))
            if keys:
                optimizer.make_slots(keys)
                self.live.refresh_optimizer(path)

    def _slots_wanted(self, path: str) -> set[str]:
        """Return the keys of the weights for which the state has slots of an optimizer."""
        wanted = set()
        for candidate in (path, *self._renamed(path)):
            prefix = _naming.join(candidate, "slots") + "/"
            for key in self.document.entries:
                if key.startswith(prefix):
                    wanted.add(key[len(prefix) :].partition("/")[2])
        return wanted

    def _reset(self, path: str, optimizer: LiveOptimizer) -> None:
        """The state was saved before the first step: its optimizer has no variables yet."""
        self.resets[path] = [
            entry for entry in optimizer.entries() if self._saved_key(entry.key) is None
        ]

    def _require_built(self) -> None:
        keys = [key for key in self.document.entries if self.part.holds(key)]
        unbuilt = [
            path or "the object itself"
            for path in self.live.unbuilt
            if any(
                key.startswith(path + "/" if path else "") and key not in self.live.entries
                for key in keys
            )
        ]
        if unbuilt:
            raise NotBuiltError(
                "The state has values for layers that are not built yet, so that their variables "
                "do not exist:\n"
                + "\n".join(f"  {path}" for path in unbuilt)
                + "\nCall the model on a batch of data, or call its build(input_shape), and then "
                "restore_state again. Nothing has changed."
            )

    def _match(self) -> None:
        used = set()
        reset = {entry.key for found in self.resets.values() for entry in found}
        for key in [*self.live.entries, *self.live.values]:
            if not self.part.holds(key):
                continue
            saved_key = self._saved_key(key)
            if saved_key is None:
                if self._may_lack(key):
                    self.skipped.append(key)
                elif key not in reset:
                    self.missing.append(key + self._option(key, "live"))
                continue
            used.add(saved_key)
            difference = self._difference(key, self.document.entries[saved_key])
            if difference:
                self.different.append(f"{key}: {difference}")
            elif key not in self._excluded:
                self.pairs[key] = saved_key
        for key, saved in self.document.entries.items():
            if key not in used and self.part.holds(key):
                if saved.kind == entries.SEED:
                    self.skipped.append(key)
                else:
                    self.unexpected.append(key + self._option(key, "saved"))

    def _may_lack(self, key: str) -> bool:
        """Tell whether a state may be without a live entry, which then stays as it is."""
        entry = self.live.entries.get(key)
        if entry is not None and entry.optional:
            return True
        if "format" not in self.document.writer:
            return False
        # Not every native format holds the optimizer, and of those that do some leave out the
        # learning rate, which code sets.
        path, _, name = key.rpartition("/")
        if name == "learning_rate" and path in self.live.optimizers:
            return True
        return any(_naming.is_within(key, path) for path in self.without_optimizer)

    def _option(self, key: str, holder: str) -> str:
        before, slots, after = ("/" + key).rpartition("/slots/")
        if not slots or before[1:] not in self.live.optimizers:
            return ""
        return optimizers.option_of(after.partition("/")[0])

    def _difference(self, key: str, saved: StateEntry) -> str | None:
        entry = self.live.entries.get(key)
        if entry is None:
            return _value_difference(self.live.values[key], saved)
        if saved.kind != entry.kind:
            return f"{_named(saved.kind)} in the state, {_named(entry.kind)} here"
        if entry.kind == entries.ITERATOR:
            writer = self.document.writer.get("tensorflow", "0")
            if not _runtime.reads_iterators_of(writer):
                return (
                    f"a dataset iterator of TensorFlow {writer}, which TensorFlow "
                    f"{_runtime.runtime().tensorflow} cannot go on with; skip its elements instead"
                )
        if saved.dtype != entry.dtype:
            integers = entry.kind in (entries.COUNTER, entries.SEED)
            if not (integers and "int" in saved.dtype):
                return f"{saved.dtype} in the state, {entry.dtype} here"
        if entry.shape == saved.shape:
            return None
        if len(entry.shape) != len(saved.shape) or any(
            here is not None and here != there for here, there in zip(entry.shape, saved.shape)
        ):
            if entry.shape == (None,) and entry.kind == entries.VARIABLE:
                return None  # a variable of unknown rank takes any shape
            return f"shape {_shape(saved.shape)} in the state, {_shape(entry.shape)} here"
        return None

    def raise_mismatch(self) -> None:
        if self.missing or self.unexpected or self.different:
            source = source_of(self.document)
            raise StateMismatchError(
                f"{source[0].upper()}{source[1:]}, does not fit the live objects; nothing has "
                "changed.",
                missing=self.missing,
                unexpected=self.unexpected,
                different=self.different,
                advice="Pass strict=False to restore what matches and leave the rest."
                + self._near_matches(),
            )

    def _near_matches(self) -> str:
        """Suggest in words which names of a native artifact may be what is missing."""
        if "format" not in self.document.writer:
            return ""
        left = [name.removesuffix(native.IN_FILE) for name in self.unexpected]
        near = {}
        for key in self.missing[:_MOST_SUGGESTIONS]:
            entry = self.live.entries.get(key)
            if isinstance(entry, entries.VariableEntry):
                name = native.near_match(_naming.path_of(entry.variable), left)
                name = name or native.near_match(key, left)
                if name:
                    near[name] = key
        if not near:
            return ""
        return f" `names=` tells which name of the file is which key; near matches are {near}."


def _shape(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("?" if d is None else str(d) for d in shape) + ")"


def _named(kind: str) -> str:
    if kind == entries.ARRAY:
        return "a NumPy array"
    return f"a Python {kind}" if kind in entries.VALUES else f"a {kind}"


def _value_difference(value: Any, saved: StateEntry) -> str | None:
    kind = str(entries.value_kind(value))
    if kind == entries.ARRAY and saved.kind == entries.ARRAY:
        dtype = entries.array_dtype(np.asarray(value))
        if dtype != saved.dtype:
            return f"{saved.dtype} in the state, {dtype} here"
        if value.shape != saved.shape:
            return f"shape {_shape(saved.shape)} in the state, {_shape(value.shape)} here"
        return None
    known = (*entries.VALUES, entries.ARRAY)
    if saved.kind in known and "NoneType" in (kind, saved.kind):
        return None  # None stands for a value that is not there yet, or not yet
    if kind == saved.kind or (kind in entries.NUMBERS and saved.kind in entries.NUMBERS):
        return None
    return f"{_named(saved.kind)} in the state, {_named(kind)} here"


def _commit(matched: _Match, tensors: dict[str, Any], document: Manifest) -> Any:
    """Write every value. What can fail comes first, and is undone when it does."""
    live = matched.live
    values: dict[str, Any] = {}
    variables: list[tuple[entries.Entry, str]] = []
    others: list[tuple[entries.Entry, Any]] = []
    for key, saved in matched.pairs.items():
        if key in live.values:
            kind = document.entries[saved].kind
            try:
                values[key] = entries.decode(kind, tensors[saved].numpy(), live.values[key])
            except UnicodeDecodeError as error:
                raise BadStateError(
                    f"{key}: bytes in the state that are no text, and an array of text here. "
                    "Nothing has changed."
                ) from error
            continue
        entry = live.entries[key]
        if entry.dtype != document.entries[saved].dtype:
            tensors[saved] = _as_integer(tensors[saved], entry)
        if isinstance(entry, (entries.VariableEntry, entries.PartitionedEntry)):
            variables.append((entry, saved))
        else:
            others.append((entry, tensors[saved]))
    undo: list[tuple[entries.Entry, Any]] = []
    key = ""
    try:
        for entry, tensor in others:
            key = entry.key
            undo.append((entry, entry.read()))
            entry.write(tensor)
    except Exception as error:
        for entry, before in reversed(undo):
            with contextlib.suppress(Exception):  # what failed once may fail again
                entry.write(before)
        if isinstance(error, TfcompatError):
            raise
        raise BadStateError(
            f"{key} could not be restored, and nothing has changed. It is from "
            f"{source_of(document)}. {error}"
        ) from error
    uses = collections.Counter(saved for _, saved in variables)
    for entry, saved in variables:
        # Dropped at once, so that no more than one copy of the state is alive. What was one
        # object when it was saved may be several here.
        uses[saved] -= 1
        entry.write(tensors[saved] if uses[saved] else tensors.pop(saved))
    for path, found in matched.resets.items():
        # After the weights, which an average of weights starts from.
        fresh = {entry.key: entry for entry in live.optimizers[path].initial_entries()}
        for entry in found:
            if entry.key in fresh:
                entry.write(fresh[entry.key].read())
    for path, finalize in live.finalizers.items():
        if any(entry.key.rpartition("/")[0] == path for entry, _ in variables):
            finalize()
    return _graph.replace_values(live.objects, "", values) if values else live.objects


def _as_integer(tensor: Any, entry: entries.Entry) -> Any:
    """Convert a counter or seed to the width it has here."""
    tf = _runtime.tensorflow()
    converted = tf.cast(tensor, entry.dtype)
    if not np.array_equal(converted.numpy().astype(object), tensor.numpy().astype(object)):
        raise BadStateError(
            f"{entry.key}: {tensor.numpy()} does not fit into {entry.dtype}. Nothing has changed."
        )
    return converted
