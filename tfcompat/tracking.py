"""What TensorFlow tracks: attach to it, keep out of it, look at it."""

from __future__ import annotations

import base64
import contextlib
import functools
import io
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tfcompat import _graph, _kinds, _runtime
from tfcompat.errors import TrackingError, UnsupportedObjectError

if TYPE_CHECKING:
    Trackable: Any
    AutoTrackable: Any

_Method = TypeVar("_Method", bound=Callable[..., Any])


def __getattr__(name: str) -> Any:
    # The public bases of tf.Module, which has both in every release; TensorFlow shows neither
    # under a public name of its own.
    if name in ("Trackable", "AutoTrackable"):
        return _kinds.trackable_classes()[name == "AutoTrackable"]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def track(owner: Any, name: str, value: Any) -> Any:
    """Attach a value to an object so that TensorFlow saves and restores it.

    Replaces the private `owner._track_trackable(value, name)`. The value becomes the attribute
    `name` of the owner, in every release.

    Args:
        owner: a `tf.Module`, `tf.train.Checkpoint`, Keras layer or model, or anything else that
            tracks its attributes.
        name: the name of the edge in checkpoints, and of the attribute.
        value: anything trackable; other values are made trackable by `as_trackable`.

    Returns:
        What is tracked now: the value, or what `as_trackable` made of it.

    Raises:
        TrackingError: the owner cannot track attributes, is a built layer of Keras 3 (which
            takes no more), or has another attribute of this name.
        UnsupportedObjectError: the value cannot be made trackable.
    """
    if not name:
        raise TrackingError("The name of what is tracked must not be empty.")
    kind = _kinds.kind_of(owner)
    if kind not in (_kinds.MODULE, *_kinds.KERAS_KINDS):
        raise TrackingError(
            f"{type(owner).__name__} does not track its attributes. Owners can be tf.Module, "
            "tf.train.Checkpoint, tfcompat.AutoTrackable, and Keras layers and models."
        )
    tracked = as_trackable(value)
    if name in vars(owner):
        if vars(owner)[name] is tracked:
            return tracked
        raise TrackingError(
            f"{type(owner).__name__} already has an attribute {name!r}. Delete it first, or "
            "track the value under another name."
        )
    try:
        setattr(owner, name, tracked)
    except (AttributeError, ValueError, RuntimeError) as error:
        raise TrackingError(
            f"{type(owner).__name__} does not take the attribute {name!r}: {error}"
        ) from error
    return tracked


def untrack(owner: Any, name: str, value: Any) -> None:
    """Set an attribute that TensorFlow neither tracks nor wraps: a list stays a list.

    Replaces the private `owner.name = NoDependency(value)`. `save_state` leaves the attribute
    out as well. As there, it holds for this value alone: a later plain assignment to the same
    name is tracked again.

    Args:
        owner: any object with attributes.
        name: of the attribute.
        value: anything.
    """
    _set_untracked(owner, name, value)


def _set_untracked(owner: Any, name: str, value: Any) -> None:
    # object.__setattr__ goes past the tracking of TensorFlow and Keras, in every release.
    untracked = {**vars(owner).get(_graph.UNTRACKED, {}), name: value}
    object.__setattr__(owner, _graph.UNTRACKED, untracked)
    object.__setattr__(owner, name, value)


_untracking_classes: dict[type, type] = {}  # and the class that each stands for


def _untracking(cls: type) -> type:
    """Return a class like `cls` whose attributes are set without tracking."""
    for untracking, original in list(_untracking_classes.items()):
        if original is cls:
            return untracking
    namespace = {"__setattr__": _set_untracked, "__module__": cls.__module__}
    untracking = type(cls)(cls.__name__, (cls,), namespace)
    _untracking_classes[untracking] = cls
    return untracking


def untracked_attributes(method: _Method) -> _Method:
    """Decorate a method whose attribute assignments TensorFlow must not track nor wrap.

    Replaces the private decorator `no_automatic_dependency_tracking`. What the method sets on
    `self` is as if set by `untrack`.
    """

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        with untracking(self):
            return method(self, *args, **kwargs)

    return wrapper  # type: ignore[return-value]


@contextlib.contextmanager
def untracking(owner: Any) -> Iterator[None]:
    """Set attributes of an object within the context as if by `untrack`."""
    cls = type(owner)
    if cls in _untracking_classes:  # within another such context
        yield
        return
    # For the time of the context the object is of a class that sets attributes plainly.
    object.__setattr__(owner, "__class__", _untracking(cls))
    try:
        yield
    finally:
        object.__setattr__(owner, "__class__", cls)


def is_trackable(value: Any) -> bool:
    """Tell whether TensorFlow or Keras tracks an object.

    True for variables, layers, models, optimizers, metrics, modules, checkpoints, random
    generators, lookup tables and dataset iterators, and for whatever else derives from
    `Trackable`; in Keras 3 also for those that do not derive from it. False for a plain
    dictionary, list or number: `as_trackable` makes one of them.
    """
    return _kinds.kind_of(value) in _kinds.TRACKED_KINDS or isinstance(
        value, _kinds.trackable_classes()[0]
    )


def children(value: Any) -> dict[str, Any]:
    """Return what an object holds, under the names that its entries in a state have.

    Of Keras's own layers these are the weights and public sublayers, of Sequential and
    functional models the layers, of dictionaries, lists and dataclasses the items, of anything
    else the attributes that hold something tracked.
    """
    return dict(_graph.children_of(value))


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield everything below an object, each once, with its path: `("encoder/dense", layer)`.

    The order is breadth first, so that each object comes under its shortest path. The object
    itself comes first, with the empty path.
    """
    yield from _graph.Graph(value).nodes


def variables(value: Any) -> dict[str, Any]:
    """Return every variable below an object under the key that it has in a state.

    The values are `tf.Variable`s in every release, also where Keras 3 wraps them in variables
    of its own. Optimizers are included: `{"optimizer/iterations": ..., "model/dense/kernel": ...}`.
    Of a partitioned variable, which a state holds whole, each part is listed, as
    `model/dense/kernel/part_0` and so on.
    """
    from tfcompat.state.entries import PartitionedEntry, VariableEntry
    from tfcompat.state.keys import LiveState

    found: dict[str, Any] = {}
    for key, entry in LiveState(value).entries.items():
        if isinstance(entry, VariableEntry):
            found[key] = entry.variable
        elif isinstance(entry, PartitionedEntry):
            found.update((part.key, part.variable) for part in entry.parts)
    return found


def as_trackable(value: Any) -> Any:
    """Make a trackable of any nest of trackables, NumPy arrays and plain Python values.

    Args:
        value: a trackable, which is returned as it is; or a NumPy array, number, string, bytes,
            None, or a dictionary, list, tuple or dataclass of any of these.

    Returns:
        A trackable that `tf.train.Checkpoint` saves and restores, as `save_state` does. Its
        attribute `value` is the nest with the values that were last restored; mutable parts of
        the nest are changed in place.

    Raises:
        UnsupportedObjectError: the nest holds something else; all of it is listed.
    """
    if is_trackable(value) and _kinds.kind_of(value) not in _kinds.CONTAINER_KINDS:
        return value
    from tfcompat.state.keys import unsupported

    bad = unsupported(_graph.Graph(value))
    if bad:
        raise UnsupportedObjectError(
            "These objects cannot be made trackable:\n" + "\n".join(f"  {line}" for line in bad)
        )
    return _wrap(value)


def _wrap(value: Any) -> Any:
    kind = _kinds.kind_of(value)
    nest, plain = _wrapper_classes()
    if kind in _kinds.CONTAINER_KINDS:
        return nest(value)
    return plain(value) if kind in (_kinds.VALUE, _kinds.ARRAY) else value


@functools.cache
def _wrapper_classes() -> tuple[Any, Any]:
    """Make the two classes, which derive from TensorFlow's, when they are first needed."""
    python_state: Any = _runtime.tensorflow().train.experimental.PythonState
    auto_trackable: Any = _kinds.trackable_classes()[1]

    class PlainValue(python_state):  # type: ignore[misc]
        """A plain Python value or NumPy array that TensorFlow saves."""

        def __init__(self, value: Any) -> None:
            untrack(self, "value", value)

        def serialize(self) -> bytes:
            return _to_bytes(self.value)

        def deserialize(self, data: bytes) -> None:
            untrack(self, "value", _graph.updated(self.value, _from_bytes(data)))

    class TrackableNest(auto_trackable):  # type: ignore[misc]
        """A dictionary, list, tuple or dataclass that TensorFlow saves."""

        def __init__(self, value: Any) -> None:
            untrack(self, "_nest", value)
            untrack(self, "_wrapped", {})
            for name, child in _graph.children_of(value):
                attribute = name
                while hasattr(self, attribute):  # an item may be called `value`
                    attribute += "_"
                self._wrapped[name] = _wrap(child)
                setattr(self, attribute, self._wrapped[name])

        @property
        def value(self) -> Any:
            """The nest, with the values that were last restored."""
            present = {
                name: wrapped.value
                for name, wrapped in self._wrapped.items()
                if isinstance(wrapped, (PlainValue, TrackableNest))
            }
            untrack(self, "_nest", _graph.replace_values(self._nest, "", present))
            return self._nest

    return TrackableNest, PlainValue


def _to_bytes(value: Any) -> bytes:
    if isinstance(value, (np.ndarray, np.generic)):
        buffer = io.BytesIO()
        np.save(buffer, np.asarray(value), allow_pickle=False)
        return buffer.getvalue()
    if isinstance(value, bytes):
        document: Any = {"bytes": base64.b64encode(value).decode("ascii")}
    elif isinstance(value, complex):
        document = {"complex": [value.real, value.imag]}
    else:
        document = {"value": value}
    return json.dumps(document).encode()


def _from_bytes(data: bytes) -> Any:
    if not data.startswith(b"{"):
        return np.load(io.BytesIO(data), allow_pickle=False)
    document = json.loads(data)
    if "bytes" in document:
        return base64.b64decode(document["bytes"])
    if "complex" in document:
        return complex(*document["complex"])
    return document["value"]
