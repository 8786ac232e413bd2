"""What fails here was seen to fail by installing and importing it."""

import json
import pathlib

import pytest

from tests.matrix.checking import EARLIER, LATER, found, write
from tfcompat.matrix import data
from tfcompat.matrix.check import CheckError, as_json, check_file, exit_status, text, tox

OWN = pathlib.Path(__file__).parents[2] / "tox.ini"


def test_reads_the_environments_of_this_project():
    # Generated from the data, so both have to tell the same.
    read = {t.name: t for t in tox.read(OWN, "linux").tested}
    rows = {c.name: c for c in data.combinations()}
    # Stores are tested with the newest TensorFlow, whichever it is.
    del read["py312-remote"]
    assert set(read) == {c.name for c in data.own()}
    for name, tested in read.items():
        install = tested.installs[0]
        installed = {str(requirement) for requirement in install}
        assert tested.python == rows[name].python
        assert tested.legacy == bool(rows[name].variables)
        assert set(rows[name].requirements) <= installed, name


def test_this_project_has_no_errors():
    assert [f for f in check_file(OWN) if f.severity == "error"] == []


@pytest.mark.parametrize(
    ("written", "environments"),
    [
        ("py{39,310}-tf{25,26}", ["py39-tf25", "py39-tf26", "py310-tf25", "py310-tf26"]),
        ("py39{-tf25,}", ["py39-tf25", "py39"]),
        ("py3{9-11}", ["py39", "py310", "py311"]),
        ("lint", ["lint"]),
    ],
)
def test_spells_out_generative_names(written, environments):
    assert list(tox.expand(written)) == environments


@pytest.mark.parametrize(
    ("condition", "name", "expected"),
    [
        ("tf25", "py39-tf25", True),
        ("tf25,tf26", "py39-tf26", True),
        ("tf25-!legacy", "py39-tf25", True),
        ("tf25-!legacy", "py39-tf25-legacy", False),
        ("!tf25", "py39-tf26", True),
        ("tf{25,26}-legacy", "py39-tf26-legacy", True),
        ("tf2", "py39-tf25", False),
    ],
)
def test_conditions_of_lines(condition, name, expected):
    assert tox.holds(condition, set(name.split("-"))) is expected


def test_no_wheel_says_what_there_is(tmp_path):
    path = write(
        tmp_path,
        "tox.ini",
        """
        [tox]
        env_list = py312-tf210
        [testenv]
        deps =
            pytest
            tf210: tensorflow==2.10.1
        """,
    )
    ((line, message),) = found(path, "impossible")
    assert line == 6
    assert "no wheel for Python 3.12" in message
    assert "3.7, 3.8, 3.9, 3.10" in message  # as its files on the package index are named
    assert "TensorFlow 2.16 to 2.21" in message


@pytest.mark.parametrize(
    ("python", "deps", "kind", "pins"),
    [
        # pip: numpy 2.2.6; "numpy.core._multiarray_umath failed to import".
        ("py310", "tensorflow==2.10.1", "missing pin", "numpy<1.24"),
        ("py39", "tensorflow==2.7.4", "missing pin", "numpy<1.24"),
        # pip: protobuf 6; "Descriptors cannot be created directly".
        ("py39", "tensorflow==2.5.3", "missing pin", "protobuf==3.19.6"),
        ("py310", "tensorflow==2.10.1 numpy<1.24", None, None),
        ("py310", "tensorflow-cpu==2.12.1", None, None),
        ("py310", "tensorflow-cpu==2.15.1", None, None),
        ("py39", "tensorflow-cpu==2.6.5", None, None),
        ("py311", "tensorflow==2.16.2", None, None),
        ("py310", "tensorflow==2.10.1 numpy>=2", "impossible", "numpy<1.24"),
        ("py310", "tensorflow==2.10.1 numpy<1.24 keras==3.0.5", "impossible", "keras==2.10.0"),
        ("py310", "tensorflow==2.10.1 numpy<1.24 protobuf>=4", "impossible", "protobuf<3.20"),
        ("py310", "tensorflow==2.17.1 keras<3", "impossible", "keras==3.12.4"),
        ("py310", "tensorflow==2.15.1 tf-keras==2.16.0", "impossible", "tf-keras~=2.15.0"),
        ("py310", "tensorflow==2.16.2 tf-keras==2.16.0", None, None),
        ("py310", "tensorflow==2.16.0", "impossible", "2.16.1, 2.16.2"),
    ],
)
def test_pins(tmp_path, python, deps, kind, pins):
    listed = "\n            ".join(deps.split())
    path = write(
        tmp_path,
        "tox.ini",
        f"""
        [testenv:{python}-tf]
        skip_install = true
        deps =
            {listed}
        """,
    )
    errors = [f for f in check_file(path, today=EARLIER) if f.severity == "error"]
    assert [f.kind for f in errors] == ([kind] if kind else [])
    if pins:
        if "tensorflow==2.16.0" in deps:
            assert "2.16.2" in errors[0].message
        else:
            assert pins in errors[0].message
        assert errors[0].line == 4


def test_legacy_keras_without_its_package(tmp_path):
    path = write(
        tmp_path,
        "tox.ini",
        """
        [testenv:py311]
        set_env =
            TF_USE_LEGACY_KERAS = 1
        deps = tensorflow==2.18.1
        """,
    )
    ((line, message),) = found(path, "missing pin")
    assert (line, "tf-keras==2.18.0" in message) == (4, True)


def test_pins_of_the_project_and_of_files_count(tmp_path):
    write(tmp_path, "requirements/old.txt", "tensorflow==2.10.1\n-c limits.txt\n")
    write(tmp_path, "requirements/limits.txt", "numpy<1.24\nkeras==2.10.0\n")
    write(
        tmp_path, "setup.py", "setup(name='x', install_requires=['tensorflow==2.11.1', 'numpy<2'])"
    )
    path = write(
        tmp_path,
        "tox.ini",
        """
        [testenv:py310-file]
        skip_install = true
        deps = -r requirements/old.txt
        [testenv:py310-project]
        commands = pytest
        """,
    )
    read = {t.name: t for t in tox.read(path, "linux").tested}
    assert {str(r) for r in read["py310-file"].installs[0]} == {
        "tensorflow==2.10.1",
        "numpy<1.24",
        "keras==2.10.0",
    }
    assert {str(r) for r in read["py310-project"].installs[0]} == {"tensorflow==2.11.1", "numpy<2"}


def test_references_and_base_python(tmp_path):
    path = write(
        tmp_path,
        "tox.ini",
        """
        [tox]
        envlist = old, new
        [common]
        deps =
            numpy<1.24
        version = 2.10.1
        [testenv]
        skip_install = true
        basepython = python3.10
        deps =
            {[common]deps}
            old: tensorflow=={[common]version}
            new: tensorflow=={env:TF:2.15.1}
        """,
    )
    read = {t.name: t for t in tox.read(path, "linux").tested}
    assert {t.python for t in read.values()} == {"3.10"}
    assert [str(r) for r in read["old"].installs[0]] == ["numpy<1.24", "tensorflow==2.10.1"]
    assert [str(r) for r in read["new"].installs[0]] == ["numpy<1.24", "tensorflow==2.15.1"]


def test_what_cannot_be_evaluated_is_told(tmp_path):
    path = write(
        tmp_path,
        "tox.ini",
        """
        [testenv:py310-a]
        skip_install = true
        deps = tensorflow=={env:TF_VERSION}
        [testenv:py310-b]
        skip_install = true
        deps =
            tensorflow==2.15.1
            -r absent.txt
        """,
    )
    messages = dict(found(path, "unreadable"))
    assert "tensorflow==..." in messages[3]
    assert "absent.txt" in messages[7]


def test_end_of_life(tmp_path):
    path = write(
        tmp_path,
        "tox.ini",
        """
        [testenv:py{39,311}-tf]
        skip_install = true
        deps =
            py39: tensorflow==2.5.3
            py39: protobuf<4
            py311: tensorflow==2.21.0
        """,
    )
    messages = [m for _, m in found(path, "end-of-life", today=LATER)]
    assert len(messages) == 2
    assert "Python 3.9 is without security fixes since 2025-10-31" in messages[0]
    assert "TensorFlow 2.5" in messages[1]
    assert found(path, "end-of-life", today=EARLIER) == []


def test_missing_rows(tmp_path):
    path = write(
        tmp_path,
        "tox.ini",
        """
        [testenv:py{310,312}-tf]
        skip_install = true
        deps =
            py310: tensorflow==2.10.1
            py310: numpy<1.24
            py312: tensorflow==2.18.1
        """,
    )
    messages = [m for _, m in found(path, "missing")]
    newest, era, flavour, python, nightly = messages
    assert "py313-tf2.21 (tensorflow-cpu==2.21.0" in newest
    assert "'Keras 2 with the new optimizers': add py311-tf2.15" in era
    assert "py312-tf2.18-legacy" in flavour
    assert "Python 3.11, between 3.10 and 3.12: add py311-tf2.18 " in python
    assert "nightly" in nightly
    severities = {f.message: f.severity for f in check_file(path, today=EARLIER)}
    assert severities[nightly] == "hint"
    assert severities[newest] == "warning"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("setup.cfg", "[tox:tox]\nenvlist = py310\n[testenv]\ndeps = tensorflow==2.15.1\n"),
        (
            "pyproject.toml",
            '[tool.tox]\nlegacy_tox_ini = """\n[testenv:py310]\ndeps = tensorflow==2.15.1\n"""\n',
        ),
    ],
)
def test_other_places_of_the_configuration(tmp_path, name, content):
    if name.endswith("toml"):
        try:
            import tomllib  # noqa: F401
        except ModuleNotFoundError:
            pytest.importorskip("tomli")
    path = write(tmp_path, name, content)
    (tested,) = tox.read(path, "linux").tested
    assert tested.python == "3.10"
    assert path.read_text().splitlines()[tested.line - 1].endswith("tensorflow==2.15.1")


def test_without_tensorflow_it_says_what_was_looked_for(tmp_path):
    path = write(tmp_path, "tox.ini", "[testenv]\ndeps = pytest\n")
    with pytest.raises(CheckError, match=r"no TensorFlow found.*deps"):
        check_file(path)


def test_wrong_arguments_are_told_together(tmp_path):
    with pytest.raises(CheckError, match=r"Makefile is none of.*no such platform: solaris"):
        check_file(tmp_path / "Makefile", platform="solaris")


def test_reports(tmp_path):
    path = write(
        tmp_path, "tox.ini", "[testenv:py310]\nskip_install=true\ndeps = tensorflow==2.10.1\n"
    )
    findings = check_file(path, today=EARLIER)
    lines = text(findings).splitlines()
    assert lines[0].startswith(f"{path}:3: missing pin: TensorFlow 2.10.1 gets numpy")
    assert lines[-1] == "1 error, 1 warning, 1 hint"
    assert json.loads(as_json(findings))[0]["kind"] == "missing pin"
    assert exit_status(findings) == 1
    assert exit_status([]) == 0
    assert text([]) == "Nothing found."
