"""Helpers for variables: where they go, how they are kept, what their arguments may be."""

from __future__ import annotations

from typing import Any

from tfcompat import _runtime
from tfcompat.replacements.classes import DistributedVariable

__all__ = [
    "STANDARD_PS_OPS",
    "VARIABLE_VALUE_KEY",
    "RoundRobinStrategy",
    "get_or_create_steps_per_run_variable",
    "is_distributed_variable",
    "validate_synchronization_aggregation_trainable",
    "variable_accessed",
]

# The key under which a checkpoint of objects has the value of a variable.
VARIABLE_VALUE_KEY = "VARIABLE_VALUE"

# The operations that `tf.compat.v1.train.replica_device_setter` places on parameter servers.
STANDARD_PS_OPS = (
    "Variable",
    "VariableV2",
    "AutoReloadVariable",
    "MutableHashTable",
    "MutableHashTableV2",
    "MutableHashTableOfTensors",
    "MutableHashTableOfTensorsV2",
    "MutableDenseHashTable",
    "MutableDenseHashTableV2",
    "VarHandleOp",
    "BoostedTreesEnsembleResourceHandleOp",
    "BoostedTreesQuantileStreamResourceHandleOp",
    "ResourceConditionalAccumulator",
    "DecisionTreeResource",
)


class RoundRobinStrategy:
    """Gives the numbers of tasks in turn, whatever the operation.

    Replaces `tensorflow.python.training.device_setter._RoundRobinStrategy`, for the argument
    `ps_strategy` of `tf.compat.v1.train.replica_device_setter`.
    """

    def __init__(self, num_tasks: int) -> None:
        self._tasks = num_tasks
        self._next = 0

    def __call__(self, unused_op: Any) -> int:
        """Return the number of the next task."""
        task = self._next
        self._next = (task + 1) % self._tasks
        return task


def is_distributed_variable(v: Any) -> bool:
    """Tell whether a value is a variable of a strategy, with a part for each replica."""
    # 2.5 has no such attribute.
    return isinstance(v, DistributedVariable) or getattr(v, "is_distributed_variable", False)


def variable_accessed(variable: Any) -> None:
    """Tell the tapes, and the function that is traced, that a variable is used.

    Replaces `tensorflow.python.ops.resource_variable_ops.variable_accessed`. Reading the variable
    tells them, which puts an operation into a graph.
    """
    variable.read_value()


def validate_synchronization_aggregation_trainable(
    synchronization: Any, aggregation: Any, trainable: bool | None, name: str
) -> tuple[Any, Any, bool]:
    """Return the arguments of a variable with their defaults.

    Replaces the function of `tensorflow.python.ops.variables`.

    Raises:
        ValueError: one of the first two is no such mode; the message has `name`.
    """
    tf = _runtime.tensorflow()
    modes = (tf.compat.v1.VariableAggregation, tf.VariableAggregation)
    if aggregation is None:
        aggregation = tf.compat.v1.VariableAggregation.NONE
    elif not isinstance(aggregation, modes):
        aggregation = _mode(tf.VariableAggregation, aggregation, "aggregation", name)
    modes = tf.VariableSynchronization
    if synchronization is None:
        synchronization = modes.AUTO
    else:
        synchronization = _mode(modes, synchronization, "synchronization", name)
    if trainable is None:
        trainable = synchronization != modes.ON_READ
    return synchronization, aggregation, trainable


def _mode(modes: Any, value: Any, what: str, name: str) -> Any:
    try:
        return modes(value)
    except ValueError:
        raise ValueError(f"Invalid variable {what} mode: {value} for variable: {name}") from None


def get_or_create_steps_per_run_variable() -> Any:
    """Return the variable of the default graph for the steps that one run takes, 1 at first.

    Raises:
        RuntimeError: the graph has several.
    """
    v1 = _runtime.tensorflow().compat.v1
    key = "hooks_steps_per_run"
    found = v1.get_collection(key)
    if len(found) > 1:
        raise RuntimeError("Multiple steps_per_run_var in collection.")
    if found:
        return found[0]
    with v1.variable_scope("hooks", reuse=v1.AUTO_REUSE):
        return v1.get_variable(
            "steps_per_run",
            initializer=v1.ones_initializer(),
            shape=[],
            dtype=_runtime.tensorflow().int32,
            trainable=False,
            collections=[key, v1.GraphKeys.LOCAL_VARIABLES],
            use_resource=True,
        )
