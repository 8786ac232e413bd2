"""Merge what `dump.py` wrote in each environment into `tfcompat/rules/names.txt`.

    python tools/rules/merge.py DUMP.json...

`generate.py` does both. Prints how many private names lead to a public one.
"""

from __future__ import annotations

import collections
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tfcompat.rules import _table

TARGET = Path(__file__).resolve().parents[2] / "tfcompat" / "rules" / "names.txt"

_KINDS = {kind: letter for letter, kind in _table.KINDS.items()}
# What the packages hold in which the public API is generated.
_GENERATED = {
    "tensorflow._api.v2": "tensorflow",
    "keras.api._v2.keras": "tensorflow.keras",
    "keras.api._v1.keras": "tensorflow.compat.v1.keras",
    "tf_keras.api._v2.keras": "tf_keras",
    "tf_keras.api._v1.keras": "tf_keras",
}
_MOST_TWINS = 5
_MOST_ORIGINS = 4
# Public, but TensorFlow's documentation calls these by their Keras name.
_OTHER_NAMES_OF_KERAS = re.compile(r"tensorflow\.(initializers|losses|metrics|optimizers)\.")

# What is otherwise in each process or environment: what a loop over a set left behind, and
# packages that are None where they are not installed.
_BY_CHANCE = {
    "tensorflow.python.ops.weak_tensor_ops.tensor_oper",
    "tensorflow.python.keras.engine.training.yaml",
    "tensorflow.python.keras.saving.model_config.yaml",
}


class Columns:
    """The columns, oldest first: releases, nightly, releases with legacy Keras."""

    def __init__(self, dumps: Iterable[dict[str, Any]]) -> None:
        versions = {}
        for dump in dumps:
            versions[self.label(dump)] = self._version(dump)
        order = sorted(versions, key=lambda label: ("legacy" in label, versions[label]))
        self.labels = tuple(order)
        self.head = " ".join(
            f"{label}={versions[label][0]}.{versions[label][1]}" if label == "nightly" else label
            for label in order
        )
        self.bits = {label: 1 << number for number, label in enumerate(order)}
        self.all = (1 << len(order)) - 1

    @staticmethod
    def _version(dump: dict[str, Any]) -> tuple[int, int]:
        major, minor = re.findall(r"\d+", dump["tensorflow"])[:2]
        return int(major), int(minor)

    @classmethod
    def label(cls, dump: dict[str, Any]) -> str:
        """Return the column of a dump."""
        if "dev" in dump["tensorflow"]:
            return "nightly"
        major, minor = cls._version(dump)
        return f"{major}.{minor}" + ("-legacy" if dump["legacy"] else "")

    def write(self, mask: int) -> str:
        """Write a mask as labels, and ranges between columns."""
        parts = []
        low = None
        for number in range(len(self.labels) + 1):
            inside = mask >> number & 1
            if inside and low is None:
                low = number
            elif not inside and low is not None:
                first, last = self.labels[low], self.labels[number - 1]
                parts.append(first if first == last else f"{first}..{last}")
                low = None
        return ",".join(parts)


class Entry:
    """One name over all releases."""

    def __init__(self) -> None:
        self.kind = ""
        self.releases = 0
        self.raises = 0
        # Releases, in one environment of which at least it is missing or another object.
        self.missing = 0
        self.same: dict[str, int] = collections.defaultdict(int)
        self.different: dict[str, int] = collections.defaultdict(int)
        self.origins: dict[str, None] = {}
        self.parameters: list[str] | None = None
        self.chosen: list[tuple[str, int]] = []

    def twins(self) -> dict[str, int]:
        """Return each public name with the releases in which it is the same object."""
        found = {name: mask & ~self.different[name] for name, mask in self.same.items()}
        return {name: mask for name, mask in found.items() if mask}


class Table:
    """All names: public ones by path, private ones by module and leaf."""

    def __init__(self, dumps: list[dict[str, Any]]) -> None:
        self.columns = Columns(dumps)
        self.public: dict[str, Entry] = collections.defaultdict(Entry)
        self.private: dict[str, Entry] = collections.defaultdict(Entry)
        self.modules: dict[str, Entry] = collections.defaultdict(Entry)
        self.public_modules: set[str] = set()
        self.read: set[str] = set()
        self.aliases: dict[str, dict[str, str]] = collections.defaultdict(dict)
        for dump in sorted(dumps, key=lambda dump: self.columns.bits[Columns.label(dump)]):
            self._add(dump)
        for name in self.public_modules & self.public.keys():
            # A module that raises when it is touched does not look like one.
            entry = self.public.pop(name)
            self.modules[name].releases |= entry.releases
            self.modules[name].raises |= entry.raises
        for entry in self.public.values():
            entry.releases &= ~entry.missing
        self._add_parents()
        self.packages = {
            package: self.modules[package].releases if package in self.modules else 0
            for package in ("tensorflow", "keras", "tf_keras")
        }

    def _add(self, dump: dict[str, Any]) -> None:
        bit = self.columns.bits[Columns.label(dump)]
        public, private, failed = _select(dump)
        for package in {name.partition(".")[0] for name in public}:
            public[package] = {"kind": "module"}
        groups: dict[int, list[str]] = collections.defaultdict(list)
        for name, found in public.items():
            if "same" in found and not found.get("raises") and not _table.is_private_path(name):
                groups[found["same"]].append(name)
        self._add_public(public, bit, groups)
        for module, contents in private.items():
            self.modules[module].releases |= bit
            self.read.add(module)
            self.aliases[module].update(contents["modules"])
            for leaf, found in contents["names"].items():
                if f"{module}.{leaf}" in _BY_CHANCE:
                    continue
                # Not the machinery of generated modules, nor what pybind registers oddly.
                generated = ".gen_" in module or module.endswith("_pb2")
                if leaf.isidentifier() and not (leaf.startswith("_") and generated):
                    twins = list(groups[found["same"]]) if "same" in found else []
                    raw = _raw_op(f"{module}.{leaf}", found)
                    if raw in public:
                        twins.append(raw)
                    self._add_private(f"{module}.{leaf}", found, bit, twins)
        for name in dump["generated"]:
            if name.partition(".")[0] in public:
                package, _, last = name.rpartition(".")
                self.modules[package].releases |= bit
                self.read.add(package)
                self.aliases[package][last] = _GENERATED[name]
        for module in failed:
            self.modules[module].releases |= bit

    def _add_public(
        self, public: dict[str, Any], bit: int, groups: Mapping[int, list[str]]
    ) -> None:
        before = {name for name, entry in self.public.items() if entry.releases & bit}
        for name, found in public.items():
            private = _table.is_private_path(name)
            if found["kind"] == "module":
                if not private:
                    self.public_modules.add(name)
                self.read.add(name)
                entry = self.modules[name]
            else:
                entry = (self.private if private else self.public)[name]
                if "same" in found:
                    twins = [twin for twin in groups[found["same"]] if twin != name]
                    self._twins(entry, bit, twins)
            entry.releases |= bit
            entry.kind = found["kind"]
            if "raises" in found:
                entry.raises |= bit
            if "parameters" in found and name.startswith("tensorflow.raw_ops."):
                entry.parameters = _common(entry.parameters, found["parameters"])
            if before and name not in before:
                entry.missing |= bit
        for name in before - public.keys():
            self.public[name].missing |= bit

    def _add_private(self, name: str, found: dict[str, Any], bit: int, twins: list[str]) -> None:
        entry = self.private[name]
        self._twins(entry, bit, twins)
        entry.releases |= bit
        entry.kind = found["kind"]
        if "origin" in found:
            # The newest first.
            entry.origins = {found["origin"]: None, **entry.origins}

    @staticmethod
    def _twins(entry: Entry, bit: int, found: list[str]) -> None:
        """Note the public names of an object, unless another environment says otherwise."""
        if entry.releases & bit:
            for twin in {*entry.same, *found}:
                if bool(entry.same[twin] & bit) != (twin in found):
                    entry.different[twin] |= bit
        for twin in found:
            entry.same[twin] |= bit

    def _add_parents(self) -> None:
        for name in list(self.modules):
            parent = name.rpartition(".")[0]
            while parent:
                self.modules[parent].releases |= self.modules[name].releases
                self.read.add(parent)
                parent = parent.rpartition(".")[0]

    def usable(self, public: str) -> int:
        """Return the releases in which a public name exists and does not raise."""
        entry = self.public[public]
        return entry.releases & ~entry.raises

    def choose(self, entry: Entry, own: str) -> list[tuple[str, int]]:
        """Choose the public names worth keeping: one that always serves, or the few best."""
        twins = {name: mask & entry.releases for name, mask in entry.twins().items() if name != own}
        base = entry.releases & ~entry.raises
        package = own.partition(".")[0]
        # Code that has imported one package cannot count on another.
        twins = {
            name: mask & self.usable(name)
            for name, mask in twins.items()
            if mask & self.usable(name) and name.partition(".")[0] in ("tensorflow", package)
        }

        def rank(name: str) -> tuple[int, int, int, bool, str]:
            # Of MSE, mse the second.
            capital = name.rpartition(".")[2].isupper()
            return _tier(name, package), name.count("."), len(name), capital, name

        def scope(name: str) -> int:
            return self.packages[name.partition(".")[0]]

        always = [
            name
            for name, mask in twins.items()
            if not base & ~mask and self.usable(name) == scope(name)
        ]
        if always:
            best = min(always, key=rank)
            return [(best, twins[best])]
        kept: list[str] = []
        for name in sorted(twins, key=rank):
            if not any(
                twins[other] & twins[name] == twins[name]
                and self.usable(other) & self.usable(name) == self.usable(name)
                for other in kept
            ):
                kept.append(name)
        kept.sort(key=lambda name: (-bin(twins[name]).count("1"), rank(name)))
        return [(name, twins[name]) for name in kept[:_MOST_TWINS]]

    def lines(self) -> Iterator[str]:
        """Write the table."""
        usual = self._usual()
        yield "# Generated by `python tools/rules/generate.py`. Do not edit."
        yield "# tfcompat/rules/_table.py tells how to read it."
        yield f"# columns: {self.columns.head}"
        yield "# modules: " + " ".join(f"{alias}={usual[alias]}" for alias in sorted(usual))
        leaves: dict[str, dict[str, str]] = collections.defaultdict(dict)
        taken_over: dict[str, dict[str, list[str]]] = collections.defaultdict(
            lambda: collections.defaultdict(list)
        )
        self._choose_all()
        for name, entry in (*self.public.items(), *self.private.items()):
            module, _, leaf = name.rpartition(".")
            if entry.releases and (self.public.get(name) in (None, entry)):
                origin = self._taken_over(name, entry)
                if origin:
                    taken_over[module][origin.rpartition(".")[0]].append(leaf)
                else:
                    leaves[module][leaf] = self._leaf(name, entry)
        for module in sorted(self.modules):
            entry = self.modules[module]
            access = "public" if module in self.public_modules else "private"
            head = [module, access, self.columns.write(entry.releases)]
            if entry.raises:
                head += ["", self.columns.write(entry.raises)]
            elif access == "private" and module not in self.read:
                head.append("unread")
            yield f"[{'|'.join(head)}]"
            words = [
                alias if usual.get(alias) == target else f"{alias}={_table.shorten(target)}"
                for alias, target in sorted(self._aliases(module))
            ]
            if words:
                yield ">" + " ".join(words)
            for origin in sorted(taken_over[module]):
                words = [_table.shorten(f"{origin}."), *sorted(taken_over[module][origin])]
                yield "<" + " ".join(words)
            for leaf in sorted(leaves[module]):
                yield leaves[module][leaf]

    def _choose_all(self) -> None:
        for name, entry in self.public.items():
            scope = self.packages[name.partition(".")[0]]
            if entry.releases & ~entry.raises != scope:
                entry.chosen = self.choose(entry, name)
        for name, entry in self.private.items():
            entry.chosen = self.choose(entry, name)

    def _taken_over(self, name: str, entry: Entry) -> str | None:
        """Return the origin of a name that is there exactly what it is at its origin."""
        module, _, leaf = name.rpartition(".")
        origin = next(iter(entry.origins), "")
        there = self.private.get(origin)
        if (
            there is None
            or module in self.public_modules
            or origin.rpartition(".")[2] != leaf
            or len(entry.origins) > 1
            or entry.raises
            or there.raises
            or there.kind != entry.kind
            or there.releases & self.modules[module].releases != entry.releases
        ):
            return None
        twins = [(twin, mask & entry.releases) for twin, mask in there.chosen]
        return origin if [pair for pair in twins if pair[1]] == entry.chosen else None

    def _leaf(self, name: str, entry: Entry) -> str:
        module, _, leaf = name.rpartition(".")
        # What some release has as a private name is public where another has it as one.
        is_private = entry is self.private.get(name)
        flag = "!" if is_private and module in self.public_modules else ""
        origins = [origin for origin in entry.origins if origin != name]
        fields = [
            leaf,
            _KINDS[entry.kind] + flag,
            ""
            if entry.releases == self.modules[module].releases
            else self.columns.write(entry.releases),
            self.columns.write(entry.raises),
            " ".join(
                _shorten(twin, leaf)
                + ("" if mask == entry.releases else f"@{self.columns.write(mask)}")
                for twin, mask in entry.chosen
            ),
            " ".join(_shorten(origin, leaf) for origin in origins[:_MOST_ORIGINS]),
            " ".join(entry.parameters or []),
        ]
        return "\t".join(fields).rstrip("\t")

    def _aliases(self, module: str) -> Iterator[tuple[str, str]]:
        for alias, target in self.aliases[module].items():
            name = f"{module}.{alias}"
            if target in self.modules and name not in self.modules and name not in self.private:
                yield alias, target
        if module == "tensorflow.compat":
            yield "v2", "tensorflow"

    def _usual(self) -> dict[str, str]:
        counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        for module in self.modules:
            for alias, target in self._aliases(module):
                counts[alias][target] += 1
        return {
            alias: targets.most_common(1)[0][0]
            for alias, targets in counts.items()
            if targets.most_common(1)[0][1] > 1
        }

    def figures(self) -> str:
        """Say how many private names have a public one."""
        count: collections.Counter[tuple[str, str]] = collections.Counter()
        for name, entry in self.private.items():
            if "__internal__" in name:
                continue
            leaf = name.rpartition(".")[2]
            kind = "underscore" if leaf.startswith("_") else "plain"
            chosen = entry.chosen
            always = [
                twin
                for twin, mask in chosen
                if mask == entry.releases
                and self.usable(twin) == self.packages[twin.partition(".")[0]]
            ]
            if always:
                raw = all(twin.startswith("tensorflow.raw_ops") for twin in always)
                count[kind, "always, as raw op" if raw else "always"] += 1
            else:
                count[kind, "in some releases" if chosen else "never"] += 1
        rows = [f"  {kind} names, {what}: {n}" for (kind, what), n in sorted(count.items())]
        partial = sum(
            entry.releases & ~entry.raises != self.packages[name.partition(".")[0]]
            for name, entry in self.public.items()
        )
        return "\n".join(
            [
                f"{len(self.private)} private names in {len(self.modules)} modules; "
                "with a public name of the same object:",
                *rows,
                f"{len(self.public)} public names, {partial} of them not in every release",
            ]
        )


def _raw_op(name: str, found: dict[str, Any]) -> str:
    """Return the function of tf.raw_ops that a private name would be."""
    module, _, leaf = found.get("origin", name).rpartition(".")
    # The generated modules hold the functions of tf.raw_ops themselves as well.
    itself = leaf if ".gen_" in module and leaf == name.rpartition(".")[2] else ""
    return f"tensorflow.raw_ops.{found.get('raw', itself)}"


def _is_of(name: str, legacy: bool) -> bool:
    """Tell whether a name is of TensorFlow, or of the Keras that tf.keras is."""
    return name.partition(".")[0] != ("keras" if legacy else "tf_keras")


def _select(
    dump: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Leave out the Keras that tf.keras is not, and set apart what is public in 2.6 to 2.12."""

    def wanted(name: str, table: str) -> bool:
        if table != "public" and name.partition(".")[0] == "tensorflow":
            return _table.is_private_path(name)
        return _is_of(name, dump["legacy"])

    public, private, failed = (
        {name: found for name, found in dump[table].items() if wanted(name, table)}
        for table in ("public", "private", "failed")
    )
    for module in list(private):
        if module.split(".")[0] != "keras" or module.startswith("keras.src"):
            continue
        api = f"tensorflow.{module}"
        if dump["public"].get(api, {}).get("kind") != "module":
            continue
        names = private[module]["names"]
        public[module] = {"kind": "module"}
        for leaf in list(names):
            twin = dump["public"].get(f"{api}.{leaf}")
            if twin and "same" in twin and twin["same"] == names[leaf].get("same"):
                public[f"{module}.{leaf}"] = {**twin}
                del names[leaf]
            elif twin and twin["kind"] == names[leaf]["kind"] == "class":
                # `keras.optimizers.Adam` of 2.11 and 2.12 is the optimizer before.
                public[f"{module}.{leaf}"] = {"kind": "class"}
                del names[leaf]
        if not names:
            del private[module]
    return public, private, failed


def _shorten(name: str, leaf: str) -> str:
    """Abbreviate a name, and leave out its last part where that is the leaf's own."""
    short = _table.shorten(name)
    if re.search(rf"[.:]{re.escape(leaf)}$", short):
        return short[: -len(leaf)]
    return short


def _common(known: list[str] | None, found: list[str]) -> list[str]:
    if known is None:
        return found
    length = 0
    while length < min(len(known), len(found)) and known[length] == found[length]:
        length += 1
    return known[:length]


def _tier(name: str, package: str) -> int:
    if package == "tf_keras" and name.startswith("tf_keras."):
        return 0
    if _OTHER_NAMES_OF_KERAS.match(name):
        return 2
    for tier, prefix in (
        (5, "tensorflow.raw_ops."),
        (5, "tensorflow.compat.v1.raw_ops."),
        (4, "tensorflow.compat.v1."),
        (1, "tensorflow."),
    ):
        if name.startswith(prefix):
            return tier
    return 3


def main() -> None:
    dumps = [json.loads(Path(name).read_text()) for name in sys.argv[1:]]
    table = Table(dumps)
    TARGET.write_text("\n".join(table.lines()) + "\n")
    print(table.figures())
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1e6:.2f} MB, {table.columns.head}")


if __name__ == "__main__":
    main()
