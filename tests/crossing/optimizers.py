"""Every built-in optimizer: how to make it, and its way from release to release.

One environment saves all its optimizers as one state, beside the truth in NumPy's own format,
which comes from public paths of Keras's own: `get_slot` of the older optimizers, the order of
`variables` of the newer ones. A reader restores those that it has, compares every variable,
and takes the step that the writer took next.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import pathlib
import warnings
from collections.abc import Callable, Collection, Iterable
from typing import Any

import numpy as np
import tensorflow as tf

import tfcompat as tfc
from tests.crossing.layers import problems_of, same

keras = tf.keras

TRAINED = 3  # steps before a state is saved
# The writer's own next step and the reader's may differ by this: float32 has 24 bits, and an
# optimizer divides by small square roots.
TOLERANCE = 1e-5

OPTIMIZER_V2 = "OptimizerV2"  # up to 2.10, and `legacy`
KERAS_2 = "Keras 2"  # from 2.11, `experimental` in 2.9 and 2.10, and tf_keras
KERAS_3 = "Keras 3"

_HAS_KERAS_3 = tfc.runtime().era == "keras3"


class MissingError(Exception):
    """This release has no such optimizer, or the optimizer no such option."""


class Optimizers:
    """The optimizers of one module of this release by name; notes which were asked for."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self.used: set[type] = set()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name, None)
        if found is None:
            raise MissingError(name)
        self.used.add(found)
        return found

    def with_option(self, name: str, option: str) -> Any:
        """Return a class if its constructor has an option."""
        found = getattr(self, name)
        if option not in inspect.signature(found.__init__).parameters:
            raise MissingError(f"{name}({option}=)")
        return found

    def scaled(self, inner: Any) -> Any:
        """Wrap an optimizer in loss scaling that doubles its scale every second step."""
        wrapper = getattr(keras.mixed_precision, "LossScaleOptimizer", None)
        if wrapper is None:
            raise MissingError("LossScaleOptimizer")
        self.used.add(wrapper)
        return wrapper(inner, initial_scale=1024.0, dynamic_growth_steps=2)


def modules() -> dict[str, Any]:
    """Return the modules of this release that hold optimizers, by the prefix of their names."""
    found = {"": keras.optimizers}
    for name in ("legacy", "experimental"):
        module = getattr(keras.optimizers, name, None)
        # From 2.11 on `experimental` has the classes that are in `keras.optimizers` as well.
        if module is None or module.Adam is keras.optimizers.Adam:
            continue
        # Those that Keras 3 has under `legacy` only say that they are gone.
        if not (_HAS_KERAS_3 and name == "legacy"):
            found[name + "."] = module
    return found


def _schedule() -> Any:
    return keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=2, decay_rate=0.5)


@dataclasses.dataclass(frozen=True)
class Case:
    """An optimizer.

    Attributes:
        make: returns a new optimizer.
        cls: the name of its class.
        roles: its slots in the order of `variables`, by the names of Keras 3. The slots of an
            inner tuple alternate weight by weight.
        scheduled: whether its learning rate follows a schedule.
    """

    make: Callable[[Optimizers], Any]
    cls: str
    roles: tuple[tuple[str, ...], ...] = ()
    scheduled: bool = False


_MOMENTS = ("momentum", "velocity")
_ADAM = (_MOMENTS,)
_AMSGRAD = (_MOMENTS, ("velocity_hat",))


def _ema(name: str) -> Callable[[Optimizers], Any]:
    # Momentum of the average: 0.99 would leave it where it was.
    return lambda new: _new(new, name, use_ema=True, ema_momentum=0.7)


def _new(optimizers: Optimizers, name: str, **options: Any) -> Any:
    """Make an optimizer with options that not every release knows."""
    cls = optimizers.with_option(name, next(iter(options))) if options else None
    return cls(0.05, **options)


OPTIMIZERS: dict[str, Case] = {
    "SGD": Case(lambda new: new.SGD(0.05), "SGD"),
    "SGD(momentum=0.9)": Case(lambda new: new.SGD(0.05, momentum=0.9), "SGD", (("momentum",),)),
    "SGD(nesterov=True)": Case(
        lambda new: new.SGD(0.05, momentum=0.9, nesterov=True), "SGD", (("momentum",),)
    ),
    "Adam": Case(lambda new: new.Adam(0.05), "Adam", _ADAM),
    "Adam(amsgrad=True)": Case(lambda new: new.Adam(0.05, amsgrad=True), "Adam", _AMSGRAD),
    "Adam(clipnorm=0.5)": Case(lambda new: new.Adam(0.05, clipnorm=0.5), "Adam", _ADAM),
    "Adam(global_clipnorm=0.5)": Case(
        lambda new: new.Adam(0.05, global_clipnorm=0.5), "Adam", _ADAM
    ),
    "AdamW(weight_decay=0.1)": Case(lambda new: new.AdamW(0.05, weight_decay=0.1), "AdamW", _ADAM),
    "AdamW(amsgrad=True)": Case(lambda new: new.AdamW(0.05, amsgrad=True), "AdamW", _AMSGRAD),
    "Adamax": Case(lambda new: new.Adamax(0.05), "Adamax", (("momentum", "norm"),)),
    "Nadam": Case(lambda new: new.Nadam(0.05), "Nadam", _ADAM),
    "RMSprop": Case(lambda new: new.RMSprop(0.05), "RMSprop", (("velocity",),)),
    "RMSprop(momentum=0.5, centered=True)": Case(
        lambda new: new.RMSprop(0.05, momentum=0.5, centered=True),
        "RMSprop",
        (("velocity",), ("momentum",), ("average_gradient",)),
    ),
    "RMSprop(centered=True)": Case(
        lambda new: new.RMSprop(0.05, centered=True),
        "RMSprop",
        (("velocity",), ("average_gradient",)),
    ),
    "Adagrad": Case(lambda new: new.Adagrad(0.05), "Adagrad", (("accumulator",),)),
    "Adadelta": Case(
        lambda new: new.Adadelta(0.5),
        "Adadelta",
        (("accumulated_grad", "accumulated_delta_var"),),
    ),
    "Ftrl": Case(lambda new: new.Ftrl(0.05), "Ftrl", (("accumulator", "linear"),)),
    "Lion": Case(lambda new: new.Lion(0.05), "Lion", (("momentum",),)),
    "Adafactor": Case(lambda new: new.Adafactor(0.05), "Adafactor", (("r", "c", "velocity"),)),
    "Lamb": Case(lambda new: new.Lamb(0.05), "Lamb", _ADAM),
    "Muon": Case(lambda new: new.Muon(0.05), "Muon", (("momentum", "velocity"),)),
    "ScheduleFreeAdamW": Case(lambda new: new.ScheduleFreeAdamW(0.05), "ScheduleFreeAdamW", _ADAM),
    "SGD(use_ema=True)": Case(_ema("SGD"), "SGD", (("average",),)),
    "Adam(use_ema=True)": Case(_ema("Adam"), "Adam", (("average",), *_ADAM)),
    "Adam(gradient_accumulation_steps=2)": Case(
        lambda new: _new(new, "Adam", gradient_accumulation_steps=2),
        "Adam",
        (("gradient_accumulator",), *_ADAM),
    ),
    "SGD(weight_decay=0.1)": Case(lambda new: _new(new, "SGD", weight_decay=0.1), "SGD"),
    "SGD(schedule)": Case(
        lambda new: new.SGD(_schedule(), momentum=0.9), "SGD", (("momentum",),), scheduled=True
    ),
    "Adam(schedule)": Case(lambda new: new.Adam(_schedule()), "Adam", _ADAM, scheduled=True),
    "LossScaleOptimizer(SGD)": Case(
        lambda new: new.scaled(new.SGD(0.05, momentum=0.9)), "SGD", (("momentum",),)
    ),
    "LossScaleOptimizer(Adam)": Case(lambda new: new.scaled(new.Adam(0.05)), "Adam", _ADAM),
}

# What `OptimizerV2` calls the slots.
_V2_NAMES = {
    "SGD": {"momentum": "momentum"},
    "Adam": {"momentum": "m", "velocity": "v", "velocity_hat": "vhat"},
    "Adamax": {"momentum": "m", "norm": "v"},
    "Nadam": {"momentum": "m", "velocity": "v"},
    "RMSprop": {"velocity": "rms", "momentum": "momentum", "average_gradient": "mg"},
    "Adagrad": {"accumulator": "accumulator"},
    "Adadelta": {"accumulated_grad": "accum_grad", "accumulated_delta_var": "accum_var"},
    "Ftrl": {"accumulator": "accumulator", "linear": "linear"},
}

# Public classes that the table leaves out on purpose, with the reason.
EXCLUDED = {
    "Optimizer": "abstract",
    "MultiOptimizer": "several optimizers in one, from Keras 3.15 on",
    "OptimizerMap": "no optimizer: it tells MultiOptimizer which optimizer a weight has",
}


def inner_of(optimizer: Any) -> Any:
    """Return the optimizer inside a loss-scaling wrapper, or the optimizer itself."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def family_of(optimizer: Any) -> str:
    """Return which of the three families of optimizers one belongs to."""
    if hasattr(inner_of(optimizer), "get_slot_names"):
        return OPTIMIZER_V2
    return KERAS_3 if _HAS_KERAS_3 else KERAS_2


class _Model(keras.Model):
    """Three layers, built one by one: Keras would take most of the time to connect them."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = [keras.layers.Dense(3) for _ in range(3)]
        for part in self.parts:
            with tf.name_scope(part.name):
                part.build((None, 3))
        # Keras 3.0 does not heed the argument `trainable` of a layer.
        self.parts[1].trainable = False
        self.built = True

    def arrays(self) -> list[np.ndarray]:
        """Return the weights by layer: Keras 2 has the frozen ones last, Keras 3 has not."""
        return [array for part in self.parts for array in part.get_weights()]


class Trainer:
    """A small model and its optimizer, trained with made-up gradients.

    Two weights of each shape, and a frozen layer between them, so that a slot which arrives
    at a wrong weight is noticed.
    """

    def __init__(self, case: Case, optimizer: Any, model: Any = None) -> None:
        self.case = case
        self.optimizer = optimizer
        self.inner = inner_of(optimizer)
        self.family = family_of(optimizer)
        self.model = _Model() if model is None else model
        values = iter(_values(self.model.arrays(), 5))
        for part in self.model.parts:
            part.set_weights([next(values), next(values)])
        self.weights = list(self.model.trainable_variables)
        self.steps = 0

    @property
    def arithmetic(self) -> str:
        """A name for how the next step is computed: where it differs, values are compared."""
        if self.case.cls == "Nadam":
            return self.family
        if self.case.cls == "RMSprop":
            if self.family == OPTIMIZER_V2:
                return "epsilon outside the square root"
            # `experimental` of 2.9 and 2.10 takes the squared average off the velocity itself.
            if "average_gradient" in sum(self.case.roles, ()) and not tfc.supports(
                "optimizer_build"
            ):
                return "experimental"
        if self.case.cls == "AdamW" and isinstance(self.inner, tf.Module):
            return "experimental of 2.9"  # it shrinks the weights to almost nothing
        return "the same everywhere"

    @property
    def objects(self) -> dict[str, Any]:
        """What is saved and restored."""
        return {"model": self.model, "optimizer": self.optimizer}

    def step(self, number: int | None = None) -> None:
        """Take a training step; its number decides about the gradients."""
        number = self.steps if number is None else number
        self.steps = number + 1
        gradients = [
            tf.constant(value)
            for value in _values([weight.numpy() for weight in self.weights], 100 + number)
        ]
        if self.optimizer is not self.inner:
            # The gradients of a scaled loss.
            if self.family == KERAS_3:
                scale = float(self.optimizer.scale_loss(tf.constant(1.0)))
            else:
                scale = float(self.optimizer.get_scaled_loss(tf.constant(1.0)))
            gradients = [gradient * scale for gradient in gradients]
            if self.family != KERAS_3:
                gradients = self.optimizer.get_unscaled_gradients(gradients)
        self.optimizer.apply_gradients(list(zip(gradients, self.weights)))

    def state(self) -> dict[str, np.ndarray]:
        """Return all that decides about the next steps, by names that all releases share."""
        found = {f"weights/{i}": w for i, w in enumerate(self.model.arrays())}
        found["iterations"] = _array(self._iterations())
        if not self.case.scheduled:
            found["learning_rate"] = np.float32(_array(self.inner.learning_rate))
        found.update({name: _array(slot) for name, slot in self._slots().items()})
        if self.optimizer is not self.inner:
            if self.family == KERAS_3:
                scale, counter = self.optimizer.dynamic_scale, self.optimizer.step_counter
            else:
                scale, counter = self.optimizer.loss_scale, self.optimizer.dynamic_counter
            found["loss_scale"] = _array(scale)
            found["loss_scale_steps"] = _array(counter)
        return found

    def _iterations(self) -> Any:
        if self.family != KERAS_3:
            return self.inner.iterations
        # With gradient accumulation `iterations` counts what is applied, from Keras 3.3 on;
        # the variable counts every call.
        return self.inner.variables[0]

    def _own_variables(self) -> list[Any]:
        variables = self.inner.variables
        variables = variables() if callable(variables) else variables
        heads = [id(self._iterations())]
        if not self.case.scheduled or isinstance(self.inner, tf.Module):
            # `experimental` of 2.9 keeps the present rate of a schedule in a variable.
            heads.append(id(self.inner.learning_rate))
        return [variable for variable in variables if id(variable) not in heads]

    def _slots(self) -> dict[str, Any]:
        if not self._own_variables():
            return {}  # it has not taken a step
        if self.family == OPTIMIZER_V2:
            names = _V2_NAMES[self.case.cls]
            return {
                f"{role}/{index}": self.inner.get_slot(weight, names[role])
                for group in self.case.roles
                for role in group
                for index, weight in enumerate(self.weights)
            }
        # Nadam's product, a scalar, stands before its slots in Keras 3.0 and after them later.
        variables = iter(
            [v for v in self._own_variables() if self.case.cls != "Nadam" or len(v.shape)]
        )
        found = {}
        groups = self.case.roles
        if isinstance(self.inner, tf.Module):
            # `experimental` of 2.9 lists its variables in the order of its attributes' names.
            groups = tuple((role,) for role in sorted(sum(groups, ())))
        for group in groups:
            for index, weight in enumerate(self.weights):
                for role in group:
                    if not self._has(role, weight):
                        continue
                    variable = next(variables)
                    # Keras 3 has placeholders where Adafactor does not factor a weight.
                    if role not in ("r", "c") or len(weight.shape) > 1:
                        found[f"{role}/{index}"] = variable
        left = list(variables)
        # 2.11 to 2.15 give SGD a momentum variable that it does not use without momentum.
        if (
            self.case.cls == "SGD"
            and self.family == KERAS_2
            and ("momentum",) not in self.case.roles
        ):
            left = left[len(self.weights) :]
        assert not left, f"more variables than roles: {left}"
        return found

    def _has(self, role: str, weight: Any) -> bool:
        if self.case.cls == "Adafactor" and role != "velocity":
            return self.family == KERAS_3 or len(weight.shape) > 1
        # Muon treats all but matrices as Adam does.
        return self.case.cls != "Muon" or role != "velocity" or len(weight.shape) != 2


def _array(value: Any) -> np.ndarray:
    # Up to 2.10 a learning rate is a Python number until the first step.
    return value.numpy() if hasattr(value, "numpy") else np.asarray(value)


def _values(like: list[np.ndarray], seed: int) -> list[np.ndarray]:
    random = np.random.RandomState(seed)
    # Far from zero, where RMSprop and Adadelta would divide by next to nothing.
    return [
        (random.uniform(0.2, 1, array.shape) * random.choice([-1, 1], array.shape)).astype(
            array.dtype
        )
        for array in like
    ]


def trainers(
    prefixes: Iterable[str], fallback: bool, models: dict[str, Any] | None = None
) -> dict[str, Trainer]:
    """Return a trainer for every optimizer of some modules.

    Args:
        prefixes: the modules, by the prefix of their names.
        fallback: whether to stand in the plain class for `legacy` and `experimental` ones that
            this release does not have: a state of `legacy.Adam` is one of Adam's.
        models: models by name that an earlier call made, to save the time to make others; those
            that this one makes are added.
    """
    models = {} if models is None else models
    found: dict[str, Trainer] = {}
    real = modules()
    for prefix in prefixes:
        for name, case in OPTIMIZERS.items():
            for module in dict.fromkeys((real.get(prefix, keras.optimizers), keras.optimizers)):
                try:
                    optimizer = case.make(Optimizers(module))
                except MissingError:
                    if fallback:
                        continue
                    break
                if unusable(optimizer):
                    break
                trainer = Trainer(case, optimizer, models.get(prefix + name))
                models[prefix + name] = trainer.model
                found[prefix + name] = trainer
                break
    return found


def unusable(optimizer: Any) -> bool:
    """Tell whether an optimizer cannot take a step in this release."""
    # Muon reads the path of what are plain TensorFlow variables there, up to Keras 3.12.
    installed = tfc.runtime().keras
    return type(optimizer).__name__ == "Muon" and installed.release < (3, 13)


def write(directory: pathlib.Path) -> None:
    """Train and save every optimizer of this release as one state, and the truth beside it."""
    found = trainers(modules(), fallback=False)
    for trainer in found.values():
        for _ in range(TRAINED):
            trainer.step()
    here = directory / "optimizers"
    here.mkdir(parents=True)
    tfc.save_state(here / "state", {name: t.objects for name, t in found.items()}, step=TRAINED)
    np.savez(here / "saved.npz", **_named(found))
    for trainer in found.values():
        trainer.step()
    np.savez(here / "following.npz", **_named(found))
    (here / "families.json").write_text(json.dumps({n: t.family for n, t in found.items()}))
    (here / "arithmetic.json").write_text(json.dumps({n: t.arithmetic for n, t in found.items()}))


def _named(found: dict[str, Trainer]) -> dict[str, np.ndarray]:
    return {
        f"{name}/{part}": value
        for name, trainer in found.items()
        for part, value in trainer.state().items()
    }


def _prefix_of(name: str) -> str:
    return next((p for p in ("legacy.", "experimental.") if name.startswith(p)), "")


def _of(archive: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    return {k[len(name) + 1 :]: v for k, v in archive.items() if k.startswith(name + "/")}


def differences(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> list[str]:
    """Return the names of those parts of two states that are not equal bit by bit."""
    return sorted(
        name
        for name in {*found, *expected}
        if name not in found or name not in expected or not same([found[name]], [expected[name]])
    )


def distances(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> dict[str, float]:
    """Return by how much the parts of two states differ, where it is more than the tolerance."""
    found = {
        name: float(np.max(np.abs(value.astype(np.float64) - expected[name]), initial=0))
        for name, value in found.items()
    }
    return {name: distance for name, distance in found.items() if not distance <= TOLERANCE}


def warns(name: str, writer: str, reader: str) -> bool:
    """Tell whether a restore must warn that the next steps will differ."""
    if "Nadam" in name:
        return writer != reader
    return "RMSprop" in name and (writer == OPTIMIZER_V2) != (reader == OPTIMIZER_V2)


def read(
    directory: pathlib.Path, environment: str, writers: Collection[str]
) -> list[dict[str, Any]]:
    """Resume the optimizers that some environments wrote with those of this one."""
    cells = []
    models: dict[str, Any] = {}
    for written in sorted(directory.glob("*/environment.json")):
        writer = json.loads(written.read_text())["environment"]
        here = written.parent / "optimizers"
        if writer not in writers or not here.exists():
            continue
        results = _resume(here, models)
        cells += [
            {
                "writer": writer,
                "reader": environment,
                "state": f"optimizer:{name}",
                "tfcompat": result,
            }
            for name, result in results.items()
        ]
    return cells


def _resume(here: pathlib.Path, models: dict[str, Any]) -> dict[str, str]:
    families = json.loads((here / "families.json").read_text())
    arithmetic = json.loads((here / "arithmetic.json").read_text())
    with np.load(here / "saved.npz") as archive:
        saved = dict(archive)
    with np.load(here / "following.npz") as archive:
        following = dict(archive)
    prefixes = dict.fromkeys(_prefix_of(name) for name in families)
    live = trainers(prefixes, fallback=True, models=models)
    shared = [name for name in families if name in live]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            report = tfc.restore_state(
                here / "state", {name: t.objects for name, t in live.items()}, strict=False
            )
        except Exception as error:  # every cell of this pair fails; other pairs go on
            return dict.fromkeys(shared, f"{type(error).__name__}: {error}"[:2000])
    keys = set(tfc.describe_state(here / "state").entries)
    problems = problems_of(report, keys, set(families), set(live))
    told = sum(issubclass(w.category, tfc.ArithmeticWarning) for w in caught)
    expected = any(warns(name, families[name], live[name].family) for name in shared)
    if told != expected:
        problems.setdefault("", []).append(f"{told} warnings of another arithmetic")
    results = {}
    for name in shared:
        results[name] = _compare(
            name,
            live[name],
            arithmetic[name],
            _of(saved, name),
            _of(following, name),
            [*problems.get("", ()), *problems.get(name, ())],
        )
    return results


def _compare(
    name: str,
    trainer: Trainer,
    arithmetic: str,
    saved: dict[str, np.ndarray],
    following: dict[str, np.ndarray],
    problems: list[str],
) -> str:
    if problems:
        return "; ".join(problems)
    try:
        different = differences(trainer.state(), saved)
        if different:
            return f"restored values differ: {different}"
        # From 2.11 to 2.15 Nadam counts its steps in a Python number that no checkpoint holds, so
        # that its next step after any restore is another even in the same release.
        if arithmetic != trainer.arithmetic or trainer.case.cls == "Nadam":
            return "resumed"
        trainer.step(TRAINED)
        far = distances(trainer.state(), following)
    except Exception as error:  # the cell fails; the others go on
        return f"{type(error).__name__}: {error}"[:2000]
    return f"the next step differs: {far}" if far else "resumed"
