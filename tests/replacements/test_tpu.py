"""Loops and collectives of TPUs against the private originals, which build graphs anywhere."""

import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("all_to_all", {"concat_dimension": 0, "split_dimension": 1, "split_count": 2}),
        (
            "all_to_all",
            {
                "concat_dimension": 1,
                "split_dimension": 0,
                "split_count": 2,
                "group_assignment": [[0, 1], [2, 3]],
                "name": "named",
            },
        ),
        ("collective_permute", {"source_target_pairs": [[0, 1], [1, 0]], "name": "named"}),
    ],
)
def test_collectives(name, arguments):
    old, new = original(f"tpu.ops.tpu_ops.{name}"), getattr(replacements, name)

    def attributes(function):
        nodes = {}

        def step(x):
            y = function(x, **arguments)
            (gradient,) = tf.gradients(y, x)
            return y, gradient

        with tf.Graph().as_default() as graph:
            inputs = [[tf.ones([2, 2])], [tf.ones([2, 2])]]
            tf.compat.v1.tpu.replicate(step, inputs)
            for operation in graph.get_operations():
                if operation.type in ("AllToAll", "CollectivePermute"):
                    nodes[operation.name] = (operation.node_def, operation.inputs[1].op.node_def)
        return nodes

    expected, found = attributes(old), attributes(new)
    assert len(expected) == 2
    assert found == expected


def test_on_device_training_loop():
    for mark in (
        original("tpu.tpu_function.on_device_training_loop"),
        replacements.on_device_training_loop,
    ):

        @mark
        def step(x):
            return x + 1

        assert step(1) == 2
        assert step.step_marker_location == "STEP_MARK_AT_TOP_LEVEL_WHILE_LOOP"


def loops(name, *arguments):
    """What the original and ours compute, and the operations that they build."""
    results = []
    for function in (
        original(f"tpu.training_loop.{name}"),
        getattr(replacements, f"tpu_{name}"),
    ):
        with tf.Graph().as_default() as graph, tf.compat.v1.Session() as session:
            counter = tf.compat.v1.get_variable("counter", initializer=0, use_resource=True)
            session.run(counter.initializer)
            found = function(*(one(counter) if callable(one) else one for one in arguments))
            operations = sorted(one.type for one in graph.get_operations())
            value = session.run(found)
            results.append((type(found), value, session.run(counter), operations))
    assert results[0] == results[1]
    return results[0]


def test_while_loop():
    condition = lambda counter: lambda i, x: i < 5  # noqa: E731
    assert loops("while_loop", condition, lambda _: lambda i, x: (i + 1, x * 2.0), [0, 1.0])[1] == [
        5,
        32.0,
    ]

    def counting(counter):
        return lambda i, x: (i + 1, x, counter.assign_add(1).op)

    assert loops("while_loop", condition, counting, [2, 1.0])[1:3] == ([5, 1.0], 3)
    assert loops("while_loop", lambda _: lambda i: i < 3, lambda _: lambda i: i + 1, [0])[1] == 3


def test_while_loop_without_values():
    # The original fails in graphs of TensorFlow 2.
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        counter = tf.compat.v1.get_variable("counter", initializer=0, use_resource=True)
        session.run(counter.initializer)
        found = replacements.tpu_while_loop(lambda: counter < 4, lambda: counter.assign_add(1).op)
        session.run(found)
        assert session.run(counter) == 4


def test_repeat():
    assert loops("repeat", 3, lambda _: lambda x, y: (x + 1, y * 2), [1, 1])[1] == [4, 8]
    assert loops("repeat", 3, lambda _: lambda x: x + 1, 1)[1] == [4]
    assert loops("repeat", 4, lambda c: lambda: c.assign_add(2).op)[2] == 8


@pytest.mark.parametrize(
    ("condition", "body", "inputs", "error"),
    [
        (lambda i: i < 3, lambda i, j: (i, j), [0], TypeError),
        (lambda i, j: i < 3, lambda i: i, [0], TypeError),
        (lambda i: i < 3, lambda i: tf.cast(i, tf.float32), [0], TypeError),
        (lambda i: i < 3, lambda i: (tf.no_op(), i), [0], ValueError),
    ],
)
def test_wrong_functions(condition, body, inputs, error):
    for function in (original("tpu.training_loop.while_loop"), replacements.tpu_while_loop):
        with tf.Graph().as_default(), pytest.raises(error):
            function(condition, body, inputs)


class Queue:
    """Yields the number of shards, as an infeed queue yields what is fed."""

    number_of_tuple_elements = 1

    def set_number_of_shards(self, number):
        self.number = number

    def generate_dequeue_op(self):
        return [tf.constant(self.number)]


def test_infeed():
    graphs = []
    for repeat in (original("tpu.training_loop.repeat"), replacements.tpu_repeat):
        with tf.Graph().as_default(), pytest.raises(ValueError, match="tpu"):
            repeat(3, lambda x, fed: x + fed, [0], infeed_queue=Queue())

        def step(x, repeat=repeat):
            # What is fed is taken out of the queue even where it is not used.
            return repeat(3, lambda x, fed: x + 1, [x], infeed_queue=Queue())

        with tf.Graph().as_default() as graph:
            tf.compat.v1.tpu.replicate(step, [[tf.constant(0)], [tf.constant(0)]])
            nodes = [
                node
                for function in graph.as_graph_def().library.function
                for node in function.node_def
            ]
            nodes += graph.as_graph_def().node
            graphs.append(
                sorted(
                    (node.op, sum(name.startswith("^") for name in node.input))
                    for node in nodes
                    if node.op != "NoOp"
                )
            )
    assert graphs[0] == graphs[1]


def test_modes_of_embeddings():
    modes = replacements.protos.tpu_embedding_configuration_pb2.TPUEmbeddingConfiguration
    assert original("tpu.tpu_embedding.TRAINING") == modes.TRAINING
    assert original("tpu.tpu_embedding.INFERENCE") == modes.INFERENCE


@pytest.mark.parametrize("arguments", [{}, {"num_shards": 2, "outputs_from_all_shards": False}])
def test_split_compile_and_shard(arguments):
    found = []
    for function in (
        original("tpu.tpu.split_compile_and_shard"),
        replacements.split_compile_and_shard,
    ):
        with tf.Graph().as_default() as graph:
            tf.compat.v1.tpu.rewrite(lambda: tf.constant(1))
            status, outputs = function(lambda x: x * 2, [tf.ones([2, 2])], **arguments)
            assert [value.shape.as_list() for value in outputs] == [
                [2 // arguments.get("num_shards", 1), 2]
            ]
            kinds = sorted(one.type for one in graph.get_operations())
            found.append([status.name, status.dtype, [value.name for value in outputs], kinds])
    assert found[0] == found[1]
