"""Rewrite the uses of private and removed names in one file."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from tfcompat.lint.edits import Edit, Text
from tfcompat.lint.meanings import Meanings
from tfcompat.lint.plan import IMPORTS, Options, Outcome, Plan
from tfcompat.lint.references import References
from tfcompat.lint.retire import Imports
from tfcompat.lint.scopes import Scopes

if TYPE_CHECKING:
    from tfcompat.lint.resolve import Source, Use
    from tfcompat.rules import Rule


@dataclasses.dataclass(frozen=True)
class Fixes:
    """What is to be done to a file.

    Attributes:
        text: the file.
        edits: that fix it, none where nothing can be fixed.
        outcomes: one for each finding.
    """

    text: Text
    edits: list[Edit]
    outcomes: list[Outcome]


def fixes(
    source: Source,
    findings: Iterable[tuple[Use, Rule]],
    *,
    look_up: Callable[[str], tuple[int, Rule] | None],
    supported: int,
    options: Options,
) -> Fixes:
    """Find out how to rewrite the uses of a file.

    Args:
        source: the file, parsed.
        findings: the uses to fix, each with its rule. A use has exactly the rule's name.
        look_up: returns the rule for a dotted name, and how many of its components it is for.
        supported: the releases that the code is for, a mask of `tfcompat.rules`.
        options: what to fix.
    """
    assert source.tree is not None
    findings = list(findings)
    imports = [found for found in findings if found[0].form in IMPORTS]
    others = [found for found in findings if found[0].form not in IMPORTS]
    scopes = Scopes(source.tree)
    plan = Plan(
        source,
        scopes,
        Meanings(scopes, look_up, supported),
        options,
        [use.node for use, _ in imports if isinstance(use.node, ast.alias)],
    )
    references = References(plan)
    for use, rule in sorted(others, key=lambda found: _turn(plan, found[0])):
        plan.add(references.outcome(use, rule))
    Imports(plan).run(imports)
    edits = [*plan.edits, *plan.statements.edits()]
    plan.outcomes.sort(key=lambda outcome: (outcome.use.line, outcome.use.column))
    return Fixes(plan.text, edits, plan.outcomes)


def _turn(plan: Plan, use: Use) -> tuple[bool, bool, int]:
    """Return the order in which uses are rewritten.

    First come aliases, which others are written with, then uses of what the top of the module
    imports: the imports that they need can serve others.
    """
    is_value = isinstance(plan.scopes.parents.get(use.node), (ast.Assign, ast.AnnAssign))
    is_top = use.binding is not None and use.binding.statement in plan.tree.body
    return (not is_value, not is_top, use.line)
