"""Compare what a file tests with what can be installed together."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Optional

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tfcompat.matrix import data
from tfcompat.matrix.check import facts
from tfcompat.matrix.check.found import NIGHTLY, TENSORFLOW, Parsed, Tested

# Line, kind, severity or None for that of the kind, message.
Remark = tuple[int, str, Optional[str], str]

_PINNED = ("numpy", "protobuf", "h5py", "keras")

# Packages that ask for none of these.
_APART = (
    r"(pip|setuptools|wheel|build|twine|tox|nox|uv|virtualenv|pytest|coverage|coveralls|codecov|"
    r"flake8|ruff|black|isort|mypy|pylint|pre-commit|tqdm|packaging|flatbuffers|types)(-.*)?$"
)


@dataclasses.dataclass(frozen=True)
class Choice:
    """The release that an environment gets."""

    tested: Tested
    version: str
    release: str
    keras: str

    @property
    def python(self) -> str | None:
        """Its Python; the oldest that is known where the file does not say, to be sure of it."""
        if self.tested.python is not None:
            return self.tested.python
        pythons = [c.python for c in _combinations() if c.version == self.version]
        pythons += facts.old_pythons(self.version, "tensorflow", "linux")
        return pythons[0] if pythons else None


@functools.cache
def _combinations(platform: str = "linux") -> tuple[data.Combination, ...]:
    return tuple(data.combinations(platform))


def judge(parsed: Parsed, today: datetime.date) -> Iterable[Remark]:
    """Yield what is wrong with the environments of a file."""
    choices: list[Choice] = []
    for tested in parsed.tested:
        choice, remarks = _choose(tested)
        yield from remarks
        if choice is not None:
            choices.append(choice)
            if choice.release != "nightly":
                yield from _pins(choice)
    yield from _ended(parsed.tested, choices, today)
    yield from _missing(choices, today)


def _requirements(tested: Tested) -> dict[str, SpecifierSet]:
    """Return the last word on each package."""
    found: dict[str, SpecifierSet] = {}
    for install in tested.installs:
        found.update(_merge(install))
    return found


def _merge(install: Sequence[Requirement]) -> dict[str, SpecifierSet]:
    merged: dict[str, SpecifierSet] = {}
    for requirement in install:
        name = canonicalize_name(requirement.name)
        merged[name] = merged.get(name, SpecifierSet()) & requirement.specifier
    return merged


def _tensorflow(tested: Tested) -> tuple[str, SpecifierSet]:
    """Return the package and the versions of TensorFlow that are asked for."""
    found = _requirements(tested)
    # What names a version says more than what comes along with the project.
    names = [name for name in (*NIGHTLY, *TENSORFLOW) if name in found]
    named = [name for name in names if str(found[name])] or names
    specifier = SpecifierSet()
    for name in named:
        if name in TENSORFLOW:
            specifier &= found[name]
    return named[0], specifier


def _choose(tested: Tested) -> tuple[Choice | None, list[Remark]]:
    package, specifier = _tensorflow(tested)
    python = tested.python
    on = f" on {tested.platform}" if tested.platform != "linux" else ""
    there = _combinations(tested.platform)
    if package in NIGHTLY:
        pythons = [c.python for c in there if c.nightly]
        if pythons and (python is None or python in pythons or _later(python)):
            return Choice(tested, "", "nightly", "3"), []
        message = f"{package} has no wheels{on}"
        if pythons and python in facts.NIGHTLY_ENDED:
            message = (
                f"{package} is not built for Python {python} any more: pip takes "
                f"{facts.NIGHTLY_ENDED[python]} at best. Take Python {_listed(pythons)}"
            )
            return Choice(tested, "", "nightly", "3"), [(tested.line, "end-of-life", None, message)]
        if pythons:
            message = f"{package} has no wheel for Python {python}{on}: take {_listed(pythons)}"
        return None, [(tested.line, "impossible", None, message)]
    wheels: dict[str, list[str]] = {}
    for c in there:
        if c.nightly or not _has(package, c, tested.platform):
            continue
        if c.python not in wheels.setdefault(c.version, []):
            wheels[c.version].append(c.python)
    # Wheels for Pythons that ended long ago are not in the data.
    exact = [s.version for s in specifier if s.operator == "==" and "*" not in s.version]
    for version in [*facts.OLD_VERSIONS, *exact, *list(wheels)]:
        older = facts.old_pythons(version, package, tested.platform)
        known = wheels.get(version, [])
        if older and (Version(version) < Version("2.5") or known):
            wheels[version] = [*older, *(p for p in known if p not in older)]
        elif Version(version).is_prerelease:
            # A release candidate has the wheels of its release.
            minor = Version(version).release[:2]
            finals = [v for v in wheels if Version(v).release[:2] == minor]
            if finals:
                wheels[version] = wheels[finals[0]]
    admitted = [v for v in sorted(wheels, key=Version) if specifier.contains(v, prereleases=True)]
    fitting = [v for v in admitted if python is None or python in wheels[v]]
    # On Apple silicon the name matters: there is no tensorflow-cpu.
    plain = package == "tensorflow" or (package == "tensorflow-cpu" and "arm" not in on)
    called = "TensorFlow" if plain else package
    name = f"{called} {_named(specifier)}".strip()
    newest = max((c.version for c in there if not c.nightly), key=Version)
    if not admitted:
        if any(s.operator in (">", ">=", "~=") for s in specifier) or any(
            Version(v) > Version(newest) for v in exact
        ):
            message = f"{name} is not among the releases up to {newest} that are known here"
            return None, [(tested.line, "unreadable", None, message)]
        near = [v for v in wheels if any(v.split(".")[:2] == e.split(".")[:2] for e in exact)]
        advice = f": there are {_listed(near)}" if near else ""
        others = [c for c in there if not c.nightly and specifier.contains(c.version)]
        if others:
            advice = f": take {others[-1].requirements[0]}"
        return None, [(tested.line, "impossible", None, f"{name} has no wheels{on}{advice}")]
    coming = f"{Version(newest).major}.{Version(newest).minor + 1}.0"
    if not fitting and python is not None and _later(python) and specifier.contains(coming):
        message = (
            f"{name} has no release for Python {python}{on} that is known here: pip takes what "
            f"came after {newest}, a release candidate too"
        )
        return None, [(tested.line, "unreadable", None, message)]
    if not fitting:
        pythons = sorted({p for v in admitted for p in wheels[v]}, key=Version)
        releases = sorted({v.rsplit(".", 1)[0] for v in wheels if python in wheels[v]}, key=Version)
        has = f"; Python {python} has TensorFlow {_span(releases)}" if releases else ""
        message = (
            f"{name} has no wheel for Python {python}{on}: it has them for {_listed(pythons)}{has}"
        )
        return None, [(tested.line, "impossible", None, message)]
    version = fitting[-1]
    release = ".".join(version.split(".")[:2])
    later = "legacy" if tested.legacy else "3"
    keras = "2" if Version(release) < Version("2.16") else later
    return Choice(tested, version, release, keras), []


def _later(python: str) -> bool:
    """Whether a Python is newer than all that are known."""
    return Version(python) > max(map(Version, data.pythons()))


def _has(package: str, combination: data.Combination, platform: str) -> bool:
    """Whether a package has the wheel that the data has under the name that is best to install."""
    old = Version(combination.version) < Version("2.13")
    if package == "tensorflow-gpu":
        last = facts.GPU.get(platform, "0")
        return Version(combination.version) <= Version(last)
    if package == "tensorflow-cpu" and platform == "macos-arm64":
        return False
    if combination.requirements[0].startswith("tensorflow-macos"):
        return package == "tensorflow-macos"
    if package == "tensorflow-macos":
        return not old and Version(combination.version) < Version("2.17")
    return True


def _named(specifier: SpecifierSet) -> str:
    text = ",".join(sorted(str(s) for s in specifier))
    return text[2:] if text.startswith("==") and "," not in text else text


def _pins(choice: Choice) -> Iterable[Remark]:
    """Follow pip from one command to the next, and say what it ends with that does not work."""
    tested, version = choice.tested, choice.version
    installed: dict[str, Version] = {}
    asked: dict[str, SpecifierSet] = {}
    present = False
    conflicts: set[str] = set()
    python = choice.python
    for install in tested.installs:
        wanted = _merge(install)
        brings = any(name in wanted for name in TENSORFLOW)
        present = present or brings
        for package in _PINNED:
            own = facts.required(version, package) if brings else SpecifierSet()
            needed = brings and (str(own) or package in ("numpy", "protobuf", "h5py"))
            if package not in wanted and not needed:
                continue
            specifier = wanted.get(package, SpecifierSet()) & own
            asked[package] = asked.get(package, SpecifierSet()) & wanted.get(
                package, SpecifierSet()
            )
            if package in installed and specifier.contains(str(installed[package])):
                continue
            candidates = facts.available(package, python, specifier)
            if candidates:
                installed[package] = candidates[-1]
            elif str(wanted.get(package, "")) and facts.available(package, python, wanted[package]):
                conflicts.add(package)
                yield (
                    tested.line,
                    "impossible",
                    None,
                    f"{package}{wanted[package]} does not go with TensorFlow {version}, which "
                    f"asks for {package}{own}: {_advice(choice, package)}",
                )
        yield from _tf_keras(choice, wanted, brings, present)
    yield from _broken(choice, installed, asked, conflicts)
    yield from _legacy(choice)


def _broken(
    choice: Choice,
    installed: Mapping[str, Version],
    asked: Mapping[str, SpecifierSet],
    conflicts: set[str],
) -> Iterable[Remark]:
    version = choice.version
    absent: list[str] = []
    gets: list[str] = []
    for package, chosen in installed.items():
        if package in conflicts:
            continue
        works = facts.working(version, package)
        if package == "keras" and choice.keras == "2":
            works &= facts.required(version, package)
        if works.contains(str(chosen)):
            continue
        pinned = asked.get(package, SpecifierSet())
        if facts.available(package, choice.python, works & pinned):
            absent.append(package)
            gets.append(f"{package} {chosen}")
        else:
            yield (
                choice.tested.line,
                "impossible",
                None,
                f"TensorFlow {version} cannot be used with {package}{pinned}: "
                f"{_advice(choice, package)}",
            )
    if absent:
        pins = [_pin(choice, package) for package in absent]
        others = _others(choice.tested)
        unless = f", unless {others} limits it" if others else ""
        yield (
            choice.tested.line,
            "missing pin",
            "warning" if others else None,
            f"TensorFlow {version} gets {', '.join(gets)} today and fails at import{unless}: add "
            f"{', '.join(pins)}",
        )


def _others(tested: Tested) -> str:
    """Name what is installed as well and may ask for other versions, which is not looked up."""
    known = {*TENSORFLOW, *_PINNED, "tf-keras"}
    names = [
        name for name in _requirements(tested) if name not in known and not re.match(_APART, name)
    ]
    names[3:] = ["another package"] if names[3:] else []
    return " or ".join([*names, *(["the script that installs it"] if tested.named else [])])


def _tf_keras(
    choice: Choice, wanted: Mapping[str, SpecifierSet], brings: bool, present: bool
) -> Iterable[Remark]:
    specifier = wanted.get("tf-keras")
    if specifier is None:
        return
    version, line = choice.version, choice.tested.line
    release = Version(choice.release)
    fitting = [
        v
        for v in facts.available("tf-keras", None, specifier)
        if v.release[:2] == release.release[:2]
    ]
    if release < Version("2.15"):
        if str(specifier) and any(s.version.startswith("2.14.1") for s in specifier):
            return
        if not str(specifier) and brings:
            return
    if not fitting and str(specifier):
        pin = _pin(choice, "tf-keras") if choice.keras == "legacy" else f"tf-keras~={release}.0"
        then = f"take {pin}" if release >= Version("2.15") else "leave it out"
        yield (
            line,
            "impossible",
            None,
            f"tf-keras{specifier} does not go with TensorFlow {version}, since each goes with one "
            f"minor release: {then}",
        )
    elif present and not brings:
        newest = facts.available("tf-keras", None, specifier)[-1]
        if newest.release[:2] != release.release[:2]:
            yield (
                line,
                "missing pin",
                None,
                f"tf-keras is installed after TensorFlow {version} and without a pin: pip takes "
                f"tf-keras {newest}, and TensorFlow {newest.major}.{newest.minor} with it. Take "
                f"tf-keras~={release}.0",
            )


def _legacy(choice: Choice) -> Iterable[Remark]:
    if choice.keras == "legacy" and "tf-keras" not in _requirements(choice.tested):
        yield (
            choice.tested.line,
            "missing pin",
            None,
            "TF_USE_LEGACY_KERAS=1 is set and nothing here installs tf-keras, without which "
            f"tf.keras cannot be imported: add {_pin(choice, 'tf-keras')}",
        )


def _data_pins(choice: Choice) -> dict[str, str]:
    """Return the tested pins of the combination, or of its neighbour with another Python."""
    rows = [c for c in _combinations() if c.release == choice.release and c.keras == choice.keras]
    rows = [c for c in rows if c.version == choice.version] or rows
    rows = [c for c in rows if c.python == choice.tested.python] or rows[-1:]
    found: dict[str, str] = {}
    for row in rows:
        for text in row.requirements[1:]:
            found[canonicalize_name(Requirement(text).name)] = text
    return found


def _pin(choice: Choice, package: str) -> str:
    own = str(facts.working(choice.version, package))
    return _data_pins(choice).get(package) or f"{package}{own}"


def _advice(choice: Choice, package: str) -> str:
    pin = _data_pins(choice).get(package)
    return f"take {pin}" if pin else f"leave the pin of {package} out"


def _ended(
    tested: Sequence[Tested], choices: Sequence[Choice], today: datetime.date
) -> Iterable[Remark]:
    ends = data.pythons()
    oldest = min(ends, key=Version)
    current = [python for python, end in ends.items() if end >= today]
    seen: dict[str, int] = {}
    for one in tested:
        if one.python is not None:
            seen.setdefault(one.python, one.python_line or one.line)
    for python, line in seen.items():
        if Version(python) < Version(oldest) or (python in ends and ends[python] < today):
            since = f" since {ends[python]}" if python in ends else ""
            yield (
                line,
                "end-of-life",
                None,
                f"Python {python} is without security fixes{since}: drop it, or keep it knowingly; "
                f"{_listed(current)} are maintained",
            )
    releases: dict[str, int] = {}
    for choice in choices:
        releases.setdefault(choice.release, choice.tested.line)
    for release, line in releases.items():
        if release == "nightly":
            continue
        pythons = {c.python for c in _combinations() if c.release == release}
        if all(ends[python] < today for python in pythons):
            newest = f"; its newest is {max(pythons, key=Version)}" if pythons else ""
            yield (
                line,
                "end-of-life",
                None,
                f"TensorFlow {release} has wheels only for Pythons without security fixes{newest}: "
                "drop it, or keep it knowingly",
            )


def _missing(choices: Sequence[Choice], today: datetime.date) -> Iterable[Remark]:
    there = [c for c in _combinations() if not c.nightly]
    releases = sorted({c.release for c in there}, key=Version)
    covered = {(c.release, c.keras) for c in choices}
    tested = sorted({c.release for c in choices if c.release in releases}, key=Version)
    if not tested:
        return
    line = max(c.tested.line for c in choices)
    asked_for = set()
    newest = releases[-1]
    if newest not in tested:
        rows = [c for c in there if c.release == newest and c.keras != "legacy"]
        asked_for.add(rows[-1].era)
        yield line, "missing", None, f"nothing tests the newest TensorFlow: add {_row(rows[-1])}"
    for index, era in enumerate(data.eras()):
        inside = [
            release
            for release in releases
            if era.covers(release, era.keras)
            and Version(tested[0]) <= Version(release) <= Version(tested[-1])
        ]
        if (
            not inside
            or index in asked_for
            or any((release, era.keras) in covered for release in inside)
        ):
            continue
        rows = [c for c in there if c.era == index and c.release == inside[-1] and c.newest]
        yield line, "missing", None, f"nothing tests {era.name!r}: add {_row(rows[-1])}"
    yield from _missing_pythons(choices, there, tested, line, today)
    if not any(c.release == "nightly" for c in choices):
        rows = [c for c in _combinations() if c.nightly]
        yield (
            line,
            "missing",
            "hint",
            f"nothing tests the release to come: consider {_row(rows[-1])}, allowed to fail",
        )


def _missing_pythons(
    choices: Sequence[Choice],
    there: Sequence[data.Combination],
    tested: Sequence[str],
    line: int,
    today: datetime.date,
) -> Iterable[Remark]:
    used = {c.tested.python for c in choices if c.tested.python is not None}
    if not used:
        return
    low, high = min(used, key=Version), max(used, key=Version)
    keras = {(c.release, c.keras) for c in choices}
    for python, end in data.pythons().items():
        if python in used or end < today or not Version(low) < Version(python) < Version(high):
            continue
        rows = [
            c for c in there if c.python == python and c.newest and (c.release, c.keras) in keras
        ]
        rows.sort(key=lambda c: (Version(c.version), c.keras != "legacy"))
        if rows:
            yield (
                line,
                "missing",
                None,
                f"nothing tests Python {python}, between {low} and {high}: add {_row(rows[-1])}",
            )


def _row(c: data.Combination) -> str:
    variables = "".join(f", with {name}={value}" for name, value in c.variables)
    return f"{c.name} ({', '.join(c.requirements)}{variables})"


def _listed(values: Sequence[str]) -> str:
    return ", ".join(values)


def _span(releases: Sequence[str]) -> str:
    return releases[0] if len(releases) == 1 else f"{releases[0]} to {releases[-1]}"
