"""One pass over a syntax tree: what each scope binds, and which names it refers to."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Callable, Iterable
from typing import Any

from tfcompat.lint import guards, strings
from tfcompat.lint.bindings import PACKAGES, ROOTS, Event, Path, Reference, Scope

# From Python 3.12 on, what an f-string holds has positions in the file.
_EXACT_IN_FSTRING = sys.version_info >= (3, 12)


class Walker:
    """What one pass over a tree collects.

    Attributes:
        scopes: by their nodes.
        references: in no particular order.
        imports: each alias of an import of TensorFlow or Keras: form, name, event, scope.
        paths: each string that is a dotted path: node, the call that takes one, guard, scope.
        stars: the modules of star imports with their events.
        methods: each private method or attribute: attribute, call, guard, scope.
    """

    def __init__(
        self,
        tree: ast.Module,
        methods: Iterable[str] = (),
        *,
        has_tests: bool = True,
        has_paths: bool = True,
        has_declarations: bool = True,
    ) -> None:
        self.scopes: dict[ast.AST, Scope] = {}
        self.references: list[Reference] = []
        self.imports: list[tuple[str, str, Event, Scope]] = []
        self.paths: list[tuple[ast.Constant, ast.Call | None, str | None, Scope]] = []
        self._path_calls: dict[ast.AST, ast.Call] = {}
        self.stars: list[tuple[str, Event]] = []
        self.methods: list[tuple[ast.Attribute, ast.Call | None, str | None, Scope]] = []
        self._methods = frozenset(methods)
        self._flags: set[str] = set()
        self._has_tests = has_tests
        self._has_paths = has_paths
        self._has_declarations = has_declarations
        self._order = 0
        self._path: Path = ()
        self._guard: str | None = None
        self._is_exact = True
        self._alternatives: set[str] | None = None
        self._scope = self._module = Scope(tree, None, 0, (), False, False)
        self.scopes[tree] = self._scope
        self._block(tree.body)

    # Scopes and bindings

    def _enter(self, node: ast.AST, *, is_class: bool = False, is_deferred: bool = False) -> Any:
        self._order += 1
        saved = (self._scope, self._path)
        self._scope = Scope(node, self._scope, self._order, self._path, is_class, is_deferred)
        self._path = ()
        self.scopes[node] = self._scope
        return saved

    def _leave(self, saved: Any) -> None:
        self._scope, self._path = saved

    def _bind(self, name: str, statement: ast.AST, **more: Any) -> Event:
        self._order += 1
        guard = self._guard
        if self._alternatives is not None and name in self._alternatives:
            guard = "import"
        event = Event(name, self._order, self._path, guard, statement, **more)
        scope = self._scope
        while scope.parent is not None and isinstance(
            scope.node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
        ):
            if not isinstance(statement, ast.NamedExpr):
                break
            scope = scope.parent
        owner = scope.elsewhere.get(name)
        if owner is not None:  # it is set some time, or never
            event.path = ((id(statement), 0),)
            scope = owner
        scope.events.setdefault(name, []).append(event)
        return event

    # Statements

    def _block(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            handler = _STATEMENTS.get(type(statement))
            if handler is None:
                self._expression(statement)
            else:
                handler(self, statement)

    def _branch(
        self, statement: ast.AST, number: int, body: Iterable[ast.stmt], guard: str | None
    ) -> None:
        path, outer = self._path, self._guard
        self._path = (*path, (id(statement), number))
        self._guard = guard or outer
        self._block(body)
        self._path, self._guard = path, outer

    def _import(self, statement: ast.Import) -> None:
        for alias in statement.names:
            root = alias.name.partition(".")[0]
            local = alias.asname or root
            if root not in ROOTS:
                self._bind(local, statement)
                continue
            target = alias.name if alias.asname else root
            event = self._bind(local, statement, alias=alias, target=target)
            self.imports.append(("import", alias.name, event, self._scope))

    def _import_from(self, statement: ast.ImportFrom) -> None:
        module = statement.module or ""
        is_ours = not statement.level and module.partition(".")[0] in ROOTS
        for alias in statement.names:
            if not is_ours:
                self._bind(alias.asname or alias.name, statement)
            elif alias.name == "*":
                event = self._bind("*", statement, alias=alias, target=module)
                self.imports.append(("star", module, event, self._scope))
                self.stars.append((module, event))
            else:
                name = f"{module}.{alias.name}"
                event = self._bind(alias.asname or alias.name, statement, alias=alias, target=name)
                self.imports.append(("from", name, event, self._scope))

    def _assign(self, statement: ast.Assign | ast.AnnAssign) -> None:
        value = statement.value
        if isinstance(statement, ast.AnnAssign):
            self._annotation(statement.annotation)
            targets: list[ast.expr] = [statement.target]
        else:
            targets = statement.targets
        if value is None:
            if not isinstance(statement.target, ast.Name):  # type: ignore[union-attr]
                self._expression(statement.target)  # type: ignore[union-attr]
            return
        self._expression(value)
        for target in targets:
            if isinstance(target, ast.Name):
                self._assign_name(target.id, value, statement)
            elif (
                isinstance(target, (ast.Tuple, ast.List))
                and isinstance(value, (ast.Tuple, ast.List))
                and len(target.elts) == len(value.elts)
                and all(isinstance(element, ast.Name) for element in target.elts)
            ):
                for element, part in zip(target.elts, value.elts):
                    self._assign_name(element.id, part, statement)  # type: ignore[attr-defined]
            else:
                self._expression(target)

    def _assign_name(self, name: str, value: ast.expr, statement: ast.stmt) -> None:
        if isinstance(value, ast.Constant) and value.value is None:
            return  # `tf = None` where the import failed
        if isinstance(value, (ast.Name, ast.Attribute)) or strings.loaded(value):
            self._bind(name, statement, value=value)
            return
        if self._has_tests and guards.tells_version(value):
            self._flags.add(name)
        self._bind(name, statement)

    def _function(self, statement: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in statement.decorator_list:
            self._expression(decorator)
        self._parameters_outside(statement.args)
        if statement.returns is not None:
            self._annotation(statement.returns)
        self._bind(statement.name, statement)
        saved = self._enter(statement, is_deferred=True)
        guard = self._guard
        self._guard = guard or self._decorators(statement)
        self._parameters_inside(statement.args)
        self._declarations(statement.body)
        self._block(statement.body)
        self._guard = guard
        self._leave(saved)

    def _decorators(self, statement: Any) -> str | None:
        if not self._has_tests:
            return None
        return guards.of_decorators(statement.decorator_list, self._flags)

    def _declarations(self, body: Iterable[ast.stmt]) -> None:
        """Note `global` and `nonlocal`, which hold for the whole function."""
        stack: list[ast.AST] = list(body) if self._has_declarations else []
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Global):
                self._scope.elsewhere.update(dict.fromkeys(node.names, self._module))
            elif isinstance(node, ast.Nonlocal):
                for name in node.names:
                    owner = self._scope.parent
                    while owner is not None and (owner.is_class or not owner.binds(name)):
                        owner = owner.parent
                    self._scope.elsewhere[name] = owner or self._module
            elif isinstance(node, _COMPOUND):
                stack.extend(ast.iter_child_nodes(node))

    def _parameters_outside(self, arguments: ast.arguments) -> None:
        for default in (*arguments.defaults, *arguments.kw_defaults):
            if default is not None:
                self._expression(default)
        for argument in _parameters(arguments):
            if argument.annotation is not None:
                self._annotation(argument.annotation)

    def _parameters_inside(self, arguments: ast.arguments) -> None:
        for argument in _parameters(arguments):
            self._bind(argument.arg, argument)

    def _class(self, statement: ast.ClassDef) -> None:
        for node in (*statement.decorator_list, *statement.bases, *statement.keywords):
            self._expression(node)
        saved = self._enter(statement, is_class=True)
        guard = self._guard
        self._guard = guard or self._decorators(statement)
        self._block(statement.body)
        self._guard = guard
        self._leave(saved)
        self._bind(statement.name, statement)

    def _if(self, statement: ast.If) -> None:
        found: str | None = None
        outer_path, outer_guard = path, _ = self._path, self._guard
        while True:  # an `elif` is an `if` alone in the `else`: chains of them can be long
            self._guarded(statement.test, found)
            found = self._test(statement.test) or found
            self._guard = found or outer_guard
            self._path = (*path, (id(statement), 0))
            self._block(statement.body)
            self._path = path = (*path, (id(statement), 1))
            rest = statement.orelse
            if len(rest) != 1 or not isinstance(rest[0], ast.If):
                break
            statement = rest[0]
        self._block(rest)
        self._path, self._guard = outer_path, outer_guard

    def _try(self, statement: Any) -> None:
        guard = guards.of_try(statement)
        outer = self._alternatives
        if guard == "import":
            self._alternatives = guards.tests_for_package(statement, PACKAGES)
        is_package_test = guard == "import" and self._alternatives is not None
        self._branch(statement, 0, statement.body, None if is_package_test else guard)
        self._alternatives = outer
        for number, handler in enumerate(statement.handlers, 1):
            if handler.type is not None:
                self._expression(handler.type)
            if handler.name:
                self._bind(handler.name, handler)
            self._branch(statement, number, handler.body, guard)
        self._branch(statement, 0, statement.orelse, None)
        self._block(statement.finalbody)

    def _loop(self, statement: ast.For | ast.AsyncFor) -> None:
        self._expression(statement.iter)
        self._expression(statement.target)
        self._branch(statement, 0, statement.body, None)
        self._block(statement.orelse)

    def _while(self, statement: ast.While) -> None:
        self._expression(statement.test)
        self._branch(statement, 0, statement.body, None)
        self._block(statement.orelse)

    def _with(self, statement: ast.With | ast.AsyncWith) -> None:
        for item in statement.items:
            self._expression(item.context_expr)
            if item.optional_vars is not None:
                self._expression(item.optional_vars)
        guard = self._guard
        self._guard = guards.of_with(statement) or guard
        self._block(statement.body)
        self._guard = guard

    def _match(self, statement: Any) -> None:
        self._expression(statement.subject)
        for number, case in enumerate(statement.cases):
            for node in ast.walk(case.pattern):
                name = getattr(node, "name", None) or getattr(node, "rest", None)
                if name:
                    self._bind(name, case.pattern)
            self._expression(case.pattern)
            if case.guard is not None:
                self._expression(case.guard)
            self._branch(statement, number, case.body, None)

    # Expressions

    def _guarded(self, node: ast.expr, guard: str | None) -> None:
        outer = self._guard
        self._guard = guard or outer
        self._expression(node)
        self._guard = outer

    def _test(self, test: ast.expr) -> str | None:
        return guards.of_test(test, self._flags) if self._has_tests else None

    def _expression(self, root: ast.AST) -> None:
        """Walk an expression without recursion, for sums of a thousand terms."""
        stack: list[ast.AST] = [root]
        while stack:
            node = stack.pop()
            kind = type(node)
            if kind is ast.Constant:
                if self._has_paths and strings.is_path(node.value):  # type: ignore[attr-defined]
                    call = self._path_calls.get(node)
                    self.paths.append((node, call, self._guard, self._scope))  # type: ignore[arg-type]
                continue
            if kind is ast.Name:
                if isinstance(node.ctx, ast.Load):  # type: ignore[attr-defined]
                    self._refer(node, None)
                elif isinstance(node.ctx, ast.Store):  # type: ignore[attr-defined]
                    self._bind(node.id, node)  # type: ignore[attr-defined]
            elif kind is ast.Attribute:
                rest = self._refer(node, None)
                if rest is not None:
                    stack.append(rest)
            elif kind is ast.Call:
                self._call(node, stack)  # type: ignore[arg-type]
            elif kind in _EXPRESSIONS:
                _EXPRESSIONS[kind](self, node)
            else:
                for field in _fields(kind):  # type: ignore[arg-type]
                    value = getattr(node, field, None)
                    if type(value) is list:
                        stack += value
                    elif value is not None:
                        stack.append(value)

    def _call(self, node: ast.Call, stack: list[ast.AST]) -> None:
        function = node.func
        kind = type(function)
        if kind is ast.Name or kind is ast.Attribute:
            rest = self._refer(function, node)
            if rest is not None:
                stack.append(rest)
            last = function.id if kind is ast.Name else function.attr  # type: ignore[attr-defined]
            if last in strings.CALLS:
                self._strings(node, last)
            elif last == "cast" and node.args:  # typing.cast
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    self._annotation(first)
                    stack += node.args[1:]
                    return
        else:
            stack.append(function)
        stack += node.args
        for keyword in node.keywords:
            stack.append(keyword.value)

    def _strings(self, node: ast.Call, last: str) -> None:
        if last in strings.PATH_CALLS:
            self._path_calls.update(dict.fromkeys(strings.paths(node), node))
        if last in strings.ATTRIBUTE_CALLS:
            name = strings.attribute(node)
            if name is not None:
                may_lack = last == "hasattr" or (last == "getattr" and len(node.args) == 3)
                self._refer(node.args[0], node, name, "hasattr" if may_lack else None)

    def _refer(
        self,
        node: ast.AST,
        call: ast.Call | None,
        string: ast.Constant | None = None,
        guard: str | None = None,
    ) -> ast.AST | None:
        """Note a chain of names; return what is left to walk when it is none."""
        base = node
        while type(base) is ast.Attribute:
            if base.attr in self._methods and string is None:
                called = call if base is node else None
                self.methods.append((base, called, self._guard, self._scope))
            base = base.value
        if type(base) is not ast.Name:
            return base
        self._order += 1
        self.references.append(
            Reference(
                base.id,
                node,
                call,
                self._scope,
                self._order,
                self._path,
                guard or self._guard,
                self._is_exact,
                string,
            )
        )
        return None

    def _annotation(self, node: ast.expr) -> None:
        """Walk an annotation, in which strings are code."""
        stack: list[ast.AST] = [node]
        while stack:
            part = stack.pop()
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                self._string_annotation(part)
            elif isinstance(part, ast.Subscript):
                self._expression(part.value)
                if "Literal" not in guards.words(part.value):
                    stack.append(part.slice)
            elif isinstance(part, (ast.Tuple, ast.List, ast.BinOp)):
                stack.extend(ast.iter_child_nodes(part))
            else:
                self._expression(part)

    def _string_annotation(self, node: ast.Constant) -> None:
        text = str(node.value)
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError):
            return  # a comment in place of an annotation
        indent = len(text) - len(text.lstrip())
        first = len(self.references)
        self._annotation(tree.body)
        for index in range(first, len(self.references)):
            reference = self.references[index]
            if reference.string is None:
                self.references[index] = reference._replace(
                    string=node,
                    is_annotation=True,
                    is_exact=reference.is_exact and not indent,
                    call=None,
                )

    def _conditional(self, node: ast.IfExp) -> None:
        self._expression(node.test)
        guard = self._test(node.test)
        self._guarded(node.body, guard)
        self._guarded(node.orelse, guard)

    def _and_or(self, node: ast.BoolOp) -> None:
        guard = None
        for value in node.values:
            self._guarded(value, guard)
            guard = guard or self._test(value)

    def _lambda(self, node: ast.Lambda) -> None:
        self._parameters_outside(node.args)
        saved = self._enter(node, is_deferred=True)
        self._parameters_inside(node.args)
        self._expression(node.body)
        self._leave(saved)

    def _comprehension(self, node: Any) -> None:
        self._expression(node.generators[0].iter)
        saved = self._enter(node)
        for number, generator in enumerate(node.generators):
            if number:
                self._expression(generator.iter)
            self._expression(generator.target)
            for test in generator.ifs:
                self._expression(test)
        for part in ("key", "value", "elt"):
            if hasattr(node, part):
                self._expression(getattr(node, part))
        self._leave(saved)

    def _fstring(self, node: ast.JoinedStr) -> None:
        exact = self._is_exact
        self._is_exact = exact and _EXACT_IN_FSTRING
        first = len(self.references)
        for value in node.values:
            if not isinstance(value, ast.Constant):
                self._expression(value)
        if not self._is_exact:
            for index in range(first, len(self.references)):
                self.references[index] = self.references[index]._replace(place=node)
        self._is_exact = exact

    def _walrus(self, node: ast.NamedExpr) -> None:
        self._expression(node.value)
        self._bind(node.target.id, node)


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return found + [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]


@functools.cache
def _fields(kind: type) -> tuple[str, ...]:
    """Return the fields of a kind of node that can hold nodes; none for what is no node."""
    return tuple(field for field in getattr(kind, "_fields", ()) if field not in _LEAVES)


_LEAVES = frozenset(
    {
        "arg",
        "attr",
        "conversion",
        "ctx",
        "id",
        "is_async",
        "kind",
        "level",
        "module",
        "name",
        "names",
        "op",
        "ops",
        "type_comment",
    }
)
_COMPOUND = (
    *(ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try),
    ast.ExceptHandler,
)
_STATEMENTS: dict[type, Callable[[Any, Any], None]] = {
    ast.Import: Walker._import,
    ast.ImportFrom: Walker._import_from,
    ast.Assign: Walker._assign,
    ast.AnnAssign: Walker._assign,
    ast.FunctionDef: Walker._function,
    ast.AsyncFunctionDef: Walker._function,
    ast.ClassDef: Walker._class,
    ast.If: Walker._if,
    ast.Try: Walker._try,
    ast.For: Walker._loop,
    ast.AsyncFor: Walker._loop,
    ast.While: Walker._while,
    ast.With: Walker._with,
    ast.AsyncWith: Walker._with,
}
_EXPRESSIONS: dict[type, Callable[[Any, Any], None]] = {
    ast.IfExp: Walker._conditional,
    ast.BoolOp: Walker._and_or,
    ast.Lambda: Walker._lambda,
    ast.ListComp: Walker._comprehension,
    ast.SetComp: Walker._comprehension,
    ast.DictComp: Walker._comprehension,
    ast.GeneratorExp: Walker._comprehension,
    ast.JoinedStr: Walker._fstring,
    ast.NamedExpr: Walker._walrus,
}
for _name, _handler in (("TryStar", Walker._try), ("Match", Walker._match)):
    if hasattr(ast, _name):  # Python 3.11 and 3.10
        _STATEMENTS[getattr(ast, _name)] = _handler
