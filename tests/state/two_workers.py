"""What crosses between two workers of a MultiWorkerMirroredStrategy and none.

TensorFlow reads the cluster when it starts: each worker is a process of its own. Prints a JSON
object: by how much each case differs from what it has to be.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tests.state.mirrored import furthest, made, step, values

ROOT = pathlib.Path(__file__).resolve().parents[2]


def far(found: list[np.ndarray], path: pathlib.Path) -> float:
    """Return how far values are from those in a file."""
    with np.load(path) as archive:
        return furthest(found, list(archive.values()))


def worker(here: pathlib.Path) -> None:
    """Save, restore and train together with the other one, who does the same."""
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    first = strategy.cluster_resolver.task_id == 0
    with strategy.scope():
        # Each replica has its own, and they add up: to read it takes both workers.
        seen = tf.Variable(
            0.0,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.SUM,
        )
        total = tf.Variable(1.0)
    strategy.run(lambda: seen.assign_add(1.0))
    plain = tfc.save_state(here / "counted", {"seen": seen, "total": total})
    assert plain.step == 1
    assert bool(plain.prefix) == first
    assert tfc.save_state(here / "counted", {"seen": seen, "total": total}, keep=None).step == 2
    saving = tfc.save_state(here / "counted", {"total": total}, keep=None, background=True)
    assert saving.result().step == 3
    (here / "file").write_text("no directory")
    with pytest.raises(tfc.StateWriteError) as caught:
        tfc.save_state(here / "file", {"total": total})
    assert ("own error" in str(caught.value)) != first

    reader = made(strategy.scope(), 0)
    tfc.restore_state(here / "plain", reader)
    results = {"none into workers": far(values(reader), here / "plain.npz")}
    step(reader)
    results["none into workers, next step"] = far(values(reader), here / "plain_next.npz")
    tfc.save_state(here / "shared", reader)
    assert tfc.list_states(here / "shared") == [1]
    if first:
        np.savez(here / "shared.npz", *values(reader))
    step(reader)
    if first:
        np.savez(here / "shared_next.npz", *values(reader))
        print(json.dumps(results))


def ports(count: int) -> list[int]:
    """Return ports that nobody uses now."""
    with contextlib.ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        here = pathlib.Path(directory)
        writer = made(contextlib.nullcontext(), 2)
        tfc.save_state(here / "plain", writer)
        np.savez(here / "plain.npz", *values(writer))
        step(writer)
        np.savez(here / "plain_next.npz", *values(writer))
        cluster = {"worker": [f"127.0.0.1:{port}" for port in ports(2)]}
        workers = []
        for index in range(2):
            task = {"cluster": cluster, "task": {"type": "worker", "index": index}}
            workers.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.state.two_workers", directory],
                    cwd=ROOT,
                    env={**os.environ, "TF_CONFIG": json.dumps(task)},
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
        outputs = [one.communicate(timeout=240)[0] for one in workers]
        assert [one.returncode for one in workers] == [0, 0]
        results = json.loads(outputs[0].splitlines()[-1])

        assert tfc.list_states(here / "counted") == [1, 2, 3]
        alone = {"seen": tf.Variable(0.0), "total": tf.Variable(0.0)}
        tfc.restore_state(here / "counted", alone, step=2)
        results["replicas counted"] = abs(float(alone["seen"]) - 2) + abs(float(alone["total"]) - 1)
        reader = made(contextlib.nullcontext(), 0)
        tfc.restore_state(here / "shared", reader)
        results["workers into none"] = far(values(reader), here / "shared.npz")
        step(reader)
        results["workers into none, next step"] = far(values(reader), here / "shared_next.npz")
    print(json.dumps(results))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        worker(pathlib.Path(sys.argv[1]))
        sys.stdout.flush()
        # All is done. TensorFlow 2.5 now and then aborts while the interpreter ends, over a thread
        # of the cluster that still runs.
        os._exit(0)
    else:
        main()
