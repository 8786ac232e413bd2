"""A shell script that runs each combination with uv alone."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from tfcompat.matrix.data import Combination

_DOCUMENT = """\
#!/usr/bin/env bash
# {origin}
#
#     pip install uv
#     bash matrix.sh                     # all
#     bash matrix.sh -k something        # with arguments for pytest
set -u
arguments=("$@")
failed=()

run() {{
    local name=$1 python=$2
    shift 2
    echo
    echo "== $name"
    uv run --isolated --no-project --python "$python" --with pytest "$@" --with-editable . \\
        python -m pytest ${{arguments[@]+"${{arguments[@]}}"}} || failed+=("$name")
}}

{rows}

echo
if ((${{#failed[@]}})); then
    echo "failed: ${{failed[*]}}"
    exit 1
fi
echo "all passed"
"""


def document(combinations: Sequence[Combination], origin: str, platform: str) -> str:
    """Return a whole shell script, which tests the package in the working directory."""
    return _DOCUMENT.format(origin=origin, rows="\n".join(map(_row, combinations)))


def _row(combination: Combination) -> str:
    words = ["run", combination.name, combination.python]
    for requirement in combination.requirements:
        words += ["--with", requirement]
    variables = "".join(f"{name}={shlex.quote(value)} " for name, value in combination.variables)
    line = variables + shlex.join(words)
    # The build of the day is shown, not counted.
    return f"( {line} )" if combination.nightly else line
