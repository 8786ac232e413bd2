"""The commands `check`, `migrate`, `rule` and `why`."""

from __future__ import annotations

import argparse
import gc
import sys
from typing import TYPE_CHECKING, Any

from tfcompat.errors import TfcompatError

if TYPE_CHECKING:
    from tfcompat.lint.config import Settings

CLEAN, FOUND, FAILED = 0, 1, 2

_CHECK = "find private and removed TensorFlow and Keras names"
_MIGRATE = "rewrite them to names that exist in every supported release"


def _add_check(subparsers: Any) -> None:
    check = _over_files(subparsers, "check", _CHECK)
    check.add_argument(
        "--format",
        "--output-format",
        choices=("text", "json", "sarif", "github"),
        default="text",
        help="how to print the findings (default: text)",
    )
    check.add_argument("--fix", action="store_true", help="make the fixes that are safe")
    check.set_defaults(run=_check)


def _add_migrate(subparsers: Any) -> None:
    migrate = _over_files(subparsers, "migrate", _MIGRATE)
    migrate.add_argument("--yes", action="store_true", help="write without asking")
    migrate.set_defaults(run=_migrate)


def _add_rule(subparsers: Any) -> None:
    rule = subparsers.add_parser("rule", help="explain a code", description="Explain a code.")
    rule.add_argument("codes", metavar="CODE", nargs="*", help="such as TFC101; all by default")
    rule.set_defaults(run=_rule)


def _add_why(subparsers: Any) -> None:
    about = "tell the life of a name, release by release"
    why = subparsers.add_parser("why", help=about, description=about)
    why.add_argument("names", metavar="NAME", nargs="+", help="such as tf.keras.backend.function")
    why.add_argument("--tensorflow", metavar="SPEC", help="the releases to support")
    why.set_defaults(run=_why)


# Each command with what adds it to those of `tfcompat`.
COMMANDS = {
    "check": _add_check,
    "migrate": _add_migrate,
    "rule": _add_rule,
    "why": _add_why,
}


def _over_files(subparsers: Any, name: str, about: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subparsers.add_parser(name, help=about, description=about)
    parser.add_argument("paths", metavar="PATH", nargs="+", help="files and directories")
    parser.add_argument(
        "--tensorflow",
        metavar="SPEC",
        help="the releases that the code supports, such as '>=2.8,<2.22'; all by default",
    )
    parser.add_argument(
        "--select", type=_codes, metavar="CODES", help="report these codes, or beginnings, alone"
    )
    parser.add_argument(
        "--ignore", type=_codes, metavar="CODES", help="do not report these, or beginnings"
    )
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="PATTERN",
        help="leave these files and directories out",
    )
    parser.add_argument(
        "--no-guarded",
        action="store_true",
        help="do not report what runs on some releases alone, behind a check or in a try",
    )
    parser.add_argument(
        "--unsafe-fixes",
        action="store_true",
        help="also make fixes that can change what the code does",
    )
    parser.add_argument(
        "--fix-guarded", action="store_true", help="also fix what runs on some releases alone"
    )
    parser.add_argument(
        "--diff", action="store_true", help="show what the fixes would change, and write nothing"
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="processes to use; one per core by default"
    )
    return parser


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code.strip() for code in text.split(",") if code.strip())


def _settings(options: argparse.Namespace) -> Settings:
    """Put the command line over what pyproject.toml says."""
    from tfcompat import rules
    from tfcompat.lint import config
    from tfcompat.lint.findings import codes

    settings = config.load(options.paths[0], codes())
    changes: dict[str, Any] = {}
    for field in ("tensorflow", "select", "ignore"):
        if getattr(options, field) is not None:
            changes[field] = getattr(options, field)
    if options.exclude:
        changes["exclude"] = (*settings.exclude, *options.exclude)
    if options.no_guarded:
        changes["guarded"] = False
    unknown = config.unknown_codes((*(options.select or ()), *(options.ignore or ())), codes())
    if unknown:
        raise TfcompatError(f"There are no such codes: {', '.join(unknown)}. {_known_codes()}")
    settings = settings._replace(**changes)
    rules.columns(settings.tensorflow)  # raises for what is no specifier
    return settings


def _check(options: argparse.Namespace) -> int:
    # Neither is worth its time for what is thrown away: to look for cycles, now and at exit.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return _checked(options)
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def _checked(options: argparse.Namespace) -> int:
    from tfcompat.lint import files, report, run

    settings = _settings(options)
    found = list(files.collect(options.paths, settings))
    if options.fix or options.diff:
        from tfcompat.lint import migrate

        return migrate.check(found, settings, options)
    reports = run.check(found, settings, options.jobs)
    print(report.write(options.format, reports))
    if any(report.errors for report in reports):
        return FAILED
    return FOUND if any(report.findings for report in reports) else CLEAN


def _migrate(options: argparse.Namespace) -> int:
    from tfcompat.lint import files, migrate

    settings = _settings(options)
    return migrate.migrate(list(files.collect(options.paths, settings)), settings, options)


def _known_codes() -> str:
    from tfcompat.lint.findings import codes

    return f"The codes are {', '.join(codes())}."


def _rule(options: argparse.Namespace) -> int:
    from tfcompat.lint.findings import OWN_CODES, codes
    from tfcompat.rules.codes import CODES

    wanted = options.codes or list(codes())
    unknown = [code for code in wanted if code not in codes()]
    if unknown:
        raise TfcompatError(f"There are no such codes: {', '.join(unknown)}. {_known_codes()}")
    parts = []
    for code in wanted:
        if code in OWN_CODES:
            parts.append(f"{code}: {OWN_CODES[code]}\n")
            continue
        known = CODES[code]
        lines = [f"{code}: {known.title}", "", *_wrap(known.text), "", "Before:", ""]
        lines += _indented(known.before)
        if known.after:
            lines += ["", "After:", "", *_indented(known.after)]
        parts.append("\n".join([*lines, ""]))
    print("\n\n".join(parts), end="")
    return CLEAN


def _wrap(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 88)


def _indented(code: str) -> list[str]:
    return [f"    {line}".rstrip() for line in code.rstrip("\n").split("\n")]


def _why(options: argparse.Namespace) -> int:
    from tfcompat import rules

    supported = rules.columns(options.tensorflow)
    code = CLEAN
    for number, name in enumerate(options.names):
        if number:
            print()
        lines = _life(_absolute(name), supported)
        if lines is None:
            code = FAILED
            print(f"tfcompat: {_unknown(_absolute(name))}", file=sys.stderr)
        else:
            print("\n".join(lines))
    return code


def _absolute(name: str) -> str:
    root, dot, rest = name.partition(".")
    return f"tensorflow{dot}{rest}" if root == "tf" else name


def _life(name: str, supported: int) -> list[str] | None:
    """Return the table of one name; None where no release has it and nothing is known of it."""
    from tfcompat import rules
    from tfcompat.lint.findings import display

    periods = rules.life(name)
    rule = rules.rule(name, supported)
    if not periods and rule is None:
        return None
    lines = [name]
    rows = [
        (
            rules.describe(period.releases),
            period.state if period.state != "absent" else "-",
            f"is {display(period.twin)}" if period.twin and period.twin != name else "",
        )
        for period in periods
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(2)]
    lines += [
        f"  {where:<{widths[0]}}  {state:<{widths[1]}}  {twin}".rstrip()
        for where, state, twin in rows
    ]
    if rule is None:
        lines.append("Nothing to change: it is public and works in all supported releases.")
        return lines
    verdict = rule.code
    if rule.target:
        verdict += f": use {display(rule.target)} ({'safe' if rule.safe else 'not safe'})"
    if rule.reason:
        verdict += f": {rule.reason}"
    return [*lines, verdict.rstrip(".") + "."]


def _unknown(name: str) -> str:
    from tfcompat import rules

    text = f"No release from {rules.COLUMNS[0]} on is known to have {name!r}."
    known = rules.resolve(name)
    if known is not None:
        text += f" The longest part that is known: {known[0].name}, a {known[0].kind}."
    return text
