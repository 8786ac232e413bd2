"""The environment that the tests run in: its name, and what it is made of."""

from __future__ import annotations

import os
import re
import sys

from tfcompat import _runtime
from tfcompat.errors import UnsupportedReleaseError

# What a file name may hold on every system. A name never begins with a dot, which hides a file.
_UNSAFE = re.compile(r"[^A-Za-z0-9_+.-]+|^\.+")


def safe_name(text: str) -> str:
    """Return a text with nothing in it that a file name must not hold."""
    return _UNSAFE.sub("_", text)


def runtime() -> _runtime.Runtime | None:
    """Tell what is installed, without importing TensorFlow; None where TensorFlow is not."""
    try:
        return _runtime.runtime()
    except UnsupportedReleaseError:
        return None


def describe() -> str:
    """Tell what is installed in words, as `str(tfcompat.runtime())` does, or why nothing is."""
    try:
        return str(_runtime.runtime())
    except UnsupportedReleaseError as error:
        return str(error)


def name() -> str:
    """Return the name of this environment: that of tox, else one made of the versions."""
    given = os.environ.get("TOX_ENV_NAME")
    if given:
        return safe_name(given)
    python = f"py{sys.version_info[0]}{sys.version_info[1]}"
    found = runtime()
    if found is None:
        return f"{python}-no-tensorflow"
    keras = "tf_keras" if found.legacy_keras else "keras"
    return safe_name(f"{python}-tf{found.tensorflow}-{keras}{found.keras}")
