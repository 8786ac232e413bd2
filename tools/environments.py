"""Make tox's environments and run commands in them, on a machine that has only Python and pip."""

from __future__ import annotations

import configparser
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import interpreters

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".tox"
LOGS = WORK / "log"

# What runs the environments. Whole ranges, because the newest that there is differs between
# the Python versions that may run this.
_TOOLS = ("tox>=4.23,<5", "tox-uv>=1.16,<2")
_BIN = "Scripts" if os.name == "nt" else "bin"

# Whose tests run a matrix of their own, beside the Python in its name.
_PYTHONS_OF_TESTS = {"py312-tools": ("3.10",)}

# A command that takes longer than this hangs.
_TIME_LIMIT = 45 * 60

# The developer's own settings of these kinds must not reach the tests.
_FOREIGN = re.compile(r"^(PYTHON|TF_|KERAS_|VIRTUAL_ENV|XLA_|CONDA_)")


class Processes:
    """The running commands: each in its own group, so that all of it can be ended."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def run(self, command: Sequence[str], log: Path, environ: Mapping[str, str]) -> bool:
        """Run a command, append what it prints to `log`, return whether it succeeded."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            file.write(f"$ {' '.join(command)}\n".encode())
            file.flush()
            with self._lock:
                if self._stopped:
                    return False
                process = subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=environ,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                self._running.add(process)
            try:
                return process.wait(_TIME_LIMIT) == 0
            except subprocess.TimeoutExpired:
                file.write(f"\nended after {_TIME_LIMIT} s without a result\n".encode())
                self._end([process])
                return False
            finally:
                with self._lock:
                    self._running.discard(process)

    def stop(self) -> None:
        """End all that runs, start nothing any more."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        self._end(running)

    @staticmethod
    def _end(processes: Iterable[subprocess.Popen[bytes]]) -> None:
        processes = list(processes)
        for process in processes:
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + 10
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0, deadline - time.monotonic()))
            # Also where the leader is gone: its children may be deaf to the polite signal.
            _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            process.send_signal(number)
        else:
            os.killpg(process.pid, number)


class Environments:
    """The environments of tox.ini.

    Attributes:
        processes: The commands that run in them.
        missing: Each interpreter that cannot be had, with the reason.
    """

    def __init__(self, processes: Processes) -> None:
        self.processes = processes
        self.missing: dict[str, str] = {}
        self._environ = dict(os.environ)
        self._tools = _install_tools()
        self._uv = self._tools / ("uv.exe" if os.name == "nt" else "uv")
        self._share_files()
        self._config: dict[str, tuple[str, dict[str, str]]] = {}

    def names(self, label: str) -> list[str]:
        """Return the names of the environments that carry a label, in the order of tox.ini."""
        return self._tox_output("list", "-q", "--no-desc", "-m", label).split()

    def versions(self) -> str:
        """Return the versions of the tools."""
        uv = subprocess.run([self._uv, "--version"], capture_output=True, text=True, check=True)
        return f"tox {self._tox_output('--version').split()[0]}, {uv.stdout.strip()}"

    def prepare(self, names: Iterable[str]) -> list[str]:
        """Find the interpreters of these environments.

        Returns:
            The environments whose interpreter was found. `missing` tells about the others.
        """
        names = list(names)
        directories = []
        versions = {python_of(name) for name in names} - {""}
        versions.update(*(_PYTHONS_OF_TESTS.get(name, ()) for name in names))
        for version in sorted(versions, key=_numeric):
            path, note = interpreters.find(version, self._uv)
            if path is None:
                self.missing[version] = note
                print(f"Python {version}: MISSING: {note}", flush=True)
            else:
                directories.append(str(path.parent))
                print(f"Python {version}: {path} ({note})", flush=True)
        self._environ["PATH"] = os.pathsep.join([*directories, os.environ.get("PATH", "")])
        usable = [name for name in names if python_of(name) not in self.missing]
        self._read_config(usable)
        return usable

    def tox(self, name: str, *arguments: str, log: Path) -> bool:
        """Run `tox run` for one environment, return whether it succeeded."""
        command = [str(self._tools / "tox"), "run", "--colored", "no", "-e", name, *arguments]
        return self.processes.run(command, log, self._environ)

    def create(self, name: str, *, log: Path) -> bool:
        """Make an environment where there is none, return whether it is usable."""
        return self.tox(name, "--notest", log=log)

    def exists(self, name: str) -> bool:
        """Return whether an environment has been made before, if perhaps not finished."""
        return (WORK / name).is_dir()

    def environment_command(
        self, name: str, argv: Sequence[str]
    ) -> tuple[list[str], dict[str, str]]:
        """Return the command and the variables that run `python argv...` in an environment.

        The environment is made if need be. Afterwards its Python is called directly, with the
        variables that tox would set, since tox itself costs a second each time.

        Raises:
            RuntimeError: The environment cannot be made.
        """
        if name not in self._config:
            self.prepare([name])
        if python_of(name) in self.missing:
            raise RuntimeError(f"{name}: {self.missing[python_of(name)]}")
        python = self.python(name)
        if not Path(python).exists() and not self.create(name, log=LOGS / f"{name}.txt"):
            raise RuntimeError(f"{name} cannot be made, see {LOGS / name}.txt")
        environ = clean_environ()
        environ["PATH"] = os.pathsep.join([str(Path(python).parent), environ.get("PATH", "")])
        environ.update(self.variables(name))
        return [python, *argv], environ

    def python(self, name: str) -> str:
        """Return the path of an environment's Python."""
        return self._config[name][0]

    def variables(self, name: str) -> dict[str, str]:
        """Return the variables that tox sets in an environment."""
        return dict(self._config[name][1])

    def _read_config(self, names: Sequence[str]) -> None:
        if not names:
            return
        text = self._tox_output("config", "-e", ",".join(names), "-k", "env_python", "set_env")
        parser = configparser.RawConfigParser(delimiters=["="])
        parser.read_string(text)
        for name in names:
            section = parser[f"testenv:{name}"]
            lines = section["set_env"].strip().splitlines()
            variables = dict(line.split("=", 1) for line in lines)
            self._config[name] = (section["env_python"], variables)

    def _tox_output(self, *arguments: str) -> str:
        done = subprocess.run(
            [self._tools / "tox", *arguments],
            cwd=ROOT,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout

    def _share_files(self) -> None:
        """Let the environments share their files with uv's cache through hard links.

        The matrix needs twice the disk otherwise. A hard link cannot cross file systems, so a
        cache that lies on another one is replaced by a cache beside the environments.
        """
        found = subprocess.run(
            [self._uv, "cache", "dir"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        cache = Path(found.stdout.strip())
        if "UV_CACHE_DIR" not in os.environ and _device(cache) != _device(WORK):
            cache = WORK / ".cache"
        # Always set: tox hands on variables of uv, but not those from which uv derives a default.
        self._environ["UV_CACHE_DIR"] = str(cache)
        self._environ.setdefault("UV_LINK_MODE", "hardlink")


def clean_environ() -> dict[str, str]:
    """Return the developer's variables without those that would change what is tested."""
    return {key: value for key, value in os.environ.items() if not _FOREIGN.match(key)}


def python_of(name: str) -> str:
    """Return the Python version in an environment's name, or "" where any Python will do."""
    match = re.match(r"py(\d)(\d+)-", name)
    return f"{match[1]}.{match[2]}" if match else ""


def tail(log: Path, lines: int = 25) -> str:
    """Return the last lines of a log, after those that name the tests that failed."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    failed = [line for line in text.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    if failed:
        return "\n".join(f"    {line[:300]}" for line in failed[:lines])
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines()[-lines:])


def _numeric(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _device(path: Path) -> int:
    while not path.exists():
        path = path.parent
    return path.stat().st_dev


def _install_tools() -> Path:
    """Install tox and uv into an environment of their own, return where their programs are."""
    home = WORK / ".runner"
    python = str(home / _BIN / "python")
    stamp = home / "installed.txt"
    wanted = "\n".join(_TOOLS)
    # It is run as well, since the Python that it was made from may be gone by now.
    if stamp.exists() and stamp.read_text() == wanted and interpreters.output([python, "-V"]):
        return home / _BIN
    print("Installing tox and uv into .tox/.runner", file=sys.stderr, flush=True)
    shutil.rmtree(home, ignore_errors=True)
    # With the pip that is there: some systems ship Python without what venv needs to bring one.
    venv = [sys.executable, "-m", "venv"]
    install = ["install", "-qq", "--disable-pip-version-check", *_TOOLS]
    subprocess.run([*venv, "--without-pip", str(home)], check=True)
    pip = [sys.executable, "-m", "pip", "--python", python]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        # That pip cannot install into another environment (before 22.3), or there is none.
        subprocess.run([*venv, "--clear", str(home)], check=True)
        pip = [python, "-m", "pip"]
    subprocess.run([*pip, *install], check=True)
    stamp.write_text(wanted)
    return home / _BIN
