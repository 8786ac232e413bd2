"""What the names in a source file mean: every use of TensorFlow and Keras, resolved.

Nothing is matched by the name `tf`: what a name means is followed through imports, aliases and
assignments, scope by scope.
"""

from __future__ import annotations

import ast
import builtins
import codecs
import re
import symtable
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from tfcompat.lint import guards, strings
from tfcompat.lint.bindings import PACKAGES, ROOTS, Event, Path, Reference, Scope
from tfcompat.lint.walk import Walker

__all__ = ["PACKAGES", "ROOTS", "Binding", "Scope", "Source", "Use", "decode", "parse"]


class Binding(NamedTuple):
    """How a local name came to mean a module or object.

    Attributes:
        local: the name in the file; "*" for a star import.
        target: the absolute dotted name; empty where it is something else than TensorFlow or
            Keras (only in `Use.others`).
        statement: the import statement or assignment.
        alias: the alias of the import that binds it; None for an assignment.
        scope: the module, function or class that binds it.
        guard: as in `Use`.
    """

    local: str
    target: str
    statement: ast.stmt
    alias: ast.alias | None
    scope: ast.AST
    guard: str | None = None


class Use(NamedTuple):
    """One place that names something of TensorFlow or Keras.

    Attributes:
        name: the absolute dotted name of the longest chain, such as
            `tensorflow.python.framework.ops.Tensor.shape`; for a method its own name alone.
        form: "import", "from" and "star" for an alias of an import; "attribute" or "name" for a
            reference; "annotation" for a reference in an annotation that is a string; "string"
            for a string that is a path, or the attribute in `getattr(ops, "x")`; "method" for a
            private method or attribute of any object.
        node: the alias, the Attribute or Name, the Constant.
        line: 1-based, as in `ast`; of the attribute's own chain also within a string annotation.
        column: 0-based, in UTF-8 bytes, as in `ast`.
        end_line: like `line`.
        end_column: like `column`.
        binding: how the first name of the chain came to its meaning.
        call: the call whose function the use is; for a string the call that looks it up, as
            `import_module` and `mock.patch` do, None where it stands for itself.
        guard: "import" in a `try` that catches its failure, "version", "hasattr" or
            "type-checking" after such a test; None for code that always runs.
        scope: the module, class, function, lambda or comprehension that the use is in.
        others: what else the name can mean here, as branches bind it to different things.
        is_exact: whether the file has the text of the chain at this position. It is not so
            within f-strings before Python 3.12 and for escapes in strings.
    """

    name: str
    form: str
    node: ast.AST
    line: int
    column: int
    end_line: int
    end_column: int
    binding: Binding | None
    call: ast.Call | None
    guard: str | None
    scope: ast.AST
    others: tuple[Binding, ...] = ()
    is_exact: bool = True
    chain: ast.AST | None = None  # the Attribute or Name within a string annotation

    def narrowed(self, length: int) -> Use | None:
        """Return the use of the first `length` components of the name.

        For `ops.Tensor.shape`, which is `tensorflow.python.framework.ops.Tensor.shape`, 5 gives
        the use of `ops.Tensor`.

        Returns:
            None where the file does not write a chain of that length: the components up to the
            binding's target belong together, and so do those of an import.
        """
        components = self.name.split(".")
        excess = len(components) - length
        if not excess:
            return self
        is_chain = self.chain is not None
        node = self.node if self.chain is None else self.chain
        if self.form not in ("attribute", "name", "annotation") or excess < 0:
            return None
        line, column = self.end_line, self.end_column
        for _ in range(excess):
            if not isinstance(node, ast.Attribute):
                return None
            end, node = node, node.value
            if self.is_exact and is_chain:
                column -= _end(end)[1] - _end(node)[1]
            elif self.is_exact:
                line, column = _end(node)
        return self._replace(
            name=".".join(components[:length]),
            form=self.form if is_chain or isinstance(node, ast.Attribute) else "name",
            node=self.node if is_chain else node,
            chain=node if is_chain else None,
            end_line=line,
            end_column=column,
            call=None,
        )


class Source:
    """A file and every use in it, in the order of the file.

    Attributes:
        path: of the file.
        text: what it holds.
        tree: its syntax tree; None where it does not parse.
        bindings: every name that means something of TensorFlow or Keras.
        uses: all uses of anything below TensorFlow and Keras, stable names too.
        errors: why it does not parse.
        scopes: what each scope binds.
    """

    def __init__(self, path: str, text: str, errors: Iterable[str] = ()) -> None:
        self.path = path
        self.text = text
        self.tree: ast.Module | None = None
        self.bindings: list[Binding] = []
        self.uses: list[Use] = []
        self.errors = list(errors)
        self.scopes: dict[ast.AST, Scope] = {}

    def names(self, node: ast.AST) -> frozenset[str]:
        """Return the names that a scope binds: "tf" in it is a conflict for `import ... as tf`."""
        return frozenset(self.scopes[node].events)


def decode(data: bytes) -> tuple[str, str]:
    """Decode a source file as Python does, and keep its newlines.

    Returns:
        The text without a byte order mark, and the encoding ("utf-8-sig" where it has one).

    Raises:
        SyntaxError: the encoding that the file declares is unknown.
        UnicodeDecodeError: the file is not in its encoding.
    """
    if not data.startswith(codecs.BOM_UTF8) and b"coding" not in data[:400]:
        return data.decode("utf-8"), "utf-8"
    import io
    import tokenize

    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding), encoding


def parse(
    path: str,
    text: str,
    *,
    known: Callable[[str], bool] | None = None,
    methods: Iterable[str] = (),
) -> Source:
    """Parse a file and resolve its names.

    Args:
        path: for messages.
        text: the source.
        known: tells whether a dotted name exists; asked for names that can come from a star
            import, or from one of several bindings. By default the last of them gives them all.
        methods: private methods and attributes to report on any object.

    Returns:
        The source; where it does not parse, without tree and with `errors`.
    """
    source = Source(path, text)
    try:
        source.tree = _parse(text)
        walker = Walker(
            source.tree,
            methods,
            has_tests=guards.may_test(text),
            has_paths=strings.may_hold_paths(text),
            has_declarations="global" in text or "nonlocal" in text,
        )
    except _ERRORS as error:
        return Source(path, text, [_in_words(error)])
    source.scopes = walker.scopes
    _Resolver(source, walker, known or (lambda _: True)).run()
    return source


def syntax_errors(text: str) -> list[str]:
    """Return why a source does not parse."""
    # A table of symbols takes a third of the time of a tree; but it has errors of its own.
    for parse_it in (_symbols, _parse):
        try:
            parse_it(text)
            return []
        except _ERRORS as error:
            wrong = _in_words(error)
    return [wrong]


# ValueError is for null bytes, the last two for what is nested too deeply.
_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():  # "invalid escape sequence" is not ours to tell
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _symbols(text: str) -> symtable.SymbolTable:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return symtable.symtable(text, "<unknown>", "exec")


def _in_words(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        where = f"{error.lineno}:{error.offset}: " if error.lineno else ""
        return f"{where}{error.msg}"
    return str(error) or type(error).__name__


class _Resolver:
    def __init__(self, source: Source, walker: Walker, known: Callable[[str], bool]) -> None:
        self._source = source
        self._walker = walker
        self._known = known
        self._lines = source.text.encode("utf-8", "surrogatepass").splitlines()
        self._bindings: dict[int, Binding | None] = {}
        self._final: dict[tuple[int, str], list[tuple[Event, Scope]]] = {}
        # Names that can mean something of ours; all others need no look-up.
        self._interesting = {
            name
            for scope in walker.scopes.values()
            for name, events in scope.events.items()
            if any(event.target or event.value is not None for event in events)
        }

    def run(self) -> None:
        source, walker = self._source, self._walker
        for form, name, event, scope in walker.imports:
            alias = event.alias
            assert alias is not None
            _locate_alias(event.statement, alias, self._lines)
            self._add(name, form, alias, self._binding(event, scope), None, event.guard, scope)
        for reference in walker.references:
            if reference.name in self._interesting:
                self._reference(reference)
            elif walker.stars and not hasattr(builtins, reference.name):
                self._from_star(reference)
        for path, call, guard, scope in walker.paths:
            self._add(str(path.value), "string", path, None, call, guard, scope)
        for node, method_call, guard, scope in walker.methods:
            self._add(node.attr, "method", node, None, method_call, guard, scope)
        source.uses.sort(key=lambda use: (use.line, use.column, use.end_column))
        for scope in walker.scopes.values():
            for events in scope.events.values():
                for event in events:
                    binding = self._binding(event, scope)
                    if binding is not None:
                        source.bindings.append(binding)

    def _reference(self, reference: Reference) -> None:
        events = self._look_up(reference.scope, reference.name, reference.order, reference.path)
        if not events:
            if self._walker.stars and not self._is_bound(reference.scope, reference.name):
                self._from_star(reference)
            return
        found = [(self._binding(event, scope), event, scope) for event, scope in events]
        ours = [binding for binding, _, _ in found if binding is not None]
        if not ours:
            return
        # The last that some release has: the other branch can be for TensorFlow 1.
        binding = next((each for each in reversed(ours) if self._known(each.target)), ours[-1])
        others = tuple(
            other or Binding(reference.name, "", event.statement, None, scope.node, event.guard)  # type: ignore[arg-type]
            for other, event, scope in found
            if other is None or other.target != binding.target
        )
        guard = reference.guard
        if guard is None and (others or binding.target not in PACKAGES):
            of_others = [event.guard for other, event, _ in found if other is None or others]
            guard = binding.guard or next(filter(None, of_others), None)
        self._add_reference(reference, binding, others, guard)

    def _from_star(self, reference: Reference) -> None:
        if self._is_bound(reference.scope, reference.name):
            return
        for module, event in reversed(self._walker.stars):
            if event.order < reference.order and self._known(f"{module}.{reference.name}"):
                scope = self._walker.scopes[self._source.tree]  # type: ignore[index]
                binding = self._binding(event, scope)
                assert binding is not None
                named = binding._replace(local=reference.name, target=f"{module}.{reference.name}")
                self._add_reference(reference, named, (), reference.guard or event.guard)
                return

    def _is_bound(self, scope: Scope | None, name: str) -> bool:
        while scope is not None:
            if scope.binds(name):
                return True
            scope = scope.parent
        return False

    def _add_reference(
        self,
        reference: Reference,
        binding: Binding,
        others: tuple[Binding, ...],
        guard: str | None,
    ) -> None:
        name = ".".join((binding.target, *reference.attributes))
        self._add(
            name,
            reference.form,
            reference.node if reference.string is None else reference.string,
            binding,
            reference.call,
            guard,
            reference.scope,
            others=others,
            is_exact=reference.is_exact,
            place=reference.place,
            chain=reference.node if reference.is_annotation else None,
        )

    def _add(
        self,
        name: str,
        form: str,
        node: ast.AST,
        binding: Binding | None,
        call: ast.Call | None,
        guard: str | None,
        scope: Scope,
        *,
        others: tuple[Binding, ...] = (),
        is_exact: bool = True,
        place: ast.AST | None = None,
        chain: ast.AST | None = None,
    ) -> None:
        place = place or node
        line, column = place.lineno, place.col_offset  # type: ignore[attr-defined]
        end_line, end_column = _end(place)
        if chain is not None:
            start = strings.contents(node, self._lines) if is_exact else None  # type: ignore[arg-type]
            is_exact = start is not None
            if start is not None:
                column = start + chain.col_offset  # type: ignore[attr-defined]
                end_column = start + _end(chain)[1]
        self._source.uses.append(
            Use(
                name,
                form,
                node,
                line,
                column,
                end_line,
                end_column,
                binding,
                call,
                guard,
                scope.node,
                others,
                is_exact,
                chain,
            )
        )

    # Meaning of names

    def _binding(self, event: Event, scope: Scope) -> Binding | None:
        key = id(event)
        if key not in self._bindings:
            self._bindings[key] = None  # `a = b; b = a` in two functions
            target = event.target or self._target(event, scope)
            if target is not None:
                self._bindings[key] = Binding(
                    event.name,
                    target,
                    event.statement,  # type: ignore[arg-type]
                    event.alias,
                    scope.node,
                    event.guard,
                )
        return self._bindings[key]

    def _target(self, event: Event, scope: Scope) -> str | None:
        """Return what an assignment binds, if that is something of ours."""
        if event.value is None:
            return None
        attributes = []
        base = event.value
        while isinstance(base, ast.Attribute):
            attributes.append(base.attr)
            base = base.value
        if not isinstance(base, ast.Name):
            return strings.loaded(event.value)
        for found, owner in reversed(self._look_up(scope, base.id, event.order, event.path)):
            binding = self._binding(found, owner)
            if binding is not None:
                return ".".join((binding.target, *reversed(attributes)))
        return None

    def _look_up(
        self, scope: Scope | None, name: str, order: int, path: Path
    ) -> list[tuple[Event, Scope]]:
        """Return what a name can mean at a place, the last binding last."""
        is_start = True  # classes are seen by the code in them alone
        limit: int | None = order
        while scope is not None:
            elsewhere = scope.elsewhere.get(name)
            if elsewhere is not None:
                scope, limit, path, is_start = elsewhere, None, (), True
            events = scope.events.get(name)
            if events and (is_start or not scope.is_class):
                live = _live(events, limit, path)
                if not live and not scope.is_class:
                    live = _live(events, None, path)  # bound further down: in a loop
                if live:
                    return [(event, scope) for event in live]
            if scope.is_deferred:
                limit = None
            path = scope.path
            is_start = is_start and not scope.is_class and not scope.is_deferred
            scope = scope.parent
        return []


def _live(events: list[Event], limit: int | None, path: Path) -> list[Event]:
    """Return the bindings that can hold at a place of the same scope."""
    live: list[Event] = []
    for event in events:
        if limit is not None and event.order >= limit:
            break
        if _exclude(event.path, path):
            continue
        depth = len(event.path)
        live = [other for other in live if other.path[:depth] != event.path]
        live.append(event)
    return live


def _exclude(first: Path, second: Path) -> bool:
    """Tell whether two places are in different branches of one statement."""
    for one, other in zip(first, second):
        if one != other:
            return one[0] == other[0]
    return False


def _end(node: ast.AST) -> tuple[int, int]:
    return node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]


def _locate_alias(statement: ast.AST, alias: ast.alias, lines: list[bytes]) -> None:
    """Give the aliases of an import their positions, which Python 3.9 does not."""
    if hasattr(alias, "lineno"):
        return
    positions = _words(lines, statement)
    for _, _, word in positions:
        if word == b"import":
            break
    for other in statement.names:  # type: ignore[attr-defined]
        words = other.name.encode().split(b".")
        start = next(place for place in positions if place[2] in (words[0], b"*"))
        end = start
        for _ in words[1:] + ([b"as", b""] if other.asname else []):
            end = next(positions)
        other.lineno, other.col_offset = start[:2]
        other.end_lineno, other.end_col_offset = end[0], end[1] + len(end[2])


def _words(lines: list[bytes], statement: ast.AST) -> Iterator[tuple[int, int, bytes]]:
    first, last = statement.lineno, _end(statement)[0]  # type: ignore[attr-defined]
    for number in range(first, last + 1):
        start = statement.col_offset if number == first else 0  # type: ignore[attr-defined]
        line = lines[number - 1]
        comment = line.find(b"#", start)
        end = len(line) if comment < 0 else comment
        for match in re.compile(rb"[\w\x80-\xff]+|\*").finditer(line, start, end):
            yield number, match.start(), match[0]
