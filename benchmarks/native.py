"""How long it takes to find out what the tensors of a TensorFlow checkpoint are.

    python benchmarks/native.py

For 1,000 to 10,000 variables with an optimizer beside them: the time that TensorFlow takes to
read the tensors, that of the whole `restore_state`, and the difference, which is the mapping and
the writing of the variables. It should grow as the number of variables does.
"""

from __future__ import annotations

import os
import pathlib
import statistics
import tempfile
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

import tfcompat as tfc


def median(function: Callable[[], object], runs: int = 3) -> float:
    times = []
    for run in range(runs + 1):
        started = time.perf_counter()
        function()
        if run:  # the first warms up
            times.append(time.perf_counter() - started)
    return statistics.median(times)


class Weights(tf.keras.layers.Layer):
    """A layer with many weights, an attribute each."""

    def __init__(self, count: int) -> None:
        super().__init__()
        for i in range(count):
            setattr(self, f"w{i}", self.add_weight(shape=(4,), name=f"w{i}"))

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs


def main() -> None:
    print(tfc.runtime())
    print(f"{'variables':>10}{'tensors':>10}{'read':>9}{'restore':>9}{'beyond the read':>17}")
    for count in (1000, 2000, 5000, 10000):
        model = tf.keras.Sequential([tf.keras.Input((4,)), Weights(count)])
        optimizer = tf.keras.optimizers.SGD(0.1, momentum=0.9)
        weights = model.trainable_variables
        optimizer.apply_gradients([(tf.zeros((4,)), weight) for weight in weights])
        with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
            prefix = str(pathlib.Path(directory) / "checkpoint")
            tf.train.Checkpoint(model=model, optimizer=optimizer).write(prefix)
            shapes = tf.train.load_checkpoint(prefix).get_variable_to_dtype_map()
            names = sorted(shapes)

            def read(prefix: str = prefix, names: list[str] = names, shapes: dict = shapes) -> None:
                tf.raw_ops.RestoreV2(
                    prefix=prefix, tensor_names=names, shape_and_slices=[""] * len(names),
                    dtypes=[shapes[name] for name in names],
                )  # fmt: skip

            objects = {"model": model, "optimizer": optimizer}
            whole = median(lambda p=prefix, o=objects: tfc.restore_state(p, o))
            alone = median(read)
        print(f"{count:>10}{len(names):>10}{alone:>8.2f}s{whole:>8.2f}s{whole - alone:>16.2f}s")


if __name__ == "__main__":
    main()
