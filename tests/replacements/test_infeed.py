"""Queues that feed TPUs against the private original, which builds graphs anywhere."""

import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements

QUEUES = {
    "theirs": lambda: original("tpu.tpu_feed.InfeedQueue"),
    "ours": lambda: replacements.InfeedQueue,
}


def both(build):
    """Build the same by both, and compare the graphs and what the queue says of itself."""
    found = []
    for name in QUEUES:
        with tf.Graph().as_default() as graph:
            queue = build(QUEUES[name]())
            axes = [None if axis is None else int(axis) for axis in queue.shard_dimensions]
            found.append(
                [
                    graph.as_graph_def(),
                    queue.number_of_tuple_elements,
                    queue.tuple_types,
                    [str(shape) for shape in queue.tuple_shapes or []],
                    queue.number_of_shards,
                    axes,
                ]
            )
    assert found[0] == found[1]
    return found[1]


def tensors(shards, size=4):
    with tf.device("/task:1/device:CPU:0"):
        return [[tf.zeros([size, 2]), tf.zeros([3, size], tf.int32)] for _ in range(shards)]


@pytest.mark.parametrize(
    "arguments",
    [
        {"number_of_tuple_elements": 2},
        {"tuple_types": ["float32", tf.int32], "name": "named"},
        {"tuple_shapes": [[8, 2], None]},
        {"tuple_types": [tf.bool], "tuple_shapes": [[]], "shard_dimensions": [0]},
    ],
)
def test_configuration(arguments):
    both(lambda queue: queue(**arguments))


@pytest.mark.parametrize("shards", [1, 2])
def test_enqueue(shards):
    def build(queue_class):
        queue = queue_class(shard_dimensions=[0, 1])
        queue.generate_enqueue_ops(tensors(shards), tpu_ordinal_function=lambda index: index + 1)
        with pytest.raises(ValueError, match="two enqueue"):
            queue.generate_enqueue_ops(tensors(shards))
        queue.generate_dequeue_op()
        with pytest.raises(ValueError, match="two dequeue"):
            queue.generate_dequeue_op()
        return queue

    found = both(build)
    kinds = [node.op for node in found[0].node]
    assert kinds.count("InfeedEnqueueTuple") == shards
    assert kinds.count("InfeedDequeueTuple") == 1
    assert found[3] == [f"({4 * shards}, 2)", f"(3, {4 * shards})"]


def test_enqueue_where_it_is_told():
    def build(queue_class):
        queue = queue_class(2)
        queue.generate_enqueue_ops(tensors(2), placement_function=lambda index: f"/task:{index}")
        with tf.device("/task:5"):
            queue.generate_dequeue_op(tpu_device=None)
        return queue

    both(build)


class Assignment:
    def host_device(self, replica=0):
        return f"/task:{replica + 3}/device:CPU:0"

    def tpu_ordinal(self, replica=0):
        return replica + 5


@pytest.mark.parametrize(
    ("shards", "arguments"),
    [
        (1, {}),
        (2, {"device_assignment": Assignment()}),
        (4, {"placement_function": lambda index: f"/task:{index}"}),
        (None, {}),
    ],
)
def test_split_inputs(shards, arguments):
    def build(queue_class):
        queue = queue_class(2)
        queue.set_shard_dimensions([0, 1])
        if shards:
            queue.set_number_of_shards(shards)
        (inputs,) = tensors(1, size=16)
        queue.split_inputs_and_generate_enqueue_ops(inputs, **arguments)
        queue.generate_dequeue_op(tpu_device=1)
        return queue

    found = both(build)
    assert found[4] == (shards or 1)


def test_scalars():
    def build(queue_class):
        queue = queue_class(1)
        queue.generate_enqueue_ops([[tf.constant(1)]])
        queue.generate_dequeue_op()
        return queue

    both(build)


def frozen(queue_class):
    queue = queue_class(2)
    queue.set_configuration_from_sharded_input_tensors(tensors(2))
    queue.freeze()
    return queue


@pytest.mark.parametrize(
    ("build", "error"),
    [
        (lambda queue: queue(), ValueError),
        (lambda queue: queue(0), ValueError),
        (lambda queue: queue(1, tuple_types=[tf.int32, tf.int32]), ValueError),
        (lambda queue: queue(1, tuple_types=["nothing"]), TypeError),
        (lambda queue: queue(1).set_number_of_shards(0), ValueError),
        (lambda queue: queue(1).freeze(), ValueError),
        (lambda queue: queue(tuple_types=[tf.int32], tuple_shapes=[None]).freeze(), ValueError),
        (lambda queue: frozen(queue).set_number_of_shards(3), ValueError),
        (lambda queue: frozen(queue).set_tuple_types([tf.int32, tf.int32]), ValueError),
        (lambda queue: frozen(queue).set_tuple_shapes([[1], [2]]), ValueError),
        (lambda queue: frozen(queue).set_shard_dimensions([1, 1]), ValueError),
        (
            lambda queue: queue(1).generate_enqueue_ops([[tf.zeros([2])], [tf.zeros([3])]]),
            ValueError,
        ),
        (
            lambda queue: queue(1).generate_enqueue_ops(
                [[tf.zeros([2])], [tf.zeros([2], tf.int32)]]
            ),
            TypeError,
        ),
        (lambda queue: queue(1).generate_enqueue_ops([[tf.zeros([2])] * 2]), ValueError),
        (lambda queue: queue(1).generate_enqueue_ops([[tf.zeros([])]] * 2), ValueError),
        (
            lambda queue: frozen(queue).split_inputs_and_generate_enqueue_ops([tf.zeros([3])] * 2),
            ValueError,
        ),
    ],
)
def test_what_does_not_fit(build, error):
    for name in QUEUES:
        with tf.Graph().as_default(), pytest.raises(error):
            build(QUEUES[name]())


def test_several_devices():
    for name in QUEUES:
        with tf.Graph().as_default():
            inputs = []
            for task in range(2):
                with tf.device(f"/task:{task}"):
                    inputs.append(tf.zeros([2]))
            with pytest.raises(ValueError, match="device"):
                QUEUES[name]()(2).generate_enqueue_ops([inputs])


def test_partitions_are_refused():
    with pytest.raises(ValueError, match="not supported"):
        replacements.InfeedQueue(1, number_of_partitions=2)
