"""What is to be done to a file, as far as it is known while its uses are gone through."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfcompat.lint.calls import CannotError
from tfcompat.lint.edits import Edit, Span, Text
from tfcompat.lint.imports import Statements
from tfcompat.lint.meanings import Meanings
from tfcompat.lint.scopes import Scopes
from tfcompat.lint.spelling import Spelling

if TYPE_CHECKING:
    from tfcompat.lint.resolve import Source, Use
    from tfcompat.rules import Rule

SAFE = "safe"
UNSAFE = "unsafe"
EXPLAINED = "explained"

# So begins the reason where an import stays for what other files may take from this one.
WANTED = "other files can import "

REFERENCES = ("attribute", "name", "annotation")
IMPORTS = ("import", "from", "star")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of one use.

    Attributes:
        use: where and what.
        rule: what is known of the name.
        status: `SAFE` or `UNSAFE` for one that is fixed, `EXPLAINED` for one that is not.
        reason: why it is unsafe, or why it is not fixed.
        text: what is written now; empty where something is removed.
        needed_in: of an import that stays, the line that needs it.
        stays: whether the text stays, and what gave it its meaning is what changes.
    """

    use: Use
    rule: Rule
    status: str
    reason: str = ""
    text: str = ""
    needed_in: int | None = None
    stays: bool = False

    @property
    def is_fixed(self) -> bool:
        """Whether the use is gone."""
        return self.status != EXPLAINED


@dataclasses.dataclass(frozen=True)
class Options:
    """What to fix.

    Attributes:
        unsafe: whether to make fixes that can change what the code does.
        guarded: whether to fix code that runs only on some releases, too.
        wanted_elsewhere: names that other files import from this one.
    """

    unsafe: bool = False
    guarded: bool = False
    wanted_elsewhere: frozenset[str] = frozenset()


class Plan:
    """The edits of a file and what became of each use so far.

    Attributes:
        outcomes: one for each use.
        edits: of references and of single names in imports.
        statements: that come and go.
    """

    def __init__(
        self,
        source: Source,
        scopes: Scopes,
        meanings: Meanings,
        options: Options,
        imports: Sequence[ast.alias],
    ) -> None:
        assert source.tree is not None
        self.source = source
        self.tree = source.tree
        self.text = Text(source.text)
        self.scopes = scopes
        self.meanings = meanings
        self.options = options
        self.outcomes: list[Outcome] = []
        self.edits: list[Edit] = []
        self.statements = Statements(self.text, scopes)
        self.spelling = Spelling(scopes, self.statements, imports)
        self.is_package = re.split(r"[\\/]", source.path)[-1] == "__init__.py"
        # The names whose text goes, and the outcomes of all references to each import.
        self.gone: set[ast.AST] = set()
        self.by_alias: dict[ast.alias, list[Outcome]] = {}
        self.by_node: dict[ast.AST | None, Outcome] = {}

    def add(self, outcome: Outcome) -> None:
        """Note what becomes of a reference."""
        use = outcome.use
        self.outcomes.append(outcome)
        self.by_node[use.node] = outcome
        for binding in filter(None, (use.binding, *use.others)):
            if binding.alias is not None:
                self.by_alias.setdefault(binding.alias, []).append(outcome)
        if outcome.is_fixed and not outcome.stays and use.form in REFERENCES:
            root = root_of(use)
            if root is not None:
                self.gone.add(root)

    def span(self, use: Use) -> Span:
        """Return the range of a use."""
        return Span(
            self.text.offset(use.line, use.column), self.text.offset(use.end_line, use.end_column)
        )

    def check_guard(self, use: Use) -> None:
        """Raise CannotError for a use that runs on some releases alone, unless it is asked for."""
        if use.guard not in (None, "type-checking") and not self.options.guarded:
            raise CannotError(f"it is guarded ({use.guard}): it runs only where the name exists")


def worst(use: Use, rule: Rule, causes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of a use that is fixed by what fixes others."""
    unsafe = [outcome for outcome in causes if outcome.status == UNSAFE]
    if unsafe:
        return Outcome(use, rule, UNSAFE, unsafe[0].reason)
    return Outcome(use, rule, SAFE)


def root_of(use: Use) -> ast.Name | None:
    """Return the name that a reference begins with."""
    return first_name(use.node if use.chain is None else use.chain)


def first_name(node: ast.AST) -> ast.Name | None:
    """Return the name that a chain of attributes begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node if isinstance(node, ast.Name) else None
