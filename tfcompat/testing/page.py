"""The results of all environments as one page, which needs neither a network nor another file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape

from tfcompat.testing.merged import OUTCOMES, Merged, counts

# Told apart by their signs, too, and not by colour alone.
_SIGNS = {"passed": "✓", "failed": "✗", "error": "!", "skipped": "-"}
# What the exit status of pytest says where not every test has run.
_INCOMPLETE = {
    2: "interrupted",
    3: "internal error",
    4: "usage error",
    5: "no tests collected",
}
_MOST_HOVER = 300  # characters; a click shows all

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: #59636e; --passed: #1a7f37;
  --failed: #cf222e; --error: #bc4c00; --skipped: #6e7781; --hover: #8882; }
@media (prefers-color-scheme: dark) { :root { --dim: #9198a1; --passed: #3fb950;
  --failed: #ff6b63; --error: #f0883e; --skipped: #8b949e; } }
* { box-sizing: border-box; }
body { font: 14px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 110rem;
  padding: 0 1.2rem; }
h1 { font-size: 1.3rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 0.4rem; overflow-wrap: anywhere; }
p { color: var(--dim); margin: 0.2rem 0; }
.warning { color: var(--failed); }
.scroll { max-height: 85vh; max-width: 100%; overflow: auto; width: fit-content; }
table { border-collapse: separate; border-spacing: 0; }
th { font-weight: normal; text-align: left; }
.overview td, .overview th { border-bottom: 1px solid var(--line); padding: 0.15rem 0.8rem 0.15rem
  0; vertical-align: top; }
.overview thead th { color: var(--dim); }
.overview td.number { text-align: right; font-variant-numeric: tabular-nums; }
.grid thead th { background: Canvas; height: var(--head); padding: 0; position: sticky; top: 0;
  vertical-align: bottom; z-index: 2; }
.grid thead th span { display: block; line-height: 1.7rem; transform: rotate(180deg);
  white-space: nowrap; width: 1.7rem; writing-mode: vertical-rl; padding-top: 0.3rem; }
.grid thead th:first-child { color: var(--dim); left: 0; padding: 0 0.8rem 0.3rem 0; z-index: 3; }
.grid tbody th { background: Canvas; font-family: ui-monospace, monospace; font-size: 0.9em;
  left: 0; max-width: 42rem; overflow-wrap: anywhere; padding: 0 0.8rem 0 0; position: sticky;
  z-index: 1; }
.grid tbody th.file { color: var(--dim); font-family: inherit; padding-top: 0.7rem; }
.grid td { height: 1.7rem; min-width: 1.7rem; padding: 1px; text-align: center; width: 1.7rem; }
.grid tbody tr:hover td { background: var(--hover); }
.cell { border: 0; border-radius: 3px; display: block; font: inherit; height: 100%;
  line-height: 1.5rem; padding: 0; width: 100%; background: none; color: var(--skipped); }
button.cell { cursor: pointer; }
button.cell:hover, button.cell:focus-visible { outline: 2px solid currentColor; }
.passed .cell { color: var(--passed); }
.noted .cell { text-decoration: underline dotted; }
.failed .cell { background: var(--failed); color: Canvas; font-weight: bold; }
.error .cell { background: var(--error); color: Canvas; font-weight: bold; }
.controls { align-items: center; display: flex; flex-wrap: wrap; gap: 0.4rem 1rem;
  margin: 0.5rem 0; }
.controls input[type=search] { font: inherit; padding: 0.2rem 0.5rem; width: 22rem;
  max-width: 100%; }
.legend span { margin-right: 1rem; white-space: nowrap; }
dialog { border: 1px solid var(--line); border-radius: 6px; max-height: 85vh; max-width: 70rem;
  min-width: min(30rem, 95vw); padding: 1rem 1.2rem; }
dialog::backdrop { background: #0008; }
dialog h3 { font-size: 1rem; margin: 0 2rem 0.4rem 0; overflow-wrap: anywhere; }
dialog pre { font-size: 0.85rem; margin: 0.6rem 0 0; overflow-wrap: anywhere;
  white-space: pre-wrap; }
dialog form { float: right; }
[hidden] { display: none; }
"""

_SCRIPT = """
const texts = JSON.parse(document.getElementById("texts").textContent);
const dialog = document.querySelector("dialog");
document.addEventListener("click", (event) => {
  const cell = event.target.closest("button[data-text]");
  if (cell) {
    dialog.querySelector("h3").textContent = cell.getAttribute("aria-label");
    dialog.querySelector("pre").textContent = texts[Number(cell.dataset.text)];
    dialog.showModal();
  } else if (event.target === dialog) {
    dialog.close();
  }
});
const search = document.querySelector("input[type=search]");
const only = document.querySelector("input[type=checkbox]");
const shown = document.querySelector("output");
const rows = [...document.querySelectorAll(".tests tbody tr")];
function filter() {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let count = 0, all = 0, file = null;
  for (const row of rows) {
    if (!row.dataset.id) {
      file = row;
      file.hidden = true;
      continue;
    }
    const id = row.dataset.id.toLowerCase();
    row.hidden = !words.every((word) => id.includes(word))
      || (only.checked && !row.querySelector(".failed, .error"));
    if (!row.hidden && file) file.hidden = false;
    count += !row.hidden;
    all += 1;
  }
  shown.textContent = count < all ? `${count} of ${all} tests` : "";
}
if (search) for (const one of [search, only]) one.addEventListener("input", filter);
"""


class _Texts:
    """The texts that a click shows, each once: most environments skip for one reason."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    def script(self) -> str:
        # `<` would let a text end the script element.
        data = json.dumps(list(self._numbers)).replace("<", "\\u003c")
        return f'<script type="application/json" id="texts">{data}</script>'


def render(merged: Merged) -> str:
    """Return the page. Whatever comes from tests and environments is escaped."""
    texts = _Texts()
    body = [f"<h1>{_title(merged)}</h1>"]
    body += [f'<p class="warning">Left out: {_escaped(text)}</p>' for text in merged.unreadable]
    body += [*_overview(merged), *_tests(merged, texts), *_states(merged, texts)]
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_title(merged)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + '\n<dialog><form method="dialog"><button>Close</button></form><h3></h3><pre></pre>'
        f"</dialog>\n{texts.script()}\n<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def _title(merged: Merged) -> str:
    total = dict.fromkeys(OUTCOMES, 0)
    for document in merged.environments:
        for outcome, count in counts(document).items():
            total[outcome] += count
    told = [f"{count:,} {outcome}" for outcome, count in total.items() if count]
    if total["error"] > 1:
        told = [text.replace("error", "errors") for text in told]
    count = len(merged.environments)
    environments = f"{count} environment{'s' if count != 1 else ''}"
    return f"{environments}: {', '.join(told) or 'no tests'}"


def _overview(merged: Merged) -> Iterator[str]:
    columns = ("environment", "", *OUTCOMES, "ran at (UTC)", "seconds", "")
    head = "".join(f"<th>{name}</th>" for name in columns)
    yield f'<div class="scroll"><table class="overview"><thead><tr>{head}</tr></thead><tbody>'
    for document in merged.environments:
        numbers = [f'<td class="number">{count or ""}</td>' for count in counts(document).values()]
        started = re.sub(r"T(\d\d:\d\d:\d\d).*", r" \1", document["started"])
        status = _INCOMPLETE.get(document["exit_status"], "")
        yield (
            f"<tr><th>{_escaped(document['environment'])}</th>"
            f"<td>{_escaped(document['description'])}</td>{''.join(numbers)}"
            f'<td>{_escaped(started)}</td><td class="number">{document["seconds"]:.1f}</td>'
            f'<td class="warning">{status}</td></tr>'
        )
    yield "</tbody></table></div>"


def _tests(merged: Merged, texts: _Texts) -> Iterator[str]:
    tests = merged.tests()
    names = merged.names
    yield "<h2>Tests</h2>"
    yield (
        '<div class="controls"><input type="search" placeholder="Search tests" '
        'aria-label="Search tests"><label><input type="checkbox"> only with failures</label>'
        f'<output></output><span class="legend">{_legend()}</span></div>'
    )
    yield _head("tests", names, "", "test")
    file = None
    for test, results in tests.items():
        here, _, rest = test.partition("::")
        if here != file:
            file = here
            # One cell, so that the name of the file stays in sight with the first column.
            yield f'<tr><th class="file" scope="rowgroup">{_escaped(file)}</th></tr>'
        yield f'<tr data-id="{_escaped(test)}"><th scope="row">{_escaped(rest or "(module)")}</th>'
        for name in names:
            result = results.get(name)
            label = f"{test} in {name}"
            if result is None:
                yield _cell("", "·", f"{label}: not run", "", texts, name)
                continue
            text = "\n\n".join(part for part in (result["message"], result["details"]) if part)
            if result["details"].startswith(result["message"]):
                text = result["details"] or result["message"]
            label = f"{label}: {result['outcome']}"
            yield _cell(result["outcome"], _SIGNS[result["outcome"]], label, text, texts, name)
        yield "</tr>"
    yield "</tbody></table></div>"


def _states(merged: Merged, texts: _Texts) -> Iterator[str]:
    for state, pairs in merged.states().items():
        writers = merged.in_order({writer for writer, _ in pairs})
        readers = merged.in_order({reader for _, reader in pairs})
        arrived = sum(bool(pair["ok"]) for pair in pairs.values())
        yield f"<h2>State {_escaped(state)}</h2>"
        yield f"<p>{arrived} of {len(pairs)} arrived; written by the row, read by the column</p>"
        yield _head("states", readers, state, "writer")
        for writer in writers:
            yield f'<tr data-writer="{_escaped(writer)}"><th scope="row">{_escaped(writer)}</th>'
            for reader in readers:
                pair = pairs.get((writer, reader))
                label = f"{state}: {writer} read by {reader}"
                if pair is None:
                    yield _cell("", "·", f"{label}: not read", "", texts, reader)
                    continue
                text = "\n\n".join(part for part in (pair["cause"], pair["note"]) if part)
                outcome = "passed" if pair["ok"] else "failed"
                label = f"{label}: {'arrived' if pair['ok'] else 'did not arrive'}"
                yield _cell(outcome, _SIGNS[outcome], label, text, texts, reader)
            yield "</tr>"
        yield "</tbody></table></div>"


def _head(kind: str, names: list[str], state: str, corner: str) -> str:
    cells = "".join(f'<th scope="col"><span>{_escaped(name)}</span></th>' for name in names)
    # The names stand upright: the longest tells how high the head is.
    height = 0.8 + 0.5 * max(map(len, names), default=0)
    given = f' data-state="{_escaped(state)}"' if state else ""
    return (
        f'<div class="scroll"><table class="grid {kind}"{given} style="--head:{height:.1f}rem">'
        f"<thead><tr><th>{corner}</th>{cells}</tr></thead><tbody>"
    )


def _cell(outcome: str, sign: str, label: str, text: str, texts: _Texts, environment: str) -> str:
    given = f' data-environment="{_escaped(environment)}"'
    if outcome:
        noted = " noted" if text and outcome == "passed" else ""
        given += f' class="{outcome}{noted}" data-outcome="{outcome}"'
    hover = f"{label}\n{text}".strip()
    if len(hover) > _MOST_HOVER:
        hover = f"{hover[:_MOST_HOVER]}…"
    if not text:
        return f'<td{given}><span class="cell" title="{_escaped(hover)}">{sign}</span></td>'
    return (
        f'<td{given}><button class="cell" data-text="{texts.number(text)}" '
        f'title="{_escaped(hover)}" aria-label="{_escaped(label)}">{sign}</button></td>'
    )


def _legend() -> str:
    return "".join(f"<span>{sign} {outcome}</span>" for outcome, sign in _SIGNS.items()) + (
        "<span>· not run</span>"
    )


def _escaped(text: str) -> str:
    return escape(text.encode("utf-8", "backslashreplace").decode())
