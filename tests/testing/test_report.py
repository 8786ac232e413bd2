"""The report. None of this needs TensorFlow."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from tests.testing import pages
from tests.testing.running import run
from tfcompat.testing import junit, results

TESTS = """
    import os
    import pytest

    def test_good():
        pass

    def test_here_and_there():
        assert os.environ["TOX_ENV_NAME"] == "old", "</script><b>only & old</b>"

    @pytest.mark.skip(reason="not today")
    def test_skipped():
        pass

    @pytest.mark.xfail(reason="known")
    def test_expected():
        raise ValueError("as known")

    @pytest.fixture
    def broken():
        raise RuntimeError("no fixture")

    def test_set_up(broken):
        pass

    @pytest.fixture
    def untidy():
        yield
        raise RuntimeError("no end\\x00\\x1b[31m")

    def test_tear_down(untidy):
        pass

    class TestClass:
        @pytest.mark.parametrize("value", ["a::b[c]"])
        def test_method(self, value):
            pass
"""
EXPECTED = {
    "test_it.py::test_good": ("passed", "passed"),
    "test_it.py::test_here_and_there": ("passed", "failed"),
    "test_it.py::test_skipped": ("skipped", "skipped"),
    "test_it.py::test_expected": ("skipped", "skipped"),
    "test_it.py::test_set_up": ("error", "error"),
    "test_it.py::test_tear_down": ("error", "error"),
    "test_it.py::TestClass::test_method[a::b[c]]": ("passed", "passed"),
}


@pytest.fixture(scope="module")
def recorded():
    """What two sessions have written: the name of each file with its contents."""
    return {}


@pytest.fixture
def report(pytester, monkeypatch, recorded):
    """Run the tests in two environments, the second with a module that cannot be imported."""
    pytester.makepyfile(test_it=TESTS)
    path = pytester.path / "out" / "report.html"
    for name, data in recorded.items():
        path.parent.mkdir(exist_ok=True)
        (path.parent / name).write_bytes(data)
    if recorded:
        return path
    for name in ("old", "new"):
        monkeypatch.setenv("TOX_ENV_NAME", name)
        if name == "new":
            pytester.makepyfile(test_module="import nowhere_to_be_found")
        options = ("--tfcompat-report", "out/report.html", "--continue-on-collection-errors")
        result = run(pytester, *options)
        count = 1 if name == "old" else 2
        result.stdout.fnmatch_lines([f"{count} environment* in {path}"])
    recorded.update({one.name: one.read_bytes() for one in path.parent.iterdir()})
    return path


def test_the_page_has_the_grid_of_both_environments(report):
    page = pages.read(report)
    expected = {
        (test, environment): outcome
        for test, outcomes in EXPECTED.items()
        for environment, outcome in zip(("old", "new"), outcomes)
    }
    expected["test_module.py", "new"] = "error"
    expected["test_module.py", "old"] = ""
    assert page.tests == expected
    assert page.links == []
    text = report.read_text(encoding="utf-8")
    assert "http" not in text
    assert "<b>only" not in text
    assert "<b>only & old</b>" in page.texts["test_it.py::test_here_and_there", "new"]
    assert page.texts["test_it.py::test_skipped", "old"] == "not today"
    assert page.texts["test_it.py::test_expected", "old"] == "expected to fail: known"
    assert "no fixture" in page.texts["test_it.py::test_set_up", "old"]
    assert "nowhere_to_be_found" in page.texts["test_module.py", "new"]
    assert ("test_it.py::test_good", "old") not in page.texts


def test_the_xml_has_one_suite_for_each_environment(report):
    suites = ElementTree.parse(report.with_suffix(".xml")).getroot().findall("testsuite")
    counts = {
        suite.get("name"): [
            int(suite.get(key)) for key in ("tests", "failures", "errors", "skipped")
        ]
        for suite in suites
    }
    assert counts == {"old": [7, 0, 2, 2], "new": [8, 1, 3, 2]}
    for suite in suites:
        assert float(suite.get("time")) > 0
        assert len(suite.findall("testcase")) == int(suite.get("tests"))
        for tag, key in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert len(suite.findall(f"testcase/{tag}")) == int(suite.get(key))
        cases = {(case.get("classname"), case.get("name")) for case in suite.iter("testcase")}
        assert ("test_it", "test_good") in cases
        assert ("test_it.TestClass", "test_method[a::b[c]]") in cases
    (failure,) = suites[[*counts].index("new")].iter("failure")
    assert "<b>only & old</b>" in failure.get("message")


def test_a_later_run_replaces_that_of_its_environment_alone(report, pytester, monkeypatch):
    monkeypatch.setenv("TOX_ENV_NAME", "old")
    run(pytester, "--tfcompat-report", "out/report.html", "test_it.py::test_good")
    page = pages.read(report)
    assert page.tests["test_it.py::test_good", "old"] == "passed"
    assert page.tests["test_it.py::test_skipped", "old"] == ""
    assert page.tests["test_it.py::test_skipped", "new"] == "skipped"
    assert sorted(one.name for one in report.parent.iterdir()) == [
        "report.html",
        "report.new.json",
        "report.old.json",
        "report.xml",
    ]


def test_what_is_no_result_is_named_and_left_out(report):
    (report.parent / "report.half.json").write_text('{"format": 1, "envir')
    (report.parent / "report.list.json").write_text("[]")
    (report.parent / "report.more.json").write_text('{"format": 1, "environment": "more"}')
    (report.parent / "report.later.json").write_text('{"format": 99, "environment": "later"}')
    (report.parent / "another.py39.json").write_text("")
    merged = results.write(report)
    assert sorted(merged.names) == ["new", "old"]
    assert sorted(text.partition(" ")[0] for text in merged.unreadable) == [
        "report.half.json",
        "report.later.json",
        "report.list.json",
        "report.more.json",
    ]
    assert "report.half.json" in report.read_text(encoding="utf-8")


def test_results_that_arrive_meanwhile_are_on_the_page(report, monkeypatch):
    document = json.loads((report.parent / "report.old.json").read_text())
    render = junit.render

    def slow(merged):
        # Another environment ends after this one has read, and has written the page already.
        late = {**document, "environment": "late"}
        path = report.parent / "report.late.json"
        if not path.exists():
            path.write_text(json.dumps(late))
        return render(merged)

    monkeypatch.setattr(junit, "render", slow)
    results.write(report)
    assert ("test_it.py::test_good", "late") in pages.read(report).tests
    assert 'name="late"' in report.with_suffix(".xml").read_text(encoding="utf-8")


def test_environments_stand_in_the_order_of_their_releases(report):
    document = json.loads((report.parent / "report.old.json").read_text())
    releases = {
        "a": ("2.21.0", "3.12.4", False),
        "b": ("2.9.3", "2.9.0", False),
        "c": ("2.10.1", "2.10.0", False),
        "d": ("2.16.2", "2.16.0", True),
        "e": ("2.22.0.dev1", "3.15.0.dev1", False),
    }
    for name in ("old", "new"):
        (report.parent / f"report.{name}.json").unlink()
    for name, (tensorflow, keras, legacy) in releases.items():
        one = {**document, "environment": name, "tensorflow": tensorflow, "keras": keras}
        one["legacy_keras"] = legacy
        (report.parent / f"report.{name}.json").write_text(json.dumps(one))
    assert results.write(report).names == ["b", "c", "a", "e", "d"]


@pytest.mark.parametrize("name", ["report.xml", "report.json", "out"])
def test_a_name_that_is_no_page_is_a_usage_error(pytester, name):
    pytester.mkdir("out")
    result = run(pytester, "--tfcompat-report", name)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "takes the name of a page" in result.stderr.str()


def test_collecting_alone_writes_nothing(pytester):
    pytester.makepyfile("def test_it():\n    pass\n")
    run(pytester, "--tfcompat-report", "report.html", "--collect-only")
    assert not list(pytester.path.glob("report.*"))
