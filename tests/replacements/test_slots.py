"""Slot variables of optimizers of TensorFlow 1, against the private originals."""

import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements

v1 = tf.compat.v1
NAMES = ["create_slot", "create_slot_with_initializer", "create_zeros_slot", "_create_slot_var"]


@pytest.fixture(params=["original", "replacement"])
def made(request):
    """The functions of the original, or ours."""
    if request.param == "original":
        return [original(f"training.slot_creator.{name}") for name in NAMES]
    names = [*NAMES[:3], "create_slot_variable"]
    return [getattr(replacements, name) for name in names]


@pytest.mark.parametrize("use_resource", [True, False])
def test_slots_in_a_graph(made, use_resource):
    create_slot, with_initializer, zeros, variable = made
    with tf.Graph().as_default(), v1.Session() as session:
        with v1.variable_scope("scope", partitioner=v1.fixed_size_partitioner(2)):
            with tf.device("/cpu:0"):
                primary = v1.Variable([1.0, 2.0], name="primary", use_resource=use_resource)
            slots = [
                create_slot(primary, tf.constant([[3.0]], tf.float64), "slot"),
                with_initializer(
                    primary, v1.ones_initializer(), tf.TensorShape([3]), tf.float32, "ones"
                ),
                zeros(primary, "zeros"),
                zeros(primary, "zeros"),
                zeros(primary, "apart", dtype=tf.int32, colocate_with_primary=False),
                zeros(tf.constant([1.0], name="tensor"), "of_tensor"),
                variable(primary, tf.constant(5.0), "named", True, None, None),
            ]
            assert v1.get_variable_scope().partitioner is not None
        session.run(v1.global_variables_initializer())
        values = session.run(slots)
        told = [
            (slot.name, slot.dtype.base_dtype, slot.shape.as_list(), slot.device, value.tolist())
            for slot, value in zip(slots, values)
        ]
        told += [type(slots[0]), sorted(v.name for v in v1.trainable_variables())]
    cpu = "/device:CPU:0"
    f32, f64, i32 = tf.float32, tf.float64, tf.int32
    assert told[:-2] == [
        ("scope/scope/primary/slot:0", f64, [1, 1], cpu, [[3.0]]),
        ("scope/scope/primary/ones:0", f32, [3], cpu, [1.0, 1.0, 1.0]),
        ("scope/scope/primary/zeros:0", f32, [2], cpu, [0.0, 0.0]),
        ("scope/scope/primary/zeros_1:0", f32, [2], cpu, [0.0, 0.0]),
        ("scope/scope/primary/apart:0", i32, [2], "", [0, 0]),
        ("scope/scope/tensor/of_tensor:0", f32, [1], "", [0.0]),
        ("scope/named:0", f32, [], "", 5.0),
    ]
    assert issubclass(told[-2], replacements.ResourceVariable) == use_resource
    assert told[-1] == ["scope/primary:0"]


def test_a_shape_that_is_not_known(made):
    _, _, zeros, _ = made
    with tf.Graph().as_default(), v1.Session() as session:
        primary = v1.Variable(
            v1.placeholder_with_default([1.0, 2.0, 3.0], [None]), validate_shape=False
        )
        slot = zeros(primary, "zeros")
        session.run(v1.global_variables_initializer())
        assert session.run(slot).tolist() == [0.0, 0.0, 0.0]


def test_eager(made, request):
    create_slot, _, zeros, _ = made
    name = request.node.callspec.id
    primary = tf.Variable([1.0, 2.0], name=name)
    slot = create_slot(primary, tf.constant([7.0]), "slot")
    assert (slot.name, slot.numpy().tolist(), slot.trainable) == (f"{name}/slot:0", [7.0], False)
    assert zeros(primary, "zeros").numpy().tolist() == [0.0, 0.0]
