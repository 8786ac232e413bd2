"""Resources that a graph must initialize: `tensorflow.python.ops.resources`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from tfcompat import _runtime

__all__ = [
    "initialize_resources",
    "local_resources",
    "report_uninitialized_resources",
    "shared_resources",
]


def shared_resources() -> list[Any]:
    """Return what the default graph has in its collection of shared resources."""
    v1 = _runtime.tensorflow().compat.v1
    return v1.get_collection(v1.GraphKeys.RESOURCES)  # type: ignore[no-any-return]


def local_resources() -> list[Any]:
    """Return what the default graph has in its collection of local resources."""
    v1 = _runtime.tensorflow().compat.v1
    return v1.get_collection(v1.GraphKeys.LOCAL_RESOURCES)  # type: ignore[no-any-return]


def initialize_resources(resource_list: Sequence[Any], name: str = "init") -> Any:
    """Return an operation that initializes resources."""
    tf = _runtime.tensorflow()
    if not resource_list:
        return tf.no_op(name=name)
    return tf.group(*[resource.create for resource in resource_list], name=name)


def report_uninitialized_resources(
    resource_list: Sequence[Any] | None = None, name: str = "report_uninitialized_resources"
) -> Any:
    """Return the names of the resources that are not initialized, a tensor of strings.

    Args:
        resource_list: which to ask, all shared and local ones if None.
        name: for the operations.
    """
    tf = _runtime.tensorflow()
    if resource_list is None:
        resource_list = shared_resources() + local_resources()
    device = os.environ.get("TF_DEVICE_FOR_UNINITIALIZED_VARIABLE_REPORTING", "/cpu:0")
    with tf.name_scope(name), tf.device(device):
        if not resource_list:
            return tf.constant([], dtype=tf.string)
        missing = tf.logical_not(tf.stack([each.is_initialized for each in resource_list]))
        return tf.boolean_mask(tf.constant([each.handle.name for each in resource_list]), missing)
