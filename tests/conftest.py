"""The plugins of the tests."""

from __future__ import annotations

# The second is loaded by its entry point as well where that is installed.
pytest_plugins = ("pytester", "tfcompat.testing.plugin")
