"""States under distribution strategies, and across them."""

from __future__ import annotations

import json

import tfcompat as tfc
from tests.programs import output_of

# The replicas add up gradients of halves of a batch, in another order than no strategy does.
TOLERANCE = 1e-6


def results_of(module: str) -> dict[str, float]:
    """Return what a module prints in a process of its own."""
    found: dict[str, float] = json.loads(output_of("-m", module).splitlines()[-1])
    return found


def assert_crosses(found: dict[str, float]) -> None:
    """Check that all is restored bit by bit, and that the next steps are the same."""
    restored = {name: value for name, value in found.items() if not name.endswith("next step")}
    assert set(restored.values()) == {0.0}, restored
    # Keras 3.0 takes another step with a strategy than without one, whatever was restored.
    differs = tfc.runtime().keras.release[:2] == (3, 0)
    far = {
        name: value
        for name, value in found.items()
        if not value <= TOLERANCE and not (differs and "none" in name)
    }
    assert not far


def test_mirrored_strategy() -> None:
    found = results_of("tests.state.mirrored")
    assert len(found) == 16
    assert_crosses(found)


INSIDE_OF_A_SCOPE = """
import sys
import tensorflow as tf
import tfcompat as tfc

device = tf.config.list_physical_devices("CPU")[0]
parts = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(device, parts)
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    saved = tf.Variable([1.0, 2.0])
    tfc.save_state(sys.argv[1], saved)
    restored = tf.Variable([0.0, 0.0])
    tfc.restore_state(sys.argv[1], restored)
assert restored.numpy().tolist() == [1.0, 2.0]
plain = tf.Variable([0.0, 0.0])
tfc.restore_state(sys.argv[1], plain)
assert plain.numpy().tolist() == [1.0, 2.0]
"""


def test_first_save_inside_of_a_scope(tmp_path) -> None:
    output_of("-c", INSIDE_OF_A_SCOPE, tmp_path)


def test_parameter_servers() -> None:
    found = results_of("tests.state.parameter_servers")
    assert len(found) == (9 if tfc.supports("keras3") else 15)
    assert_crosses(found)


def test_two_workers() -> None:
    found = results_of("tests.state.two_workers")
    assert len(found) == 5
    assert_crosses(found)
