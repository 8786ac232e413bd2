"""What the inside of TensorFlow's graphs is built with: registries, walks, collective reduction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, KeysView, Sequence
from typing import Any

from tfcompat import _runtime

__all__ = ["Registry", "collective_all_reduce", "get_backward_walk_ops"]


class Registry:
    """Objects by names.

    Replaces `tensorflow.python.framework.registry.Registry`.

    Args:
        name: what the registry holds, for messages.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._registered: dict[str, Any] = {}

    def register(self, candidate: Any, name: str | None = None) -> None:
        """Add an object under a name, its `__name__` by default.

        Raises:
            KeyError: the name is taken.
        """
        name = name or candidate.__name__
        if name in self._registered:
            raise KeyError(f"Registering two {self._name} with name {name!r}!")
        self._registered[name] = candidate

    def list(self) -> KeysView[str]:
        """Return the names."""
        return self._registered.keys()

    def lookup(self, name: str | bytes) -> Any:
        """Return the object of a name.

        Raises:
            LookupError: nothing has the name.
        """
        text: str = _runtime.tensorflow().compat.as_str(name)
        if text not in self._registered:
            raise LookupError(f"{self._name} registry has no entry for: {text}")
        return self._registered[text]


def get_backward_walk_ops(
    seed_ops: Any,
    inclusive: bool = True,
    within_ops: Iterable[Any] | None = None,
    within_ops_fn: Callable[[Any], bool] | None = None,
    stop_at_ts: Iterable[Any] = (),
    control_inputs: bool = False,
) -> list[Any]:
    """Return the operations that others depend on, the nearest first.

    Replaces `tensorflow.python.ops.op_selector.get_backward_walk_ops` without its argument
    `only_differentiable`.

    Args:
        seed_ops: an operation or tensor of a graph, or several.
        inclusive: whether to return these as well.
        within_ops: the only operations to look at; all by default.
        within_ops_fn: tells whether to look at an operation.
        stop_at_ts: tensors to stop at.
        control_inputs: whether to follow control dependencies.
    """
    seeds = _operations(seed_ops)
    within = set(_operations(within_ops)) if within_ops else None
    stops = {id(tensor) for tensor in stop_at_ts}
    if within is not None:
        seeds = [one for one in seeds if one in within]
    found = dict.fromkeys(seeds)
    wave = list(found)
    while wave:
        inputs = [made.op for one in wave for made in one.inputs if id(made) not in stops] + [
            before for one in wave if control_inputs for before in one.control_inputs
        ]
        wave = [
            one
            for one in dict.fromkeys(inputs)
            if one not in found
            and (within is None or one in within)
            and (within_ops_fn is None or within_ops_fn(one))
        ]
        found.update(dict.fromkeys(wave))
    return [one for one in found if inclusive or one not in seeds]


def _operations(given: Any) -> list[Any]:
    tf = _runtime.tensorflow()
    single = isinstance(given, (tf.Operation, tf.Tensor))
    listed = [given] if single else list(given)
    bad = [one for one in listed if not isinstance(one, (tf.Operation, tf.Tensor))]
    if bad:
        raise TypeError(f"Expected operations or tensors of a graph; got {bad}")
    return list(dict.fromkeys(one.op if isinstance(one, tf.Tensor) else one for one in listed))


def collective_all_reduce(
    t: Any,
    group_size: int,
    group_key: int,
    instance_key: int,
    merge_op: str = "Add",
    final_op: str = "Id",
    subdiv_offsets: Sequence[int] = (0,),
    communication_hint: str = "auto",
    timeout: float = 0,
) -> Any:
    """Return a tensor reduced over devices, each of which calls this.

    Replaces `tensorflow.python.ops.collective_ops.all_reduce`.

    Args:
        t: the tensor.
        group_size: the number of devices.
        group_key: of the group of devices.
        instance_key: of this reduction.
        merge_op: `"Add"`, `"Mul"`, `"Max"` or `"Min"`.
        final_op: `"Id"`, or `"Div"` by the number of devices.
        subdiv_offsets: where independent parts of the tensor begin.
        communication_hint: `"auto"`, `"ring"` or `"nccl"`.
        timeout: in seconds; 0 for none.

    Raises:
        ValueError: `group_size` is less than 1.
    """
    if group_size < 1:
        raise ValueError(f"group_size must be at least 1; got {group_size}")
    return _runtime.tensorflow().raw_ops.CollectiveReduce(
        input=t,
        group_size=group_size,
        group_key=group_key,
        instance_key=instance_key,
        merge_op=merge_op,
        final_op=final_op,
        subdiv_offsets=list(subdiv_offsets),
        communication_hint=communication_hint.lower(),
        timeout_seconds=timeout,
    )
