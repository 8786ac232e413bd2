"""Which uses of a file are no names for all supported releases, each with its rule."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from typing import NamedTuple

from tfcompat import rules
from tfcompat.lint import strings
from tfcompat.lint.methods import METHODS
from tfcompat.lint.resolve import Source, Use, parse
from tfcompat.rules import _columns
from tfcompat.rules.advice import advice

__all__ = ["IN_STRING", "METHOD", "UNREAD_STRING", "Problem", "analyse", "problems", "rule_of"]

METHOD = "TFC301"
IN_STRING = "TFC401"
UNREAD_STRING = "TFC402"

# Why a name that is passed on as a value is not fixed as a call is.
NOT_CALLED = "it is not called here, and its arguments differ"
NO_CALL = "it is not called here, and the replacement is a call"

_PRIVATE_CODES = "TFC1"
_ABSENT = ("TFC201", "TFC203")  # public names that some release lacks
_V1 = "tensorflow.compat.v1."
_V2 = "tensorflow.compat.v2."
# What `tf.compat.v2` has in every release and `tf` in none.
V2_ALONE = ("enable_v2_behavior",)
_NO_LOOK_UP = "Only the code that reads the string can tell what it stands for."


class Problem(NamedTuple):
    """A use and what is wrong with it.

    Attributes:
        use: of exactly the name that the rule is for.
        rule: what is known of the name, with the code that is reported.
        is_repeat: whether it refers to something whose import is reported already.
    """

    use: Use
    rule: rules.Rule
    is_repeat: bool = False


def analyse(path: str, text: str) -> Source:
    """Parse a file, with the table of names at hand."""
    return parse(path, text, known=_is_known, methods=METHODS)


def problems(source: Source, supported: int) -> Iterator[Problem]:
    """Find what is wrong in a file.

    Args:
        source: from `analyse`.
        supported: the releases that the code is for, a mask of `tfcompat.rules`.

    Yields:
        One for each use, in the order of the file. References to a name that was imported by
        itself come with `is_repeat`: they are what a fix has to change, and no news.
    """
    is_for_any_backend: bool | None = None
    for use in source.uses:
        if use.form == "method":
            rule = _method_rule(use.name)
            if not _is_own(use):
                yield Problem(use, rule)
            continue
        if use.form == "string" and _only_asks(use):
            continue
        scope = _scope(use, supported)
        found = rule_of(use.name, scope) or _import_by_name(use, scope)
        if found is None:
            continue
        length, rule = found
        if rule.code in _ABSENT and _has_default(use):
            continue
        if rule.safe and _brings_tensorflow(rule):
            if is_for_any_backend is None:
                is_for_any_backend = _is_for_any_backend(source)
            if is_for_any_backend:
                rule = rule._replace(safe=False, reason=_ANY_BACKEND)
        binding = use.binding
        is_repeat = False
        if use.form not in ("import", "from", "star", "string") and binding is not None:
            is_star = binding.alias is not None and binding.alias.name == "*"
            if length <= binding.target.count(".") + 1 and not is_star:
                if binding.alias is None:
                    continue  # the assignment is reported
                is_repeat = True
        narrowed = use.narrowed(length) if use.form not in ("import", "from", "star") else use
        if narrowed is None:
            if use.form == "string" or not is_repeat:
                narrowed = use
            else:
                continue
        if use.form == "string" and rule.code.startswith(_PRIVATE_CODES):
            rule = rule._replace(code=IN_STRING)
        if use.form == "string" and use.call is None:
            if rule.code != IN_STRING or not rule.available:
                continue  # a word that looks like a path
            rule = rule._replace(code=UNREAD_STRING, target=None, safe=False, reason=_NO_LOOK_UP)
        yield Problem(narrowed, rule, is_repeat)


def _scope(use: Use, supported: int) -> int:
    """Leave Keras 3 out where the code takes the package tf_keras in its place.

    `keras` is Keras 2 everywhere after `if keras_3: import tf_keras as keras` and
    `else: keras = tf.keras`.
    """
    if use.binding is None or not use.others:
        return supported
    meanings = {use.binding.target, *(other.target for other in use.others)}
    if _LEGACY_KERAS in meanings and meanings <= {_LEGACY_KERAS, *_KERAS}:
        return supported & KERAS_2 or supported
    return supported


_LEGACY_KERAS = "tf_keras"
_KERAS = ("keras", "tensorflow.keras", "tensorflow.compat.v2.keras")
KERAS_2 = _columns.parse("2.5..2.15") | _columns.LEGACY

# Public modules that Keras 3 has as attributes of `tf.compat.v1` and `tf.compat.v2`, but not as
# modules to import: `from tensorflow.compat.v1 import keras` works, what goes further fails.
ATTRIBUTES_ALONE = ("tensorflow.compat.v1.keras", "tensorflow.compat.v2.keras")


def _import_by_name(use: Use, supported: int) -> tuple[int, rules.Rule] | None:
    """Return the rule for what an import reaches by a module that is an attribute alone."""
    binding = use.binding
    if binding is None or binding.alias is None:
        return None
    statement = binding.statement
    module = statement.module if isinstance(statement, ast.ImportFrom) else binding.alias.name
    if not f"{module}.".startswith(tuple(f"{path}." for path in ATTRIBUTES_ALONE)):
        return None
    failing = supported & ~KERAS_2
    if not failing:
        return None
    name = str(module)
    if isinstance(statement, ast.ImportFrom) and binding.alias.name != "*":
        name += f".{binding.alias.name}"
    elif use.form != "import" and not binding.alias.asname:
        return None  # `tensorflow`, and what stands behind it are attributes
    target = name.replace(".compat.v2.", ".")
    reason = f"the import fails in {rules.describe(failing)}, which have an attribute of this name"
    rule = rules.Rule(
        code="TFC201",
        name=name,
        target=None if binding.alias.name == "*" else target,
        safe=binding.alias.name != "*",
        reason=reason,
        call=None,
        template=None,
        since_gone="2.16",
        available=KERAS_2,
    )
    return name.count(".") + 1, rule


def _brings_tensorflow(rule: rules.Rule) -> bool:
    return rule.name.startswith("keras.") and (rule.target or "").startswith(
        ("tensorflow.", "tfcompat.")
    )


def _is_for_any_backend(source: Source) -> bool:
    """Tell whether a file takes what Keras 3 alone has, and nothing of TensorFlow.

    It can run on JAX or PyTorch, where TensorFlow is not installed.
    """
    names = [use.name for use in source.uses if use.form != "method"]
    return not any(name.partition(".")[0] == "tensorflow" for name in names) and any(
        map(_is_of_keras_3, names)
    )


@functools.lru_cache(maxsize=65536)
def _is_of_keras_3(name: str) -> bool:
    resolved = rules.resolve(name) if name.startswith("keras.") else None
    if resolved is None or (resolved[1] and resolved[0].kind == "module"):
        return False
    return not resolved[0].is_private and not resolved[0].releases & KERAS_2


_ANY_BACKEND = "It imports TensorFlow, and the file has names of Keras 3, which runs without it."


@functools.lru_cache(maxsize=65536)
def rule_of(name: str, supported: int) -> tuple[int, rules.Rule] | None:
    """Return the rule for the longest part of a name that is known, and its length.

    What a known class or function has as attributes belongs to it. What a private module does
    not have is reported as a name that does not exist.
    """
    shift = 0
    if name.startswith(_V2):
        name = "tensorflow." + name[len(_V2) :]
        if name.split(".")[1] in V2_ALONE:
            return None
        shift = 2
    resolved = rules.resolve(name)
    if resolved is None:
        known = _advised_part(name) or name if rules.is_private(name) else None
    elif resolved[1] and resolved[0].kind == "module":
        known = _of_tensorflow_1(name) or f"{resolved[0].name}.{resolved[1].partition('.')[0]}"
    else:
        known = resolved[0].name
    # Advice can be closer than the table, which knows no members of classes.
    closer = _advised_part(name)
    if known and closer and len(closer) > len(known):
        known = closer
    if known is None or _is_of_every_module(known, resolved):
        return None
    rule = rules.rule(known, supported)
    if rule is None:
        return None
    return known.count(".") + 1 + shift, rule


def _advised_part(name: str) -> str | None:
    """Return the longest part of a name that there is advice for, if any."""
    while name and name not in advice():
        name = name.rpartition(".")[0]
    return name or None


def _of_tensorflow_1(name: str) -> str | None:
    """Return the part of a name such as `tf.logging.info` that `tf.compat.v1` has everywhere.

    Its module may have lost other names, so that it is no name to put in place of the module.
    """
    root, _, rest = name.partition(".")
    if root != "tensorflow":
        return None
    found = rules.resolve(f"{_V1}{rest}")
    if found is None or found[0].kind == "module" or found[0].usable != rules.ALL:
        return None
    return f"tensorflow.{found[0].name[len(_V1) :]}"


def _is_of_every_module(name: str, resolved: tuple[rules.Name, str] | None) -> bool:
    """Tell whether a name is one such as `__file__`, of which the table knows nothing."""
    if name in advice() and rules.is_private(name):
        return False
    leaf = name.rpartition(".")[2]
    is_dunder = leaf.startswith("__") and leaf.endswith("__") and leaf != "__internal__"
    return is_dunder and (resolved is None or bool(resolved[1]) or name.startswith("keras."))


def _is_known(name: str) -> bool:
    return rules.find(name) is not None


@functools.cache
def _method_rule(name: str) -> rules.Rule:
    method = METHODS[name]
    return rules.Rule(
        code=METHOD,
        name=name,
        target=method.target,
        safe=False,
        reason=method.reason,
        call=None,
        template=None,
        since_gone="",
        available=rules.columns(method.tensorflow),
    )


def _is_own(use: Use) -> bool:
    """Tell whether a class calls the method that it overrides: `super()._trackable_children()`."""
    value = use.node.value  # type: ignore[attr-defined]
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id == "super"
        and isinstance(use.scope, ast.FunctionDef)
        and use.scope.name == use.name
    )


def _has_default(use: Use) -> bool:
    """Tell whether a string asks for what may be absent: `getattr(tf.keras, "version", None)`."""
    call = use.call
    return (
        use.form == "string"
        and call is not None
        and strings.callee(call) == "getattr"
        and len(call.args) == 3
    )


def _only_asks(use: Use) -> bool:
    """Tell whether a string asks whether something is there: `hasattr(module, "name")`."""
    return use.call is not None and strings.callee(use.call) in ("hasattr", "find_spec")
