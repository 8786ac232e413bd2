"""The variables of an optimizer under names that are the same in every era.

Three families of optimizers share the class names: `OptimizerV2` (up to 2.10, and
`tf.keras.optimizers.legacy`), the rewritten ones of Keras 2 (from 2.11, and `experimental` in
2.9 and 2.10), and those of Keras 3. Each has its own public way to reach a slot variable; the
tables below translate what each calls a slot.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from tfcompat import _kinds, _naming, _runtime
from tfcompat.errors import UnsupportedObjectError
from tfcompat.state.entries import COUNTER, VARIABLE, Entry, PartitionedEntry, VariableEntry

OPTIMIZER_V2 = "OptimizerV2"
KERAS_2 = "Keras 2"
KERAS_3 = "Keras 3"

# What each class calls a slot, in any of the families, and its name in a state, which is the
# one of Keras 3. A name that is not listed stays.
_ADAM = {"m": "momentum", "v": "velocity", "vhat": "velocity_hat"}
_SLOT_NAMES = {
    "SGD": {"m": "momentum"},
    "Adam": _ADAM,
    "AdamW": _ADAM,
    "Nadam": _ADAM,
    "Lion": {"m": "momentum"},
    "Adamax": {"m": "momentum", "v": "norm", "u": "norm"},
    "RMSprop": {"rms": "velocity", "mg": "average_gradient"},
    "Adadelta": {"accum_grad": "accumulated_grad", "accum_var": "accumulated_delta_var"},
    "Adafactor": {"v": "velocity"},
}

# Keras's own classes, whose names the variables of an optimizer may carry.
CLASSES = frozenset((*_SLOT_NAMES, "Adagrad", "Ftrl"))

# What each family calls the product of Nadam's momentum schedule, which belongs to no weight.
# `experimental` of 2.9 and Keras 3 give it no name, so that it has an automatic one.
_PRODUCT_NAMES = ("momentum_cache", "_u_product", "Variable", "variable")
_PRODUCT = "u_product"
_NUMBER = re.compile(r"_\d+$")

# Slots that Keras 3.0 names after no weight (Adagrad, Ftrl); they stand in the weights' order.
_UNNAMED_SLOTS = ("accumulator",)

# Adafactor's slots that have another shape than the weight.
_FACTORS = ("r", "c")

# The option without which a class has, or does not use, a slot.
_OPTION_OF_SLOT = {
    "momentum": "momentum",
    "velocity_hat": "amsgrad",
    "average_gradient": "centered",
    "average": "use_ema",
    "gradient_accumulator": "gradient_accumulation_steps",
}

# How many bytes of weights are copied at a time while slots are made.
_CHUNK = 64 * 2**20


@dataclasses.dataclass(frozen=True)
class Reference:
    """A variable that an optimizer may have slots for.

    Attributes:
        key: its key; that of a part has a number at its end.
        variable: the variable, or a part of a partitioned one.
        whole: the key that the state has for it, or for the variable that it is a part of.
    """

    key: str
    variable: Any
    whole: str

    @property
    def names(self) -> set[str]:
        """What the variable's name may be inside the name of a slot."""
        path = _naming.path_of(self.variable)
        flat = str(self.variable.name).replace("/", "_").replace(":", "_")
        return {path, path.replace("/", "_"), flat}


class LiveOptimizer:
    """One live optimizer: its entries, and what a state must say about it."""

    def __init__(self, path: str, optimizer: Any, references: list[Reference]) -> None:
        self.path = path
        self.outer = optimizer
        # A loss-scaling wrapper is transparent: its own two variables come beside the others.
        self.inner = getattr(optimizer, "inner_optimizer", optimizer)
        self.references = references
        if hasattr(self.inner, "get_slot_names"):
            self.family = OPTIMIZER_V2
        elif _kinds.keras_of(self.inner).seed_generator is None:
            self.family = KERAS_2
        else:
            self.family = KERAS_3
        classes = [cls.__name__ for cls in type(self.inner).__mro__]
        self.has_product = "Nadam" in classes
        self._slot_names = next((_SLOT_NAMES[c] for c in classes if c in _SLOT_NAMES), {})
        self._config = self.inner.get_config()

    def describe(self) -> dict[str, Any]:
        """Return what the manifest says of this optimizer."""
        return {
            "type": "optimizer",
            "class": type(self.inner).__name__,
            "family": self.family,
            "loss_scaling": self.outer is not self.inner,
            "schedule": self.has_schedule,
            # Those that add variables: without a slot to show it, too, an option counts.
            "options": [name for name in _OPTION_OF_SLOT.values() if self._config.get(name)],
            # SGD without momentum has no variables but the counter.
            "stepped": self.has_slots or bool(self._iterations.numpy()),
        }

    @property
    def _iterations(self) -> Any:
        """The variable that counts calls.

        From Keras 3.3 on `iterations` of an optimizer that accumulates gradients is no
        variable: it is computed from the first of `variables`.
        """
        return self.inner.variables[0] if self.family == KERAS_3 else self.inner.iterations

    @property
    def has_schedule(self) -> bool:
        """Whether the learning rate is a schedule, which is code and no state."""
        # A serialized schedule is a dictionary in every era.
        return isinstance(self._config.get("learning_rate"), dict)

    def entries(self) -> list[Entry]:
        """Return an entry for each variable that decides about the next steps."""
        entries: list[Entry] = [
            VariableEntry(_naming.join(self.path, "iterations"), self._iterations, COUNTER)
        ]
        if not self.has_schedule and "learning_rate" in self._config:
            entries.append(self._learning_rate())
        slots, scalars = self._variables()
        entries += self._slot_entries(slots)
        entries += [
            VariableEntry(_naming.join(self.path, _naming.escape(name)), scalar)
            for name, scalar in scalars.items()
        ]
        return entries + self._loss_scale()

    def _slot_entries(self, slots: dict[tuple[str, str], Any]) -> Iterator[Entry]:
        pieces = {
            one.key: (position, one.whole)
            for position, one in enumerate(self.references)
            if one.key != one.whole
        }
        parts: dict[tuple[str, str], dict[int, VariableEntry]] = {}
        for (slot, key), variable in slots.items():
            entry = VariableEntry(self.slot_key(slot, key), variable)
            # A factor has another shape than the part of the weight that it stands for.
            if key in pieces and slot not in _FACTORS:
                position, whole = pieces[key]
                parts.setdefault((slot, whole), {})[position] = entry
            else:
                yield entry
        for name, found in parts.items():
            yield PartitionedEntry(self.slot_key(*name), [found[i] for i in sorted(found)])

    def slot_key(self, slot: str, reference: str) -> str:
        """Return the key of a weight's slot."""
        return _naming.join(self.path, "slots", slot, reference)

    @property
    def lacks_momentum(self) -> bool:
        """Whether the class has an option `momentum` that is off."""
        return bool(self._config.get("momentum", 1) == 0)

    def slot_name(self, name: str) -> str:
        """Return the name that a slot has in a state for what any family calls it."""
        return self._slot_names.get(name, name)

    def _learning_rate(self) -> Entry:
        inner = self.inner

        def read() -> Any:
            # Up to 2.10 this is a Python number until the first step.
            rate = inner.learning_rate
            rate = rate.numpy() if hasattr(rate, "numpy") else rate
            return _runtime.tensorflow().constant(np.float32(rate))

        def write(tensor: Any) -> None:
            inner.learning_rate = float(tensor.numpy())

        return Entry(_naming.join(self.path, "learning_rate"), VARIABLE, "float32", (), read, write)

    def _loss_scale(self) -> list[Entry]:
        if self.outer is self.inner:
            return []
        scale_key = _naming.join(self.path, "loss_scale")
        counter_key = _naming.join(self.path, "loss_scale_steps")
        if self.family == KERAS_3:
            if not self.outer.built:
                return []
            return [
                VariableEntry(scale_key, self.outer.dynamic_scale),
                VariableEntry(counter_key, self.outer.step_counter, COUNTER),
            ]
        if not self.outer.dynamic:
            return []  # a fixed scale is code and no state
        outer = self.outer
        return [
            Entry(
                scale_key, VARIABLE, "float32", (),
                lambda: _runtime.tensorflow().identity(outer.loss_scale),
                lambda tensor: _write_through_checkpoint(
                    outer, ("loss_scale", "current_loss_scale"), tensor
                ),
            ),
            VariableEntry(counter_key, outer.dynamic_counter, COUNTER),
        ]  # fmt: skip

    def _variables(self) -> tuple[dict[tuple[str, str], Any], dict[str, Any]]:
        """Return ({(slot, key of the weight): variable}, {name: variable of no weight})."""
        slots, rest = (
            self._slots_by_name() if self.family != OPTIMIZER_V2 else self._slots_of_optimizer_v2()
        )
        scalars = {
            _PRODUCT
            if self.has_product and _NUMBER.sub("", name) in _PRODUCT_NAMES
            else name: variable
            for name, variable in rest.items()
        }
        used = {}
        for (slot, key), variable in slots.items():
            slot = self.slot_name(slot)
            # 2.11 to 2.15 give SGD a momentum variable that it does not use without momentum.
            if slot == "momentum" and self.lacks_momentum:
                continue
            used[slot, key] = variable
        return used, scalars

    def _slots_of_optimizer_v2(self) -> tuple[dict[tuple[str, str], Any], dict[str, Any]]:
        slots: dict[tuple[str, str], Any] = {}
        known = {id(self.inner.iterations)}
        names = list(self.inner.get_slot_names())
        for reference in self.references:
            for name in names:
                try:
                    slot = self.inner.get_slot(reference.variable, name)
                except (KeyError, TypeError):  # no slot of this name, or none at all
                    continue
                slots[name, reference.key] = slot
                known.add(id(slot))
        rest: dict[str, Any] = {}
        for variable in self.inner.weights:
            if id(variable) not in known:
                self._add_rest(rest, variable)
        return slots, rest

    def _slots_by_name(self) -> tuple[dict[tuple[str, str], Any], dict[str, Any]]:
        """Tell by its name which slot of which weight each variable is.

        The name holds both: `Adam/m/dense/kernel` in Keras 2, `adam/dense_kernel_momentum` in
        Keras 3. Weights of one name are told apart by their order.
        """
        owners: dict[int, str] = {}
        if self.family == KERAS_3:
            updated = self._updated()
        else:
            updated, owners = self._recognized()
        candidates: dict[str, list[Reference]] = {}
        for reference in updated:
            for name in reference.names:
                candidates.setdefault(name, []).append(reference)
        slots: dict[tuple[str, str], Any] = {}
        rest: dict[str, Any] = {}
        pending: list[Any] = []
        for variable in self._own_variables():
            path = _naming.path_of(variable)
            splits = _keras_3_splits(path) if self.family == KERAS_3 else _keras_2_splits(path)
            for slot, name in splits:
                taken = [
                    reference
                    for reference in candidates.get(name, ())
                    if (slot, reference.key) not in slots
                    and owners.get(id(variable), reference.key) == reference.key
                    and (slot in _FACTORS or reference.variable.shape == variable.shape)
                ]
                if taken:
                    key = taken[0].key
                    if self._is_factored(slot, taken[0], pending):
                        slots["r", key], slots["c", key] = pending[-2:]
                    pending.clear()
                    slots[slot, key] = variable
                    break
            else:
                name = _naming.short_name(variable)
                unnamed = sum(slot == name for slot, _ in slots)
                if self.family == KERAS_3 and name in _UNNAMED_SLOTS and unnamed < len(updated):
                    slots[name, updated[unnamed].key] = variable
                elif "Adafactor" in type(self.inner).__name__ and self.family == KERAS_3:
                    pending.append(variable)
                else:
                    self._add_rest(rest, variable)
        if self.has_product and self.family == KERAS_2 and slots:
            # Not before the slots are there: on 2.21 an optimizer whose children were listed
            # once no longer lists those that it gets later.
            rest.update(_hidden_product(self.inner))
        return slots, rest

    def _add_rest(self, rest: dict[str, Any], variable: Any) -> None:
        """Add a variable that is no slot of a weight in the state, under its short name."""
        name = _naming.short_name(variable)
        # Keras's own optimizers have nothing but slots that is no scalar.
        is_slot = len(variable.shape) > 0 and _kinds.keras_of(self.inner).owns(type(self.inner))
        if is_slot or name in rest:
            raise UnsupportedObjectError(
                f"{self.path or 'The optimizer'}: {type(self.inner).__name__} has variables for "
                f"weights that are not part of the state, {_naming.path_of(variable)!r} among "
                "them. Pass the model, or the variables it updates, along with it."
            )
        rest[name] = variable

    def _updated(self) -> list[Reference]:
        """Return the weights that an optimizer was built for, in its order.

        Those of Keras 3 keep them in a list, which tells weights of one name apart.
        """
        known = {id(reference.variable): reference for reference in self.references}
        for held in vars(self.inner).values():
            if isinstance(held, list) and held and all(id(one) in known for one in held):
                return [known[id(one)] for one in held]
        return self.references

    def _recognized(self) -> tuple[list[Reference], dict[int, str]]:
        """Tell weights of one name apart, for which Keras 2 has slots of one name.

        Keras 2 tells by a KeyError that it does not know a variable. It is asked for the update
        of each in doubt while TensorFlow traces, so that nothing is updated; the trace names the
        slots that it would update.

        Returns:
            The weights without those of other optimizers that have the name of one of this
            one's, and the key of the weight by the identity of each slot that was in doubt.
        """
        counts: dict[str, int] = {}
        for reference in self.references:
            path = _naming.path_of(reference.variable)
            counts[path] = counts.get(path, 0) + 1
        own = {id(variable) for variable in self._own_variables()}
        if all(count == 1 for count in counts.values()) or not own:
            return self.references, {}
        known: list[Reference] = []
        owners: dict[int, str] = {}
        for reference in self.references:
            if counts[_naming.path_of(reference.variable)] > 1:
                used = self._used_by_update(reference.variable)
                if used is None:
                    continue
                owners.update((number, reference.key) for number in used & own)
            known.append(reference)
        return known, owners

    def _used_by_update(self, variable: Any) -> set[int] | None:
        """Return the identities of what an update reads and writes; None for a foreign variable."""
        tf = _runtime.tensorflow()
        if not (variable.dtype.is_floating or variable.dtype.is_complex):
            return None  # has no gradient; Adam computes with its dtype before it looks for it

        def update() -> None:
            self.inner.update_step(tf.zeros_like(variable), variable)

        try:
            traced = tf.function(update, autograph=False).get_concrete_function()
        except KeyError:
            return None
        return {id(used) for used in traced.variables}

    def _is_factored(self, slot: str, reference: Reference, pending: list[Any]) -> bool:
        """Tell whether the two variables before Adafactor's velocity are its factors.

        Keras 3 names them after the weight alone, and has placeholders for them where a weight
        of less than two dimensions is not factored.
        """
        return slot == "velocity" and len(pending) >= 2 and len(reference.variable.shape) >= 2

    def _own_variables(self) -> list[Any]:
        variables = self.inner.variables
        variables = variables() if callable(variables) else variables
        # 2.9 keeps the present rate of a schedule in a variable as well.
        skipped = (id(self._iterations), id(getattr(self.inner, "learning_rate", None)))
        return [
            part
            for variable in variables
            if id(variable) not in skipped
            # tf_keras lists the slots of a partitioned weight as partitioned variables.
            for part in _kinds.parts_of(variable)
        ]

    def build_order(self) -> list[Reference]:
        """Return the weights in the order in which the optimizer has their slots.

        One that has none yet will make them in the order of the references.
        """
        if self.family == KERAS_3 or not self.has_slots:
            return self._updated() if self.family == KERAS_3 else self.references
        positions = {id(variable): i for i, variable in enumerate(self._own_variables())}
        first: dict[str, int] = {}
        for (_, key), variable in self._variables()[0].items():
            position = positions.get(id(variable), len(positions))
            first[key] = min(position, first.get(key, position))
        known = [reference for reference in self.references if reference.key in first]
        return sorted(known, key=lambda reference: first[reference.key])

    @property
    def has_slots(self) -> bool:
        """Whether the optimizer has made its variables."""
        if self.family == KERAS_3:
            return bool(self.outer.built)
        if self.family == KERAS_2:
            return bool(self._own_variables())
        return bool(self.inner.weights) and len(self.inner.weights) > 1

    def initial_entries(self) -> list[Entry]:
        """Return the entries of an optimizer like this one that is about to take a step."""
        with _scope_of(reference.variable for reference in self.references):
            fresh = type(self.outer).from_config(self.outer.get_config())
        like = LiveOptimizer(self.path, fresh, self.references)
        prefix = _naming.join(self.path, "slots") + "/"
        keys = [e.key[len(prefix) :] for e in self.entries() if e.key.startswith(prefix)]
        like.make_slots(key.partition("/")[2] for key in keys)
        return like.entries()

    def make_slots(self, keys: Iterable[str]) -> None:
        """Make the variables that the optimizer makes at its first step.

        The weights stay as they are.

        Args:
            keys: of the weights that the optimizer will update.
        """
        wanted = set(keys)
        variables = [r.variable for r in self.references if {r.key, r.whole} & wanted]
        # What is made elsewhere has one value for all replicas, which each of them then updates.
        with _scope_of(variables):
            if self.family == OPTIMIZER_V2:
                self._make_slots_by_steps(variables)
            else:
                (self.outer if self.family == KERAS_3 else self.inner).build(variables)

    def _make_slots_by_steps(self, variables: list[Any]) -> None:
        # `OptimizerV2` makes slots only while it applies gradients. Zero gradients do move
        # weights (Ftrl's, or with momentum) and counters, so each is put back.
        tf = _runtime.tensorflow()
        iterations = self.inner.iterations
        before = iterations.read_value()
        for chunk in _chunks(variables):
            kept = [variable.read_value() + 0 for variable in chunk]
            try:
                if tf.distribute.in_cross_replica_context():
                    tf.distribute.get_strategy().run(self._apply_zeros, args=(chunk,))
                else:
                    self._apply_zeros(chunk)
            finally:
                for variable, value in zip(chunk, kept):
                    variable.assign(value)
                iterations.assign(before)
        for variable in self.inner.weights:
            if _naming.short_name(variable) == "momentum_cache":
                variable.assign(tf.ones_like(variable))

    def _apply_zeros(self, variables: list[Any]) -> None:
        tf = _runtime.tensorflow()
        self.inner.apply_gradients([(tf.zeros_like(v), v) for v in variables])


def _scope_of(variables: Iterable[Any]) -> AbstractContextManager[Any]:
    """Return the scope of the distribution strategy under which variables were made."""
    for variable in variables:
        strategy = getattr(_naming.tensor_variable(variable), "distribute_strategy", None)
        if strategy is not None:
            scope: AbstractContextManager[Any] = strategy.scope()
            return scope
    return contextlib.nullcontext()


def _keras_2_splits(path: str) -> list[tuple[str, str]]:
    parts = path.split("/")
    return [(parts[i - 1], "/".join(parts[i:])) for i in range(1, len(parts))]


def _keras_3_splits(path: str) -> list[tuple[str, str]]:
    name = path.rpartition("/")[2]
    cuts = [i for i, character in enumerate(name) if character == "_"]
    # The longest name of a weight first: `a_kernel` before `a`.
    return [(name[cut + 1 :], name[:cut]) for cut in reversed(cuts)]


def _hidden_product(optimizer: Any) -> dict[str, Any]:
    """Find the product that Nadam tracks, but keeps out of `variables` from 2.11 to 2.15."""
    view = getattr(_runtime.tensorflow().train, "TrackableView", None)
    if view is None:
        return {}
    children = view(optimizer).children(optimizer)
    return {name: child for name, child in children.items() if name in _PRODUCT_NAMES}


def _chunks(variables: list[Any]) -> Iterable[list[Any]]:
    chunk: list[Any] = []
    size = 0
    for variable in variables:
        chunk.append(variable)
        size += int(np.prod(variable.shape.as_list(), dtype=np.int64)) * variable.dtype.size
        if size > _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _write_through_checkpoint(root: Any, edges: tuple[str, ...], value: Any) -> None:
    """Set a variable that only `tf.train.Checkpoint` reaches, by the names of its edges.

    Keras 2 shows the loss scale but has no public way to set it; it does restore it.
    """
    tf = _runtime.tensorflow()
    node: Any = tf.Variable(value)
    for edge in reversed(edges):
        parent = tf.train.Checkpoint()
        setattr(parent, edge, node)
        node = parent
    with tempfile.TemporaryDirectory() as directory:
        prefix = tf.train.Checkpoint(root=node).write(os.path.join(directory, "value"))
        tf.train.Checkpoint(root=root).read(prefix).expect_partial()


def option_of(slot: str) -> str:
    """Return the optimizer's argument that asks for a slot, in words, or nothing."""
    option = _OPTION_OF_SLOT.get(slot)
    return f" (the option `{option}`)" if option else ""


def compare(saved: dict[str, Any], live: dict[str, Any]) -> list[str]:
    """Return in words what makes two optimizers unfit for each other's state."""
    if saved["class"] != live["class"]:
        return [f"the state is of {saved['class']}, the live optimizer is {live['class']}"]
    differences = []
    for field, text in (
        ("schedule", "a learning-rate schedule"),
        ("loss_scaling", "loss scaling"),
    ):
        if saved[field] != live[field]:
            holder, other = ("saved", "live") if saved[field] else ("live", "saved")
            differences.append(f"the {holder} optimizer has {text}, the {other} one has not")
    for option in sorted({*saved["options"]} ^ {*live["options"]}):
        holder, other = ("saved", "live") if option in saved["options"] else ("live", "saved")
        differences.append(f"the {holder} optimizer has the option `{option}`, the {other} one not")
    return differences
