"""Write combinations as a table, as JSON, or as a file that runs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tfcompat.matrix.data import Combination
from tfcompat.matrix.emit import github, gitlab, listing, nox, tox, uv

# Each takes the combinations, what the file says about its origin, and the platform.
FORMATS: dict[str, Callable[[Sequence[Combination], str, str], str]] = {
    "table": listing.table,
    "json": listing.document,
    "tox": tox.document,
    "nox": nox.document,
    "github": github.document,
    "gitlab": gitlab.document,
    "uv": uv.document,
}


def emit(
    combinations: Sequence[Combination], form: str, *, command: str, platform: str = "linux"
) -> str:
    """Return combinations in one of the `FORMATS`, ready to be written to a file.

    Args:
        combinations: As `tfcompat.matrix.select` returns them.
        form: A key of `FORMATS`.
        command: How the file was made, for its first line.
        platform: The platform that the combinations are for.
    """
    return FORMATS[form](
        combinations, f"Made by `{command}`; make it anew after an update.", platform
    )
