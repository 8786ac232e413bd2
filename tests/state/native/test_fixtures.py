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


# Made and traced once: that would take most of the time.
@functools.lru_cache
def built(kind: str) -> models.Trainee:
    trainee = models.MODELS[kind](tf.keras)
    trainee.step()
    return trainee


def trained(kind: str) -> models.Trainee:
    """Return a model of which every value has changed since it was last restored."""
    trainee = built(kind)
    for variable in tfc.variables(
        {"model": trainee.model, "optimizer": trainee.optimizer}
    ).values():
        if len(variable.shape) or variable is trainee.optimizer.iterations:
            variable.assign(np.array(variable) + 1)
    return trainee


@pytest.mark.filterwarnings("ignore::tfcompat.ArithmeticWarning")
@pytest.mark.filterwarnings("ignore::tfcompat.MissingOptimizerWarning")
@pytest.mark.parametrize(("fixture", "kind", "form", "holds_optimizer"), cases())
def test_restores(fixture, kind, form, holds_optimizer, unpacked) -> None:
    here = unpacked[fixture] / kind
    with np.load(here / "expected.npz") as archive:
        expected = dict(archive)
    trainee = trained(kind.partition("_")[0])
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
        trainee.step()
        now = trainee.weights()
        for key, value in following.items():
            if not key.endswith(ESTIMATED):
                np.testing.assert_allclose(now[key], value, 0, TOLERANCE, err_msg=key)
