"""Many variables at once: what is saved is what NumPy made, wherever and however they are read."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc

COUNT = 1000  # more than are read one by one, and no whole number of groups


def arrays(dtype: tf.DType) -> list[np.ndarray]:
    random = np.random.RandomState(4)
    if dtype == tf.string:
        return [np.array([b"%d" % i, b"\x00\xff"], dtype=object) for i in range(COUNT)]
    # Of different shapes, some of them empty.
    return [random.randint(0, 2, i % 5).astype(dtype.as_numpy_dtype) for i in range(COUNT)]


def require_saved(path, expected: list[np.ndarray]) -> None:
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(path)))
    for key, array in enumerate(expected):
        np.testing.assert_array_equal(reader.get_tensor(str(key)), array)


@contextlib.contextmanager
def functions_run_eagerly():
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


# Each with a dtype of its own: what is made for a dtype is made once in a process.
@pytest.mark.parametrize(
    ("dtype", "surroundings"),
    [
        (tf.float32, contextlib.nullcontext),
        (tf.string, contextlib.nullcontext),
        (tf.bfloat16, lambda: tf.device("CPU:0")),
        (tf.int32, lambda: tf.device("GPU:7")),  # there is none
        (tf.float64, tf.GradientTape),
        (tf.float16, functions_run_eagerly),
        (tf.int64, lambda: tf.name_scope("name")),
        (tf.complex64, tf.init_scope),
        (tf.bool, lambda: tf.distribute.OneDeviceStrategy("CPU:0").scope()),
    ],
    ids=["plain", "string", "device", "no_device", "tape", "eagerly", "name", "init", "strategy"],
)
def test_many_variables(dtype, surroundings, tmp_path) -> None:
    expected = arrays(dtype)
    live = [tf.Variable(tf.constant(array, dtype)) for array in expected]
    with surroundings():
        tfc.save_state(tmp_path, live)
        tfc.save_state(tmp_path, live)
    require_saved(tmp_path, expected)


def test_many_variables_of_several_dtypes_keep_their_order(tmp_path) -> None:
    expected = [array for pair in zip(arrays(tf.float32), arrays(tf.uint8)) for array in pair]
    tfc.save_state(tmp_path, [tf.Variable(array) for array in expected])
    require_saved(tmp_path, expected)


def test_many_variables_that_change_while_they_are_written(tmp_path) -> None:
    live = [tf.Variable(tf.fill([50], float(i))) for i in range(COUNT)]
    saving = tfc.save_state(tmp_path, live, background=True)
    for variable in live:
        variable.assign_add(tf.ones([50]))
        variable[3:].assign(tf.zeros([47]))
    saving.result()
    require_saved(tmp_path, [np.full(50, i, np.float32) for i in range(COUNT)])


def test_many_variables_of_several_devices(tmp_path) -> None:
    program = f"""
import sys
import tensorflow as tf
import tfcompat as tfc
device = tf.config.list_physical_devices("CPU")[0]
parts = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(device, parts)
live = []
for i in range({2 * COUNT}):
    with tf.device(f"CPU:{{i % 2}}"):
        live.append(tf.Variable([i]))
assert {{variable.device[-1] for variable in live}} == {{"0", "1"}}
tfc.save_state(sys.argv[1], live)
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    require_saved(tmp_path, [np.array([i]) for i in range(2 * COUNT)])
