"""`function`, compared with the tf.function of whatever release this is."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import tensorflow as tf

from tfcompat import errors, functions
from tfcompat.functions import function

ACCEPTED = inspect.signature(tf.function).parameters


def test_bare_and_called_and_with_arguments() -> None:
    @function
    def bare(x):
        """Square."""
        return x * x

    @function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def decorated(x):
        return x * x

    called = function(lambda x: x * x, [tf.TensorSpec([None], tf.float32)])
    expected = tf.function(lambda x: x * x)(tf.constant([3.0]))
    for compiled in (bare, decorated, called):
        assert type(compiled) is type(tf.function(lambda: None))
        np.testing.assert_array_equal(compiled(tf.constant([3.0])), expected)
    assert bare.__doc__ == "Square."
    assert bare.__name__ == "bare"


def test_takes_every_argument_of_todays_tf_function_in_its_order() -> None:
    ours = list(inspect.signature(function).parameters)
    assert set(ours) >= set(ACCEPTED)
    if "experimental_attributes" in ACCEPTED:
        assert ours[: len(ACCEPTED)] == list(ACCEPTED)


@pytest.mark.parametrize("name", ["reduce_retracing", "experimental_relax_shapes"])
def test_relaxed_shapes_trace_as_often_as_in_tensorflow(name: str) -> None:
    native = "reduce_retracing" if "reduce_retracing" in ACCEPTED else "experimental_relax_shapes"

    def traces(make, **options) -> int:
        count = []

        @make(**options)
        def add(x):
            count.append(x.shape)
            return x + 1

        for length in range(1, 6):
            assert add(tf.zeros([length])).shape == [length]
        return len(count)

    assert traces(function, **{name: True}) == traces(tf.function, **{native: True}) < 5
    assert traces(function, **{name: False}) == 5


def test_compiles_by_xla_where_it_is_asked_to() -> None:
    def compiles(compiled) -> bool:
        definition = compiled.get_concrete_function(tf.constant(1.0)).function_def
        return definition.attr["_XlaMustCompile"].b

    def double(x):
        return x + x

    assert compiles(function(double, jit_compile=True))
    assert compiles(function(double, experimental_compile=True))
    assert not compiles(function(double, jit_compile=False, experimental_compile=True))
    assert not compiles(function(double))
    assert function(double, jit_compile=True)(tf.constant(2.0)) == 4.0


def test_autograph_is_passed_on() -> None:
    def branch(x):
        return x if x > 0 else -x

    assert function(branch)(tf.constant(-2.0)) == 2.0
    with pytest.raises(Exception, match=r"tf\.Tensor|Tensor"):
        function(branch, autograph=False)(tf.constant(-2.0))


def test_attributes_where_the_release_has_them() -> None:
    def attributes(compiled):
        return compiled.get_concrete_function(tf.constant(1.0)).function_def.attr

    def same(x):
        return tf.identity(x)

    expected = tf.function(same, experimental_implements="acme.same")
    ours = function(same, experimental_attributes={"_implements": "acme.same"})
    assert attributes(ours)["_implements"].s == attributes(expected)["_implements"].s
    assert attributes(ours)["_implements"].s == b"acme.same"
    if "experimental_attributes" in ACCEPTED:
        ours = function(same, experimental_attributes={"api_preferred_device": "CPU"})
        assert attributes(ours)["api_preferred_device"].s == b"CPU"
    else:
        with pytest.raises(errors.UnsupportedArgumentError, match=r"api_preferred_device.*2\.12"):
            function(same, experimental_attributes={"api_preferred_device": "CPU"})


def test_types_are_those_of_tensorflow() -> None:
    @tf.function
    def double(x):
        return x + x

    assert type(double) is functions.Function
    concrete = double.get_concrete_function(tf.constant(1.0))
    assert type(concrete) is functions.ConcreteFunction
    assert not isinstance(double, functions.ConcreteFunction)
    assert not isinstance(len, functions.Function)
    from tensorflow.python.eager import def_function
    from tensorflow.python.eager import function as private

    assert functions.ConcreteFunction is private.ConcreteFunction
    if hasattr(def_function, "Function"):
        assert functions.Function is def_function.Function
    with pytest.raises(AttributeError, match="nothing"):
        functions.nothing  # noqa: B018
