"""Loops and collectives of TPUs: helpers of `tensorflow.python.tpu`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tfcompat import _runtime
from tfcompat.replacements._autograph import unconverted
from tfcompat.replacements.distributed import get_tpu_context

__all__ = [
    "all_to_all",
    "collective_permute",
    "on_device_training_loop",
    "split_compile_and_shard",
    "tpu_repeat",
    "tpu_while_loop",
]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def all_to_all(
    x: Any,
    concat_dimension: int,
    split_dimension: int,
    split_count: int,
    group_assignment: Any = None,
    name: str | None = None,
) -> Any:
    """Split a tensor, send each part to another replica, and join what comes from them.

    Replaces `tensorflow.python.tpu.ops.tpu_ops.all_to_all`.

    Args:
        x: the tensor of this replica.
        concat_dimension: the axis along which the parts are joined.
        split_dimension: the axis along which the tensor is split.
        split_count: the number of parts, that of the replicas in a group.
        group_assignment: int32 of shape (groups, replicas in a group), the numbers of the
            replicas; by default one group of all that `get_tpu_context` tells of, or of one.
        name: of the operation.
    """
    if group_assignment is None:
        group_assignment = [list(range(get_tpu_context().number_of_shards or 1))]
    return _runtime.tensorflow().raw_ops.AllToAll(
        input=x,
        group_assignment=group_assignment,
        concat_dimension=concat_dimension,
        split_dimension=split_dimension,
        split_count=split_count,
        name=name,
    )


def collective_permute(x: Any, source_target_pairs: Any, name: str | None = None) -> Any:
    """Send the tensors of some replicas to others; those that get none have zeros.

    Replaces `tensorflow.python.tpu.ops.tpu_ops.collective_permute`.

    Args:
        x: the tensor of this replica.
        source_target_pairs: int32 of shape (pairs, 2), each from one replica to another.
        name: of the operation.
    """
    return _runtime.tensorflow().raw_ops.CollectivePermute(
        input=x, source_target_pairs=source_target_pairs, name=name
    )


def on_device_training_loop(func: _Function) -> _Function:
    """Mark a function as the training loop of a TPU, for the marks of steps in its profile.

    Replaces the decorator of `tensorflow.python.tpu.tpu_function`.
    """
    func.step_marker_location = "STEP_MARK_AT_TOP_LEVEL_WHILE_LOOP"  # type: ignore[attr-defined]
    return func


@unconverted
def split_compile_and_shard(*args: Any, **kwargs: Any) -> tuple[Any, list[Any]]:
    """Do as `tf.compat.v1.tpu.shard`, and return what tells of the compilation as well.

    Replaces `tensorflow.python.tpu.tpu.split_compile_and_shard`.

    Args:
        *args: see `tf.compat.v1.tpu.shard`.
        **kwargs: see `tf.compat.v1.tpu.shard`.

    Returns:
        The tensor with the result of the compilation, a serialized message, and the outputs.
    """
    v1 = _runtime.tensorflow().compat.v1
    outputs = v1.tpu.shard(*args, **kwargs)
    graph = v1.get_default_graph()
    made = [one for one in graph.get_operations() if one.type == "TPUCompilationResult"]
    return made[-1].outputs[0], outputs


@unconverted
def tpu_while_loop(
    condition: Callable[..., Any],
    body: Callable[..., Any],
    inputs: Sequence[Any] | None = None,
    infeed_queue: Any = None,
    name: str | None = None,
) -> Any:
    """Build a loop for a TPU.

    Replaces `tensorflow.python.tpu.training_loop.while_loop`, but for its traces of tensors,
    which a flag of the environment turns on.

    Args:
        condition: takes the values of the loop and returns a tensor, whether to go on.
        body: takes the values of the loop, and what the queue yields, and returns the next
            values, and behind them operations to run.
        inputs: the values at first.
        infeed_queue: an `InfeedQueue`, or None.
        name: has no effect.

    Returns:
        The values at last.

    Raises:
        TypeError: a function does not take these values, or the dtypes change.
        ValueError: the body returns a tensor behind an operation.
    """
    tf = _runtime.tensorflow()
    values = [tf.convert_to_tensor(value) for value in inputs or []]
    fed = infeed_queue.number_of_tuple_elements if infeed_queue else 0
    for function, count in ((condition, len(values)), (body, len(values) + fed)):
        inspect.signature(function).bind(*range(count))

    def step(*current: Any) -> Any:
        dequeued = _dequeue(infeed_queue) if infeed_queue else []
        outputs = body(*(current if values else ()), *dequeued)
        if not isinstance(outputs, (list, tuple)):
            outputs = (outputs,)
        outputs = [
            one if isinstance(one, tf.Operation) else tf.convert_to_tensor(one) for one in outputs
        ]
        operations = [one for one in outputs if isinstance(one, tf.Operation)]
        tensors: Any = outputs[: len(outputs) - len(operations)]
        if any(isinstance(one, tf.Operation) for one in tensors):
            raise ValueError(
                "The body of a loop returns tensors first, and operations behind them."
            )
        old, new = ([one.dtype for one in part] for part in (values, tensors))
        if old != new:
            raise TypeError(f"The body of a loop changes dtypes from {old} to {new}.")
        operations += dequeued
        tensors = tensors or [tf.constant(0)]
        # They run even where the body does not use them.
        return tf.tuple(tensors, control_inputs=operations) if operations else tensors

    return tf.compat.v1.while_loop(
        lambda *current: condition(*(current if values else ())),
        step,
        # Operations of a loop without values have to hang on something.
        values or [tf.constant(0)],
        name="",
        parallel_iterations=1,
    )


def _dequeue(queue: Any) -> list[Any]:
    shards = get_tpu_context().number_of_shards
    if shards is None:
        raise ValueError("An infeed needs a loop within tf.compat.v1.tpu.replicate or the like.")
    queue.set_number_of_shards(shards)
    return list(queue.generate_dequeue_op())


def tpu_repeat(
    n: int,
    body: Callable[..., Any],
    inputs: Any = None,
    infeed_queue: Any = None,
    name: str | None = None,
) -> Any:
    """Build a loop for a TPU that runs a number of times.

    Replaces `tensorflow.python.tpu.training_loop.repeat`.

    Args:
        n: the number of times.
        body: see `tpu_while_loop`.
        inputs: the values at first, or the only one.
        infeed_queue: see `tpu_while_loop`.
        name: has no effect.

    Returns:
        The values at last; an operation if there are none.

    Raises:
        TypeError: see `tpu_while_loop`.
        ValueError: see `tpu_while_loop`.
    """

    def step(i: Any, *values: Any) -> list[Any]:
        return [i + 1, *_listed(body(*values))]

    values = [] if inputs is None else _listed(inputs)
    outputs = _listed(tpu_while_loop(lambda i, *_: i < n, step, [0, *values], infeed_queue, name))
    return outputs[1:] if len(outputs) > 1 else outputs[0].op


def _listed(values: Any) -> list[Any]:
    return list(values) if isinstance(values, (list, tuple)) else [values]
