"""The expressions of GitHub Actions: `${{ matrix.python || '3.9' }}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tfcompat.matrix.check.requirements import UNKNOWN as UNKNOWN_TEXT

_TOKENS = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[\w][\w.*-]*)"
    r"|(?P<operator>\|\||&&|==|!=|<=|>=|[!<>(),\[\]]))"
)
_CONSTANTS = {"true": "true", "false": "", "null": ""}


class Unknown:
    """The value of what only GitHub knows."""


UNKNOWN = Unknown()


def substitute(text: str, contexts: Mapping[str, Any]) -> str:
    """Replace the expressions of a text, those that cannot be told by a sign of their own."""

    def replace(match: re.Match[str]) -> str:
        value = evaluate(match[1], contexts)
        return value if isinstance(value, str) else UNKNOWN_TEXT

    return re.sub(r"\$\{\{(.*?)\}\}", replace, text, flags=re.DOTALL)


def true(condition: str | None, contexts: Mapping[str, Any]) -> bool | None:
    """Evaluate an `if:`; None when it cannot be told."""
    if condition is None:
        return True
    match = re.fullmatch(r"\s*\$\{\{(.*?)\}\}\s*", condition, flags=re.DOTALL)
    value = evaluate(match[1] if match else condition, contexts)
    return None if value is UNKNOWN else value not in ("", "false", "0")


def evaluate(expression: str, contexts: Mapping[str, Any]) -> Any:
    """Evaluate an expression to a text, a mapping or `UNKNOWN`."""
    tokens: list[tuple[str, str]] = []
    position = 0
    expression = expression.strip()
    while position < len(expression):
        match = _TOKENS.match(expression, position)
        if match is None:
            return UNKNOWN
        tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
        position = match.end()
    parser = _Parser(tokens, contexts)
    try:
        value = parser.either()
    except (IndexError, ValueError):
        return UNKNOWN
    return UNKNOWN if parser.tokens else value


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], contexts: Mapping[str, Any]) -> None:
        self.tokens = tokens
        self.contexts = contexts

    def _next_is(self, *operators: str) -> str | None:
        if self.tokens and self.tokens[0][0] == "operator" and self.tokens[0][1] in operators:
            return self.tokens.pop(0)[1]
        return None

    def either(self) -> Any:
        value = self.both()
        while self._next_is("||"):
            other = self.both()
            if value is UNKNOWN:
                # Whether it is true can be told even so, but not what it is.
                continue
            value = value if _holds(value) else other
        return value

    def both(self) -> Any:
        value = self.comparison()
        while self._next_is("&&"):
            other = self.comparison()
            if value is UNKNOWN:
                value = UNKNOWN if other is UNKNOWN or _holds(other) else other
            else:
                value = other if _holds(value) else value
        return value

    def comparison(self) -> Any:
        value = self.single()
        operator = self._next_is("==", "!=", "<", ">", "<=", ">=")
        if operator is None:
            return value
        other = self.single()
        if value is UNKNOWN or other is UNKNOWN or operator not in ("==", "!="):
            return UNKNOWN
        same = str(value).lower() == str(other).lower()
        return "true" if same == (operator == "==") else ""

    def single(self) -> Any:
        if self._next_is("!"):
            value = self.single()
            return UNKNOWN if value is UNKNOWN else "" if _holds(value) else "true"
        if self._next_is("("):
            value = self.either()
            if not self._next_is(")"):
                raise ValueError
            return value
        kind, text = self.tokens.pop(0)
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return text
        if kind != "name":
            raise ValueError(text)
        if self._next_is("("):
            return self._call(text)
        value = self._look_up(text)
        while self._next_is("["):
            key = self.either()
            if not self._next_is("]"):
                raise ValueError
            value = value.get(key, "") if isinstance(value, Mapping) else UNKNOWN
        return value

    def _call(self, name: str) -> Any:
        arguments: list[Any] = []
        while not self._next_is(")"):
            arguments.append(self.either())
            self._next_is(",")
        if any(not isinstance(a, str) for a in arguments):
            return UNKNOWN
        functions: dict[str, Callable[[str, str], bool]] = {
            "contains": lambda a, b: b.lower() in a.lower(),
            "startsWith": lambda a, b: a.lower().startswith(b.lower()),
            "endsWith": lambda a, b: a.lower().endswith(b.lower()),
        }
        found = functions.get(name)
        if found is not None and len(arguments) == 2:
            return "true" if found(*arguments) else ""
        if name == "format":
            text = str(arguments[0])
            for i, argument in enumerate(arguments[1:]):
                text = text.replace(f"{{{i}}}", argument)
            return text
        if name in ("always", "success"):
            return "true"
        return UNKNOWN

    def _look_up(self, name: str) -> Any:
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        context, *keys = name.split(".")
        if context not in self.contexts:
            return UNKNOWN
        value = self.contexts[context]
        for key in keys:
            # What a matrix does not have is empty; that is how defaults are written.
            value = value.get(key, "") if isinstance(value, Mapping) else ""
        return value


def _holds(value: Any) -> bool:
    return value not in ("", "false", "0")
