"""Jupyter notebooks: their code cells as one source file, and the way back."""

from __future__ import annotations

import ast
import bisect
import dataclasses
import json
import re
import warnings
from typing import Any

# Lines that are no Python: magics, shell commands, help. `%%` makes a whole cell another language.
_MAGIC = re.compile(r"^(\s*)(?:[%!?]|\w[\w. =,]*(?<![=!<>])=\s*[%!])|^[^#'\"\n]*\?{1,2}\s*$")
_PACKAGE = re.compile(r"\b(?:tensorflow|keras|tf)\b")
_PYTHON_CELLS = ("%%time", "%%timeit", "%%capture", "%%prun")


class NotebookError(ValueError):
    """The file is no notebook."""


@dataclasses.dataclass(frozen=True)
class Cell:
    """One code cell.

    Attributes:
        index: among all cells of the notebook, from 0.
        number: among its code cells, from 1.
        first: the line of the joined source that is its first, 1-based.
        source: its text.
    """

    index: int
    number: int
    first: int
    source: str

    @property
    def lines(self) -> list[str]:
        """Its lines without their ends."""
        return self.source.split("\n")


@dataclasses.dataclass(frozen=True)
class Notebook:
    """The code of a notebook.

    Attributes:
        text: the code cells, one after the other. Lines that are no Python are comments in it,
            of the same length; so each position is that in the cell.
        cells: those that are Python.
        document: the notebook as JSON.
        errors: the cells that do not parse, each with the reason. They are not in `cells`.
    """

    text: str
    cells: tuple[Cell, ...]
    document: dict[str, Any]
    errors: tuple[str, ...] = ()

    def locate(self, line: int) -> tuple[Cell, int]:
        """Return the cell of a line of the joined source, and the line in the cell, 1-based."""
        place = bisect.bisect_right([cell.first for cell in self.cells], line) - 1
        cell = self.cells[max(place, 0)]
        return cell, line - cell.first + 1


def read(text: str, *, parse: bool = True) -> Notebook:
    """Read a notebook.

    Args:
        text: the content of the file.
        parse: whether to leave out the cells that do not parse.

    Raises:
        NotebookError: it is no notebook.
    """
    try:
        document = json.loads(text)
        found = [
            (index, cell, "".join(cell["source"]))
            for index, cell in enumerate(document["cells"])
            if cell["cell_type"] == "code"
        ]
        language = document.get("metadata", {}).get("kernelspec", {}).get("language", "python")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotebookError(f"This is no notebook of format 4: {error}") from None
    code = [
        (index, number, source, _without_magics(source))
        for number, (index, _, source) in enumerate(found, 1)
        if language == "python" and _is_python(source)
    ]
    errors: list[str] = []
    if parse and _syntax_error("\n".join(plain for *_, plain in code)):
        whole = []
        for cell in code:
            wrong = _syntax_error(cell[-1])
            if wrong is None:
                whole.append(cell)
            elif _PACKAGE.search(cell[-1]):  # what else is in code cells: BibTeX, say
                errors.append(f"cell {cell[1]}, line {wrong.lineno}: {wrong.msg}")
        code = whole
    cells = []
    line = 1
    for index, number, source, _ in code:
        cells.append(Cell(index, number, line, source))
        line += source.count("\n") + 1
    text = "\n".join(plain for *_, plain in code)
    return Notebook(text, tuple(cells), document, tuple(errors))


def _syntax_error(source: str) -> SyntaxError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except SyntaxError as error:
        return error
    except ValueError as error:  # a null byte
        return SyntaxError(str(error))
    return None


def _is_python(source: str) -> bool:
    stripped = source.lstrip()
    return not stripped.startswith("%%") or stripped.startswith(_PYTHON_CELLS)


def _without_magics(source: str) -> str:
    if not any(mark in source for mark in "%!?"):
        return source
    lines = []
    goes_on = False
    depth = 0
    for line in source.split("\n"):
        if goes_on or (not depth and _MAGIC.match(line)):
            indent = len(line) - len(line.lstrip())
            # `pass` keeps a block that holds nothing else.
            word = "pass" if indent and len(line) - indent >= 4 and not goes_on else "#"
            goes_on = line.rstrip().endswith("\\")
            rest = len(line) - indent - len(word)
            lines.append(line[:indent] + (word + " " * max(rest, 0) if line.strip() else ""))
        else:
            depth = max(0, depth + _opened(line))
            lines.append(line)
    return "\n".join(lines)


def _opened(line: str) -> int:
    """Count the brackets that a line opens and does not close, strings left out roughly."""
    code = re.sub(r"'[^']*'|\"[^\"]*\"|#.*", "", line)
    return sum(code.count(mark) for mark in "([{") - sum(code.count(mark) for mark in ")]}")
