"""Statements that come and go: imports that are added, shortened and removed."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tfcompat.lint.edits import Edit, Part, Span, Text, insert, replace
from tfcompat.lint.scopes import Scopes

_SEPARATOR = re.compile(rb"\#[^\r\n]*|,")
_BLANK = re.compile(rb"[ \t\f]*(\r\n|\r|\n)?")
_TAIL = re.compile(rb"[ \t\f]*(?:\#[^\r\n]*)?")  # what may follow the last statement of a line

_IMPORTS = (ast.Import, ast.ImportFrom)
_BLOCKS = ("body", "orelse", "finalbody")


def alias_span(text: Text, alias: ast.alias) -> Span:
    """Return the range of `name as other`."""
    return text.span(alias)


def shorten(
    text: Text, statement: ast.stmt, aliases: Sequence[ast.alias], removed: Iterable[ast.alias]
) -> list[Edit]:
    """Return the edits that take some of the names out of an import, not all of them.

    A name that has its lines for itself goes with them, and with the comment on them.
    """
    gone = set(map(id, removed))
    spans = [alias_span(text, alias) for alias in aliases]
    edits: list[Edit] = []
    position = 0
    while position < len(spans):
        if id(aliases[position]) not in gone:
            position += 1
            continue
        first = last = position
        while last + 1 < len(spans) and id(aliases[last + 1]) in gone:
            last += 1
        position = last + 1
        edits.append(_cut(text, statement, spans, first, last))
    return edits


def _cut(text: Text, statement: ast.stmt, spans: list[Span], first: int, last: int) -> Edit:
    start, end = spans[first].start, spans[last].end
    comma = None
    for found in _SEPARATOR.finditer(text.data, end, text.span(statement).end):
        if found.group() == b",":
            comma = found.end()
            break
    first_line, last_line = text.line_of(start), text.line_of(end)
    begins_line = not text.data[text.line_start(first_line) : start].strip()
    is_enclosed = text.source(text.span(statement)).endswith(")")
    rest = text.data[comma or end : text.line_start(last_line + 1)].strip()
    if is_enclosed and begins_line and (not rest or rest.startswith(b"#")):
        return replace(Span(text.line_start(first_line), text.line_start(last_line + 1)))
    if last + 1 < len(spans):
        following = spans[last + 1].start
        if b"#" not in text.data[end:following]:
            return replace(Span(start, following))
        return replace(Span(start, comma or end))
    if first > 0 and b"#" not in text.data[spans[first - 1].end : start]:
        return replace(Span(spans[first - 1].end, end))
    return replace(Span(start, comma or end))


class Statements:
    """Changes of statements, gathered and then made all at once.

    Args:
        text: the file.
        scopes: its scopes, for the block of a statement.
    """

    def __init__(self, text: Text, scopes: Scopes) -> None:
        self._text = text
        self._scopes = scopes
        self._removed: set[ast.stmt] = set()
        self._before: dict[ast.stmt, list[str]] = defaultdict(list)
        self._after: dict[ast.stmt, list[str]] = defaultdict(list)

    def remove(self, statement: ast.stmt) -> None:
        """Remove a statement. A block that has nothing left gets `pass`."""
        self._removed.add(statement)

    def before(self, statement: ast.stmt, line: str) -> None:
        """Write a line before a statement, which can be one that goes."""
        if line not in self._before[statement]:
            self._before[statement].append(line)

    def after(self, statement: ast.stmt, line: str) -> None:
        """Write a line after a statement, which can be one that goes."""
        if line not in self._after[statement]:
            self._after[statement].append(line)

    def remove_guards(self) -> None:
        """Remove each `if` and `try` of whose branches nothing is left.

        What handles a failure of imports that are gone is never reached, so it goes, too.
        """
        waiting = list(self._removed)
        while waiting:
            guard = self._scopes.parents[waiting.pop()]
            while isinstance(guard, ast.ExceptHandler) or self._is_elif(guard):
                guard = self._scopes.parents[guard]
            if guard in self._removed or not self._is_empty(guard):
                continue
            assert isinstance(guard, ast.stmt)
            self._removed.add(guard)
            waiting.append(guard)

    def _is_elif(self, node: ast.AST) -> bool:
        if not isinstance(node, ast.If):
            return False
        start = self._text.span(node).start
        return self._text.data[start : start + 4] == b"elif"

    def _is_empty(self, guard: ast.AST) -> bool:
        if isinstance(guard, ast.If):
            left = [*guard.body, *guard.orelse]
            has_effects = any(isinstance(node, ast.NamedExpr) for node in ast.walk(guard.test))
        elif isinstance(guard, ast.Try):
            left = guard.body
            has_effects = bool(guard.orelse or guard.finalbody)
        else:
            return False
        return not has_effects and all(
            (
                statement in self._removed
                or isinstance(statement, ast.Pass)
                or (self._is_elif(statement) and self._is_empty(statement))
            )
            and not self._before.get(statement)
            and not self._after.get(statement)
            for statement in left
        )

    def edits(self) -> list[Edit]:
        """Return the edits for all of it."""
        touched = {
            statement
            for statement in (*self._removed, *self._before, *self._after)
            if self._removed.isdisjoint(self._scopes.ancestors(statement))
        }
        blocks = {id(block): block for block in map(self.block, touched)}
        edits: list[Edit] = []
        for block in blocks.values():
            edits.extend(self._block_edits(block))
        return edits

    def block(self, statement: ast.stmt) -> list[ast.stmt]:
        """Return the statements beside a statement and itself."""
        parent = self._scopes.parents[statement]
        for field in _BLOCKS:
            block = getattr(parent, field, None)
            if isinstance(block, list) and statement in block:
                return block
        raise ValueError(f"{statement} is in no block of {parent}")

    def _block_edits(self, block: list[ast.stmt]) -> Iterator[Edit]:
        is_module = block is getattr(self._scopes.module.node, "body", None)
        needs_pass = (
            not is_module
            and all(statement in self._removed for statement in block)
            and not any(self._before[s] or self._after[s] for s in block)
        )
        lines: list[tuple[int, int]] = []  # that go, without anything in their place
        for group in self._groups(block):
            new, is_changed, stays = self._contents(group)
            if needs_pass and group[0] is block[0]:
                new, is_changed = ["pass"], True
            if not is_changed:
                continue
            first, last = group[0], group[-1]
            start, end = self._text.span(first).start, self._text.span(last).end
            indent = self._text.data[self._text.line_start(first.lineno) : start]
            tail = _TAIL.match(self._text.data, end)
            tail_end = tail.end() if tail else end
            ends_line = self._text.data[tail_end : tail_end + 1] in (b"", b"\r", b"\n", b";")
            if indent.strip() or not ends_line:  # `if x: import a`, or a `;` at the end
                yield replace(Span(start, end), *_joined(new or ["pass"], "; "))
            elif stays is not None:  # lines before and after one that stays
                yield from self._around(first, last, new, stays, indent.decode())
            elif new:
                glue = self._text.newline + indent.decode()
                if any(isinstance(part, Span) for part in new):
                    tail_end, glue = end, "; "
                yield replace(Span(start, tail_end), *_joined(new, glue))
            else:
                last_line = self._text.line_of(end)
                lines.append((first.lineno, last_line))
        yield from self._line_removals(lines)

    def _groups(self, block: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
        """Yield the statements that share lines."""
        group: list[ast.stmt] = []
        for statement in block:
            if group and _first_line(statement) == group[-1].end_lineno:
                group.append(statement)
            else:
                if group:
                    yield group
                group = [statement]
        if group:
            yield group

    def _contents(self, group: list[ast.stmt]) -> tuple[list[Part], bool, int | None]:
        """Return what a group becomes, whether it changes, and where it stays if as one."""
        new: list[Part] = []
        is_changed = False
        for statement in group:
            before, after = self._before.get(statement, []), self._after.get(statement, [])
            is_removed = statement in self._removed
            is_changed = is_changed or bool(before or after or is_removed)
            new.extend(before)
            if not is_removed:
                new.append(self._text.span(statement))
            new.extend(after)
        if len(group) == 1 and group[0] not in self._removed:
            return new, is_changed, len(self._before.get(group[0], []))
        return new, is_changed, None

    def _around(
        self, first: ast.stmt, last: ast.stmt, new: list[Part], stays: int, indent: str
    ) -> Iterator[Edit]:
        newline = self._text.newline
        before = [str(line) for line in new[:stays]]
        after = [str(line) for line in new[stays + 1 :]]
        if before:
            start = self._text.line_start(_first_line(first))
            yield insert(start, "".join(f"{indent}{line}{newline}" for line in before))
        if after:
            end = self._text.line_end(last.end_lineno or last.lineno)
            yield insert(end, "".join(f"{newline}{indent}{line}" for line in after))

    def _line_removals(self, lines: list[tuple[int, int]]) -> Iterator[Edit]:
        """Remove lines, and of the blank ones around them as many as there were too many."""
        text = self._text
        merged: list[list[int]] = []
        for first, last in lines:
            if merged and all(self._is_blank(n) for n in range(merged[-1][1] + 1, first)):
                merged[-1][1] = last
            else:
                merged.append([first, last])
        for first, last in merged:
            before = after = 0
            while first - before > 1 and self._is_blank(first - before - 1):
                before += 1
            while text.line(last + after + 1) and self._is_blank(last + after + 1):
                after += 1
            if first - before == 1:
                last += after  # nothing above
            elif not text.line(last + after + 1):
                first -= before  # nothing below
            elif text.indent(first) and not before:
                last += min(after, 1) if self._opens(first - 1) else 0
            else:
                first -= min(before, after)
            yield replace(Span(text.line_start(first), text.line_start(last + 1)))

    def _opens(self, line: int) -> bool:
        return self._text.line(line).rstrip().endswith(b":")

    def _is_blank(self, line: int) -> bool:
        found = _BLANK.fullmatch(self._text.line(line))
        return found is not None

    # Where an import goes

    def add_import(self, anchor: ast.stmt, module: str, line: str) -> None:
        """Add an import beside a statement that imports.

        Among the imports that stand together with the anchor it goes where isort puts it: after
        those without `from` that sort before it, before those with `from`. If the anchor is no
        import, it goes to the imports above. tfcompat goes below tensorflow.

        Args:
            anchor: the statement whose work the new import does, or whose names it uses.
            module: what is imported.
            line: the statement.
        """
        block = self.block(anchor)
        position = block.index(anchor)
        for statement in reversed(block[: position + 1] if module == "tfcompat" else ()):
            if isinstance(statement, ast.Import) and statement.names[0].name == "tensorflow":
                self.after(statement, line)
                return
        while not isinstance(block[position], _IMPORTS) and position > 0:
            position -= 1
        if not isinstance(block[position], _IMPORTS):
            self.before(anchor, line)
            return
        section = self._section(block, position)
        plain = [statement for statement in section if isinstance(statement, ast.Import)]
        smaller = [s for s in plain if s.names[0].name.lower() <= module.lower()]
        if smaller:
            self.after(smaller[-1], line)
        elif plain:
            self.before(plain[0], line)
        elif section:
            self.before(section[0], line)
        else:
            self.before(block[position], line)

    def _section(self, block: list[ast.stmt], position: int) -> list[ast.stmt]:
        """Return the imports that stand together with one, without blank lines between."""
        first = last = position
        while first > 0 and self._are_together(block[first - 1], block[first]):
            first -= 1
        while last + 1 < len(block) and self._are_together(block[last], block[last + 1]):
            last += 1
        return [statement for statement in block[first : last + 1] if not _is_future(statement)]

    def _are_together(self, upper: ast.stmt, lower: ast.stmt) -> bool:
        return (
            isinstance(upper, _IMPORTS)
            and isinstance(lower, _IMPORTS)
            and lower.lineno == (upper.end_lineno or 0) + 1
        )


def _joined(parts: list[Part], glue: str) -> Iterator[Part]:
    for position, part in enumerate(parts):
        if position:
            yield glue
        yield part


def _first_line(statement: ast.stmt) -> int:
    decorators = getattr(statement, "decorator_list", None)
    lines: list[int] = [statement.lineno, *(d.lineno for d in decorators or ())]
    return min(lines)


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
