"""A relay: one training job that changes its release of TensorFlow and Keras again and again.

A small convolutional network learns scikit-learn's handwritten digits. It is trained for some
steps on one release and saved with `tfcompat.save_state`; the next release, of another era,
restores it with `tfcompat.restore_state` and trains on, and so forth through every era and back
to the oldest. Beside it the same training runs on the oldest release without interruption. In
the end both must have the same weights:

    python examples/relay.py --environments environments.json

The file names the environments in the order of the legs, each with TensorFlow, scikit-learn and
tfcompat installed; this script itself needs nothing but Python when it drives them:

    {"py39-tf2.5": {"python": "/path/to/python"},
     "py310-tf2.16-legacy": {"python": "/path/to/python", "env": {"TF_USE_LEGACY_KERAS": "1"}}}

How close is the same? Releases do not agree to the last bit: their kernels add the same numbers
in another order, which costs about 1e-7 of each sum, and training feeds that back for hundreds
of steps. Training that branches on its values amplifies it: where ReLU or max pooling decides
another way in one release than in the other, a gradient changes by its whole size (with them,
two uninterrupted runs on TensorFlow 2.5 and 2.21 ended up to 0.2 apart). So the network here is
smooth throughout, and rounding stays rounding. Measured over 900 steps, weights of order 1:

    two legs on one release                                  0, to the last bit
    nine legs through all eras                               1e-6
    no border: uninterrupted on TensorFlow 2.5 and others    2e-6 to 6e-6
    two legs, Adam's moments lost between them               0.2

The borders add nothing to what the kernels differ by, which the relay measures again each time.
The tolerance of 1e-4 leaves room for other processors, and a lost optimizer exceeds it by far.
TF_ENABLE_ONEDNN_OPTS and the number of threads do not matter here: oneDNN's kernels, too, end
within 6e-6 of TensorFlow 2.5.
"""

from __future__ import annotations

import argparse
import array
import dataclasses
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

# NumPy, TensorFlow and tfcompat are imported where a leg needs them: the driver runs without.

TOLERANCE = 1e-4

_STARTED = time.monotonic()
_BATCH = 32
_TRAINING_IMAGES = 1437  # of 1,797; the rest is held out
_LEARNING_RATE = 2e-3
_TIME_LIMIT = 15 * 60  # seconds; a leg that takes longer hangs


# What every release trains, in the same way.


def digits() -> tuple[Any, Any, Any, Any]:
    """Return the images and labels to train on, then those that are held out."""
    import numpy as np
    from sklearn.datasets import load_digits

    data = load_digits()
    order = np.random.RandomState(0).permutation(len(data.target))
    images = (data.images[order, :, :, np.newaxis] / 16).astype("float32")
    labels = data.target[order].astype("int32")
    cut = _TRAINING_IMAGES
    return images[:cut], labels[:cut], images[cut:], labels[cut:]


def batch_of(step: int) -> Any:
    """Return the indices of the images of a step, from nothing but its number.

    So a leg goes on with the very image where the one before it stopped.
    """
    import numpy as np

    epoch, batch = divmod(step, _TRAINING_IMAGES // _BATCH)
    # RandomState's stream is frozen: the same in NumPy 1.19, for TensorFlow 2.5, and in NumPy 2.
    order = np.random.RandomState(epoch).permutation(_TRAINING_IMAGES)
    return order[batch * _BATCH : (batch + 1) * _BATCH]


def build_model() -> Any:
    """Return the network, with the same weights in every release."""
    import numpy as np
    import tensorflow as tf

    layers = tf.keras.layers
    # Smooth activations and average pooling, see the docstring of this file. Keras 3 has no
    # default for the size of an average pool.
    inputs = tf.keras.Input((8, 8, 1))
    hidden = layers.Conv2D(16, 3, padding="same", activation="swish")(inputs)
    hidden = layers.AveragePooling2D(2)(hidden)
    hidden = layers.Conv2D(32, 3, padding="same", activation="swish")(hidden)
    hidden = layers.AveragePooling2D(2)(hidden)
    hidden = layers.Flatten()(hidden)
    # No bias: the normalization takes it out again, so that its gradient is nothing but
    # rounding, which Adam would blow up to whole steps.
    hidden = layers.Dense(64, use_bias=False)(hidden)
    # Not behind a convolution: on images Keras 2 tracks the unbiased variance (its fused
    # kernel), Keras 3 the biased one. That is no rounding, and no matter of the state.
    hidden = layers.BatchNormalization()(hidden)
    hidden = layers.Activation("swish")(hidden)
    model = tf.keras.Model(inputs, layers.Dense(10)(hidden))

    # The initializers of two releases do not draw the same numbers from the same seed. What
    # has one dimension starts as zeros or ones in all of them.
    random = np.random.RandomState(0)

    def initial(weight: Any) -> Any:
        if weight.ndim == 1:
            return weight
        deviation = math.sqrt(2 / math.prod(weight.shape[:-1]))
        return random.normal(0, deviation, weight.shape).astype(weight.dtype)

    model.set_weights([initial(weight) for weight in model.get_weights()])
    return model


def train(
    steps: int, *, state: str | None = None, resume: bool = False, report_every: int | None = None
) -> tuple[dict[str, Any], Any]:
    """Train for some steps, from the state or from the start, and save the state.

    Args:
        steps: how many steps to take.
        state: the directory of the state; None neither restores nor saves.
        resume: whether to go on from the state instead of starting.
        report_every: after how many steps to measure; after all of them by default.

    Returns:
        The first and the last step with what was measured, and the trained model.
    """
    import tensorflow as tf

    import tfcompat as tfc

    images, labels, held_out_images, held_out_labels = digits()
    model = build_model()
    optimizer = tf.keras.optimizers.Adam(_LEARNING_RATE)
    objects = {"model": model, "optimizer": optimizer}
    start = tfc.restore_state(state, objects).step if state and resume else 0

    def loss_of(batch: Any, truth: Any, training: bool) -> tuple[Any, Any]:
        logits = model(batch, training=training)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=truth, logits=logits)
        return tf.reduce_mean(losses), logits

    @tf.function
    def train_step(batch: Any, truth: Any) -> None:
        with tf.GradientTape() as tape:
            loss, _ = loss_of(batch, truth, training=True)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))

    reports = []
    end = start + steps
    for step in range(start, end):
        chosen = batch_of(step)
        train_step(tf.constant(images[chosen]), tf.constant(labels[chosen]))
        done = step + 1
        if state and done == end:
            tfc.save_state(state, objects, step=done)
        if done == end or (report_every and (done - start) % report_every == 0):
            loss, logits = loss_of(held_out_images, held_out_labels, training=False)
            right = logits.numpy().argmax(axis=1) == held_out_labels
            reports.append(
                {"step": done, "loss": float(loss.numpy()), "accuracy": float(right.mean())}
            )
            reports[-1]["seconds"] = time.monotonic() - _STARTED
    return {"start": start, "end": end, "reports": reports}, model


def run_leg(argv: Sequence[str]) -> int:
    """Run one leg in this environment; the last line printed is its result, as JSON."""
    parser = argparse.ArgumentParser(prog="relay.py leg", description=run_leg.__doc__)
    parser.add_argument("--steps", type=int, required=True, help="how many steps to take")
    parser.add_argument("--state", metavar="DIR", help="where the state is saved in the end")
    parser.add_argument("--resume", action="store_true", help="go on from the state in --state")
    parser.add_argument("--report-every", type=int, metavar="N", help="measure every N steps")
    parser.add_argument("--weights", metavar="FILE", help="write the weights, as plain float32")
    arguments = parser.parse_args(argv)
    if arguments.steps < 1:
        parser.error("--steps must be at least 1")
    if arguments.resume and not arguments.state:
        parser.error("--resume needs --state")

    import tensorflow as tf

    import tfcompat as tfc

    # On a machine with many cores, too, sums shall run in the same order each time.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    result, model = train(
        arguments.steps,
        state=arguments.state,
        resume=arguments.resume,
        report_every=arguments.report_every,
    )
    if arguments.weights:
        content = b"".join(weight.tobytes() for weight in model.get_weights())
        Path(arguments.weights).write_bytes(content)
    installed = tfc.runtime()
    flavour = "tf_keras" if installed.legacy_keras else "Keras"
    result["tensorflow"] = str(installed.tensorflow)
    result["keras"] = f"{flavour} {installed.keras}"
    print(json.dumps(result))
    return 0


# What drives the legs, with the standard library alone.


class RelayError(Exception):
    """A leg failed, or did something else than it was asked for."""


@dataclasses.dataclass(frozen=True)
class Environment:
    """Where a leg runs.

    Attributes:
        name: what to call it.
        python: its Python.
        variables: environment variables to add to those of this process.
    """

    name: str
    python: str
    variables: Mapping[str, str]


class Runner:
    """Runs legs in their environments, and ends those that still run when it is stopped."""

    def __init__(self) -> None:
        self._running: list[subprocess.Popen[str]] = []

    def run(self, environment: Environment, *arguments: str) -> dict[str, Any]:
        """Run one leg and return its result.

        Raises:
            RelayError: It failed; the message has the end of what it printed.
        """
        # Warnings only matter when the leg fails; then they are shown.
        variables = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, **environment.variables}
        try:
            process = subprocess.Popen(
                [environment.python, str(Path(__file__).resolve()), "leg", *arguments],
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise RelayError(f"The leg in {environment.name} cannot start: {error}") from error
        self._running.append(process)
        try:
            output, log = process.communicate(timeout=_TIME_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            output, log = process.communicate()
            log += f"\nended after {_TIME_LIMIT} s without a result"
        try:
            if process.returncode:
                raise ValueError
            return dict(json.loads(output.splitlines()[-1]))
        except (ValueError, IndexError):
            printed = "\n".join(f"    {line}" for line in (output + log).splitlines()[-30:])
            status = f"exit status {process.returncode}"
            raise RelayError(
                f"The leg in {environment.name} failed ({status}):\n{printed}"
            ) from None

    def stop(self) -> None:
        """End all that still runs."""
        for process in self._running:
            if process.poll() is None:
                process.kill()


def largest_difference(one: Path, other: Path) -> float:
    """Return the largest difference between the weights in two files."""
    weights, others = array.array("f"), array.array("f")
    weights.frombytes(one.read_bytes())
    others.frombytes(other.read_bytes())
    if len(weights) != len(others) or not weights:
        return math.inf
    differences = [abs(a - b) for a, b in zip(weights, others)]
    # Comparing with NaN is always false, so that max() may pass over it.
    return math.inf if any(map(math.isnan, differences)) else max(differences)


def largest_loss_difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    """Return the largest difference between the losses that two runs reported."""
    differences = [abs(a["loss"] - b["loss"]) for a, b in zip(one["reports"], other["reports"])]
    return math.inf if any(map(math.isnan, differences)) else max(differences)


def relay(environments: Sequence[Environment], steps: int, directory: Path) -> bool:
    """Run the relay and the uninterrupted runs, print the table, return whether they agree."""
    legs = [*environments, environments[0]]
    oldest, newest = environments[0], environments[-1]
    runner = Runner()
    with ThreadPoolExecutor(1) as pool:

        def uninterrupted(environment: Environment, weights: Path) -> Future[dict[str, Any]]:
            count = ["--steps", str(steps * len(legs)), "--report-every", str(steps)]
            return pool.submit(runner.run, environment, *count, "--weights", str(weights))

        weights = {name: directory / name for name in ("relay", "oldest", "newest")}
        # One beside the relay at any time: two cores are enough for all.
        reference = uninterrupted(oldest, weights["oldest"])
        control = uninterrupted(newest, weights["newest"])
        try:
            _print_head(len(legs), steps, oldest)
            reports = []
            for number, environment in enumerate(legs):
                count = ["--steps", str(steps), "--state", str(directory / "state")]
                resume = ["--resume"] if number else []
                result = runner.run(
                    environment, *count, *resume, "--weights", str(weights["relay"])
                )
                if result["start"] != number * steps:
                    raise RelayError(
                        f"The leg in {environment.name} began at step {result['start']} "
                        f"instead of {number * steps}."
                    )
                reports += result["reports"]
                _print_leg(number + 1, result, reference.result()["reports"])
            compared, other = reference.result(), control.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            runner.stop()
            raise

    relayed = (
        largest_difference(weights["relay"], weights["oldest"]),
        largest_loss_difference({"reports": reports}, compared),
    )
    kernels = (
        largest_difference(weights["newest"], weights["oldest"]),
        largest_loss_difference(other, compared),
    )
    agrees = max(relayed) <= TOLERANCE
    oldest_release, newest_release = _release(compared), _release(other)
    print(f"\nLargest difference from the uninterrupted run on {oldest_release}")
    print(f"{'':<72}{'weights':>10}{'loss':>10}")
    _print_difference(f"the relay, across {len(legs) - 1} borders", relayed)
    if newest != oldest:
        _print_difference(f"uninterrupted on {newest_release}, no border", kernels)
    _print_difference("tolerance", (TOLERANCE, TOLERANCE))
    if agrees:
        print("\nThe relay agrees with the uninterrupted run to float32 rounding.")
    else:
        print("\nFAILED: the relay does not agree with the uninterrupted run.")
    return agrees


def _release(result: Mapping[str, Any]) -> str:
    return f"TensorFlow {_short(result['tensorflow'])}, {_short(result['keras'])}"


def _print_head(legs: int, steps: int, oldest: Environment) -> None:
    print(f"One training job, {legs} legs of {steps} steps, each in another environment;")
    print(f"beside it the same {legs * steps} steps without interruption in {oldest.name}.")
    print("Loss and accuracy are those on the 360 images held out.\n")
    measured = f"{'loss':>6}{'accuracy':>10}{'time':>9}"
    head = f"{'leg':>3}  {'TensorFlow':<12}{'Keras':<17}{'step':>5}"
    print(f"{'':<{len(head)}}   {'relay':-^{len(measured)}}   {'uninterrupted':-^{len(measured)}}")
    print(f"{head}   {measured}   {measured}", flush=True)


def _print_leg(
    number: int, result: Mapping[str, Any], reference: Sequence[Mapping[str, Any]]
) -> None:
    report, beside = result["reports"][-1], reference[number - 1]
    # The time of a leg is that of its whole process, with the import of TensorFlow.
    before = reference[number - 2]["seconds"] if number > 1 else 0.0
    release = f"{_short(result['tensorflow']):<12}{_short(result['keras']):<17}"
    print(
        f"{number:>3}  {release}{report['step']:>5}"
        f"   {_measured(report, report['seconds'])}"
        f"   {_measured(beside, beside['seconds'] - before)}",
        flush=True,
    )


def _short(version: str) -> str:
    """Leave out the date of a nightly build."""
    head, separator, _ = version.partition(".dev")
    return head + separator


def _measured(report: Mapping[str, Any], seconds: float) -> str:
    return f"{report['loss']:>6.4f}{report['accuracy']:>10.1%}{seconds:>7.1f} s"


def _print_difference(what: str, differences: tuple[float, float]) -> None:
    print(f"  {what:<70}{differences[0]:>10.1e}{differences[1]:>10.1e}")


def _environment(name: str, *, python: str, env: Mapping[str, str] | None = None) -> Environment:
    # An unknown key is an error: with a misspelt "env" a leg runs on another Keras than meant.
    return Environment(name, python, env or {})


def read_environments(path: Path) -> list[Environment]:
    """Read the file that names the environments, in the order of the legs.

    Raises:
        RelayError: It cannot be read, or is not of the form that this file's docstring shows.
    """
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        environments = [_environment(name, **one) for name, one in described.items()]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise RelayError(f"{path} does not describe environments: {error}") from error
    if not environments:
        raise RelayError(f"{path} names no environment.")
    return environments


def main(argv: Sequence[str] | None = None) -> int:
    """Drive the relay, or run one leg of it; return the exit status."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["leg"]:
        return run_leg(argv[1:])
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--environments", metavar="FILE", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=100, help="of each leg (default: 100)")
    arguments = parser.parse_args(argv)
    if arguments.steps < 1:
        parser.error("--steps must be at least 1")
    try:
        environments = read_environments(arguments.environments)
        with tempfile.TemporaryDirectory(prefix="relay-") as directory:
            agrees = relay(environments, arguments.steps, Path(directory))
    except RelayError as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    print(f"Took {time.monotonic() - _STARTED:.0f} s.")
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())
