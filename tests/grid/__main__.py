"""Write the states of the grid, read those of every environment, report the result.

python -m tests.grid write DIRECTORY/NAME --environment NAME
python -m tests.grid read DIRECTORY --environment NAME --output FILE.json
python -m tests.grid report DIRECTORY --json FILE.json --svg FILE.svg
"""

from __future__ import annotations

import argparse
import gc
import json
import pathlib
import sys

from tests.grid import report as reporting


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.grid", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write")
    write.add_argument("directory", type=pathlib.Path)
    write.add_argument("--environment", required=True)
    write.add_argument(
        "--brief",
        action="store_true",
        help="leave out the layers, the optimizers and the whole models",
    )
    write.add_argument(
        "--edges", action="store_true", help="leave out what plain Keras writes of the models"
    )
    read = commands.add_parser("read")
    read.add_argument("directory", type=pathlib.Path)
    read.add_argument("--environment", required=True)
    read.add_argument("--output", type=pathlib.Path, required=True)
    read.add_argument("--peer", action="store_true", help="tf.train.Checkpoint beside tfcompat")
    read.add_argument(
        "--brief",
        action="store_true",
        help="leave out the layers, the optimizers and the whole models",
    )
    read.add_argument(
        "--edges",
        action="store_true",
        help="leave out the native files of other environments than the edges of the eras",
    )
    report = commands.add_parser("report")
    report.add_argument("directory", type=pathlib.Path)
    report.add_argument("--json", type=pathlib.Path, required=True)
    report.add_argument("--svg", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    if arguments.command == "report":
        return reporting.main(arguments.directory, arguments.json, arguments.svg)
    from tests.grid import cells

    # What TensorFlow's modules hold, a million objects, is no garbage.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    if arguments.command == "write":
        cells.write(arguments.directory, arguments.environment, arguments.brief, arguments.edges)
        return 0
    results = cells.read(
        arguments.directory,
        arguments.environment,
        peer=arguments.peer,
        brief=arguments.brief,
        edges_only=arguments.edges,
    )
    arguments.output.write_text(json.dumps(results, indent=1))
    failed = [cell for cell in results["cells"] if not cell["ok"]]
    for cell in failed:
        print(f"{reporting.named(cell)}: {cell['tfcompat']}")
    print(f"{len(results['cells']) - len(failed)} of {len(results['cells'])} cells resumed")
    # What the nightly build wrote is shown, and fails nobody else.
    return 1 if any("nightly" not in cell["writer"] for cell in failed) else 0


if __name__ == "__main__":
    sys.exit(main())
