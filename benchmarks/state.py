"""Save and restore, beside tf.train.Checkpoint, Keras and others, in one process.

    python benchmarks/state.py [--runs 5] [--json FILE]

Prints the median time of each, and how many times as fast as each of the others tfcompat is.
The order changes from run to run, so that no one always finds the disk warm. Beside it runs what
is installed of safetensors and orbax (`pip install safetensors orbax-checkpoint`), and a plain
write of the same bytes, which is what the disk can do: what tfcompat has in times of that is its
share of the disk's speed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pathlib
import statistics
import tempfile
import time
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

import tfcompat as tfc

Contender = tuple  # (save, restore)

CASES = {
    "2,000 variables of 1,000 floats": (2000, 1000),
    "64 variables of 8 MB": (64, 2 * 2**20),
}


class Weights(tf.keras.layers.Layer):
    """A layer that holds many weights."""

    def __init__(self, count: int, size: int) -> None:
        super().__init__()
        for i in range(count):
            # An attribute each: tf.train.Checkpoint does not see what a layer of Keras 3 keeps in
            # a list.
            weight = self.add_weight(shape=(size,), name=f"w{i}", initializer="random_normal")
            setattr(self, f"w{i}", weight)

    def call(self, inputs: Any) -> Any:
        return inputs + tf.reduce_sum(tf.convert_to_tensor(self.w0))


def keras_suffix() -> str:
    """Keras 3 writes .weights.h5 alone; earlier releases do not know it."""
    return ".weights.h5" if tfc.supports("keras3") else ".h5"


def variables(count: int, size: int, directory: pathlib.Path) -> dict[str, Contender]:
    """Plain variables: what tf.train.Checkpoint is made for."""
    made = [tf.Variable(tf.random.normal((size,))) for _ in range(count)]
    checkpoint = tf.train.Checkpoint(v=made)
    prefix = str(directory / "plain")
    return {
        "tfcompat": (
            lambda: tfc.save_state(directory / "state", made),
            lambda: tfc.restore_state(directory / "state", made),
        ),
        "tf.train.Checkpoint": (
            lambda: checkpoint.write(prefix),
            lambda: checkpoint.read(prefix).assert_existing_objects_matched(),
        ),
        "the bytes alone": plain(made, directory / "bytes"),
        **{
            module: make(made, directory / module)
            for module, make in (("safetensors", safetensors), ("orbax", orbax))
            if importlib.util.find_spec(module)
        },
    }


def plain(made: list[tf.Variable], path: pathlib.Path) -> Contender:
    """Write and read the bytes, and nothing about them."""

    def save() -> None:
        with path.open("wb") as file:
            for variable in made:
                file.write(variable.numpy().data)

    def restore() -> None:
        with path.open("rb") as file:
            for variable in made:
                count = variable.shape.num_elements()
                variable.assign(np.fromfile(file, variable.dtype.as_numpy_dtype, count))

    return save, restore


def safetensors(made: list[tf.Variable], path: pathlib.Path) -> Contender:
    """Save by the position in the list."""
    from safetensors.numpy import load_file, save_file

    def restore() -> None:
        found = load_file(path)
        for index, variable in enumerate(made):
            variable.assign(found[str(index)])

    return lambda: save_file({str(i): v.numpy() for i, v in enumerate(made)}, path), restore


def orbax(made: list[tf.Variable], path: pathlib.Path) -> Contender:
    """Save a list of NumPy arrays, and wait for it."""
    from orbax import checkpoint as ocp

    checkpointer = ocp.StandardCheckpointer()

    def save() -> None:
        checkpointer.save(path, [variable.numpy() for variable in made], force=True)
        checkpointer.wait_until_finished()

    def restore() -> None:
        target = [np.empty(v.shape, v.dtype.as_numpy_dtype) for v in made]
        for variable, value in zip(made, checkpointer.restore(path, target)):
            variable.assign(value)

    return save, restore


def model(count: int, size: int, directory: pathlib.Path) -> dict[str, Contender]:
    """A Keras model: what save_weights is made for."""
    made = tf.keras.Sequential([tf.keras.Input((1,)), Weights(count, size)])
    weights = str(directory / f"keras{keras_suffix()}")
    return {
        "tfcompat": (
            lambda: tfc.save_state(directory / "state", made),
            lambda: tfc.restore_state(directory / "state", made),
        ),
        "Keras weights": (
            lambda: made.save_weights(weights),
            lambda: made.load_weights(weights),
        ),
    }


def measure(made: dict[str, Contender], runs: int) -> dict[str, dict[str, float]]:
    times: dict[str, dict[str, list[float]]] = {n: {"save": [], "restore": []} for n in made}
    for run in range(runs + 1):
        names = list(made) if run % 2 else list(made)[::-1]
        for name in names:
            for index, what in enumerate(("save", "restore")):
                started = time.perf_counter()
                made[name][index]()
                if run:  # the first warms up
                    times[name][what].append(time.perf_counter() - started)
    return {
        name: {what: statistics.median(found) for what, found in both.items()}
        for name, both in times.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    print(tfc.runtime())
    results = {}
    for name, (count, size) in CASES.items():
        for make in (variables, model):
            with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
                made = make(count, size, pathlib.Path(directory))
                found = results[f"{name}, {make.__name__}"] = measure(made, arguments.runs)
            print(f"\n{name}{', weights of a model' if make is model else ''}")
            print(f"{'':<22}{'save':>9}{'restore':>9}{'save, times':>14}{'restore, times':>16}")
            own = found["tfcompat"]
            for who, times in found.items():
                save, restore = (times[what] / own[what] for what in ("save", "restore"))
                print(
                    f"{who:<22}{times['save']:>8.3f}s{times['restore']:>8.3f}s"
                    f"{save:>13.1f}x{restore:>15.1f}x"
                )
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
