"""Two processes save into one directory all the while, and a third one restores.

Run it in an environment of the matrix:

    .tox/py310-tf2.21/bin/python -m tests.contention --seconds 600

In a store, where `--path` names one, which FSSPEC_S3_ENDPOINT_URL and its like lead to:

    python -m tests.contention --seconds 600 --path s3://bucket/run

Every restore has to be whole and of one save, and not of one that had ended before another began
which had itself ended when the restore began. When the processes have ended, the states that
`--keep` tells to keep have to be there; with `--keep 0` those are all.
"""

from __future__ import annotations

import argparse
import bisect
import collections
import contextlib
import itertools
import json
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
    parser.add_argument("--keep", type=int, default=1, help="0 keeps all (default: %(default)s)")
    parser.add_argument("--path", help="a directory or URL (default: a temporary directory)")
    parser.add_argument("--save", metavar="DIRECTORY", help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.save:
        return save(options.save, options.keep or None, options.first)
    path = contextlib.nullcontext(options.path) if options.path else tempfile.TemporaryDirectory()
    with path as directory:
        command = [sys.executable, "-m", "tests.contention"]
        command += ["--save", directory, "--keep", str(options.keep)]
        writers = [
            subprocess.Popen(
                [*command, "--first", str(first)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            for first in (1, 2)
        ]
        try:
            for writer in writers:
                assert writer.stdout is not None
                writer.stdout.readline()  # it has saved
            restores, findings = restore(directory, options.seconds)
        finally:
            outputs = [writer.communicate(b"\n")[0] for writer in writers]
        saves = {step: times for output in outputs for step, *times in json.loads(output)}
        last, failed = restore(directory, 0)
        findings += failed + compared(saves, restores + last)
        findings += lost(directory, saves, options.keep)
    print(f"{len(saves):,} saves by two processes, {len(restores):,} restores whole")
    for text, number in findings.items():
        print(f"FOUND {number} times: {text}")
    return 1 if findings or not restores else 0


def save(directory: str, keep: int | None, first: int) -> int:
    """Save until something comes in, and print of each the step and when it began and ended."""
    import select

    import tensorflow as tf

    import tfcompat as tfc

    variables = [tf.Variable(tf.zeros((100,), tf.float64)) for _ in range(_TENSORS)]
    step = first
    saves = []
    while not select.select([sys.stdin], [], [], 0)[0]:
        # Of one save all values are its step, which the other process does not use.
        for variable in variables:
            variable.assign(tf.fill((100,), tf.constant(step, tf.float64)))
        began = time.monotonic()
        tfc.save_state(directory, {"variables": variables, "step": step}, step=step, keep=keep)
        saves.append((step, began, time.monotonic()))
        if step == first:
            print("saved", flush=True)
        step += 2
    print(json.dumps(saves))
    return 0


def restore(
    directory: str, seconds: float
) -> tuple[list[tuple[int, float]], collections.Counter[str]]:
    """Restore again and again; return the step of each, when it began, and what went wrong."""
    import numpy as np
    import tensorflow as tf

    import tfcompat as tfc

    findings: collections.Counter[str] = collections.Counter()
    restores = []
    live = [tf.Variable(tf.zeros((100,), tf.float64)) for _ in range(_TENSORS)]
    end = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        try:
            report = tfc.restore_state(directory, {"variables": live, "step": 0})
        except Exception as error:
            findings[f"{type(error).__name__}: {error}"[:400]] += 1
        else:
            values = set(np.concatenate([variable.numpy() for variable in live]))
            if values == {float(report.step)} and report.objects["step"] == report.step:
                restores.append((report.step, began))
            else:
                findings["the values are of several saves"] += 1
        if time.monotonic() >= end:
            return restores, findings


def compared(
    saves: dict[int, list[float]], restores: list[tuple[int, float]]
) -> collections.Counter[str]:
    """Compare what was restored with what had been saved when the restore began."""
    findings: collections.Counter[str] = collections.Counter()
    by_end = sorted((ended, began) for began, ended in saves.values())
    ends = [ended for ended, _ in by_end]
    # Of the saves up to each, when the last of them to begin began.
    latest = list(itertools.accumulate((began for _, began in by_end), max))
    for step, began in restores:
        ended = bisect.bisect_left(ends, began)
        if step not in saves:
            findings["a state that nobody has saved"] += 1
        elif ended and latest[ended - 1] > saves[step][1]:
            findings["a state though a later one had been saved"] += 1
    return findings


def lost(directory: str, saves: dict[int, list[float]], keep: int) -> collections.Counter[str]:
    """Look for the states that had to be kept."""
    import tfcompat as tfc

    steps = set(tfc.list_states(directory))
    gone = saves.keys() - steps
    missing = min(keep, len(saves)) - len(steps) if keep else len(gone)
    return collections.Counter(
        {"a state that was to be kept is gone": missing} if missing > 0 else {}
    )


if __name__ == "__main__":
    sys.exit(main())
