"""How fast `tfcompat check` is, beside ruff and TensorFlow's own upgrade script.

    python benchmarks/lint.py DIRECTORY... [--ruff RUFF] [--upgrade TF_UPGRADE_V2] [--runs 5]

Each reads the same tree, in turns, with no cache: `tfcompat check`; `ruff check --select TID251`
with the same private modules banned; `tf_upgrade_v2` (once, for it takes minutes), from an
environment that has TensorFlow; and, for what a linter in Python can hardly do without, a Python
that imports `argparse` and `ast` and parses the files in which something is found. Prints medians
of the runs for each directory: wall-clock seconds, and how many times as long as ruff each took, in
brackets by processor seconds.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

# The modules whose names are all private.
BANNED = (
    "tensorflow.python",
    "tensorflow.core",
    "tensorflow.compiler",
    "tensorflow.lite.python",
    "tensorflow.tools",
    "tensorflow.tsl",
    "tensorflow.dtensor.python",
    "tensorflow.__internal__",
    "tensorflow.keras.__internal__",
    "keras.src",
    "keras.engine",
    "tf_keras.src",
)

_FLOOR = """
import argparse, ast, sys
for path in sys.argv[1:]:
    ast.parse(open(path, "rb").read())
"""

_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


def seconds(command: list[str]) -> tuple[float, float]:
    """Run a command; return its wall-clock and processor seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    # As for whoever has installed it: what pip installs has bytecode, and writes it if need be.
    environment = {key: value for key, value in os.environ.items() if key != _NO_BYTECODE}
    result = subprocess.run(command, capture_output=True, env=environment)
    taken = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if result.returncode not in (0, 1, 2):
        sys.exit(f"{command[0]} failed: {result.stderr.decode(errors='replace')[-2000:]}")
    used = sum(getattr(after, key) - getattr(before, key) for key in ("ru_utime", "ru_stime"))
    return taken, used


@functools.cache
def found_in(directory: str) -> tuple[str, ...]:
    """Return the Python files of a directory in which something is found."""
    command = [sys.executable, "-m", "tfcompat", "check", "--format", "json", directory]
    printed = subprocess.run(command, stdout=subprocess.PIPE).stdout
    paths = {finding["path"] for finding in json.loads(printed)["findings"]}
    return tuple(sorted(path for path in paths if path.endswith(".py")))


def commands(directory: str, options: argparse.Namespace, scratch: str) -> dict[str, list[str]]:
    settings = pathlib.Path(scratch, "ruff.toml")
    bans = "".join(f'"{module}".msg = "private"\n' for module in BANNED)
    settings.write_text(f"[lint.flake8-tidy-imports.banned-api]\n{bans}")
    found = {
        "ruff": [
            *(options.ruff, "check", "--no-cache", "--config", str(settings)),
            *("--select", "TID251", directory),
        ],
        "tfcompat": [sys.executable, "-m", "tfcompat", "check", directory],
        "start and parse": [sys.executable, "-c", _FLOOR, *found_in(directory)],
    }
    if options.upgrade:
        found["tf_upgrade_v2"] = [
            *(options.upgrade, "--intree", directory),
            *("--outtree", os.path.join(scratch, "out"), "--copyotherfiles", "False"),
            *("--reportfile", os.path.join(scratch, "report.txt")),
        ]
    return found


def measure(directory: str, options: argparse.Namespace) -> dict[str, tuple[float, float]]:
    times: dict[str, list[tuple[float, float]]] = {}
    for run in range(options.runs):
        with tempfile.TemporaryDirectory() as scratch:
            for name, command in commands(directory, options, scratch).items():
                if name != "tf_upgrade_v2" or not run:
                    times.setdefault(name, []).append(seconds(command))
    return {
        name: (statistics.median(wall), statistics.median(used))
        for name, (wall, used) in ((name, zip(*found)) for name, found in times.items())
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directories", nargs="+", metavar="DIRECTORY")
    parser.add_argument("--ruff", default=shutil.which("ruff") or "ruff")
    parser.add_argument("--upgrade", help="the tf_upgrade_v2 of an environment with TensorFlow")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, {options.runs} runs")
    for number, directory in enumerate(options.directories):
        found = measure(directory, options)
        if not number:
            others = [name for name in found if name != "ruff"]
            print(f"{'':32}{'ruff':>7}" + "".join(f"{name:>24}" for name in others))
        wall, used = found.pop("ruff")
        name = os.path.basename(os.path.abspath(directory)).replace("+", "/")
        cells = [f"{w:.2f} s {w / wall:6.1f} ({u / used:.1f})" for w, u in found.values()]
        print(f"{name:32}{wall:5.2f} s" + "".join(f"{cell:>24}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
