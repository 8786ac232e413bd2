"""Calls whose arguments change, or that become another expression."""

from __future__ import annotations

import ast
import dataclasses
import re
import string
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tfcompat.lint.edits import Edit, Part, Span, Text, insert, replace

if TYPE_CHECKING:
    from tfcompat.rules.advice._kinds import Call

# What stands between the arguments of a call.
_GAP = re.compile(rb"\#[^\r\n]*|[(),]")
# Expressions that need no parentheses before an attribute or an operator.
_ATOMS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.List, ast.Dict, ast.Set)
# The names that stand for packages in a template.
_ROOTS = {"tf": "tensorflow", "tensorflow": "tensorflow", "keras": "keras", "tfcompat": "tfcompat"}


@dataclasses.dataclass(frozen=True)
class Argument:
    """An argument of a call.

    Attributes:
        name: its keyword, None where it is positional or unpacked.
        value: the expression.
        span: all of it, with the keyword and with parentheses around it.
        value_span: the expression, with parentheses around it.
        is_unpacked: whether it is `*value` or `**value`.
        is_starred: whether it is `*value`.
    """

    name: str | None
    value: ast.expr
    span: Span
    value_span: Span
    is_unpacked: bool
    is_starred: bool = False


class CannotError(Exception):
    """A call cannot be changed. The message says why, as the rest of a sentence on the call."""


def arguments(text: Text, call: ast.Call) -> list[Argument]:
    """Return the arguments of a call in the order in which they are written.

    Raises:
        CannotError: the call is written in a way that is not understood.
    """
    nodes: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    nodes.sort(key=text.span)
    cursor = text.span(call.func).end
    opening = re.compile(rb"[ \t]*\(").match(text.data, cursor)
    if opening is None:
        raise CannotError("is written in an unusual way")
    cursor = opening.end()
    spans = [text.span(node) for node in nodes]
    if spans and spans[0].start < cursor:
        raise CannotError("takes a generator without parentheses")
    starts, ends = [], []
    for position, span in enumerate([*spans, None]):
        stop = span.start if span is not None else text.span(call).end - 1
        closing, commas, opened = cursor, 0, None
        for found in _GAP.finditer(text.data, cursor, stop):
            token = found.group()
            if token == b"," and not commas:
                commas += 1
            elif token == b")" and not commas:
                closing = found.end()
            elif token == b"(":
                opened = found.start() if opened is None else opened
            elif not token.startswith(b"#"):
                raise CannotError("is written in an unusual way")
        if position:
            ends.append(closing)
        if span is not None:
            starts.append(span.start if opened is None else opened)
            cursor = span.end
    result = []
    for node, span, start, end in zip(nodes, spans, starts, ends):
        whole = Span(start, end)
        if isinstance(node, ast.keyword):
            value_start = text.span(node.value).start
            if node.arg is not None:  # the parentheses of the value are after the `=`
                equals = text.data.index(b"=", span.start)
                between = text.data[equals + 1 : value_start]
                value_start = equals + 1 + len(between) - len(between.lstrip())
            value_span = Span(value_start, end)
            result.append(Argument(node.arg, node.value, whole, value_span, node.arg is None))
        elif isinstance(node, ast.Starred):
            result.append(Argument(None, node.value, whole, text.span(node.value), True, True))
        else:
            result.append(Argument(None, node, whole, whole, False))
    return result


def adapt(text: Text, call: ast.Call, change: Call) -> list[Edit]:
    """Return the edits of the arguments of a call.

    The first argument stays positional unless the change renames or drops it or wants keywords
    only; others become keywords where the change tells the order of the old parameters.

    Args:
        text: the file.
        call: the call.
        change: what becomes of the arguments.

    Raises:
        CannotError: the call cannot be translated.
    """
    found = arguments(text, call)
    names = _names(found, change)
    edits = []
    dropped = []
    for position, (argument, name) in enumerate(zip(found, names)):
        if name in change.drop:
            _check_droppable(argument, name)
            dropped.append(position)
        elif name is None or argument.is_unpacked:
            continue
        else:
            new = change.rename.get(name, name)
            if argument.name is not None:
                if new != name:
                    start = argument.span.start
                    edits.append(replace(Span(start, start + len(name.encode())), new))
            elif position > 0 or new != name or change.keywords_only:
                edits.append(insert(argument.span.start, f"{new}="))
    written = [change.rename.get(name, name) for name in names if name and name not in change.drop]
    if len(set(written)) < len(written):
        raise CannotError("passes both an argument and its new name")
    edits.extend(_removals(text, call, found, dropped))
    return edits


def expand(
    text: Text,
    call: ast.Call,
    change: Call,
    template: str,
    spell: Callable[[str], str],
    owner: ast.expr | None = None,
) -> tuple[Part, ...]:
    """Return what a call becomes by a template.

    Args:
        text: the file.
        call: the call.
        change: the parameters of the call, and which of them are dropped.
        template: the expression, with `{parameter}` for the source of an argument.
        spell: turns the dotted name of a package's member, such as `tensorflow.io`, into the
            text that means it in the file.
        owner: the object whose method is called, `{self}` in the template.

    Raises:
        CannotError: the call cannot be translated.
    """
    found = arguments(text, call)
    if any(argument.is_unpacked for argument in found):
        raise CannotError("unpacks arguments")
    if not change.parameters and any(argument.name is None for argument in found):
        raise CannotError("passes arguments whose names are not known")
    given = {
        name: argument for name, argument in zip(_names(found, change), found) if name is not None
    }
    if owner is not None:
        span = text.span(owner)
        given["self"] = Argument("self", owner, span, span, False)
    fields = [field for _, field, _, _ in string.Formatter().parse(template) if field]
    missing = [field for field in fields if field not in given]
    if missing:
        raise CannotError(f"does not pass {missing[0]!r}")
    for name, argument in given.items():
        if name in fields:
            if fields.count(name) > 1 and not _is_simple(argument.value):
                raise CannotError(f"would evaluate {name!r} twice")
        elif name in change.drop:
            _check_droppable(argument, name)
        else:
            raise CannotError(f"passes {name!r}, for which there is nothing")
    return _fill(text, template, given, spell)


def _names(found: list[Argument], change: Call) -> list[str | None]:
    """Return the old parameter of each argument, None where it is not known."""
    names: list[str | None] = []
    reads_names = bool(change.rename or change.drop or change.refuse)
    for position, argument in enumerate(found):
        if argument.is_unpacked:
            is_values = argument.is_starred and change.variadic
            if change.parameters or (reads_names and not is_values):
                raise CannotError("unpacks arguments")
            names.append(None)
        elif argument.name is not None:
            names.append(argument.name)
        elif not change.parameters:
            names.append(None)
        elif position >= len(change.parameters):
            raise CannotError(f"passes more than {len(change.parameters)} arguments")
        else:
            names.append(change.parameters[position])
    # An op of `tf.raw_ops` takes the keywords of its private function, whatever they are.
    is_listed = bool(change.parameters) and not change.keywords_only
    known = {*change.parameters, *change.drop, *change.rename, *change.rename.values()}
    for name in names:
        if name in change.refuse:
            raise CannotError(f"passes {name!r}, for which there is nothing")
        if name is not None and is_listed and name not in known:
            raise CannotError(f"passes {name!r}, which is no parameter of what it calls")
    return names


def _check_droppable(argument: Argument, name: str | None) -> None:
    for node in ast.walk(argument.value):
        if isinstance(node, (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)):
            raise CannotError(f"evaluates something for {name!r}, which has no effect any more")


def _removals(text: Text, call: ast.Call, found: list[Argument], dropped: list[int]) -> list[Edit]:
    """Return the edits that remove arguments, each with one comma."""
    edits = []
    position = 0
    while position < len(dropped):
        first = last = dropped[position]
        while position + 1 < len(dropped) and dropped[position + 1] == last + 1:
            position += 1
            last = dropped[position]
        position += 1
        start = found[first].span.start
        if last + 1 < len(found):
            edits.append(replace(Span(start, found[last + 1].span.start)))
            continue
        end = found[last].span.end
        if first > 0 and b"#" not in text.data[found[first - 1].span.end : start]:
            start = found[first - 1].span.end
        else:  # a comment belongs to the argument before: its comma stays
            comma = re.compile(rb"[ \t]*,").match(text.data, end)
            end = comma.end() if comma else end
            below = text.line_start(text.line_of(end) + 1)
            above = text.line_start(text.line_of(start))
            if not text.data[above:start].strip() and not text.data[end:below].strip():
                start, end = above, below  # the lines that it has for itself
        edits.append(replace(Span(start, end)))
    return edits


def _is_simple(value: ast.expr) -> bool:
    while isinstance(value, ast.Attribute):
        value = value.value
    return isinstance(value, (ast.Name, ast.Constant))


def _fill(
    text: Text, template: str, given: Mapping[str, Argument], spell: Callable[[str], str]
) -> tuple[Part, ...]:
    pieces = list(string.Formatter().parse(template))
    holders: dict[str, str] = {}  # a name that stands for a field -> the field
    source = ""
    for literal, field, _, _ in pieces:
        source += literal
        if field:
            holder = f"_field_{len(holders)}_"
            holders[holder] = field
            source += holder
    tree = ast.parse(source, mode="eval")
    around = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    cuts: list[tuple[int, int, tuple[Part, ...]]] = []
    for node in ast.walk(tree.body):
        if not isinstance(node, ast.Name):
            continue
        if node.id in holders:
            argument = given[holders[node.id]]
            bare: tuple[Part, ...] = (argument.value_span,)
            is_enclosed = isinstance(around[node], (ast.Call, ast.keyword, ast.List, ast.Tuple))
            if isinstance(around[node], ast.Call):
                is_enclosed = around[node].func is not node  # type: ignore[attr-defined]
            if _needs_parentheses(text, argument, is_enclosed):
                bare = ("(", argument.value_span, ")")
            cuts.append((node.col_offset, node.end_col_offset or 0, bare))
        elif node.id in _ROOTS:
            # The longest chain, so that an alias of a submodule can be used.
            top: ast.expr = node
            dotted = _ROOTS[node.id]
            while isinstance(around.get(top), ast.Attribute):
                top = around[top]  # type: ignore[assignment]
                dotted += f".{top.attr}"  # type: ignore[attr-defined]
            cuts.append((top.col_offset, top.end_col_offset or 0, (spell(dotted),)))
    parts: list[Part] = []
    cursor = 0
    for start, end, new in sorted(cuts, key=lambda cut: cut[0]):
        parts.extend((source[cursor:start], *new))
        cursor = end
    parts.append(source[cursor:])
    # With parentheses of its own the expression begins behind them.
    if not isinstance(tree.body, (*_ATOMS, ast.Constant)) and not tree.body.col_offset:
        parts = ["(", *parts, ")"]
    return tuple(part for part in parts if part != "")


def _needs_parentheses(text: Text, argument: Argument, is_enclosed: bool) -> bool:
    if argument.value_span != text.span(argument.value):
        return False  # it has its own
    value = argument.value
    if isinstance(value, (ast.GeneratorExp, ast.Tuple)):
        return text.data[text.span(value).start : text.span(value).start + 1] != b"("
    if isinstance(value, (ast.NamedExpr, ast.Yield, ast.YieldFrom)):
        return True
    if is_enclosed:
        return False
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, (str, bytes))
    return not (isinstance(value, _ATOMS) or is_text)
