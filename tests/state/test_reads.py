"""Many variables at once: what is saved and restored is what NumPy made, wherever they are."""

from __future__ import annotations

import contextlib
import os

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tests.programs import output_of
from tfcompat.state import reads

COUNT = 1100  # more than are read one by one, and no whole number of groups


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


@pytest.fixture(autouse=True)
def _nothing_traced() -> None:
    """What is traced for a dtype is traced once in a process."""
    reads._reader.cache_clear()


@contextlib.contextmanager
def functions_run_eagerly():
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)


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
    require_saved(tmp_path, expected)
    tfc.save_state(tmp_path, live)
    require_saved(tmp_path, expected)
    for variable in live:
        variable.assign(tf.zeros(variable.shape, dtype))
    with surroundings():
        tfc.restore_state(tmp_path, live)
    for variable, array in zip(live, expected):
        np.testing.assert_array_equal(variable.numpy(), array)
    together = tfc.runtime().tensorflow.release >= (2, 10)
    assert reads._reader.cache_info()[:2] == ((1, 1) if together else (0, 0))


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


def test_few_variables_are_not_worth_a_function(tmp_path) -> None:
    expected = arrays(tf.float32)[:100]
    tfc.save_state(tmp_path, [tf.Variable(array) for array in expected])
    require_saved(tmp_path, expected)
    assert reads._reader.cache_info().misses == 0


def test_checks_of_numerics_end(tmp_path) -> None:
    live = [tf.Variable([float(i), 1.0]) for i in range(COUNT)]
    tf.debugging.enable_check_numerics()
    try:
        tfc.save_state(tmp_path, live)
    finally:
        tf.debugging.disable_check_numerics()
    live[5].assign([np.nan, np.inf])
    tfc.save_state(tmp_path, live)
    require_saved(tmp_path, [variable.numpy() for variable in live])
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(tmp_path)))
    assert np.isnan(reader.get_tensor("5")[0])


VARIABLES = f"""
import os, sys
import tensorflow as tf
import tfcompat as tfc

def made(device="CPU:0"):
    with tf.device(device):
        return [tf.Variable([i]) for i in range({COUNT})]
"""


def test_many_variables_of_several_devices(tmp_path) -> None:
    program = """
device = tf.config.list_physical_devices("CPU")[0]
parts = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(device, parts)
live = made() + made("CPU:1")
assert {variable.device[-1] for variable in live} == {"0", "1"}
tfc.save_state(sys.argv[1], live)
"""
    output_of("-c", VARIABLES + program, tmp_path)
    require_saved(tmp_path, [np.array([i]) for i in range(COUNT)] * 2)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
@pytest.mark.parametrize("earlier", [False, True], ids=["first_save", "later_save"])
def test_many_variables_in_a_forked_process(earlier, tmp_path) -> None:
    program = """
live = made()
if sys.argv[2] == "True":
    tfc.save_state(sys.argv[1], live)
child = os.fork()
if not child:
    live[0].assign([7])
    tfc.save_state(sys.argv[1], live)
    os._exit(0)
sys.exit(os.waitpid(child, 0)[1])
"""
    output_of("-c", VARIABLES + program, tmp_path, earlier)
    require_saved(tmp_path, [np.array([i or 7]) for i in range(COUNT)])


def test_many_variables_while_a_function_has_the_only_thread(tmp_path) -> None:
    program = """
tf.config.threading.set_inter_op_parallelism_threads(1)
live = made()

def save():
    tfc.save_state(sys.argv[1], live)

@tf.function
def step():
    live[0].assign([7])
    tf.py_function(save, [], [])

step()
step()
"""
    output_of("-c", VARIABLES + program, tmp_path)
    require_saved(tmp_path, [np.array([i or 7]) for i in range(COUNT)])


def test_operations_that_run_later(tmp_path) -> None:
    program = """
tf.config.experimental.set_synchronous_execution(False)
live = made()
tfc.save_state(sys.argv[1], live)
tfc.save_state(sys.argv[1], live, step=2, background=True).result()
for variable in live:
    variable.assign([-1])
tfc.restore_state(sys.argv[1], live)
assert [int(variable[0]) for variable in live] == list(range(len(live)))
assert not tf.config.experimental.get_synchronous_execution()
"""
    output_of("-c", VARIABLES + program, tmp_path)
    require_saved(tmp_path, [np.array([i]) for i in range(COUNT)])
