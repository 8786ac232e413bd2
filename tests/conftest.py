"""The plugins of the tests, and which tests run on a few releases alone."""

from __future__ import annotations

import gc
import pathlib

import pytest

# The second is loaded by its entry point as well where that is installed.
pytest_plugins = ("pytester", "tfcompat.testing.plugin")

# Where the answer hardly depends on the release within an era: what needs no TensorFlow, and the
# corners of files that other releases left, which the grid has each release restore.
# `tools/run.py` runs these on a few releases, unless it is to run all.
ONCE_PER_ERA = (
    "lint",
    "matrix",
    "rules/test_advice.py",
    "rules/test_rules.py",
    "rules/test_table.py",
    "state/native",
    "state/test_distribute.py",
    "state/test_fuzz.py",
    "state/test_remote.py",
    "state/test_tensor_bundle.py",
    "state/test_tools.py",
    "state/test_verify.py",
    "test_cli.py",
    "test_relay.py",
    "testing",
)


def pytest_collection_finish() -> None:
    """Leave what TensorFlow's modules hold, a million objects, out of every garbage collection."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs once per era."""
    here = pathlib.Path(__file__).parent
    places = [here / place for place in ONCE_PER_ERA]
    for item in items:
        if any(place in (item.path, *item.path.parents) for place in places):
            item.add_marker(pytest.mark.once_per_era)
