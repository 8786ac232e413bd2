"""Code that runs on some releases alone, and code that only looks like it."""

from __future__ import annotations

import pytest

from tfcompat.lint import resolve

IMPORT = "from tensorflow.python.framework import ops"

GUARDED = {
    "import in a try": (f"try:\n    {IMPORT}\nexcept ImportError:\n    ops = None", "import"),
    "module not found": (
        f"try:\n    {IMPORT}\nexcept ModuleNotFoundError as e:\n    ops = None",
        "import",
    ),
    "several errors": (
        f"try:\n    {IMPORT}\nexcept (ValueError, ImportError):\n    ops = None",
        "import",
    ),
    "any error": (f"try:\n    {IMPORT}\nexcept Exception:\n    ops = None", "import"),
    "bare except": (f"try:\n    {IMPORT}\nexcept:\n    ops = None", "import"),
    "fallback": (f"try:\n    import a\nexcept ImportError:\n    {IMPORT}", "import"),
    "suppress": (f"with contextlib.suppress(ImportError):\n    {IMPORT}", "import"),
    "package test with another binding": (
        f"try:\n    import tensorflow as tf\n    {IMPORT}\nexcept ImportError:\n    import ops",
        "import",
    ),
    "attribute error": (
        "import tensorflow as tf\ntry:\n    tf.foo\nexcept AttributeError:\n    pass",
        "hasattr",
    ),
    "version": (f"import tensorflow as tf\nif tf.__version__ < '2.6':\n    {IMPORT}", "version"),
    "else of a version": (
        f"import tensorflow as tf\nif tf.__version__ > '2.6':\n    pass\nelse:\n    {IMPORT}",
        "version",
    ),
    "elif after a version": (
        f"if Version(v) > x:\n    pass\nelif y:\n    pass\nelse:\n    {IMPORT}",
        "version",
    ),
    "parsed version": (
        f"if version.parse(tf.__version__) > version.parse('2'):\n    {IMPORT}",
        "version",
    ),
    "version flag": (f"NEW = tf.__version__ > '2'\nif NEW:\n    {IMPORT}", "version"),
    "name of a flag": (f"if not _IS_TF_2_11:\n    {IMPORT}", "version"),
    "version function": (f"if is_tf_version_at_least(2, 6):\n    {IMPORT}", "version"),
    "skipif": (
        f"@pytest.mark.skipif(tf.__version__ < '2', reason='')\ndef f():\n    {IMPORT}",
        "version",
    ),
    "hasattr": ("import keras\nif hasattr(keras, 'foo'):\n    keras.foo", "hasattr"),
    "and": ("import keras\nhasattr(keras, 'foo') and keras.foo", "hasattr"),
    "conditional": ("import keras\nx = keras.foo if hasattr(keras, 'foo') else 1", "hasattr"),
    "getattr with a default": ("import keras\ngetattr(keras, 'foo', None)", "hasattr"),
    "function in an if": (f"if hasattr(a, 'b'):\n    def f():\n        {IMPORT}", "hasattr"),
    "type checking": (f"if typing.TYPE_CHECKING:\n    {IMPORT}", "type-checking"),
}

NOT_GUARDED = {
    "plain": IMPORT,
    "after the try": f"try:\n    import a\nexcept ImportError:\n    a = None\n{IMPORT}",
    "else of a try": f"try:\n    import a\nexcept ImportError:\n    a = None\nelse:\n    {IMPORT}",
    "finally": f"try:\n    import a\nexcept ImportError:\n    a = None\nfinally:\n    {IMPORT}",
    "another error": f"try:\n    {IMPORT}\nexcept ValueError:\n    pass",
    "any error of other code": f"try:\n    f()\n    {IMPORT}\nexcept Exception:\n    pass",
    "an error in other words": f"try:\n    {IMPORT}\nexcept ImportError:\n    raise Missing()",
    "package test": (
        f"try:\n    import tensorflow as tf\n    {IMPORT}\nexcept ImportError:\n    tf = None"
    ),
    "after a version": f"if tf.__version__ > '2':\n    pass\n{IMPORT}",
    "version of Python": f"if sys.version_info > (3, 9):\n    {IMPORT}",
    "another test": f"if x and not y:\n    {IMPORT}",
    "keyword named version": f"x = Model(version=2)\nif x:\n    {IMPORT}",
    "not skipped": f"@pytest.mark.parametrize('version', [1])\ndef f(version):\n    {IMPORT}",
    "getattr": "import keras\ngetattr(keras, 'foo')",
    "before an and": "import keras\nkeras.foo.bar and hasattr(keras, 'foo')",
    "the package itself": (
        "try:\n    import keras\nexcept ImportError:\n    keras = None\nkeras.foo"
    ),
}


def guard(code: str) -> str | None:
    source = resolve.parse("file.py", code)
    assert not source.errors
    longest = max(source.uses, key=lambda use: (use.name.count("."), use.form == "string"))
    return longest.guard


@pytest.mark.parametrize("case", GUARDED)
def test_guarded(case: str) -> None:
    code, expected = GUARDED[case]
    assert guard(code) == expected


@pytest.mark.parametrize("case", NOT_GUARDED)
def test_not_guarded(case: str) -> None:
    assert guard(NOT_GUARDED[case]) is None


def test_reference_has_the_guard_of_its_import() -> None:
    code = f"try:\n    {IMPORT}\nexcept ImportError:\n    ops = None\nops.x"
    assert guard(code) == "import"
