"""What becomes of the imports of names that are rewritten."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from tfcompat.lint.calls import CannotError
from tfcompat.lint.defer import DEFERRED, defer
from tfcompat.lint.imports import shorten
from tfcompat.lint.plan import (
    EXPLAINED,
    REFERENCES,
    SAFE,
    UNSAFE,
    WANTED,
    Outcome,
    Plan,
    first_name,
    root_of,
    worst,
)
from tfcompat.lint.references import TEXTUAL
from tfcompat.lint.scopes import Scope
from tfcompat.lint.spelling import Place, is_none

if TYPE_CHECKING:
    from tfcompat.lint.resolve import Binding, Use
    from tfcompat.rules import Rule

# Comments that say that an import is meant to be there, though nothing uses it.
_UNUSED = re.compile(rb"\#.*(?:noqa(?!:)|noqa:[^#]*F40[13]|disable=[^#]*unused)")
_UNUSED_IN_FILE = re.compile(
    rb"^[ \t]*\#[ \t]*(?:(?:flake8|ruff):[ \t]*noqa|pylint:[ \t]*disable=.*unused)", re.M
)


class _NeededError(CannotError):
    """An import stays for something in a line."""

    def __init__(self, line: int, reason: str = "") -> None:
        super().__init__(reason or "the name is used in a way that is not understood")
        self.line = line


class Imports:
    """Decides on the imports of a file, after its references."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._exported = _exported(plan.tree)

    def run(self, findings: Sequence[tuple[Use, Rule]]) -> None:
        """Remove, shorten or replace the imports whose references are rewritten."""
        removed: dict[ast.stmt, list[ast.alias]] = {}
        for use, rule in findings:
            binding = use.binding
            assert binding is not None
            assert isinstance(use.node, ast.alias)
            try:
                self._plan.check_guard(use)
                outcome = self._import(use, rule)
            except _NeededError as error:
                reason = str(error)
                if self._defer(use, rule):
                    reason = f"{DEFERRED}; {reason}"
                    removed.setdefault(binding.statement, []).append(use.node)
                outcome = Outcome(use, rule, EXPLAINED, reason, needed_in=error.line)
            except CannotError as error:
                outcome = Outcome(use, rule, EXPLAINED, str(error))
            self._plan.outcomes.append(outcome)
            if outcome.is_fixed:
                removed.setdefault(binding.statement, []).append(use.node)
        for binding in self._made_unused({use.node for use, _ in findings}):
            assert binding.alias is not None
            removed.setdefault(binding.statement, []).append(binding.alias)
        for statement, gone in removed.items():
            assert isinstance(statement, (ast.Import, ast.ImportFrom))
            if len(gone) == len(statement.names):
                self._plan.statements.remove(statement)
            else:
                self._plan.edits.extend(shorten(self._plan.text, statement, statement.names, gone))
        if self._plan.options.guarded:
            self._plan.statements.remove_guards()

    def _made_unused(self, found: set[ast.AST]) -> Iterator[Binding]:
        """Yield the imports of public names that the fixes leave nothing to do."""
        plan = self._plan
        for alias, outcomes in plan.by_alias.items():
            if alias in found or any(not o.is_fixed or o.stays for o in outcomes):
                continue
            use = outcomes[0].use
            binding = next(b for b in (use.binding, *use.others) if b and b.alias is alias)
            scope = plan.scopes.at(binding.statement)
            local = binding.local
            is_dotted = isinstance(binding.statement, ast.Import) and "." in alias.name
            if (
                local == "*"
                or (is_dotted and not alias.asname)
                or scope.is_class
                or plan.spelling.uses(local, scope)
                or self._is_wanted(local, alias, scope)
                or self._is_marked(alias, binding.statement)
                or self._in_comments(local)
                or any(not isinstance(node, ast.alias) for node in scope.bindings[local])
                or self._left(local, scope)
            ):
                continue
            yield binding

    def _is_wanted(self, local: str, alias: ast.alias, scope: Scope) -> bool:
        """Tell whether a name of the module is there for others."""
        return self._is_named(local, alias) or (
            local in self._plan.options.wanted_elsewhere and scope is self._plan.scopes.module
        )

    def _import(self, use: Use, rule: Rule) -> Outcome:
        if use.form == "star":
            return self._star(use, rule)
        binding = use.binding
        assert binding is not None
        assert isinstance(use.node, ast.alias)
        scope = self._plan.scopes.at(binding.statement)
        if self._plan.options.guarded and self._plan.meanings.is_unreached(
            binding.statement, scope.bindings[binding.local]
        ):
            return Outcome(use, rule, SAFE, "it is never reached")
        references = [
            outcome
            for node in scope.bindings[binding.local]
            if isinstance(node, ast.alias)
            for outcome in self._plan.by_alias.get(node, ())
        ]
        kept = [o for o in references if not o.is_fixed and not self._is_served(o)]
        if use.form == "import" and use.node.asname is None and "." in use.node.name:
            return self._dotted(use, rule, scope)
        dead = self._handlers(binding.statement)
        left = self._left(binding.local, scope, dead)
        is_named = self._is_wanted(binding.local, use.node, scope)
        is_marked = self._is_marked(use.node, binding.statement)
        if scope.is_class or (
            self._plan.is_package and scope is self._plan.scopes.module and not references
        ):
            is_named = True
        if self._in_comments(binding.local):
            raise CannotError("a type comment names it")
        for node in scope.bindings[binding.local]:
            is_default = self._plan.options.guarded and (
                is_none(self._plan.scopes, node)
                or not dead.isdisjoint(self._plan.scopes.ancestors(node))
            )
            if not isinstance(node, ast.alias) and not is_default:
                raise CannotError("the name is bound to something else, too")
        if not left and not kept and not is_named and (references or not is_marked):
            if references:
                return worst(use, rule, references)
            return self._unused(use, rule)
        if rule.target is not None and self._can_assign(use, rule, kept):
            return self._assign(use, rule, scope, references)
        if kept:
            first = min(kept, key=lambda outcome: outcome.use.line)
            raise _NeededError(first.use.line, first.reason)
        if left:
            raise _NeededError(min(left))
        if is_named:
            raise CannotError(f"{WANTED}it from here; {rule.reason or ''}")
        raise CannotError("it is marked as imported for its effect or for others")

    def _is_served(self, outcome: Outcome) -> bool:
        """Tell whether the module of `setattr(module, "name", value)` is written otherwise now."""
        call = outcome.use.call
        if outcome.use.form != "string" or call is None or not call.args:
            return False
        return first_name(call.args[0]) in self._plan.gone

    def _defer(self, use: Use, rule: Rule) -> bool:
        binding, alias = use.binding, use.node
        assert binding is not None
        assert isinstance(alias, ast.alias)
        if use.form == "star" or (use.form == "import" and alias.asname is None):
            return False
        module = self._plan.scopes.module
        return not self._is_wanted(binding.local, alias, module) and defer(self._plan, use, rule)

    def _left(self, local: str, scope: Scope, dead: Collection[ast.AST] = frozenset()) -> list[int]:
        """Return the lines that still name what a scope binds, `dead` code left out."""
        plan = self._plan
        lines = [
            node.lineno
            for node in plan.scopes.references(local, scope)
            if node not in plan.gone
            and not (plan.options.guarded and is_none(plan.scopes, node))
            and set(dead).isdisjoint(plan.scopes.ancestors(node))
        ]
        lines += [
            use.line
            for use in plan.source.uses
            if use.form == "annotation"
            and use.binding is not None
            and (use.binding.local, use.binding.scope) == (local, scope.node)
            and root_of(use) not in plan.gone
        ]
        return lines

    def _handlers(self, statement: ast.stmt) -> set[ast.AST]:
        """Return what handles the failure of an import that never fails, for guarded code."""
        around, _ = self._plan.meanings.place(statement)
        if (
            not self._plan.options.guarded
            or around is None
            or not self._plan.meanings.never_fails(statement)
        ):
            return set()
        return set(around.handlers)

    def _unused(self, use: Use, rule: Rule) -> Outcome:
        if rule.target is not None and rule.safe and use.form == "from":
            return Outcome(use, rule, SAFE, "nothing uses it")
        reason = "nothing uses it here, but importing a module can have effects"
        if not self._plan.options.unsafe:
            raise CannotError(f"only with --unsafe-fixes: {reason}")
        return Outcome(use, rule, UNSAFE, reason)

    def _can_assign(self, use: Use, rule: Rule, kept: Sequence[Outcome]) -> bool:
        """Tell whether `name = tf.x` can stand for the import."""
        if rule.template is not None or rule.target == "tfcompat.untrack":
            return False
        is_safe = rule.safe and rule.call is None
        # What is not fixed for its own sake must not be fixed by the back door.
        return (is_safe or self._plan.options.unsafe) and all(o.reason in TEXTUAL for o in kept)

    def _assign(self, use: Use, rule: Rule, scope: Scope, references: Sequence[Outcome]) -> Outcome:
        binding = use.binding
        assert binding is not None
        assert rule.target is not None
        statement = binding.statement
        text = self._plan.spelling.spell(rule.target, Place(statement, statement))
        self._plan.statements.after(self._last_of_imports(statement), f"{binding.local} = {text}")
        for position, outcome in enumerate(self._plan.outcomes):
            if outcome in references and not outcome.is_fixed:  # the assignment serves it
                status = SAFE if outcome.rule.safe else UNSAFE
                reason = outcome.rule.reason
                self._plan.outcomes[position] = Outcome(outcome.use, outcome.rule, status, reason)
        if rule.safe and rule.call is None:
            return dataclasses.replace(worst(use, rule, references), text=text)
        reason = rule.reason or "its arguments differ"
        return Outcome(use, rule, UNSAFE, reason, text)

    def _last_of_imports(self, statement: ast.stmt) -> ast.stmt:
        """Return the last of the imports around a statement, if none of them can need it.

        Imports of the same project can need it, when they import each other.
        """
        block = self._plan.statements.block(statement)
        position = block.index(statement)
        while position + 1 < len(block):
            following = block[position + 1]
            if not isinstance(following, (ast.Import, ast.ImportFrom)):
                break
            if isinstance(following, ast.ImportFrom) and following.level:
                break
            if following.lineno != (block[position].end_lineno or 0) + 1:
                break
            position += 1
        return block[position]

    def _dotted(self, use: Use, rule: Rule, scope: Scope) -> Outcome:
        """Remove or shorten `import tensorflow.python.x`, which binds `tensorflow`."""
        binding = use.binding
        alias = use.node
        assert binding is not None
        assert isinstance(alias, ast.alias)
        local = binding.local
        ours = [
            outcome
            for outcome in self._plan.outcomes
            if outcome.use.form in REFERENCES
            and outcome.use.binding is not None
            and outcome.use.binding.local == local
            and f"{outcome.use.name}.".startswith(f"{alias.name}.")
        ]
        kept = [outcome for outcome in ours if not outcome.is_fixed]
        if kept:
            raise _NeededError(kept[0].use.line, kept[0].reason)
        if not ours:
            if self._is_marked(alias, binding.statement):
                raise CannotError("it is marked as imported for its effect or for others")
            if not self._plan.options.unsafe:
                raise CannotError(
                    "only with --unsafe-fixes: nothing uses it here, but importing a module can "
                    "have effects"
                )
            outcome = Outcome(use, rule, UNSAFE, "importing a module can have effects")
        else:
            outcome = worst(use, rule, ours)
        left = [n for n in self._plan.scopes.references(local, scope) if n not in self._plan.gone]
        if left or local in self._exported:
            self._plan.spelling.keep(local, binding.statement)
        return outcome

    def _star(self, use: Use, rule: Rule) -> Outcome:
        binding = use.binding
        assert binding is not None
        ours = [
            outcome
            for outcome in self._plan.outcomes
            if outcome.use.form in REFERENCES
            and outcome.use.binding is not None
            and outcome.use.binding.alias is use.node
        ]
        kept = [outcome for outcome in ours if not outcome.is_fixed]
        if kept:
            raise _NeededError(kept[0].use.line, kept[0].reason)
        if self._plan.is_package or self._is_marked(use.node, binding.statement):
            raise CannotError(f"{WANTED}its names from here")
        left = sorted(
            {node.id for node in self._plan.scopes.unbound() if node not in self._plan.gone}
        )
        if left:
            raise CannotError(f"it can be where {left[0]!r} comes from")
        if ours:
            return worst(use, rule, ours)
        return self._unused(use, rule)

    def _is_named(self, local: str, alias: ast.alias) -> bool:
        return local in self._exported or (alias.asname is not None and alias.asname == alias.name)

    def _is_marked(self, alias: ast.AST, statement: ast.stmt) -> bool:
        """Tell whether a comment says that an import may be unused."""
        lines = {alias.lineno, statement.lineno, statement.end_lineno or 0}  # type: ignore[attr-defined]
        return any(_UNUSED.search(self._plan.text.line(line)) for line in lines) or (
            _UNUSED_IN_FILE.search(self._plan.text.data) is not None
        )

    def _in_comments(self, local: str) -> bool:
        name = re.escape(local.encode())
        pattern = rb"\#[ \t]*type:[^\r\n]*(?<![\w.])" + name + rb"(?!\w)"
        return re.search(pattern, self._plan.text.data) is not None


def _exported(tree: ast.Module) -> set[str]:
    """Return the names in `__all__`."""
    names: set[str] = set()
    for statement in tree.body:
        targets: list[ast.expr] = []
        if isinstance(statement, ast.Assign):
            targets = statement.targets
        elif isinstance(statement, (ast.AugAssign, ast.AnnAssign)):
            targets = [statement.target]
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            targets = [statement.value.func]  # __all__.extend([...])
        if any(_is_all(target) for target in targets):
            names.update(
                node.value
                for node in ast.walk(statement)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            )
    return names


def _is_all(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id == "__all__"
