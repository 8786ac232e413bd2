"""The tests of the library."""

from __future__ import annotations

import gated
import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc

INPUTS = np.linspace(-1, 1, 32, dtype=np.float32).reshape(8, 4)
TARGETS = INPUTS.sum(axis=1, keepdims=True) ** 2


def trainer() -> gated.Trainer:
    return gated.Trainer(gated.build_model(4))


def test_a_closed_gate_lets_nothing_through() -> None:
    layer = gated.GatedDense(3)
    layer.build((None, 4))
    layer.gate.assign(np.full((4, 3), -1000, np.float32))
    np.testing.assert_array_equal(layer(tf.constant(np.ones((2, 4), np.float32))), np.zeros((2, 3)))


def test_training_reduces_the_loss() -> None:
    one = trainer()
    losses = [one.step(INPUTS, TARGETS) for _ in range(20)]
    assert losses[-1] < losses[0]
    assert one.progress == {"steps": 20}


def test_resumes_in_the_next_process(tmp_path) -> None:
    one, other = trainer(), trainer()
    one.step(INPUTS, TARGETS)
    one.save(str(tmp_path / "state"))
    other.resume(str(tmp_path / "state"))
    assert other.progress == {"steps": 1}
    assert one.step(INPUTS, TARGETS) == pytest.approx(other.step(INPUTS, TARGETS), rel=1e-6)


def test_states_cross_environments(state_crossing) -> None:
    trainers = {}

    def build():
        one = trainer()
        trainers[id(one.model)] = one
        return one.state

    def train(state):
        for _ in range(3):
            trainers[id(state["model"])].step(INPUTS, TARGETS)

    def outputs(state):
        one = trainers[id(state["model"])]
        # The step that the writer would have taken next, and what the model says after it.
        loss = one.step(INPUTS, TARGETS)
        return {"loss": loss, "steps": one.progress["steps"], "after": one.model(INPUTS)}

    state_crossing(build, train=train, outputs=outputs)


def test_a_module_crosses_environments(state_crossing) -> None:
    def build():
        module = tf.Module()
        module.counts = tf.Variable(np.zeros(3, np.int64))
        return module

    def train(module):
        module.counts.assign_add([1, 2, 3])

    state_crossing(build, train=train, outputs=lambda module: module.counts * 2)


@pytest.mark.keras(3)
def test_keras_3_has_the_paths_of_variables() -> None:
    assert any(weight.path == "head/kernel" for weight in gated.build_model(4).weights)


@pytest.mark.keras(2)
def test_keras_2_has_the_names_of_variables() -> None:
    assert any("kernel" in weight.name for weight in gated.build_model(4).weights)


@pytest.mark.legacy_keras
def test_legacy_keras_is_tf_keras() -> None:
    assert tfc.keras.__name__ == "tf_keras"


@pytest.mark.tensorflow(">=2.11")
def test_optimizers_can_be_built() -> None:
    one = trainer()
    one.optimizer.build(one.model.trainable_variables)
    assert tfc.supports("optimizer_build")


def test_no_private_imports(no_private_imports) -> None:
    """Run last, after everything that the others import."""
