"""Read a `noxfile.py`, which is parsed and never executed."""

from __future__ import annotations

import ast
import itertools
import operator
import pathlib
from collections.abc import Callable, Iterator
from typing import Any

from tfcompat.matrix.check import shell
from tfcompat.matrix.check.found import CheckError, Parsed
from tfcompat.matrix.check.requirements import UNKNOWN as UNKNOWN_TEXT
from tfcompat.matrix.check.requirements import Installer, minor

_LOOKED_FOR = (
    "`session.install(...)` of TensorFlow in functions under @nox.session, with their python= "
    "and @nox.parametrize"
)


class _Unknown:
    """What only a run can tell."""


_UNKNOWN = _Unknown()
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: lambda a, b: a is b,
    ast.IsNot: lambda a, b: a is not b,
}
_METHODS = ("startswith", "endswith", "format", "replace", "split", "join", "get", "strip", "items")


def read(path: pathlib.Path, platform: str) -> Parsed:
    """Read a noxfile.

    Raises:
        CheckError: It is no Python.
    """
    try:
        module = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise CheckError(f"{path}:{error.lineno}: no Python: {error.msg}") from None
    parsed = Parsed(_LOOKED_FOR)
    constants: dict[str, Any] = {}
    for node in module.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            _assign(node.targets[0], _evaluate(node.value, constants), constants)
        elif isinstance(node, ast.AnnAssign) and node.value and isinstance(node.target, ast.Name):
            constants[node.target.id] = _evaluate(node.value, constants)
    for node in module.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            _Session(node, constants, path, platform, parsed).read()
    return parsed


class _Session:
    def __init__(
        self,
        function: ast.FunctionDef | ast.AsyncFunctionDef,
        constants: dict[str, Any],
        path: pathlib.Path,
        platform: str,
        parsed: Parsed,
    ) -> None:
        self.function = function
        self.constants = constants
        self.path = path
        self.platform = platform
        self.parsed = parsed

    def read(self) -> None:
        pythons: list[Any] | tuple[Any, ...] = [None]
        python_line = self.function.lineno
        parameters: list[list[tuple[dict[str, Any], int]]] = []
        is_session = False
        for decorator in self.function.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            name = _name(call.func if call else decorator)
            if name == "session":
                is_session = True
                for keyword in call.keywords if call else []:
                    if keyword.arg in ("python", "py"):
                        value = _evaluate(keyword.value, self.constants)
                        python_line = keyword.value.lineno
                        pythons = value if isinstance(value, (list, tuple)) else [value]
            elif name == "parametrize" and call and len(call.args) > 1:
                parameters.append(self._parameters(call))
        if not is_session or not self.function.args.args:
            return
        for python, chosen in itertools.product(pythons, itertools.product(*parameters)):
            values: dict[str, Any] = {}
            line = 0
            for names, at in chosen:
                values |= names
                if any("tf" in name.lower() or "tensorflow" in name.lower() for name in names):
                    line = at
            self._run(values.get("python", python), python_line, values, line)

    def _parameters(self, call: ast.Call) -> list[tuple[dict[str, Any], int]]:
        names = _evaluate(call.args[0], self.constants)
        if isinstance(names, str):
            names = [name.strip() for name in names.split(",")]
        rows = call.args[1]
        nodes = rows.elts if isinstance(rows, (ast.List, ast.Tuple)) else None
        values = _evaluate(rows, self.constants)
        if nodes is None and isinstance(values, (list, tuple)):
            pairs = [(value, rows.lineno) for value in values]
        elif nodes is not None:
            pairs = [(self._parameter(node, len(names)), node.lineno) for node in nodes]
        else:
            self.parsed.remark(
                rows.lineno, "unreadable", f"cannot evaluate parametrize({', '.join(names)})"
            )
            return [(dict.fromkeys(names, _UNKNOWN), rows.lineno)]
        return [
            (dict(zip(names, value if len(names) > 1 else [value])), line)
            if not isinstance(value, _Unknown)
            else (dict.fromkeys(names, _UNKNOWN), line)
            for value, line in pairs
        ]

    def _parameter(self, node: ast.expr, count: int) -> Any:
        if isinstance(node, ast.Call) and _name(node.func) == "param":
            values = [_evaluate(argument, self.constants) for argument in node.args]
            return values if count > 1 else values[0] if values else _UNKNOWN
        value = _evaluate(node, self.constants)
        if isinstance(value, _Unknown):
            self.parsed.remark(node.lineno, "unreadable", "cannot evaluate a parameter of nox")
        return value

    def _run(self, python: Any, python_line: int, values: dict[str, Any], line: int) -> None:
        session = self.function.args.args[0].arg
        names = {**self.constants, **values}
        if isinstance(python, (_Unknown, bool)):
            if isinstance(python, _Unknown):
                self.parsed.remark(python_line, "unreadable", "cannot evaluate python=")
            python = None
        names[f"{session}.python"] = python if python is not None else _UNKNOWN
        installer = Installer(self.parsed, self.path.parent)
        legacy = False
        for node in _taken(self.function.body, names):
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                    if not (
                        isinstance(call.func.value, ast.Name) and call.func.value.id == session
                    ):
                        continue
                    legacy = legacy or self._sets(call, names)
                    arguments, unread = self._arguments(call, names)
                    installs: list[str] | None = None
                    if call.func.attr == "install":
                        installs = arguments
                    elif call.func.attr in ("run", "run_always", "run_install"):
                        installs = shell.installed(arguments)
                    if installs is None:
                        continue
                    installer.install(installs, call.lineno)
                    for at in unread:
                        self.parsed.remark(
                            at, "unreadable", "cannot evaluate what is installed here"
                        )
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
                target = node.targets[0]
                if (
                    _name(target.value) == "env"
                    and _evaluate(target.slice, names) == "TF_USE_LEGACY_KERAS"
                ):
                    legacy = str(_evaluate(node.value, names)) in ("1", "true", "True")
        tested = installer.tested(
            self.function.name,
            line,
            minor(str(python)) if python is not None else None,
            line if "python" in values else python_line,
            legacy,
            self.platform,
        )
        if tested is not None:
            self.parsed.tested.append(tested)

    def _arguments(self, call: ast.Call, names: dict[str, Any]) -> tuple[list[str], list[int]]:
        """Return the arguments, and the lines of those that cannot be told."""
        found: list[str] = []
        unread: list[int] = []
        for argument in call.args:
            starred = isinstance(argument, ast.Starred)
            value = _evaluate(
                argument.value if isinstance(argument, ast.Starred) else argument, names
            )
            values = value if starred and isinstance(value, (list, tuple)) else [value]
            if starred and isinstance(value, _Unknown):
                unread.append(argument.lineno)
                continue
            found += [UNKNOWN_TEXT if isinstance(v, _Unknown) else str(v) for v in values]
        return found, unread

    def _sets(self, call: ast.Call, names: dict[str, Any]) -> bool:
        for keyword in call.keywords:
            if keyword.arg == "env":
                value = _evaluate(keyword.value, names)
                if isinstance(value, dict):
                    return str(value.get("TF_USE_LEGACY_KERAS")) in ("1", "true", "True")
        return False


def _taken(body: list[ast.stmt], names: dict[str, Any]) -> Iterator[ast.stmt]:
    """Yield the statements that run, and assign the names that are assigned on the way."""
    for node in body:
        if isinstance(node, ast.If):
            test = _evaluate(node.test, names)
            if isinstance(test, _Unknown):
                yield from _taken(node.body, names)
                yield from _taken(node.orelse, names)
            else:
                yield from _taken(node.body if test else node.orelse, names)
        elif isinstance(node, (ast.With, ast.AsyncWith, ast.Try)):
            yield from _taken(node.body, names)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            values = _evaluate(node.iter, names)
            for value in values if isinstance(values, (list, tuple)) else [_UNKNOWN]:
                _assign(node.target, value, names)
                yield from _taken(node.body, names)
        else:
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                _assign(node.targets[0], _evaluate(node.value, names), names)
            yield node


def _assign(target: ast.expr, value: Any, names: dict[str, Any]) -> None:
    if isinstance(target, ast.Name):
        names[target.id] = value
    elif isinstance(target, (ast.Tuple, ast.List)):
        fits = isinstance(value, (list, tuple)) and len(value) == len(target.elts)
        for i, element in enumerate(target.elts):
            _assign(element, value[i] if fits else _UNKNOWN, names)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _evaluate(node: ast.expr, names: dict[str, Any]) -> Any:
    """Evaluate the few expressions that noxfiles consist of."""
    try:
        return _value(node, names)
    except (TypeError, ValueError, LookupError, AttributeError):
        return _UNKNOWN


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return names.get(node.id, _UNKNOWN)
    if isinstance(node, ast.Attribute):
        return names.get(f"{_name(node.value)}.{node.attr}", _UNKNOWN)
    if isinstance(node, ast.JoinedStr):
        parts = [_value(part, names) for part in node.values]
        return "".join(UNKNOWN_TEXT if isinstance(p, _Unknown) else str(p) for p in parts)
    if isinstance(node, ast.FormattedValue):
        return _value(node.value, names)
    if isinstance(node, ast.Dict):
        return {
            _value(key, names): _value(value, names)
            for key, value in zip(node.keys, node.values)
            if key is not None
        }
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        found: list[Any] = []
        for element in node.elts:
            if isinstance(element, ast.Starred):
                found += _value(element.value, names)
            else:
                found.append(_value(element, names))
        return tuple(found) if isinstance(node, ast.Tuple) else found
    if isinstance(node, ast.BoolOp):
        values = [_value(value, names) for value in node.values]
        decisive = isinstance(node.op, ast.Or)
        for value in values:
            if not isinstance(value, _Unknown) and bool(value) is decisive:
                return value
        return _UNKNOWN if any(isinstance(v, _Unknown) for v in values) else values[-1]
    operands = [_value(child, names) for child in _operands(node)]
    if not operands or any(isinstance(value, _Unknown) for value in operands):
        return _UNKNOWN
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return not operands[0]
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _COMPARISONS[type(node.ops[0])](*operands)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return operands[0] + operands[1]
    if (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Mod)
        and isinstance(operands[0], str)
    ):
        return operands[0] % operands[1]
    if isinstance(node, ast.Subscript):
        return operands[0][operands[1]]
    if isinstance(node, ast.IfExp):
        return operands[1] if operands[0] else operands[2]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _called(node, node.func.attr, operands, names)
    return _UNKNOWN


def _called(node: ast.Call, method: str, operands: list[Any], names: dict[str, Any]) -> Any:
    keywords = {k.arg: _value(k.value, names) for k in node.keywords if k.arg}
    known = not any(isinstance(value, _Unknown) for value in keywords.values())
    if method not in _METHODS or not isinstance(operands[0], (str, dict)) or not known:
        return _UNKNOWN
    result = getattr(operands[0], method)(*operands[1:], **keywords)
    return list(result) if method == "items" else result


def _operands(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.UnaryOp):
        return [node.operand]
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.Subscript):
        return [node.value, node.slice]
    if isinstance(node, ast.IfExp):
        return [node.test, node.body, node.orelse]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return [node.func.value, *node.args]
    return []
