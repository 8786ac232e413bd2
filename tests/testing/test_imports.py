"""The fixture `no_private_imports`, on packages that import pretended TensorFlows."""

from __future__ import annotations

import builtins
import importlib
import sys

import pytest

PLUGIN = ("-p", "tfcompat.testing.plugin", "-p", "no:cacheprovider")


@pytest.fixture
def library(pytester, monkeypatch):
    """Return what runs tests of a package `mine` beside a TensorFlow of empty modules.

    The real one would be the same, and takes seconds to import.
    """
    root = pytester.mkdir("site")
    for path in (
        "tensorflow/__init__.py",
        "tensorflow/python/__init__.py",
        "tensorflow/python/keras/__init__.py",
        "tensorflow/python/framework/__init__.py",
        "tensorflow/python/util/__init__.py",
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("")
    (root / "tensorflow/__init__.py").write_text("__version__ = '2.99'\nnn = 1\n")
    (root / "tensorflow/python/framework/smart_cond.py").write_text("smart_cond = 1\n")
    (root / "tensorflow/python/framework/ops.py").write_text("name_scope = 1\n")
    (root / "tensorflow/python/util/nest.py").write_text("flatten = 1\n")
    (root / "other.py").write_text("from tensorflow.python.util import nest\n")
    pytester.syspathinsert(root)
    pytester.makeini("[pytest]\ntfcompat_packages = mine\n")

    # The process of these tests may have the real one, which is out of the way for the while.

    for name in [*sys.modules]:
        if name.partition(".")[0] in ("tensorflow", "mine", "other"):
            monkeypatch.delitem(sys.modules, name)

    def run(source, test="import mine", *arguments, **files):
        package = pytester.path / "mine"
        package.mkdir(exist_ok=True)
        (package / "__init__.py").write_text(source)
        for name, text in files.items():
            (package / f"{name}.py").write_text(text)
        pytester.makepyfile(
            f"def test_first(no_private_imports):\n    pass\n\ndef test_mine():\n    {test}\n"
        )
        pytester.syspathinsert(pytester.path)
        return pytester.runpytest_inprocess(*PLUGIN, *arguments)

    return run


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "\nimport tensorflow.python.framework.smart_cond as s\n",
            "mine/__init__.py:2: tensorflow.python.framework.smart_cond:*",
        ),
        (
            "from tensorflow.python.framework.smart_cond import smart_cond\n",
            "mine/__init__.py:1: tensorflow.python.framework.smart_cond.smart_cond: "
            "use tfcompat.replacements.smart_cond instead",
        ),
        (
            "from tensorflow.python import keras\n",
            "mine/__init__.py:1: tensorflow.python.keras: use tf.keras instead (*)",
        ),
        (
            "from tensorflow import python\n",
            "mine/__init__.py:1: tensorflow.python: nothing to use instead (*)",
        ),
        (
            "import importlib\n\n\nimportlib.import_module('tensorflow.python.framework.ops')\n",
            "mine/__init__.py:4: tensorflow.python.framework.ops: *",
        ),
        (
            "from importlib import import_module\nimport_module('tensorflow.python.util.nest')\n",
            "mine/__init__.py:2: tensorflow.python.util.nest: *",
        ),
        (
            "try:\n    from tensorflow.python.util import nest\nexcept ImportError:\n    pass\n",
            "mine/__init__.py:2: tensorflow.python.util.nest: *",
        ),
    ],
)
def test_a_private_import_is_a_failure(library, source, expected):
    result = library(source)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*imported 1 private name of TensorFlow or Keras:", expected.replace("[", "[[]")]
    )
    result.stdout.fnmatch_lines(["*`tfcompat check *mine/__init__.py`*"])


@pytest.mark.parametrize(
    "source",
    [
        "import tensorflow as tf\nfrom tensorflow import nn\n",
        "import other\n",  # imports one itself
        "try:\n    from tensorflow.python.nowhere import x\nexcept ImportError:\n    x = 0\n",
        "try:\n    from tensorflow.python.util.nest import y\nexcept ImportError:\n    y = 0\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
        "    from tensorflow.python.util import nest\n",
        "from tensorflow.python.util import nest  # tfcompat: ignore\n",
        "from tensorflow.python.util import (\n    nest,  # tfcompat: ignore[TFC106]\n)\n",
    ],
)
def test_what_is_no_private_import_of_the_package(library, source):
    library(source).assert_outcomes(passed=2)


def test_an_ignore_of_another_code_silences_nothing(library):
    result = library("from tensorflow.python.util import nest  # tfcompat: ignore[TFC201]\n")
    result.assert_outcomes(passed=1, failed=1)


def test_a_lazy_import_is_seen_though_the_test_stands_first(library):
    lazy = (
        "def late():\n    from tensorflow.python.framework import ops\n    return ops.name_scope\n"
    )
    result = library("", "from mine.lazy import late; late()", lazy=lazy)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "mine/lazy.py:2: tensorflow.python.framework.ops: a private module, *",
            "  line 3: private name tensorflow.python.framework.ops.name_scope; "
            "*use tfcompat.replacements.name_scope",
            "`tfcompat check --fix mine/lazy.py` makes *",
        ]
    )


def test_an_import_of_conftest_is_seen(library, pytester):
    pytester.makeconftest("import mine\n")
    result = library("from tensorflow.python.util.nest import flatten\n", "pass")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["mine/__init__.py:1: *nest.flatten: use tf.nest.flatten instead*"])


def test_without_the_option_it_is_a_usage_error(library, pytester):
    pytester.makeini("[pytest]\n")
    result = library("")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*UsageError: *packages under test*tfcompat_packages*"])


def test_a_package_that_came_before_the_plugin_is_a_usage_error(library, pytester):
    (pytester.path / "mine").mkdir()
    (pytester.path / "mine/__init__.py").write_text("")
    pytester.syspathinsert(pytester.path)
    importlib.import_module("mine")
    result = library("")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*UsageError: mine had been imported before *"])


def test_the_import_functions_are_as_before_in_the_end(library):
    before = builtins.__import__, importlib.import_module
    library("").assert_outcomes(passed=2)
    assert (builtins.__import__, importlib.import_module) == before


def test_a_warning_of_an_imported_module_names_its_importer(library):
    warns = "import warnings\nwarnings.warn('too old', UserWarning, stacklevel=2)\n"
    result = library("\n\nimport mine.warns\n", "import mine", warns=warns)
    result.stdout.fnmatch_lines(["*mine/__init__.py:3: UserWarning: too old"])
