"""Install each environment that `tfcompat matrix --emit tox` writes, and import TensorFlow in it.

    python tools/try_matrix.py                          each minor release with every Python
    python tools/try_matrix.py -- --pick edges --python 3.10

What follows `--` chooses as `tfcompat matrix` does. For whoever adds rows to
tfcompat/matrix/releases.json. Needs `packaging` and `tox-uv`, the network, and the interpreters or
a uv that can get them. An environment is deleted after it was tried; each needs 2 GB.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tfcompat.cli import main as tfcompat  # noqa: E402

# Keras as users see it. TensorFlow 2.5 has no package of that name beside it.
_PROBE = """\
import importlib.util, json, sys
import tensorflow as tf
found = {"python": "%d.%d" % sys.version_info[:2], "tensorflow": tf.__version__}
found["tf.keras"] = getattr(tf.keras, "__version__", None) or tf.keras.layers.Layer.__module__
tf.keras.layers.Dense(1)(tf.zeros((1, 1)))
if importlib.util.find_spec("keras"):
    import keras
    found["keras"] = keras.__version__
print("FOUND", json.dumps(found))
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Try all, return 1 if one failed."""
    argv = list(sys.argv[1:] if argv is None else argv)
    position = argv.index("--") if "--" in argv else len(argv)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-j", dest="jobs", type=int, default=2, help="at a time (default: 2)")
    arguments = parser.parse_args(argv[:position])
    selection = argv[position + 1 :]
    rows = json.loads(_emitted("json", selection))
    with tempfile.TemporaryDirectory(prefix="matrix-") as name:
        directory = Path(name)
        probe = directory / "probe.py"
        probe.write_text(_PROBE, encoding="utf-8")
        # The file as it is, but for what it runs, and without a package beside it.
        text = _emitted("tox", selection).replace("python -m pytest {posargs}", f"python {probe}")
        (directory / "tox.ini").write_text(text, encoding="utf-8")

        def tried(row: dict[str, object]) -> bool:
            return _try(directory, str(row["name"]), str(row["tensorflow"]))

        with ThreadPoolExecutor(arguments.jobs) as pool:
            results = list(pool.map(tried, rows))
    print(f"{sum(results)} of {len(results)} environments install and import")
    return 0 if all(results) else 1


def _try(directory: Path, name: str, tensorflow: str) -> bool:
    started = time.monotonic()
    command = [sys.executable, "-m", "tox", "run", "-e", name, "--skip-pkg-install"]
    environ = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [*command, "-c", str(directory / "tox.ini")],
        cwd=directory,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    shutil.rmtree(directory / ".tox" / name, ignore_errors=True)
    lines = done.stdout.splitlines()
    found = next((line[6:] for line in lines if line.startswith("FOUND ")), "")
    version = json.loads(found)["tensorflow"] if found else ""
    right = version == tensorflow or (tensorflow == "nightly" and "dev" in version)
    seconds = time.monotonic() - started
    print(f"{name:<24} {'ok' if right else 'FAILED':<7} {found} ({seconds:.0f} s)", flush=True)
    if not right:
        print("\n".join(f"    {line}" for line in lines[-15:]), flush=True)
    return right


def _emitted(form: str, selection: Sequence[str]) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = tfcompat(["matrix", *selection, "--emit", form])
    if code:
        raise SystemExit(code)
    return printed.getvalue()


if __name__ == "__main__":
    sys.exit(main())
