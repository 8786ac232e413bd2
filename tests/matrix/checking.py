import datetime
import pathlib
import textwrap

from tfcompat.matrix.check import check_file

# All of Python 3.9 to 3.13 was maintained, so that `end-of-life` stays out of the way.
EARLIER = datetime.date(2025, 1, 1)
LATER = datetime.date(2026, 11, 24)


def write(folder: pathlib.Path, name: str, text: str) -> pathlib.Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    return path


def found(path, *kinds, today=EARLIER, platform="linux"):
    """Return the line and message of the findings of some kinds."""
    return [
        (f.line, f.message)
        for f in check_file(path, today=today, platform=platform)
        if f.kind in kinds
    ]
