"""Change the code cells of a notebook and leave the rest of the file as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from tfcompat.lint.edits import Span
from tfcompat.lint.notebooks import Notebook, NotebookError

# Between cells, so that neither imports nor blank lines of two cells seem to stand together.
_BETWEEN = "#"

_SPACE = re.compile(r"[ \t\r\n]*")


class Cells:
    """The code of a notebook as one source, with the way back to the cells.

    Attributes:
        text: the cells with a comment between them. What is no Python is replaced by as many
            bytes, so that offsets are those in the cells.
    """

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook
        self._spans: list[Span] = []
        self._lines: list[int] = []  # the first of each cell in `text`
        blank = notebook.text.split("\n")
        parts: list[str] = []
        offset, line = 0, 1
        for cell in notebook.cells:
            if parts:
                parts.append(_BETWEEN)
                offset += len(_BETWEEN) + 1
                line += 1
            rows = []
            for number, original in enumerate(cell.lines, cell.first - 1):
                replaced = blank[number]
                missing = len(original.encode()) - len(replaced.encode())
                rows.append(original if replaced == original else replaced + " " * missing)
            source = "\n".join(rows)
            size = len(source.encode())
            self._spans.append(Span(offset, offset + size))
            self._lines.append(line)
            parts.append(source)
            offset += size + 1
            line += len(rows)
        self.text = "\n".join(parts)

    def locate(self, line: int) -> tuple[int, int]:
        """Return the number of the code cell that a line of `text` is in, and its line there."""
        position = max(index for index, first in enumerate(self._lines) if first <= line)
        return self._notebook.cells[position].number, line - self._lines[position] + 1

    def changed(self, changes: Iterable[tuple[Span, str]]) -> dict[int, str]:
        """Return the new sources of the cells that change, by their index in the notebook.

        Args:
            changes: ranges of `text` and what comes in their place, in order.

        Raises:
            NotebookError: a change goes over the end of a cell.
        """
        changes = list(changes)
        result = {}
        for cell, span in zip(self._notebook.cells, self._spans):
            data = cell.source.encode()
            pieces = []
            cursor = 0
            for where, new in changes:
                if where.end < span.start or where.start > span.end:
                    continue
                if where.start < span.start or (where.end > span.end and new):
                    if new:
                        raise NotebookError("A fix goes over the end of a cell.")
                    where = Span(max(where.start, span.start), where.end)
                start, end = where.start - span.start, min(where.end, span.end) - span.start
                pieces += [data[cursor:start], new.encode()]
                cursor = end
            pieces.append(data[cursor:])
            source = b"".join(pieces).decode()
            if source != cell.source:
                if source.endswith("\n") and not cell.source.endswith("\n"):
                    source = source[:-1]
                result[cell.index] = source
        return result


def write(text: str, sources: Mapping[int, str]) -> str:
    """Write new sources into the JSON of a notebook, whose layout stays.

    Args:
        text: the file.
        sources: index of a cell among all cells -> its new source.

    Raises:
        NotebookError: the JSON is not that of a notebook.
    """
    pieces = []
    cursor = 0
    for index, (start, end) in enumerate(_sources(text)):
        if index in sources:
            pieces += [text[cursor:start], _array(text[start:end], sources[index])]
            cursor = end
    pieces.append(text[cursor:])
    return "".join(pieces)


def _array(old: str, source: str) -> str:
    """Write a source as an array of lines, or as one string, in the way of the old one."""
    is_ascii = old.isascii()
    if not old.startswith("["):
        return json.dumps(source, ensure_ascii=is_ascii)
    found = _items(old, 0)
    known = {json.loads(old[start:end]): old[start:end] for start, end in found}
    lines = re.split(r"(?<=\n)", source)
    written = [known.get(row) or json.dumps(row, ensure_ascii=is_ascii) for row in lines if row]
    if not found or not written:
        return "[]" if not written else f"[{', '.join(written)}]"
    first, last = found[0][0], found[-1][1]
    glue = old[found[0][1] : found[1][0]] if len(found) > 1 else "," + (old[1:first] or " ")
    return old[:first] + glue.join(written) + old[last:]


def _sources(text: str) -> list[tuple[int, int]]:
    """Return the ranges of the sources of all cells."""
    start = _skip(text, 0)
    result = []
    for key, (begin, _) in _members(text, start).items():
        if key == "cells":
            for cell, _ in _items(text, begin):
                members = _members(text, cell)
                if "source" not in members:
                    raise NotebookError("A cell has no source.")
                result.append(members["source"])
    return result


def _items(text: str, start: int) -> list[tuple[int, int]]:
    """Return the ranges of the items of an array."""
    decoder = json.JSONDecoder()
    result: list[tuple[int, int]] = []
    position = _skip(text, start + 1)
    while text[position] != "]":
        _, end = decoder.raw_decode(text, position)
        result.append((position, end))
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)
    return result


def _members(text: str, start: int) -> dict[str, tuple[int, int]]:
    """Return the ranges of the values of an object."""
    decoder = json.JSONDecoder()
    result = {}
    position = _skip(text, start + 1)
    while text[position] != "}":
        key, end = decoder.raw_decode(text, position)
        position = _skip(text, _skip(text, end) + 1)  # behind the colon
        _, end = decoder.raw_decode(text, position)
        result[key] = (position, end)
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)
    return result


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position
