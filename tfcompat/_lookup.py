"""Names that live in different places in different releases, as rows of a table.

`tfcompat.names` has the rows for public names, `tfcompat.unstable` those for private ones.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any, NamedTuple

from tfcompat.errors import MissingNameError

EVERY_RELEASE = "2.5-"
KERAS_2 = "Keras 2"


class Row(NamedTuple):
    """Where one name lives.

    Attributes:
        paths: real dotted paths, tried in order; the first that exists is the name.
        releases: the TensorFlow releases that have it: `"2.5-"` is every one, `"2.5-2.15"`
            those from 2.5 to 2.15. It describes, and is tested; only `paths` decides.
        instead: what to use where it is missing, as the end of a sentence.
        note: what else to know.
        keras: the Keras that has it, where not every one does.
    """

    paths: tuple[str, ...]
    releases: str = EVERY_RELEASE
    instead: str = ""
    note: str = ""
    keras: str = ""

    def when(self) -> str:
        """Tell in words in which releases the name exists."""
        first, _, last = self.releases.partition("-")
        if self.releases == EVERY_RELEASE:
            words = "every release"
        elif last:
            words = f"TensorFlow {first} to {last}" if first != last else f"TensorFlow {first}"
        else:
            words = f"TensorFlow {first} and later"
        # Keras 2 is a package of its own, tf_keras, from TensorFlow 2.16 on.
        return f"{words} with {self.keras}" if self.keras else words


class _MissingError(Exception):
    """There is nothing at a path."""


def at(path: str, *, modules_first: bool = False) -> Any:
    """Return what lives at a dotted path, importing as many of its parts as are modules.

    Args:
        path: the path. A part that ends in `()` is called, for what was a method once.
        modules_first: whether a module is meant where a package holds a function of the same
            name as well, as `tensorflow.python.saved_model.load`. TensorFlow's public modules
            on the other hand are attributes that mostly cannot be imported, and lazy ones
            raise ImportError when they are touched.
    """
    parts = path.split(".")
    value: Any = _imported(parts[0])
    if value is None:
        raise _MissingError
    for i, part in enumerate(parts[1:], start=1):
        value = _part(value, ".".join(parts[: i + 1]), part, modules_first)
    return value


def _part(owner: Any, path: str, part: str, modules_first: bool) -> Any:
    imported = modules_first and isinstance(owner, ModuleType) and _imported(path)
    if imported:
        return imported
    try:
        value = getattr(owner, part.rstrip("()"))
        return value() if part.endswith("()") else value
    except (AttributeError, ImportError):
        imported = None if modules_first else _imported(path)
        if not imported:
            raise _MissingError from None
        return imported


def _imported(path: str) -> ModuleType | None:
    """Import a module, or return None if there is none."""
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        # A module that exists and needs another distribution that is not installed is not
        # missing: the user wants to read what it needs.
        if error.name is None or not f"{path}.".startswith(f"{error.name}."):
            raise
        return None


def find(table: Mapping[str, Row], module: str, name: str, *, modules_first: bool = False) -> Any:
    """Return what a name of a table is in this release.

    Args:
        table: the rows by name.
        module: the module that the table belongs to, for the errors.
        name: the name that is looked for.
        modules_first: see `at`.

    Raises:
        AttributeError: the table has no such name.
        MissingNameError: this release does not have it.
    """
    row = table.get(name)
    if row is None:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    # Here, since the migration rules read the tables and need neither TensorFlow nor packaging.
    from tfcompat import _runtime

    _runtime.tensorflow()
    for path in row.paths:
        try:
            return at(path, modules_first=modules_first)
        except _MissingError:
            continue
    advice = f" Use {row.instead}." if row.instead else ""
    raise MissingNameError(
        f"{module}.{name} exists in {row.when()}; {_runtime.runtime()} is installed.{advice}"
    )


def listing(table: Mapping[str, Row]) -> str:
    """Write a table for `help()`, a line or two for each name."""
    lines = []
    for name, row in sorted(table.items(), key=lambda item: item[0].lower()):
        note = f"; {row.note}" if row.note else ""
        lines.append(f"{name}: {row.when()}{note}")
        lines.extend(f"    {path}" for path in row.paths)
    return "\n".join(lines)
