"""Settings of eager execution, and functions from graphs: `context` and its neighbours."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from typing import Any

from tfcompat import _runtime
from tfcompat.replacements._autograph import unconverted

__all__ = [
    "DEVICE_PLACEMENT_EXPLICIT",
    "DEVICE_PLACEMENT_SILENT",
    "DEVICE_PLACEMENT_SILENT_FOR_INT32",
    "DEVICE_PLACEMENT_WARN",
    "device_policy",
    "ensure_initialized",
    "event_file_writer",
    "function_from_graph_def",
    "gen_new_seed",
    "global_seed",
    "is_op_determinism_enabled",
    "shared_name",
    "stop_recording",
]

# The names that `tf.config.experimental.set_device_policy` takes.
DEVICE_PLACEMENT_EXPLICIT = "explicit"
DEVICE_PLACEMENT_SILENT = "silent"
DEVICE_PLACEMENT_SILENT_FOR_INT32 = "silent_for_int32"
DEVICE_PLACEMENT_WARN = "warn"

# What takes the place of the seed of all operations where an operation alone has one.
_NO_GLOBAL_SEED = 87654321


@contextlib.contextmanager
def device_policy(policy: str) -> Iterator[None]:
    """Within the context, treat inputs on another device as a policy says.

    Replaces `tensorflow.python.eager.context.device_policy`.

    Args:
        policy: such as `DEVICE_PLACEMENT_SILENT`.
    """
    config = _runtime.tensorflow().config.experimental
    before = config.get_device_policy()
    config.set_device_policy(policy)
    try:
        yield
    finally:
        config.set_device_policy(before)


def ensure_initialized() -> None:
    """Start the devices of eager execution, as the first operation does."""
    _runtime.tensorflow().config.list_logical_devices()


@unconverted
def global_seed() -> int | None:
    """Return what `tf.random.set_seed` set for eager execution, None if nothing did.

    Replaces `tensorflow.python.eager.context.global_seed`.
    """
    tf = _runtime.tensorflow()
    with tf.init_scope():
        seed = tf.compat.v1.get_seed(1)[0]
        # Where no seed is set, an operation without one has none either.
        if seed == _NO_GLOBAL_SEED and not _is_set(tf):
            return None
    return int(seed)


def _is_set(tf: Any) -> bool:
    try:
        return tf.compat.v1.get_seed(None)[0] is not None
    except RuntimeError:  # of an operation without a seed, where determinism is enabled
        return False


def is_op_determinism_enabled() -> bool:
    """Return whether `tf.config.experimental.enable_op_determinism` was called.

    Replaces `tensorflow.python.framework.config.is_op_determinism_enabled`, from 2.7 on. It is
    False in 2.5 and 2.6, which have no such setting.
    """
    tf = _runtime.tensorflow()
    with tf.Graph().as_default():
        try:
            tf.compat.v1.get_seed(None)
        except RuntimeError:  # No seed is set, which determinism does not allow.
            return True
    return False


def gen_new_seed(seed: int | None, salt: str) -> int | None:
    """Return another seed that follows from a seed and a text; None from None.

    Replaces `tensorflow.python.ops.distributions.util.gen_new_seed`.
    """
    if seed is None:
        return None
    digest = hashlib.md5(f"{seed}{salt}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) & 0x7FFFFFFF


def function_from_graph_def(graph_def: Any, inputs: Any, outputs: Any) -> Any:
    """Return a function that runs a part of a graph.

    Replaces `tensorflow.python.eager.wrap_function.function_from_graph_def` without its
    argument `captures`.

    Args:
        graph_def: a `GraphDef`.
        inputs: a nest of names of tensors.
        outputs: a nest of names of tensors and operations.
    """
    tf = _runtime.tensorflow()
    wrapped = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph_def, name=""), [])
    element = wrapped.graph.as_graph_element
    return wrapped.prune(
        tf.nest.map_structure(element, inputs), tf.nest.map_structure(element, outputs)
    )


def event_file_writer(
    logdir: str, max_queue: int = 10, flush_secs: int = 120, filename_suffix: str | None = None
) -> Any:
    """Return a writer of files of events, a `tf.compat.v1.summary.FileWriter`.

    Replaces `tensorflow.python.summary.writer.event_file_writer.EventFileWriter`. The public
    class can be made in graph mode only, but works in any.

    Args:
        logdir: the directory, made where there is none.
        max_queue: how many events wait at most before `add_event` does.
        flush_secs: after how many seconds they are written at the latest.
        filename_suffix: for the names of the files.
    """
    tf = _runtime.tensorflow()
    with tf.Graph().as_default():
        return tf.compat.v1.summary.FileWriter(
            str(logdir),
            max_queue=max_queue,
            flush_secs=flush_secs,
            filename_suffix=filename_suffix,
        )


def shared_name(name: str | None = None) -> str | None:
    """Return the name under which a resource is shared; in eager mode one of its own by default.

    Replaces `tensorflow.python.eager.context.shared_name`, up to 2.6.
    """
    if name or not _runtime.tensorflow().executing_eagerly():
        return name
    return _ANONYMOUS


# TensorFlow makes a resource of this name anonymous.
_ANONYMOUS = "cd2c89b7-88b7-44c8-ad83-06c2a9158347"


@contextlib.contextmanager
def stop_recording() -> Iterator[None]:
    """Keep what is done within the context off all gradient tapes and accumulators of the thread.

    Replaces `tensorflow.python.eager.tape.stop_recording`, from 2.13 on in
    `tensorflow.python.eager.record`. `tf.init_scope` pauses them; the graph that it leaves is
    entered again.
    """
    tf = _runtime.tensorflow()
    with contextlib.ExitStack() as stack:
        if tf.executing_eagerly():
            stack.enter_context(tf.init_scope())
        else:
            graph = tf.compat.v1.get_default_graph()
            if not graph.building_function:
                # init_scope does not leave such a graph, and would lift its control dependencies.
                stack.enter_context(tf.Graph().as_default())
            stack.enter_context(tf.init_scope())
            # as_default of a function's graph takes the strategies of the graph around it.
            stack.enter_context(tf.Graph.as_default(graph))
        yield
