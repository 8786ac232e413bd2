"""What pip chooses beside TensorFlow, and what then fails.

`releases.json` holds the pins that were tested. A pin that is absent is an error only where
pip's own choice does not work, and that depends on what the wheels of TensorFlow ask for: for the
newest patch release of each minor release this is what the metadata of the installed wheel says.
Beside what a release can be imported was tried for 2.5 to 2.14; older releases, and the oldest
Keras 3 beside the newest releases, were tried here and there.
"""

from __future__ import annotations

import functools

from packaging.specifiers import SpecifierSet
from packaging.version import Version

# What the wheels of TensorFlow ask for: versions of TensorFlow, package, versions of the package.
_REQUIRED = (
    (">=2.5,<2.7", "numpy", "~=1.19.2"),
    (">=2.7,<2.8", "numpy", ">=1.14.5"),
    (">=2.8,<2.12", "numpy", ">=1.20"),
    (">=2.12,<2.14", "numpy", ">=1.22,<=1.24.3"),
    (">=2.14,<2.18", "numpy", ">=1.23.5,<2"),
    (">=2.18,<2.19", "numpy", ">=1.26,<2.1"),
    (">=2.19,<2.20", "numpy", ">=1.26,<2.2"),
    (">=2.20", "numpy", ">=1.26"),
    (">=2.5,<2.7", "h5py", "~=3.1.0"),
    (">=2.7,<2.16", "h5py", ">=2.9"),
    (">=2.16,<2.18", "h5py", ">=3.10"),
    (">=2.18,<2.21", "h5py", ">=3.11"),
    (">=2.21", "h5py", ">=3.11,<3.15"),
    # From these patch releases on they know that protobuf 4 came.
    (">=2.6.4,<2.7", "protobuf", ">=3.9.2,<3.20"),
    (">=2.7.2,<2.8", "protobuf", ">=3.9.2,<3.20"),
    (">=2.8.1,<2.9", "protobuf", ">=3.9.2,<3.20"),
    (">=2.9.1,<2.12", "protobuf", ">=3.9.2,<3.20"),
    (">=2.12,<2.18", "protobuf", ">=3.20.3,<5"),
    (">=2.18,<2.20", "protobuf", ">=3.20.3,<6"),
    (">=2.20,<2.21", "protobuf", ">=5.28"),
    (">=2.21", "protobuf", ">=6.31.1,<8"),
    # The first patch releases of 2.6 take any Keras 2.
    (">=2.6,<2.6.2", "keras", "~=2.6"),
    (">=2.6.2,<2.7", "keras", "~=2.6.0"),
    *((f"~=2.{minor}.0", "keras", f"~=2.{minor}.0") for minor in range(7, 16) if minor != 13),
    (">=2.13,<2.14", "keras", "~=2.13.1"),
    (">=2.16,<2.17", "keras", ">=3"),
    (">=2.17,<2.18", "keras", ">=3.2"),
    (">=2.18,<2.20", "keras", ">=3.5"),
    (">=2.20,<2.21", "keras", ">=3.10"),
    (">=2.21", "keras", ">=3.12"),
)

# Beside which versions it can be imported, where pip may choose others.
_WORKING = (
    ("<2.12", "protobuf", "<4"),
    (">=2.5,<2.12", "numpy", "<2"),
    (">=2.6,<2.7", "keras", "~=2.6.0"),
    # Its metadata asks for newer ones, which holds for the command that installs it.
    (">=2.16", "keras", ">=3"),
)

# The newest of each series, for want of an index to ask.
_SERIES = {
    "numpy": (
        "1.16.6 1.17.5 1.18.5 1.19.5 1.20.3 1.21.6 1.22.4 1.23.5 1.24.3 1.24.4 1.25.2 1.26.4 "
        "2.0.2 2.1.3 2.2.6 2.3.5 2.5.5"
    ),
    "protobuf": "3.19.6 3.20.3 4.21.12 4.24.4 4.25.9 5.29.6 6.33.6 7.36.2",
    "h5py": "2.10.0 3.1.0 3.6.0 3.8.0 3.10.0 3.11.0 3.14.0 3.16.0",
    "keras": (
        "2.4.3 2.6.0 2.7.0 2.8.0 2.9.0 2.10.0 2.11.0 2.12.0 2.13.1 2.14.0 2.15.0 "
        "3.0.5 3.10.0 3.12.4 3.15.1"
    ),
    "tf-keras": "2.15.1 2.16.0 2.17.0 2.18.0 2.19.0 2.20.1 2.21.0",
}
KNOWN = {package: versions.split() for package, versions in _SERIES.items()}

# The newest that older Pythons have.
_NEWEST = {
    "numpy": {"3.6": "1.19.5", "3.7": "1.21.6", "3.8": "1.24.4", "3.9": "2.0.2", "3.10": "2.2.6"},
    "protobuf": {
        "3.5": "3.19.6",
        "3.6": "3.19.6",
        "3.7": "4.24.4",
        "3.8": "5.29.6",
        "3.9": "6.33.6",
    },
    "h5py": {"3.6": "3.1.0", "3.7": "3.8.0", "3.8": "3.11.0", "3.9": "3.14.0"},
    "keras": {"3.7": "2.11.0", "3.8": "2.15.0", "3.9": "3.10.0", "3.10": "3.12.4"},
}

# Wheels for Pythons and of releases that are older than those of `releases.json`.
_OLD = (
    (">=1.0,<1.13", "3.3 3.4 3.5 3.6"),
    (">=1.13,<1.15", "3.3 3.4 3.5 3.6 3.7"),
    (">=1.15,<1.15.5", "3.5 3.6 3.7"),
    (">=1.15.5,<2", "3.6 3.7"),
    (">=2,<2.0.4", "3.5 3.6 3.7"),
    (">=2.0.4,<2.1", "3.6 3.7"),
    (">=2.1,<2.1.3", "3.5 3.6 3.7"),
    (">=2.1.3,<2.2", "3.6 3.7"),
    (">=2.2,<2.2.2", "3.5 3.6 3.7 3.8"),
    (">=2.2.2,<2.3", "3.6 3.7 3.8"),
    (">=2.3,<2.3.2", "3.5 3.6 3.7 3.8"),
    (">=2.3.2,<2.5", "3.6 3.7 3.8"),
    (">=2.5,<2.5.3", "3.6 3.7 3.8"),
    (">=2.5.3,<2.6", "3.7 3.8"),
    (">=2.6,<2.6.3", "3.6 3.7 3.8"),
    (">=2.6.3,<2.11.1", "3.7 3.8"),
    (">=2.11.1,<2.14", "3.8"),
)
_OLD_VERSIONS = (
    "1.0.1 1.1.0 1.2.1 1.3.0 1.4.1 1.5.1 1.6.0 1.7.1 1.8.0 1.9.0 1.10.1 1.11.0 1.12.3 1.13.2 "
    "1.14.0 1.15.0 1.15.5 2.0.0 2.0.4 2.1.0 2.1.4 2.2.0 2.2.3 2.3.0 2.3.4 2.4.0 2.4.4"
)
OLD_VERSIONS = tuple(_OLD_VERSIONS.split())

# Those of Apple silicon, which had a package of its own before 2.13.
_OLD_ARM64 = {"tensorflow": ">=2.13,<2.14", "tensorflow-macos": ">=2.5,<2.13.1"}

# The last release of tensorflow-gpu.
GPU = {"linux": "2.11.0", "windows": "2.10.1"}

# Pythons that tf-nightly was built for, with the newest build that the index has kept.
NIGHTLY_ENDED = {"3.10": "2.22.0.dev20260302"}


@functools.cache
def required(tensorflow: str, package: str) -> SpecifierSet:
    """Return the versions of a package that the wheel of TensorFlow allows."""
    return _look(_REQUIRED, tensorflow, package)


@functools.cache
def working(tensorflow: str, package: str) -> SpecifierSet:
    """Return the versions of a package beside which TensorFlow can be imported."""
    return _look(_WORKING, tensorflow, package)


def _look(table: tuple[tuple[str, str, str], ...], tensorflow: str, package: str) -> SpecifierSet:
    for versions, name, allowed in table:
        if name == package and SpecifierSet(versions).contains(tensorflow):
            return SpecifierSet(allowed)
    return SpecifierSet()


@functools.cache
def available(package: str, python: str | None, specifier: SpecifierSet) -> tuple[Version, ...]:
    """Return the versions of a package that a Python has, oldest first."""
    newest = _NEWEST.get(package, {}).get(python or "")
    named = [s.version for s in specifier if s.operator == "==" and not s.version.endswith("*")]
    versions = {Version(text) for text in [*KNOWN[package], *named]}
    if newest is not None:
        versions = {v for v in versions if v <= Version(newest)}
    return tuple(sorted(v for v in versions if specifier.contains(v, prereleases=True)))


@functools.cache
def old_pythons(tensorflow: str, package: str, platform: str) -> tuple[str, ...]:
    """Return the Pythons older than those of the data that a release has wheels for."""
    if platform == "macos-arm64":
        has = package in _OLD_ARM64 and SpecifierSet(_OLD_ARM64[package]).contains(tensorflow)
        return ("3.8",) if has else ()
    for versions, pythons in _OLD:
        if SpecifierSet(versions).contains(tensorflow):
            return tuple(pythons.split())
    return ()
