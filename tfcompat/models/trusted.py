"""What runs code of a file. It is called for files alone that the caller says to trust."""

from __future__ import annotations

import base64
import importlib
import marshal
import types
from typing import Any

from tfcompat.errors import BadStateError


def imported(module: Any, name: str) -> Any:
    """Return what a module has under a name, or None."""
    try:
        found: Any = importlib.import_module(module)
        for part in name.rpartition(">")[2].split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError):
        return None
    return found


def code(value: Any) -> Any:
    """Make a function of the code of a lambda, as Keras 2 and Keras 3 write it.

    Raises:
        BadStateError: it is none, or of another Python.
    """
    if isinstance(value, dict):
        value = [value.get("code"), value.get("defaults"), value.get("closure")]
    try:
        body, defaults, closure = value
        loaded = marshal.loads(base64.b64decode(body))
        cells = tuple(types.CellType(cell) for cell in closure or ()) or None
        space = {"__builtins__": __builtins__, "tf": importlib.import_module("tensorflow")}
        return types.FunctionType(loaded, space, None, tuple(defaults or ()) or None, cells)
    except (ValueError, TypeError, EOFError) as error:
        raise BadStateError(f"The code of a lambda cannot be read: {error}") from error
