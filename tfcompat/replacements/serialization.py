"""Values that JSON does not know, as `tensorflow.python.util.serialization` has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfcompat import _runtime

__all__ = ["get_json_type"]


def get_json_type(obj: Any) -> Any:
    """Return something that JSON can write in place of an object; for `json.dumps(default=...)`.

    Replaces `tensorflow.python.util.serialization.get_json_type`.

    Args:
        obj: an object with a `get_config` method, a NumPy array or scalar, a function, class,
            dtype, shape, mapping, `...`, or a wrapper of something.

    Raises:
        TypeError: it is something else.
    """
    tf = _runtime.tensorflow()
    if hasattr(obj, "get_config"):
        return {"class_name": type(obj).__name__, "config": obj.get_config()}
    if type(obj).__module__ == "numpy":
        return obj.tolist()
    if callable(obj):
        return obj.__name__
    if isinstance(obj, tf.compat.v1.Dimension):
        return obj.value
    if isinstance(obj, tf.TensorShape):
        return obj.as_list()
    if isinstance(obj, tf.DType):
        return obj.name
    if isinstance(obj, Mapping):
        return dict(obj)
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__"}
    if hasattr(obj, "__wrapped__"):
        return obj.__wrapped__
    raise TypeError(f"JSON has no form for {obj!r}. A get_config() method would give it one.")
