"""Values of replicas and devices against the private originals."""

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
