"""What can be installed together: `releases.json`, read and spelled out.

Needs no TensorFlow. The file is the only place that knows wheels and pins: the project's own
`tox.ini` is generated from it.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import json
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

from packaging.requirements import Requirement
from packaging.version import Version

PLATFORMS = ("linux", "macos", "macos-arm64", "windows")

# The flavours of Keras that `tf.keras` can be: Keras 2 inside or beside TensorFlow, the tf_keras
# package with TF_USE_LEGACY_KERAS=1, and Keras 3.
KERAS = ("2", "legacy", "3")


@dataclasses.dataclass(frozen=True)
class Combination:
    """One environment: a Python, a release of TensorFlow, a flavour of Keras and its pins.

    Attributes:
        python: The Python version, such as "3.10".
        release: The minor release of TensorFlow, such as "2.10"; "nightly" for the builds of the
            day.
        version: The version of TensorFlow, such as "2.10.1"; "" for nightly.
        keras: "2", "legacy" or "3".
        era: The index of its era in `eras()`.
        requirements: What to install, TensorFlow first, without environment markers.
        variables: Environment variables that must be set.
        newest: Whether no newer patch release of the minor release is there.
    """

    python: str
    release: str
    version: str
    keras: str
    era: int
    requirements: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]
    newest: bool

    @property
    def nightly(self) -> bool:
        """Whether it is the build of the day, which may fail."""
        return self.release == "nightly"

    @property
    def factor(self) -> str:
        """The release as a factor of tox, such as "tf2.10", "tf2.11.0" or "nightly"."""
        if self.nightly:
            return "nightly"
        return f"tf{self.release if self.newest else self.version}"

    @property
    def name(self) -> str:
        """The environment's name, such as "py310-tf2.21-legacy"."""
        legacy = "-legacy" if self.keras == "legacy" else ""
        return f"py{self.python.replace('.', '')}-{self.factor}{legacy}"


@dataclasses.dataclass(frozen=True)
class Era:
    """The releases between which optimizers and Keras did not change shape."""

    name: str
    keras: str
    first: str
    last: str | None

    def covers(self, release: str, keras: str) -> bool:
        """Return whether a minor release with a flavour of Keras belongs to it."""
        if keras != self.keras:
            return False
        if release == "nightly":
            return self.last is None
        version = Version(release)
        return Version(self.first) <= version and (
            self.last is None or version <= Version(self.last)
        )


@functools.cache
def document() -> Mapping[str, Any]:
    """Return `releases.json` as it is."""
    path = pathlib.Path(__file__).with_name("releases.json")
    loaded: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@functools.cache
def eras() -> tuple[Era, ...]:
    """Return the eras, in the order of their releases."""
    return tuple(Era(**era) for era in document()["eras"])


def pythons() -> dict[str, datetime.date]:
    """Return the Python versions that have wheels, with the day on which each ends."""
    return {
        python: datetime.date.fromisoformat(facts["end_of_life"])
        for python, facts in document()["pythons"].items()
    }


def combinations(platform: str = "linux") -> list[Combination]:
    """Return all combinations that have wheels for a platform, nightly last.

    The oldest release comes first; within a release the oldest Python.
    """
    found = [
        _combination(row, wheel["package"], version, python, wheel["versions"])
        for row in document()["releases"]
        for wheel in row["wheels"]
        if platform in wheel["platforms"]
        for version in wheel["versions"]
        for python in wheel["pythons"]
    ]
    nightly = document()["nightly"]
    if platform in nightly["platforms"]:
        found += [_nightly(nightly, python) for python in nightly["pythons"]]
    return found


def own() -> list[Combination]:
    """Return the combinations that tfcompat's own tests run on, on Linux."""
    nightly = document()["nightly"]
    wanted = {("", nightly["keras"], python) for python in nightly["tested"]}
    wanted |= {
        (version, row["keras"], python)
        for row in document()["releases"]
        for version, versions in row["tested"].items()
        for python in versions
    }
    return [c for c in combinations() if (c.version, c.keras, c.python) in wanted]


def _combination(
    row: Mapping[str, Any], package: str, version: str, python: str, versions: list[str]
) -> Combination:
    listed = row.get("requirements_of", {}).get(version, row["requirements"])
    return Combination(
        python=python,
        release=row["tensorflow"],
        version=version,
        keras=row["keras"],
        era=_era(row["tensorflow"], row["keras"]),
        requirements=(f"{package}=={version}", *_for_python(listed, python)),
        variables=tuple(row["variables"].items()),
        newest=version == versions[-1],
    )


def _nightly(row: Mapping[str, Any], python: str) -> Combination:
    return Combination(
        python=python,
        release="nightly",
        version="",
        keras=row["keras"],
        era=_era("nightly", row["keras"]),
        requirements=tuple(_for_python(row["requirements"], python)),
        variables=tuple(row["variables"].items()),
        newest=True,
    )


def _era(release: str, keras: str) -> int:
    return next(i for i, era in enumerate(eras()) if era.covers(release, keras))


def _for_python(requirements: Iterable[str], python: str) -> Iterable[str]:
    """Evaluate the markers of requirements, which may only ask for the Python version."""
    for text in requirements:
        requirement = Requirement(text)
        marker, requirement.marker = requirement.marker, None
        if marker is None or marker.evaluate({"python_version": python}):
            yield str(requirement)
