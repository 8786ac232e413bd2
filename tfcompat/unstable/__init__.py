"""Private names of TensorFlow that nothing public replaces, on whichever path they live.

This is the quarantine. TensorFlow may move or drop any of these names in any release;
tfcompat's promise of stability covers none of them, and nothing else in tfcompat uses them.
What it gives is one place that knows where each lives, an error that says in which releases a
missing one existed and what to use, and a test of each on every release and on nightly.
Look first for a public name, then into `tfcompat.names` and `tfcompat.replacements`.

A name is a module (`unstable.meta_graph_pb2.CollectionDef`) or a single object that moved
(`unstable.get_distributed_dataset`). Nothing is imported before it is asked for.

Names:
"""

from __future__ import annotations

from typing import Any

from tfcompat import _lookup
from tfcompat.unstable._table import TABLE

__all__ = list(TABLE)

__doc__ += "\n" + _lookup.listing(TABLE)


def __getattr__(name: str) -> Any:
    value = _lookup.find(TABLE, __name__, name, modules_first=True)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *TABLE])
