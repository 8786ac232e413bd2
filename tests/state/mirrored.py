"""What crosses between a MirroredStrategy of two replicas and none, in a process of its own.

TensorFlow's devices can be parted only before it uses them. Prints a JSON object: the largest
difference of each case to what the strategy itself, or no strategy at all, computes next.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from typing import Any

import numpy as np
import tensorflow as tf

import tfcompat as tfc

keras = tf.keras
INPUTS = np.random.RandomState(0).uniform(-1, 1, (8, 3)).astype(np.float32)
TARGETS = np.random.RandomState(1).uniform(-1, 1, (8, 2)).astype(np.float32)
KERAS_3 = tfc.supports("keras3")


def made(scope: Any, steps: int) -> dict[str, Any]:
    """Return a model and its optimizer, made in a scope and trained for some steps."""
    with scope:
        model = keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(4, name="a"), keras.layers.Dense(2, name="b")]
        )
        optimizer = keras.optimizers.Adam(0.01, amsgrad=True)
        model.compile(optimizer, "mse", run_eagerly=True)  # tracing takes most of the time
    if steps:
        batches = [np.tile(array, (steps, 1)) for array in (INPUTS, TARGETS)]
        model.fit(*batches, batch_size=8, shuffle=False, verbose=0)
    return {"model": model, "optimizer": model.optimizer}


def step(objects: dict[str, Any]) -> None:
    """Take one more step as `fit` does, but without its distributed data: that takes seconds."""
    model, optimizer = objects["model"], objects["optimizer"]
    strategy = model.distribute_strategy
    if KERAS_3:  # the others build themselves in the replicas
        with strategy.scope():
            optimizer.build(model.trainable_variables)

    def in_replica() -> None:
        context = tf.distribute.get_replica_context()
        part = slice(int(context.replica_id_in_sync_group), None, context.num_replicas_in_sync)
        with tf.GradientTape() as tape:
            errors = tf.square(model(INPUTS[part], training=True) - TARGETS[part])
            loss = tf.reduce_sum(errors) / TARGETS.size  # the replicas' gradients are added up
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))

    strategy.run(in_replica)


def distance(first: dict[str, Any], second: dict[str, Any]) -> float:
    """Return how far two models and all the variables of their optimizers are apart."""
    return furthest(values(first), values(second))


def values(objects: dict[str, Any]) -> list[np.ndarray]:
    """Return all variables of a model and its optimizer, in an order that all processes share."""
    return [variable.numpy() for _, variable in sorted(tfc.variables(objects).items())]


def furthest(found: list[np.ndarray], expected: list[np.ndarray]) -> float:
    """Return the largest difference of two lists of arrays."""
    assert [value.shape for value in found] == [value.shape for value in expected]
    return max(float(np.abs(a.astype(float) - b).max()) for a, b in zip(found, expected))


def apart(strategy: Any, objects: dict[str, Any]) -> float:
    """Return how far the replicas of the weights are apart."""
    found = 0.0
    for weight in objects["model"].trainable_variables:
        variable = weight if isinstance(weight, tf.Variable) else weight.value
        first, second = strategy.experimental_local_results(variable)
        found = max(found, float(np.abs(first.numpy() - second.numpy()).max()))
    return found


def main() -> None:
    device = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(device, parts)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    nothing = contextlib.nullcontext
    results: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as mirrored, tempfile.TemporaryDirectory() as plain:
        writer, other = made(strategy.scope(), 2), made(nothing(), 3)
        tfc.save_state(mirrored, writer)
        tfc.save_state(plain, other)
        readers = {
            "mirrored into none": (mirrored, writer, nothing, 1),
            "mirrored into none, before its first step": (mirrored, writer, nothing, 0),
            "mirrored into mirrored": (mirrored, writer, strategy.scope, 1),
            "mirrored into mirrored, before its first step": (mirrored, writer, strategy.scope, 0),
            "none into mirrored": (plain, other, strategy.scope, 1),
            "none into mirrored, before its first step": (plain, other, strategy.scope, 0),
        }
        live = {}
        for name, (directory, saved, scope, steps) in readers.items():
            live[name] = made(scope(), steps)
            tfc.restore_state(directory, live[name])
            results[name] = distance(live[name], saved)
        with strategy.scope():
            inside = made(nothing(), 0)
            tfc.restore_state(plain, inside)
        results["none into mirrored, all inside of the scope"] = distance(inside, other)
        results["replicas"] = max(
            apart(strategy, one) for one in (inside, live["none into mirrored"])
        )
        for one in (writer, other, inside, *live.values()):
            step(one)
        for name, (_, saved, _, _) in readers.items():
            results[f"{name}, next step"] = distance(live[name], saved)
        results["none into mirrored, all inside of the scope, next step"] = distance(inside, other)
        # A state from before the first step puts the slots back.
        with tempfile.TemporaryDirectory() as early:
            first = made(strategy.scope(), 0)
            tfc.save_state(early, first)
            tfc.restore_state(early, inside)
            step(first)
            step(inside)
            results["back to the start, next step"] = distance(first, inside)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
