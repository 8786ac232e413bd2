"""Every built-in layer with state, saved and restored within one release."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tests.crossing import layers as crossing
from tests.crossing.layers import LAYERS, outputs_of, same, seeds_of, state_of

keras = tf.keras


@dataclasses.dataclass
class Written:
    """A layer that was saved, and what must come back; nothing is restored into the layer."""

    layer: Any
    path: pathlib.Path
    state: list[np.ndarray]
    seeds: list[np.ndarray]
    outputs: Any


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Written | None]:
    """Return what saves a layer once, or None where this release has no such layer."""

    @functools.cache
    def write(name: str) -> Written | None:
        case = LAYERS[name]
        layer = case.build()
        if layer is None:
            return None
        case.fill(layer)
        outputs = outputs_of(case, layer) if case.computes else None
        expected, seeds = state_of(layer), seeds_of(layer)
        path = tmp_path_factory.mktemp("layer")
        tfc.save_state(path, {"layer": layer})
        return Written(layer, path, expected, seeds, outputs)

    return write


@pytest.mark.once_per_era
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_restores_into_a_second_one(name: str, written: Any) -> None:
    case, first = LAYERS[name], written(name)
    if first is None:
        pytest.skip("this release has no such layer")
    assert sum(array.size for array in first.state)
    second = case.build()
    assert second.name != first.layer.name
    report = tfc.restore_state(first.path, {"layer": second})
    assert report.complete
    assert not report.skipped
    assert same(state_of(second), first.state)
    assert same(seeds_of(second), first.seeds)
    if first.outputs is not None:
        np.testing.assert_allclose(outputs_of(case, second), first.outputs, atol=1e-6)


@pytest.mark.once_per_era
@pytest.mark.parametrize("name", LAYERS)
def test_a_trainable_layer_restores_into_a_frozen_one(name: str, written: Any) -> None:
    first = written(name)
    if first is None or not first.layer.trainable_weights:
        pytest.skip("this release has no such layer, or nothing of it trains")
    second = LAYERS[name].build()
    second.trainable = False
    # Keras lists weights that train before those that do not, so that the order changes.
    assert tfc.restore_state(first.path, {"layer": second}).complete
    second.trainable = True
    assert same(state_of(second), first.state)


# Arguments and inputs for classes that the table does not name, to find out whether they have
# weights. A class that none of them fits must be named below.
_ARGUMENTS: tuple[tuple[Any, ...], ...] = (
    (), (2,), (0.5,), (2, 2), ((1, 1),), ([1, 2],), (lambda x: x,), ("relu",), (((1, 1), (1, 1)),),
    (8,), (8, 1), (0.2, 0.2), ([0.0, 0.5],),
)  # fmt: skip
_INPUTS: tuple[Any, ...] = (
    np.abs(crossing.IMAGE[..., :3]),  # first, for the many layers that take nothing but pictures
    crossing.FLAT, crossing.SEQUENCE, crossing.IMAGE, crossing.VOLUME, crossing.IDS,
    crossing.WORDS, [crossing.FLAT, crossing.FLAT],
    (crossing.IDS[:, :1], crossing.IDS[:, :1]), crossing.VOLUME[..., 0], crossing.IDS[:, 0],
)  # fmt: skip

# Classes without weights that need more than the arguments above.
STATELESS = {
    "CutMix": "takes labels beside images",
    "MixUp": "takes labels beside images",
    "Mosaic": "takes labels beside images",
    "MaxNumBoundingBoxes": "takes bounding boxes",
    "CategoryCrossing": "joins features as strings, 2.5 only",
    "InputLayer": "an input has no state",
    "TFSMLayer": "runs a SavedModel, whose variables are part of the file",
    "TorchModuleWrapper": "needs PyTorch as Keras's backend",
    "JaxLayer": "needs JAX as Keras's backend",
    "FlaxLayer": "needs JAX as Keras's backend",
    "DenseFeatures": "needs feature columns, which TensorFlow has deprecated",
    "RNN": "covered with its cells",
}


def _probed(cls: type) -> Any:
    """Return an instance of a layer class that has been called, or None where that failed."""
    for arguments in _ARGUMENTS:
        for inputs in _INPUTS:
            try:
                layer = cls(*arguments)
            except Exception:  # these arguments do not fit
                break
            try:
                layer(tf.nest.map_structure(tf.constant, inputs))
            except Exception:  # these inputs do not fit
                continue
            return layer
    return None


def test_the_table_names_every_layer_with_weights() -> None:
    layers = crossing.Layers()
    for case in LAYERS.values():
        with contextlib.suppress(crossing.MissingError):
            case.make(layers)
    known = {*crossing.EXCLUDED, *STATELESS}
    problems = []
    for name, cls in crossing.public_classes().items():
        if cls in layers.used or name in known:
            continue
        layer = _probed(cls)
        if layer is None:
            problems.append(f"{name}: cannot be probed")
        elif layer.weights:
            problems.append(f"{name}: has weights")
    assert not problems
