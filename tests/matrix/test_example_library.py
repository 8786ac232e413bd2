"""A library that uses all of the kit: its matrix from the emitted file, as tox runs it.

Needs the package registry, and takes minutes: four environments are installed.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

pytest.importorskip("tox")
pytest.importorskip("tox_uv")

ROOT = pathlib.Path(__file__).parents[2]
LIBRARY = ROOT / "tests" / "example_library"

# The newest of each era that has this Python.
ENVIRONMENTS = ("py310-tf2.10", "py310-tf2.15", "py310-tf2.21", "py310-tf2.21-legacy")


class Project:
    """A copy of the library with the file that was emitted for it."""

    def __init__(self, directory: pathlib.Path, wheels: pathlib.Path) -> None:
        self.directory = directory
        self.wheels = wheels
        shutil.copytree(LIBRARY, directory, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        arguments = ["--pick", "eras", "--python", "3.10", "--emit", "tox"]
        command = [sys.executable, "-m", "tfcompat", "matrix", *arguments]
        emitted = subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout
        (directory / "tox.ini").write_bytes(emitted)

    def tox(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run tox as a user does, but for the source of tfcompat."""
        foreign = re.compile("TOX|PYTEST|PYTHON|COV|VIRTUAL_ENV|TF_|KERAS")
        environ = {k: v for k, v in os.environ.items() if not foreign.match(k)}
        environ.update(UV_FIND_LINKS=str(self.wheels), CUDA_VISIBLE_DEVICES="")
        return subprocess.run(
            [sys.executable, "-m", "tox", "run", "--colored", "no", *arguments],
            cwd=self.directory,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def write(self, path: str, text: str) -> None:
        """Replace a file of the library, of which each environment installs a copy."""
        (self.directory / path).write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        """Return a file of the library."""
        return (self.directory / path).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    directory = tmp_path_factory.mktemp("example")
    wheels = directory / "wheels"
    command = ["uv", "build", "--wheel", "--out-dir", str(wheels), str(ROOT)]
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    environ = {**os.environ, "PATH": path}
    if subprocess.run(["uv", "python", "find", "3.10"], check=False, env=environ).returncode:
        pytest.skip("no Python 3.10 on PATH, where tools/run.py puts the one that it finds")
    subprocess.run(command, check=True, env=environ)
    return Project(directory / "library", wheels)


def test_the_matrix_is_green_without_an_edit(project: Project) -> None:
    done = project.tox("--", "--tfcompat-report", "report.html")
    assert done.returncode == 0, done.stdout
    # Once more, so that each finds the states of all others.
    done = project.tox("--", "--tfcompat-report", "report.html", "-k", "cross")
    assert done.returncode == 0, done.stdout
    for name in ENVIRONMENTS:
        assert f"{name}: OK" in done.stdout
        states = project.directory / ".tfcompat" / "states"
        assert list(states.glob(f"*/{name}"))
    suites = ET.parse(project.directory / "report.xml").getroot().findall("testsuite")
    assert {suite.get("name") for suite in suites} == set(ENVIRONMENTS)
    assert all(suite.get("failures") == suite.get("errors") == "0" for suite in suites)
    page = project.read("report.html")
    assert all(name in page for name in ENVIRONMENTS)


def test_a_private_import_turns_it_red(project: Project) -> None:
    before = project.read("gated/training.py")
    private = "from tensorflow.python.framework.ops import convert_to_tensor"
    project.write("gated/training.py", f"{before}\n{private}\n")
    try:
        done = project.tox("-e", "py310-tf2.15")
    finally:
        project.write("gated/training.py", before)
    assert done.returncode != 0
    line = before.count("\n") + 2
    assert f"training.py:{line}" in done.stdout
    assert "tensorflow.python.framework.ops.convert_to_tensor" in done.stdout
    assert re.search(r"(tf|tensorflow)\.convert_to_tensor", done.stdout)
    assert "tfcompat check --fix" in done.stdout
    assert "1 failed" in done.stdout


def test_an_incompatible_state_turns_it_red(project: Project) -> None:
    before = project.read("gated/layer.py")
    after = before.replace("self.gate", "self.door")
    assert after != before
    project.write("gated/layer.py", after)
    try:
        done = project.tox("-e", "py310-tf2.21", "--", "-k", "test_states_cross")
    finally:
        project.write("gated/layer.py", before)
    assert done.returncode != 0
    assert "1 failed" in done.stdout
    for writer in set(ENVIRONMENTS) - {"py310-tf2.21"}:
        assert re.search(rf"{re.escape(writer)}\b.*py310-tf2\.21", done.stdout), writer
    assert "gate" in done.stdout
    assert "door" in done.stdout
