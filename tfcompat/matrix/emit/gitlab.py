"""A pipeline for GitLab."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tfcompat.matrix.data import Combination
from tfcompat.matrix.pick import SelectionError

_DOCUMENT = """\
# {origin}
.tests:
  image: python:$PYTHON
  script:
    - eval "python -m pip install pytest $REQUIREMENTS ."
    - python -m pytest
{jobs}"""

_JOB = """
{name}:
  extends: .tests
  allow_failure: {may_fail}
  parallel:
    matrix:
{rows}
"""


def document(combinations: Sequence[Combination], origin: str, platform: str) -> str:
    """Return a whole `.gitlab-ci.yml`, which tests the package of its repository.

    Raises:
        SelectionError: The platform is not Linux.
    """
    if platform != "linux":
        raise SelectionError(f"--emit gitlab runs in Linux containers, not on {platform}.")
    jobs = [
        ("tests", False, [c for c in combinations if not c.nightly]),
        # The build of the day is shown, not counted.
        ("nightly", True, [c for c in combinations if c.nightly]),
    ]
    return _DOCUMENT.format(
        origin=origin,
        jobs="".join(
            _JOB.format(name=name, may_fail=json.dumps(may_fail), rows=_rows(chosen))
            for name, may_fail, chosen in jobs
            if chosen
        ),
    )


def _rows(combinations: Sequence[Combination]) -> str:
    return "\n".join(
        f"""\
      - NAME: {c.name}
        PYTHON: {json.dumps(c.python)}
        REQUIREMENTS: >-
          {" ".join(json.dumps(r) for r in c.requirements)}
        TF_USE_LEGACY_KERAS: {json.dumps(dict(c.variables).get("TF_USE_LEGACY_KERAS", "0"))}"""
        for c in combinations
    )
