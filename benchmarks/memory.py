"""The peak of memory while 512 MB of variables are saved and restored. Linux only.

    python benchmarks/memory.py [--who tfcompat|checkpoint]

Prints by how much the process grew beyond what it had before, in MB and as a share of the state.
"""

from __future__ import annotations

import argparse
import gc
import os
import pathlib
import tempfile
from typing import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

import tfcompat as tfc

COUNT, SIZE = 64, 2 * 2**20  # 64 variables of 8 MB


def status(name: str) -> int:
    """Read a figure of this process in bytes."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    raise KeyError(name)


def growth(action: Callable[[], object]) -> int:
    """Return by how much memory grew at most while something ran."""
    gc.collect()
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = status("VmRSS")
    action()
    return status("VmHWM") - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--who", choices=("tfcompat", "checkpoint"), default="tfcompat")
    who = parser.parse_args().who
    variables = [tf.Variable(tf.random.normal((SIZE,))) for _ in range(COUNT)]
    small = [tf.Variable(1.0)]
    state = COUNT * SIZE * 4
    print(tfc.runtime(), who)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
        path = pathlib.Path(directory)
        if who == "tfcompat":
            # Loads what is loaded once; not a part of the state's cost.
            tfc.save_state(path / "small", small)
            tfc.restore_state(path / "small", small)
            save = growth(lambda: tfc.save_state(path / "state", variables))
            restore = growth(lambda: tfc.restore_state(path / "state", variables))
        else:
            checkpoint = tf.train.Checkpoint(v=variables)
            prefix = str(path / "plain")
            save = growth(lambda: checkpoint.write(prefix))
            restore = growth(lambda: checkpoint.read(prefix).assert_existing_objects_matched())
    for name, grown in (("save", save), ("restore", restore)):
        print(f"{name:<8}{grown / 2**20:>8.0f} MB{grown / state:>8.2f} of the state")


if __name__ == "__main__":
    main()
