"""Two processes save into one directory all the while, and a third one restores.

Run it in an environment of the matrix:

    .tox/py310-tf2.21/bin/python -m tests.contention --seconds 600

Every restore has to be whole, of one save, and to find the last save that had ended before it
began, or a later one.
"""

from __future__ import annotations

import argparse
import collections
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence

ROOT = pathlib.Path(__file__).resolve().parent.parent
_TENSORS = 20


def main(argv: Sequence[str] | None = None) -> int:
    """Start the processes, and print what the reader found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600, help="default: %(default)s")
    parser.add_argument("--keep", type=int, default=1, help="of save_state (default: %(default)s)")
    parser.add_argument("--save", metavar="DIRECTORY", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.save:
        return save(options.save, options.keep)
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "tests.contention"]
        command += ["--save", directory, "--keep", str(options.keep)]
        writers = [
            subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for _ in range(2)
        ]
        try:
            for writer in writers:
                assert writer.stdout is not None
                writer.stdout.readline()  # it has saved
            counts = restore(directory, options.seconds)
        finally:
            saved = 0
            for writer in writers:
                output, _ = writer.communicate(b"\n")
                saved += int(output.split()[-1])
    findings = {text: number for text, number in counts.items() if text != "whole"}
    print(f"{saved:,} saves by two processes, {counts['whole']:,} restores whole")
    for text, number in findings.items():
        print(f"FOUND {number} times: {text}")
    return 1 if findings or not counts["whole"] else 0


def save(directory: str, keep: int) -> int:
    """Save until something comes in, and print how often."""
    import os
    import select

    import tensorflow as tf

    import tfcompat as tfc

    variables = [tf.Variable(tf.zeros((100,), tf.float64)) for _ in range(_TENSORS)]
    number = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        number += 1
        # Of one save all values are the same, and of two never.
        for variable in variables:
            variable.assign(tf.fill((100,), tf.constant(os.getpid() + number / 2**20, tf.float64)))
        tfc.save_state(directory, {"variables": variables, "time": time.time()}, keep=keep)
        if number == 1:
            print("saved", flush=True)
    print(number)
    return 0


def restore(directory: str, seconds: float) -> collections.Counter[str]:
    """Restore again and again, and count what comes of it."""
    import numpy as np
    import tensorflow as tf

    import tfcompat as tfc

    counts: collections.Counter[str] = collections.Counter()
    live = [tf.Variable(tf.zeros((100,), tf.float64)) for _ in range(_TENSORS)]
    latest = 0.0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            found = tfc.restore_state(directory, {"variables": live, "time": 0.0}).objects
        except Exception as error:
            counts[f"{type(error).__name__}: {error}"[:400]] += 1
            continue
        values = np.concatenate([variable.numpy() for variable in live])
        if len(set(values)) != 1:
            counts["the values are of several saves"] += 1
        elif found["time"] < latest - 1:
            counts["an earlier state than the restore before had"] += 1
        else:
            counts["whole"] += 1
        latest = max(latest, found["time"])
    return counts


if __name__ == "__main__":
    sys.exit(main())
