"""Comments `# tfcompat: ignore[TFC101]`, which silence the findings of their line."""

from __future__ import annotations

import re

MARK = "tfcompat: ignore"
_COMMENT = re.compile(r"#\s*tfcompat:\s*ignore(?:\[(?P<codes>[^\]]*)\])?(?![-\w])")


class Ignore:
    """One such comment.

    Attributes:
        line: 1-based.
        column: 0-based, in characters.
        end_column: likewise.
        codes: those that it names; none for all.
        used: the codes of the findings that it has silenced.
    """

    def __init__(self, line: int, column: int, end_column: int, codes: tuple[str, ...]) -> None:
        self.line = line
        self.column = column
        self.end_column = end_column
        self.codes = codes
        self.used: set[str] = set()

    def silences(self, code: str) -> bool:
        """Tell whether it silences a finding of this code, and note that it did."""
        if self.codes and code not in self.codes:
            return False
        self.used.add(code)
        return True


def find(text: str) -> dict[int, Ignore]:
    """Return the comments of a source file that parses, by their lines."""
    if "tfcompat:" not in text:
        return {}
    import io
    import tokenize

    found = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type != tokenize.COMMENT:
                continue
            match = _COMMENT.search(token.string)
            if match:
                codes = [code.strip() for code in (match["codes"] or "").split(",")]
                line, column = token.start
                found[line] = Ignore(
                    line,
                    column + match.start(),
                    column + match.end(),
                    tuple(filter(None, codes)),
                )
    except (tokenize.TokenError, SyntaxError):  # what `ast` accepts and this does not
        pass
    return found
