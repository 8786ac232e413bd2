"""Seeds, devices, resources, lists and combinations against the private originals."""

import collections

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements


def test_device_policy():
    context = original("eager.context.context")()
    for name in ("EXPLICIT", "SILENT", "SILENT_FOR_INT32", "WARN"):
        number = original(f"eager.context.DEVICE_PLACEMENT_{name}")
        before = context.device_policy
        with replacements.device_policy(getattr(replacements, f"DEVICE_PLACEMENT_{name}")):
            assert context.device_policy == number
            with original("eager.context.device_policy")(number):
                assert context.device_policy == number
        assert context.device_policy == before


def test_global_seed():
    old = original("eager.context.global_seed")
    try:
        for seed in (3, 0, 87654321, None):
            if seed is None:
                original("eager.context.context")()._seed = None
            else:
                tf.random.set_seed(seed)
            assert replacements.global_seed() == old() == seed
            with tf.Graph().as_default():
                tf.compat.v1.set_random_seed(5)
            tf.function(lambda: (replacements.global_seed() == old() or 1 / 0, 1)[1])()
    finally:
        original("eager.context.context")()._seed = None


def test_global_seed_draws_nothing():
    tf.random.set_seed(4)
    expected = tf.random.uniform([2]).numpy()
    tf.random.set_seed(4)
    replacements.global_seed()
    np.testing.assert_array_equal(tf.random.uniform([2]).numpy(), expected)
    original("eager.context.context")()._seed = None


def test_is_op_determinism_enabled():
    old = original("framework.config.is_op_determinism_enabled")
    assert replacements.is_op_determinism_enabled() is old() is False
    original("framework.config.enable_op_determinism")()  # public from 2.8 on
    try:
        for seed in (None, 3):
            original("eager.context.context")()._seed = seed
            assert replacements.is_op_determinism_enabled() is old() is True
            with tf.Graph().as_default():
                tf.compat.v1.set_random_seed(5)
                assert replacements.is_op_determinism_enabled() is old() is True
    finally:
        original("framework.config.disable_op_determinism")()
        original("eager.context.context")()._seed = None
    assert replacements.is_op_determinism_enabled() is old() is False


def test_ensure_initialized():
    replacements.ensure_initialized()
    assert original("eager.context.context")()._initialized


def test_gen_new_seed():
    old = original("ops.distributions.util.gen_new_seed")
    for seed in (None, 0, 5, 2**40):
        assert replacements.gen_new_seed(seed, "salt") == old(seed, "salt")


def test_function_from_graph_def():
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [None], name="x")
        tf.add(x, 1.0, name="y")
        tf.multiply(x, 2.0, name="z")
    old = original("eager.wrap_function.function_from_graph_def")
    for function in (old, replacements.function_from_graph_def):
        run = function(graph.as_graph_def(), "x:0", {"y": "y:0", "z": ["z:0"]})
        found = run(tf.constant([1.0, 2.0]))
        np.testing.assert_array_equal(found["y"], [2.0, 3.0])
        np.testing.assert_array_equal(found["z"][0], [2.0, 4.0])


def test_event_file_writer(tmp_path):
    found = []
    old = original("summary.writer.event_file_writer.EventFileWriter")
    for number, make in enumerate((old, replacements.event_file_writer)):
        directory = tmp_path / str(number)
        writer = make(str(directory), filename_suffix=".x")
        event = tf.compat.v1.Event(step=3)
        event.summary.value.add(tag="a", simple_value=2.0)
        writer.add_event(event)
        writer.flush()
        assert writer.get_logdir() == str(directory)
        writer.close()
        (path,) = directory.iterdir()
        assert path.name.endswith(".x")
        events = list(tf.compat.v1.train.summary_iterator(str(path)))
        found.append([(each.step, list(each.summary.value)) for each in events])
    assert found[0] == found[1]
    assert len(found[0]) == 2


def test_resources():
    made = []
    for name in (lambda leaf: original(f"ops.resources.{leaf}"), replacements.__getattr__):
        register = original("ops.resources.register_resource")
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            one = tf.compat.v1.get_variable("one", initializer=1.0, use_resource=True)
            two = tf.compat.v1.get_variable("two", initializer=2.0, use_resource=True)
            for variable, shared in ((one, True), (two, False)):
                ready = tf.compat.v1.is_variable_initialized(variable)
                register(variable.handle, variable.initializer, ready, is_shared=shared)
            shared = name("shared_resources")()
            report = name("report_uninitialized_resources")()
            seen = [len(shared), len(name("local_resources")()), session.run(report).tolist()]
            session.run(name("initialize_resources")(shared))
            seen.append(session.run(report).tolist())
            session.run(name("initialize_resources")([]))
            empty = name("report_uninitialized_resources")([])
            seen.append((session.run(empty).tolist(), empty.dtype))
        made.append(seen)
    assert made[0] == made[1]
    assert made[0][2:4] == [[b"one:0", b"two:0"], [b"two:0"]]


def test_tensor_lists():
    found = []
    for get in (
        lambda leaf: original(f"ops.list_ops.{leaf}"),
        lambda leaf: getattr(replacements, leaf),
    ):
        values = tf.reshape(tf.range(6.0), [3, 2])
        some = get("tensor_list_from_tensor")(values, [2])
        found.append(
            [
                get("tensor_list_stack")(some, tf.float32).numpy(),
                get("tensor_list_stack")(some, tf.float32, 3, tf.TensorShape([None])).numpy(),
                get("tensor_list_gather")(some, [2, 0], tf.float32).numpy(),
                get("tensor_list_gather")(some, [1], tf.float32, tf.constant([2])).numpy(),
            ]
        )
        for shape in ([2], [None], None):
            empty = get("empty_tensor_list")(shape, tf.float32, max_num_elements=4)
            assert tf.raw_ops.TensorListLength(input_handle=empty) == 0
            full = [empty]
            for _ in range(4):
                pushed = tf.raw_ops.TensorListPushBack(input_handle=full[-1], tensor=tf.ones([2]))
                full.append(pushed)
            with pytest.raises(tf.errors.InvalidArgumentError):
                tf.raw_ops.TensorListPushBack(input_handle=full[-1], tensor=tf.ones([2]))
    for one, other in zip(*found):
        np.testing.assert_array_equal(one, other)


def test_combine_and_times():
    old, old_times = (original(f"framework.test_combinations.{n}") for n in ("combine", "times"))
    arguments = {"b": [1, 2], "a": ["x", "y", "z"], "c": None, "d": (1, 2)}
    expected = old(**arguments)
    found = replacements.combine(**arguments)
    assert all(type(each) is collections.OrderedDict for each in found)
    # The order in which the cases are named and run is that of the original.
    assert found == expected
    assert [list(each.items()) for each in found] == [list(each.items()) for each in expected]
    assert replacements.combine() == old()
    more = old(e=[1, 2]), old(f=[3])
    assert replacements.times(found, *more) == old_times(expected, *more)
    for function in (old_times, replacements.times):
        with pytest.raises(ValueError, match="overlap"):
            function(found, found)


def test_shared_name():
    function = original("eager.context.shared_name")
    with tf.Graph().as_default():
        assert replacements.shared_name() == function() is None
        assert replacements.shared_name("name") == function("name") == "name"
    assert replacements.shared_name() == function()
    assert replacements.shared_name("name") == "name"


def test_an_anonymous_resource():
    """Resources of the name are apart, also where no original is left."""
    names = {"container": "", "shared_name": replacements.shared_name()}
    one, two = (tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[], **names) for _ in range(2))
    tf.raw_ops.AssignVariableOp(resource=one, value=tf.constant(1.0))
    assert not tf.raw_ops.VarIsInitializedOp(resource=two)
