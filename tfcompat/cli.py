"""The command line: `python -m tfcompat state show PATH` and its like.

Exit codes: 0 when all is well, 1 when something was found, 2 for an error.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from tfcompat import __version__
from tfcompat.errors import TfcompatError
from tfcompat.lint import cli as lint
from tfcompat.matrix import cli as matrix

# What `add_subparsers` returns, for which argparse has no public name.
Subparsers = Any

FOUND = 1
ERROR = 2

# What TensorFlow brings, and the commands need without it.
_OPTIONAL = ("numpy", "h5py", "ml_dtypes")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = _parser(given).parse_args(given)
    # A name that the terminal's encoding lacks is no reason to fail.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever reads has seen enough; Python must not complain of it on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (TfcompatError, OSError) as error:
        print(f"tfcompat: {error}", file=sys.stderr)
        return ERROR
    except ModuleNotFoundError as error:
        if error.name not in _OPTIONAL:
            raise
        print(f"tfcompat: {error}: pip install tfcompat[convert]", file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        return 130


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tfcompat", description=__doc__.partition("\n")[0])
    parser.add_argument("--version", action="version", version=f"tfcompat {__version__}")
    subparsers = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, prog="tfcompat"
    )
    # To describe a command takes long; where one is asked for, the others are not needed.
    wanted = [name for name in arguments[:1] if name in _COMMANDS]
    for name in wanted or _COMMANDS:
        _COMMANDS[name](subparsers)
    return parser


def _state(subparsers: Subparsers) -> None:
    about = "show, verify, compare and convert states, checkpoints and files of weights"
    state = subparsers.add_parser("state", help=about, description=about)
    commands = state.add_subparsers(
        title="commands", metavar="COMMAND", required=True, prog="tfcompat state"
    )

    show = _command(commands, "show", _show, "show the keys, shapes, dtypes and sizes")
    show.add_argument("path", metavar="PATH")
    show.add_argument("--step", type=int, help="the step; the newest one by default")
    show.add_argument("--html", metavar="FILE", help="write a page with a tree to search")
    show.add_argument("--force", action="store_true", help="replace FILE")

    verify = _command(commands, "verify", _verify, "read all of it; exit with 1 when it is broken")
    verify.add_argument("path", metavar="PATH")
    which = verify.add_mutually_exclusive_group()
    which.add_argument("--step", type=int, help="the step; the newest one by default")
    which.add_argument("--all", action="store_true", help="every state in the directory")

    diff = _command(commands, "diff", _diff, "compare two; exit with 1 when they differ")
    diff.add_argument("first", metavar="A")
    diff.add_argument("second", metavar="B")
    diff.add_argument("--step-a", type=int, metavar="STEP", help="the step of A")
    diff.add_argument("--step-b", type=int, metavar="STEP", help="the step of B")
    diff.add_argument(
        "--tolerance",
        type=_tolerance,
        default=0.0,
        metavar="X",
        help="how far values may be apart: absolute below 1, relative above",
    )

    convert = _command(commands, "convert", _convert, "write one in another format")
    convert.add_argument("source", metavar="SRC")
    convert.add_argument("target", metavar="DST")
    convert.add_argument(
        "--to", required=True, choices=("state", "weights.h5", "npz", "safetensors")
    )
    convert.add_argument("--step", type=int, help="the step; the newest one by default")
    convert.add_argument("--force", action="store_true", help="replace DST")
    convert.add_argument(
        "--leave-out", action="store_true", help="leave out what the format cannot hold"
    )


def _command(
    subparsers: Subparsers, name: str, run: Callable[[argparse.Namespace], int], about: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subparsers.add_parser(name, help=about, description=about)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)
    return parser


def _tolerance(text: str) -> float:
    number = float(text)
    if not number >= 0:
        raise ValueError(text)
    return number


_tolerance.__name__ = "tolerance"  # argparse names it in its message


# Each imports what it needs when it runs, so that none pays for another.


def _show(options: argparse.Namespace) -> int:
    from tfcompat.state.tools import show
    from tfcompat.state.tools.source import open_source

    source = open_source(options.path, options.step)
    if options.html is not None:
        from tfcompat.state.tools import html

        _write(options.html, html.page(source), options.force)
        if not options.json:
            print(options.html)
            return 0
    _print(options, lambda: show.summary(source), lambda: show.text(source))
    return 0


def _verify(options: argparse.Namespace) -> int:
    from tfcompat.state.tools import verify
    from tfcompat.state.tools.source import paths_of

    paths = paths_of(options.path) if options.all else [options.path]
    found = [verify.verify(path, options.step) for path in paths]
    _print(options, lambda: verify.summary(found), lambda: verify.text(found))
    return 0 if all(one.is_whole for one in found) else FOUND


def _diff(options: argparse.Namespace) -> int:
    from tfcompat.state.tools import diff
    from tfcompat.state.tools.source import open_source

    first = open_source(options.first, options.step_a)
    second = open_source(options.second, options.step_b)
    found = diff.compare(first, second, options.tolerance)
    _print(
        options,
        lambda: diff.summary(first, second, found),
        lambda: diff.text(first, second, found),
    )
    return 0 if found.is_empty else FOUND


def _convert(options: argparse.Namespace) -> int:
    from tfcompat.state.tools import convert
    from tfcompat.state.tools.source import open_source

    source = open_source(options.source, options.step)
    converted = convert.convert(
        source, options.target, options.to, force=options.force, leave_out=options.leave_out
    )
    _print(
        options,
        lambda: convert.summary(source, converted),
        lambda: convert.text(source, converted),
    )
    return 0


def _print(
    options: argparse.Namespace, summary: Callable[[], Any], text: Callable[[], str]
) -> None:
    if not options.json:
        print(text())
        return
    import json

    print(json.dumps(summary(), indent=2))


def _write(path: str, text: str, force: bool) -> None:
    try:
        with open(path, "w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise TfcompatError(f"{path!r} exists; --force replaces it.") from None


# A further command adds its function here.
_COMMANDS = {"state": _state, **lint.COMMANDS, **matrix.COMMANDS}
