"""Loops whose iterations are computed at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfcompat import _runtime

__all__ = ["pfor"]


def pfor(loop_fn: Callable[[Any], Any], iters: Any, fallback_to_while_loop: bool = True) -> Any:
    """Compute a function of the number of an iteration for all iterations at once.

    Replaces `tensorflow.python.ops.parallel_for.control_flow_ops.pfor`.

    Args:
        loop_fn: takes the number of the iteration, a scalar of int32.
        iters: the number of iterations.
        fallback_to_while_loop: whether an operation that cannot be vectorized is run in a loop.

    Returns:
        What `loop_fn` returns, each tensor with the iterations as the first dimension.
    """
    tf = _runtime.tensorflow()
    numbers = tf.range(iters, dtype=tf.int32)
    return tf.vectorized_map(loop_fn, numbers, fallback_to_while_loop=fallback_to_while_loop)
