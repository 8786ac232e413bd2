"""Read the variables of a state, many of them by one operation."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from tfcompat import _runtime
from tfcompat.state import parallel
from tfcompat.state.entries import Entry, VariableEntry

# One operation reads as many variables. Larger functions read no faster, and take longer to trace.
_AT_ONCE = 32
# With fewer variables of a dtype it takes many saves to repay the tracing.
_MANY = 512
# Elsewhere, as on a GPU or in another process, variables are read one by one: what a function costs
# there was not measured.
_DEVICE = "/job:localhost/replica:0/task:0/device:CPU:0"


def read(live: Mapping[str, Entry]) -> dict[str, Any]:
    """Return the present value of each entry as a tensor, which later steps do not change."""
    found = dict.fromkeys(live)  # in the order of the entries
    if _runtime.calls_functions_without_threads():
        for dtype, handles in _handles(live).items():
            if len(handles) >= _MANY:
                found.update(_read_together(dtype, handles))
    for key, entry in live.items():
        if found[key] is None:
            found[key] = entry.read()
    return found


def _handles(live: Mapping[str, Entry]) -> dict[str, dict[str, Any]]:
    """Return the resources of the variables that can be read together, by dtype and key."""
    found: dict[str, dict[str, Any]] = {}
    for key, entry in live.items():
        handle = entry.resource if isinstance(entry, VariableEntry) else None
        if handle is not None and handle.device == _DEVICE:
            found.setdefault(entry.dtype, {})[key] = handle
    return found


def _read_together(dtype: str, handles: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Read variables of one dtype; what is left over of whole groups stays."""
    tf = _runtime.tensorflow()
    keys = list(handles)
    function = _reader(dtype)
    with tf.device(_DEVICE):
        for start in range(0, len(keys) - _AT_ONCE + 1, _AT_ONCE):
            group = keys[start : start + _AT_ONCE]
            tensors = tf.raw_ops.StatefulPartitionedCall(
                args=[handles[key] for key in group],
                Tout=[tf.as_dtype(dtype)] * _AT_ONCE,
                f=function,
                config_proto=_config(),
                # By this thread: others a forked process does not have, and a tf.py_function may
                # keep them busy.
                executor_type="SINGLE_THREADED_EXECUTOR",
            )
            yield from zip(group, tensors)


@functools.cache
def _reader(dtype: str) -> Any:
    """Return a function that takes the resources of variables and returns their values."""
    tf = _runtime.tensorflow()

    def values(*resources: Any) -> list[Any]:
        return [
            tf.raw_ops.ReadVariableOp(resource=resource, dtype=tf.as_dtype(dtype))
            for resource in resources
        ]

    resources = [tf.TensorSpec([], tf.resource)] * _AT_ONCE
    traced = tf.function(values, autograph=False)
    # Apart, for what surrounds the first save would be in all later ones.
    return parallel.apart(lambda: traced.get_concrete_function(*resources))


@functools.cache
def _config() -> bytes:
    """Say that there is nothing to optimize in a function that only reads."""
    config = _runtime.tensorflow().compat.v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return bytes(config.SerializeToString())
