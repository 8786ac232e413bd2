"""What a file tests, and what is wrong with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from packaging.requirements import Requirement

from tfcompat.errors import TfcompatError

# The kinds of findings with their severities.
SEVERITIES: Mapping[str, str] = {
    "impossible": "error",
    "missing pin": "error",
    "end-of-life": "warning",
    "missing": "warning",
    "unreadable": "warning",
}

# Names under which TensorFlow is installed.
TENSORFLOW = (
    "tensorflow",
    "tensorflow-cpu",
    "tensorflow-gpu",
    "tensorflow-intel",
    "tensorflow-macos",
)
NIGHTLY = ("tf-nightly", "tf-nightly-cpu", "tf-nightly-gpu")


class CheckError(TfcompatError, ValueError):
    """A file that says nothing about TensorFlow, or that cannot be parsed at all."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        file: The file as it was named.
        line: Its line, from 1.
        kind: "impossible", "missing pin", "end-of-life", "missing" or "unreadable".
        severity: "error", "warning" or "hint".
        message: What is wrong and what to do.
    """

    file: str
    line: int
    kind: str
    severity: str
    message: str


@dataclasses.dataclass(frozen=True)
class Tested:
    """One environment of the file.

    Attributes:
        name: The tox environment, the nox session or the job.
        line: Where its TensorFlow is written.
        python: Such as "3.10"; None when the file leaves it to the machine.
        python_line: Where the Python is written.
        installs: What each command installs, in the order of the commands.
        legacy: Whether TF_USE_LEGACY_KERAS=1 is set.
        platform: One of `data.PLATFORMS`.
        named: Whether only the names of variables tell, since a script that is not read installs.
    """

    name: str
    line: int
    python: str | None
    python_line: int
    installs: tuple[tuple[Requirement, ...], ...]
    legacy: bool
    platform: str
    named: bool = False


@dataclasses.dataclass
class Parsed:
    """What a reader made of a file.

    Attributes:
        tested: The environments with TensorFlow.
        remarks: Line, kind and message of what was found while reading.
        looked_for: Where the reader looked, for the error when there is no TensorFlow.
    """

    looked_for: str
    tested: list[Tested] = dataclasses.field(default_factory=list)
    remarks: list[tuple[int, str, str]] = dataclasses.field(default_factory=list)

    def remark(self, line: int, kind: str, message: str) -> None:
        """Add a remark, once."""
        if (line, kind, message) not in self.remarks:
            self.remarks.append((line, kind, message))
