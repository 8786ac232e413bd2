"""See which private names of TensorFlow and Keras a package imports while it runs."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import functools
import importlib
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from types import CodeType, FrameType, ModuleType
from typing import Any

_ROOTS = frozenset(("tensorflow", "tensorflow_core", "tensorflow_estimator", "keras", "tf_keras"))

# What warnings.warn(stacklevel=2) takes for the import system itself, and passes over. Without
# it a module that warns its importer would be taken to warn this file.
_LIKE_THE_IMPORT_SYSTEM = "<frozen importlib._bootstrap> (tfcompat)"


@dataclasses.dataclass(frozen=True, order=True)
class Import:
    """One import that succeeded.

    Attributes:
        file: the path of the file that imports.
        line: its line, 1-based.
        name: the absolute dotted name that was imported.
    """

    file: str
    line: int
    name: str


class Recorder:
    """Notes what the packages under test import of TensorFlow and Keras.

    An import counts when it succeeds: one in a `try` that fails in this environment, or behind
    a check of the release that is not met, has imported nothing.

    Args:
        packages: dotted names of packages. Their modules and all below them count, and nothing
            that others import on their behalf.

    Attributes:
        packages: as given.
        early: modules of the packages that had been imported before the recorder was there.
    """

    def __init__(self, packages: Iterable[str]) -> None:
        self.packages = tuple(packages)
        self._prefixes = tuple(f"{name}." for name in self.packages)
        self.early = tuple(sorted(name for name in sys.modules if self._counts(name)))
        self._found: dict[Import, None] = {}
        self._active = False
        self._import: Any = None
        self._import_module: Any = None
        self._wrappers: tuple[Any, Any] = (None, None)

    def install(self) -> None:
        """Begin to see imports."""
        self._import, self._import_module = builtins.__import__, importlib.import_module
        self._wrappers = self._make_wrappers(self._import, self._import_module)
        builtins.__import__, importlib.import_module = self._wrappers
        self._active = True

    def remove(self) -> None:
        """See no more. What another tool has wrapped around us since then stays."""
        self._active = False
        if builtins.__import__ is self._wrappers[0]:
            builtins.__import__ = self._import
        if importlib.import_module is self._wrappers[1]:
            importlib.import_module = self._import_module

    def private(self) -> list[Import]:
        """Return the private names that were imported so far, in the order of files and lines.

        Lines with a comment `# tfcompat: ignore` are left out, as `tfcompat check` does.
        """
        from tfcompat import rules

        found = [one for one in self._found if rules.is_private(one.name)]
        return sorted(one for one in found if not _is_ignored(one))

    def _counts(self, module: Any) -> bool:
        return isinstance(module, str) and (
            module in self.packages or module.startswith(self._prefixes)
        )

    def _make_wrappers(self, original: Any, original_module: Any) -> tuple[Any, Any]:
        def import_(
            name: str,
            globals: Mapping[str, Any] | None = None,
            locals: Mapping[str, Any] | None = None,
            fromlist: Sequence[str] | None = (),
            level: int = 0,
        ) -> ModuleType:
            __tracebackhide__ = True
            module: ModuleType = original(name, globals, locals, fromlist, level)
            # A relative import stays within the package under test.
            if self._active and not level and name.partition(".")[0] in _ROOTS:
                self._note(name, fromlist, sys._getframe(1), globals)
            return module

        def import_module(name: str, package: str | None = None) -> ModuleType:
            __tracebackhide__ = True
            module: ModuleType = original_module(name, package)
            if self._active and name.partition(".")[0] in _ROOTS:
                self._note(name, None, sys._getframe(1), None)
            return module

        for wrapper, wrapped in ((import_, original), (import_module, original_module)):
            wrapper.__code__ = _hidden(wrapper.__code__)
            functools.update_wrapper(wrapper, wrapped)
        return import_, import_module

    def _note(
        self,
        name: str,
        fromlist: Sequence[str] | None,
        frame: FrameType | None,
        importer: Mapping[str, Any] | None,
    ) -> None:
        # Another tool may have wrapped the function once more: the importer is the frame with
        # the globals that the import statement passes.
        while importer is not None and frame is not None and frame.f_globals is not importer:
            frame = frame.f_back
        if frame is None or not self._counts(frame.f_globals.get("__name__")):
            return
        file, line = frame.f_code.co_filename, frame.f_lineno
        for leaf in fromlist or ("*",):
            if leaf == "*":
                self._found[Import(file, line, name)] = None
            elif _has(name, leaf):
                self._found[Import(file, line, f"{name}.{leaf}")] = None


def _hidden(code: CodeType) -> CodeType:
    return code.replace(co_filename=_LIKE_THE_IMPORT_SYSTEM)


def _has(module: str, leaf: str) -> bool:
    """Tell whether the rest of a `from` import succeeds, which looks the name up likewise."""
    try:
        return hasattr(sys.modules[module], leaf) or f"{module}.{leaf}" in sys.modules
    except Exception:  # a lazy module may raise anything, and will again, to the importer
        return False


@functools.lru_cache(maxsize=64)
def _source(path: str) -> tuple[bytes, str, ast.Module] | None:
    from tfcompat.lint.resolve import decode

    try:
        with open(path, "rb") as file:
            data = file.read()
        text, _ = decode(data)
        return data, text, ast.parse(text)
    except (OSError, SyntaxError, ValueError, LookupError):
        return None


def _is_ignored(one: Import) -> bool:
    from tfcompat.lint import ignores

    source = _source(one.file)
    if source is None:
        return False
    _, text, tree = source
    comments = ignores.find(text)
    if not comments:
        return False
    code = _code(one.name)
    around = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= one.line <= (node.end_lineno or 0)
    ]
    # The innermost statement; a comment counts on each of its lines.
    innermost = min(around, key=lambda node: (node.end_lineno or 0) - node.lineno, default=None)
    lines = {one.line}
    if innermost is not None and not hasattr(innermost, "body"):
        lines.update(range(innermost.lineno, (innermost.end_lineno or 0) + 1))
    # `import_module("...")` is a private path in a string to `tfcompat check`.
    codes = {code, "TFC401"}
    return any(
        not comments[line].codes or codes.intersection(comments[line].codes)
        for line in lines
        if line in comments
    )


def _code(name: str) -> str:
    from tfcompat import rules

    found = rules.rule(name)
    return found.code if found is not None else ""


def explain(found: Sequence[Import], root: str) -> str:
    """Say what was imported, where, and what to use instead.

    Args:
        found: what `Recorder.private` returned.
        root: the directory that paths are shown relative to.
    """
    count = f"{len(found)} private name{'s' if len(found) != 1 else ''}"
    lines = [f"The package under test imported {count} of TensorFlow or Keras:"]
    safe = False
    for one in found:
        path = _shown(one.file, root)
        advice, fixed = _advice(one)
        safe = safe or fixed
        lines.append(f"{path}:{one.line}: {one.name}: {advice[0]}")
        lines.extend(f"  {line}" for line in advice[1:])
    files = " ".join(dict.fromkeys(_shown(one.file, root) for one in found))
    lines.append(
        f"`tfcompat check --fix {files}` makes the changes that are safe; `tfcompat check {files}` "
        "explains every use, and `# tfcompat: ignore` silences a line."
        if safe
        else f"`tfcompat check {files}` explains every use (`--fix` makes the changes that are "
        "safe), and `# tfcompat: ignore` silences a line."
    )
    return "\n".join(lines)


def _shown(path: str, root: str) -> str:
    inside = path.startswith(os.path.join(root, ""))
    return os.path.relpath(path, root) if inside else path


def _advice(one: Import) -> tuple[list[str], bool]:
    """Return what to do in lines of text, and whether a safe fix does it."""
    from tfcompat import rules
    from tfcompat.lint.findings import display

    rule = rules.rule(one.name)
    if rule is None:
        return ["private, and nothing is known of it"], False
    if rule.code == "TFC106":
        used = _used_through(one)
        if used:
            fixed = any(finding.fix == "safe" for finding in used)
            lines = [f"line {finding.line}: {finding.message}" for finding in used]
            return ["a private module, of which the file uses", *lines], fixed
    reason = "" if rule.safe else f" ({rule.reason.rstrip('.')})"
    if rule.target is None:
        return [f"nothing to use instead{reason}"], False
    return [f"use {display(rule.target)} instead{reason}"], rule.safe


def _used_through(one: Import) -> list[Any]:
    """Return what `tfcompat check` says about the names that a file takes from a module."""
    from tfcompat.lint.config import Settings
    from tfcompat.lint.findings import check_file

    source = _source(one.file)
    if source is None:
        return []
    report = check_file(one.file, source[0], Settings())
    found = [one_ for one_ in report.findings if one_.name.startswith(f"{one.name}.")]
    return list({finding.name: finding for finding in reversed(found)}.values())[::-1]
