"""Read the results that the environments have left, and put them in order."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

OUTCOMES = ("passed", "failed", "error", "skipped")


@dataclasses.dataclass
class Merged:
    """The results of all environments.

    Attributes:
        environments: the document of each, by TensorFlow, then Keras; see `Results`.
        unreadable: what could not be read, each in a sentence.
    """

    environments: list[dict[str, Any]]
    unreadable: list[str]

    @property
    def names(self) -> list[str]:
        """The names of the environments in their order."""
        return [one["environment"] for one in self.environments]

    def tests(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return the result by test, then by environment; tests in the order of their files."""
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for one in self.environments:
            for test in one["tests"]:
                found.setdefault(test["id"], {})[one["environment"]] = test
        # One file after the other, and in each the order in which the tests stand and run.
        return {name: found[name] for name in sorted(found, key=lambda name: name.split("::")[0])}

    def states(self) -> dict[str, dict[tuple[str, str], dict[str, Any]]]:
        """Return the pairs of each state, by writer and reader."""
        found: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
        for one in self.environments:
            for test in one["tests"]:
                for pair in test["pairs"]:
                    pairs = found.setdefault(pair["state"], {})
                    pairs[pair["writer"], pair["reader"]] = pair
        return dict(sorted(found.items()))

    def in_order(self, names: set[str]) -> list[str]:
        """Sort names of environments; those that have left states alone come last."""
        return [name for name in self.names if name in names] + sorted(names.difference(self.names))


def counts(document: dict[str, Any]) -> dict[str, int]:
    """Return how many tests of an environment had each outcome."""
    found = dict.fromkeys(OUTCOMES, 0)
    for test in document["tests"]:
        found[test["outcome"]] += 1
    return found


def merge(path: Path, version: int) -> Merged:
    """Read `name.<environment>.json` beside `name.html`.

    Args:
        path: of the page.
        version: the format of the documents that can be read.
    """
    documents, unreadable = [], []
    start = f"{path.stem}."
    for one in sorted(path.parent.glob("*.json")):
        if not one.name.startswith(start):
            continue
        name = one.name[len(start) : -len(".json")]
        try:
            document = json.loads(one.read_bytes())
            if document["environment"] != name:
                continue  # `report.more.py39.json` belongs to `report.more.html`
            if document["format"] != version:
                unreadable.append(f"{one.name} has another format than this tfcompat writes")
                continue
            _require(document)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            unreadable.append(f"{one.name} is no result of an environment: {error!r}")
        else:
            documents.append(document)
    return Merged(sorted(documents, key=_order), unreadable)


def _require(document: dict[str, Any]) -> None:
    """Raise where something that is shown is not there."""
    for key in ("description", "tensorflow", "keras", "legacy_keras", "started"):
        document[key]
    float(document["seconds"])
    int(document["exit_status"])
    for test in document["tests"]:
        if test["outcome"] not in OUTCOMES:
            raise ValueError(f"there is no outcome {test['outcome']!r}")
        float(test["seconds"])
        for text in (test["id"], test["message"], test["details"]):
            text.partition("::")
        for pair in test["pairs"]:
            for key in ("state", "writer", "reader", "ok", "cause", "note"):
                pair[key]


def _order(document: dict[str, Any]) -> tuple[Any, ...]:
    versions = [_version(document[key]) for key in ("tensorflow", "keras")]
    return (bool(document["legacy_keras"]), *versions, document["environment"])


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        return Version("0")
