"""What the source of a module says about its names: where each comes from, and which refuse use."""

from __future__ import annotations

import ast
import sys
from contextlib import suppress
from pathlib import Path


class Sources:
    """What the source of a module says about its names."""

    def __init__(self) -> None:
        self._read: dict[str, Source] = {}

    def of(self, module: str) -> Source:
        """Return a module's source, which is read once."""
        if module not in self._read:
            self._read[module] = Source(module)
        return self._read[module]

    def origin(self, module: str, name: str) -> str | None:
        """Follow imports to the module that assigns a name."""
        for _ in range(20):
            source = self.of(module)
            if name in source.defined:
                return f"{module}.{name}"
            if name not in source.imported:
                for starred in source.starred:
                    if self.of(starred).knows(name):
                        module = starred
                        break
                else:
                    return None
                continue
            module, name = source.imported[name]
        return None


class Source:
    """One parsed module: what it defines, imports, and refuses to do."""

    def __init__(self, module: str) -> None:
        self.defined: set[str] = set()
        self.imported: dict[str, tuple[str, str]] = {}
        self.starred: list[str] = []
        # Functions and classes whose use is an error: their body is one `raise`.
        self.refusing: set[str] = set()
        # In the generated wrappers of ops: Python name to the name in tf.raw_ops.
        self.raw: dict[str, str] = {}
        file = getattr(sys.modules.get(module), "__file__", None) or ""
        if not file.endswith(".py"):
            return
        package = module if file.endswith("__init__.py") else module.rpartition(".")[0]
        with suppress(SyntaxError, UnicodeDecodeError, OSError):
            self._read(ast.parse(Path(file).read_text(encoding="utf-8")), package)

    def knows(self, name: str) -> bool:
        """Tell whether a name may be found here."""
        return name in self.defined or name in self.imported or bool(self.starred)

    def _read(self, tree: ast.Module, package: str) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                    base = ".".join([*parents, *([base] if base else [])])
                for alias in node.names:
                    if alias.name == "*":
                        self.starred.append(base)
                    else:
                        self.imported[alias.asname or alias.name] = (base, alias.name)
        self._define(tree.body)

    def _define(self, body: list[ast.stmt]) -> None:
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self.defined.add(node.name)
                if _refuses(node):
                    self.refusing.add(node.name)
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if isinstance(target, ast.Attribute):
                        continue
                    self.defined.update(
                        part.id for part in ast.walk(target) if isinstance(part, ast.Name)
                    )
                self._raw_op(node)
            for field in ("body", "orelse", "finalbody"):
                if isinstance(node, (ast.If, ast.Try, ast.With, ast.For)):
                    self._define(getattr(node, field, []))
            for handler in getattr(node, "handlers", []):
                self._define(handler.body)

    def _raw_op(self, node: ast.Assign | ast.AnnAssign) -> None:
        # Acos = tf_export("raw_ops.Acos")(_ops.to_raw_op(acos))
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            return
        for call in ast.walk(node.value):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "to_raw_op":
                value: ast.expr = call.args[0]
                while isinstance(value, ast.Call) and value.args:
                    value = value.args[0]
                if isinstance(value, ast.Name):
                    self.raw[value.id] = node.targets[0].id


def _refuses(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Tell whether all that a function, or the constructor of a class, does is to raise."""
    if isinstance(node, ast.ClassDef):
        inits = [
            part
            for part in node.body
            if isinstance(part, ast.FunctionDef) and part.name == "__init__"
        ]
        # An abstract base raises as well, but it has methods to override.
        return bool(inits) and len(_code(node.body)) == 1 and _refuses(inits[0])
    body = _code(node.body)
    return len(body) == 1 and isinstance(body[0], ast.Raise)


def _code(body: list[ast.stmt]) -> list[ast.stmt]:
    return [
        part
        for part in body
        if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))
    ]
