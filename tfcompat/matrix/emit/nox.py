"""A `noxfile.py`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from tfcompat.matrix.data import Combination

_DOCUMENT = """\
# {origin}
#
#     pip install "nox[uv]"
#     nox                       # all; -s NAME runs one
#     nox -- -k something       # with arguments for pytest
import nox

nox.options.default_venv_backend = "uv|virtualenv"
# uv gets the interpreters that are missing.
nox.options.download_python = "auto"
{sessions}"""

_SESSION = """

@nox.session(name={name}, python={python})
def {function}(session):
    session.install("pytest", {requirements}, ".")
    session.run("python", "-m", "pytest", *session.posargs{options})
"""


def document(combinations: Sequence[Combination], origin: str, platform: str) -> str:
    """Return a whole `noxfile.py`, which tests the package beside it."""
    return _DOCUMENT.format(origin=origin, sessions="".join(map(_session, combinations)))


def _session(combination: Combination) -> str:
    options = f", env={json.dumps(dict(combination.variables))}" if combination.variables else ""
    if combination.nightly:
        # The build of the day is shown, not counted.
        options += ", success_codes=range(256)"
    return _SESSION.format(
        name=json.dumps(combination.name),
        python=json.dumps(combination.python),
        function=re.sub(r"\W", "_", combination.name),
        requirements=", ".join(map(json.dumps, combination.requirements)),
        options=options,
    )
