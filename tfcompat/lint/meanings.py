"""What a name means that several branches bind: one rule for all of them, if there is one."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from tfcompat.lint.calls import CannotError
from tfcompat.lint.scopes import Scopes

if TYPE_CHECKING:
    from tfcompat.lint.resolve import Binding, Use
    from tfcompat.rules import Rule

_AMBIGUOUS = "the name can mean something else here"
_TWO_KERAS = "with TF_USE_LEGACY_KERAS, keras is another package than tf.keras"


class UnreachedError(CannotError):
    """What is wrong with a name is in branches that no supported release reaches."""


class Meanings:
    """Reads a name that a `try` or an `if` binds to one thing or another.

    Args:
        scopes: of the file.
        look_up: returns the rule for a dotted name, and how many of its components it is for.
        supported: the releases that the code is for, a mask of `tfcompat.rules`.
    """

    def __init__(
        self, scopes: Scopes, look_up: Callable[[str], tuple[int, Rule] | None], supported: int
    ) -> None:
        self._scopes = scopes
        self._look_up = look_up
        self._supported = supported

    def common(self, use: Use, rule: Rule) -> Rule:
        """Return the rule that serves all that a use can mean.

        Args:
            use: with `others`.
            rule: for the use by the last of its bindings.

        Raises:
            CannotError: they differ.
        """
        assert use.binding is not None
        bindings = self._reached([use.binding, *use.others])
        rest = use.name[len(use.binding.target) :]
        found: list[tuple[str, Rule | None]] = []
        for binding in bindings:
            if not binding.target:
                raise CannotError(_AMBIGUOUS)
            name = f"{binding.target}{rest}"
            known = self._look_up(name)
            if known is not None and known[0] != name.count(".") + 1:
                raise CannotError(_AMBIGUOUS)
            found.append((name, None if known is None else known[1]))
        rules = [known for _, known in found if known is not None]
        if not rules:
            raise UnreachedError("the branch that binds it is never reached")
        first, unsafe = rules[0], ""
        for name, other in found:
            if other is None:  # public in all supported releases
                if first.call or first.template:
                    raise CannotError(_AMBIGUOUS)
                if f"tensorflow.{name}" == first.target:
                    unsafe = unsafe or _TWO_KERAS
                elif name != first.target:
                    raise CannotError(_AMBIGUOUS)
            elif other.target is None:
                raise CannotError(other.reason or "there is nothing to use instead")
            elif (other.target, other.call, other.template) != (
                first.target,
                first.call,
                first.template,
            ):
                raise CannotError(_AMBIGUOUS)
            elif not other.safe:
                unsafe = unsafe or other.reason
        return first._replace(code=rule.code, name=rule.name, safe=not unsafe, reason=unsafe)

    def never_fails(self, statement: ast.AST) -> bool:
        """Tell whether a statement is in the body of a `try` whose handlers are never reached."""
        around, is_body = self.place(statement)
        return around is not None and is_body and self._outcome(around) is True

    def is_unreached(self, statement: ast.AST, others: Iterable[ast.AST]) -> bool:
        """Tell whether a statement binds a name where something else failed that never fails.

        Args:
            statement: in the handler of a `try`.
            others: what else binds the name. One of it must be in the body.
        """
        around, is_body = self.place(statement)
        return (
            around is not None
            and not is_body
            and self._outcome(around) is True
            and any(self.place(other) == (around, True) for other in others)
        )

    def is_public(self, name: str) -> bool:
        """Tell whether nothing is wrong with a name."""
        return self._look_up(name) is None

    def fails_somewhere(self, rule: Rule) -> bool:
        """Tell whether a name is missing in a release which the code is for."""
        return bool(self._supported & ~rule.available)

    def _reached(self, bindings: list[Binding]) -> list[Binding]:
        """Leave out the branches that no supported release reaches."""
        places = {id(binding): self.place(binding.statement) for binding in bindings}
        dead: set[int] = set()
        for statement, _ in places.values():
            if statement is None:
                continue
            outcome = self._outcome(statement)
            for key, (other, is_body) in places.items():
                if other is statement and outcome is not None and is_body != outcome:
                    dead.add(key)
        return [binding for binding in bindings if id(binding) not in dead]

    def place(self, statement: ast.AST) -> tuple[ast.Try | None, bool]:
        """Return the `try` around a statement, and whether it is in its body."""
        node = statement
        for parent in self._scopes.ancestors(statement):
            if isinstance(parent, ast.Try):
                return parent, node in parent.body
            node = parent
        return None, False

    def _outcome(self, statement: ast.Try) -> bool | None:
        """Tell whether the imports of a `try` succeed; None where that depends on the release."""
        succeeds = True
        for part in statement.body:
            if not isinstance(part, (ast.Import, ast.ImportFrom)):
                return None
            for alias in part.names:
                name = alias.name
                if isinstance(part, ast.ImportFrom):
                    name = f"{part.module}.{alias.name}"
                    if part.level or alias.name == "*":
                        return None
                if name.partition(".")[0] not in ("tensorflow", "keras"):
                    return None
                known = self._look_up(name)
                if known is None:
                    continue
                if known[0] != name.count(".") + 1:
                    return None
                available = known[1].available & self._supported
                if not available:
                    return False
                succeeds = succeeds and available == self._supported
        return succeeds or None
