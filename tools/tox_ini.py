"""Write the environments of tfcompat/matrix/releases.json and their pins into tox.ini.

    python tools/tox_ini.py            write them
    python tools/tox_ini.py --check    exit with 1 if they differ

Needs `packaging`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tfcompat.matrix.data import own  # noqa: E402
from tfcompat.matrix.emit import tox  # noqa: E402


def generated(text: str) -> str:
    """Return the text of tox.ini with the generated parts replaced by those of today."""
    for name, lines in (("env_list", tox.env_list(own())), ("deps", tox.deps(own()))):
        begin, end = f"    # BEGIN {name}\n", f"    # END {name}\n"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise SystemExit(f"tox.ini needs one line BEGIN {name} and one line END {name}.")
        head, _, rest = text.partition(begin)
        body = "".join(f"    {line}\n" for line in lines)
        text = head + begin + body + end + rest.partition(end)[2]
    return text


def main(argv: Sequence[str] | None = None) -> int:
    """Write or check, return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    arguments = parser.parse_args(argv)
    path = ROOT / "tox.ini"
    before = path.read_text(encoding="utf-8")
    after = generated(before)
    if after == before:
        return 0
    if arguments.check:
        print("tox.ini is not what releases.json says: python tools/tox_ini.py", file=sys.stderr)
        return 1
    path.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
