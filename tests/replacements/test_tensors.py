"""Tensor helpers against the private originals."""

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements

smart = "framework.smart_cond."


def value_of(make):
    """The value of a tensor that a function makes, in eager mode and in a graph."""
    eager = make()
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        graph = session.run(make())
    return np.asarray(eager), graph


PREDICATES = {
    "true": lambda: True,
    "false": lambda: False,
    "one": lambda: 1,
    "zero": lambda: 0,
    "constant": lambda: tf.constant(True),
    "folded": lambda: tf.logical_not(tf.equal(tf.constant([1, 2]), [1, 3])[0]),
    "placeholder": lambda: tf.compat.v1.placeholder_with_default(True, []),
    "derived": lambda: tf.logical_and(tf.compat.v1.placeholder_with_default(True, []), True),
    "shape": lambda: tf.equal(tf.shape(tf.zeros([2, 3]))[0], 2),
}


@pytest.mark.parametrize("name", sorted(PREDICATES))
def test_smart_constant_value(name):
    old = original(smart + "smart_constant_value")
    for graph in (False, True):
        with tf.Graph().as_default() if graph else tf.name_scope("eager"):
            pred = PREDICATES[name]()
            expected, found = old(pred), replacements.smart_constant_value(pred)
            assert (expected is None) == (found is None), (expected, found)
            assert expected is None or bool(expected) == bool(found)
            called = [
                cond(pred, lambda: tf.constant("true"), lambda: tf.constant("false"))
                for cond in (original(smart + "smart_cond"), replacements.smart_cond)
            ]
            assert [one.dtype for one in called] == [tf.string, tf.string]
            if graph:
                with tf.compat.v1.Session() as session:
                    called = session.run(called)
            assert np.asarray(called[0]) == np.asarray(called[1])


@pytest.mark.parametrize("pred", ["yes", 2, None])
def test_no_predicate(pred):
    for function in (original(smart + "smart_constant_value"), replacements.smart_constant_value):
        with pytest.raises(TypeError):
            function(pred)


def test_smart_cond_of_a_variable():
    results = []
    for cond in (original("layers.utils.smart_cond"), replacements.smart_cond):
        for value in (True, False):
            pred = tf.Variable(value)
            results.append(int(cond(pred, lambda: tf.constant(1), lambda: tf.constant(2))))
        results.append(cond(True, lambda: 3, lambda: 4))
    assert results == [1, 2, 3] * 2


def test_smart_cond_needs_functions():
    for function in (original(smart + "smart_cond"), replacements.smart_cond):
        with pytest.raises(TypeError):
            function(True, lambda: 1, 2)


def test_smart_cond_of_an_unknown_predicate_in_a_function():
    for cond in (original(smart + "smart_cond"), replacements.smart_cond):

        @tf.function(input_signature=[tf.TensorSpec([], tf.bool)])
        def choose(pred, cond=cond):
            return cond(pred, lambda: tf.constant(1), lambda: tf.constant(2), name="choice")

        assert choose(True).numpy() == 1
        assert choose(False).numpy() == 2


@pytest.mark.parametrize(
    ("values", "expected"), [((True, True), 1), ((False, True), 2), ((False, False), 3)]
)
@pytest.mark.parametrize("unknown", [False, True])
def test_smart_case(values, expected, unknown):
    for case in (original(smart + "smart_case"), replacements.smart_case):
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            preds = [
                tf.compat.v1.placeholder_with_default(one, []) if unknown else tf.constant(one)
                for one in values
            ]
            result = case(
                [(preds[0], lambda: tf.constant(1)), (preds[1], lambda: tf.constant(2))],
                default=lambda: tf.constant(3),
            )
            assert session.run(result) == expected


def test_with_dependencies():
    for function in (
        original("ops.control_flow_ops.with_dependencies"),
        replacements.with_dependencies,
    ):
        eager = tf.constant(1.0)
        assert function([tf.constant(2.0)], eager) is eager
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            variable = tf.compat.v1.get_variable("v", [], use_resource=True)
            session.run(variable.initializer)
            result = function([variable.assign(5.0)], tf.constant(3.0), name="after")
            assert result.op.name == "after"
            assert session.run(result) == 3.0
            assert session.run(variable) == 5.0
            slices = tf.IndexedSlices(tf.constant([1.0]), tf.constant([0]))
            assert session.run(function([variable.assign(6.0)], slices).values) == [1.0]
            assert session.run(variable) == 6.0


def test_is_resource_variable():
    old = original("ops.resource_variable_ops.is_resource_variable")
    values = [tf.Variable(1.0), tf.constant(1.0), 1.0, None, tf.keras.layers.Dense(1)]
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    with strategy.scope():
        values.append(tf.Variable(1.0))
    with tf.Graph().as_default():
        for use_resource in (False, True):
            values.append(
                tf.compat.v1.get_variable(f"v{use_resource}", [], use_resource=use_resource)
            )
    expected = [old(value) for value in values]
    assert expected[0] is True
    assert False in expected
    assert [replacements.is_resource_variable(value) for value in values] == expected


@pytest.mark.parametrize("rank", [None, 0, 2])
def test_unknown_shape(rank):
    old = original("framework.tensor_shape.unknown_shape")
    assert repr(replacements.unknown_shape(rank)) == repr(old(rank))


@pytest.mark.parametrize("shape", [(), [], (1, 2), [3], np.array([4, 5])])
def test_shape_tensor(shape):
    old = original("ops.shape_util.shape_tensor", "framework.tensor_util.shape_tensor")
    expected, found = old(shape), replacements.shape_tensor(shape)
    assert found.dtype == expected.dtype
    assert found.numpy().tolist() == expected.numpy().tolist()


@pytest.mark.parametrize("is_repr", [False, True])
@pytest.mark.parametrize("value", [1.5, [1, 2], [[1, 2], [3, 4]], "text", True])
def test_numpy_text(value, is_repr):
    old = original("framework.ops.numpy_text")
    tensor = tf.constant(value)
    expected = old(tensor, is_repr=is_repr)
    found = replacements.numpy_text(tensor, is_repr=is_repr)
    # Before 2.16 scalars are shown as NumPy shows them, which is the same with NumPy 1.
    assert found == expected


WEIGHTS = [
    ((), (2, 3)),
    ((1, 3), (2, 3)),
    ((2, 1), (2, 3)),
    ((2, 3), (2, 3)),
    ((3,), (2, 3)),
    ((2, 2), (2, 3)),
    ((3, 1), (2, 3)),
]


@pytest.mark.parametrize(("weights", "values"), WEIGHTS)
@pytest.mark.parametrize("static", [False, True])
def test_broadcast_weights(weights, values, static):
    old = original("ops.weights_broadcast_ops.broadcast_weights")
    check = original("ops.weights_broadcast_ops.assert_broadcastable")
    outcomes = []
    arrays = [
        np.arange(np.prod(shape), dtype="float32").reshape(shape) for shape in (weights, values)
    ]
    for broadcast, assertion in (
        (old, check),
        (replacements.broadcast_weights, replacements.assert_broadcastable),
    ):
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            known = [None, None] if not static else [one.shape for one in arrays]
            tensors = [
                tf.compat.v1.placeholder_with_default(array, shape)
                for array, shape in zip(arrays, known)
            ]
            try:
                with tf.control_dependencies([assertion(*tensors)]):
                    outcomes.append(session.run(broadcast(*tensors)).tolist())
            except (ValueError, tf.errors.InvalidArgumentError) as error:
                outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]
    eager = []
    for broadcast in (old, replacements.broadcast_weights):
        try:
            eager.append(broadcast(*arrays).numpy().tolist())
        except (ValueError, tf.errors.InvalidArgumentError) as error:
            eager.append(type(error))
    assert eager[0] == eager[1]


def test_tf_to_np():
    old = original("framework.dtypes._TF_TO_NP")
    # Some numbers of references are in neither the enumeration nor in this one.
    assert {number: replacements.TF_TO_NP[int(number)] for number in old} == old
    assert replacements.TF_TO_NP[tf.float32.as_datatype_enum] is np.float32


@pytest.mark.parametrize("difference", [0, 1])
@pytest.mark.parametrize("shapes", [((3,), (3, 1)), ((3, 1), (3,)), ((3, 2), (3,)), ((3,), (3,))])
def test_remove_squeezable_dimensions(shapes, difference):
    old = original("ops.confusion_matrix.remove_squeezable_dimensions")
    results = []
    for remove in (old, replacements.remove_squeezable_dimensions):
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            for static in (None, shapes):
                tensors = [
                    tf.compat.v1.placeholder_with_default(
                        np.arange(np.prod(shape)).reshape(shape), static and shape
                    )
                    for shape in shapes
                ]
                found = session.run(remove(*tensors, expected_rank_diff=difference, name="n"))
                results.append([(one.shape, one.tolist()) for one in found])
    assert results[:2] == results[2:]
