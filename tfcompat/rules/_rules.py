"""Decide what to say about a name, for the releases that somebody supports."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import NamedTuple

from tfcompat.rules import _columns, _quarantine, _table
from tfcompat.rules._table import Name
from tfcompat.rules.advice import Call, advice

_RAW_OPS = "tensorflow.raw_ops."
_V1 = "tensorflow.compat.v1."


class Rule(NamedTuple):
    """What is wrong with a name, and what to write instead.

    Attributes:
        code: one of `tfcompat.rules.codes.CODES`.
        name: the name that was asked for.
        target: the dotted name to write, or None. It exists in all supported releases.
        safe: whether the target is the same object or gives the same result.
        reason: why it is not safe, or why there is no target: one sentence.
        call: how the arguments of a call change. With it, only calls can be fixed.
        template: the expression that a call becomes, see `Advice`.
        since_gone: the first release that no longer has the name, "" if the newest has it.
        available: the releases in which the name works (a mask).
    """

    code: str
    name: str
    target: str | None
    safe: bool
    reason: str
    call: Call | None
    template: str | None
    since_gone: str
    available: int


class _Choice(NamedTuple):
    target: str
    safe: bool
    reason: str = ""
    call: Call | None = None
    template: str | None = None


def rule(name: str, supported: int | None = None) -> Rule | None:
    """Tell what is wrong with a dotted name, or None when nothing is.

    In this order: a public name that is the same object in all supported releases, advice for
    the name, advice for where it is defined, advice for its module, a public name that is the
    same object in some releases only, `tfcompat.unstable`, nothing. A member of a class is judged
    by the class.

    Args:
        name: an absolute dotted name, `tensorflow.python.framework.ops.name_scope`.
        supported: the releases to be supported, from `columns`. All when None.
    """
    return _rule(name, _columns.ALL if supported is None else supported)


@functools.lru_cache(maxsize=65536)
def _rule(name: str, supported: int) -> Rule | None:
    found = _table.find(name)
    if found is not None:
        return _private(found, supported) if found.is_private else _public(found, supported)
    resolved = _table.resolve(name)
    if name not in advice() and resolved is not None and resolved[0].kind != "module":
        return _member(_rule(resolved[0].name, supported), name, resolved[1])
    given = _advised(name, (), supported)
    if _table.is_private(name):
        return _unknown(name, resolved, given)
    return _unknown_public(name, given)


def _private(found: Name, supported: int) -> Rule:
    choice = _same_object(found, supported)
    if choice:
        return _make("TFC101", found, choice)
    given = _advised(found.name, found.origins, supported)
    if isinstance(given, _Choice):
        code = "TFC102"
        if given.target.startswith("tfcompat."):
            unstable = given.target.startswith(_quarantine.PREFIX)
            code = _quarantined(found) if unstable else "TFC103"
        return _make(code, found, given)
    choice = _sometimes(found, supported)
    if choice and not given:
        return _make("TFC102", found, choice)
    target = None if given else _quarantine.home((found.name, *found.origins), supported)
    if target:
        module = found.kind == "module"
        reason = _quarantine.MODULE_REASON if module else _quarantine.REASON
        return _make(_quarantined(found), found, _Choice(target, False, reason))
    if found.kind == "module":
        return _make("TFC106", found, given or _life_of_private(found))
    return _make("TFC105", found, given or _life_of_private(found))


def _quarantined(found: Name) -> str:
    return "TFC106" if found.kind == "module" else "TFC104"


def _public(found: Name, supported: int) -> Rule | None:
    scope = supported & _package(found.name)
    missing = scope & ~found.releases
    raising = scope & found.raises
    if not missing and not raising:
        return None
    code = "TFC202" if raising and not missing else "TFC201"
    choice = _same_object(found, supported)
    if choice:
        return _make(code, found, choice)
    given = _advised(found.name, found.origins, supported)
    if isinstance(given, _Choice):
        return _make(code, found, given)
    choice = _sometimes(found, supported)
    if choice and not given:
        return _make(code, found, choice)
    return _make("TFC203", found, given or _life_of_public(found, missing, raising))


def _same_object(found: Name, supported: int) -> _Choice | None:
    base = found.usable & supported or found.usable
    for twin in found.twins:
        if not base & ~twin.releases and _everywhere(twin.public, supported, found.name):
            return _Choice(twin.public, True, "", _raw_call(twin.public, found))
    return None


def _sometimes(found: Name, supported: int) -> _Choice | None:
    for twin in found.twins:
        if _everywhere(twin.public, supported, found.name):
            other = found.usable & ~twin.releases
            reason = (
                f"the same object in {_columns.describe(twin.releases)}, "
                f"another one in {_columns.describe(other)}"
            )
            return _Choice(twin.public, False, reason, _raw_call(twin.public, found))
    return None


def _raw_call(target: str, found: Name) -> Call | None:
    """Turn positional arguments into the keywords that `tf.raw_ops` demands."""
    if not target.startswith(_RAW_OPS):
        return None
    leaf = target.rpartition(".")[2]
    if leaf in (found.name.rpartition(".")[2], *(o.rpartition(".")[2] for o in found.origins)):
        return None  # The private module holds the function of tf.raw_ops itself.
    op = _table.find(target)
    if op is None or not op.parameters:
        return None
    return Call(parameters=op.parameters, keywords_only=True)


def _keys(name: str, origins: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """List the keys under which there may be advice, each with what it leaves of the path."""
    yield name, ""
    for origin in origins:
        yield origin, ""
    for path in (name, *origins):
        head, rest = path, ""
        while head:
            yield f"{head}.*", rest
            head, _, last = head.rpartition(".")
            rest = f".{last}{rest}"


def _advised(name: str, origins: tuple[str, ...], supported: int) -> _Choice | str | None:
    """Return the first advice that holds in all supported releases.

    Advice for all that is below a module leads to what has the same path below its target.

    Returns:
        A choice, or the reason why there is nothing to use, or None without advice.
    """
    reason = None
    for key, rest in _keys(name, origins):
        given = advice().get(key)
        if given is None:
            continue
        if given.target is None:
            return reason or given.reason
        target = given.target + rest
        if target.startswith((_quarantine.PREFIX, _quarantine.PROTOS)):
            usable = _quarantine.releases(target)
            holds = not supported & ~usable
        else:
            usable = _usable(target)
            holds = target.startswith("tfcompat.") or _everywhere(target, supported, name)
            holds = holds and not (rest and _is_lacking(name))
        if holds:
            return _Choice(target, given.safe, given.reason, given.call, given.template)
        where = _columns.describe(usable & supported)
        reason = (
            reason or f"{target} would serve, but of the supported releases only {where} has it"
        )
    return reason


def _is_lacking(name: str) -> bool:
    """Tell whether a module that was read has no such name in any release."""
    resolved = _table.resolve(name)
    if resolved is None:
        return False
    found, rest = resolved
    return bool(rest) and found.kind == "module" and found.read


def _usable(public: str) -> int:
    found = _table.resolve(public)
    if found is None or (found[1] and found[0].kind == "module"):
        return 0
    return found[0].usable


def _everywhere(public: str, supported: int, instead_of: str) -> bool:
    """Tell whether code with the other name can use a public one in all supported releases."""
    package = public.partition(".")[0]
    if package not in ("tensorflow", instead_of.partition(".")[0]):
        return False
    scope = supported & _package(public)
    return bool(scope) and not scope & ~_usable(public)


@functools.cache
def _package(name: str) -> int:
    """The releases in which code that imports a package finds the Keras of TensorFlow there."""
    package = name.partition(".")[0]
    found = _table.find(package) if package in ("keras", "tf_keras") else None
    return found.releases if found else _columns.ALL


def _make(code: str, found: Name, choice: _Choice | str) -> Rule:
    if isinstance(choice, str):
        choice = _Choice("", False, choice)
    return Rule(
        code,
        found.name,
        choice.target or None,
        choice.safe,
        choice.reason,
        choice.call,
        choice.template,
        since_gone(found.usable, found.name),
        found.usable,
    )


def _member(owner: Rule | None, name: str, rest: str) -> Rule | None:
    """Carry the rule of a class over to what is reached through it."""
    if owner is None:
        return None
    if owner.target and not owner.template:
        return owner._replace(name=name, target=f"{owner.target}.{rest}", call=None)
    reason = owner.reason if not owner.target else "only calls can be rewritten"
    code = owner.code if not owner.target else "TFC105"
    return owner._replace(
        name=name,
        code=code,
        target=None,
        safe=False,
        reason=reason,
        call=None,
        template=None,
    )


def _unknown(name: str, resolved: tuple[Name, str] | None, given: _Choice | str | None) -> Rule:
    code = "TFC105" if given else "TFC107"
    if isinstance(given, _Choice):
        code = "TFC103" if given.target.startswith("tfcompat.") else "TFC102"
        if given.target.startswith("tfcompat.unstable."):
            code = "TFC104"
        return _make(code, Name(name, "object", 0), given)
    reason = given or f"never existed in {_columns.describe(_columns.ALL)}"
    if not given and resolved is not None:
        owner = resolved[0]
        if not owner.read:
            code, reason = "TFC105", f"private; {owner.name} could not be imported to look"
        elif owner.is_private and owner.kind == "module" and owner.name.count(".") > 1:
            where = _columns.describe_of(owner.name, owner.releases)
            reason = f"{owner.name} exists in {where}, but had no {resolved[1]} in any of them"
    return _make(code, Name(name, "object", 0), reason)


def _unknown_public(name: str, given: _Choice | str | None) -> Rule | None:
    """Judge a public name that no release has: known ones of TensorFlow 1, and no others.

    What else is unknown may be an attribute that only exists at run time.
    """
    nowhere = Name(name, "object", 0, is_private=False)
    if isinstance(given, _Choice):
        return _make("TFC201", nowhere, given)
    if given:
        return _make("TFC203", nowhere, given)
    if name == _CONTRIB or name.startswith(f"{_CONTRIB}."):
        return _make("TFC203", nowhere, "tf.contrib was a part of TensorFlow 1 only")
    if name.startswith("tensorflow.") and not name.startswith(_V1):
        v1 = _table.find(_V1 + name.partition(".")[2])
        if v1 is not None and v1.usable == _columns.ALL and _is_whole(v1):
            reason = "a name of TensorFlow 1, which 2.5-nightly have in tf.compat.v1 only"
            return _make("TFC201", nowhere, _Choice(v1.name, False, reason))
        if v1 is not None:
            return _make("TFC203", nowhere, "a name of TensorFlow 1")
    return None


_CONTRIB = "tensorflow.contrib"


def _is_whole(found: Name) -> bool:
    """Tell whether every release has all that any has of a module: a name that is none, is whole.

    It is so for `tf.compat.v1.logging`, and not for `tf.compat.v1.layers`.
    """
    if found.kind != "module":
        return True
    return all(
        name.usable == _columns.ALL
        for module in _table.modules(found.name)
        for name in _table.names(module)
    )


def _life_of_private(found: Name) -> str:
    where = _columns.describe_of(found.name, found.releases)
    if found.kind == "module":
        return f"private module, exists in {where}"
    if not found.twins:
        return f"private, no public name, exists in {where}"
    twin = found.twins[0].public
    works = _columns.describe_of(twin, _usable(twin))
    return f"private, exists in {where}; its public name {twin} works in {works} only"


def _life_of_public(found: Name, missing: int, raising: int) -> str:
    parts = [f"works in {_columns.describe_of(found.name, found.usable)}"]
    if missing:
        parts.append(f"does not exist in {_columns.describe_of(found.name, missing)}")
    if raising:
        parts.append(f"raises in {_columns.describe_of(found.name, raising)}")
    text = ", ".join(parts)
    if found.twins:
        twin = max(found.twins, key=lambda twin: bin(_usable(twin.public)).count("1")).public
        works = _columns.describe_of(twin, _usable(twin))
        text += f"; {twin}, the same object, works in {works}"
    return text


def since_gone(mask: int, name: str) -> str:
    """Return the first column that lacks what an earlier one had, "" if the newest has it."""
    scope = _package(name)
    gone = ""
    seen = False
    for number, label in enumerate(_columns.COLUMNS):
        if "legacy" in label and not name.startswith("tf_keras."):
            break
        if not scope >> number & 1 and not seen:
            continue
        if mask >> number & 1:
            gone, seen = "", True
        elif seen and not gone:
            gone = label
    return gone


class Period(NamedTuple):
    """A run of releases in which the same can be said of a name.

    Attributes:
        releases: a mask; `describe` puts it in words.
        state: "public", "private", "raises" or "absent".
        twin: the public name of the same object, "" if there is none.
    """

    releases: int
    state: str
    twin: str


def life(name: str) -> tuple[Period, ...]:
    """Tell the life of a name, release by release, in the order of the columns.

    Returns:
        One period for each run of releases, empty for a name that no release has.
    """
    resolved = _table.resolve(name)
    if resolved is None or (resolved[1] and resolved[0].kind == "module"):
        return ()
    found, rest = resolved
    periods: list[Period] = []
    # With legacy Keras the package `keras` is what it is without.
    is_keras = name.partition(".")[0] == "keras"
    for number, label in enumerate(_columns.COLUMNS):
        bit = 1 << number
        here = _columns.bit(label.partition("-")[0]) if is_keras else bit
        state, twin = "absent", ""
        if found.raises & here:
            state = "raises"
        elif found.releases & here:
            state = "private" if found.is_private else "public"
            twin = next((twin.public for twin in found.twins if twin.releases & bit), "")
            twin += f".{rest}" if twin and rest else ""
        last = periods[-1] if periods else None
        # The releases with legacy Keras come after the newest one: never one run with it.
        first_legacy = 1 << number == _columns.LEGACY & -_columns.LEGACY
        if last and (last.state, last.twin) == (state, twin) and not first_legacy:
            periods[-1] = last._replace(releases=last.releases | bit)
        else:
            periods.append(Period(bit, state, twin))
    return tuple(periods)
