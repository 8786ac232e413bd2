"""A `noxfile.py`."""

from __future__ import annotations

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

# What to install, the variables to set, and whether a failure is shown without being counted.
COMBINATIONS = {{
{rows}
}}


def add(name, python, requirements, variables, may_fail):
    @nox.session(name=name, python=python)
    def tests(session):
        session.install("pytest", *requirements, ".")
        codes = range(256) if may_fail else [0]
        session.run(
            "python", "-m", "pytest", *session.posargs, env=variables, success_codes=codes
        )


for name, combination in COMBINATIONS.items():
    add(name, *combination)
"""


def document(combinations: Sequence[Combination], origin: str, platform: str) -> str:
    """Return a whole `noxfile.py`, which tests the package beside it."""
    rows = [
        f"    {c.name!r}: {(c.python, list(c.requirements), dict(c.variables), c.nightly)!r},"
        for c in combinations
    ]
    return _DOCUMENT.format(origin=origin, rows="\n".join(rows).replace("'", '"'))
