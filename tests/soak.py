"""Train and save thousands of times in one process: neither memory nor files may grow.

Run it in an environment of the matrix, on Linux:

    .tox/py310-tf2.21/bin/python -m tests.soak --saves 10000

Prints the memory of the process and the number of files while it runs, and ends with 1 where the
second half of the saves takes more memory than a twentieth, or a save leaves a file behind or open.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import sys
import tempfile
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

import tfcompat as tfc


def main(argv: Sequence[str] | None = None) -> int:
    """Save after each step, and look now and then."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--saves", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--keep", type=int, default=3, help="of save_state (default: %(default)s)")
    options = parser.parse_args(argv)
    keras = tf.keras
    model = keras.Sequential(
        [keras.Input((16,)), keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(0.01), "mse")
    inputs, targets = np.random.RandomState(0).uniform(-1, 1, (2, 32, 16)).astype(np.float32)
    objects = {"model": model, "rng": tf.random.Generator.from_seed(1), "losses": [0.0] * 10}
    found = []
    with tempfile.TemporaryDirectory() as directory:
        for number in range(1, options.saves + 1):
            objects["losses"] = [
                *objects["losses"][1:],
                model.train_on_batch(inputs, targets[:, :1]),
            ]
            # Every other one in the background, which copies the values.
            saved = tfc.save_state(
                directory, objects, step=number, keep=options.keep, background=number % 2 == 0
            )
            if number % max(1, options.saves // 20) == 0:
                if number % 2 == 0:
                    saved.result()
                files = sum(path.is_file() for path in pathlib.Path(directory).rglob("*"))
                opened = len(os.listdir("/proc/self/fd"))
                found.append((memory(), files, opened))
                print(
                    f"{number:>8,} saves  {found[-1][0]:>6.0f} MB  {files} files, {opened} open",
                    flush=True,
                )
        steps = tfc.list_states(directory)
        tfc.restore_state(directory, objects)
    expected = [*range(options.saves - options.keep + 1, options.saves + 1)]
    growth = found[-1][0] / found[len(found) // 2][0] - 1
    print(f"steps left {steps}; the second half of the saves grew memory by {growth:.1%}")
    flat = growth < 0.05 and len({tuple(counts) for _, *counts in found}) == 1
    return 0 if flat and steps == expected else 1


def memory() -> float:
    """Return what this process has in memory, in MB."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise OSError("no VmRSS in /proc/self/status")


if __name__ == "__main__":
    sys.exit(main())
