"""Arguments and variables against the private originals."""

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements


def outcome(function, *args, **kwargs):
    """What a call gives, in a form that compares."""
    try:
        found = function(*args, **kwargs)
    except ValueError as error:
        return str(error)
    return [(np.asarray(part).dtype, np.asarray(part).tolist()) for part in tf.nest.flatten(found)]


def assert_same(path, name, cases):
    old, new = original(path), getattr(replacements, name)
    for args, kwargs in cases:
        assert outcome(new, *args, **kwargs) == outcome(old, *args, **kwargs)


def test_optional_param_to_tensor():
    cases = [
        (("a", None), {}),
        (("a", 3), {}),
        (("a", None, 2.5, tf.float32), {}),
        (("a", [1, 2]), {"argument_dtype": tf.int32}),
    ]
    assert_same("data.util.convert.optional_param_to_tensor", "optional_param_to_tensor", cases)


def test_dataset_seed():
    old = original("data.util.random_seed.get_seed")
    try:
        for seed in (None, 0, 7, tf.constant(5, tf.int64)):
            assert outcome(replacements.dataset_seed, seed) == outcome(old, seed)
            for whole in (0, 3):
                results = []
                for function in (old, replacements.dataset_seed):
                    tf.random.set_seed(whole)
                    results.append(outcome(function, seed))
                assert results[0] == results[1]
            original("eager.context.context")()._seed = None
    finally:
        original("eager.context.context")()._seed = None


def test_validate_dense_weights():
    values = tf.constant([1, 2])
    cases = [
        ((values, None), {}),
        ((values, None, tf.float32), {}),
        ((values, tf.constant([0.5, 1.0])), {}),
    ]
    assert_same("ops.bincount_ops.validate_dense_weights", "validate_dense_weights", cases)
    with pytest.raises(ValueError, match=r"must be a tf\.Tensor"):
        replacements.validate_dense_weights(values, [1.0, 2.0])


def test_strides_and_dilation_rate():
    cases = [
        ((2, None, None), {}),
        ((2, [2, 1], None), {}),
        ((3, None, (1, 2, 3)), {}),
    ]
    path = "ops.nn_ops._get_strides_and_dilation_rate"
    assert_same(path, "get_strides_and_dilation_rate", cases)
    refused = [(2, [1], None), (2, None, [1, 1, 1]), (2, [0, 1], None), (2, [2, 1], [2, 1])]
    for function in (original(path), replacements.get_strides_and_dilation_rate):
        for arguments in refused:
            with pytest.raises(ValueError, match=r"strides|dilation"):
                function(*arguments)


def test_deduplicate_indexed_slices():
    rows = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    cases = [((rows, tf.constant([4, 1, 4])), {}), ((rows, tf.constant([0, 1, 2])), {})]
    path = "training.optimizer._deduplicate_indexed_slices"
    assert_same(path, "deduplicate_indexed_slices", cases)


def test_collect():
    for function in (original("ops.summary_op_util.collect"), replacements.collect):
        with tf.Graph().as_default() as graph:
            function("one", None, ["a", "b"])
            function("two", ["b"], ["a"])
            function("three", [], ["a"])
            assert graph.get_collection("a") == ["one"]
            assert graph.get_collection("b") == ["one", "two"]


def test_validate_synchronization_aggregation_trainable():
    sync, agg = tf.VariableSynchronization, tf.VariableAggregation
    old = original("ops.variables.validate_synchronization_aggregation_trainable")
    new = replacements.validate_synchronization_aggregation_trainable
    for given in (
        (None, None, None),
        (sync.ON_READ, agg.SUM, None),
        (sync.AUTO, tf.compat.v1.VariableAggregation.MEAN, False),
        (sync.ON_WRITE.value, agg.SUM.value, True),
    ):
        for one, other in zip(old(*given, "v"), new(*given, "v")):
            assert one is other
    for given in (("no", None, None), (None, "no", None)):
        messages = []
        for function in (old, new):
            with pytest.raises(ValueError, match="for variable: v") as caught:
                function(*given, "v")
            messages.append(str(caught.value))
        assert messages[0] == messages[1]


def test_is_distributed_variable():
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        mirrored = tf.Variable(1.0)
    old = original("distribute.distribute_utils.is_distributed_variable")
    for value in (mirrored, tf.Variable(1.0), 3):
        assert replacements.is_distributed_variable(value) == old(value)


def accessed(function):
    """Whether a tape and a traced function come to know of variables."""
    one, frozen = tf.Variable(1.0), tf.Variable(1.0, trainable=False)
    with tf.GradientTape() as tape:
        function(one)
        function(frozen)
    traced = tf.function(lambda: function(one))
    known = traced.get_concrete_function().graph.variables
    return [v is one for v in tape.watched_variables()], [v is one for v in known]


def test_variable_accessed():
    expected = accessed(original("ops.resource_variable_ops.variable_accessed"))
    assert accessed(replacements.variable_accessed) == expected == ([True], [True])


def test_build_info():
    assert replacements.build_info == original("platform.build_info.build_info")


def test_variables_on_parameter_servers():
    private = "training.device_setter."
    assert set(replacements.STANDARD_PS_OPS) >= set(original(f"{private}STANDARD_PS_OPS"))
    for cls in (original(f"{private}_RoundRobinStrategy"), replacements.RoundRobinStrategy):
        strategy = cls(3)
        assert [strategy(None) for _ in range(5)] == [0, 1, 2, 0, 1]


def test_key_of_a_value():
    key = original("trackable.base.VARIABLE_VALUE_KEY", "training.tracking.base.VARIABLE_VALUE_KEY")
    assert key == replacements.VARIABLE_VALUE_KEY


def test_steps_per_run():
    name = "get_or_create_steps_per_run_variable"
    seen = []
    for function in (
        original(f"training.basic_session_run_hooks.{name}"),
        getattr(replacements, name),
    ):
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            variable = function()
            assert function() is variable
            session.run(tf.compat.v1.local_variables_initializer())
            keys = tf.compat.v1.get_default_graph().get_all_collection_keys()
            seen.append((variable.name, session.run(variable), sorted(keys)))
    assert seen[0] == seen[1]
