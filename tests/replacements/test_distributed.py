"""Values of replicas and devices against the private originals."""

import collections

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements


def test_get_tpu_context():
    old = original("tpu.tpu_function.get_tpu_context")
    seen = []

    def look():
        expected = old().number_of_shards
        assert replacements.get_tpu_context().number_of_shards == expected
        seen.append(expected)

    def step(x):
        look()

        def branch():
            look()
            return x

        return tf.cond(tf.reduce_sum(x) > 0, branch, lambda: x) + 1

    look()
    with tf.Graph().as_default():
        look()
        tf.compat.v1.tpu.replicate(step, [[tf.constant([1.0])], [tf.constant([2.0])]])
        look()
        tf.compat.v1.tpu.rewrite(step, [tf.constant([1.0])])
    tf.function(lambda x: (look(), x)[1])(1)
    assert seen == [None, None, 2, 2, None, 1, 1, None]


def test_select_replica():
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    old = original("distribute.distribute_utils.select_replica")
    with strategy.scope():
        variable = tf.Variable(1.0)
    values = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(context.replica_id_in_sync_group)
    )
    nest = {"a": values, "b": [variable, 3]}
    for replica in (0, 1):
        expected, found = old(replica, nest), replacements.select_replica(replica, nest)
        assert found["a"] is expected["a"]
        assert found["b"][0] is expected["b"][0] is variable
        assert found["b"][1] == 3


def slices(values, indices, shape=(4, 2), dtype="int32"):
    return tf.IndexedSlices(
        tf.constant(values), tf.constant(indices, dtype), tf.constant(shape) if shape else None
    )


def parts(value):
    if isinstance(value, tf.IndexedSlices):
        shape = value.dense_shape
        return [value.values, value.indices] + ([] if shape is None else [shape])
    return [value]


def assert_same(old, new):
    assert type(old) is type(new)
    for one, other in zip(parts(old), parts(new)):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    assert len(parts(old)) == len(parts(new))


A = slices([[1.0, 2.0]], [1])
B = slices([[3.0, 4.0], [5.0, 6.0]], [1, 3])
D = tf.ones([4, 2])


@pytest.mark.parametrize("values", [[D], [D, D], [A], [A, B], [A, D], [D, A, B]])
def test_aggregate(values):
    name = "aggregate_tensors_or_indexed_slices"
    old = original(f"distribute.cross_device_utils.{name}")
    assert_same(old(values), getattr(replacements, name)(values))


def test_aggregate_takes_another_sum_and_other_indices():
    name = "aggregate_tensors_or_indexed_slices"
    new = getattr(replacements, name)
    old = original(f"distribute.cross_device_utils.{name}")
    assert_same(old([D, D], lambda values: values[0]), new([D, D], lambda values: values[0]))
    mixed = [A, slices([[1.0, 1.0]], [2], dtype="int64")]
    assert_same(old(mixed), new(mixed))


@pytest.mark.parametrize("value", [D, A, slices([[1.0, 2.0]], [0], None)])
def test_divide_and_copy(value):
    name = "divide_by_n_tensors_or_indexed_slices"
    old = original(f"distribute.cross_device_utils.{name}")
    assert_same(old(value, 4), getattr(replacements, name)(value, 4))
    name = "copy_tensor_or_indexed_slices_to_device"
    assert_same(value, getattr(replacements, name)(value, "CPU:0"))
    if isinstance(value, tf.IndexedSlices) and value.dense_shape is None:
        return  # the original of 2.5 fails
    old = original(f"distribute.cross_device_utils.{name}")
    assert_same(old(value, "CPU:0"), getattr(replacements, name)(value, "CPU:0"))

    @tf.function
    def devices(value):
        for one, other in zip(
            parts(old(value, "GPU:1")), parts(getattr(replacements, name)(value, "GPU:1"))
        ):
            assert one.device == other.device == "/device:GPU:1"

    devices.get_concrete_function(value)


def test_split_and_stitch():
    values = [D, A, 2.0, B]
    old_split = original("distribute.cross_device_utils.split_by_sparsity")
    old_stitch = original("distribute.cross_device_utils.stitch_values")
    split = replacements.split_by_sparsity(values)
    for one, other in zip(split, old_split(values)):
        assert all(a is b or a == b for a, b in zip(one, other))
        assert len(one) == len(other) == 2
    pairs = [(split[0], split[1]), (split[2], split[3]), ([], [])]
    for stitched in (replacements.stitch_values(pairs), old_stitch(pairs)):
        assert all(a is b for a, b in zip(stitched, values))


def test_normalize_cluster_spec():
    old = original("distribute.multi_worker_util.normalize_cluster_spec")
    spec = tf.train.ClusterSpec({"worker": ["a:1", "b:2"]})
    for given in ({"worker": ["a:1", "b:2"]}, spec.as_cluster_def(), spec):
        assert replacements.normalize_cluster_spec(given) == old(given) == spec
    for normalize in (old, replacements.normalize_cluster_spec):
        with pytest.raises(ValueError, match="ClusterSpec"):
            normalize(["a:1"])


def mirrored():
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def test_check_destinations():
    old = original("distribute.cross_device_ops.check_destinations")
    strategy = mirrored()
    with strategy.scope():
        variable = tf.Variable(1.0)
    with tf.Graph().as_default():
        placed = [tf.constant(1.0)]
        with tf.device("CPU:0"):
            placed.append(tf.constant(1.0))
        expected = [old(one) for one in placed]
        assert [replacements.check_destinations(one) for one in placed] == expected
        assert expected == [False, True]
    for one in ("", "/cpu:0", [], ["/cpu:0"], tf.Variable(0.0), tf.constant(0.0), variable.values):
        assert replacements.check_destinations(one) is old(one)
    value = strategy.experimental_distribute_values_from_function(lambda _: tf.constant(0.0))
    assert replacements.check_destinations(value) is old(value) is True


def test_require_replica_context():
    functions = (
        original("distribute.distribute_lib.require_replica_context"),
        replacements.require_replica_context,
    )
    strategy, other = mirrored(), tf.distribute.OneDeviceStrategy("CPU:0")
    seen = {}

    def kinds(context):
        errors = []
        for function in functions:
            try:
                function(context)
            except RuntimeError as error:
                errors.append(str(error)[:25])
            else:
                errors.append(None)
        assert errors[0] == errors[1]
        return errors[0]

    def step(name):
        context = tf.distribute.get_replica_context()
        seen.setdefault(name, []).append(context)
        return [kinds(one) for one in (context, *seen.get("first", [])[:1])]

    strategy.run(step, ["first"])
    assert kinds(seen["first"][0]) == "Mismatching tf.distribute"
    assert kinds(tf.distribute.get_replica_context()) is None
    with strategy.scope():
        assert kinds(seen["first"][0]) == "Need to be inside `call_f"
    again = strategy.run(step, ["again"])
    assert again[0] is None
    assert set(strategy.experimental_local_results(again[1])) == {"Mismatching ReplicaContex"}
    assert other.run(step, ["other"]) == [None, "Mismatching tf.distribute"]


def test_skip_summary():
    old = original("distribute.summary_op_util.skip_summary")
    strategy = mirrored()
    seen = []

    def step():
        seen.append((bool(old()), replacements.skip_summary()))

    step()
    with strategy.scope():
        step()
    strategy.run(step)
    strategy.run(tf.function(step))
    assert seen[:4] == [(False, False), (False, False), (False, False), (True, True)]
    assert sorted(seen[4:]) == [(False, False), (True, True)]


def test_validate_colocate_distributed_variable():
    old = original("distribute.distribute_utils.validate_colocate_distributed_variable")
    strategy, other = mirrored(), mirrored()
    with strategy.scope():
        variable = tf.Variable(1.0)
    for validate in (old, replacements.validate_colocate_distributed_variable):
        validate(variable, strategy.extended)
        for wrong in ((variable, other.extended), (tf.Variable(1.0), strategy.extended)):
            with pytest.raises(ValueError, match="colocate_vars_with"):
                validate(*wrong)


def test_shared_variable_creator():
    names = []
    for make in (
        original("distribute.shared_variable_creator.make_fn"),
        replacements.make_shared_variable_creator,
    ):
        store = {}
        devices = []
        for device in range(3):
            made = []
            with tf.Graph().as_default(), tf.variable_creator_scope(make(store, device)):
                for name in ("a", "a", None, "b_1/c", "b_12/c_3", "d_1_2"):
                    made.append(tf.Variable(1.0, name=name))
                if device:
                    with pytest.raises(RuntimeError, match="mismatching name"):
                        tf.Variable(1.0, name="a")
                    with pytest.raises(RuntimeError, match="mismatching name"):
                        tf.Variable(1.0, name="new")
            devices.append(made)
        for one, *others in zip(*devices):
            assert all(other is one for other in others)
        names.append({name: [one.name for one in made] for name, made in store.items()})
    assert names[0] == names[1]
    assert set(names[0]) == {"a", "Variable", "b/c", "b_12/c", "d_1"}


def test_current_replica_id():
    old = original("distribute.values_util.get_current_replica_id_as_int")
    strategy = mirrored()
    with strategy.scope():
        variable = tf.Variable(1.0)
    seen = []

    def look(*_):
        seen.append((old(), replacements.get_current_replica_id_as_int()))

    look()
    with strategy.scope():
        look()
    strategy.run(look)
    strategy.extended.update(variable, look)
    assert seen == [(0, 0), (None, None), (0, 0), (1, 1), (0, 0), (1, 1)]
    seen.clear()
    strategy.run(tf.function(look))
    assert sorted(seen) == [(0, 0), (1, 1)]


Fields = collections.namedtuple("Fields", "a b")


def described(value):
    """Types and parts of a nest, of which the parts are the same objects."""
    if isinstance(value, tf.distribute.DistributedValues):
        return type(value), [id(part) for part in value.values]
    if isinstance(value, (list, tuple)):
        return type(value), [described(part) for part in value]
    if isinstance(value, dict):
        return type(value), {key: described(part) for key, part in value.items()}
    return id(value)


def test_regroup():
    old = original("distribute.distribute_utils.regroup")
    old_container = original("distribute.distribute_utils.value_container")
    strategy = mirrored()
    with strategy.scope():
        variable = tf.Variable(1.0)
        on_read = tf.Variable(
            1.0,
            synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.SUM,
        )
    plain, tensors = tf.Variable(1.0), (tf.constant(0), tf.constant(1))
    for value in (*variable.values, *on_read.values, variable, plain, *tensors, 5, None):
        assert replacements.value_container(value) is old_container(value)
    assert replacements.value_container(variable.values[1]) is variable
    mirrored_class = original("distribute.values.Mirrored")
    for values in (
        tensors,
        variable.values,
        on_read.values,
        (variable, variable),
        (plain, plain),
        (plain, tf.Variable(2.0)),
        (variable.values[0],),
        (5,),
        (5, 5),
        ("a", 1),
        ([], []),
        ([5, (1, {"a": variable.values[0]})], [6, (2, {"a": variable.values[1]})]),
        (Fields(*tensors), Fields(tensors[1], tensors[0])),
        (collections.OrderedDict(z=1, a=tensors[0]), collections.OrderedDict(a=2, z=1)),
    ):
        for arguments in ((), (mirrored_class,), (mirrored_class, True), (tuple,)):
            expected = old(values, *arguments)
            found = replacements.regroup(values, *arguments)
            assert described(found) == described(expected), (values, arguments)


@pytest.mark.parametrize(
    "values", [([1], [1, 2]), ([1], (1,)), ((1,), (1, 2)), ({"a": 1}, {"b": 1}), ({"a": 1}, [1])]
)
def test_what_cannot_be_regrouped(values):
    for function in (original("distribute.distribute_utils.regroup"), replacements.regroup):
        with pytest.raises(AssertionError):
            function(values)


def test_value_container_within_a_replica_and_a_graph():
    strategy = mirrored()
    with strategy.scope():
        variable = tf.Variable(1.0)
    seen = []

    def step():
        seen.append(replacements.value_container(variable.values[1]) is variable)

    strategy.run(step)
    strategy.run(tf.function(step))
    with tf.Graph().as_default() as graph, strategy.scope():
        seen.append(replacements.value_container(variable.values[0]) is variable)
    assert seen == [True] * len(seen)
    assert len(seen) >= 5
    assert graph.get_operations() == []


def test_update_regroup():
    strategy = mirrored()
    found = []
    for update_regroup in (
        original("distribute.distribute_utils.update_regroup"),
        replacements.update_regroup,
    ):
        with tf.Graph().as_default():
            one, two = tf.constant(1.0), tf.constant(2.0)
            updates = ([one, (one, 3)], [two, (one, 3)])
            kept = update_regroup(strategy.extended, updates, False)
            assert kept[0] == (one, two)
            assert kept[1] == ((one,), (3,))
            grouped = update_regroup(strategy.extended, ((one,), (two,)), True)[0]
            operations = update_regroup(strategy.extended, (one.op, two.op), True)
            (alone,) = update_regroup(strategy.extended, ((one,),), True)
            found.append(
                [
                    type(grouped),
                    [[c.name for c in value.op.control_inputs] for value in grouped.values],
                    [value.op.inputs[0].name for value in grouped.values],
                    operations.type,
                    sorted(c.name for c in operations.control_inputs),
                    type(alone),
                ]
            )
    assert found[0] == found[1]


@pytest.mark.parametrize("graph", [True, False])
def test_one_host_numpy_dataset(graph):
    arrays = {"a": np.arange(6.0).reshape(3, 2), "b": (np.array([1, 2, 3]),)}
    elements = []
    for function in (
        original("distribute.numpy_dataset.one_host_numpy_dataset"),
        replacements.one_host_numpy_dataset,
    ):
        colocated = []

        def creator(next_creator, colocated=colocated, **kwargs):
            colocated.append(kwargs.pop("colocate_with"))
            return next_creator(**kwargs)

        device = replacements.SingleDevice("CPU:0")
        if not graph:
            with tf.variable_creator_scope(creator):
                dataset = function(arrays, device, None)
            elements.append([tf.nest.flatten(one) for one in dataset.as_numpy_iterator()])
        else:
            with (
                tf.Graph().as_default(),
                tf.compat.v1.Session() as session,
            ):
                with tf.variable_creator_scope(creator):
                    dataset = function(arrays, device, session)
                iterator = tf.compat.v1.data.make_initializable_iterator(dataset)
                session.run(iterator.initializer)
                item = iterator.get_next()
                elements.append([tf.nest.flatten(session.run(item)) for _ in range(3)])
        assert colocated == [device, device]
    assert str(elements[0]) == str(elements[1])
    assert len(elements[0]) == 3


@pytest.mark.once_per_era
def test_arrays_are_fed_in_parts():
    array = np.zeros([3, 8 << 20])  # each row takes 64 MB
    array[:, 0] = [1, 2, 3]
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        feeds = []

        class Session:
            def run(self, fetches, feed_dict=None):
                feeds.append(feed_dict)
                return session.run(fetches, feed_dict)

        dataset = replacements.one_host_numpy_dataset(
            array, replacements.SingleDevice("CPU:0"), Session()
        )
        iterator = tf.compat.v1.data.make_initializable_iterator(dataset.map(lambda row: row[0]))
        session.run(iterator.initializer)
        item = iterator.get_next()
        assert [session.run(item) for _ in range(3)] == [1.0, 2.0, 3.0]
    assert len(feeds) == 4


def test_select_cross_device_ops():
    old = original("distribute.cross_device_ops.select_cross_device_ops")
    for devices in (["/cpu:0"], ["/cpu:0", "/gpu:0"], ["/gpu:0", "/cpu:1"]):
        expected, found = old(devices), replacements.select_cross_device_ops(devices)
        assert type(found) is type(expected)
