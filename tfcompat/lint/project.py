"""Which names the files of a project import from each other."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from tfcompat.lint.resolve import ROOTS, decode

_FROM = re.compile(
    r"^[ \t]*from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|(?:[^\n#;\\]|\\\r?\n)*)", re.M
)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+([\w., \t]+)", re.M)
_NAME = re.compile(r"(\w+|\*)(?:\s+as\s+(\w+))?")
_COMMENT = re.compile(r"#[^\n]*")
_ATTRIBUTE = re.compile(r"(?<![\w.])(\w+)\.(\w+)")
_PATH = re.compile(r"['\"](\w+(?:\.\w+)+)")  # mock.patch("package.module.name")
_ALL = re.compile(r"^__all__\b", re.M)
_WORD = re.compile(r"\w+")


class Project:
    """What is imported by name among some files.

    Modules are told apart by the last component of their name alone. So a name can seem wanted
    that is not, and an import stays that could go.

    Args:
        paths: of the files.
        drafts: what is to be written into some of them, by absolute path.
    """

    def __init__(self, paths: Iterable[str], drafts: Mapping[str, bytes] | None = None) -> None:
        self._drafts = drafts or {}
        self._names: dict[str, set[str]] = defaultdict(set)  # module -> names taken from it
        self._stars: dict[str, list[str]] = defaultdict(list)  # module -> files that take all
        self._words: dict[str, set[str]] = {}
        self._with_all: set[str] = set()
        for path in paths:
            if path.endswith((".py", ".pyi")):
                self._read(os.path.abspath(path))

    def wanted(self, path: str) -> frozenset[str]:
        """Return the names that other files want from one."""
        return frozenset(self._wanted(os.path.abspath(path), set()))

    def _wanted(self, path: str, seen: set[str]) -> set[str]:
        module = _module(path)
        names = set(self._names.get(module, ()))
        if path in self._with_all or path in seen:
            return names
        seen.add(path)
        for other in self._stars.get(module, ()):
            if other != path:
                names |= self._words[other] | self._wanted(other, seen)
        return names

    def _read(self, path: str) -> None:
        try:
            data = self._drafts.get(path)
            if data is None:
                with open(path, "rb") as file:
                    data = file.read()
            text, _ = decode(data)
        except (OSError, SyntaxError, ValueError, LookupError):
            return
        if _ALL.search(text):
            self._with_all.add(path)
        modules: dict[str, str] = {}  # local name -> module of the project, perhaps
        for module, names in _FROM.findall(text):
            if module.partition(".")[0] in ROOTS:
                continue
            leaf = module.rpartition(".")[2]
            for name, alias in _NAME.findall(_COMMENT.sub("", names)):
                if name == "*":
                    self._stars[leaf].append(path)
                    self._words[path] = set(_WORD.findall(text))
                else:
                    self._names[leaf].add(name)
                    modules[alias or name] = name
        for names in _IMPORT.findall(text):
            for part in names.split(","):
                dotted, _, alias = part.strip().partition(" as ")
                if dotted.partition(".")[0] not in ROOTS:
                    leaf = dotted.strip().rpartition(".")[2]
                    modules[alias.strip() or leaf] = leaf
        for local, attribute in _ATTRIBUTE.findall(text):
            if local in modules:
                self._names[modules[local]].add(attribute)
        for dotted in _PATH.findall(text):
            parts = dotted.split(".")
            if parts[0] not in ROOTS:
                for module, name in zip(parts, parts[1:]):
                    self._names[module].add(name)


def _module(path: str) -> str:
    """Return the last component of the name of a file's module."""
    directory, name = os.path.split(os.path.abspath(path))
    stem = os.path.splitext(name)[0]
    return os.path.basename(directory) if stem == "__init__" else stem
