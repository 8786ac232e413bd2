"""The formats, each read back by what it is for."""

from __future__ import annotations

import json

import pytest

from tfcompat.lint import report
from tfcompat.lint.config import Settings
from tfcompat.lint.findings import check_file

CODE = (
    "from tensorflow.python.util import nest\n"
    "def f():\n"
    "\ty = nest.flatten(1)  # ä\n"
    "try:\n"
    "    import tensorflow.python.eager.context as c\n"
    "except ImportError:\n"
    "    c = None\n"
)


@pytest.fixture(scope="module")
def reports():
    return [
        check_file("a b/c.py", CODE.encode(), Settings()),
        check_file("bad.py", b"def f(:", Settings()),
        check_file("clean.py", b"x = 1", Settings()),
    ]


def test_text(reports) -> None:
    lines = report.write("text", reports).split("\n")
    assert lines[0].startswith("a b/c.py:1:36: TFC106 private module tensorflow.python.util.nest")
    assert lines[1:3] == [
        "    from tensorflow.python.util import nest",
        "    " + " " * 35 + "^^^^",
    ]
    assert lines[3].startswith("a b/c.py:3:6: TFC101 ")
    assert "use tf.nest.flatten" in lines[3]
    assert lines[3].endswith("[fix]")
    assert lines[4:6] == ["    y = nest.flatten(1)  # ä", "        ^^^^^^^^^^^^"]
    assert "[guarded by a try]" in lines[6]
    assert any(line.startswith("bad.py: error: could not analyse: 1:") for line in lines)
    assert "     2  TFC106  private module" in lines
    assert lines[-1] == (
        "3 findings in 1 file, 1 with a safe fix, 2 with an unsafe fix, 1 guarded, "
        "could not analyse 1 file; "
        "3 files checked."
    )


def test_text_of_nothing() -> None:
    assert report.write("text", []) == "0 findings in 0 files; 0 files checked."


def test_json(reports) -> None:
    document = json.loads(report.write("json", reports))
    assert document["summary"] == {
        "files": 3,
        "findings": 3,
        "silenced": 0,
        "by_code": {"TFC101": 1, "TFC106": 2},
    }
    assert [error["path"] for error in document["errors"]] == ["bad.py"]
    finding = document["findings"][1]
    assert (finding["path"], finding["line"], finding["column"]) == ("a b/c.py", 3, 6)
    assert (finding["use"], finding["fix"]) == ("tf.nest.flatten", "safe")
    assert finding["message"]


def test_sarif(reports) -> None:
    log = json.loads(report.write("sarif", reports))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["TFC101", "TFC106"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "a%20b/c.py"},
        "region": {"startLine": 3, "startColumn": 6, "endLine": 3, "endColumn": 18},
    }
    assert [result["level"] for result in run["results"]] == ["warning", "warning", "note"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (notification,) = invocation["toolExecutionNotifications"]
    assert "could not analyse" in notification["message"]["text"]


def test_github(reports) -> None:
    lines = report.write("github", reports).split("\n")
    assert lines[1].startswith(
        "::warning file=a b/c.py,line=3,endLine=3,col=6,endColumn=18,title=tfcompat TFC101::"
        "TFC101 private name"
    )
    assert lines[2].startswith("::notice file=")
    assert lines[3].startswith("::error file=bad.py,title=tfcompat::could not analyse")


def test_github_escapes() -> None:
    found = check_file("a,b:c%.py", b"import tensorflow.python.util.nest", Settings())
    line = report.write("github", [found]).split("\n")[0]
    assert line.startswith("::warning file=a%2Cb%3Ac%25.py,line=1,")


@pytest.mark.parametrize("format_", report.FORMATS)
def test_notebook(format_) -> None:
    cells = [{"cell_type": "code", "source": "x = 1\nimport tensorflow.python.util.nest"}]
    found = check_file("n.ipynb", json.dumps({"cells": cells}).encode(), Settings())
    text = report.write(format_, [found])
    expected = {
        "text": "n.ipynb:cell 1:2:8: TFC106",
        "json": '"cell": 1',
        "sarif": "cell 1, line 2: ",
        "github": "cell 1, line 2: ",
    }
    assert expected[format_] in text
