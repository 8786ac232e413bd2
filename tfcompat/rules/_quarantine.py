"""Which names of `tfcompat.unstable` exist in which releases, as the table of names knows it.

Its rows name real paths, and mostly modules, so that what lives below a module, or moved with
it, needs no advice of its own.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

from tfcompat.rules import _table
from tfcompat.unstable._table import TABLE

PREFIX = "tfcompat.unstable."
# The same messages as in the quarantine's modules of protocol buffers.
PROTOS = "tfcompat.replacements.protos."
REASON = "tfcompat.unstable passes on a private name, which no promise of stability covers."
MODULE_REASON = "For those of its names that nothing else serves; they are private everywhere."


@functools.cache
def _rows() -> dict[str, list[str]]:
    """Each path of the quarantine with the rows that have it."""
    found: dict[str, list[str]] = {}
    for name, row in TABLE.items():
        for path in row.paths:
            found.setdefault(path, []).append(name)
    return found


def releases(target: str) -> int:
    """Tell in which releases a dotted name below `tfcompat.unstable` exists (a mask).

    Of messages also below `tfcompat.replacements.protos`.
    """
    path = target[len(PROTOS if target.startswith(PROTOS) else PREFIX) :]
    row, _, rest = path.partition(".")
    mask = 0
    for path in TABLE[row].paths if row in TABLE else ():
        # Of a method that is called on an instance, the class is in the table.
        path = path.partition("()")[0]
        found = _table.resolve(f"{path}.{rest}" if rest else path)
        # What is left over is a member of a class, or is missing from a module.
        if found is None or (found[1] and found[0].kind == "module"):
            continue
        here = found[0].usable
        if rest and row.endswith("_pb2"):
            here |= _later(here, path)
        # What a module has imported may outlive it.
        module = _table.find(path) if rest else None
        mask |= here & module.usable if module else here
    return mask


def _later(seen: int, module: str) -> int:
    """Return the releases of a module of protocol buffers from the first that showed a name.

    From TensorFlow 2.12 on such a module is filled when it is imported, so that the table does
    not see all that is in it; but a message that was there stays.
    """
    found = _table.find(module)
    return found.releases & -(seen & -seen) if found and seen else 0


def home(paths: Iterable[str], supported: int) -> str | None:
    """Return the name below `tfcompat.unstable` that serves in all supported releases.

    Args:
        paths: dotted names of one object, the best first.
        supported: a mask.
    """
    rows = _rows()
    for path in paths:
        head, rest = path, ""
        while head and head not in rows:
            head, _, last = head.rpartition(".")
            rest = f".{last}{rest}"
        for row in rows.get(head, ()):
            target = PREFIX + row + rest
            if not supported & ~releases(target):
                return target
    return None
