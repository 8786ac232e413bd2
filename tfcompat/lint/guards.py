"""Which code runs only on some releases: after a version check, in a `try` that catches.

A guard is one of "import", "version", "hasattr" and "type-checking".
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator

_TESTS = ("TYPE_CHECKING", "hasattr", "find_spec")

# What a failing import raises, and what a missing attribute does.
_IMPORT_ERRORS = {"ImportError", "ModuleNotFoundError"}
_ATTRIBUTE_ERRORS = {"AttributeError"}
_ANY_ERROR = {"Exception", "BaseException"}

# `tf.__version__`, `tf.version.VERSION`, `TF_VERSION`, `is_tf_version_at_least`,
# `tf_major`, `KERAS_2`, `_IS_TF_2_11`, `LooseVersion`.
# But not `tensor_conversion`.
_VERSION = re.compile(
    r"(?<!con)version|(?:tf|keras|tensorflow)_?(?:v?\d|major|minor)|legacy_keras", re.I
)
# Those of Python, of an operating system, and the modules of these names.
_NOT_TENSORFLOW = re.compile(r"python|^py|^sys$|^platform$|cuda|numpy|torch", re.I)


def words(node: ast.AST) -> Iterator[str]:
    """Yield every name and attribute of an expression."""
    stack = [node]
    while stack:
        child = stack.pop()
        kind = type(child)
        if kind is ast.Name:
            yield child.id  # type: ignore[attr-defined]
        elif kind is ast.Attribute:
            yield child.attr  # type: ignore[attr-defined]
            stack.append(child.value)  # type: ignore[attr-defined]
        elif kind is not ast.Constant:
            stack.extend(ast.iter_child_nodes(child))


@functools.lru_cache(maxsize=4096)
def _is_version(word: str) -> bool:
    return _VERSION.search(word) is not None


def may_test(text: str) -> bool:
    """Tell whether a file can hold a test that `of_test` knows: most hold none."""
    return any(word in text for word in _TESTS) or _VERSION.search(text) is not None


def of_test(test: ast.expr, flags: Iterable[str] = ()) -> str | None:
    """Tell which guard the test of an `if` is.

    Args:
        test: the expression.
        flags: names that hold the result of a version check.

    Returns:
        The guard, or None where the test is about something else.
    """
    if isinstance(test, ast.Name) and test.id not in flags and not _is_version(test.id):
        return "type-checking" if test.id == "TYPE_CHECKING" else None
    found = set(words(test))
    if "TYPE_CHECKING" in found:
        return "type-checking"
    if "hasattr" in found or "find_spec" in found:
        return "hasattr"
    if found.isdisjoint(flags) and not any(map(_is_version, found)):
        return None
    return None if any(map(_NOT_TENSORFLOW.search, found)) else "version"


def of_try(statement: ast.stmt) -> str | None:
    """Tell which guard a `try` is for its body and for its handlers."""
    guard = None
    for handler in statement.handlers:  # type: ignore[attr-defined]
        if handler.body and isinstance(handler.body[-1], ast.Raise):
            continue  # says in other words that it is missing
        caught = None if handler.type is None else set(words(handler.type))
        if caught is not None and caught & _IMPORT_ERRORS:
            return "import"
        if caught is not None and caught & _ATTRIBUTE_ERRORS:
            guard = "hasattr"
        elif (caught is None or caught & _ANY_ERROR) and _is_import(statement.body[0]):  # type: ignore[attr-defined]
            return "import"
    return guard


def of_with(statement: ast.With | ast.AsyncWith) -> str | None:
    """Tell which guard a `with contextlib.suppress(...)` is."""
    for item in statement.items:
        found = set(words(item.context_expr))
        if "suppress" in found:
            if found & _IMPORT_ERRORS:
                return "import"
            if found & _ATTRIBUTE_ERRORS:
                return "hasattr"
    return None


def of_decorators(decorators: Iterable[ast.expr], flags: Iterable[str] = ()) -> str | None:
    """Tell which guard `@pytest.mark.skipif(tf.__version__ < ...)` and its like are."""
    for decorator in decorators:
        if isinstance(decorator, ast.Call) and any(
            word.lower() in ("skipif", "skipunless") for word in words(decorator.func)
        ):
            guards = [of_test(argument, flags) for argument in decorator.args]
            found = next(filter(None, guards), None)
            if found:
                return found
    return None


def tells_version(value: ast.expr) -> bool:
    """Tell whether an expression compares versions, so that its result is a flag."""
    if isinstance(value, ast.Call):  # `is_version_at_least("2.5")`, not `Model(version=2)`
        return of_test(value.func) == "version"
    return isinstance(value, (ast.Compare, ast.BoolOp, ast.UnaryOp)) and of_test(value) == "version"


def tests_for_package(statement: ast.stmt, roots: Iterable[str]) -> set[str] | None:
    """Return the names that the handlers of a `try` bind, if it asks for the whole package.

    `try: import tensorflow as tf` with a private import beside it asks whether TensorFlow is
    installed: the private import is guarded only where a handler binds the same name.
    """
    packages = set(roots)
    for child in statement.body:  # type: ignore[attr-defined]
        if isinstance(child, ast.Import) and any(name.name in packages for name in child.names):
            break
    else:
        return None
    bound: set[str] = set()
    for handler in statement.handlers:  # type: ignore[attr-defined]
        for child in ast.walk(handler):
            if isinstance(child, (ast.Import, ast.ImportFrom)):
                bound |= {alias.asname or alias.name for alias in child.names}
            elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
                bound.add(child.id)
            elif isinstance(child, (ast.ClassDef, ast.FunctionDef)):
                bound.add(child.name)
    return bound


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.Import, ast.ImportFrom))
