"""Write the tables of tfcompat/replacements/lite_schemas from the modules of TensorFlow.

    python tools/lite_schemas.py SITE_PACKAGES ...

Each argument is a directory that holds a TensorFlow, the newest first. Only the sources are read.
A slot of a table that the newest schema leaves out is taken from the first older one that has it,
so that no field of an older file is lost: `SignatureDef.key` of TensorFlow 2.5 and 2.6 is one.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HOME = Path(__file__).parents[1] / "tfcompat/replacements/lite_schemas"
NAMES = ("schema_py_generated", "conversion_metadata_schema_py_generated")

Fields = dict[int, str]


def main(directories: list[str]) -> None:
    for name in NAMES:
        paths = [Path(each, f"tensorflow/lite/python/{name}.py") for each in directories]
        sources = [path.read_text() for path in paths if path.exists()]
        (HOME / f"{name}.txt").write_text(table(sources))


def table(sources: list[str]) -> str:
    """Return the lines of one file, one for each enum, union and table."""
    newest, *older = [classes(source) for source in sources]
    identifier = re.search(r'offset, b"((\\x\w\w){4})"', sources[0])
    lines = ["# Written by tools/lite_schemas.py. Do not edit."]
    if identifier:
        lines.append("identifier " + bytes.fromhex(identifier[1].replace("\\x", "")).decode())
    for name, body in newest.items():
        if "_tab" in body:
            known = fields(sources[0], name, body)
            for source, found in zip(sources[1:], older):
                if name in found:
                    for slot, field in fields(source, name, found[name]).items():
                        known.setdefault(slot, field)
            lines.append(" ".join(["table", name, *known.values()]))
        elif "_UnPack" not in body:
            kind = "union" if f"def {name}Creator(" in sources[0] else "enum"
            values = re.findall(r"^    (\w+) = (-?\d+)$", body, re.M)
            lines.append(" ".join([kind, name, *map("=".join, values)]))
    return "\n".join(lines) + "\n"


def classes(source: str) -> dict[str, str]:
    """Return what follows the head of each class, up to the next one."""
    _, *parts = re.split(r"^class (\w+)\(.*\):\n", source, flags=re.M)
    return dict(zip(parts[::2], parts[1::2]))


def fields(source: str, name: str, reader: str) -> Fields:
    """Return `NAME:SLOT:TYPE=DEFAULT` by slot; offsets have no default."""
    methods = dict(re.findall(r"^    def (\w+)\(self.*\):\n((?:        .*\n|\n)+)", reader, re.M))
    found: Fields = {}
    adds = rf"def {name}Add(\w+)\(builder, (\w+)\):\s+builder\.Prepend(\w+)Slot\((\d+), (.*)\)\n"
    for method, field, kind, slot, rest in re.findall(adds, source):
        if method != field[0].upper() + field[1:]:
            raise ValueError(f"{name}.{field} is read by {method}")
        if kind != "UOffsetTRelative":
            found[int(slot)] = f"{field}:{slot}:{kind}={rest.rpartition(', ')[2]}"
            continue
        body = methods[method]
        union = re.search(rf"self\.{field} = (\w+)Creator\(", source) if "Union(" in body else None
        scalar = re.search(r"number_types\.(?!UOffsetT)(\w+)Flags", body)
        made = re.search(r"obj = (\w+)\(\)", body)
        type_ = (union or scalar or made or ["", "String"])[1]
        vector = f"def {name}Start{method}Vector(" in source
        found[int(slot)] = f"{field}:{slot}:{f'[{type_}]' if vector else type_}"
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
