import pytest

from tests.matrix.checking import found, write
from tfcompat.matrix.check import CheckError, check_file, nox


def installs(path):
    return [
        (t.python, [str(r) for i in t.installs for r in i], t.legacy)
        for t in nox.read(path, "linux").tested
    ]


def test_parametrized_sessions(tmp_path):
    path = write(
        tmp_path,
        "noxfile.py",
        """
        import nox

        PYTHONS = ["3.9", "3.10"]
        PINS = {"2.10.1": ["numpy<1.24"], "2.15.1": []}

        raise SystemExit("never executed")

        @nox.session(python=PYTHONS)
        @nox.parametrize("tf", ["2.10.1", nox.param("2.15.1", id="new")])
        def tests(session, tf):
            session.install(f"tensorflow=={tf}", *PINS[tf])
            if tf == "2.15.1" and session.python == "3.10":
                session.install("keras=={}.0".format("2.15"))
            session.run("pytest")

        def helper(session):
            session.install("tensorflow==2.5.0")
        """,
    )
    assert installs(path) == [
        ("3.9", ["tensorflow==2.10.1", "numpy<1.24"], False),
        ("3.9", ["tensorflow==2.15.1"], False),
        ("3.10", ["tensorflow==2.10.1", "numpy<1.24"], False),
        ("3.10", ["tensorflow==2.15.1", "keras==2.15.0"], False),
    ]


def test_pairs_variables_and_pip(tmp_path):
    path = write(
        tmp_path,
        "noxfile.py",
        """
        from nox import parametrize, session

        @session
        @parametrize("python,tf", [("3.12", "2.10.1"), ("3.11", "2.16.2")])
        def tests(s, tf):
            s.env["TF_USE_LEGACY_KERAS"] = "1"
            s.run("python", "-m", "pip", "install", "tensorflow==%s" % tf, "tf-keras~=2.16.0")
        """,
    )
    assert [(python, legacy) for python, _, legacy in installs(path)] == [
        ("3.12", True),
        ("3.11", True),
    ]
    ((line, message),) = found(path, "impossible")
    assert (line, "Python 3.12" in message) == (4, True)


def test_missing_pin_has_the_line_of_the_version(tmp_path):
    path = write(
        tmp_path,
        "noxfile.py",
        """
        import nox

        @nox.session(python="3.10")
        def tests(session):
            session.install(
                "tensorflow==2.10.1")
        """,
    )
    ((line, message),) = found(path, "missing pin")
    assert (line, "numpy<1.24" in message) == (5, True)


def test_unreadable_parts_are_told(tmp_path):
    path = write(
        tmp_path,
        "noxfile.py",
        """
        import nox, os

        @nox.session(python=os.environ["PY"])
        def tests(session):
            session.install("tensorflow==2.15.1")
            session.install(f"keras=={os.environ['KERAS']}")
            session.install(*session.posargs)
        """,
    )
    assert [line for line, _ in found(path, "unreadable")] == [3, 6, 7]


def test_no_python_and_no_tensorflow(tmp_path):
    with pytest.raises(CheckError, match=r"noxfile.py:1: no Python"):
        check_file(write(tmp_path, "noxfile.py", "def\n"))
    with pytest.raises(CheckError, match=r"no TensorFlow found.*session.install"):
        check_file(write(tmp_path, "noxfile.py", "import nox\n"))
