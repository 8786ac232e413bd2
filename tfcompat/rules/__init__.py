"""What became of each private or removed name, release by release, and what to use instead.

Needs no TensorFlow: `names.txt` was generated from the releases themselves, `advice/` is
hand-written. A name is its absolute import path with nothing abbreviated, for instance
`tensorflow.python.framework.ops.name_scope`. A set of releases is a mask, an integer with one
bit for each of `COLUMNS`.
"""

from __future__ import annotations

from tfcompat.rules._columns import ALL, COLUMNS, columns, describe, describe_of
from tfcompat.rules._rules import Period, Rule, life, rule
from tfcompat.rules._table import Name, Twin, find, is_private, resolve
from tfcompat.rules.advice import Advice, Call

__all__ = [
    "ALL",
    "COLUMNS",
    "Advice",
    "Call",
    "Name",
    "Period",
    "Rule",
    "Twin",
    "columns",
    "describe",
    "describe_of",
    "find",
    "is_private",
    "life",
    "resolve",
    "rule",
]
