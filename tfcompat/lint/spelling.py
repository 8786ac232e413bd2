"""How a dotted name is written at a place of a file: under which alias, and who imports it."""

from __future__ import annotations

import ast
import dataclasses
from collections import Counter
from collections.abc import Iterable, Iterator

from tfcompat.lint.imports import Statements
from tfcompat.lint.scopes import Scope, Scopes

# The usual alias of each package.
_USUAL = {"tensorflow": "tf", "keras": "keras", "tf_keras": "tf_keras", "tfcompat": "tfcompat"}


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a name is needed.

    Attributes:
        node: the expression that is rewritten.
        anchor: the statement that bound the old name: a new import stands beside it.
    """

    node: ast.AST
    anchor: ast.stmt


@dataclasses.dataclass(frozen=True)
class _Import:
    """An import that binds a module: one of the file's, or a new one."""

    local: str
    target: str
    statement: ast.stmt  # a new one stands before it
    scope: Scope
    is_new: bool


class Spelling:
    """Finds or makes the imports through which names are written.

    Args:
        scopes: of the file.
        statements: takes the new imports.
        ignored: aliases of imports that are to go, and so bind nothing that can be used.
    """

    def __init__(
        self, scopes: Scopes, statements: Statements, ignored: Iterable[ast.alias] = ()
    ) -> None:
        self._scopes = scopes
        self._statements = statements
        self._imports: list[_Import] = []
        self._targets: dict[ast.AST, str] = {}  # alias -> what it binds
        self._locals: list[tuple[str, str]] = []
        self._used: set[tuple[str, Scope]] = set()
        gone = set(map(id, ignored))
        for alias, statement in _aliases(scopes.module.node):
            local, target = _binds(alias, statement)
            if target == "tensorflow.compat.v2":  # the same API once more
                target = "tensorflow"
            if local is None or target.partition(".")[0] not in _USUAL:
                continue
            self._targets[alias] = target
            self._locals.append((local, target))
            if id(alias) not in gone:
                scope = scopes.at(statement)
                self._imports.append(_Import(local, target, statement, scope, False))

    def spell(self, name: str, place: Place) -> str:
        """Return the text that means a dotted name at a place; add an import if there is none.

        Args:
            name: such as `tensorflow.nn.relu` or `tfcompat.replacements.smart_cond`.
            place: where it is written.
        """
        root = name.partition(".")[0]
        visible = [found for found in self._imports if self._is_visible(found, place)]
        # `tf1.Session` in a file that has `import tensorflow.compat.v1 as tf1`, else `tf.x.y`,
        # else `keras.layers.x` where the file has `from tensorflow import keras`.
        prefixes = [f"{root}.compat.v1", root]
        prefixes += sorted(
            {found.target for found in visible if name.startswith(f"{found.target}.")},
            key=len,
            reverse=True,
        )
        for prefix in prefixes:
            for found in visible:
                if found.target == prefix and name.startswith(f"{prefix}."):
                    self._used.add((found.local, found.scope))
                    return found.local + name[len(prefix) :]
        return self._add(root, place) + name[len(root) :]

    def uses(self, local: str, scope: Scope) -> bool:
        """Tell whether new text is written with a name that a scope binds."""
        return (local, scope) in self._used

    def keep(self, package: str, anchor: ast.stmt) -> None:
        """See to it that a package is bound under its own name where a statement bound it."""
        scope = self._scopes.at(anchor)
        if not any(
            found.local == found.target == package and found.scope is scope
            for found in self._imports
        ):
            self._bind(package, package, scope, anchor)

    def _is_visible(self, found: _Import, place: Place) -> bool:
        scope = self._scopes.at(place.node).lookup(found.local)
        if found.is_new and scope is None:
            scope = found.scope
        return (
            scope is found.scope
            and self._means(found.local, scope, found.target)
            and self._has_run(found, place)
        )

    def _means(self, local: str, scope: Scope, target: str) -> bool:
        """Tell whether a name of a scope never means anything else."""
        for node in scope.bindings.get(local, ()):
            if isinstance(node, ast.alias):
                if self._targets.get(node) != target:
                    return False
            elif not is_none(self._scopes, node):
                return False
        return True

    def _has_run(self, found: _Import, place: Place) -> bool:
        """Tell whether an import has run when the place is reached, or when the anchor has."""
        block = self._statements.block(found.statement)
        index = block.index(found.statement)
        for node in (place.node, place.anchor):
            for around in (node, *self._scopes.ancestors(node)):
                if isinstance(around, ast.stmt) and around in block:
                    position = block.index(around)
                    is_deferred = node is place.node and self._is_deferred(node, around)
                    if index < position or is_deferred:
                        return True
                    if index == position and (found.is_new or node is place.anchor):
                        return True
                    break
        return False

    def _is_deferred(self, node: ast.AST, statement: ast.stmt) -> bool:
        """Tell whether a part of a statement runs later than the statement."""
        while node is not statement:
            parent = self._scopes.parents[node]
            if isinstance(parent, ast.Lambda) and node is parent.body:
                return True
            if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)) and isinstance(
                node, ast.stmt
            ):
                return True
            node = parent
        return False

    def _add(self, root: str, place: Place) -> str:
        scope = self._scopes.at(place.anchor)
        local = next(
            local for local in self._candidates(root) if self._is_free(local, root, scope, place)
        )
        self._bind(local, root, scope, place.anchor)
        return local

    def _bind(self, local: str, root: str, scope: Scope, anchor: ast.stmt) -> None:
        line = f"import {root}" if local == root else f"import {root} as {local}"
        self._statements.add_import(anchor, root, line)
        self._imports.append(_Import(local, root, anchor, scope, True))
        self._used.add((local, scope))

    def _candidates(self, root: str) -> Iterator[str]:
        used = Counter(local for local, target in self._locals if target == root)
        usual = _USUAL[root]
        yield from (local for local, _ in used.most_common())
        yield usual
        yield root
        suffix = ""
        while True:
            suffix += "_"
            yield f"{usual}{suffix}"

    def _is_free(self, local: str, root: str, scope: Scope, place: Place) -> bool:
        """Tell whether a name can be bound in a scope so that it is what the place sees."""
        if local in scope.bindings and not self._means(local, scope, root):
            return False
        if local in scope.outer:
            return False
        seen = self._scopes.at(place.node).lookup(local)
        if seen is not scope and not _is_outside(seen, scope):
            return False  # something between hides it
        if local in scope.bindings:
            return True
        # Code of this scope that means the same name of an outer one would lose it.
        outer = scope.lookup(local)
        if outer is None:
            return True
        return not any(
            _is_within(self._scopes.at(name), scope)
            for name in self._scopes.references(local, outer)
        )


def is_none(scopes: Scopes, node: ast.AST) -> bool:
    """Tell whether a binding is `tf = None`, as where the import failed."""
    statement = scopes.parents.get(node)
    return (
        isinstance(node, ast.Name)
        and isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Constant)
        and statement.value.value is None
    )


def _is_outside(seen: Scope | None, scope: Scope) -> bool:
    """Tell whether a scope, None for the built-in names, is around another one."""
    while seen is not None and scope.parent is not None:
        scope = scope.parent
        if scope is seen:
            return True
    return seen is None


def _is_within(inner: Scope | None, scope: Scope) -> bool:
    while inner is not None:
        if inner is scope:
            return True
        inner = inner.parent
    return False


def _aliases(tree: ast.AST) -> Iterator[tuple[ast.alias, ast.stmt]]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                yield alias, node


def _binds(alias: ast.alias, statement: ast.stmt) -> tuple[str | None, str]:
    """Return the local name that an import binds, and the dotted name of what it binds."""
    if isinstance(statement, ast.ImportFrom):
        if statement.level or not statement.module or alias.name == "*":
            return None, ""
        return alias.asname or alias.name, f"{statement.module}.{alias.name}"
    if alias.asname:
        return alias.asname, alias.name
    root = alias.name.partition(".")[0]
    return root, root
