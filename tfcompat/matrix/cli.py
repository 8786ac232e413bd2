"""The command `matrix`."""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

_ABOUT = "print which releases can be tested together, or a file that tests them"


def _add_matrix(subparsers: Any) -> None:
    matrix = subparsers.add_parser("matrix", help=_ABOUT, description=_ABOUT)
    matrix.add_argument(
        "--tensorflow", metavar="SPEC", type=_specifier, help="such as '>=2.8'; all by default"
    )
    matrix.add_argument(
        "--python", metavar="VERSIONS", type=_words, default=(), help="such as 3.10,3.12"
    )
    matrix.add_argument(
        "--keras", metavar="FLAVOURS", type=_words, default=(), help="some of 2,legacy,3"
    )
    matrix.add_argument(
        "--pick",
        choices=("all", "each-minor", "eras", "edges"),
        default="each-minor",
        help="every patch release; the newest patch of each minor release (default); the newest "
        "release of each era; the oldest and the newest of each era",
    )
    matrix.add_argument("--nightly", action="store_true", help="add the build of the day")
    matrix.add_argument(
        "--platform",
        choices=("linux", "macos", "macos-arm64", "windows"),
        default="linux",
        help="what to find wheels for (default: linux)",
    )
    matrix.add_argument(
        "--emit",
        choices=("table", "json", "tox", "nox", "github", "gitlab", "uv"),
        default="table",
        help="as what to print them (default: table)",
    )
    other = matrix.add_mutually_exclusive_group()
    other.add_argument(
        "--check",
        metavar="FILE",
        help="instead: say what a tox.ini, noxfile.py or workflow misses or asks for in vain; "
        "exit with 1 when it finds something (with --emit json: as JSON)",
    )
    other.add_argument(
        "--refresh",
        action="store_true",
        help="instead: propose rows for what the package index has and tfcompat lacks",
    )
    matrix.set_defaults(run=_run)


COMMANDS = {"matrix": _add_matrix}


def _run(options: argparse.Namespace) -> int:
    if options.check is not None:
        return _check(options)
    if options.refresh:
        return _refresh()
    return _emit(options)


def _check(options: argparse.Namespace) -> int:
    from tfcompat.matrix import check

    findings = check.check_file(options.check, platform=options.platform)
    print(check.as_json(findings) if options.emit == "json" else check.text(findings))
    return check.exit_status(findings)


def _refresh() -> int:
    from tfcompat.matrix import refresh

    print(refresh.text(refresh.refresh()))
    return 0


def _emit(options: argparse.Namespace) -> int:
    from tfcompat.matrix.data import combinations
    from tfcompat.matrix.emit import emit
    from tfcompat.matrix.pick import select

    chosen = select(
        combinations(options.platform),
        tensorflow=options.tensorflow,
        python=options.python,
        keras=options.keras,
        pick=options.pick,
        nightly=options.nightly,
    )
    command = "tfcompat " + shlex.join(_arguments(options))
    sys.stdout.write(emit(chosen, options.emit, command=command, platform=options.platform))
    return 0


def _arguments(options: argparse.Namespace) -> list[str]:
    """Return the arguments as one would type them, for the file to tell."""
    words = ["matrix"]
    if options.tensorflow is not None:
        words += ["--tensorflow", str(options.tensorflow)]
    for name in ("python", "keras"):
        if getattr(options, name):
            words += [f"--{name}", ",".join(getattr(options, name))]
    words += ["--pick", options.pick]
    if options.nightly:
        words.append("--nightly")
    if options.platform != "linux":
        words += ["--platform", options.platform]
    return [*words, "--emit", options.emit]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _specifier(text: str) -> SpecifierSet:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(text)
    except InvalidSpecifier as error:
        raise argparse.ArgumentTypeError(str(error)) from None
