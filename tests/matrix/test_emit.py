"""The files that `tfcompat matrix` writes, as those who run them read them."""

from __future__ import annotations

import configparser
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from tfcompat.cli import main
from tfcompat.matrix import data
from tfcompat.matrix.data import combinations
from tfcompat.matrix.pick import select

ROOT = pathlib.Path(__file__).parents[2]

SELECTIONS = {
    "all": ["--pick", "all", "--nightly"],
    "each-minor": ["--nightly"],
    "edges": ["--pick", "edges"],
    "eras": ["--pick", "eras", "--nightly", "--python", "3.10,3.12"],
    "without legacy": ["--keras", "2,3"],
    "legacy": ["--keras", "legacy"],
}


def emitted(capsys, *arguments: str) -> str:
    assert main(["matrix", *arguments]) == 0
    return capsys.readouterr().out


def expected(capsys, *arguments: str) -> dict[str, dict]:
    """Return the combinations as they are printed in the plainest of the formats."""
    return {row["name"]: row for row in json.loads(emitted(capsys, *arguments, "--emit", "json"))}


def test_json_is_what_was_selected(capsys) -> None:
    found = expected(capsys, "--pick", "all", "--nightly", "--python", "3.12")
    chosen = select(combinations(), pick="all", nightly=True, python=["3.12"])
    assert list(found) == [c.name for c in chosen]
    assert found["py312-tf2.16-legacy"] == {
        "name": "py312-tf2.16-legacy",
        "python": "3.12",
        "tensorflow": "2.16.2",
        "keras": "legacy",
        "era": "Keras 2 on later releases: the tf_keras package",
        "requirements": ["tensorflow==2.16.2", "tf-keras==2.16.0"],
        "variables": {"TF_USE_LEGACY_KERAS": "1"},
        "may_fail": False,
    }
    assert [name for name, row in found.items() if row["may_fail"]] == ["py312-nightly"]


def test_the_table_has_all(capsys) -> None:
    printed = emitted(capsys, "--pick", "edges")
    for row in expected(capsys, "--pick", "edges").values():
        line = next(line for line in printed.splitlines() if line.startswith(row["name"] + " "))
        assert " ".join(row["requirements"]) in line
    assert "8 combinations for linux" in printed


@pytest.mark.parametrize("selection", SELECTIONS)
def test_tox_reads_the_same(selection: str, capsys, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("tox")
    path = tmp_path / "tox.ini"
    path.write_text(emitted(capsys, *SELECTIONS[selection], "--emit", "tox"))
    assert not assert_tox_reads(path, expected(capsys, *SELECTIONS[selection]), {"pytest"})


def test_the_projects_own_tox_ini_is_of_the_data() -> None:
    pytest.importorskip("tox")
    rows = {
        c.name: {
            "python": c.python,
            "requirements": c.requirements,
            "variables": dict(c.variables),
            "may_fail": False,
        }
        for c in data.own()
    }
    others = {"pytest>=8", "scikit-learn>=1.1", "hypothesis>=6.100"}
    assert assert_tox_reads(ROOT / "tox.ini", rows, others) == {
        "lint",
        "py312-tools",
        "py312-remote",
    }


def test_the_projects_own_tox_ini_is_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "tools" / "tox_ini.py"), "--check"]
    assert subprocess.run(command, check=False).returncode == 0


def assert_tox_reads(path, rows, others) -> set[str]:
    """Compare what tox makes of a file with the rows, return the further environments."""
    keys = ["deps", "set_env", "base_python", "ignore_outcome"]
    command = [sys.executable, "-m", "tox", "config", "-c", str(path), "-k", *keys]
    environ = {k: v for k, v in os.environ.items() if not k.startswith("TOX")}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    parser = configparser.RawConfigParser(delimiters=["="])
    parser.read_string(done.stdout)
    found = {s.partition(":")[2]: parser[s] for s in parser.sections() if s.startswith("testenv:")}
    for name, row in rows.items():
        section = found[name]
        assert set(section["deps"].split("\n")) - {""} == {*others, *row["requirements"]}, name
        variables = section["set_env"].splitlines()
        legacy = [v for v in variables if v.startswith("TF_USE_LEGACY_KERAS")]
        assert legacy == [f"{k}={v}" for k, v in row["variables"].items()], name
        assert section["base_python"].strip().replace("python", "").replace("py", "") in (
            row["python"],
            row["python"].replace(".", ""),
        )
        assert (section["ignore_outcome"] == "True") == row["may_fail"], name
    return set(found) - set(rows)


@pytest.mark.parametrize("selection", SELECTIONS)
def test_nox_reads_the_same(selection: str, capsys, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("nox")
    path = tmp_path / "noxfile.py"
    path.write_text(emitted(capsys, *SELECTIONS[selection], "--emit", "nox"))
    command = [sys.executable, "-m", "nox", "--list", "--json", "-f", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = expected(capsys, *SELECTIONS[selection])
    assert {s["name"]: s["python"] for s in json.loads(done.stdout)} == {
        name: row["python"] for name, row in rows.items()
    }
    script = tmp_path / "record.py"
    script.write_text(_RECORD)
    done = subprocess.run(
        [sys.executable, str(script), str(path)], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == {
        name: {
            "install": [["pytest", *row["requirements"], "."], {}],
            "run": [
                ["python", "-m", "pytest", "-k", "one or other"],
                {
                    **({"env": row["variables"]} if row["variables"] else {}),
                    **({"success_codes": list(range(256))} if row["may_fail"] else {}),
                },
            ],
        }
        for name, row in rows.items()
    }


# Calls each session of a noxfile with an object that writes down what is asked of it.
_RECORD = """\
import json, runpy, sys
import nox.registry

class Session:
    posargs = ["-k", "one or other"]
    def __init__(self): self.calls = {}
    def __getattr__(self, name): return lambda *a, **k: self.calls.update({name: (a, k)})

runpy.run_path(sys.argv[1])
found = {}
for name, function in nox.registry.get().items():
    session = Session()
    function(session)
    found[name] = session.calls
print(json.dumps(found, default=list))
"""


def yaml_of(text: str) -> dict:
    ruamel = pytest.importorskip("ruamel.yaml")
    return ruamel.YAML(typ="safe", pure=True).load(text)


def assert_valid(schema: str, path: pathlib.Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def words(text: str) -> list[str]:
    """Split as the shell does that gets them."""
    done = subprocess.run(
        ["bash", "-c", f"printf '%s\\n' {text}"], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("selection", SELECTIONS)
def test_the_workflow(selection: str, capsys, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("check_jsonschema")
    path = tmp_path / "workflow.yml"
    path.write_text(emitted(capsys, *SELECTIONS[selection], "--emit", "github"))
    assert_valid("vendor.github-workflows", path)
    job = yaml_of(path.read_text())["jobs"]["tests"]
    found = {
        row["name"]: {
            # A number would turn 3.10 into 3.1.
            "python": row["python"],
            "requirements": words(row["requirements"]),
            "variables": {"TF_USE_LEGACY_KERAS": "1"} if row["legacy-keras"] == "1" else {},
            "may_fail": row["may-fail"],
        }
        for row in job["strategy"]["matrix"]["include"]
    }
    rows = expected(capsys, *SELECTIONS[selection])
    assert found == {n: {key: row[key] for key in found[n]} for n, row in rows.items()}
    assert job["continue-on-error"] == "${{ matrix.may-fail }}"


@pytest.mark.parametrize("selection", SELECTIONS)
def test_the_pipeline(selection: str, capsys, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("check_jsonschema")
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(emitted(capsys, *SELECTIONS[selection], "--emit", "gitlab"))
    assert_valid("vendor.gitlab-ci", path)
    jobs = yaml_of(path.read_text())
    found = {
        row["NAME"]: {
            "python": row["PYTHON"],
            "requirements": words(row["REQUIREMENTS"]),
            "variables": (
                {"TF_USE_LEGACY_KERAS": "1"} if row["TF_USE_LEGACY_KERAS"] == "1" else {}
            ),
            "may_fail": job["allow_failure"],
        }
        for name, job in jobs.items()
        if not name.startswith(".")
        for row in job["parallel"]["matrix"]
    }
    rows = expected(capsys, *SELECTIONS[selection])
    assert found == {n: {key: row[key] for key in found[n]} for n, row in rows.items()}


def test_the_script_of_uv(capsys, tmp_path: pathlib.Path) -> None:
    selection = SELECTIONS["eras"]
    (tmp_path / "matrix.sh").write_text(emitted(capsys, *selection, "--emit", "uv"))
    recorder = tmp_path / "uv"
    # Stands in for uv: writes down what it is called with, and fails for the tests of 2.15.
    recorder.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        "print(json.dumps([os.environ.get('TF_USE_LEGACY_KERAS'), *sys.argv[1:]]))\n"
        "sys.exit('tensorflow-cpu==2.15.1' in sys.argv)\n"
    )
    recorder.chmod(0o755)
    environ = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    environ.pop("TF_USE_LEGACY_KERAS", None)
    done = subprocess.run(
        ["bash", str(tmp_path / "matrix.sh"), "-k", "one or other"],
        capture_output=True,
        text=True,
        check=False,
        env=environ,
    )
    calls = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    rows = expected(capsys, *selection)
    assert len(calls) == len(rows)
    for (legacy, *call), row in zip(calls, rows.values()):
        assert call[call.index("--python") + 1] == row["python"]
        wanted = [call[i + 1] for i, word in enumerate(call) if word == "--with"]
        assert wanted == ["pytest", *row["requirements"]]
        assert call[-5:] == ["python", "-m", "pytest", "-k", "one or other"]
        assert legacy == row["variables"].get("TF_USE_LEGACY_KERAS")
    assert done.returncode == 1
    assert re.findall("failed: (.*)", done.stdout) == ["py310-tf2.15"]


@pytest.mark.parametrize(("form", "name"), [("tox", "tox.ini"), ("nox", "noxfile.py")])
def test_its_own_check_finds_no_error(form: str, name: str, capsys, tmp_path: pathlib.Path) -> None:
    path = tmp_path / name
    path.write_text(emitted(capsys, "--pick", "all", "--nightly", "--emit", form))
    main(["matrix", "--check", str(path), "--emit", "json"])
    kinds = {finding["kind"] for finding in json.loads(capsys.readouterr().out)}
    # That the oldest releases need Pythons without security fixes is true of these files as well.
    assert kinds == {"end-of-life"}


def test_a_pipeline_is_of_linux(capsys) -> None:
    assert main(["matrix", "--emit", "gitlab", "--platform", "windows"]) == 2
    assert "windows" in capsys.readouterr().err


def test_a_file_says_how_it_was_made(capsys) -> None:
    arguments = [
        "--tensorflow",
        ">=2.8",
        "--python",
        "3.10,3.11",
        "--pick",
        "eras",
        "--emit",
        "tox",
    ]
    head = emitted(capsys, *arguments).splitlines()[0]
    again = re.search("`tfcompat (.*?)`", head)[1]
    assert words(again) == ["matrix", *arguments]
