"""What the rules have for the private and removed names that libraries use.

`python -m tests.homes` prints each kind with its share, weighted by the number of libraries that
use a name; `--rest` lists the names without a home outside `tfcompat.unstable`, with the reason.
Needs no TensorFlow. Modules are left out: what is imported is used through its names.
"""

from __future__ import annotations

import argparse
import collections
import pathlib
import textwrap
from typing import NamedTuple

from tfcompat import rules

NAMES = pathlib.Path(__file__).parent / "data" / "private_names_in_use.tsv"

HOME = "home in every release"
WHERE = "home in the releases that have the name or its public twin"
DEAD = "dead: no release from 2.5 on has it"
UNSTABLE = "tfcompat.unstable alone"
GONE = "gone, or new, and nothing takes its place"
KINDS = (HOME, WHERE, DEAD, UNSTABLE, GONE)


class Use(NamedTuple):
    """One name in use, and what the rules say."""

    name: str
    libraries: int
    kind: str
    reason: str


def uses() -> list[Use]:
    """Judge every name of the survey but modules."""
    found = []
    for line in NAMES.read_text(encoding="utf-8").splitlines()[1:]:
        name, libraries = line.split("\t")
        known = rules.find(name)
        if known is None or known.kind != "module":
            found.append(Use(name, int(libraries), *judge(name)))
    return found


def judge(name: str) -> tuple[str, str]:
    """Return the kind of a name, and where it leads or why nowhere."""
    rule = rules.rule(name)
    if rule is None:
        return HOME, "public"
    if name.endswith(".NoDependency"):
        return HOME, "tfcompat.untrack, for `owner.name = NoDependency(value)`"
    if serves(rule):
        return HOME, str(rule.target)
    # The table has no column for the package of estimators, which was there up to 2.15.
    estimator = "estimator" in name
    if not rule.available and not rule.target and not estimator:
        return DEAD, rule.reason
    known = rules.find(name)
    scopes = [rule.available, *(twin.releases for twin in known.twins)] if known else []
    narrow = [rules.rule(name, scope) for scope in scopes if scope]
    for other in narrow:
        if other is None or serves(other):
            return WHERE, name if other is None else str(other.target)
    for other in (rule, *narrow):
        if other is not None and other.target:
            return UNSTABLE, other.target
    return GONE, rule.reason


def serves(rule: rules.Rule) -> bool:
    return bool(rule.target) and not str(rule.target).startswith("tfcompat.unstable.")


def shares(found: list[Use]) -> dict[str, float]:
    """Return the share of each kind, weighted by libraries."""
    weights: collections.Counter[str] = collections.Counter()
    for use in found:
        weights[use.kind] += use.libraries
    return {kind: weights[kind] / sum(weights.values()) for kind in KINDS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rest", action="store_true", help="list what has no home")
    arguments = parser.parse_args()
    found = uses()
    for kind, share in shares(found).items():
        print(f"{share:6.1%}  {kind}")
    if arguments.rest:
        for kind in (UNSTABLE, GONE, DEAD):
            print(f"\n{kind}:")
            for use in found:
                if use.kind == kind:
                    text = f"{use.libraries:3} {use.name}: {use.reason}"
                    print(textwrap.fill(text, 99, subsequent_indent="    "))


if __name__ == "__main__":
    main()
