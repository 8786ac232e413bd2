"""Generate `tfcompat/rules/names.txt` from the releases of the matrix.

    python tools/rules/generate.py              dump every environment, then merge
    python tools/rules/generate.py --keep       dump only those that build/rules lacks

Takes about half a minute for each environment, besides the time to make it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from environments import ROOT, Environments, Processes, tail

HERE = ROOT / "tools" / "rules"
DUMPS = ROOT / "build" / "rules"


def main() -> int:
    """Return the exit status: 1 when an environment or the merge failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", action="store_true", help="keep the dumps that are there")
    arguments = parser.parse_args()
    processes = Processes()
    environments = Environments(processes)
    names = environments.names("all")
    DUMPS.mkdir(parents=True, exist_ok=True)
    failed = []
    for name in names:
        dump, log = DUMPS / f"{name}.json", DUMPS / f"{name}.txt"
        if arguments.keep and dump.exists():
            continue
        dump.unlink(missing_ok=True)
        log.unlink(missing_ok=True)
        try:
            command, environ = environments.environment_command(
                name, [str(HERE / "dump.py"), str(dump)]
            )
        except RuntimeError as error:
            failed.append(f"{name}: {error}")
            continue
        done = processes.run(command, log, environ) and dump.exists()
        if done:
            print(f"{name}: {tail(log, 1).strip()}", flush=True)
        else:
            progress = dump.with_suffix(".progress")
            at = f" while it imported {progress.read_text()}" if progress.exists() else ""
            failed.append(f"{name} failed{at}, see {log.relative_to(ROOT)}")
    if failed:
        # A table without a release would say that its names are gone.
        print("Nothing merged, since environments are missing:", *failed, sep="\n  ")
        return 1
    dumps = [str(DUMPS / f"{name}.json") for name in names]
    return subprocess.run([sys.executable, str(HERE / "merge.py"), *dumps], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
