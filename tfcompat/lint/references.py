"""Rewrite references: names, attributes, methods and paths in strings."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tfcompat.lint import calls
from tfcompat.lint.calls import CannotError
from tfcompat.lint.edits import Part, Span, replace
from tfcompat.lint.meanings import UnreachedError
from tfcompat.lint.plan import EXPLAINED, REFERENCES, SAFE, UNSAFE, Outcome, Plan, worst
from tfcompat.lint.problems import NO_CALL, NOT_CALLED
from tfcompat.lint.spelling import Place
from tfcompat.rules.advice import Call

if TYPE_CHECKING:
    from tfcompat.lint.resolve import Binding, Use
    from tfcompat.rules import Rule

_CHAIN = re.compile(r"[\w.\s\\]+")  # a chain of names, on one line or several
_STRINGS = re.compile(r"['\"\\\r\n#{}]")  # what an f-string cannot hold before Python 3.12
# Reasons that are about the way of writing alone.
_NO_POSITION = "its position in the string is not known"
_OLD_FSTRING = "it is in an f-string: run with Python 3.12 or newer"
_UNUSUAL = "it is written in an unusual way"
TEXTUAL = (_NO_POSITION, _OLD_FSTRING, _UNUSUAL)
# Functions of tfcompat for methods of TensorFlow's `Trackable`.
_METHODS = {
    "tfcompat.track": (
        Call(parameters=("trackable", "name", "overwrite"), refuse=("overwrite",)),
        "tfcompat.track({self}, {name}, {trackable})",
    ),
}


@dataclasses.dataclass
class _Decision:
    """What is to become of a use, before its new text is known."""

    use: Use
    rule: Rule
    is_safe: bool
    reason: str = ""  # why it is unsafe

    def outcome(self, text: str = "") -> Outcome:
        return Outcome(self.use, self.rule, SAFE if self.is_safe else UNSAFE, self.reason, text)


class References:
    """Rewrites the references of a file, one by one."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def outcome(self, use: Use, rule: Rule) -> Outcome:
        """Rewrite a reference if that can be done; return what becomes of it."""
        outcome = self._through_alias(use, rule)
        if outcome is not None:
            return outcome
        try:
            self._plan.check_guard(use)
            untracked = self._untracked(use, rule)
            if untracked is not None:
                return untracked
            if use.others:
                rule = self._plan.meanings.common(use, rule)
            decision = self._decide(use, rule)
            if not decision.is_safe and not self._plan.options.unsafe:
                raise CannotError(f"only with --unsafe-fixes: {decision.reason}")
            return decision.outcome(self._rewrite(use, rule))
        except UnreachedError as error:
            status = SAFE if self._plan.options.guarded else EXPLAINED
            return Outcome(use, rule, status, str(error), stays=True)
        except CannotError as error:
            return Outcome(use, rule, EXPLAINED, str(error))

    def _through_alias(self, use: Use, rule: Rule) -> Outcome | None:
        """Leave a reference as it is that is right once the assignment of its alias is fixed.

        With `legacy = tf.keras.optimizers.legacy` fixed, `legacy.Adam` needs no fix.
        """
        if use.binding is None or use.form not in REFERENCES:
            return None
        rest = use.name[len(use.binding.target) :]
        fixed = []
        for binding in (use.binding, *use.others):
            target = binding.target
            if binding.alias is None:
                outcome = self._plan.by_node.get(getattr(binding.statement, "value", None))
                if outcome is not None and outcome.is_fixed:
                    target = outcome.rule.target or ""
                    fixed.append(outcome)
            if not target or not self._plan.meanings.is_public(f"{target}{rest}"):
                return None
        return dataclasses.replace(worst(use, rule, fixed), stays=True) if fixed else None

    def _decide(self, use: Use, rule: Rule) -> _Decision:
        """Tell whether a use may be fixed and how safely, without looking at its arguments.

        Raises:
            CannotError: it cannot be fixed.
        """
        if rule.target is None:
            raise CannotError(rule.reason or "there is nothing to use instead")
        if use.form == "method":
            return _Decision(use, rule, rule.safe, rule.reason)
        if use.form == "string":
            return self._decide_string(use, rule)
        node = use.node if use.chain is None else use.chain
        if not use.is_exact:
            raise CannotError(_NO_POSITION if use.form == "annotation" else _OLD_FSTRING)
        if use.form != "annotation":
            self._check_assigned(node)
        if rule.target.startswith("tfcompat.") and self._is_class_pattern(node):
            raise CannotError("a class pattern takes classes alone, and the replacement is none")
        if not _CHAIN.fullmatch(self._plan.text.source(self._plan.span(use))):
            raise CannotError(_UNUSUAL)
        reasons = [] if rule.safe else [rule.reason]
        if use.call is None and rule.template is not None:
            raise CannotError(NO_CALL)
        if use.call is None and rule.call is not None and use.form != "annotation":
            reasons.append(NOT_CALLED)
        return _Decision(use, rule, not reasons, "; ".join(filter(None, reasons)))

    def _check_assigned(self, node: ast.AST) -> None:
        """Refuse `ops.x = y` and its like: what it changes is for others to see."""
        while True:
            if isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
                raise CannotError("it is assigned to: patches of TensorFlow are not rewritten")
            parent = self._plan.scopes.parents.get(node)
            if not isinstance(parent, (ast.Attribute, ast.Subscript)) or parent.value is not node:
                return
            node = parent

    def _is_class_pattern(self, node: ast.AST) -> bool:
        """Tell whether a name is the class of `case layers.Identity():`."""
        pattern = self._plan.scopes.parents.get(node)
        return type(pattern).__name__ == "MatchClass"  # of Python 3.10

    def _decide_string(self, use: Use, rule: Rule) -> _Decision:
        constant = use.node
        assert isinstance(constant, ast.Constant)
        if str(constant.value) != use.name:
            raise CannotError("the name is in a string, apart from its module")
        if rule.target is None or rule.target.startswith("tfcompat."):
            raise CannotError("the path in the string has no public twin")
        if rule.call is not None or rule.template is not None:
            raise CannotError("the path in the string leads to something of other arguments")
        if not rule.safe:
            raise CannotError(rule.reason)
        return _Decision(
            use, rule, False, "what a string names is looked up elsewhere than the code it patches"
        )

    def _rewrite(self, use: Use, rule: Rule) -> str:
        """Write the edits of a use; return its new text."""
        target = rule.target
        assert target is not None
        if use.form == "string":
            return self._rewrite_string(use, target)
        if use.form == "method":
            return self._rewrite_method(use, target)
        place = Place(use.node, self._anchor(use))
        if target == "tfcompat.untrack":
            raise CannotError("only `owner.name = NoDependency(value)` can be rewritten")
        if use.call is not None and rule.template is not None:
            self._check_fstring(use.node, rule.template)
            return self._expand(use, rule.call or Call(), rule.template)
        if use.call is not None and rule.call is not None:
            edits = calls.adapt(self._plan.text, use.call, rule.call)
            if edits:
                self._check_fstring(use.node, "")
            self._plan.edits.extend(edits)
        text = self._plan.spelling.spell(target, place)
        self._plan.edits.append(replace(self._plan.span(use), text))
        return text

    def _rewrite_string(self, use: Use, target: str) -> str:
        span = self._plan.text.span(use.node)
        source = self._plan.text.source(span)
        if source.count(use.name) != 1:
            raise CannotError("the string is written in an unusual way")
        start = span.start + len(source[: source.index(use.name)].encode())
        self._plan.edits.append(replace(Span(start, start + len(use.name.encode())), target))
        return target

    def _untracked(self, use: Use, rule: Rule) -> Outcome | None:
        """Write `tfcompat.untrack(owner, name, value)` for `owner.name = NoDependency(value)`.

        Or for `owner.name = owner._no_dependency(value)`.

        Raises:
            CannotError: it is unsafe, and unsafe fixes are not wanted.
        """
        call = use.call
        if call is None or rule.name.rpartition(".")[2] not in ("NoDependency", "_no_dependency"):
            return None
        statement = self._plan.scopes.parents.get(call)
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            return None
        target = statement.targets[0]
        found = calls.arguments(self._plan.text, call)
        if (
            not isinstance(target, ast.Attribute)
            or _is_mangled(target.attr)
            or len(found) != 1
            or found[0].is_unpacked
            or found[0].name not in (None, "value")
        ):
            return None
        is_method = use.form == "method"
        if is_method and not self._plan.options.unsafe:
            raise CannotError(f"only with --unsafe-fixes: {rule.reason}")
        text = self._plan.text
        function = self._plan.spelling.spell("tfcompat.untrack", Place(call, self._anchor(use)))
        name = f', "{target.attr}", '
        parts = (f"{function}(", text.span(target.value), name, found[0].value_span, ")")
        self._plan.edits.append(replace(text.span(statement), *parts))
        status, reason = (UNSAFE, rule.reason) if is_method else (SAFE, "")
        return Outcome(use, rule, status, reason, self._written(parts))

    def _rewrite_method(self, use: Use, target: str) -> str:
        """Write a function of tfcompat for a method of `Trackable`."""
        node, call = use.node, use.call
        if target == "tfcompat.untrack":
            raise CannotError("only `owner.name = owner._no_dependency(value)` can be rewritten")
        if call is None or target not in _METHODS:
            raise CannotError("the method is not called here")
        assert isinstance(node, ast.Attribute)
        if self._plan.text.source(self._plan.text.span(node.value)).startswith("super("):
            raise CannotError("it is called on super()")
        change, template = _METHODS[target]
        self._check_fstring(node, template)
        return self._expand(use, change, template, node.value)

    def _expand(self, use: Use, change: Call, template: str, owner: ast.expr | None = None) -> str:
        call = use.call
        assert call is not None
        place = Place(use.node, self._anchor(use))
        calls.expand(
            self._plan.text, call, change, template, str, owner
        )  # raises before imports come
        parts = calls.expand(
            self._plan.text,
            call,
            change,
            template,
            lambda name: self._plan.spelling.spell(name, place),
            owner,
        )
        self._plan.edits.append(replace(self._plan.text.span(call), *parts))
        return self._written(parts)

    def _written(self, parts: Iterable[Part]) -> str:
        return "".join(
            part if isinstance(part, str) else self._plan.text.source(part) for part in parts
        )

    def _check_fstring(self, node: ast.AST, new: str) -> None:
        if any(
            isinstance(around, ast.JoinedStr) for around in self._plan.scopes.ancestors(node)
        ) and (_STRINGS.search(new)):
            raise CannotError("it is in an f-string, which cannot hold the replacement")

    def _anchor(self, use: Use) -> ast.stmt:
        """Return the statement beside which an import for a use stands."""
        if use.binding is not None:
            return self._outside_guards(use.binding, use.node)
        statement = self._plan.scopes.statement(use.node)
        while statement not in self._plan.tree.body:
            statement = self._plan.scopes.statement(self._plan.scopes.parents[statement])
        top = self._plan.tree.body[: self._plan.tree.body.index(statement)]
        imports = [node for node in top if isinstance(node, (ast.Import, ast.ImportFrom))]
        return imports[-1] if imports else self._first_statement()

    def _outside_guards(self, binding: Binding, node: ast.AST) -> ast.stmt:
        """Return the statement that binds a name, or the outermost guard of it and not of a use.

        An import in one branch would serve that branch alone.
        """
        statement = binding.statement
        if binding.guard in (None, "type-checking"):
            return statement
        around = set(self._plan.scopes.ancestors(node))
        for parent in self._plan.scopes.ancestors(statement):
            if parent in around:
                break
            if isinstance(parent, (ast.If, ast.Try)):
                statement = parent
        return statement

    def _first_statement(self) -> ast.stmt:
        first = self._plan.tree.body[0]
        is_docstring = (
            isinstance(first, ast.Expr)
            and isinstance(first.value, ast.Constant)
            and isinstance(first.value.value, str)
        )
        return self._plan.tree.body[1] if is_docstring and len(self._plan.tree.body) > 1 else first


def _is_mangled(name: str) -> bool:
    """Tell whether Python makes another name of an attribute in a class."""
    return name.startswith("__") and not name.endswith("__")
