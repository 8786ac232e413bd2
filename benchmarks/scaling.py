"""How the time of saving and restoring grows with the number of variables, and with their bytes.

    python benchmarks/scaling.py [--most-variables 100000] [--most-megabytes 8192]

Prints the time of each, and the time per variable or per MB: where growth is linear, that does not
grow. Beside it, how much longer a training step takes while a save runs in the background.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import statistics
import tempfile
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

import tfcompat as tfc

MEGABYTE = 2**18  # floats


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def measure(count: int, size: int) -> tuple[float, float]:
    """Save and restore `count` variables of `size` floats."""
    made = [tf.Variable(tf.fill((size,), float(i))) for i in range(count)]
    with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
        save = seconds(lambda: tfc.save_state(directory, made))
        return save, seconds(lambda: tfc.restore_state(directory, made))


def table(unit: str, amounts: list[int], shape: Callable[[int], tuple[int, int]]) -> None:
    heads = [f"save per {unit}", f"restore per {unit}"]
    print(f"\n{unit:>10}{'save':>10}{'restore':>10}{heads[0]:>24}{heads[1]:>24}")
    for amount in amounts:
        save, restore = measure(*shape(amount))
        each = [f"{time / amount * 1e6:.1f} us" for time in (save, restore)]
        print(f"{amount:>10,}{save:>9.3f}s{restore:>9.3f}s{each[0]:>24}{each[1]:>24}", flush=True)


def background(megabytes: int) -> None:
    """Train while a state is saved in the background, and while none is."""
    weights = [tf.Variable(tf.random.normal((1024, 1024))) for _ in range(megabytes // 4)]
    inputs = tf.random.normal((64, 1024))

    @tf.function
    def step() -> None:
        for weight in weights[:8]:
            weight.assign_sub(1e-3 * tf.matmul(inputs, tf.matmul(inputs, weight), transpose_a=True))

    def steps(while_true: Callable[[int], bool]) -> list[float]:
        found: list[float] = []
        while while_true(len(found)):
            found.append(seconds(step))
        return found

    with tempfile.TemporaryDirectory(prefix="benchmark-") as directory:
        path = pathlib.Path(directory)
        steps(lambda taken: taken < 10)
        tfc.save_state(path, weights)
        alone = statistics.median(steps(lambda taken: taken < 100))
        call, during = [], []
        for _ in range(5):
            started = time.perf_counter()
            saving = tfc.save_state(path, weights, background=True)
            call.append(time.perf_counter() - started)
            during += steps(lambda taken, saving=saving: not saving.done())
            saving.result()
        plain = seconds(lambda: tfc.save_state(path, weights))
    slower = statistics.median(during) / alone
    print(
        f"\n{megabytes} MB saved in the background: the call takes {statistics.median(call):.3f} s"
        f" (the save itself {plain:.3f} s), a step meanwhile {slower:.2f}"
        f" times as long as alone ({alone * 1e3:.1f} ms)"
    )


def powers(least: int, most: int, factor: int) -> list[int]:
    found = [least]
    while found[-1] < most:
        found.append(min(found[-1] * factor, most))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--most-variables", type=int, default=100_000)
    parser.add_argument("--most-megabytes", type=int, default=8192)
    arguments = parser.parse_args()
    print(tfc.runtime())
    measure(10, 10)  # loads what is loaded once
    table("variable", powers(10, arguments.most_variables, 10), lambda count: (count, 100))
    table(
        "MB",
        powers(1, arguments.most_megabytes, 8),
        lambda size: (min(size, 64), size // min(size, 64) * MEGABYTE),
    )
    background(512)


if __name__ == "__main__":
    main()
