"""`names.txt`, read block by block.

The file is text, sorted, with one block per module:

    [module|private or public|releases]
    >alias alias=target ...
    <origin. leaf leaf ...
    leaf<TAB>kind<TAB>releases<TAB>raises<TAB>same as<TAB>origins<TAB>parameters

* A field that is empty at the end of a line is left out. Without releases, a leaf is in all
  releases of its module.
* Releases are columns and ranges between them, `2.5..2.8,2.10`. A module without names ends its
  head in `|unread` where no environment could import it.
* kind: `c` class, `f` function, `o` object, `k` constant (a number, string or None); with `!`
  where the name is private, though its module is public.
* raises: the releases in which the name is there, but touching or calling it raises.
* same as: the public names of the same object, the best first, each with `@releases` unless it
  is the same wherever the leaf exists.
* origins: where the object is defined, when that is elsewhere.
* A name in the last two fields that ends in `.` or `:` goes on with the leaf.
* parameters: those of an op in `tensorflow.raw_ops`, in the order of its private twin.
* `>` lists the modules that a module has imported, so that they are reached through it. Only a
  name that usually means another module has a target.
* `<` lists names that are what they are in the module of their origin, in the releases in which
  both modules have them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tfcompat.rules import _columns

KINDS = {"c": "class", "f": "function", "o": "object", "k": "constant"}

# How the table abbreviates the names that it repeats most.
SHORT = (
    ("tensorflow.compat.v1.", "v1:"),
    ("tensorflow.raw_ops.", "raw:"),
    ("tensorflow.keras.", "tk:"),
    ("tensorflow.python.", "py:"),
    ("tensorflow.", "tf:"),
    ("keras.src.", "ks:"),
    ("tf_keras.src.", "ts:"),
)
_LONG = {short: long for long, short in SHORT}


class Twin(NamedTuple):
    """A public name of the same object, and the releases in which it is the same."""

    public: str
    releases: int


class Name(NamedTuple):
    """What the releases say about one name.

    Attributes:
        name: the name that was asked for.
        kind: "module", "class", "function", "object" or "constant".
        releases: where it exists (a mask).
        raises: where it exists, but touching or calling it raises (a mask).
        twins: the public names of the same object, the best first.
        origins: the private names under which the object is defined, when not this one. Where
            the name reaches a module through another, the module's own name.
        parameters: of a `tensorflow.raw_ops` function, its parameters in the order in which the
            private function of the same op takes them.
        is_private: whether it is no public API.
        read: False for a module that no environment could import, so that what it holds is
            not known.
    """

    name: str
    kind: str
    releases: int
    raises: int = 0
    twins: tuple[Twin, ...] = ()
    origins: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    is_private: bool = True
    read: bool = True

    @property
    def usable(self) -> int:
        """Where it exists and does not raise (a mask)."""
        return self.releases & ~self.raises


class _Block(NamedTuple):
    module: Name
    aliases: Mapping[str, str]
    # Each leaf with its line, and those taken over with the prefix of their origin.
    leaves: Mapping[str, str]
    origins: Mapping[str, str]


@functools.cache
def _table() -> bytes:
    with open(_columns.TABLE, "rb") as file:
        return file.read()


# No name holds one, and a single byte is found ten times as fast as a line that starts with it.
_BLOCK = b"["


def _search(module: bytes) -> int:
    """Return where the first block starts whose module is not before this one, or -1."""
    data = _table()
    found = -1
    low, high = 0, len(data)
    while low < high:
        middle = (low + high) // 2
        start = data.find(_BLOCK, middle, high + 1)
        if start < 0:
            high = middle
        elif _module(start) < module:
            low = start + 1
        else:
            found, high = start, middle
    return found


def _module(start: int) -> bytes:
    data = _table()
    return data[start + len(_BLOCK) : data.find(b"|", start)]


def _text(module: str) -> str | None:
    """Return the block of a module: a run needs few of them."""
    name = module.encode()
    start = _search(name)
    if start < 0 or _module(start) != name:
        return None
    data = _table()
    end = data.find(_BLOCK, start + 1)
    return data[start + len(_BLOCK) : end if end >= 0 else None].decode()


@functools.cache
def _usual() -> dict[str, str]:
    """The module that a bare alias means."""
    data = _table()
    start = data.find(b"\n# modules: ") + len(b"\n# modules: ")
    return dict(pair.split("=") for pair in data[start : data.find(b"\n", start)].decode().split())


@functools.cache
def _block(module: str) -> _Block | None:
    text = _text(module) if module else None
    if text is None:
        return None
    first, *lines = text.rstrip("\n").split("\n")
    _, access, releases, *flags = first[: first.index("]")].split("|")
    entry = Name(
        module,
        "module",
        _mask(releases),
        raises=_mask(flags[1]) if len(flags) > 1 else 0,
        is_private=access == "private",
        read="unread" not in flags,
    )
    aliases: dict[str, str] = {}
    if lines and lines[0].startswith(">"):
        for word in lines.pop(0)[1:].split():
            alias, _, target = word.partition("=")
            aliases[alias] = lengthen(target) if target else _usual()[alias]
    leaves: dict[str, str] = {}
    origins: dict[str, str] = {}
    for line in lines:
        if line.startswith("<"):
            prefix, *words = line[1:].split(" ")
            origins.update(dict.fromkeys(words, lengthen(prefix)))
        else:
            leaves[line.partition("\t")[0]] = line
    return _Block(entry, aliases, leaves, origins)


def find(name: str) -> Name | None:
    """Look up a dotted name as an import or an attribute chain would.

    Modules that another module has imported are followed:
    `tensorflow.python.keras.engine.training.backend.learning_phase` is found at its origin.

    Returns:
        None for a name that no release has. See also `resolve`, for members of classes.
    """
    return _find(name, 3)


@functools.lru_cache(maxsize=65536)
def _find(name: str, depth: int) -> Name | None:
    module, _, leaf = name.rpartition(".")
    block = _block(module)
    # An attribute of a package hides the module of the same name.
    if block is not None and leaf in block.leaves:
        return _leaf(name, block.leaves[leaf], block.module)
    if block is not None and leaf in block.origins:
        return _taken_over(name, block.origins[leaf] + leaf, block.module)
    block = _block(name)
    if block is not None:
        return block.module
    target, importer = _through_alias(name)
    if importer is None or not depth:
        return None
    found = _find(target, depth - 1)
    if found is None:
        return None
    if found.releases & importer.releases:  # else it had another name in those
        found = _within(found, importer.releases)
    if is_private_path(name) and not found.is_private:
        # The packages in which the public API is generated: `tensorflow._api.v2`.
        twin = Twin(found.name, found.usable)
        return found._replace(name=name, twins=(twin, *found.twins), is_private=True)
    return found._replace(name=name, origins=(target, *found.origins))


def _through_alias(name: str) -> tuple[str, Name | None]:
    """Replace the module that another one has imported by its own name.

    Returns:
        The name, and the module that has imported it; None where there is none.
    """
    head, rest = name, ""
    while "." in head:
        head, _, last = head.rpartition(".")
        block = _block(head)
        if block is not None:
            target = block.aliases.get(last)
            return (target + rest, block.module) if target else ("", None)
        rest = f".{last}{rest}"
    return "", None


def _within(found: Name, releases: int) -> Name:
    """Leave of what is known of a name what is so in some releases."""
    if not found.releases & ~releases:
        return found
    twins = (twin._replace(releases=twin.releases & releases) for twin in found.twins)
    return found._replace(
        releases=found.releases & releases,
        raises=found.raises & releases,
        twins=tuple(twin for twin in twins if twin.releases),
    )


def resolve(name: str) -> tuple[Name, str] | None:
    """Find the longest part of a dotted name that is known.

    Returns:
        What it is, and the rest without its leading dot: the member of a class, for instance.
        None when no part is known.
    """
    head, rest = name, ""
    while head:
        found = find(head)
        if found is not None:
            return found, rest
        head, _, last = head.rpartition(".")
        rest = f"{last}.{rest}" if rest else last
    return None


def _leaf(name: str, line: str, module: Name) -> Name:
    fields = [*line.split("\t"), "", "", "", "", "", ""][1:7]
    kind, releases, raises, twins, origins, parameters = fields
    mask = _mask(releases) if releases else module.releases
    return Name(
        name,
        KINDS[kind[0]],
        mask,
        _mask(raises),
        tuple(_twin(word, name, mask) for word in twins.split()),
        tuple(_full(word, name) for word in origins.split()),
        tuple(parameters.split()),
        module.is_private or kind.endswith("!"),
    )


def _taken_over(name: str, origin: str, module: Name) -> Name:
    there = _find(origin, 0)
    if there is None:
        raise ValueError(f"{_columns.TABLE}: {name} comes from {origin}, which is missing")
    return _within(there, module.releases)._replace(
        name=name,
        origins=(origin, *there.origins),
        is_private=module.is_private,
    )


def _twin(word: str, name: str, releases: int) -> Twin:
    public, _, where = word.partition("@")
    return Twin(_full(public, name), _mask(where) if where else releases)


def _full(word: str, name: str) -> str:
    if word.endswith((".", ":")):
        word += name.rpartition(".")[2]
    return lengthen(word)


@functools.cache
def _mask(text: str) -> int:
    return _columns.parse(text) if text else 0


def shorten(name: str) -> str:
    """Abbreviate a dotted name as the table does."""
    for long, short in SHORT:
        if name.startswith(long):
            return short + name[len(long) :]
    return name


def lengthen(name: str) -> str:
    """Undo `shorten`."""
    short, colon, rest = name.partition(":")
    return _LONG[short + colon] + rest if colon else name


def modules(top: str = "") -> tuple[str, ...]:
    """Return every module of the table, or a module with those below it."""
    data = _table()
    found = []
    start = _search(top.encode())
    while start >= 0:
        name = _module(start).decode()
        if top and not f"{name}.".startswith(f"{top}."):
            break
        found.append(name)
        start = data.find(_BLOCK, start + 1)
    return tuple(found)


def names(module: str) -> Iterator[Name]:
    """Read every leaf of a module."""
    block = _block(module)
    if block is not None:
        for leaf, line in block.leaves.items():
            yield _leaf(f"{module}.{leaf}", line, block.module)
        for leaf, origin in block.origins.items():
            yield _taken_over(f"{module}.{leaf}", origin + leaf, block.module)


# The parts of the TensorFlow package that are no public API, beside names with an underscore.
_PRIVATE = (
    "tensorflow.python",
    "tensorflow.core",
    "tensorflow.compiler",
    "tensorflow.tools",
    "tensorflow.tsl",
    "tensorflow.security",
    "tensorflow.dtensor",
    "tensorflow.include",
    "tensorflow.xla_aot_runtime_src",
    "tensorflow.lite.python",
    "tensorflow.lite.tools",
    "tensorflow.lite.toco",
    "tensorflow.lite.experimental.microfrontend",
    "tensorflow_core",
    "tensorflow_estimator.python",
    "keras.src",
    "keras.api",
    "keras.engine",
    "keras.protobuf",
    "tf_keras.src",
    "tf_keras.api",
    "tf_keras.protobuf",
)
_ROOTS = ("tensorflow", "tensorflow_core", "tensorflow_estimator", "keras", "tf_keras")
# What a module has besides its API, and may be asked for.
_DUNDERS = ("__internal__", "__operators__")


@functools.lru_cache(maxsize=65536)
def is_private(name: str) -> bool:
    """Tell whether a dotted name is no public API of TensorFlow or Keras, known or not."""
    if name.partition(".")[0] not in _ROOTS:
        return False
    if is_private_path(name):
        return True
    # Up to 2.12 the package `keras` holds its implementation beside its API.
    found = resolve(name)
    return found is not None and found[0].is_private


def is_private_path(name: str) -> bool:
    """Tell whether a name below one of the packages is private wherever it may exist."""
    if any(name == path or name.startswith(path + ".") for path in _PRIVATE):
        return True
    return any(
        part in _DUNDERS or (part.startswith("_") and not part.endswith("__"))
        for part in name.split(".")[1:]
    )
