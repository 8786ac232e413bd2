"""Run the tests, the grid and the relay on every release of the matrix.

Needs Python 3.9 or newer with pip, and nothing else: tox and uv are installed into
`.tox/.runner`, the interpreters that the matrix needs are found or downloaded, and one that
cannot be had is reported together with the environments that are left out for it.

    python tools/run.py test            the tests and the grid on the whole matrix
    python tools/run.py test --quick    one release per era
    python tools/run.py test --full     all tests on all releases, all pairs of the grid
    python tools/run.py test -e py310-tf2.15 -- -k tracking
    python tools/run.py relay           train in turns on one release per era
    python tools/run.py list            the environments
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from types import FrameType

from environments import (
    LOGS,
    ROOT,
    Environments,
    Processes,
    clean_environ,
    python_of,
    tail,
)
from results import GREEN, Row, summarize

BUILD = ROOT / "build"
GRID = BUILD / "grid"

# An environment with its share of uv's cache, when the two share their files.
_GIGABYTES_PER_ENVIRONMENT = 1.4

# The legs of the relay, by era, in the order in which they run. The relay returns to its first.
_RELAY = {
    "Keras 2 with OptimizerV2 (to 2.10)": ("py39-tf2.5", "py310-tf2.10"),
    "Keras 2 with the new optimizers": ("py310-tf2.11", "py310-tf2.15", "py310-tf2.16-legacy"),
    "Keras 3": ("py310-tf2.16", "py310-tf2.21", "py313-tf2.21"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the subcommands, return the exit status."""
    signal.signal(signal.SIGTERM, _interrupt)
    arguments, extra = _parse(sys.argv[1:] if argv is None else argv)
    processes = Processes()
    try:
        environments = Environments(processes)
        if arguments.command == "list":
            names = [*environments.names("lint"), *environments.names("all")]
            print(json.dumps(names) if arguments.json else "\n".join(names))
            return 0
        if arguments.command == "relay":
            return relay(environments, arguments.jobs, extra)
        return test(environments, arguments, extra)
    except subprocess.CalledProcessError as error:
        # Of tox or pip itself, which has printed why.
        print(f"\nFailed: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        processes.stop()
        print("\nInterrupted.", file=sys.stderr)
        return 130


def test(environments: Environments, arguments: argparse.Namespace, extra: list[str]) -> int:
    """Run the tests, then the grid, then say how each release fared."""
    started = time.monotonic()
    names = _chosen(environments, arguments)
    print(f"{environments.versions()}; {len(names)} environments, {arguments.jobs} at a time")
    usable = environments.prepare(names)
    rows = {name: Row(name) for name in names}
    for row in rows.values():
        row.missing = environments.missing.get(python_of(row.name), "")
    _check_disk(environments, usable)

    for directory in (LOGS, GRID):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
    grid = arguments.grid
    # Whoever names the environments wants all of them.
    full = arguments.full or arguments.environments is not None
    eras = [] if full else environments.names("eras")

    print(f"\nTests; logs are in {LOGS.relative_to(ROOT)}", flush=True)
    for row in rows.values():
        row.full = full or not row.has_tensorflow or row.name in eras
    # What takes longest first, since what runs last leaves a core idle: the tools' own tests,
    # those with all tests, the newest.
    running = [rows[name] for name in reversed(usable)]
    running.sort(key=lambda row: (row.has_tensorflow, not row.full))
    edges = [] if full else ["--edges"]
    written = edges if grid else None
    _each(running, arguments.jobs, lambda row: _test_one(environments, row, extra, written))
    writers = [row for row in running if (GRID / row.name).is_dir()]
    if grid and writers:
        print("\nGrid", flush=True)
        options = [*(["--peer"] if arguments.peer else []), *edges]
        _each(writers, arguments.jobs, lambda row: _read_one(environments, row, options))
    drawn = not (grid and writers) or _report()
    return summarize(list(rows.values()), drawn, time.monotonic() - started)


def relay(environments: Environments, jobs: int, extra: list[str]) -> int:
    """Make the environments of the relay, then let the relay run through them."""
    wanted = [Row(name) for names in _RELAY.values() for name in names]
    usable = environments.prepare(row.name for row in wanted)
    legs = [row for row in wanted if row.name in usable]
    for row in wanted:
        if row.name not in usable:
            print(f"SKIPPED {row.name}: no Python {python_of(row.name)}", flush=True)
    _check_disk(environments, usable)
    LOGS.mkdir(parents=True, exist_ok=True)

    def make(row: Row) -> None:
        row.log.unlink(missing_ok=True)
        if not environments.create(row.name, log=row.log):
            row.troubles.append("cannot be installed")

    print(f"\nMaking {len(legs)} environments", flush=True)
    _each(legs, jobs, make)
    legs = [row for row in legs if row.result == GREEN]
    for era, names in _RELAY.items():
        if not {row.name for row in legs} & set(names):
            print(f"WARNING: the relay leaves out a whole era: {era}", flush=True)
    if not legs:
        print("No environment to run the relay in.", file=sys.stderr)
        return 1
    description = BUILD / "relay.json"
    description.parent.mkdir(exist_ok=True)
    # What the relay needs to run a leg: the Python to call, and the variables to add to its own.
    legs_of_relay = {
        row.name: {
            "python": environments.python(row.name),
            "env": environments.variables(row.name),
        }
        for row in legs
    }
    description.write_text(json.dumps(legs_of_relay, indent=2), encoding="utf-8")
    print(flush=True)
    command = [sys.executable, str(ROOT / "examples" / "relay.py")]
    command += ["--environments", str(description), *extra]
    return subprocess.run(command, cwd=ROOT, env=clean_environ(), check=False).returncode


def _test_one(
    environments: Environments, row: Row, extra: list[str], written: list[str] | None
) -> None:
    """Run the tests, then write the states of the grid with some options, unless they are None."""
    junit = LOGS / f"{row.name}.xml"
    if not row.has_tests:
        if not environments.tox(row.name, log=row.log):
            row.troubles.append("lint failed")
        return
    # The build of the day is the point of nightly: an environment of yesterday will not do.
    fresh = [] if row.counts else ["--recreate"]
    marked = [] if row.full else ["-m", "not once_per_era"]
    pytest = [f"--junitxml={junit}", *marked, *extra]
    succeeded = environments.tox(row.name, *fresh, "--", *pytest, log=row.log)
    if not junit.exists():
        row.troubles.append("tests crashed" if _got_to_tests(row.log) else "cannot be installed")
        return
    row.count(junit)
    if not row.passed + row.failed:
        row.troubles.append("no tests ran")
    elif not succeeded and not row.failed:
        row.troubles.append("tests ended with an error")
    options = [*(written or []), *([] if row.full else ["--brief"])]
    if (
        written is not None
        and row.has_tensorflow
        and not _python(environments, row, "write", str(GRID / row.name), *options)
    ):
        row.troubles.append("grid: cannot write")
        shutil.rmtree(GRID / row.name, ignore_errors=True)


def _read_one(environments: Environments, row: Row, options: list[str]) -> None:
    output = GRID / f"{row.name}.json"
    options = ["--output", str(output), *options, *([] if row.full else ["--brief"])]
    if not _python(environments, row, "read", str(GRID), *options):
        row.troubles.append("grid: cannot read all")
    if output.exists():
        row.count_cells(output)


def _python(environments: Environments, row: Row, subcommand: str, *arguments: str) -> bool:
    """Run one step of the grid in an environment."""
    argv = ["-m", "tests.grid", subcommand, *arguments, "--environment", row.name]
    command, environ = environments.environment_command(row.name, argv)
    return environments.processes.run(command, row.log, environ)


def _report() -> bool:
    outputs = ["--json", str(BUILD / "grid.json"), "--svg", str(BUILD / "grid.svg")]
    command = [sys.executable, "-m", "tests.grid", "report", str(GRID), *outputs]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def _got_to_tests(log: Path) -> bool:
    return "commands[0]>" in log.read_text(encoding="utf-8", errors="replace")


def _each(rows: Sequence[Row], jobs: int, work: Callable[[Row], None]) -> None:
    """Do `work` on all rows, some at a time, and print a line as each ends."""

    def timed(row: Row) -> float:
        started = time.monotonic()
        try:
            work(row)
        except Exception as error:  # One environment must not take the others down.
            row.troubles.append(f"{type(error).__name__}: {error}")
        seconds = time.monotonic() - started
        row.seconds += seconds
        return seconds

    known = {row.name: len(row.troubles) for row in rows}
    pool = ThreadPoolExecutor(jobs)
    futures = {pool.submit(timed, row): row for row in rows}
    try:
        for number, future in enumerate(as_completed(futures), 1):
            row = futures[future]
            cells = f"; grid {row.cells}" if row.cells else ""
            line = f"[{number:>2}/{len(rows)}] {row.describe()}{cells}"
            print(f"{line}  ({future.result():.0f} s)", flush=True)
            if len(row.troubles) > known[row.name] or (row.failed and row.cells is None):
                print(tail(row.log), flush=True)
    finally:
        # Without waiting: on Ctrl-C the caller ends what still runs.
        pool.shutdown(wait=False, cancel_futures=True)


def _chosen(environments: Environments, arguments: argparse.Namespace) -> list[str]:
    known = [*environments.names("lint"), *environments.names("all")]
    if arguments.environments is None:
        quick = {*environments.names("lint"), *environments.names("quick")}
        return [name for name in known if name in quick or not arguments.quick]
    unknown = [name for name in arguments.environments if name not in known]
    if unknown:
        sys.exit(f"unknown: {', '.join(unknown)}\nknown: {', '.join(known)}")
    return list(dict.fromkeys(arguments.environments))


def _check_disk(environments: Environments, names: Iterable[str]) -> None:
    """Complain before the first install rather than in the middle of the twentieth.

    No more than that: with a warm cache of uv's the environments need next to nothing.
    """
    new = [name for name in names if name != "lint" and not environments.exists(name)]
    needed = len(new) * _GIGABYTES_PER_ENVIRONMENT
    free = shutil.disk_usage(ROOT).free / 1e9
    print(f"Disk: {free:.0f} GB free, up to {needed:.0f} GB needed for {len(new)} environments")
    if free < needed:
        print("WARNING: that may not suffice; --quick or -e choose fewer.", file=sys.stderr)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Treat a polite request to end like Ctrl-C, so that no child is left behind."""
    raise KeyboardInterrupt


def _parse(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    argv, extra = list(argv), []
    if "--" in argv:
        position = argv.index("--")
        argv, extra = argv[:position], argv[position + 1 :]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="test | relay | list")
    tests = commands.add_parser("test", help="run the tests and the grid; after --: for pytest")
    extent = tests.add_mutually_exclusive_group()
    extent.add_argument("--quick", action="store_true", help="one release per era")
    extent.add_argument(
        "--full",
        action="store_true",
        help="all tests on all releases, also those marked once_per_era, and all pairs of the grid",
    )
    extent.add_argument(
        "-e",
        dest="environments",
        metavar="ENV,...",
        type=lambda text: text.split(","),
        help="these environments, each in full",
    )
    tests.add_argument("--no-grid", dest="grid", action="store_false", help="only the tests")
    tests.add_argument(
        "--peer", action="store_true", help="have tf.train.Checkpoint do the same in the grid"
    )
    passing = commands.add_parser("relay", help="run the relay; after --: for the relay")
    for command in (tests, passing):
        command.add_argument(
            "-j",
            dest="jobs",
            type=int,
            # One more than there are cores, since each waits now and then: for the network, the
            # disk, a process that it started. TensorFlow needs a gigabyte in each.
            default=min((os.cpu_count() or 1) + 1, 4),
            help="environments at a time (default: %(default)s)",
        )
    listing = commands.add_parser("list", help="list the environments")
    listing.add_argument("--json", action="store_true", help="as one line of JSON")
    return parser.parse_args(argv), extra


if __name__ == "__main__":
    sys.exit(main())
