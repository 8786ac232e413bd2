"""Registries, walks of graphs and collective reduction, against the private originals."""

import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements


def test_registry():
    made = [original("framework.registry.Registry")("things"), replacements.Registry("things")]
    for registry in made:
        registry.register(test_registry)
        registry.register(1, "one")
        with pytest.raises(KeyError, match="two things with name 'one'"):
            registry.register(2, "one")
        assert list(registry.list()) == ["test_registry", "one"]
        assert (registry.lookup("one"), registry.lookup(b"one")) == (1, 1)
        with pytest.raises(LookupError, match="things registry has no entry for: two"):
            registry.lookup("two")


@pytest.fixture(scope="module")
def graph():
    with tf.Graph().as_default() as graph:
        a = tf.constant(1.0, name="a")
        b = tf.add(a, 2.0, name="b")
        with tf.control_dependencies([tf.no_op(name="before")]):
            c = tf.split(tf.stack([b, a], name="stacked"), 2, name="c")
        tf.multiply(c[0], b, name="d")
        tf.identity(a, name="beside")
    return graph


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"inclusive": False},
        {"within_ops": ["d", "c", "a"]},
        {"within_ops_fn": lambda op: op.name != "stacked"},
        {"stop_at_ts": ["stacked:0"]},
        {"control_inputs": True},
    ],
    ids=lambda given: next(iter(given), "all"),
)
@pytest.mark.parametrize("seeds", [["d"], ["c:1", "b:0"], "d", []], ids=str)
def test_get_backward_walk_ops(graph, seeds, given):
    element = graph.as_graph_element
    given = {
        key: [element(one) for one in value] if isinstance(value, (list, tuple)) else value
        for key, value in given.items()
    }
    ops = element(seeds) if isinstance(seeds, str) else [element(one) for one in seeds]
    expected = original("ops.op_selector.get_backward_walk_ops")(ops, **given)
    found = replacements.get_backward_walk_ops(ops, **given)
    assert sorted(op.name for op in found) == sorted(op.name for op in expected)


def test_a_walk_of_something_else():
    for function in (
        original("ops.op_selector.get_backward_walk_ops"),
        replacements.get_backward_walk_ops,
    ):
        with pytest.raises(TypeError):
            function(["name"])


def test_collective_all_reduce():
    function = original("ops.collective_ops.all_reduce")
    nodes = []
    for reduce in (function, replacements.collective_all_reduce):
        with pytest.raises(ValueError, match="group_size"):
            reduce(tf.constant([1.0]), 0, 1, 1)
        with tf.Graph().as_default():
            x = tf.constant([1.0, 2.0])
            for more in ({}, {"merge_op": "Max", "final_op": "Div", "timeout": 2.0}):
                nodes.append(reduce(x, 2, 3, 4, communication_hint="RING", **more).op.node_def)
    assert [node.attr for node in nodes[:2]] == [node.attr for node in nodes[2:]]
    assert nodes[0].op == "CollectiveReduce"
