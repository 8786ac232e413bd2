"""Modes and name scopes against the private originals."""

import functools

import pytest
import tensorflow as tf

import tfcompat
from tests.replacements.originals import find, original
from tfcompat import replacements


def modes(graph_mode):
    """What is so before, within and after the context."""
    seen = [tf.executing_eagerly()]
    with graph_mode():
        seen += [tf.executing_eagerly(), tf.compat.v1.get_default_graph(), tf.constant(1).graph]
        with graph_mode():
            seen += [tf.executing_eagerly(), tf.compat.v1.get_default_graph()]
        with tf.Graph().as_default():
            seen.append(tf.executing_eagerly())
    return [*seen, tf.executing_eagerly()]


def test_graph_mode():
    assert modes(replacements.graph_mode) == modes(original("eager.context.graph_mode"))
    # What the rule is called unsafe for.
    with original("eager.context.graph_mode")():
        tf.compat.v1.reset_default_graph()
    with replacements.graph_mode(), pytest.raises(AssertionError, match="nested graphs"):
        tf.compat.v1.reset_default_graph()


def test_eager_mode():
    for eager_mode in (original("eager.context.eager_mode"), replacements.eager_mode):
        with eager_mode():
            assert tf.executing_eagerly()

        def in_eager_mode(eager_mode):
            assert not tf.executing_eagerly()
            with eager_mode():
                assert tf.constant(2).numpy() == 2
            return tf.constant(1)

        traced = tf.function(functools.partial(in_eager_mode, eager_mode), autograph=False)
        assert traced().numpy() == 1


def test_eager_mode_does_not_leave_a_plain_graph():
    refused = pytest.raises(tfcompat.TfcompatError, match=r"tf\.Graph")
    with tf.Graph().as_default(), refused, replacements.eager_mode():
        pass


SCOPES = [
    {"name": "one"},
    {"name": None, "default_name": "two"},
    {"name": "three/"},
    {"name": "four", "skip_on_eager": False},
    {"name": None, "default_name": "five", "skip_on_eager": False},
    {"name": None, "default_name": "six", "values": []},
]


def named(name_scope, arguments):
    """The scope and the names of what is made within."""
    with name_scope(**arguments) as scope:
        inner = replacements.get_name_scope()
        with name_scope("inner", skip_on_eager=False) as below:
            pass
        variable = tf.Variable(1.0, name="v").name
        tensor = None if tf.executing_eagerly() else tf.constant(1.0, name="c").name
    return scope, inner, below, variable, tensor


@pytest.mark.parametrize("arguments", SCOPES)
def test_name_scope(arguments):
    results = []
    for name_scope in (original("framework.ops.name_scope"), replacements.name_scope):
        eager = named(name_scope, arguments)
        with tf.Graph().as_default():
            results.append([eager, named(name_scope, arguments), named(name_scope, arguments)])
    assert results[0] == results[1]


def test_get_name_scope():
    old = original("framework.ops.get_name_scope")

    def check():
        for name in ("a", "b/c", "d/"):
            assert old() == replacements.get_name_scope()
            with tf.name_scope(name):
                assert old() == replacements.get_name_scope() == name.rstrip("/")
                with tf.name_scope("e"):
                    assert old() == replacements.get_name_scope() == name.rstrip("/") + "/e"

    check()
    with tf.Graph().as_default():
        check()


NAMES = ["a", "a/b", "^a/b", "loc:@a/b", "a/", "a//b", "", "ab/c", "x/a/b", b"a/b", "^", "^x"]


@pytest.mark.parametrize("scope", [None, "", "a", "a/", "a/b", "x"])
def test_names_and_scopes(scope):
    for function in ("prepend_name_scope", "strip_name_scope"):
        old, new = original(f"framework.ops.{function}"), getattr(replacements, function)
        for name in NAMES:
            assert new(name, scope) == old(name, scope), (function, name)


def test_name_from_scope_name():
    old = original("framework.ops.name_from_scope_name")
    for name in filter(None, NAMES):
        assert replacements.name_from_scope_name(name) == old(name)


def test_uid_is_unique():
    for function in (original("framework.ops.uid"), replacements.uid):
        numbers = [function() for _ in range(5)]
        assert len(set(numbers)) == 5
        assert all(isinstance(number, int) for number in numbers)


def test_null_context_manager():
    for null in (original("framework.ops.NullContextmanager"), replacements.NullContextmanager):
        with null(1, key=2) as value:
            assert value is None


def test_tf2_enabled():
    assert replacements.tf2_enabled() is find("tf2.enabled")() is True
