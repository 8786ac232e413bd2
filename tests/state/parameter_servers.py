"""What crosses between a ParameterServerStrategy of two servers and none, in a process of its own.

Prints a JSON object: by how much each case differs from what it has to be.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import tempfile
from typing import Any

# The servers share this process, and one thread for all of them waits for itself (in 2.5).
os.environ["TF_NUM_INTEROP_THREADS"] = "8"

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tests.state.mirrored import distance, made, step
from tests.state.two_workers import ports


def cluster() -> Any:
    """Start two parameter servers and a worker in this process, and return their resolver."""
    places = [f"127.0.0.1:{port}" for port in ports(3)]
    spec = tf.train.ClusterSpec({"ps": places[:2], "worker": places[2:]})
    for job, index in (("ps", 0), ("ps", 1), ("worker", 0)):
        tf.distribute.Server(spec, job_name=job, task_index=index, protocol="grpc")
    return tf.distribute.cluster_resolver.SimpleClusterResolver(spec, rpc_layer="grpc")


def partitioned(strategy: Any, start: float) -> tf.Module:
    """Return a variable in two parts, each on another server."""
    module = tf.Module()
    with strategy.scope():
        module.parts = list(tf.Variable(tf.range(start, start + 6)).variables)
    assert [tuple(part.shape) for part in module.parts] == [(3,), (3,)]
    return module


def model(strategy: Any, here: pathlib.Path) -> dict[str, float]:
    """Bring a model and its optimizer to the servers and back."""
    nothing = contextlib.nullcontext
    writer, served, reader = (
        made(s(), n) for s, n in ((nothing, 2), (strategy.scope, 0), (nothing, 0))
    )
    tfc.save_state(here / "plain", writer)
    jobs = {tf.DeviceSpec.from_string(weight.device).job for weight in served["model"].weights}
    assert jobs == {"ps"}
    tfc.restore_state(here / "plain", served)
    results = {"none into parameter servers": distance(served, writer)}
    tfc.save_state(here / "served", served)
    tfc.restore_state(here / "served", reader)
    results["parameter servers into none"] = distance(reader, writer)
    for one in (writer, reader):
        step(one)
    results["parameter servers into none, next step"] = distance(reader, writer)
    return results


def main() -> None:
    strategies = getattr(tf.distribute, "ParameterServerStrategy", None)
    strategies = strategies or tf.distribute.experimental.ParameterServerStrategy  # 2.5
    resolver = cluster()
    strategy = strategies(resolver)
    with tempfile.TemporaryDirectory() as directory:
        here = pathlib.Path(directory)
        # Keras 3 has no parameter servers.
        results = {} if tfc.supports("keras3") else model(strategies(resolver), here)
        partitioner = tf.distribute.experimental.partitioners.FixedShardsPartitioner(2)
        strategy = strategies(resolver, variable_partitioner=partitioner)
        tfc.save_state(here / "parts", partitioned(strategy, 1.0))
        again = partitioned(strategy, 100.0)
        tfc.restore_state(here / "parts", again)
        found = np.concatenate([part.numpy() for part in again.parts])
        results["parts into parts"] = float(np.abs(found - np.arange(1, 7)).max())
        whole = tf.Module()
        whole.parts = [tf.Variable(tf.zeros(6))]
        with pytest.raises(tfc.StateMismatchError, match="parts/1"):
            tfc.restore_state(here / "parts", whole)
    print(json.dumps(results), flush=True)
    os._exit(0)  # the servers have no end of their own


if __name__ == "__main__":
    main()
