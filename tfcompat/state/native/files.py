"""Files by path, those of this machine and those in a store, without importing TensorFlow."""

from __future__ import annotations

import os
from typing import BinaryIO

from tfcompat.state.remote import stores


def is_local(path: str) -> bool:
    """Tell whether the path is of this machine's file system."""
    return "://" not in path


def _store(path: str) -> stores.Store | None:
    return None if is_local(path) else stores.of(path)


def exists(path: str) -> bool:
    """Tell whether there is a file or directory."""
    store = _store(path)
    return store.exists(path) if store else os.path.exists(path)


def is_directory(path: str) -> bool:
    """Tell whether there is a directory."""
    store = _store(path)
    return store.is_directory(path) if store else os.path.isdir(path)


def names(path: str) -> list[str]:
    """Return the names of what a directory holds."""
    store = _store(path)
    return store.names(path) if store else os.listdir(path)


def open_binary(path: str) -> BinaryIO:
    """Open a file for reading."""
    store = _store(path)
    return store.open(path) if store else open(path, "rb")
