"""One cell of the grid: a state written by one environment, resumed by another."""

from __future__ import annotations

import contextlib
import json
import pathlib
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf
from packaging.version import Version

import tfcompat as tfc
from tests.crossing import layers, optimizers
from tests.grid import native
from tests.grid.states import ARITHMETIC, ITERATOR_RANGES, STATES, VARIABLES_ONLY, State
from tests.models import grid as models

RESUMED = "resumed"
REFUSED = "refused, as no release here can read it"
TRAINED = 3  # steps before a state is saved
# The writer's own next step and the reader's may differ by this: float32 has 24 bits, sums run
# in another order in another release, and an optimizer divides by small square roots.
TOLERANCE = 1e-5


def write(
    directory: pathlib.Path, environment: str, brief: bool = False, edges_only: bool = False
) -> None:
    """Train every state, save it, and note the truth that a reader must find.

    Args:
        directory: where to.
        environment: the name of this one.
        brief: whether to leave out every layer, every optimizer and the whole models.
        edges_only: whether to leave out what plain Keras writes of the models.
    """
    tf.get_logger().setLevel("ERROR")
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    runtime = tfc.runtime()
    (directory / "environment.json").write_text(
        json.dumps(
            {
                "environment": environment,
                "tensorflow": str(runtime.tensorflow),
                "keras": str(runtime.keras),
                "era": runtime.era,
                "brief": brief,
            }
        )
    )
    for name, build in STATES.items():
        state = build()
        if state is None:
            continue
        for _ in range(TRAINED):
            state.step()
        here = directory / name
        tfc.save_state(here / "state", state.objects, step=TRAINED)
        # Keras 3.0's optimizers cannot be part of a tf.train.Checkpoint.
        with contextlib.suppress(ValueError):
            tf.train.Checkpoint(**state.objects).write(str(here / "plain"))
        native.write(here, name, state)
        saved = state.weights()
        state.step()
        following = state.weights()
        np.savez(here / "saved.npz", *saved)
        np.savez(here / "following.npz", *following)
    if not brief:
        layers.write(directory)
        optimizers.write(directory)
        models.write(directory / "models", ("tfcompat",) if edges_only else tuple(models.FORMATS))


def read(
    directory: pathlib.Path,
    environment: str,
    peer: bool = False,
    brief: bool = False,
    edges_only: bool = False,
) -> dict[str, Any]:
    """Resume every state that any environment wrote.

    Args:
        directory: where each environment wrote, in a directory of its name.
        environment: the name of this one.
        peer: whether `tf.train.Checkpoint` does the same beside it.
        brief: whether to leave out every layer, every optimizer and the whole models.
        edges_only: whether to restore the native files, and to compare every tensor, of this
            environment and of the oldest and the newest of each era alone.
    """
    tf.get_logger().setLevel("ERROR")  # partial restores by tf.train.Checkpoint warn a lot
    runtime = tfc.runtime()
    era = runtime.era
    writers = {
        path.parent: json.loads(path.read_text())
        for path in sorted(directory.glob("*/environment.json"))
    }
    edges = _edges(writers.values())
    every = {writer["environment"] for writer in writers.values()}
    compared = {*edges, environment} if edges_only else every
    cells = []
    trained: dict[str, State] = {}
    for place, writer in writers.items():
        for name, build in STATES.items():
            here = place / name
            if not here.exists():
                continue
            # The edges of the eras restore into what has not taken a step; to make that for
            # every writer would take most of the time.
            state = trained.pop(name, None) if writer["environment"] not in edges else None
            state = state or build()
            if state is None:
                continue
            eras = ARITHMETIC.get(name, {})
            warned = bool(eras) and eras[writer["era"]] != eras[era]
            stepped = not warned and name not in VARIABLES_ONLY
            started = time.perf_counter()
            thorough = writer["environment"] in compared or not stepped
            result = _resume(here, state, warned, stepped, thorough)
            if name == "dataset_iterator" and not _iterators_cross(writer, runtime):
                result = REFUSED if "dataset iterator of TensorFlow" in result else "not refused"
            seconds = time.perf_counter() - started
            if result == RESUMED and "model" in state.objects:
                if not stepped:  # so that no value is what the next restore has to make of it
                    state.step()
                trained[name] = state
            cell = {
                "ok": result in (RESUMED, REFUSED),
                "writer": writer["environment"],
                "reader": environment,
                "state": name,
                "tfcompat": result,
                "seconds": round(seconds, 3),
            }
            # TensorFlow 2.6 dies of a dataset iterator of a later release.
            other = build() if peer and result != REFUSED else None
            if other is not None:
                cell["plain"] = _resume_plain(here, other, stepped)
            cells.append(cell)
    for family in () if brief else (layers, optimizers, models):
        for cell in family.read(directory, environment, edges):
            cells.append({"ok": cell["tfcompat"] == RESUMED, **cell})
    cells += native.read(directory, environment, era, compared)
    return {
        "environment": environment,
        "tensorflow": str(runtime.tensorflow),
        "keras": str(runtime.keras),
        "era": era,
        "cells": cells,
    }


def _edges(writers: Iterable[dict[str, Any]]) -> list[str]:
    """Return the oldest and the newest environment of each era, of those that wrote all."""
    eras: dict[str, list[tuple[Version, str]]] = {}
    for writer in writers:
        if writer["brief"]:
            continue
        release = (Version(writer["tensorflow"]), writer["environment"])
        eras.setdefault(writer["era"], []).append(release)
    return [name for found in eras.values() for _, name in (min(found), max(found))]


def _iterators_cross(writer: dict[str, Any], runtime: tfc.Runtime) -> bool:
    there = tuple(int(n) for n in writer["tensorflow"].split(".")[:2])
    here = runtime.tensorflow.release[:2]
    return there == here or any(
        oldest <= there <= newest and oldest <= here <= newest for oldest, newest in ITERATOR_RANGES
    )


def _load(path: pathlib.Path) -> list[np.ndarray]:
    with np.load(path) as archive:
        return [archive[f"arr_{index}"] for index in range(len(archive.files))]


def _resume(here: pathlib.Path, state: State, warned: bool, stepped: bool, thorough: bool) -> str:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            report = tfc.restore_state(here / "state", state.objects)
        except Exception as error:  # the cell fails; the others go on
            return f"{type(error).__name__}: {error}"[:2000]
    told = sum(issubclass(w.category, tfc.ArithmeticWarning) for w in caught)
    if told != warned:
        return f"{told} warnings of another arithmetic"
    difference = _difference(state.weights(), _load(here / "saved.npz"))
    if difference != 0:
        return f"restored weights differ by {difference}"
    if thorough:
        # Slots and counters have no order that all releases share: what is saved again must be,
        # tensor by tensor, what TensorFlow reads from the writer's file. For the rest the next
        # step has to do, which takes a fraction of the time.
        with tempfile.TemporaryDirectory() as again:
            tfc.save_state(again, state.objects, step=TRAINED)
            changed = _changed(str(here / "state"), again) - set(report.skipped)
        if changed:
            return f"restored values differ: {sorted(changed)}"
    if not stepped:
        return RESUMED
    state.step()
    difference = _difference(state.weights(), _load(here / "following.npz"))
    return RESUMED if difference <= TOLERANCE else f"the next step differs by {difference}"


def _resume_plain(here: pathlib.Path, state: State, stepped: bool) -> str:
    """Do the same with `tf.train.Checkpoint`, in its least demanding mode."""
    try:
        tf.train.Checkpoint(**state.objects).read(str(here / "plain")).expect_partial()
        if _difference(state.weights(), _load(here / "saved.npz")) != 0:
            return "restored weights differ"
        state.step()
    except Exception as error:
        return type(error).__name__
    if not stepped:
        return RESUMED
    difference = _difference(state.weights(), _load(here / "following.npz"))
    return RESUMED if difference <= TOLERANCE else "the next step differs"


def _difference(found: list[np.ndarray], expected: list[np.ndarray]) -> float:
    if [a.shape for a in found] != [a.shape for a in expected]:
        return float("inf")
    return max(
        float(np.max(np.abs(a.astype(np.float64) - b.astype(np.float64)), initial=0))
        for a, b in zip(found, expected)
    )


def _changed(written: str, again: str) -> set[str]:
    kinds = {**tfc.describe_state(written).entries, **tfc.describe_state(again).entries}
    readers = [tf.train.load_checkpoint(tf.train.latest_checkpoint(p)) for p in (written, again)]
    found = [
        {
            key: reader.get_tensor(key)
            for key in reader.get_variable_to_shape_map()
            # What TensorFlow alone can read is compared by what it does in the next step.
            if not key.startswith(".tfcompat/") and kinds[key].kind not in ("iterator", "opaque")
        }
        for reader in readers
    ]
    return {
        key
        for key in {*found[0], *found[1]}
        if key not in found[0]
        or key not in found[1]
        or not np.array_equal(found[0][key], found[1][key])
    }
