"""The tree of a state as one page, which needs neither a network nor another file."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from tfcompat.state.tools import words
from tfcompat.state.tools.show import Node, heading, tree
from tfcompat.state.tools.source import Source

# Larger trees are shown closed, so that a page of thousands of keys begins with an overview.
_MOST_OPEN = 200

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --bar: #2f7ed8; --dim: #777; }
@media (prefers-color-scheme: dark) { :root { --bar: #6cabf5; --dim: #999; } }
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.3rem; margin: 0; }
p { color: var(--dim); margin: 0.1rem 0; overflow-wrap: anywhere; }
.controls { align-items: center; background: Canvas; display: flex; gap: 0.5rem;
  padding: 0.8rem 0; position: sticky; top: 0; }
input { flex: 1; }
input, button { font: inherit; padding: 0.3rem 0.6rem; }
.row { align-items: center; border-bottom: 1px solid var(--line); display: flex; gap: 0.8rem;
  padding: 0.1rem 0; }
summary .row { cursor: pointer; }
summary { list-style: none; }
summary::-webkit-details-marker { display: none; }
.name { flex: 1; font-family: ui-monospace, monospace; overflow-wrap: anywhere;
  padding-left: calc(var(--depth) * 1.2rem + 1rem); position: relative; }
summary .name::before { color: var(--dim); content: "\\25b8"; margin-left: -1rem;
  position: absolute; }
details[open] > summary .name::before { content: "\\25be"; }
.what { color: var(--dim); width: 16rem; }
.size { text-align: right; width: 5.5rem; }
.bar { background: var(--line); height: 0.6rem; width: 10rem; }
.bar i { background: var(--bar); display: block; height: 100%; }
.leaf .bar i { opacity: 0.65; }
[hidden] { display: none; }
@media (max-width: 45rem) { .bar { display: none; } .what { width: 9rem; } }
"""

# A branch stays when something below it matches, and opens. Without text all is as it was.
_SCRIPT = """
const search = document.querySelector("input");
const count = document.querySelector("output");
const leaves = [...document.querySelectorAll(".leaf")];
const branches = [...document.querySelectorAll("details")].reverse();
const initial = new Map(branches.map((one) => [one, one.open]));
search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let found = 0;
  for (const leaf of leaves) {
    const text = leaf.dataset.text;
    leaf.hidden = !words.every((word) => text.includes(word));
    found += !leaf.hidden;
  }
  for (const one of branches) {
    one.hidden = words.length > 0 && !one.querySelector(".leaf:not([hidden])");
    one.open = words.length ? !one.hidden : initial.get(one);
  }
  count.textContent = words.length ? `${found} of ${leaves.length}` : "";
});
for (const button of document.querySelectorAll("button")) {
  button.addEventListener("click", () => {
    for (const one of branches) one.open = button.value === "open";
  });
}
"""


def page(source: Source) -> str:
    """Return the page. Names come from the file and are escaped."""
    root = tree(source)
    title, *lines = heading(source)
    about = "".join(f"<p>{_escaped(line)}</p>\n" for line in lines)
    total = f"{words.number_of(root.count, 'tensor')}, {words.size(root.size)}"
    rows = "\n".join(_rows(root, max(root.size, 1), 0, root.count <= _MOST_OPEN))
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_escaped(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{_escaped(title)}</h1>\n{about}<p>{total}; bars show the share of the total</p>\n"
        '<div class="controls"><input type="search" placeholder="Search keys, dtypes, shapes" '
        'aria-label="Search"><output></output>'
        '<button value="open">Open all</button><button value="close">Close all</button></div>\n'
        f"<main>\n{rows}\n</main>\n<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def _rows(node: Node, total: int, depth: int, opened: bool) -> Iterator[str]:
    for child in node.sorted_children():
        below = sum(one.size for one in child.children.values())
        if child.entry is not None:
            own = child.size - below
            what = f"{child.entry.dtype} {words.shape(child.entry.shape)}"
            text = _escaped(f"{child.key} {what} {child.entry.kind}".lower())
            unknown = child.entry.nbytes is None and not own
            size = words.size(None if unknown else own)
            yield (
                f'<div class="leaf" data-text="{text}" title="{_escaped(child.key)}">'
                f"{_row(child.name, what, size, own / total, depth)}</div>"
            )
        if child.children:
            what = words.number_of(child.count - (child.entry is not None), "tensor")
            row = _row(child.name + "/", what, words.size(below), below / total, depth)
            yield f"<details{' open' if opened or not depth else ''}><summary>{row}</summary>"
            yield from _rows(child, total, depth + 1, opened)
            yield "</details>"


def _row(name: str, what: str, size: str, share: float, depth: int) -> str:
    return (
        f'<div class="row"><span class="name" style="--depth:{depth}">{_escaped(name)}</span>'
        f'<span class="what">{_escaped(what)}</span><span class="size">{size}</span>'
        f'<span class="bar"><i style="width:{100 * share:.2f}%"></i></span></div>'
    )


def _escaped(text: str) -> str:
    # A name that is not UTF-8 holds characters that no file can.
    return escape(text.encode("utf-8", "backslashreplace").decode())
