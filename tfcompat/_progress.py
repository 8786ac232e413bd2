"""One line that tells how far a long command is."""

from __future__ import annotations

import sys
import time

_PATIENCE = 1.0  # seconds; what is done earlier needs no bar
_INTERVAL = 0.1
_WIDTH = 30


class Progress:
    """A bar on standard error, where that is a terminal.

    Args:
        total: the size of the work in bytes.
    """

    def __init__(self, total: int) -> None:
        self._total = max(total, 1)
        self._done = 0
        self._next = time.monotonic() + _PATIENCE
        self._shown = False
        self._wanted = sys.stderr.isatty()

    def add(self, size: int) -> None:
        """Tell that some of the work is done."""
        self._done += size
        if not self._wanted or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _INTERVAL
        self._shown = True
        share = min(self._done / self._total, 1)
        bar = "#" * round(share * _WIDTH)
        print(f"\r[{bar:<{_WIDTH}}] {share:4.0%}", end="", file=sys.stderr, flush=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            print(f"\r{'':<{_WIDTH + 8}}\r", end="", file=sys.stderr, flush=True)
