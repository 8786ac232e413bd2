"""What graphs of TensorFlow 1 keep in collections: summaries and savers."""

from __future__ import annotations

import re
from typing import Any

from tfcompat import _runtime

__all__ = [
    "INVALID_SCOPE_CHARACTERS",
    "get_saver_or_default",
    "record_summaries_every_n_global_steps",
    "summary_writer_initializer_op",
    "wrap_restore_error_with_msg",
]

# What is not allowed in the name of a scope.
INVALID_SCOPE_CHARACTERS = re.compile(r"[^-_/.A-Za-z0-9]")
# Where the writers of `tf.summary` put their initializers, in every release.
_WRITERS = "_SUMMARY_WRITER_V2"


def record_summaries_every_n_global_steps(n: int, global_step: Any = None) -> Any:
    """Return a context in which `tf.summary` records in each n-th step alone.

    Replaces `tensorflow.python.ops.summary_ops_v2.record_summaries_every_n_global_steps`.

    Args:
        n: a positive number.
        global_step: a variable; that of `tf.compat.v1.train.get_or_create_global_step` by default.
    """
    tf = _runtime.tensorflow()
    if global_step is None:
        global_step = tf.compat.v1.train.get_or_create_global_step()

    def recording() -> Any:
        with tf.device("cpu:0"):
            return tf.equal(global_step % n, 0)

    return tf.summary.record_if(recording if tf.executing_eagerly() else recording())


def summary_writer_initializer_op() -> list[Any]:
    """Return the operations that initialize the writers of `tf.summary` in the present graph.

    Replaces `tensorflow.python.ops.summary_ops_v2.summary_writer_initializer_op`.

    Raises:
        RuntimeError: in eager mode.
    """
    tf = _runtime.tensorflow()
    if tf.executing_eagerly():
        raise RuntimeError("summary_writer_initializer_op is of graph mode only.")
    return list(tf.compat.v1.get_collection(_WRITERS))


def get_saver_or_default() -> Any:
    """Return the saver of the present graph; make one where there is none.

    Replaces `tensorflow.python.training.saver._get_saver_or_default`.

    Raises:
        RuntimeError: the graph has several.
    """
    v1 = _runtime.tensorflow().compat.v1
    key = v1.GraphKeys.SAVERS
    savers = v1.get_collection(key)
    if len(savers) > 1:
        raise RuntimeError(
            f"More than one item in collection {key}. Please indicate which one to use by passing "
            "it to the constructor."
        )
    if savers:
        return savers[0]
    saver = v1.train.Saver(sharded=True, allow_empty=True)
    v1.add_to_collection(key, saver)
    return saver


def wrap_restore_error_with_msg(err: Any, extra_verbiage: str) -> Any:
    """Return an error of the same type that says what is most likely wrong.

    Replaces `tensorflow.python.training.saver._wrap_restore_error_with_msg`.

    Args:
        err: a `tf.errors.OpError`.
        extra_verbiage: what the checkpoint may lack.
    """
    message = (
        f"Restoring from checkpoint failed. This is most likely due to {extra_verbiage} from the "
        "checkpoint. Please ensure that you have not altered the graph expected based on the "
        f"checkpoint. Original error:\n\n{err.message}"
    )
    return type(err)(err.node_def, err.op, message)
