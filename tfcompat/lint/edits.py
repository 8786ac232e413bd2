"""Edits of a text by byte offsets, so that all that is not edited stays as it was."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterable
from typing import Union

from tfcompat.errors import TfcompatError

# What ends a line for the parser. Unlike str.splitlines, a form feed does not.
_NEWLINE = re.compile(rb"\r\n|\r|\n")


class ConflictError(TfcompatError):
    """Two edits overlap without one of them being inside the other."""


@dataclasses.dataclass(frozen=True, order=True)
class Span:
    """A half-open range of byte offsets."""

    start: int
    end: int

    def contains(self, other: Span) -> bool:
        """Tell whether the other range lies within this one."""
        return self.start <= other.start and other.end <= self.end


Part = Union[str, Span]


@dataclasses.dataclass(frozen=True)
class Edit:
    """What comes in the place of a range: new text, and ranges of the old text.

    Edits within a range of `parts` are made there too. Edits that lie within `span` alone are
    lost with the text.
    """

    span: Span
    parts: tuple[Part, ...]


def replace(span: Span, *parts: Part) -> Edit:
    """Return the edit that writes `parts` in the place of a range."""
    return Edit(span, parts)


def insert(offset: int, text: str) -> Edit:
    """Return the edit that writes a text before an offset."""
    return Edit(Span(offset, offset), (text,))


class Text:
    """A text with the positions of the `ast` module.

    Args:
        text: what was parsed.
    """

    def __init__(self, text: str) -> None:
        self.data = text.encode("utf-8", "surrogatepass")
        self._starts = [0, *(match.end() for match in _NEWLINE.finditer(self.data))]
        newline = _NEWLINE.search(self.data)
        self.newline = newline.group().decode() if newline else "\n"

    def offset(self, line: int, column: int) -> int:
        """Return the byte offset of a 1-based line and a 0-based column in UTF-8 bytes."""
        return self._starts[line - 1] + column

    def span(self, node: ast.AST) -> Span:
        """Return the range of a node."""
        return Span(
            self.offset(node.lineno, node.col_offset),  # type: ignore[attr-defined]
            self.offset(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def line_of(self, offset: int) -> int:
        """Return the 1-based number of the line that holds an offset."""
        low, high = 0, len(self._starts)
        while high - low > 1:
            middle = (low + high) // 2
            if self._starts[middle] <= offset:
                low = middle
            else:
                high = middle
        return low + 1

    def line_start(self, line: int) -> int:
        """Return the offset at which a line begins; that of the end for the one after the last."""
        return self._starts[line - 1] if line <= len(self._starts) else len(self.data)

    def line_end(self, line: int) -> int:
        """Return the offset at which the newline of a line begins."""
        return self.line_start(line) + len(self.line(line).rstrip(b"\r\n"))

    def line(self, line: int) -> bytes:
        """Return a line with its newline, empty past the end."""
        return self.data[self.line_start(line) : self.line_start(line + 1)]

    def source(self, span: Span) -> str:
        """Return the text of a range."""
        return self.data[span.start : span.end].decode("utf-8", "surrogatepass")

    def indent(self, line: int) -> str:
        """Return the white space at the start of a line."""
        found = re.match(rb"[ \t\f]*", self.line(line))
        return found.group().decode() if found else ""


def apply(text: Text, edits: Iterable[Edit]) -> str:
    """Return the text with the edits made.

    Raises:
        ConflictError: edits overlap and none holds the other.
    """
    return _joined(text, Span(0, len(text.data)), replacements(text, edits))


def replacements(text: Text, edits: Iterable[Edit]) -> list[tuple[Span, str]]:
    """Return the ranges that change and what comes in their place, in order, none in another.

    Raises:
        ConflictError: edits overlap and none holds the other.
    """
    unique = dict.fromkeys(edits)  # the same edit twice is one
    return _replacements(text, Span(0, len(text.data)), list(unique))


def _replacements(text: Text, within: Span, edits: list[Edit]) -> list[tuple[Span, str]]:
    # What is inserted where a replacement starts comes before it; the outer one comes before
    # what it holds.
    waiting = sorted(
        (edit for edit in edits if within.contains(edit.span)),
        key=lambda edit: (edit.span.start, edit.span.start != edit.span.end, -edit.span.end),
    )
    result = []
    position = 0
    while position < len(waiting):
        edit = waiting[position]
        position += 1
        inside = []
        while position < len(waiting) and waiting[position].span.start < edit.span.end:
            inner = waiting[position]
            if not edit.span.contains(inner.span) or inner.span == edit.span:
                raise ConflictError(
                    f"Two edits of {text.source(edit.span)!r} are in each other's way."
                )
            inside.append(inner)
            position += 1
        parts = (
            part
            if isinstance(part, str)
            else _joined(text, part, _replacements(text, part, inside))
            for part in edit.parts
        )
        result.append((edit.span, "".join(parts)))
    return result


def _joined(text: Text, within: Span, changes: Iterable[tuple[Span, str]]) -> str:
    pieces = []
    cursor = within.start
    for span, new in changes:
        pieces += [text.source(Span(cursor, span.start)), new]
        cursor = span.end
    pieces.append(text.source(Span(cursor, within.end)))
    return "".join(pieces)
