"""The results as JUnit writes them, one test suite per environment."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from tfcompat.testing.merged import Merged, counts

# What XML 1.0 has no way to write.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(merged: Merged) -> str:
    """Return the document."""
    root = ElementTree.Element("testsuites", name="tfcompat")
    for document in merged.environments:
        _add_suite(root, document)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _add_suite(root: ElementTree.Element, document: dict[str, Any]) -> None:
    found = counts(document)
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=_text(document["environment"]),
        tests=str(sum(found.values())),
        failures=str(found["failed"]),
        errors=str(found["error"]),
        skipped=str(found["skipped"]),
        time=f"{document['seconds']:.3f}",
        timestamp=_text(document["started"]),
    )
    properties = ElementTree.SubElement(suite, "properties")
    for name in ("description", "exit_status"):
        value = _text(str(document[name]))
        ElementTree.SubElement(properties, "property", name=name, value=value)
    for test in document["tests"]:
        _add_case(suite, test)


def _add_case(suite: ElementTree.Element, test: dict[str, Any]) -> None:
    # The parameters of a test may hold what separates the parts of its name.
    plain, bracket, parameters = test["id"].partition("[")
    path, *parts = plain.split("::")
    name = (parts.pop() if parts else path) + bracket + parameters
    classname = ".".join([re.sub(r"\.py$", "", path).replace("/", "."), *parts])
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=_text(classname),
        name=_text(name),
        time=f"{test['seconds']:.3f}",
    )
    tag = {"failed": "failure", "error": "error", "skipped": "skipped"}.get(test["outcome"])
    if tag is not None:
        found = ElementTree.SubElement(case, tag, message=_text(test["message"]))
        found.text = _text(test["details"]) or None


def _text(text: str) -> str:
    return _FORBIDDEN.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
