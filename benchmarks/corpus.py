"""What `tfcompat migrate` does to real repositories, as a table.

    python benchmarks/corpus.py DIRECTORY [--safe] [--guarded] [--tensorflow SPEC] [--names FILE]

Each directory in DIRECTORY is one repository. Works on copies. For each: the uses found, those
fixed safely, fixed unsafely and explained; whether every file that compiled before compiles
after; whether a second run changes nothing. `--names` writes the names that stay, with counts.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import pathlib
import shutil
import sys
import tempfile
import warnings
from typing import Any

from tfcompat.lint import files, migrate, notebooks
from tfcompat.lint.config import Settings
from tfcompat.lint.plan import EXPLAINED, SAFE, UNSAFE


def broken(directory: str) -> set[str]:
    """Return the files that do not compile, relative to the directory."""
    found = set()
    for path, _, _ in files.collect([directory], Settings()):
        name = os.path.relpath(path, directory)
        try:
            text = pathlib.Path(path).read_bytes()
            if path.endswith(".ipynb"):
                if notebooks.read(text.decode()).errors:
                    found.add(name)
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(text, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            found.add(name)
    return found


def changes(directory: str, options: argparse.Namespace) -> Any:
    settings = Settings(tensorflow=options.tensorflow, root=directory)
    arguments = argparse.Namespace(
        unsafe_fixes=not options.safe, fix_guarded=options.guarded, jobs=None
    )
    return migrate.run_all(list(files.collect([directory], settings)), settings, arguments)


def measure(repository: pathlib.Path, options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        copy = os.path.join(scratch, repository.name)
        shutil.copytree(repository, copy, symlinks=True)
        before = broken(copy)
        results = changes(copy, options)
        migrate.write(results)
        again = changes(copy, options)
        stays = collections.Counter(
            change.name
            for result in results
            for change in result.changes
            if change.status == EXPLAINED
        )
        return {
            **migrate.count(results),
            "names": stays,
            "errors": [
                f"{result.path}: {error}"
                for result in results
                for error in result.errors
                if os.path.relpath(result.path, copy) not in before
            ],
            "broken": broken(copy) - before,
            "again": sum(result.data is not None for result in again),
        }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--safe", action="store_true", help="safe fixes alone")
    parser.add_argument("--guarded", action="store_true", help="fix what is guarded, too")
    parser.add_argument("--tensorflow")
    parser.add_argument("--names", type=pathlib.Path)
    options = parser.parse_args()
    heads = ("found", "safe", "unsafe", "explained", "fixed", "compiles", "second run")
    print(f"{'repository':36}" + "".join(f"{head:>11}" for head in heads))
    total: collections.Counter[str] = collections.Counter()
    names: collections.Counter[str] = collections.Counter()
    for repository in sorted(path for path in options.directory.iterdir() if path.is_dir()):
        row = measure(repository, options)
        names.update(row["names"])
        total.update({status: row.get(status, 0) for status in (SAFE, UNSAFE, EXPLAINED)})
        compiles = "yes" if not row["broken"] else f"not {len(row['broken'])}"
        second = "no change" if not row["again"] else f"{row['again']} files"
        print_row(repository.name.replace("+", "/"), row, compiles, second)
        for line in (*row["errors"], *row["broken"]):
            print(f"  {line}", file=sys.stderr)
    print_row("all", total, "", "")
    if options.names:
        options.names.write_text(json.dumps(dict(names.most_common()), indent=2))


def print_row(name: str, row: Any, compiles: str, second: str) -> None:
    counts = [row.get(status, 0) for status in (SAFE, UNSAFE, EXPLAINED)]
    found = sum(counts)
    share = f"{(found - counts[2]) / found:.1%}" if found else "-"
    cells = (found, *counts, share, compiles, second)
    print(f"{name:36}" + "".join(f"{cell:>11}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
