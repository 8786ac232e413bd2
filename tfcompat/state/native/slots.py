"""The variables of an optimizer in a file: which slot of which weight each is.

Most formats name them, and the names tell. `.keras` and `.weights.h5` have them in a row: their
order is the one in which the optimizer made them.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfcompat.state.optimizers import KERAS_2, KERAS_3, OPTIMIZER_V2

# The old optimizers of standalone Keras, up to 2.3. What a manifest calls their family is that of
# TensorFlow's OptimizerV2, which computes the same.
STANDALONE = "standalone"


@dataclasses.dataclass(frozen=True)
class Block:
    """Slots that an optimizer makes together.

    Attributes:
        slots: their names, which are those of Keras 3; all of one weight stand together.
        option: the argument without which there are none.
    """

    slots: tuple[str, ...]
    option: str = ""


_AVERAGES = (Block(("average",), "use_ema"),)
_ACCUMULATED = (Block(("gradient_accumulator",), "gradient_accumulation_steps"),)
_ADAM = (Block(("momentum", "velocity")), Block(("velocity_hat",), "amsgrad"))

# The slots of each class in the order of 2.11 and later, which Keras 3 has kept.
_BLOCKS: dict[str, tuple[Block, ...]] = {
    "SGD": (Block(("momentum",), "momentum"),),
    "Adam": _ADAM,
    "AdamW": _ADAM,
    "Nadam": (Block(("momentum", "velocity")),),
    "Adamax": (Block(("momentum", "norm")),),
    "RMSprop": (
        Block(("velocity",)),
        Block(("momentum",), "momentum"),
        Block(("average_gradient",), "centered"),
    ),
    "Adagrad": (Block(("accumulator",)),),
    "Adadelta": (Block(("accumulated_grad", "accumulated_delta_var")),),
    "Ftrl": (Block(("accumulator", "linear")),),
    "Lion": (Block(("momentum",)),),
    "Lamb": (Block(("momentum", "velocity")),),
    "Adafactor": (Block(("r", "c", "velocity")),),
}

# Slots that there are without the option, and are not used.
_ALWAYS_MADE = {(KERAS_2, "SGD", "momentum"), (STANDALONE, "SGD", "momentum")}

# The optimizers of standalone Keras: each slot of all the weights, one after the other.
_STANDALONE_BLOCKS: dict[str, tuple[Block, ...]] = {
    "SGD": (Block(("momentum",), "momentum"),),
    "RMSprop": (Block(("velocity",)),),
    "Adagrad": (Block(("accumulator",)),),
    "Adadelta": (Block(("accumulated_grad",)), Block(("accumulated_delta_var",))),
    "Adam": (Block(("momentum",)), Block(("velocity",)), Block(("velocity_hat",), "amsgrad")),
    "Adamax": (Block(("momentum",)), Block(("norm",))),
    "Nadam": (Block(("momentum",)), Block(("velocity",))),
}

# What any release calls a slot, by what it is called here. Names that are not here are not slots.
_ADAM_NAMES = {"m": "momentum", "v": "velocity", "vhat": "velocity_hat"}
_OLD_NAMES: dict[str, dict[str, str]] = {
    "SGD": {"m": "momentum"},
    "Adam": _ADAM_NAMES,
    "AdamW": _ADAM_NAMES,
    "Nadam": _ADAM_NAMES,
    "Lion": {"m": "momentum"},
    "Adamax": {"m": "momentum", "v": "norm", "u": "norm"},
    "RMSprop": {"rms": "velocity", "mg": "average_gradient"},
    "Adadelta": {"accum_grad": "accumulated_grad", "accum_var": "accumulated_delta_var"},
    "Adafactor": {"v": "velocity"},
}

# The variables of an optimizer that belong to no weight, by the last part of their names.
SCALARS = {
    "iter": "iterations",
    "iteration": "iterations",
    "iterations": "iterations",
    "learning_rate": "learning_rate",
    "current_learning_rate": "learning_rate",
    "momentum_cache": "u_product",
    "_u_product": "u_product",
    "variable": "u_product",
    "Variable": "u_product",
    "step_counter": "loss_scale_steps",
    "dynamic_scale": "loss_scale",
}
_NUMBER = re.compile(r"_\d+$")


def scalar_of(name: str) -> str | None:
    """Return the key below the optimizer of a variable that belongs to no weight, or None."""
    short = name.partition(":")[0].rpartition("/")[2]
    return SCALARS.get(short) or SCALARS.get(_NUMBER.sub("", short))


@dataclasses.dataclass
class SavedOptimizer:
    """What a file says of its optimizer.

    Attributes:
        name: of its class; empty when the file does not tell.
        options: its arguments; None when the file does not tell.
        family: one of those of `tfcompat.state.optimizers`, or `STANDALONE`.
        loss_scaling: whether it is wrapped in loss scaling; None when the file does not tell.
    """

    name: str = ""
    options: dict[str, Any] | None = None
    family: str = ""
    loss_scaling: bool | None = None

    @property
    def learning_rate(self) -> float | None:
        """The learning rate, unless it is a schedule, which is code and no state."""
        options = self.options or {}
        rate = options.get("learning_rate", options.get("lr"))
        is_number = isinstance(rate, (int, float)) and not isinstance(rate, bool)
        return float(rate) if is_number else None  # type: ignore[arg-type]

    @property
    def has_schedule(self) -> bool:
        """Whether the learning rate is a schedule."""
        return isinstance((self.options or {}).get("learning_rate"), dict)

    def describe(self, stepped: bool) -> dict[str, Any]:
        """Return what a manifest would say of it, as far as the file tells."""
        described: dict[str, Any] = {"type": "optimizer", "stepped": stepped}
        if self.family:
            described["family"] = OPTIMIZER_V2 if self.family == STANDALONE else self.family
        if self.name:
            described["class"] = self.name
        if self.loss_scaling is not None:
            described["loss_scaling"] = self.loss_scaling
        if self.options is not None:
            described["schedule"] = self.has_schedule
            named = ("momentum", "amsgrad", "centered", "use_ema", "gradient_accumulation_steps")
            described["options"] = [name for name in named if self.options.get(name)]
        return described


def saved_optimizer(document: Any) -> SavedOptimizer:
    """Read what Keras writes of an optimizer: the name of its class and its arguments."""
    if not isinstance(document, dict) or not isinstance(document.get("config"), dict):
        return SavedOptimizer()
    options = document["config"]
    # The one inside a `LossScaleOptimizer`; up to 2.3 that was an experimental class.
    inner = options.get("inner_optimizer", options.get("optimizer"))
    if isinstance(inner, dict):
        found = saved_optimizer(inner)
        found.loss_scaling = True
        return found
    # A registered class is `package>name`.
    name = str(document.get("class_name", "")).rpartition(">")[2]
    # Standalone Keras and `tf.keras.optimizers.get` let a name be in lower case.
    names = {known.lower(): known for known in _BLOCKS}
    return SavedOptimizer(names.get(name, name), options, loss_scaling=False)


def slot_name(cls: str, name: str) -> str | None:
    """Return what a slot is called here, or None when a name is not that of a slot of a class."""
    name = _OLD_NAMES.get(cls, {}).get(name, name)
    blocks = (*_AVERAGES, *_ACCUMULATED, *_BLOCKS.get(cls, ()))
    known = {slot for block in blocks for slot in block.slots}
    return name if name in known or cls not in _BLOCKS else None


def splits(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield how the name of a slot variable may be read: (family, slot, name of the weight).

    It is `Adam/m/dense/kernel` from 2.11 to 2.15, `Adam/dense/kernel/m` before, and
    `adam/dense_kernel_momentum` in Keras 3. The longest name of a weight comes first.
    """
    parts = name.partition(":")[0].split("/")
    for start in range(1, len(parts)):
        yield KERAS_2, parts[start - 1], "/".join(parts[start:])
    for start in range(len(parts) - 1):
        yield OPTIMIZER_V2, parts[-1], "/".join(parts[start:-1])
    flat = parts[-1]
    for cut in reversed([i for i, character in enumerate(flat) if character == "_"]):
        yield KERAS_3, flat[cut + 1 :], flat[:cut]


def find_slot(
    cls: str, name: str, weights: Mapping[str, Any], flat: Mapping[str, Any]
) -> tuple[str, str, Any] | None:
    """Return (family, slot, weight) of a slot variable by its name, or None.

    Args:
        cls: the class of the optimizer, as far as it is known.
        name: of the slot variable.
        weights: the weights by name.
        flat: the weights by the name that Keras 3 has for them in that of a slot.
    """
    for family, slot, weight in splits(name):
        known = slot_name(cls, slot)
        held = flat if family == KERAS_3 else weights
        if known is not None and weight in held:
            return family, known, held[weight]
    return None


@dataclasses.dataclass
class Assigned:
    """What the variables of an optimizer in a row are.

    Attributes:
        scalars: keys below the optimizer by position.
        slots: (slot, position of the weight) by position.
        unused: positions of variables that are no part of a state.
    """

    scalars: dict[int, str] = dataclasses.field(default_factory=dict)
    slots: dict[int, tuple[str, int]] = dataclasses.field(default_factory=dict)
    unused: set[int] = dataclasses.field(default_factory=set)


Shape = tuple[int, ...]


def assign(
    optimizer: SavedOptimizer, shapes: Sequence[Shape], weights: Sequence[Shape]
) -> Assigned | None:
    """Tell by their order what the variables of an optimizer are.

    Args:
        optimizer: class, family and arguments.
        shapes: of its variables, in order.
        weights: the shapes of the weights that it updates, in order.

    Returns:
        What each variable is, or None when number and shapes are not those of such an optimizer.
    """
    table = _STANDALONE_BLOCKS if optimizer.family == STANDALONE else _BLOCKS
    if optimizer.name not in table:
        return None
    heads = _heads(optimizer, shapes)
    for head in heads:
        found = _assign(optimizer, shapes, weights, head, table[optimizer.name])
        if found is not None:
            return found
    return None


def _heads(optimizer: SavedOptimizer, shapes: Sequence[Shape]) -> list[tuple[str, ...]]:
    """Return what may come before the slots."""
    rate = () if optimizer.has_schedule else ("learning_rate",)
    # The wrapper has a counter and a rate that nothing uses.
    scale = ("", "", "loss_scale_steps", "loss_scale") if optimizer.loss_scaling else ()
    if optimizer.family == KERAS_3:
        # Nadam's product stands here in Keras 3.0, and at the end later.
        product = [(*scale, "iterations", *rate, "u_product")] if optimizer.name == "Nadam" else []
        return [(*scale, "iterations", *rate), *product]
    if optimizer.family == STANDALONE:
        # RMSprop, Adagrad and Adadelta save no counter before 2.3, Nadam no schedule.
        product = [("iterations", "u_product")] if optimizer.name == "Nadam" else []
        return [*product, ("iterations",), ()]
    return [("iterations",), ("iterations", "learning_rate")]


def _assign(
    optimizer: SavedOptimizer,
    shapes: Sequence[Shape],
    weights: Sequence[Shape],
    head: tuple[str, ...],
    blocks: Sequence[Block],
) -> Assigned | None:
    assigned = Assigned({i: name for i, name in enumerate(head) if name})
    assigned.unused.update(i for i, name in enumerate(head) if not name)
    if any(shape != () for shape in shapes[: len(head)]) or len(shapes) < len(head):
        return None
    position = len(head)
    if len(shapes) == position:
        return assigned  # it has not taken a step
    options = optimizer.options or {}
    before = () if optimizer.family == STANDALONE else (*_AVERAGES, *_ACCUMULATED)
    for block in (*before, *blocks):
        used = not block.option or bool(options.get(block.option))
        made = used or (optimizer.family, optimizer.name, block.option) in _ALWAYS_MADE
        # Without amsgrad standalone Keras makes a variable of one element for each weight.
        placeholder = not used and (optimizer.family, block.option) == (STANDALONE, "amsgrad")
        if not made and not placeholder:
            continue
        for index, weight in enumerate(weights):
            for slot in block.slots:
                if not _is_made(optimizer, slot, weight):
                    continue
                if position >= len(shapes):
                    return None
                expected = (1,) if placeholder else _slot_shape(optimizer, slot, weight)
                if shapes[position] != expected:
                    return None
                if used and _is_used(slot, weight):
                    assigned.slots[position] = slot, index
                else:
                    assigned.unused.add(position)
                position += 1
    has_product = "u_product" in head or position == len(shapes)
    if optimizer.name == "Nadam" and optimizer.family == KERAS_3 and not has_product:
        assigned.scalars[position] = "u_product"
        position += 1
    return assigned if position == len(shapes) else None


_FACTORS = ("r", "c")


def _is_used(slot: str, weight: Shape) -> bool:
    return slot not in _FACTORS or len(weight) >= 2


def _is_made(optimizer: SavedOptimizer, slot: str, weight: Shape) -> bool:
    # Keras 3 has a scalar in the place of a factor that a weight of one dimension has not.
    return _is_used(slot, weight) or optimizer.family == KERAS_3


def _slot_shape(optimizer: SavedOptimizer, slot: str, weight: Shape) -> Shape:
    if slot not in _FACTORS:
        return weight
    if not _is_used(slot, weight):
        return ()
    return weight[:-1] if slot == "r" else (*weight[:-2], weight[-1])
