"""What a pass over a syntax tree notes: scopes, what they bind, and references."""

from __future__ import annotations

import ast
from typing import NamedTuple

ROOTS = ("tensorflow", "keras", "tf_keras", "tensorflow_estimator")
# Importing one of these asks whether the package is there.
PACKAGES = (*ROOTS, "tensorflow.keras", "tensorflow.compat.v1", "tensorflow.compat.v2")

# The branches of compound statements around a piece of code: (statement, number of branch).
Path = tuple[tuple[int, int], ...]


# `dataclasses` takes longer to import than all else that checking a file needs.
class Event:
    """A name is bound: by an import, an assignment, a parameter, a loop and so on."""

    __slots__ = ("alias", "guard", "name", "order", "path", "statement", "target", "value")

    def __init__(
        self,
        name: str,
        order: int,
        path: Path,
        guard: str | None,
        statement: ast.AST,
        alias: ast.alias | None = None,
        target: str | None = None,
        value: ast.expr | None = None,
    ) -> None:
        self.name = name
        self.order = order
        self.path = path
        self.guard = guard
        self.statement = statement
        self.alias = alias
        self.target = target  # what an import binds
        self.value = value  # what an assignment binds


class Scope:
    """A module, class, function, lambda or comprehension."""

    def __init__(
        self,
        node: ast.AST,
        parent: Scope | None,
        order: int,
        path: Path,
        is_class: bool,
        is_deferred: bool,
    ) -> None:
        self.node = node
        self.parent = parent
        self.order = order
        self.path = path  # of the scope within its parent
        self.is_class = is_class
        self.is_deferred = is_deferred  # runs later than the code around it
        self.events: dict[str, list[Event]] = {}
        self.elsewhere: dict[str, Scope] = {}  # global, nonlocal

    def binds(self, name: str) -> bool:
        """Tell whether the scope binds a name of its own."""
        return name in self.events


class Reference(NamedTuple):
    """A name with attributes behind it, such as `tf.keras.layers`."""

    name: str  # the first
    node: ast.AST  # the whole chain
    call: ast.Call | None
    scope: Scope
    order: int
    path: Path
    guard: str | None
    is_exact: bool
    string: ast.Constant | None = None  # the attribute of `getattr`, or an annotation
    is_annotation: bool = False
    place: ast.AST | None = None  # where to point at, if not at the node

    @property
    def attributes(self) -> list[str]:
        """What stands behind the first name."""
        found = []
        node = self.node
        while isinstance(node, ast.Attribute):
            found.append(node.attr)
            node = node.value
        found.reverse()
        if self.string is not None and not self.is_annotation:
            found.append(str(self.string.value))
        return found

    @property
    def form(self) -> str:
        """As in `resolve.Use`."""
        if self.string is not None:
            return "annotation" if self.is_annotation else "string"
        return "attribute" if isinstance(self.node, ast.Attribute) else "name"
