"""The result of the grid: one table and one picture. Needs no TensorFlow."""

from __future__ import annotations

import json
import pathlib
import re
from typing import Any
from xml.sax.saxutils import escape

GREEN, AMBER, RED, EMPTY = "#2da44e", "#d4a72c", "#cf222e", "#d8dee4"
CELL = 15
LEFT, TOP, GAP = 112, 108, 150

ERAS = {
    "keras2-optimizer-v2": "Keras 2, OptimizerV2",
    "keras2": "Keras 2, new optimizers",
    "keras3": "Keras 3",
}


def main(directory: pathlib.Path, json_path: pathlib.Path, svg_path: pathlib.Path) -> int:
    """Merge what the environments read, write the table and the picture."""
    results = [json.loads(path.read_text()) for path in directory.glob("*.json")]
    results.sort(key=_order)
    cells = [cell for result in results for cell in result["cells"]]
    names = [result["environment"] for result in results]
    # Layers and optimizers have cells of their own; what no release can read counts nowhere.
    models = [c for c in cells if ":" not in c["state"] and not c["tfcompat"].startswith("refused")]
    table = {
        "environments": [
            {key: result[key] for key in ("environment", "tensorflow", "keras", "era")}
            for result in results
        ],
        "states": sorted({cell["state"] for cell in models}),
        "tfcompat": _pairs(models, names, "tfcompat"),
        "tf.train.Checkpoint": _pairs(models, names, "plain"),
        "layers and optimizers": _pairs([c for c in cells if ":" in c["state"]], names, "tfcompat"),
        "not resumed": [
            {key: cell[key] for key in ("writer", "reader", "state", "tfcompat")}
            for cell in cells
            if not cell["ok"]
        ],
    }
    for path in (json_path, svg_path):
        path.parent.mkdir(parents=True, exist_ok=True)
    json_path.write_text(json.dumps(table, indent=1) + "\n")
    svg_path.write_text(_draw(table, results))
    for name in ("tfcompat", "tf.train.Checkpoint", "layers and optimizers"):
        print(f"{name}: {_total(table[name])} cells resumed")
    counted = [c for c in table["not resumed"] if "nightly" not in c["writer"] + c["reader"]]
    for cell in counted[:20]:
        print(f"{cell['writer']} -> {cell['reader']} {cell['state']}: {cell['tfcompat'][:300]}")
    return 1 if counted else 0


def _order(result: dict[str, Any]) -> tuple[Any, ...]:
    numbers = [int(n) for n in re.findall(r"\d+", result["tensorflow"])[:3]]
    legacy = result["environment"].endswith("legacy")
    era = list(ERAS).index(result["era"])
    return (era, legacy, numbers, result["environment"])


def _pairs(cells: list[dict[str, Any]], names: list[str], key: str) -> dict[str, dict[str, str]]:
    """Return {writer: {reader: "resumed/all"}}."""
    table: dict[str, dict[str, list[int]]] = {}
    for cell in cells:
        if cell["writer"] in names:
            pair = table.setdefault(cell["writer"], {}).setdefault(cell["reader"], [0, 0])
            pair[0] += cell[key] == "resumed"
            pair[1] += 1
    return {
        writer: {
            reader: "{}/{}".format(*table[writer][reader])
            for reader in names
            if reader in table[writer]
        }
        for writer in names
        if writer in table
    }


def _total(pairs: dict[str, dict[str, str]]) -> str:
    found = [tuple(map(int, text.split("/"))) for row in pairs.values() for text in row.values()]
    return f"{sum(a for a, _ in found):,} of {sum(b for _, b in found):,}"


def _label(name: str) -> str:
    # Two environments have the newest release; one of them has the newest Python.
    newest = " py3.13" if name.startswith("py313") else ""
    return re.sub(r"^py\d+-(tf)?", "", name).replace("-legacy", " legacy") + newest


def _draw(table: dict[str, Any], results: list[dict[str, Any]]) -> str:
    names = [result["environment"] for result in results]
    side = CELL * len(names)
    width, height = LEFT + side + GAP + side + 20, TOP + side + 64
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="system-ui,Segoe UI,Helvetica,Arial,'
        f'sans-serif" font-size="10" role="img">',
        "<title>States written by each release and resumed by each release</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for offset, name in ((LEFT, "tfcompat"), (LEFT + side + GAP, "tf.train.Checkpoint")):
        parts += _panel(offset, name, table[name], results)
    parts += _legend(height - 22)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(
    left: int, name: str, pairs: dict[str, dict[str, str]], results: list[dict[str, Any]]
) -> list[str]:
    names = [result["environment"] for result in results]
    side = CELL * len(names)
    parts = [
        f'<text x="{left}" y="24" font-size="16" font-weight="600" fill="#1f2328">'
        f"{escape(name)}</text>",
        f'<text x="{left}" y="42" font-size="12" fill="#59636e">'
        f"{_total(pairs)} states resumed</text>",
        f'<text x="{left + side / 2}" y="{TOP + side + 18}" text-anchor="middle" fill="#59636e">'
        "written by the row, read by the column</text>",
    ]
    for row, writer in enumerate(names):
        y = TOP + row * CELL
        parts.append(
            f'<text x="{left - 6}" y="{y + 11}" text-anchor="end" fill="#1f2328">'
            f"{escape(_label(writer))}</text>"
        )
        x = left + row * CELL
        parts.append(
            f'<text transform="translate({x + 11},{TOP - 6}) rotate(-60)" fill="#1f2328">'
            f"{escape(_label(writer))}</text>"
        )
        for column, reader in enumerate(names):
            text = pairs.get(writer, {}).get(reader, "0/0")
            resumed, of = map(int, text.split("/"))
            colour = EMPTY
            if of:
                colour = GREEN if resumed == of else AMBER if resumed else RED
            parts.append(
                f'<rect x="{left + column * CELL + 1}" y="{y + 1}" width="{CELL - 2}" '
                f'height="{CELL - 2}" rx="2" fill="{colour}"><title>'
                f"{escape(_label(writer))} read by {escape(_label(reader))}: {text}</title></rect>"
            )
    return parts + _borders(left, results)


def _borders(left: int, results: list[dict[str, Any]]) -> list[str]:
    side = CELL * len(results)
    parts = []
    for index in range(1, len(results)):
        if results[index]["era"] != results[index - 1]["era"]:
            at = index * CELL
            parts.append(
                f'<path d="M{left - 4} {TOP + at}H{left + side}M{left + at} {TOP - 4}'
                f'V{TOP + side}" stroke="#1f2328" stroke-width="1" fill="none"/>'
            )
    return parts


def _legend(y: int) -> list[str]:
    parts, x = [], LEFT
    for colour, text in (
        (GREEN, "every state resumes: same values, same next step"),
        (AMBER, "some do"),
        (RED, "none does"),
    ):
        parts.append(f'<rect x="{x}" y="{y - 9}" width="11" height="11" rx="2" fill="{colour}"/>')
        parts.append(f'<text x="{x + 17}" y="{y}" fill="#1f2328">{text}</text>')
        x += 40 + 6 * len(text)
    parts.append(
        f'<text x="{x}" y="{y}" fill="#59636e">lines part the eras: Keras 2 with OptimizerV2, '
        "Keras 2 with the new optimizers, Keras 3</text>"
    )
    return parts
