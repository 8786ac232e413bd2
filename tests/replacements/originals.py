"""Private originals of TensorFlow, wherever a release has them."""

from __future__ import annotations

import importlib

import pytest

PREFIX = "tensorflow.python."


def find(*paths):
    """Return the first private object that this release has, or None."""
    for path in paths:
        module, _, name = path.rpartition(".")
        try:
            return getattr(importlib.import_module(PREFIX + module), name)
        except (ImportError, AttributeError):
            continue
    return None


def original(*paths):
    """Return the first private object that this release has; skip the test where it has none."""
    found = find(*paths)
    if found is None:
        pytest.skip(f"this release has none of {', '.join(paths)}")
    return found
