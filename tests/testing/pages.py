"""Read the grids of a page."""

from __future__ import annotations

import html.parser
import json


class _Parser(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tests: dict[tuple[str, str], str] = {}
        self.states: dict[tuple[str, str, str], str] = {}
        self.texts: dict[tuple[str, str], str] = {}
        self.columns: list[str] = []
        self.links: list[str] = []
        self._row = self._state = self._cell = None
        self._script = self._column = False
        self._data = ""

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.links += [value for name, value in attributes if name in ("src", "href")]
        if tag == "table":
            self._state = given.get("data-state")
        elif tag == "tr":
            self._row = given.get("data-id") or given.get("data-writer")
        elif tag == "td" and "data-environment" in given:
            self._cell = (self._row, given["data-environment"])
            outcome = given.get("data-outcome", "")
            if self._state is None:
                self.tests[self._cell] = outcome
            else:
                self.states[(self._state, *self._cell)] = outcome
        elif tag == "button" and "data-text" in given:
            self.texts[self._cell] = int(given["data-text"])
        elif tag == "script":
            self._script = given.get("id") == "texts"
        elif tag == "span" and self._state is None and self._row is None:
            self._column = True

    def handle_endtag(self, tag):
        if tag == "script":
            self._script = False
        self._column = False

    def handle_data(self, data):
        if self._script:
            self._data += data
        if self._column:
            self.columns.append(data)


def read(path):
    """Return the outcomes by (test, environment) and (state, writer, reader), and the texts."""
    parser = _Parser()
    parser.feed(path.read_text(encoding="utf-8"))
    parser.close()
    texts = json.loads(parser._data)
    parser.texts = {cell: texts[number] for cell, number in parser.texts.items()}
    return parser
