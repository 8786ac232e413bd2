"""Which scope binds a name, for every name of a module."""

from __future__ import annotations

import ast
import builtins
import dataclasses
from collections.abc import Iterator
from typing import Any

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_BUILTINS = frozenset(dir(builtins)) | {"__file__", "__path__"}


@dataclasses.dataclass(eq=False)
class Scope:
    """A module, function, class or comprehension, and what it binds.

    Attributes:
        node: the syntax tree of it.
        parent: the scope around it, None for the module.
        bindings: the nodes that bind each name: imports' `ast.alias`, names, definitions,
            arguments, handlers and patterns.
    """

    node: ast.AST
    parent: Scope | None
    bindings: dict[str, list[ast.AST]] = dataclasses.field(default_factory=dict)
    outer: dict[str, bool] = dataclasses.field(default_factory=dict)  # name -> is global

    @property
    def is_class(self) -> bool:
        """Whether nested scopes do not see its names."""
        return isinstance(self.node, ast.ClassDef)

    def bind(self, name: str, node: ast.AST) -> None:
        """Note that a node binds a name here, or where `global` and `nonlocal` say."""
        scope: Scope = self
        if name in self.outer:
            is_global = self.outer[name]
            while scope.parent is not None:
                scope = scope.parent
                if not is_global and name in scope.bindings and not scope.is_class:
                    break
        scope.bindings.setdefault(name, []).append(node)

    def lookup(self, name: str) -> Scope | None:
        """Return the scope whose name this is here, None when nothing in the module binds it."""
        scope: Scope | None = self
        while scope is not None:
            if (scope is self or not scope.is_class) and name in scope.bindings:
                return scope
            scope = scope.parent
        return None


class Scopes:
    """All scopes of a module, and every name in it.

    Attributes:
        module: the outermost scope.
        parents: the node around each node.
        names: every `ast.Name` by its identifier, with the scope in which it is evaluated.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.module = Scope(tree, None)
        self.parents: dict[ast.AST, ast.AST] = {}
        self.names: dict[str, list[tuple[ast.Name, Scope]]] = {}
        self._scope_of: dict[ast.AST, Scope] = {tree: self.module}
        self._pending: list[tuple[ast.AST, Scope]] = [(tree, self.module)]
        for child in tree.body:
            self._visit(child, tree, self.module)

    def at(self, node: ast.AST) -> Scope:
        """Return the scope in which an expression or statement is evaluated."""
        return self._scope_of[node]

    def references(self, name: str, scope: Scope) -> list[ast.Name]:
        """Return the names, loaded, stored and deleted, that mean a binding of this scope."""
        return [node for node, where in self.names.get(name, ()) if where.lookup(name) is scope]

    def unbound(self) -> Iterator[ast.Name]:
        """Yield the names that nothing in the module binds, built-in ones apart."""
        for name, found in self.names.items():
            if name not in _BUILTINS:
                for node, where in found:
                    if where.lookup(name) is None:
                        yield node

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what is around a node, from the inside."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def statement(self, node: ast.AST) -> ast.stmt:
        """Return the innermost statement that holds a node."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def _visit(self, node: ast.AST, parent: ast.AST, scope: Scope) -> None:
        # Deep expressions such as a sum of a thousand terms must not exhaust the stack.
        waiting: list[tuple[ast.AST, ast.AST, Scope]] = [(node, parent, scope)]
        while waiting:
            node, parent, scope = waiting.pop()
            self.parents[node] = parent
            self._scope_of[node] = scope
            children = self._enter(node, scope)
            waiting.extend((child, node, where) for child, where in reversed(children))

    def _enter(self, node: ast.AST, scope: Scope) -> list[tuple[ast.AST, Scope]]:
        """Bind what a node binds; return its children with the scope of each."""
        if isinstance(node, ast.Name):
            self.names.setdefault(node.id, []).append((node, scope))
            if not isinstance(node.ctx, ast.Load):
                scope.bind(node.id, node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                local = alias.asname or alias.name
                scope.bind(
                    local
                    if isinstance(node, ast.ImportFrom)
                    else local.partition(".")[0]
                    if alias.asname is None
                    else local,
                    alias,
                )
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            for name in node.names:
                scope.outer[name] = isinstance(node, ast.Global)
        elif isinstance(node, ast.ExceptHandler):
            if node.name:
                scope.bind(node.name, node)
        elif isinstance(node, _FUNCTIONS):
            return self._function(node, scope)
        elif isinstance(node, ast.ClassDef):
            return self._class(node, scope)
        elif isinstance(node, _COMPREHENSIONS):
            return self._comprehension(node, scope)
        elif isinstance(node, ast.NamedExpr):
            return self._walrus(node, scope)
        elif type(node).__name__ in ("MatchAs", "MatchStar"):
            if node.name:  # type: ignore[attr-defined]
                scope.bind(node.name, node)  # type: ignore[attr-defined]
        elif type(node).__name__ == "MatchMapping" and node.rest:  # type: ignore[attr-defined]
            scope.bind(node.rest, node)  # type: ignore[attr-defined]
        return [(child, scope) for child in ast.iter_child_nodes(node)]

    def _function(self, node: Any, scope: Scope) -> list[tuple[ast.AST, Scope]]:
        inner = Scope(node, scope)
        arguments = node.args
        outside: list[ast.AST] = [*arguments.defaults]
        outside.extend(default for default in arguments.kw_defaults if default is not None)
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every.extend(extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None)
        for argument in every:
            inner.bind(argument.arg, argument)
            self.parents[argument] = node
            self._scope_of[argument] = scope
        outside.extend(argument.annotation for argument in every if argument.annotation)
        body = [node.body]
        if not isinstance(node, ast.Lambda):
            scope.bind(node.name, node)
            outside = [*node.decorator_list, *outside, *([node.returns] if node.returns else [])]
            body = node.body
        self._type_parameters(node, inner)
        _declare(body, inner)
        return [(child, scope) for child in outside] + [(child, inner) for child in body]

    def _class(self, node: ast.ClassDef, scope: Scope) -> list[tuple[ast.AST, Scope]]:
        inner = Scope(node, scope)
        scope.bind(node.name, node)
        self._type_parameters(node, inner)
        _declare(node.body, inner)
        outside: list[ast.AST] = [*node.decorator_list, *node.bases, *node.keywords]
        return [(child, scope) for child in outside] + [(child, inner) for child in node.body]

    def _type_parameters(self, node: Any, inner: Scope) -> None:
        for parameter in getattr(node, "type_params", ()):  # from Python 3.12 on
            inner.bind(parameter.name, parameter)

    def _comprehension(self, node: Any, scope: Scope) -> list[tuple[ast.AST, Scope]]:
        inner = Scope(node, scope)
        children: list[tuple[ast.AST, Scope]] = []
        for position, generator in enumerate(node.generators):
            self.parents[generator] = node
            self._scope_of[generator] = inner
            children.append((generator.target, inner))
            # The first iterable is evaluated outside.
            children.append((generator.iter, scope if position == 0 else inner))
            children.extend((condition, inner) for condition in generator.ifs)
        results = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        children.extend((result, inner) for result in results)
        return children

    def _walrus(self, node: ast.NamedExpr, scope: Scope) -> list[tuple[ast.AST, Scope]]:
        outside = scope
        while isinstance(outside.node, _COMPREHENSIONS) and outside.parent is not None:
            outside = outside.parent
        return [(node.target, outside), (node.value, scope)]


def _declare(body: Any, scope: Scope) -> None:
    """Note `global` and `nonlocal` first: they hold for the whole body."""
    waiting = list(body) if isinstance(body, list) else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            for name in node.names:
                scope.outer[name] = isinstance(node, ast.Global)
        elif not isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.expr)):
            waiting.extend(
                child
                for child in ast.iter_child_nodes(node)
                if isinstance(child, (ast.stmt, ast.ExceptHandler))
                or type(child).__name__ == "match_case"
            )


def block_of(statement: ast.stmt, parent: ast.AST) -> list[ast.stmt]:
    """Return the list of statements that holds a statement of `parent`."""
    for field in ("body", "orelse", "finalbody", "handlers"):
        block = getattr(parent, field, None)
        if isinstance(block, list) and statement in block:
            return block
    raise ValueError(f"{statement} is not in {parent}")
