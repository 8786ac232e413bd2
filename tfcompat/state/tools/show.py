"""What a state or native artifact holds, as a tree of its keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from tfcompat.state.manifest import StateEntry
from tfcompat.state.tools import words
from tfcompat.state.tools.source import Source


@dataclasses.dataclass
class Node:
    """A part of the keys that begin alike.

    Attributes:
        name: the last component.
        key: all the components.
        entry: what is stored under exactly this key, if anything.
        size: in bytes, of this and everything below it.
        count: of tensors, here and below.
        children: by name.
    """

    name: str
    key: str
    entry: StateEntry | None = None
    size: int = 0
    count: int = 0
    children: dict[str, Node] = dataclasses.field(default_factory=dict)

    def sorted_children(self) -> list[Node]:
        """Return the children, numbers in their names in the order of counting."""
        return [self.children[name] for name in sorted(self.children, key=words.natural)]


def tree(source: Source) -> Node:
    """Return the keys as a tree."""
    root = Node("", "")
    for key, entry in source.entries.items():
        size = source.sizes[key] or 0
        node = root
        node.size += size
        node.count += 1
        for component in key.split("/"):
            path = f"{node.key}/{component}" if node is not root else component
            node = node.children.setdefault(component, Node(component, path))
            node.size += size
            node.count += 1
        node.entry = entry
    return root


def heading(source: Source) -> list[str]:
    """Return who wrote what, in lines."""
    told = [f"step {source.step}"]
    if source.saved_at:
        told.append(f"saved at {source.saved_at}")
    lines = [f"{source.format}, {', '.join(told)}", source.path]
    writer = words.writer(source.writer)
    return [*lines, f"written by {writer}"] if writer else lines


def text(source: Source) -> str:
    """Return the tree for a terminal."""
    root = tree(source)
    rows = [
        *_rows(root, 0),
        ("total", "", words.number_of(root.count, "tensor"), words.size(root.size)),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = []
    for row in rows:
        *left, size = (f"{text:<{width}}" for text, width in zip(row, widths))
        lines.append("  ".join([*left, size.strip().rjust(widths[-1])]))
    return "\n".join([*heading(source), "", *lines[:-1], "", lines[-1]])


def _rows(node: Node, depth: int) -> Iterator[tuple[str, str, str, str]]:
    for child in node.sorted_children():
        name = "  " * depth + visible(child.name)
        if child.entry is not None:
            dtype = child.entry.dtype
            own = child.size - sum(below.size for below in child.children.values())
            known = child.entry.nbytes is not None or own
            yield name, dtype, words.shape(child.entry.shape), words.size(own if known else None)
        if child.children:
            name = f"{name}/"
            count = child.count - (child.entry is not None)
            below = sum(one.size for one in child.children.values())
            yield name, "", words.number_of(count, "tensor"), words.size(below)
        yield from _rows(child, depth + 1)


def visible(name: str) -> str:
    """Return a name without what would move a terminal's cursor or could not be written."""
    if name and name.isprintable():
        return name
    return repr(name)


def summary(source: Source) -> dict[str, Any]:
    """Return what is shown, for JSON."""
    return {
        "format": source.format,
        "path": source.path,
        "step": source.step,
        "saved_at": source.saved_at or None,
        "writer": source.writer,
        "tensors": len(source.entries),
        "bytes": source.nbytes,
        "entries": {
            key: {
                "dtype": entry.dtype,
                "shape": list(entry.shape),
                "kind": entry.kind,
                "bytes": source.sizes[key],
            }
            for key, entry in source.entries.items()
        },
    }
