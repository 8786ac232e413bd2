"""A workflow for GitHub Actions."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tfcompat.matrix.data import Combination

# The newest image of each platform that has all the Pythons.
_IMAGES = {
    "linux": "ubuntu-24.04",
    "macos": "macos-15-intel",
    "macos-arm64": "macos-15",
    "windows": "windows-2025",
}

_DOCUMENT = """\
# {origin}
name: TensorFlow

on:
  push:
  pull_request:

permissions:
  contents: read

jobs:
  tests:
    name: ${{{{ matrix.name }}}}
    runs-on: {image}
    # The build of the day is shown, not counted.
    continue-on-error: ${{{{ matrix.may-fail }}}}
    strategy:
      fail-fast: false
      matrix:
        include:
{rows}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: ${{{{ matrix.python }}}}
      - run: python -m pip install pytest ${{{{ matrix.requirements }}}} .
        shell: bash
      - run: python -m pytest
        env:
          TF_USE_LEGACY_KERAS: ${{{{ matrix.legacy-keras }}}}
"""


def document(combinations: Sequence[Combination], origin: str, platform: str) -> str:
    """Return a whole workflow, which tests the package of its repository."""
    rows = "\n".join(
        f"""\
          - name: {c.name}
            python: {json.dumps(c.python)}
            requirements: >-
              {" ".join(json.dumps(r) for r in c.requirements)}
            legacy-keras: {json.dumps(dict(c.variables).get("TF_USE_LEGACY_KERAS", "0"))}
            may-fail: {json.dumps(c.nightly)}"""
        for c in combinations
    )
    return _DOCUMENT.format(origin=origin, image=_IMAGES[platform], rows=rows)
