"""Move an import that stays to where it is used, so that the module can be imported without it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfcompat.lint.plan import Plan
    from tfcompat.lint.resolve import Use
    from tfcompat.rules import Rule

DEFERRED = "it is imported there now, so that the module does not need it"

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def defer(plan: Plan, use: Use, rule: Rule) -> bool:
    """Write the import of a name into each function that uses it, if functions alone do.

    Only an import at the top of a module that fails in a release which the code is for: to do it
    later is to fail later.

    Args:
        plan: with all that is rewritten in the file.
        use: the import.
        rule: for what it imports.

    Returns:
        Whether the import has to go from the top.
    """
    binding, alias = use.binding, use.node
    assert binding is not None
    assert isinstance(alias, ast.alias)
    statement, local = binding.statement, binding.local
    if (
        not plan.options.unsafe
        or not plan.meanings.fails_somewhere(rule)
        or use.guard is not None
        or plan.is_package
        or statement not in plan.tree.body
        or plan.scopes.module.bindings[local] != [alias]
        or any(
            other.form == "annotation" and other.binding is binding for other in plan.source.uses
        )
    ):
        return False
    functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
    for name in plan.scopes.references(local, plan.scopes.module):
        if name in plan.gone:
            continue
        function = _function(plan, name)
        if function is None:
            return False
        if function not in functions:
            functions.append(function)
    written = alias.name if alias.asname is None else f"{alias.name} as {alias.asname}"
    line = f"import {written}"
    if isinstance(statement, ast.ImportFrom):
        line = f"from {statement.module} {line}"
    for function in functions:
        has_docstring = ast.get_docstring(function, clean=False) is not None
        plan.statements.before(function.body[has_docstring], line)
    return bool(functions)


def _function(plan: Plan, name: ast.Name) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """Return the outermost function in whose body a name is."""
    found = None
    inner: ast.AST = name
    for outer in plan.scopes.ancestors(name):
        if isinstance(outer, _FUNCTIONS) and inner in outer.body:
            found = outer
        inner = outer
    return found
