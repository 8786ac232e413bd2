"""What a package index has that `releases.json` lacks: `tfcompat matrix --refresh`.

Proposes rows and changes no file. A proposed row has not been tried: that a wheel exists does not
say with which pins it can be imported.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from tfcompat.errors import TfcompatError
from tfcompat.matrix import data

PYPI = "https://pypi.org/simple/"

# Old releases have wheels for Pythons that ended before tfcompat began; those are no news.
_OLDEST = Version("3.9")
_TIMEOUT = 20.0


class IndexUnavailableError(TfcompatError, OSError):
    """The package index cannot be asked."""


@dataclasses.dataclass(frozen=True)
class Proposal:
    """What the index has and the data lacks.

    Attributes:
        index: Its address, without a password.
        rows: Rows of `releases` to add or to put in the place of those of the same release and
            flavour.
        notes: What to look at that is no row: Pythons, Keras and tf-keras.
        commands: What tries the rows.
    """

    index: str
    rows: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]
    commands: tuple[str, ...]


def index_url(environment: Mapping[str, str] | None = None) -> str:
    """Return the package index that pip or uv is configured to use, PyPI by default."""
    environment = os.environ if environment is None else environment
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        value = environment.get(name, "").strip()
        if value:
            # uv lets an index have a name: name=https://...
            return value.partition("=")[2] if "=" in value.split("://")[0] else value
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
            env=dict(environment),
        )
    except (OSError, subprocess.TimeoutExpired):
        return PYPI
    return answer.stdout.strip() or PYPI if answer.returncode == 0 else PYPI


def refresh(index: str | None = None) -> Proposal:
    """Compare the data with a package index.

    Args:
        index: Its address; that of `index_url` by default.

    Raises:
        IndexUnavailableError: The index cannot be reached or does not answer as one, or
            pypi-simple is not installed.
    """
    index = index or index_url()
    found = {
        package: _wheels(index, package)
        for package in ("tensorflow", "tensorflow-cpu", "keras", "tf-keras")
    }
    document = data.document()
    rows: list[dict[str, Any]] = []
    newest = max(Version(row["tensorflow"]) for row in document["releases"])
    for row in document["releases"]:
        changed = _extended(row, found)
        if changed is not None:
            rows.append(changed)
    for release in _new_releases(found, newest):
        for keras in ("3", "legacy"):
            model = [row for row in document["releases"] if row["keras"] == keras][-1]
            new = _new(model, release, found)
            if new is not None:
                rows.append(new)
    return Proposal(_without_password(index), tuple(rows), _notes(found, rows), _commands(rows))


def text(proposal: Proposal) -> str:
    """Return the proposal as text: the rows as JSON, ready to paste, and what tries them."""
    lines = [f"Looked at {proposal.index}."]
    if not proposal.rows and not proposal.notes:
        return "\n".join([*lines, "It has nothing that the data lacks."])
    lines += proposal.notes
    if proposal.rows:
        lines += [
            "These rows are proposed for releases.json. They have NOT been tried: a wheel that "
            "exists need not work with these pins.",
            ",\n".join(json.dumps(row, indent=2) for row in proposal.rows),
            "To try them:",
            *(f"  {command}" for command in proposal.commands),
        ]
    return "\n".join(lines)


# Version -> Python -> platforms.
Wheels = dict[Version, "dict[str, set[str]]"]


def _wheels(index: str, package: str) -> Wheels:
    try:
        import pypi_simple
        import requests  # which pypi-simple brings
    except ModuleNotFoundError:
        raise IndexUnavailableError(
            "The package index is asked with pypi-simple, which is not installed: "
            "pip install tfcompat[matrix]"
        ) from None
    # An index may not have a package, which is no failure: a mirror of one's own.
    try:
        with pypi_simple.PyPISimple(index) as client:
            page = client.get_project_page(package, timeout=_TIMEOUT)
    except pypi_simple.NoSuchProjectError:
        if package == "tensorflow":
            raise IndexUnavailableError(
                f"The package index {_without_password(index)} has no {package}."
            ) from None
        return {}
    except (requests.RequestException, pypi_simple.UnsupportedContentTypeError, ValueError) as e:
        # The message may hold the address, and the address a password.
        raise IndexUnavailableError(
            f"The package index {_without_password(index)} cannot be asked: {type(e).__name__}."
        ) from None
    found: Wheels = {}
    for distribution in page.packages:
        if distribution.package_type != "wheel" or distribution.is_yanked:
            continue
        try:
            _, version, _, tags = parse_wheel_filename(distribution.filename)
        except InvalidWheelFilename:
            continue
        if version.is_prerelease:
            continue
        pythons = found.setdefault(version, {})
        for tag in tags:
            if tag.interpreter.startswith("cp3") and len(tag.interpreter) > 3:
                python = f"3.{tag.interpreter[3:]}"
                platform = _platform(tag.platform)
                if platform is not None and Version(python) >= _OLDEST:
                    pythons.setdefault(python, set()).add(platform)
    if package == "tensorflow" and not found:
        raise IndexUnavailableError(
            f"The package index {_without_password(index)} has no wheels of {package}."
        )
    return found


def _platform(tag: str) -> str | None:
    if tag.endswith("_x86_64") and "linux" in tag:
        return "linux"
    if tag == "win_amd64":
        return "windows"
    if tag.startswith("macosx"):
        return "macos-arm64" if tag.endswith("arm64") else "macos"
    return None


def _extended(row: Mapping[str, Any], found: Mapping[str, Wheels]) -> dict[str, Any] | None:
    """Return a row with the patch releases and Pythons that it lacks; None when it lacks none."""
    changed: dict[str, Any] = json.loads(json.dumps(row))
    for wheel in changed["wheels"]:
        wheels = found.get(wheel["package"], {})
        fitting = {v: p for v, p in wheels.items() if _minor(v) == row["tensorflow"]}
        for version in sorted(fitting):
            there = _pythons(fitting[version], wheel["platforms"])
            if there and str(version) not in wheel["versions"]:
                wheel["versions"].append(str(version))
        # A Python counts when all the platforms of the row have it in the newest patch release.
        if fitting:
            newest = _pythons(fitting[max(fitting)], wheel["platforms"])
            wheel["pythons"] += [p for p in newest if p not in wheel["pythons"]]
    return changed if changed != row else None


def _new_releases(found: Mapping[str, Wheels], newest: Version) -> Iterable[str]:
    minors = {_minor(v) for v in found["tensorflow"]}
    return sorted((m for m in minors if Version(m) > newest), key=Version)


def _new(
    model: Mapping[str, Any], release: str, found: Mapping[str, Wheels]
) -> dict[str, Any] | None:
    wheels = []
    for wheel in model["wheels"]:
        fitting = {v: p for v, p in found[wheel["package"]].items() if _minor(v) == release}
        if not fitting:
            continue
        pythons = _pythons(fitting[max(fitting)], wheel["platforms"])
        if pythons:
            wheels.append(
                {
                    "platforms": wheel["platforms"],
                    "package": wheel["package"],
                    "versions": [str(v) for v in sorted(fitting)],
                    "pythons": pythons,
                }
            )
    requirements = list(model["requirements"])
    if model["keras"] == "legacy":
        fitting_keras = [v for v in found["tf-keras"] if _minor(v) == release]
        if not fitting_keras:
            return None
        requirements = [f"tf-keras=={max(fitting_keras)}"]
    if not wheels:
        return None
    return {
        "tensorflow": release,
        "keras": model["keras"],
        "wheels": wheels,
        "requirements": requirements,
        "variables": dict(model["variables"]),
        "tested": {},
    }


def _pythons(wheels: Mapping[str, set[str]], platforms: Iterable[str]) -> list[str]:
    return sorted((p for p, there in wheels.items() if there >= set(platforms)), key=Version)


def _notes(found: Mapping[str, Wheels], rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    document = data.document()
    notes = []
    pythons = {p for row in rows for wheel in row["wheels"] for p in wheel["pythons"]}
    for python in sorted(pythons - set(document["pythons"]), key=Version):
        notes.append(f'Python {python} is new: "pythons" needs the day on which it ends.')
    for package, keras in (("keras", "3"), ("tf-keras", "legacy")):
        pinned = [
            Version(text.partition(";")[0].partition("==")[2])
            for row in document["releases"]
            if row["keras"] == keras
            for text in row["requirements"]
            if text.startswith(f"{package}==")
        ]
        newest = max(found[package], default=None)
        if newest is not None and newest > max(pinned):
            notes.append(f"{package} {newest} is newer than {max(pinned)}, the newest pinned one.")
    return tuple(notes)


def _commands(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return a command for each row that installs it with the newest Python and imports it."""
    commands = []
    for row in rows:
        wheel = row["wheels"][0]
        python, version = wheel["pythons"][-1], wheel["versions"][-1]
        requirements = [
            *data._for_python(row["requirements"], python),
        ]
        arguments = " ".join(f"--with '{text}'" for text in requirements)
        variables = "".join(f"{name}={value} " for name, value in row["variables"].items())
        commands.append(
            f"{variables}uv run --isolated --no-project --python {python} "
            f"--with '{wheel['package']}=={version}' {arguments} "
            'python -c "import tensorflow; print(tensorflow.keras.layers.Dense(1))"'
        )
    return tuple(commands)


def _minor(version: Version) -> str:
    return f"{version.major}.{version.minor}"


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
