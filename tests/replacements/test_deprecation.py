"""Decorators that log deprecations, against the private originals."""

import contextlib
import logging

import pytest
import tensorflow as tf

from tests.replacements.originals import find, original
from tfcompat import replacements


class Records(logging.Handler):
    def __init__(self):
        super().__init__()
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


@contextlib.contextmanager
def logged():
    """The messages of TensorFlow's logger within the context."""
    handler, logger = Records(), tf.get_logger()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel("WARNING")
    try:
        yield handler.texts
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def decorators(name):
    return [original(f"util.deprecation.{name}"), getattr(replacements, name)]


@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize("date", ["2030-01-02", None])
def test_deprecated_function(date, once):
    seen = []
    for deprecated in decorators("deprecated"):

        @deprecated(date, "Use another.", warn_once=once)
        def function(x, y=1):
            """Do something.

            More of it.
            """
            return x + y

        with logged() as texts:
            assert [function(1), function(2, y=3)] == [2, 5]
        # Each tells another place.
        seen.append([text.partition(": ")[2] for text in texts])
        assert __file__ in texts[0]
        assert function.__name__ == "function"
        assert function.__doc__.startswith("Do something. (deprecated)\n")
        assert "Use another." in function.__doc__
        assert replacements.getfullargspec(function).args == ["x", "y"]
    assert len(seen[0]) == len(seen[1]) == (1 if once else 2)
    when = "after 2030-01-02" if date else "in a future version"
    for (text,) in (set(texts) for texts in seen):
        assert f"is deprecated and will be removed {when}." in text
        assert text.endswith("Instructions for updating:\nUse another.")


def test_deprecated_class_and_method():
    for deprecated in decorators("deprecated"):

        @deprecated(None, "Use another.")
        class Old:
            """An old class."""

            def __init__(self, value):
                self.value = value

        class Other:
            @deprecated(None, "Use another.")
            def method(self, value):
                return value

        with logged() as texts:
            assert Old(3).value == 3
            assert isinstance(Old(4), Old)
            assert Other().method(5) == 5
        assert len(texts) == 2
        assert "(deprecated)" in Old.__doc__


def test_deprecated_class_with_new():
    for deprecated in decorators("deprecated"):

        @deprecated(None, "Use another.")
        class Old(tuple):
            def __new__(cls, value):
                return super().__new__(cls, (value,))

        with logged() as texts:
            assert Old(3) == (3,)
        assert len(texts) == 1


@pytest.mark.parametrize("arguments", [("tomorrow", "Use another."), (None, "")])
def test_what_is_refused(arguments):
    for deprecated in decorators("deprecated"):
        with pytest.raises(ValueError):  # noqa: PT011 - the texts differ
            deprecated(*arguments)


CALLS = [
    ((1,), {}, 0),
    ((1, 2), {}, 1),
    ((1,), {"old": 2}, 1),
    ((1,), {"old": None}, 1),
    ((1,), {"allowed": 5}, 0),
    ((1,), {"allowed": 6}, 1),
    ((1, 2), {"allowed": 6}, 2),
]


@pytest.mark.parametrize(("args", "kwargs", "count"), CALLS)
def test_deprecated_args(args, kwargs, count):
    for deprecated_args in decorators("deprecated_args"):

        @deprecated_args(None, "Leave it out.", "old", ("allowed", 5))
        def function(x, old=None, allowed=5):
            """Do something."""
            return x, old, allowed

        with tf.Graph().as_default(), logged() as texts:
            result = function(*args, **kwargs)
        assert result == ((*args, None)[0], (*args, kwargs.get("old"))[1], kwargs.get("allowed", 5))
        assert len(texts) == count, texts
        with logged() as texts:  # eager: not told
            function(*args, **kwargs)
        assert texts == []


def test_deprecated_args_that_do_not_exist():
    for deprecated_args in decorators("deprecated_args"):
        with pytest.raises(ValueError, match="missing"):
            deprecated_args(None, "Leave it out.", "missing")(lambda x: x)
        with pytest.raises(ValueError):  # noqa: PT011
            deprecated_args(None, "Leave it out.")


@pytest.mark.parametrize(("value", "count"), [(1, 1), (2, 0), (None, 0)])
def test_deprecated_arg_values(value, count):
    for deprecated_arg_values in decorators("deprecated_arg_values"):

        @deprecated_arg_values(None, "Pass another.", x=1)
        def function(x, y=2):
            return x

        with logged() as texts:
            assert function(value) is value
            assert function(x=value) is value
        assert len(texts) == count


def test_deprecated_alias():
    class New:
        def __init__(self, value):
            self.value = value

    for alias in decorators("deprecated_alias"):
        function = alias("a.old", "a.new", lambda x: x + 1)
        cls = alias("a.Old", "a.New", New)
        with logged() as texts:
            assert function(1) == function(0) + 1 == 2
            assert isinstance(cls(5), New)
            assert cls(6).value == 6
        assert len(texts) == 2
        assert all("is deprecated. Please use a." in text for text in texts)


@pytest.mark.parametrize("values", [(None, None), (1, None), (None, 2), (1, 2)])
def test_deprecated_argument_lookup(values):
    seen = []
    for lookup in decorators("deprecated_argument_lookup"):
        try:
            seen.append(lookup("new", values[0], "old", values[1]))
        except ValueError:
            seen.append(ValueError)
    assert seen[0] is seen[1]


def test_rewrite_argument_docstring_of_no_docstring():
    # The original takes None from 2.21 on.
    assert replacements.rewrite_argument_docstring(None, "dim", "axis") is None


@pytest.mark.parametrize("doc", ["`dim` and dim: x", "no such"])
def test_rewrite_argument_docstring(doc):
    one, other = decorators("rewrite_argument_docstring")
    assert one(doc, "dim", "axis") == other(doc, "dim", "axis")


def test_silence():
    function = replacements.deprecated(None, "Use another.", warn_once=False)(lambda: 1)
    with logged() as texts:
        with replacements.silence():
            function()
        assert texts == []
        function()
        assert len(texts) == 1


def test_decorators_that_do_nothing():
    for name in ("tf_export", "keras_export"):

        def function():
            return 1

        assert getattr(replacements, name)("some.name", v1=["other"])(function) is function
        getattr(replacements, name)("some.NAME").export_constant(__name__, "NAME")
    assert replacements.deprecated_endpoints("some.name")(function) is function
    for name in (
        "do_not_generate_docs",
        "do_not_doc_inheritable",
        "do_not_doc_in_subclasses",
        "for_subclass_implementers",
    ):
        assert getattr(replacements, name)(function) is function
    assert replacements.remove_undocumented(__name__) is None
    assert find("util.tf_export.tf_export") is not None


@pytest.mark.parametrize(
    ("name", "path", "error"),
    [
        ("kwarg_only", "util.tf_export.kwarg_only", TypeError),
        ("keyword_args_only", "util.keyword_args.keyword_args_only", ValueError),
    ],
)
def test_keywords_only(name, path, error):
    for decorator in (original(path), getattr(replacements, name)):
        function = decorator(lambda x, y=1: x + y)
        assert function(x=2, y=3) == 5
        with pytest.raises(error):
            function(2)
