"""Moving averages of variables, as `tensorflow.python.training.moving_averages` has them."""

from __future__ import annotations

from typing import Any

from tfcompat import _runtime
from tfcompat.replacements._autograph import unconverted

__all__ = ["assign_moving_average"]


@unconverted
def assign_moving_average(
    variable: Any, value: Any, decay: Any, zero_debias: bool = True, name: str | None = None
) -> Any:
    """Move a variable towards a value: `variable * decay + value * (1 - decay)`.

    Replaces `tensorflow.python.training.moving_averages.assign_moving_average`. Under a
    `tf.distribute` strategy the value is the mean over the replicas.

    Args:
        variable: a `tf.Variable` of a floating dtype.
        value: a tensor of the shape of the variable.
        decay: a number or scalar tensor.
        zero_debias: whether to take the bias off that a variable initialized to zero has. It
            makes two variables, `biased` and `local_step`, in the variable scope, which is of
            use in graphs alone: in eager mode each call makes them anew.
        name: of the operation.

    Returns:
        What the assignment returns; in graphs, running it moves the variable.
    """
    tf = _runtime.tensorflow()
    with tf.compat.v1.name_scope(name, "AssignMovingAvg", [variable, value, decay]) as scope:
        rate = tf.cast(tf.convert_to_tensor(1.0 - decay, name="decay"), variable.dtype.base_dtype)

        def move(target: Any, new: Any) -> Any:
            return tf.compat.v1.assign_sub(target, (target - new) * rate, name=scope)

        def update(strategy: Any, target: Any, new: Any) -> Any:
            if zero_debias:
                return _debiased(strategy, target, new, rate)
            return _update(strategy, target, move, (new,))

        replica = tf.distribute.get_replica_context()
        if replica is None:
            return update(tf.distribute.get_strategy(), variable, value)

        def merge(strategy: Any, target: Any, new: Any) -> Any:
            mean = strategy.extended.reduce_to(tf.distribute.ReduceOp.MEAN, new, target)
            return update(strategy, target, mean)

        return replica.merge_call(merge, args=(variable, value))


def _update(strategy: Any, variable: Any, function: Any, args: tuple[Any, ...]) -> Any:
    if _runtime.tensorflow().distribute.in_cross_replica_context():
        return strategy.extended.update(variable, function, args=args)
    # Called by a function that strategy.extended.update calls, with one replica's variable.
    return function(variable, *args)


def _debiased(strategy: Any, variable: Any, value: Any, rate: Any) -> Any:
    """Move a hidden average and set the variable to it, divided by the weight it has so far."""
    tf = _runtime.tensorflow()
    v1 = tf.compat.v1
    scope = v1.variable_scope(variable.name[: -len(":0")], values=[variable, value, rate])
    with scope, strategy.extended.colocate_vars_with(variable):
        biased, steps = (
            v1.get_variable(
                _unused(name),
                shape=shape,
                dtype=variable.dtype,
                initializer=v1.zeros_initializer(),
                trainable=False,
            )
            for name, shape in (("biased", variable.shape), ("local_step", []))
        )

    def move(target: Any, new: Any, biased: Any, steps: Any) -> Any:
        average = v1.assign_sub(biased, (biased - new) * rate)
        count = v1.assign_add(steps, tf.ones([], steps.dtype))
        return v1.assign(target, average / (1 - tf.pow(1.0 - rate, count)))

    return _update(strategy, variable, move, (value, biased, steps))


def _unused(name: str) -> str:
    """Return a name that no variable of this scope has, unless the scope reuses variables."""
    scope = _runtime.tensorflow().compat.v1.get_variable_scope()
    if scope.reuse:
        return name
    taken = {variable.op.name for variable in scope.global_variables()}
    number, new = 0, name
    while f"{scope.name}/{new}" in taken:
        number += 1
        new = f"{name}_{number}"
    return new
