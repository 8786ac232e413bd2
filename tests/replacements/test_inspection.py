"""Signatures and decorators against the private originals."""

import functools
import inspect

import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements


class Example:
    """An example."""

    def method(self, x, y=2, *, k=3, **kwargs):
        """A method."""

    @tf.function
    def traced(self, x, y=1):
        return x

    @tf.Module.with_name_scope
    def scoped(self, x):
        return x

    def __call__(self, a, b=1):
        """Call."""


class Derived(Example):
    def __init__(self, q):
        pass


@tf.function
def traced(x, *, y=1):
    return x


def plain(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


EXAMPLES = {
    "method": Example.method,
    "bound": Example().method,
    "callable": Example(),
    "class": Derived,
    "traced": traced,
    "traced_method": Example.traced,
    "scoped": Example.scoped,
    "wrapped": plain(Example.method),
    "partial": functools.partial(Example.method, 1, y=5),
    "partial_keyword": functools.partial(Example.method, k=5),
    "lambda": lambda x, y=1: x,
    "builtin": len,
    "module": tf,
    "number": 1,
    "generator": (x for x in ()),
    "deprecated": tf.compat.v1.nn.softmax,
    "softmax": tf.nn.softmax,
    "reduce_sum": tf.reduce_sum,
    "add": tf.add,
    "argmax": tf.compat.v1.argmax,
    "conv2d": tf.nn.conv2d,
    "evaluate": tf.test.TestCase.evaluate,
    "none": None,
}


def outcome(function, *args, **kwargs):
    try:
        result = function(*args, **kwargs)
    except Exception as error:
        return type(error)
    return tuple(result) if isinstance(result, tuple) else result


@pytest.mark.parametrize(
    "function",
    [
        "getdoc",
        "getfile",
        "getfullargspec",
        "getmodule",
        "getmro",
        "getsource",
        "getsourcefile",
        "getsourcelines",
        "isbuiltin",
        "isclass",
        "isframe",
        "isfunction",
        "isgenerator",
        "isgeneratorfunction",
        "ismethod",
        "ismodule",
        "isroutine",
    ],
)
def test_inspect(function):
    old, new = original(f"util.tf_inspect.{function}"), getattr(replacements, function)
    for name, example in EXAMPLES.items():
        assert outcome(new, example) == outcome(old, example), name


def test_getargspec():
    old = original("util.tf_inspect.getargspec")
    # Up to 2.12 keyword-only arguments were left out.
    keyword_only = outcome(old, Example.method)[0][-1] == "k"
    for name, example in EXAMPLES.items():
        found = outcome(replacements.getargspec, example)
        if not callable(example):
            # The original tells the signature of the __call__ of any class.
            assert found is TypeError, name
        elif keyword_only:
            assert found == outcome(old, example), name
        else:
            assert found[0][: len(old(example).args)] == old(example).args, name


def test_getmembers():
    old = original("util.tf_inspect.getmembers")
    assert replacements.getmembers(Derived) == old(Derived)
    assert replacements.getmembers(Derived, callable) == old(Derived, callable)


def test_specs():
    for name in ("ArgSpec", "FullArgSpec"):
        old, new = original(f"util.tf_inspect.{name}"), getattr(replacements, name)
        assert old._fields == new._fields


def test_signatures_of_the_whole_public_api():
    old = original("util.tf_inspect.getfullargspec")
    checked = 0
    for module in (tf, tf.math, tf.nn, tf.linalg, tf.image, tf.io, tf.compat.v1, tf.compat.v1.nn):
        for name in dir(module):
            value = getattr(module, name) if not name.startswith("_") else None
            if inspect.isfunction(value):
                assert outcome(replacements.getfullargspec, value) == outcome(old, value), name
                checked += 1
    assert checked > 800


@pytest.mark.parametrize("function", ["fn_args", "has_kwargs", "get_func_name", "get_func_code"])
def test_function_utils(function):
    old, new = original(f"util.function_utils.{function}"), getattr(replacements, function)
    for name, example in EXAMPLES.items():
        assert outcome(new, example) == outcome(old, example), name


@pytest.mark.parametrize(
    ("function", "args", "kwargs"),
    [
        (lambda x, y=1: x, (5,), {}),
        (lambda x, y=1: x, (), {"y": 2}),
        (lambda x, *, k=1: x, (5,), {"k": 2}),
        (lambda x, *, k=1: x, (5,), {}),
        (Example().method, (5,), {}),
        (Example.method, (5, 6), {"z": 7}),
        (tf.nn.softmax, (5,), {"axis": 6}),
    ],
)
def test_getcallargs(function, args, kwargs):
    old = original("util.tf_inspect.getcallargs")
    assert replacements.getcallargs(function, *args, **kwargs) == old(function, *args, **kwargs)


def decorated(make_decorator):
    def target(x, y=1):
        """Documented."""

    target.attribute = "of the target"

    def wrapper(*args, **kwargs):
        return args, kwargs

    wrapper.other = "of the wrapper"
    return make_decorator(target, wrapper), target


def test_make_decorator():
    seen = []
    for make_decorator in (
        original("util.tf_decorator.make_decorator"),
        replacements.make_decorator,
    ):
        wrapper, target = decorated(make_decorator)
        assert wrapper.__wrapped__ is target
        assert wrapper(1, a=2) == ((1,), {"a": 2})
        seen.append(
            [
                wrapper.__name__,
                wrapper.__doc__,
                wrapper.__module__,
                wrapper.attribute,
                wrapper.other,
                inspect.signature(wrapper),
                replacements.getfullargspec(wrapper),
                replacements.unwrap(wrapper)[1] is target,
                len(replacements.unwrap(wrapper)[0]),
            ]
        )
    assert seen[0] == seen[1]


def test_make_decorator_with_a_signature_and_a_docstring():
    spec = inspect.getfullargspec(lambda a, b=2, *c, d, e=5, **f: None)
    wrapper = replacements.make_decorator(
        lambda x: x, lambda *args: args, decorator_doc="Text.", decorator_argspec=spec
    )
    assert wrapper.__doc__ == "Text."
    assert replacements.getfullargspec(wrapper) == spec
    assert str(inspect.signature(wrapper)) == "(a, b=2, *c, d, e=5, **f)"


def test_contextmanager():
    for contextmanager in (
        original("util.tf_contextlib.contextmanager"),
        replacements.contextmanager,
    ):

        @contextmanager
        def context(value, key=1):
            yield value + key

        with context(1, key=2) as result:
            assert result == 3
        assert replacements.getfullargspec(context).args == ["value", "key"]
