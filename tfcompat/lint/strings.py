"""Names that are written in strings: import paths, targets of patches, annotations."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tfcompat.lint.bindings import ROOTS

_STARTS = tuple(f"{root}." for root in ROOTS)
PATH = re.compile(rf"(?:{'|'.join(ROOTS)})(?:\.[^\W\d]\w*)+")

# Calls that take a path to a module or object as a string.
PATH_CALLS = frozenset(
    {
        "LazyLoader",
        "LazyModule",
        "__import__",
        "delattr",
        "dict",  # mock.patch.dict
        "find_spec",
        "import_module",
        "importorskip",
        "lazy_import",
        "locate",
        "multiple",
        "patch",
        "resolve_name",
        "safe_import",
        "setattr",
        "try_import",
    }
)
# Calls whose result is the module itself.
LOADERS = frozenset({"import_module", "LazyLoader", "importorskip"})
# Calls that take an object and the name of one of its attributes.
ATTRIBUTE_CALLS = frozenset({"delattr", "getattr", "hasattr", "object", "setattr"})
CALLS = PATH_CALLS | ATTRIBUTE_CALLS

_LITERAL = re.compile(rb"([rRuU]?)('''|\"\"\"|'|\")(.*)\2", re.S)


def callee(call: ast.Call) -> str:
    """Return the last word of what is called."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def may_hold_paths(text: str) -> bool:
    """Tell whether a file can hold a string that is a path: most hold none."""
    return any(quote + start in text for start in _STARTS for quote in "'\"")


def is_path(value: object) -> bool:
    """Tell whether a constant is a dotted path of TensorFlow or Keras."""
    return isinstance(value, str) and value.startswith(_STARTS) and bool(PATH.fullmatch(value))


def paths(call: ast.Call) -> Iterator[ast.Constant]:
    """Yield the arguments of a call that are dotted paths of TensorFlow or Keras."""
    arguments = (*call.args, *(keyword.value for keyword in call.keywords))
    for argument in arguments:
        if isinstance(argument, ast.Constant) and is_path(argument.value):
            yield argument


def attribute(call: ast.Call) -> ast.Constant | None:
    """Return the `"x"` of `getattr(module, "x")`, `patch.object(module, "x")` and their like."""
    if len(call.args) < 2:
        return None
    name = call.args[1]
    if isinstance(name, ast.Constant) and isinstance(name.value, str) and name.value.isidentifier():
        return name
    return None


def loaded(value: ast.expr) -> str | None:
    """Return the module that `importlib.import_module("...")` and its like return."""
    if isinstance(value, ast.Call) and callee(value) in LOADERS:
        return next((str(path.value) for path in paths(value)), None)
    return None


def contents(node: ast.Constant, lines: list[bytes]) -> int | None:
    """Return the byte column at which the text of a literal starts.

    None where the text in the file is not the value: literals of several lines or parts, and
    those with escapes.
    """
    if node.end_lineno != node.lineno:
        return None
    segment = lines[node.lineno - 1][node.col_offset : node.end_col_offset]
    match = _LITERAL.fullmatch(segment)
    if match is None or match[3] != str(node.value).encode():
        return None
    return node.col_offset + match.start(3)
