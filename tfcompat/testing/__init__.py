"""A pytest plugin for authors of TensorFlow libraries, loaded wherever tfcompat is installed.

It adds the markers `tensorflow`, `keras` and `legacy_keras`, the fixtures `state_crossing` and
`no_private_imports`, and `--tfcompat-report FILE`; `docs/testing.md` tells how to use them. A
session that uses none of it neither imports TensorFlow or NumPy nor sees a line of output, and
`-p no:tfcompat` leaves the plugin out altogether.
"""

from __future__ import annotations

# pytest loads the plugin through this line, once, even where `-p tfcompat.testing.plugin` or a
# conftest.py has loaded it already. As an entry point of its own it would be an error then.
pytest_plugins = ("tfcompat.testing.plugin",)
