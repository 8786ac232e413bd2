"""Moving averages and devices against the private originals."""

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements


def assigners():
    return [
        original("training.moving_averages.assign_moving_average"),
        replacements.assign_moving_average,
    ]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("decay", [0.9, "tensor"])
def test_eager(dtype, decay):
    variables = []
    for assign in assigners():
        variable = tf.Variable(np.array([1.0, 2.0], dtype))
        rate = tf.constant(0.75) if decay == "tensor" else decay
        for value in ([3.0, 4.0], [5.0, 6.0]):
            moved = assign(variable, np.array(value, dtype), rate, zero_debias=False)
            np.testing.assert_array_equal(moved.numpy(), variable.numpy())
        variables.append(variable.numpy())
    np.testing.assert_array_equal(*variables)
    assert not np.allclose(variables[0], [1.0, 2.0])


def test_in_a_function_and_under_a_strategy():
    results = []
    for assign in assigners():
        strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        with strategy.scope():
            variable = tf.Variable([1.0], aggregation=tf.VariableAggregation.MEAN)

        @tf.function
        def step(variable=variable, assign=assign):
            return assign(variable, tf.constant([3.0]), 0.9, zero_debias=False)

        strategy.run(step)
        with strategy.scope():
            assign(variable, tf.constant([5.0]), 0.9, zero_debias=False)
        results.append(variable.numpy())
    np.testing.assert_array_equal(*results)
    np.testing.assert_allclose(results[0], [1.58])


@pytest.mark.parametrize("use_resource", [True, False])
def test_zero_debias_in_a_graph(use_resource):
    results, names = [], []
    for assign in assigners():
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            variable = tf.compat.v1.get_variable(
                "average",
                [2],
                initializer=tf.compat.v1.zeros_initializer(),
                use_resource=use_resource,
            )
            value = tf.compat.v1.placeholder(tf.float32, [2])
            moves = [assign(variable, value, 0.9, name="move"), assign(variable, value * 2, 0.5)]
            session.run(tf.compat.v1.global_variables_initializer())
            # One after the other: both move one variable.
            for step in range(3):
                for move in moves:
                    session.run(move, {value: [step, step + 1.0]})
                results.append(session.run(variable))
            names.append(sorted(one.name for one in tf.compat.v1.global_variables()))
    np.testing.assert_array_equal(results[:3], results[3:])
    assert names[0] == names[1]
    assert "average/average/biased:0" in names[0] or "average/biased:0" in names[0]


def test_devices():
    old = original("client.device_lib.list_local_devices")()
    new = replacements.list_local_devices()
    kinds = [device.device_type for device in new]
    assert "CPU" in kinds
    # XLA's own devices, which public names do not list unless they are in use.
    expected = [one for one in old if not one.device_type.startswith("XLA")]
    assert kinds == [one.device_type for one in expected]
    assert [device.name for device in new] == [one.name for one in expected]
    assert [device.physical_device_desc for device in new if device.device_type == "CPU"] == [""]
