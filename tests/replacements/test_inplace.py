"""Updates of rows against the private originals."""

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements

ROWS = {
    "whole": (None, [[9.0, 8.0], [7.0, 6.0], [5.0, 4.0]]),
    "row": (1, [9.0, 8.0]),
    "rows": ([2, 0], [[9.0, 8.0], [7.0, 6.0]]),
    "negative": (-1, [9.0, 8.0]),
}


@pytest.mark.parametrize("alias", ["", "alias_"])
@pytest.mark.parametrize("operation", ["add", "sub", "update"])
@pytest.mark.parametrize("rows", sorted(ROWS))
def test_rows(rows, operation, alias):
    name = f"{alias}inplace_{operation}"
    results = []
    for function in (original(f"ops.inplace_ops.{name}"), getattr(replacements, name)):
        tensor = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        results.append([function(tensor, *ROWS[rows]).numpy(), tensor.numpy()])
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            variable = tf.random.uniform([3, 2], seed=1) * 0.0 + 1.0
            results[-1].append(session.run(function(variable, *ROWS[rows])))
    for one, other in zip(*results):
        np.testing.assert_array_equal(one, other)


def test_empty_like():
    for function in (original("ops.inplace_ops.empty_like"), replacements.empty_like):
        found = function(tf.ones([2, 3], tf.int32), init=True)
        assert found.dtype == tf.int32
        assert found.numpy().tolist() == [[0, 0, 0], [0, 0, 0]]
        assert function([1.0, 2.0]).shape == [2]
