"""What `import tfcompat` costs over a bare interpreter.

    python benchmarks/import_time.py [--runs 40]

Starts interpreters in turns, with and without the import, and compares the medians.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time


def seconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    runs = parser.parse_args().runs
    times: dict[str, list[float]] = {"pass": [], "import tfcompat": []}
    for run in range(runs + 2):
        for code, found in times.items():
            taken = seconds(code)
            if run > 1:
                found.append(taken)
    bare, imported = (statistics.median(found) for found in times.values())
    print(f"bare interpreter     {bare * 1000:6.1f} ms")
    print(f"import tfcompat      {imported * 1000:6.1f} ms")
    print(f"difference           {(imported - bare) * 1000:6.1f} ms")


if __name__ == "__main__":
    main()
