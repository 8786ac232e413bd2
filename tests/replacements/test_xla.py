"""Operations of XLA and shardings, against the private originals."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

import tfcompat
from tfcompat import replacements

protos = replacements.protos
MESH = np.arange(8).reshape(2, 4)
OTHER = [
    "tensorflow.compiler.xla.experimental.xla_sharding.xla_sharding",
    "tensorflow.python.compiler.xla.experimental.xla_sharding",
]


def module(*paths):
    for path in paths:
        try:
            return __import__(path, fromlist=["_"])
        except ImportError:
            continue
    return pytest.skip(f"this release has none of {', '.join(paths)}")


def original(name):
    found = getattr(module(*OTHER), name, None)
    return found or pytest.skip(f"this release has no {name}")


def called(function, *args, **given):
    """Call the original, or ours, with the arguments that it knows."""
    known = inspect.signature(function).parameters
    return function(*args, **{key: value for key, value in given.items() if key in known})


CASES = {
    "replicate": ((), ({}, {"assign_tuple_sharding": True})),
    "assign_device": ((1,), ({}, {"assign_tuple_sharding": True})),
    "tile": ((np.arange(4).reshape(2, 2),), ({}, {"unspecified_dims": [1]})),
    "partial_tile": ((MESH.reshape(2, 2, 2),), ({},)),
    "split": ((1, 2), ({}, {"input_shape": [4, 8]}, {"assign_tuple_sharding": True})),
    "mesh_split": ((MESH, [0, 1]), ({}, {"unspecified_dims": [0]})),
}


@pytest.mark.parametrize(
    ("name", "args", "more"),
    [(name, args, more) for name, (args, ways) in CASES.items() for more in ways],
    ids=str,
)
def test_a_sharded_tensor(name, args, more):
    old, new = original(name), getattr(replacements, f"xla_{name}")
    if set(more) - set(inspect.signature(old).parameters):
        pytest.skip(f"this release knows no {more}")
    with tf.Graph().as_default():
        x = tf.ones([4, 4])
        expected = old(x, *args, use_sharding_op=True, **more)
        found = new(x, *args, **more)
        told = replacements.xla_get_tensor_sharding(found)
        if "assign_tuple_sharding" in more:
            # The original's operation says that the tuple is replicated, whatever is asked for.
            marked = old(tf.ones([4, 4]), *args, **more)
            assert told == original("get_tensor_sharding")(marked)
            assert found.op.get_attr("sharding") == told
        else:
            assert found.op.node_def.attr == expected.op.node_def.attr
        assert found.shape == expected.shape
        assert found.op.type == expected.op.type == "XlaSharding"
        assert told == original("get_tensor_sharding")(found)
        copied = replacements.xla_copy_sharding(found, tf.ones([4, 4]))
        assert replacements.xla_get_op_sharding(copied.op) == told
        assert replacements.xla_get_tensor_sharding(x) is None
        assert replacements.xla_copy_sharding(x, found) is found


@pytest.mark.parametrize("mapping", [[0, 1], [1, -1], [-1, 0, -1], [-1], [1, 0]], ids=str)
@pytest.mark.parametrize("manual", [None, [0], [1]], ids=str)
def test_a_mesh(mapping, manual):
    if manual and manual[0] in mapping:
        mapping = [-1 if dimension == manual[0] else dimension for dimension in mapping]
    function = original("mesh_split_sharding")
    if manual and "manual_mesh_dims" not in inspect.signature(function).parameters:
        pytest.skip("this release has no manual dimensions")
    expected = called(function, MESH, mapping, manual_mesh_dims=manual)
    found = replacements.xla_mesh_split_sharding(MESH, mapping, manual)
    assert found.proto == expected.proto


def test_what_is_refused():
    sharding = replacements.XlaSharding
    with pytest.raises(TypeError):
        sharding.tile([[0, 1]])
    with pytest.raises(TypeError):
        sharding.subgroup_tile(MESH, (0,))
    with pytest.raises(ValueError, match="has 2"):
        replacements.xla_mesh_split_sharding(MESH, [0, 1, 1])
    with pytest.raises(ValueError, match="smaller"):
        sharding.split(tf.ones([2]), 0, 3)
    with pytest.raises(tfcompat.TfcompatError, match=r"tf\.function"):
        replacements.xla_replica_id()


def test_parts_by_hand():
    whole = replacements.XlaSharding.split(tf.ones([4, 6]), 0, 2).proto.SerializeToString()
    names = ["auto_to_manual_spmd_partition", "manual_to_auto_spmd_partition"]
    with tf.Graph().as_default():
        for part, join in (
            [original(name) for name in names],
            [getattr(replacements, f"xla_{name}") for name in names],
        ):
            half = part(tf.ones([4, 6]), whole)
            assert half.shape.as_list() == [2, 6]
            assert half.op.get_attr("manual_sharding") == whole
            again = join(half, whole, tf.TensorShape([4, 6]))
            assert again.shape.as_list() == [4, 6]
            assert again.op.get_attr("full_shape").dim[1].size == 6


def test_values():
    @tf.function(jit_compile=True)
    def function(x, at):
        y = replacements.xla_dynamic_update_slice(x, [[7.0]], [at, 1])
        return replacements.xla_dynamic_slice(y, [at, 0], [1, 2])

    x = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    np.testing.assert_array_equal(function(x, tf.constant(1)), [[3.0, 7.0]])


def test_a_gradient():
    # Not run: some releases end the process over a sharding on the CPU, the original's as well.
    with tf.Graph().as_default():
        x = tf.ones([2, 2])
        (gradient,) = tf.gradients(replacements.xla_replicate(x), x)
        assert gradient.shape == x.shape


def test_operations():
    old = module("tensorflow.compiler.tf2xla.python.xla")
    calls = {
        "dynamic_slice": (tf.TensorSpec([3, 2]), [1, 0], [1, 2]),
        "dynamic_update_slice": (tf.TensorSpec([3, 2]), [[1.0]], [1, 0]),
        "replica_id": (),
        "recv": (tf.float32, "name", [2, 3]),
        "send": (tf.TensorSpec([3, 2]), "name"),
    }
    for name, args in calls.items():
        made = []
        for function in (getattr(old, name), getattr(replacements, f"xla_{name}")):
            with tf.Graph().as_default() as graph:
                specs = (tf.TensorSpec,)
                given = [tf.ones(one.shape) if isinstance(one, specs) else one for one in args]
                function(*given, name="made")
                node = graph.get_operation_by_name("made")
                made.append((node.type, dict(node.node_def.attr), [t.shape for t in node.outputs]))
        assert made[0] == made[1], name
