"""Helpers of `tensorflow.python.trackable`, and of checkpoints, for objects that keep state."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from tfcompat import _runtime, tracking

__all__ = [
    "TrackableReference",
    "get_checkpoint_filename",
    "no_automatic_dependency_tracking_scope",
    "wrap_or_unwrap",
]


class TrackableReference(NamedTuple):
    """An object that another one holds, with the name that it has there.

    Attributes:
        name: the name.
        ref: the object.
    """

    name: str
    ref: Any


def wrap_or_unwrap(value: Any) -> Any:
    """Return what a value becomes as an attribute of an object that tracks its attributes.

    Replaces the function of `tensorflow.python.trackable.data_structures`. Lists, dictionaries
    and tuples become ones that are tracked, `NoDependency` gives its value, and anything else
    stays as it is.
    """
    owner = _runtime.tensorflow().Module()
    owner.attribute = value
    return owner.attribute


def no_automatic_dependency_tracking_scope(obj: Any) -> AbstractContextManager[None]:
    """Set attributes of an object within the context without tracking or wrapping them.

    Replaces the context of `tensorflow.python.trackable.base`. See `tfcompat.untrack` for what it
    does to each attribute.
    """
    return tracking.untracking(obj)


def get_checkpoint_filename(ckpt_dir_or_file: str | os.PathLike[str]) -> str | None:
    """Return the prefix of the latest checkpoint in a directory, or a prefix as it is.

    Replaces `tensorflow.python.training.checkpoint_utils._get_checkpoint_filename`.

    Returns:
        The prefix, or None if the directory has no checkpoint.
    """
    tf = _runtime.tensorflow()
    path = os.fspath(ckpt_dir_or_file)
    return tf.train.latest_checkpoint(path) if tf.io.gfile.isdir(path) else path
