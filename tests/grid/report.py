"""The result of the grid: one table and two pictures. Needs no TensorFlow."""

from __future__ import annotations

import collections
import itertools
import json
import pathlib
import re
from typing import Any
from xml.sax.saxutils import escape

GREEN, AMBER, RED, EMPTY = "#2da44e", "#d4a72c", "#cf222e", "#d8dee4"
BLUE = "#54aeff"  # weights alone, as the file holds no optimizer
WEIGHTS = "weights only"
CELL = 15
LEFT, TOP, GAP = 112, 108, 150
SMALL, COLUMNS = 7, 4  # the cells of the native grid, and how many formats stand in a row

# The native formats in the order in which they are shown.
FORMATS = {
    "checkpoint": "tf.train.Checkpoint",
    "save_weights": 'save_weights("name")',
    "h5_weights": 'save_weights("name.h5")',
    "weights.h5": 'save_weights("name.weights.h5")',
    "h5": 'save("name.h5")',
    "keras": 'save("name.keras")',
    "saved_model": "SavedModel",
}

ERAS = {
    "keras2-optimizer-v2": "Keras 2, OptimizerV2",
    "keras2": "Keras 2, new optimizers",
    "keras3": "Keras 3",
}


def main(directory: pathlib.Path, json_path: pathlib.Path, svg_path: pathlib.Path) -> int:
    """Merge what the environments read, write the table and the pictures."""
    results = [json.loads(path.read_text()) for path in directory.glob("*.json")]
    results.sort(key=_order)
    every = [cell for result in results for cell in result["cells"]]
    cells = [cell for cell in every if "format" not in cell]
    natives = [cell for cell in every if "format" in cell]
    names = [result["environment"] for result in results]
    # Layers and optimizers have cells of their own; what no release can read counts nowhere.
    models = [c for c in cells if ":" not in c["state"] and not c["tfcompat"].startswith("refused")]
    formats = {
        form: _native_pairs([c for c in natives if c["format"] == form], names) for form in FORMATS
    }
    table = {
        "environments": [
            {key: result[key] for key in ("environment", "tensorflow", "keras", "era")}
            for result in results
        ],
        "states": sorted({cell["state"] for cell in models}),
        "tfcompat": _pairs(models, names, "tfcompat"),
        "tf.train.Checkpoint": _pairs([c for c in models if "plain" in c], names, "plain"),
        "layers, optimizers and models": _pairs(
            [c for c in cells if ":" in c["state"]], names, "tfcompat"
        ),
        "native": {form: _by_count(pairs) for form, pairs in formats.items()},
        "not resumed": [
            {
                key: cell[key]
                for key in ("writer", "reader", "state", "format", "tfcompat")
                if key in cell
            }
            for cell in every
            if not cell["ok"]
        ],
    }
    for path in (json_path, svg_path):
        path.parent.mkdir(parents=True, exist_ok=True)
    json_path.write_text(json.dumps(table, indent=1) + "\n")
    svg_path.write_text(_draw(table, results))
    svg_path.with_name("native_grid.svg").write_text(_draw_native(formats, results))
    for name in ("tfcompat", "tf.train.Checkpoint", "layers, optimizers and models"):
        if table[name]:
            print(f"{name}: {_total(table[name])} cells resumed")
    for form, pairs in formats.items():
        print(f"{form}: {_total(pairs)} native artifacts restored")
    counted = [c for c in table["not resumed"] if "nightly" not in c["writer"] + c["reader"]]
    for cell in counted[:20]:
        print(f"{named(cell)}: {cell['tfcompat'][:300]}")
    return 1 if counted else 0


def named(cell: dict[str, Any]) -> str:
    """Name a cell: who wrote, who read, and what."""
    what = f"{cell['state']} as {cell['format']}" if "format" in cell else cell["state"]
    return f"{cell['writer']} -> {cell['reader']} {what}"


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


def _native_pairs(cells: list[dict[str, Any]], names: list[str]) -> dict[str, dict[str, str]]:
    """Return {writer: {reader: "restored/all"}}, with a note where that is the weights."""
    counted = [c for c in cells if not c["tfcompat"].startswith("refused")]
    weights = {(c["writer"], c["reader"]) for c in cells if c["tfcompat"].startswith(WEIGHTS)}
    marked = [{**c, "restored": "resumed" if c["ok"] else ""} for c in counted]
    return {
        writer: {
            reader: f"{text} {WEIGHTS}" if (writer, reader) in weights else text
            for reader, text in row.items()
        }
        for writer, row in _pairs(marked, names, "restored").items()
    }


def _by_count(pairs: dict[str, dict[str, str]]) -> dict[str, dict[str, int]]:
    """Return {writer: {"restored/all": number of readers}}: what failed is listed by itself."""
    return {writer: dict(collections.Counter(row.values())) for writer, row in pairs.items()}


def _total(pairs: dict[str, dict[str, str]]) -> str:
    found = [_counts(text) for row in pairs.values() for text in row.values()]
    return f"{sum(a for a, _ in found):,} of {sum(b for _, b in found):,}"


def _counts(text: str) -> tuple[int, int]:
    resumed, of = text.partition(" ")[0].split("/")
    return int(resumed), int(of)


def _colour(text: str) -> str:
    resumed, of = _counts(text)
    if resumed < of:
        return AMBER if resumed else RED
    return BLUE if text.endswith(WEIGHTS) else GREEN if of else EMPTY


def _label(name: str) -> str:
    # Two environments have the newest release; one of them has the newest Python.
    newest = " py3.13" if name.startswith("py313") else ""
    return re.sub(r"^py\d+-(tf)?", "", name).replace("-legacy", " legacy") + newest


def _draw(table: dict[str, Any], results: list[dict[str, Any]]) -> str:
    names = [result["environment"] for result in results]
    side = CELL * len(names)
    panels = [name for name in ("tfcompat", "tf.train.Checkpoint") if table[name]]
    # The legend needs the width of two.
    width, height = LEFT + side + GAP + side + 20, TOP + side + 64
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="system-ui,Segoe UI,Helvetica,Arial,'
        f'sans-serif" font-size="10" role="img">',
        "<title>States written by each release and resumed by each release</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for index, name in enumerate(panels):
        parts += _panel(LEFT + index * (side + GAP), name, table[name], results)
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
            parts.append(
                f'<rect x="{left + column * CELL + 1}" y="{y + 1}" width="{CELL - 2}" '
                f'height="{CELL - 2}" rx="2" fill="{_colour(text)}"><title>'
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


def _draw_native(
    formats: dict[str, dict[str, dict[str, str]]], results: list[dict[str, Any]]
) -> str:
    """Draw a small grid for each format."""
    side = SMALL * len(results)
    width = LEFT + COLUMNS * (side + 40)
    rows = -(-len(formats) // COLUMNS)
    height = 30 + rows * (side + 56) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="system-ui,Segoe UI,Helvetica,Arial,'
        f'sans-serif" font-size="10" role="img">',
        "<title>What TensorFlow and Keras wrote in each release, read by each release</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for index, (form, pairs) in enumerate(formats.items()):
        left = LEFT + index % COLUMNS * (side + 40)
        top = 60 + index // COLUMNS * (side + 56)
        parts += _small_panel(left, top, FORMATS[form], pairs, results, not index % COLUMNS)
    return "\n".join([*parts, *_native_legend(height - 14), "</svg>"]) + "\n"


def _small_panel(
    left: int,
    top: int,
    title: str,
    pairs: dict[str, dict[str, str]],
    results: list[dict[str, Any]],
    labelled: bool,
) -> list[str]:
    names = [result["environment"] for result in results]
    side = SMALL * len(names)
    parts = [
        f'<text x="{left}" y="{top - 18}" font-size="12" font-weight="600" fill="#1f2328">'
        f"{escape(title)}</text>",
        f'<text x="{left}" y="{top - 5}" fill="#59636e">{_total(pairs)}</text>',
    ]
    for row, writer in enumerate(names):
        y = top + row * SMALL
        if labelled:
            parts.append(
                f'<text x="{left - 4}" y="{y + 6}" font-size="7" text-anchor="end" '
                f'fill="#1f2328">{escape(_label(writer))}</text>'
            )
        # Neighbours of one colour are one rectangle, or the picture would be five times the size.
        texts = [pairs.get(writer, {}).get(reader) for reader in names]
        column = 0
        for text, run in itertools.groupby(texts):
            length = len(list(run))
            if text is not None:
                readers = [_label(names[at]) for at in (column, column + length - 1)]
                parts.append(
                    f'<rect x="{left + column * SMALL}" y="{y}" width="{SMALL * length}" '
                    f'height="{SMALL}" fill="{_colour(text)}"><title>{escape(_label(writer))} '
                    f"read by {escape(' to '.join(dict.fromkeys(readers)))}: {text}</title></rect>"
                )
            column += length
    lines = [at * SMALL - 0.5 for at in range(1, len(names))]
    grid = "".join(f"M{left} {top + at}h{side}M{left + at} {top}v{side}" for at in lines)
    parts.append(f'<path d="{grid}" stroke="#ffffff" fill="none"/>')
    for index in range(1, len(results)):
        if results[index]["era"] != results[index - 1]["era"]:
            at = index * SMALL - 0.5
            parts.append(
                f'<path d="M{left} {top + at}H{left + side}M{left + at} {top}V{top + side}" '
                'stroke="#1f2328" stroke-width="0.5" fill="none"/>'
            )
    parts.append(
        f'<rect x="{left - 1}" y="{top - 1}" width="{side + 1}" height="{side + 1}" '
        f'fill="none" stroke="{EMPTY}"/>'
    )
    return parts


def _native_legend(y: int) -> list[str]:
    parts, x = [], LEFT
    for colour, text in (
        (GREEN, "weights and optimizer, every value identical"),
        (BLUE, "weights, as the format holds no optimizer"),
        (AMBER, "some of the files"),
        (RED, "none"),
        ("#ffffff", "the release does not write it"),
    ):
        parts.append(
            f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{colour}" stroke="{EMPTY}"/>'
        )
        parts.append(f'<text x="{x + 15}" y="{y}" fill="#1f2328">{text}</text>')
        x += 30 + round(5.2 * len(text))
    parts.append(
        f'<text x="{LEFT}" y="22" fill="#59636e">written by the row with plain TensorFlow or Keras,'
        " restored by the column with tfcompat</text>"
    )
    return parts
