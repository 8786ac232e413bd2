"""Helpers of `tensorflow.lite.python.util`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tfcompat import _runtime

__all__ = ["get_grappler_config", "get_tensor_name"]


def get_grappler_config(optimizers_list: Iterable[str]) -> Any:
    """Return a `tf.compat.v1.ConfigProto` that names passes of the optimizer of graphs."""
    config = _runtime.tensorflow().compat.v1.ConfigProto()
    for name in optimizers_list:
        config.graph_options.rewrite_options.optimizers.append(name)
    return config


def get_tensor_name(tensor: Any) -> str:
    """Return the name of a tensor, without the number of the output where that is 0.

    Raises:
        ValueError: the name has more than one colon.
    """
    name = str(tensor.name)
    parts = name.split(":")
    if len(parts) > 2:
        raise ValueError(f"Tensor name invalid. Expect 0 or 1 colon, got {len(parts) - 1}")
    return parts[0] if parts[1:] in ([], ["0"]) else name
