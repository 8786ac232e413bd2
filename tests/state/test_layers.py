"""Every built-in layer with state, saved and restored within one release."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tests.crossing import layers as crossing
from tests.crossing.layers import LAYERS, outputs_of, same, seeds_of, state_of

keras = tf.keras


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_restores_into_a_second_one(name: str, tmp_path: pathlib.Path) -> None:
    case = LAYERS[name]
    first = case.build()
    if first is None:
        pytest.skip("this release has no such layer")
    case.fill(first)
    outputs = outputs_of(case, first) if case.computes else None
    expected, seeds = state_of(first), seeds_of(first)
    assert sum(array.size for array in expected)
    tfc.save_state(tmp_path, {"layer": first})
    second = case.build()
    assert second.name != first.name
    report = tfc.restore_state(tmp_path, {"layer": second})
    assert report.complete
    assert not report.skipped
    assert same(state_of(second), expected)
    assert same(seeds_of(second), seeds)
    if outputs is not None:
        np.testing.assert_allclose(outputs_of(case, second), outputs, atol=1e-6)


@pytest.mark.parametrize("name", LAYERS)
def test_a_trainable_layer_restores_into_a_frozen_one(name: str, tmp_path: pathlib.Path) -> None:
    case = LAYERS[name]
    first = case.build()
    if first is None or not first.trainable_weights:
        pytest.skip("this release has no such layer, or nothing of it trains")
    case.fill(first)
    tfc.save_state(tmp_path, [first])
    second = case.build()
    second.trainable = False
    # Keras lists weights that train before those that do not, so that the order changes.
    assert tfc.restore_state(tmp_path, [second]).complete
    second.trainable = True
    assert same(state_of(second), state_of(first))


# Arguments and inputs for classes that the table does not name, to find out whether they have
# weights. A class that none of them fits must be named below.
_ARGUMENTS: tuple[tuple[Any, ...], ...] = (
    (), (2,), (0.5,), (2, 2), ((1, 1),), ([1, 2],), (lambda x: x,), ("relu",), (((1, 1), (1, 1)),),
    (8,), (8, 1), (0.2, 0.2), ([0.0, 0.5],),
)  # fmt: skip
_INPUTS: tuple[Any, ...] = (
    crossing.FLAT, crossing.SEQUENCE, crossing.IMAGE, crossing.VOLUME, crossing.IDS,
    crossing.WORDS, [crossing.FLAT, crossing.FLAT], np.abs(crossing.IMAGE[..., :3]),
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
        try:
            cls(*arguments)
        except Exception:  # these arguments do not fit
            continue
        for inputs in _INPUTS:
            try:
                layer = cls(*arguments)
                layer(tf.nest.map_structure(tf.constant, inputs))
            except Exception:  # these inputs do not fit
                continue
            return layer
    return None


def test_the_table_names_every_layer_with_weights() -> None:
    layers = crossing.Layers()
    for case in LAYERS.values():
        case.build(layers)
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
