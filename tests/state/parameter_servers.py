"""What crosses between a ParameterServerStrategy of two servers and none, in a process of its own.

Prints a JSON object: by how much each case differs from what it has to be.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import tempfile
from typing import Any

# The servers share this process, and one thread for all of them waits for itself (in 2.5).
os.environ["TF_NUM_INTEROP_THREADS"] = "8"

import numpy as np
import tensorflow as tf

import tfcompat as tfc
from tests.state.mirrored import furthest, made, step
from tests.state.two_workers import ports


def cluster() -> Any:
    """Start two parameter servers and a worker in this process, and return their resolver."""
    places = [f"127.0.0.1:{port}" for port in ports(3)]
    spec = tf.train.ClusterSpec({"ps": places[:2], "worker": places[2:]})
    for job, index in (("ps", 0), ("ps", 1), ("worker", 0)):
        tf.distribute.Server(spec, job_name=job, task_index=index, protocol="grpc")
    return tf.distribute.cluster_resolver.SimpleClusterResolver(spec, rpc_layer="grpc")


def module(strategy: Any, parts: int, start: float) -> tf.Module:
    """Return a module with a variable in some parts, each on another server, and with one more."""
    made = tf.Module()
    with strategy.scope():
        made.w = tf.Variable(tf.range(start, start + 7))
        made.scalar = tf.Variable(start)
    assert len(getattr(made.w, "variables", [made.w])) == parts
    return made


def whole(module: tf.Module) -> np.ndarray:
    """Return the value of a variable, whether it is in parts or not."""
    return np.concatenate([part.numpy() for part in getattr(module.w, "variables", [module.w])])


def partitions(strategies: dict[int, Any], here: pathlib.Path) -> dict[str, float]:
    """Bring a variable from each number of parts to each."""
    results = {}
    for writer, strategy in strategies.items():
        tfc.save_state(here / str(writer), module(strategy, writer, 1.0))
        entries = tfc.describe_state(here / str(writer)).entries
        assert {key: entry.shape for key, entry in entries.items()} == {"w": (7,), "scalar": ()}
        for reader, other in strategies.items():
            again = module(other, reader, 100.0)
            tfc.restore_state(here / str(writer), again)
            difference = np.abs(whole(again) - np.arange(1, 8)).max()
            scalar = float(again.scalar.read_value()) - 1
            results[f"{writer} parts into {reader}"] = float(difference) + scalar
    return results


def far(first: dict[str, Any], second: dict[str, Any]) -> float:
    """Return how far two models and their optimizers are apart, in parts or not."""
    both = []
    for objects in (first, second):
        found: dict[str, list[np.ndarray]] = {}
        for key, variable in tfc.variables(objects).items():
            found.setdefault(re.sub(r"/part_\d+$", "", key), []).append(variable.numpy())
        both.append([np.concatenate(found[key], None) for key in sorted(found)])
    return furthest(*both)


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
    results = {"none into parameter servers": far(served, writer)}
    tfc.save_state(here / "served", served)
    tfc.restore_state(here / "served", reader)
    results["parameter servers into none"] = far(reader, writer)
    for one in (writer, reader):
        step(one)
    results["parameter servers into none, next step"] = far(reader, writer)
    return results


def main() -> None:
    strategies = getattr(tf.distribute, "ParameterServerStrategy", None)
    strategies = strategies or tf.distribute.experimental.ParameterServerStrategy  # 2.5
    resolver = cluster()
    strategy = strategies(resolver)
    with tempfile.TemporaryDirectory() as directory:
        here = pathlib.Path(directory)
        # Keras 3 has no parameter servers.
        partitioners = tf.distribute.experimental.partitioners
        in_parts = {
            parts: strategies(
                resolver, variable_partitioner=partitioners.FixedShardsPartitioner(parts)
            )
            for parts in (2, 3)
        }
        results = partitions({1: strategies(resolver), **in_parts}, here)
        if not tfc.supports("keras3"):
            for name, strategy in {"whole": strategies(resolver), "parts": in_parts[2]}.items():
                found = model(strategy, here / name)
                results.update((f"{name}: {case}", value) for case, value in found.items())
    print(json.dumps(results), flush=True)
    os._exit(0)  # the servers have no end of their own


if __name__ == "__main__":
    main()
