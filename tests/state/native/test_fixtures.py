"""Restoring what real releases wrote: the fixtures of tests/data, each into new objects."""

from __future__ import annotations

import functools
import json
import pathlib
import zipfile

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tests.data import formats, models
from tests.grid.native import FORMATS

FIXTURES = sorted((pathlib.Path(models.__file__).parent / "native").glob("*.zip"))
# The writer's next step and the reader's may differ by this: float32 has 24 bits, and sums run in
# another order in another release.
TOLERANCE = 1e-5
# What the next step makes of it depends on the era: see `ArithmeticWarning`.
ESTIMATED = "moving_variance"
# Written by releases of the matrix: what the grid has them write anew is left to it.
IN_MATRIX = {
    "tf2.5", "tf2.10", "tf2.11", "tf2.13", "tf2.15", "tf2.16.1", "tf2.21", "tf2.21-keras3.15",
    "tf2.21-legacy",
}  # fmt: skip
IN_GRID = {*FORMATS, "checkpoint"}


def cases() -> list:
    return [
        pytest.param(path, kind, form, holds, id=f"{path.stem}-{kind}-{form}")
        for path in FIXTURES
        for kind, formats in _formats(path).items()
        for form, holds in formats.items()
        if path.stem not in IN_MATRIX or form not in IN_GRID
    ]


def _formats(path: pathlib.Path) -> dict[str, dict[str, bool]]:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("fixture.json"))["formats"]


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory) -> dict[pathlib.Path, pathlib.Path]:
    found = {}
    for path in FIXTURES:
        found[path] = tmp_path_factory.mktemp(path.stem)
        with zipfile.ZipFile(path) as archive:
            archive.extractall(found[path])
    return found


@functools.cache
def expected_in(here: pathlib.Path) -> dict[str, np.ndarray]:
    with np.load(here / "expected.npz") as archive:
        return dict(archive)


class Trained:
    """A model that is made and traced once, since that would take most of the time."""

    def __init__(self, kind: str) -> None:
        tf.config.run_functions_eagerly(True)
        try:
            self.trainee = trainee = models.MODELS[kind](tf.keras)
            trainee.step()
        finally:
            tf.config.run_functions_eagerly(False)
        batch = tf.constant(trainee.inputs), tf.constant(trainee.targets)
        # What `train_on_batch` does, without a new dataset for each batch.
        self.step = tf.function(lambda: trainee.model.train_step(batch), autograph=False)
        objects = {"model": trainee.model, "optimizer": trainee.optimizer}
        changed = [
            variable
            for variable in tfc.variables(objects).values()
            if len(variable.shape) or variable is trainee.optimizer.iterations
        ]

        @tf.function(autograph=False)
        def change() -> None:
            for variable in changed:
                variable.assign_add(tf.ones(variable.shape, variable.dtype))

        self.change = change


trained = functools.cache(Trained)


@pytest.mark.filterwarnings("ignore::tfcompat.ArithmeticWarning")
@pytest.mark.filterwarnings("ignore::tfcompat.MissingOptimizerWarning")
@pytest.mark.parametrize(("fixture", "kind", "form", "holds_optimizer"), cases())
def test_restores(fixture, kind, form, holds_optimizer, unpacked) -> None:
    here = unpacked[fixture] / kind
    expected = expected_in(here)
    model = trained(kind.partition("_")[0])
    model.change()  # every value, since it was last restored
    trainee = model.trainee
    objects = {"model": trainee.model, "optimizer": trainee.optimizer}
    if form in formats.ROOTED:
        objects = trainee.model

    report = tfc.restore_state(here / formats.PATHS[form], objects)

    assert report.complete
    assert report.without_optimizer == (() if holds_optimizer else ("optimizer",))
    found = trainee.values() if holds_optimizer else trainee.weights()
    for key, value in found.items():
        np.testing.assert_array_equal(value, expected[key], key)
    following = {key[5:]: value for key, value in expected.items() if key.startswith("next/")}
    if holds_optimizer:
        assert len(found) + len(following) == len(expected)
        model.step()
        now = trainee.weights()
        for key, value in following.items():
            if not key.endswith(ESTIMATED):
                np.testing.assert_allclose(now[key], value, 0, TOLERANCE, err_msg=key)
