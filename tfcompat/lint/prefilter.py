"""Which files can hold a finding at all, told from their text: four of five cannot.

Parsing costs far more than reading. So the imports, the aliases and the chains of names behind
them are first found as text, without regard to scopes and strings: whatever the file can mean
is among them. Only a file in which one of them is a problem is parsed.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from tfcompat import rules
from tfcompat.lint import strings
from tfcompat.lint.bindings import ROOTS
from tfcompat.lint.ignores import MARK
from tfcompat.lint.methods import METHODS
from tfcompat.lint.problems import ATTRIBUTES_ALONE, rule_of

_PACKAGES = (b"tensorflow", b"keras")  # and tf_keras, tensorflow_estimator
# Each method's name holds one of the stems: few searches for many names.
_STEMS = (b"_dependenc", b"_trackable", b"setattr_tracking", b"_flatten_layers")
_METHODS = tuple(method.encode() for method in METHODS)
_MARK = MARK.encode()
_ROOT = "|".join(ROOTS).encode()
_QUOTED = tuple(quote + root.encode() + b"." for root in ROOTS for quote in (b"'", b'"'))

# What may stand between the parts of a chain of names, and of an import.
_GAP = rb"(?:\s|\\\r?\n|\#[^\n]*\n)*"
_IMPORTS = re.compile(
    rb"from[ \t]+([\w.]+)(?:[ \t]|\\\r?\n)+import\b"
    rb"(?:[ \t]|\\\r?\n)*(\((?:[^)#]|\#[^\n]*\n)*\)|(?:[^\n\\;#(]|\\\r?\n)*)"
    rb"|import\b((?:[^\n\\;#]|\\\r?\n)*)"
)
_UNUSUAL_IMPORT = re.compile(rb"from\s+(?:" + _ROOT + rb")[\w.]*\s*(?:\\|\s\.|\.\s)")
_NOISE = re.compile(rb"\#[^\n]*|[()\\]")
_PATHS = re.compile(rb"['\"]((?:" + _ROOT + rb")(?:\.\w+)+)['\"]")
_ATTRIBUTE = re.compile(_GAP + rb"," + _GAP + rb"['\"](\w+)['\"]")
_BY_STRING = (b"getattr", b"setattr", b"delattr", b"patch.object")
_LOADERS = tuple(word.encode() for word in strings.LOADERS)
_TARGET = re.compile(rb"([A-Za-z_]\w*)[ \t]*(?::[^=\n]+)?\Z")
_BLANK = re.compile(_GAP)
_WORD = re.compile(rb"\w")
_BEHIND = re.compile(rb"(?!\w)(?:" + _GAP + rb"\." + _GAP + rb"[A-Za-z_]\w*)*")
_MOST_TARGETS = 8
# Their import by name is a problem, though the names are none.
_BY_NAME = tuple(path.encode() for path in ATTRIBUTES_ALONE)


def may_have_findings(data: bytes, supported: int = rules.ALL) -> bool:
    """Tell whether a file can hold a finding. No is certain, yes is not.

    Args:
        data: what the file holds, Python or a notebook.
        supported: the releases that the code is for.
    """
    if _MARK in data:
        return True
    if any(stem in data for stem in _STEMS) and any(method in data for method in _METHODS):
        return True
    if not any(package in data for package in _PACKAGES):
        return False
    if data.startswith((b"{", b" ", b"\n")) and data.lstrip().startswith(b"{"):
        from tfcompat.lint import notebooks

        try:
            data = notebooks.read(data.decode(), parse=False).text.encode()
        except ValueError:
            return True
    if _UNUSUAL_IMPORT.search(data) or any(path in data for path in _BY_NAME):
        return True
    aliases: dict[bytes, set[str]] = {}
    for local, name in _imported(data):
        if name.endswith(".*") or _is_problem(name, supported):
            return True
        if local and _is_module(name):  # what a class has as attributes belongs to it
            aliases.setdefault(local, set()).add(name)
    if any(quoted in data for quoted in _QUOTED):
        loads = any(word in data for word in _LOADERS)
        for path in _PATHS.findall(data):
            name = path.decode("utf-8", "replace")
            if _is_problem(name, supported) or (loads and _is_module(name)):
                return True
    return bool(aliases) and _has_problem(data, aliases, supported)


def _has_problem(data: bytes, aliases: dict[bytes, set[str]], supported: int) -> bool:
    """Follow the aliases through assignments, until there are no further ones."""
    by_string = any(word in data for word in _BY_STRING)
    waiting = [(local, name) for local, names in aliases.items() for name in names]
    while waiting:
        local, target = waiting.pop()
        for start, match in _chains(data, local):
            rest = match[0]
            if rest:
                if not rest.replace(b".", b"").isalnum():
                    rest = _BLANK.sub(b"", rest)
                name = target + rest.decode("utf-8", "replace")
                if _is_problem(name, supported):
                    return True
                if not _is_module(name):
                    continue
            else:
                name = target
            # A module as a value: the object of `getattr`, or assigned to another name.
            if by_string:
                attribute = _ATTRIBUTE.match(data, match.end())
                if attribute and _is_problem(f"{name}.{attribute[1].decode()}", supported):
                    return True
            if _is_in_tuple(data, start):
                return True
            assigned = _assigned(data, start)
            if assigned:
                known = aliases.setdefault(assigned, set())
                if name not in known:
                    known.add(name)
                    waiting.append((assigned, name))
                    if len(known) > _MOST_TARGETS:
                        return True
    return False


def _assigned(data: bytes, place: int) -> bytes | None:
    """Return the name that what stands at a place is assigned to."""
    equals = data.rfind(b"=", 0, place)
    if equals < 0 or data[equals + 1 : place].strip(b" \t\r\n\\("):
        return None
    match = _TARGET.search(data, data.rfind(b"\n", 0, equals) + 1, equals)
    return match[1] if match else None


def _is_in_tuple(data: bytes, place: int) -> bool:
    """Tell whether a place is behind `a, b = `."""
    start = data.rfind(b"\n", 0, place) + 1
    end = data.find(b"=", start, place)
    return end >= 0 and b"," in data[start:end]


def _imported(data: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield what imports bind: the local name, empty for none, and the dotted one."""
    for module, names, modules in _import_statements(data):
        if module:
            if module.partition(b".")[0].decode("latin-1") in ROOTS:
                for name, local in _split(names):
                    yield local or name, f"{module.decode()}.{name.decode('utf-8', 'replace')}"
            continue
        for name, local in _split(modules):
            root = name.partition(b".")[0]
            if root.decode("latin-1") in ROOTS:
                if local:
                    yield local, name.decode("utf-8", "replace")
                else:
                    yield b"", name.decode("utf-8", "replace")
                    yield root, root.decode()


def _import_statements(data: bytes) -> Iterator[tuple[bytes, ...]]:
    """Find imports by their word, which is faster than by a pattern."""
    place = data.find(b"import")
    while place >= 0:
        match = None
        start = data.find(b"from", data.rfind(b"\n", 0, place) + 1, place)
        while match is None and start >= 0:
            match = _IMPORTS.match(data, start)
            if match is not None and match.end() <= place:
                match = None  # an earlier import of the line
            start = data.find(b"from", start + 4, place)
        match = match or _IMPORTS.match(data, place)
        if match is not None:
            yield match[1] or b"", match[2] or b"", match[3] or b""
        place = data.find(b"import", max(place + 6, match.end() if match else 0))


def _split(names: bytes) -> Iterator[tuple[bytes, bytes]]:
    for part in _NOISE.sub(b"", names).split(b","):
        words = part.split()
        if len(words) == 1:
            yield words[0], b""
        elif len(words) >= 3 and words[1] == b"as":
            yield words[0], words[2]
        elif words:  # prose, or code behind a colon
            yield words[0], b""


def _chains(data: bytes, local: bytes) -> Iterator[tuple[int, re.Match[bytes]]]:
    """Find where a name stands, each with the attributes behind it."""
    start = data.find(local)
    while start >= 0:
        match = _BEHIND.match(data, start + len(local))
        if match is not None and not _WORD.match(data, max(start - 1, 0), start):
            yield start, match
        start = data.find(local, start + len(local))


def _is_problem(name: str, supported: int) -> bool:
    return rule_of(name, supported) is not None


@functools.lru_cache(maxsize=65536)
def _is_module(name: str) -> bool:
    found = rules.resolve(name)
    return found is not None and not found[1] and found[0].kind == "module"
