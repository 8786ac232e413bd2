"""What a hand-written rule may say. The modules beside this one hold the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Call(NamedTuple):
    """How the arguments of a call change. Without one, the signatures are the same.

    Attributes:
        parameters: the old parameters in positional order, to turn positional arguments into
            keywords. Empty where that is not needed.
        rename: old keyword to new keyword.
        drop: old keywords that have no effect any more and are removed.
        refuse: old keywords whose use cannot be translated. A call that passes one is not fixed.
        keywords_only: whether every argument is written as a keyword, as `tf.raw_ops` demands.
        variadic: whether the keywords are passed as such alone, since positional arguments are
            any number of values: `*values` passes none of the keywords then.
    """

    parameters: tuple[str, ...] = ()
    rename: Mapping[str, str] = {}
    drop: tuple[str, ...] = ()
    refuse: tuple[str, ...] = ()
    keywords_only: bool = False
    variadic: bool = False

    def check(self) -> None:
        """Raise TypeError or ValueError for what contradicts itself; see `Advice.check`."""
        for field in ("parameters", "drop", "refuse"):
            if isinstance(getattr(self, field), str):
                raise TypeError(f"{field} is a tuple of names, not one string")
        named = [*self.rename, *self.drop, *self.refuse]
        for word in (*self.parameters, *named, *self.rename.values()):
            if not word.isidentifier():
                raise ValueError(f"{word!r} is no name of an argument")
        if len(set(named)) < len(named) or len(set(self.parameters)) < len(self.parameters):
            raise ValueError("an argument is named twice")
        if self.parameters and not set(named) <= set(self.parameters):
            raise ValueError(f"no such parameters: {sorted(set(named) - set(self.parameters))}")
        if self.keywords_only and not self.parameters:
            raise ValueError("keywords_only needs the parameters in positional order")
        if self.variadic and self.parameters:
            raise ValueError("what is variadic has no parameters in positional order")


class Advice(NamedTuple):
    """What to use in place of a name that has no public name of the same object everywhere.

    Attributes:
        target: the dotted name to write, or None where there is nothing to use.
        safe: whether it is the same object or gives the same result, which tests prove.
        reason: why it is unsafe or why there is nothing: one sentence, shown to the user.
        call: how the arguments of a call change.
        template: the expression that a call becomes, with `{parameter}` for the source of an
            argument, such as `"tf.io.gfile.GFile({filename}, 'r').read()"`.
    """

    target: str | None
    safe: bool
    reason: str = ""
    call: Call | None = None
    template: str | None = None

    def check(self) -> None:
        """Raise TypeError or ValueError for what contradicts itself.

        The tests call it for every rule. A rule does not when it is made, since each run of
        `tfcompat check` makes them all.
        """
        if self.call is not None:
            self.call.check()
        if self.target is None:
            if self.safe or self.call or self.template:
                raise ValueError("advice without a target cannot be fixed")
        elif not all(map(str.isidentifier, self.target.split("."))):
            raise ValueError(f"{self.target!r} is no dotted name")
        if not self.safe and not self.reason:
            raise ValueError(f"the advice {self.target} is not safe and does not say why")
        if self.template is not None:
            parameters = self.call.parameters if self.call else ()
            unknown = set(_fields(self.template)) - set(parameters)
            if unknown:
                raise ValueError(f"the template needs call.parameters for {sorted(unknown)}")


def public(
    target: str,
    *,
    safe: bool = True,
    reason: str = "",
    call: Call | None = None,
    template: str | None = None,
) -> Advice:
    """Advise a public name of TensorFlow or Keras, written out in full."""
    if not target.startswith(("tensorflow.", "keras.", "tf_keras.")):
        raise ValueError(f"{target!r} is no public name of TensorFlow or Keras")
    return Advice(target, safe, reason, call, template)


def replacement(
    name: str, *, safe: bool = True, reason: str = "", call: Call | None = None
) -> Advice:
    """Advise a name of `tfcompat.replacements`."""
    return Advice(f"tfcompat.replacements.{name}", safe, reason, call)


def facade(name: str, *, safe: bool = True, reason: str = "", call: Call | None = None) -> Advice:
    """Advise a name of tfcompat itself, such as `"Trackable"` or `"names.AUTOTUNE"`."""
    return Advice(f"tfcompat.{name}", safe, reason, call)


def unstable(name: str, *, reason: str = "") -> Advice:
    """Advise a name of `tfcompat.unstable`, which is never a safe one."""
    why = "tfcompat.unstable passes on a private name, which no promise of stability covers."
    return Advice(f"tfcompat.unstable.{name}", False, reason or why)


def nothing(reason: str) -> Advice:
    """Say that there is nothing to use, and why."""
    return Advice(None, False, reason)


def _fields(template: str) -> Iterator[str]:
    import string

    return (field for _, field, _, _ in string.Formatter().parse(template) if field)
