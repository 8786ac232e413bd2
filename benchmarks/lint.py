"""How fast `tfcompat check` is, beside ruff and TensorFlow's own upgrade script.

    python benchmarks/lint.py DIRECTORY [--ruff RUFF] [--upgrade TF_UPGRADE_V2] [--runs 5]

Each reads the same tree, in turns, with no cache: `tfcompat check`; `ruff check --select TID251`
with the same private modules banned; `tf_upgrade_v2` (once, for it takes minutes), from an
environment that has TensorFlow. Prints wall-clock and processor seconds, medians of the runs.
"""

from __future__ import annotations

import argparse
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


def commands(options: argparse.Namespace, scratch: pathlib.Path) -> dict[str, list[str]]:
    found = {"tfcompat check": [sys.executable, "-m", "tfcompat", "check", options.directory]}
    if options.ruff:
        settings = scratch / "ruff.toml"
        bans = "".join(f'"{module}".msg = "private"\n' for module in BANNED)
        settings.write_text(f"[lint.flake8-tidy-imports.banned-api]\n{bans}")
        found["ruff check --select TID251"] = [
            *(options.ruff, "check", "--no-cache", "--config", str(settings)),
            *("--select", "TID251", options.directory),
        ]
    if options.upgrade:
        found["tf_upgrade_v2"] = [
            *(options.upgrade, "--intree", options.directory),
            *("--outtree", str(scratch / "out"), "--copyotherfiles", "False"),
            *("--reportfile", str(scratch / "report.txt")),
        ]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory")
    parser.add_argument("--ruff", default=shutil.which("ruff"))
    parser.add_argument("--upgrade", help="the tf_upgrade_v2 of an environment with TensorFlow")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    times: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for run in range(options.runs):
            for name, command in commands(options, pathlib.Path(scratch)).items():
                if name != "tf_upgrade_v2" or not run:
                    times.setdefault(name, []).append(seconds(command))
                    print(f"run {run + 1}: {name}: {times[name][-1][0]:.2f} s", file=sys.stderr)
    ours = [statistics.median(column) for column in zip(*times["tfcompat check"])]
    print(f"{os.cpu_count()} cores; {options.runs} runs; medians; ratio to tfcompat check")
    print(f"{'':32}{'wall s':>9}{'ratio':>8}{'CPU s':>9}{'ratio':>8}")
    for name, found in times.items():
        wall, used = (statistics.median(column) for column in zip(*found))
        print(f"{name:32}{wall:9.2f}{wall / ours[0]:8.2f}{used:9.2f}{used / ours[1]:8.2f}")


if __name__ == "__main__":
    main()
