"""Write what the installed TensorFlow or Keras itself can write of three trained models.

python tests/data/write_native.py FIXTURE.zip [--standalone] [--saved-model]

Needs TensorFlow 1.15 or newer, or with it standalone Keras 2.1 to 2.3, and Python 3.7. Knows
nothing of tfcompat.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import pathlib
import platform
import sys
import tempfile
import zipfile
from collections.abc import Callable
from typing import Any

import formats
import models
import numpy as np
import tensorflow as tf

# The optimizers of TensorFlow 1 that are those of the models, with what turns a slot into Keras's:
# `MomentumOptimizer` multiplies by the learning rate later.
OPTIMIZERS_V1: dict[str, tuple[Callable[[], Any], dict[str, tuple[str, float]]]] = {
    "sequential": (
        lambda: tf.compat.v1.train.AdamOptimizer(0.01, epsilon=1e-7),
        {"momentum": ("m", 1.0), "velocity": ("v", 1.0)},
    ),
    "functional": (
        lambda: tf.compat.v1.train.MomentumOptimizer(0.05, 0.9),
        {"momentum": ("momentum", -0.05)},
    ),
}


class InterruptedTraining(Exception):  # noqa: N818
    """Ends the training before its backup is taken away."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--standalone", action="store_true", help="the package keras up to 2.3")
    parser.add_argument("--saved-model", action="store_true", help="also the largest format")
    arguments = parser.parse_args()
    if arguments.standalone:
        import keras
    else:
        keras = tf.keras
    package = sys.modules[keras.models.Model.__module__.partition(".")[0]]  # tf.keras tells not all
    document: dict[str, Any] = {
        "tensorflow": tf.__version__,
        "keras": getattr(keras, "__version__", None) or package.__version__,
        "python": platform.python_version(),
        "standalone": arguments.standalone,
        "formats": {},
    }
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        for kind, build in models.MODELS.items():
            if kind == "subclassed" and arguments.standalone:
                continue  # that Keras does not know layers in lists
            document["formats"][kind] = write(build(keras), directory / kind, arguments)
            if kind in OPTIMIZERS_V1 and not (arguments.standalone or tf.executing_eagerly()):
                name = f"{kind}_v1"
                document["formats"][name] = write_v1(build, keras, directory / name)
        (directory / "fixture.json").write_text(json.dumps(document, indent=1))
        with zipfile.ZipFile(str(arguments.output), "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(directory.rglob("*")):
                if path.is_file():
                    archive.write(str(path), str(path.relative_to(directory)))
    print(json.dumps(document, indent=1))


def write(trainee: models.Trainee, here: pathlib.Path, options: Any) -> dict[str, bool]:
    """Train a model and write it; return whether each format holds the optimizer."""
    here.mkdir()
    train(trainee, here)
    names = ["h5_weights", "weights.h5", "h5", "keras"]
    if not options.standalone:
        names.append("save_weights")
        write_checkpoints(trainee, here)
        if options.saved_model and here.name == "functional":
            names.append("saved_model")
    formats.write(trainee.model, here, names)
    expected = trainee.values()
    if not options.standalone:  # there TensorFlow 1 updates what the same step reads in any order
        trainee.step()
        expected.update({f"next/{key}": value for key, value in trainee.weights().items()})
    np.savez_compressed(str(here / "expected.npz"), **expected)
    return formats.written(here)


def write_checkpoints(trainee: models.Trainee, here: pathlib.Path) -> None:
    """Write what TensorFlow itself does."""
    checkpoint, manager, by_names = (
        str(here / formats.PATHS[name]) for name in ("checkpoint", "manager", "name_based")
    )
    if not tf.executing_eagerly():
        session = trainee.keras.backend.get_session()
        pathlib.Path(by_names).parent.mkdir()
        tf.compat.v1.train.Saver().save(session, by_names)
    # Keras 3.0's optimizers cannot be part of a tf.train.Checkpoint.
    with contextlib.suppress(ValueError):
        saved = tf.train.Checkpoint(model=trainee.model, optimizer=trainee.optimizer)
        saved.write(checkpoint)
        if tf.executing_eagerly():
            tf.train.CheckpointManager(saved, manager, max_to_keep=1).save(models.TRAINED)


def write_v1(build: Callable[[Any], models.Trainee], keras: Any, here: pathlib.Path) -> Any:
    """Train a model as programs of TensorFlow 1 did, and write it by the names of its variables."""
    make, slots = OPTIMIZERS_V1[build.__name__]
    path = here / formats.PATHS["name_based"]
    path.parent.mkdir(parents=True)
    keras.backend.clear_session()
    keras.backend.set_learning_phase(1)
    trainee = build(keras)
    model, session = trainee.model, keras.backend.get_session()
    known = set(tf.compat.v1.global_variables())
    weights = dict(
        zip(trainee.weights(), (w for layer, _ in trainee.layers.values() for w in layer.weights))
    )
    loss = tf.reduce_mean(tf.square(model.output - trainee.targets))
    optimizer = make()
    counter = tf.compat.v1.train.get_or_create_global_step()
    step = optimizer.minimize(loss, counter, model.trainable_weights)
    new = [v for v in tf.compat.v1.global_variables() if v not in known]
    session.run(tf.compat.v1.variables_initializer(new))
    steps = [step, *model.updates]
    for _ in range(models.TRAINED):
        session.run(steps, {model.input: trainee.inputs})
    saved = [*weights.values(), *new]
    tf.compat.v1.train.Saver(saved).save(session, str(path))
    expected = {**trainee.weights(), "optimizer/iterations": session.run(counter)}
    for key, weight in weights.items():
        for name, (slot, factor) in slots.items():
            variable = optimizer.get_slot(weight, slot)
            if variable is not None:
                value = session.run(variable) * np.float32(factor)
                expected[f"optimizer/slots/{name}/{key}"] = value
    session.run(steps, {model.input: trainee.inputs})
    expected.update({f"next/{key}": value for key, value in trainee.weights().items()})
    np.savez_compressed(str(here / "expected.npz"), **expected)
    keras.backend.clear_session()  # and with it the learning phase
    return {"name_based": True}


def train(trainee: models.Trainee, here: pathlib.Path) -> None:
    """Take the first steps in `fit`, with the callbacks that write while it runs."""
    callbacks = trainee.keras.callbacks

    class Interruption(callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == models.TRAINED:
                raise InterruptedTraining

    (here / "model_checkpoint").mkdir()
    try:
        path = here / formats.PATHS["model_checkpoint"]
        used = [callbacks.ModelCheckpoint(str(path), save_weights_only=True)]
    except ValueError:  # Keras 3 wants the suffix
        path = here / formats.PATHS["model_checkpoint.weights.h5"]
        used = [callbacks.ModelCheckpoint(str(path), save_weights_only=True)]
    for module in (callbacks, getattr(callbacks, "experimental", None)):
        if hasattr(module, "BackupAndRestore"):
            used.append(module.BackupAndRestore(str(here / formats.PATHS["backup"])))
            break
    with contextlib.suppress(InterruptedTraining):
        trainee.model.fit(
            trainee.inputs,
            trainee.targets,
            batch_size=len(trainee.inputs),
            epochs=models.TRAINED + 1,
            shuffle=False,
            verbose=0,
            callbacks=[*used, Interruption()],
        )


if __name__ == "__main__":
    main()
