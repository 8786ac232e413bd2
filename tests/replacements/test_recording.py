"""Tapes that are stopped, against the private original."""

import contextlib

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.originals import find
from tfcompat import replacements

ORIGINAL = find("eager.record.stop_recording", "eager.tape.stop_recording")
BOTH = pytest.mark.parametrize(
    "stop", [ORIGINAL, replacements.stop_recording], ids=["original", "replacement"]
)


def product(stop, x):
    """Return x * x**2 * x**3, of which the tape sees x alone."""
    with stop():
        square = x * x
        with stop():
            cube = square * x
        cube = cube + 0.0 * x
    return x * square * cube


def slope(x):
    return x**5


@BOTH
def test_eager(stop):
    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as outer, tf.GradientTape() as inner:
        outer.watch(x)
        inner.watch(x)
        y = product(stop, x)
        assert tf.executing_eagerly()
    assert inner.gradient(y, x).numpy() == outer.gradient(y, x).numpy() == slope(2.0)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
        assert accumulator.jvp(product(stop, x)).numpy() == slope(2.0)


@BOTH
def test_recording_goes_on_after_an_error(stop):
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with contextlib.suppress(KeyError), stop():
            raise KeyError
        y = x * x
    assert tape.gradient(y, x).numpy() == 4.0


@BOTH
def test_in_a_function(stop):
    variable = tf.Variable(2.0)
    lifted = []

    @tf.function
    def gradients(x):
        graph = tf.compat.v1.get_default_graph()
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            depending = tf.control_dependencies([variable.assign_add(1.0)])
            with tf.name_scope("outer"), depending, stop():
                assert tf.compat.v1.get_default_graph() is graph
                assert not tf.executing_eagerly()
                op = tf.identity(x, name="op").op
                assert op.name == "outer/op"
                assert len(op.control_inputs) == 1
                with tf.init_scope():
                    lifted.append(tf.executing_eagerly())
            y = product(stop, x) * variable
        return tape.gradient(y, x), tape.gradient(y, variable)

    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        found = gradients(x)
    np.testing.assert_allclose(found, [slope(2.0) * 3.0, 64.0])
    assert lifted == [True]
    assert tape.gradient(found[0], x) is not None


@BOTH
def test_in_a_branch_and_a_loop(stop):
    @tf.function
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.cond(x > 0.0, lambda: product(stop, x), lambda: x)
            y += tf.while_loop(lambda z: z < 100.0, lambda z: (product(stop, z),), [x])[0]
        return tape.gradient(y, x)

    # Gradients of branches and loops are those of their graphs, which no tape records. The loop
    # runs once.
    assert gradient(tf.constant(2.5)).numpy() == pytest.approx(2 * 6 * 2.5**5)


@BOTH
def test_in_a_graph(stop):
    with tf.Graph().as_default() as graph, tf.compat.v1.Session() as session:
        x = tf.constant(2.0)
        with tf.GradientTape() as tape:
            tape.watch(x)
            depending = tf.control_dependencies([x])
            with tf.name_scope("outer"), tf.device("CPU:0"), depending, stop():
                op = tf.constant(1.0, name="op").op
                assert op.graph is graph
                assert op.name == "outer/op"
                assert op.device == "/device:CPU:0"
                assert list(op.control_inputs) == [x.op]
            y = product(stop, x)
        assert session.run(tape.gradient(y, x)) == slope(2.0)


@BOTH
def test_under_a_strategy(stop):
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        variable = tf.Variable(2.0)
    seen = []

    def step():
        with tf.GradientTape() as tape:
            with stop():
                context = tf.distribute.get_replica_context()
                seen.append((context.num_replicas_in_sync, tf.distribute.get_strategy()))
            y = product(stop, variable)
        return tape.gradient(y, variable)

    found = strategy.experimental_local_results(tf.function(lambda: strategy.run(step))())
    np.testing.assert_allclose(found, [slope(2.0)])
    assert seen == [(1, strategy)]


@BOTH
def test_in_a_function_within_a_graph(stop):
    strategy = tf.distribute.OneDeviceStrategy("CPU:0")
    made = []

    def creator(next_creator, **arguments):
        made.append(arguments["name"])
        return next_creator(**arguments)

    def across():
        variables = []
        function = tf.function(lambda: scopes(stop, strategy, creator, variables))
        function.get_concrete_function()

    across()
    with tf.Graph().as_default():
        across()
    assert made == ["made", "made"]


def scopes(stop, strategy, creator, variables):
    """Return a tensor after looking for the strategy and the creator within `stop`."""
    with tf.variable_creator_scope(creator), strategy.scope(), stop():
        assert tf.distribute.get_strategy() is strategy
        if not variables:
            variables.append(tf.Variable(1.0, name="made"))
    return tf.constant(1.0)
