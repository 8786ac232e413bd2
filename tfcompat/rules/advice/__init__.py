"""Hand-written rules: one module per area, each with `ADVICE: dict[str, Advice]`.

A key is the dotted path of a private name, or of a public name that some release lacks. Advice
for the path where an object is defined holds for every path that leads to it. A key that ends in
`.*` covers whatever lies below that path and has no closer key.
"""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Mapping

from tfcompat.rules.advice._kinds import (
    Advice,
    Call,
    facade,
    nothing,
    public,
    replacement,
    unstable,
)

__all__ = [
    "Advice",
    "Call",
    "advice",
    "facade",
    "nothing",
    "public",
    "replacement",
    "unstable",
]


@functools.cache
def advice() -> Mapping[str, Advice]:
    """Collect the rules of all modules beside this one.

    Raises:
        ValueError: two modules speak of the same name.
    """
    found: dict[str, Advice] = {}
    home: dict[str, str] = {}
    for file in sorted(os.listdir(os.path.dirname(__file__))):
        module, extension = os.path.splitext(file)
        if module.startswith("_") or extension != ".py":
            continue
        rules: dict[str, Advice] = importlib.import_module(f"{__name__}.{module}").ADVICE
        twice = found.keys() & rules.keys()
        if twice:
            lines = "\n".join(f"  {name} ({home[name]}, {module})" for name in sorted(twice))
            raise ValueError(f"Names with advice in two modules:\n{lines}")
        found.update(rules)
        home.update(dict.fromkeys(rules, module))
    return found
