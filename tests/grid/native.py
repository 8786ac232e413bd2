"""The native grid: what plain TensorFlow and Keras wrote in one release, restored in another."""

from __future__ import annotations

import json
import pathlib
import warnings
from collections.abc import Collection
from typing import Any

import numpy as np
import tensorflow as tf

import tfcompat as tfc
from tests.data import formats
from tests.grid.states import ARITHMETIC, STATES, VARIABLES_ONLY, State
from tfcompat.state.entries import Entry
from tfcompat.state.keys import LiveState

RESUMED = "resumed"
WEIGHTS = "weights only, as the file holds no optimizer"
REFUSED = "refused, as the file holds a part of the optimizer"
OPTIMIZER = "optimizer"
RATE = "optimizer/learning_rate"  # code sets it, and not every format holds it
TOLERANCE = 1e-5  # of the next step, as in the grid

# What Keras writes beside the checkpoint of `tf.train.Checkpoint`.
FORMATS = ("save_weights", "h5_weights", "weights.h5", "h5", "keras", "saved_model")
HDF5 = ("weights.h5", "h5", "keras")
# Tracing a SavedModel takes seconds: one state of each way to make a model.
SAVED_MODELS = ("sequential_adam", "functional_sgd", "subclassed_adam")


# Parts of an optimizer that no HDF5 file of Keras 2 holds: a restore says so and changes nothing.
LACKING = {
    "mixed_precision": {"optimizer/loss_scale", "optimizer/loss_scale_steps"},
    "sequential_nadam": {"optimizer/u_product"},
}
# In the keys of the seeds of Keras 3's own layers, which one side may be without.
SEED = "seed_generator_state"

# States without a model whose parts have names; the others are made of what tfcompat alone names.
PLAIN = ("module_momentum",)


def write(here: pathlib.Path, name: str, state: State) -> None:
    """Write what this release can write of a trained state, and note every value."""
    found = {}
    if "model" in state.objects:
        wanted = [form for form in FORMATS if form != "saved_model" or name in SAVED_MODELS]
        if name == "subclassed_adam" and tfc.runtime().era == "keras3":
            wanted.remove("saved_model")  # `export` numbers the variables of such a model
        formats.write(state.objects["model"], here / "native", wanted)
        for form, holds_optimizer in formats.written(here / "native").items():
            found[form] = (f"native/{formats.PATHS[form]}", holds_optimizer)
    elif name not in PLAIN:
        return
    if (here / "plain.index").exists():
        found["checkpoint"] = ("plain", True)
    np.savez(here / "values.npz", **_values(LiveState(state.objects).entries))
    (here / "native.json").write_text(json.dumps(found))


def read(
    directory: pathlib.Path, environment: str, era: str, writers: Collection[str]
) -> list[dict[str, Any]]:
    """Restore every file of some environments, all those of a state into the same objects."""
    cells = []
    for name, build in STATES.items():
        written = sorted(
            path
            for path in directory.glob(f"*/{name}/native.json")
            if path.parents[1].name in writers
        )
        state = build() if written else None
        if state is None:
            continue
        state.step()  # so that the optimizer has variables, which can be perturbed
        live = LiveState(state.objects).entries
        other = {
            key: entry.read() + tf.ones((), entry.dtype)
            for key, entry in live.items()
            if key != RATE
        }
        for path in written:
            writer = json.loads((path.parents[1] / "environment.json").read_text())
            eras = ARITHMETIC.get(name, {era: 0, writer["era"]: 0})
            stepped = eras[writer["era"]] == eras[era] and name not in VARIABLES_ONLY
            with np.load(path.with_name("values.npz")) as archive:
                expected = dict(archive)
            for form, (place, holds_optimizer) in json.loads(path.read_text()).items():
                lacking = LACKING.get(name, set()) if form in HDF5 else set()
                result = _restore(
                    path.parent / place, state, live, other, expected, holds_optimizer, lacking
                )
                if result == RESUMED and form == "checkpoint" and stepped:
                    result = _step(path.parent, state)
                cells.append(
                    {
                        "ok": result in (RESUMED, WEIGHTS, REFUSED),
                        "writer": writer["environment"],
                        "reader": environment,
                        "state": name,
                        "format": form,
                        "tfcompat": result,
                    }
                )
    return cells


def _values(live: dict[str, Entry]) -> dict[str, np.ndarray]:
    return {key: entry.read().numpy() for key, entry in live.items()}


def _restore(
    path: pathlib.Path,
    state: State,
    live: dict[str, Entry],
    other: dict[str, tf.Tensor],
    expected: dict[str, np.ndarray],
    holds_optimizer: bool,
    lacking: set[str],
) -> str:
    for key, value in other.items():
        live[key].write(value)
    rate = _values({key: entry for key, entry in live.items() if key == RATE})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            report = tfc.restore_state(path, state.objects)
    except tfc.StateMismatchError as error:
        others = error.unexpected or error.different or set(error.missing) - lacking
        return str(error)[:2000] if others else REFUSED
    except Exception as error:  # the cell fails; the others go on
        return f"{type(error).__name__}: {error}"[:2000]
    if not holds_optimizer:
        if report.without_optimizer != (OPTIMIZER,):
            return "an optimizer that is not in the file was not reported"
        expected = {
            **expected,
            **{key: value.numpy() for key, value in other.items() if _is_optimizer(key)},
            **rate,
        }
    elif report.without_optimizer:
        return "an optimizer that is in the file was reported as missing"
    found = _values(live)
    # Of the seeds, those that were restored; which are, depends on the format as well.
    restored = set(report.restored)
    changed = sorted(
        key
        for key in {*expected, *found}
        if (SEED not in key or key in restored)
        and not (key in expected and key in found and np.array_equal(found[key], expected[key]))
    )
    if changed:
        return f"restored values differ: {changed}"
    return RESUMED if holds_optimizer else WEIGHTS


def _is_optimizer(key: str) -> bool:
    return key.startswith(f"{OPTIMIZER}/")


def _step(here: pathlib.Path, state: State) -> str:
    state.step()
    with np.load(here / "following.npz") as archive:
        expected = [archive[f"arr_{index}"] for index in range(len(archive.files))]
    difference = max(
        float(np.max(np.abs(a.astype(np.float64) - b), initial=0))
        for a, b in zip(state.weights(), expected)
    )
    return RESUMED if difference <= TOLERANCE else f"the next step differs by {difference}"
