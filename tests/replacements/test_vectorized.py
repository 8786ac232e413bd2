"""pfor against the private original."""

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements

X = tf.constant(np.random.default_rng(0).normal(size=(4, 3)).astype("float32"))


def gather(i):
    return tf.gather(X, i) * 2


def number(i):
    return i + 1


def nest(i):
    return {"a": (X[i], tf.cast(i, tf.float32)), "b": [tf.ones([2])]}


def matmul(i):
    return tf.matmul(X[i : i + 1], X, transpose_b=True)


def constant(i):
    return tf.ones([])


def loop(i):
    return tf.while_loop(lambda j: j < i, lambda j: (j + 1,), [tf.constant(0)])


@pytest.mark.parametrize("loop_fn", [gather, number, nest, matmul, constant, loop])
@pytest.mark.parametrize("iters", [4, 1, tf.constant(3)], ids=["4", "1", "tensor"])
def test_pfor(loop_fn, iters):
    old = original("ops.parallel_for.control_flow_ops.pfor")
    expected, found = old(loop_fn, iters), replacements.pfor(loop_fn, iters)
    tf.nest.assert_same_structure(expected, found)
    for one, other in zip(tf.nest.flatten(expected), tf.nest.flatten(found)):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(other, one, rtol=1e-6)


def test_pfor_in_a_graph():
    old = original("ops.parallel_for.control_flow_ops.pfor")
    results = []
    for pfor in (old, replacements.pfor):
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            iters = tf.compat.v1.placeholder(tf.int32, [])
            found = pfor(lambda i: tf.one_hot(i, 5), iters, fallback_to_while_loop=False)
            results.append(session.run(found, {iters: 3}).tolist())
    assert results[0] == results[1] == np.eye(5)[:3].tolist()
