"""`python -m tfcompat`."""

from __future__ import annotations

from tfcompat.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
