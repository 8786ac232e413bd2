"""Public names that the rules call safe give the same result as the private ones."""

import importlib

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.originals import PREFIX, find, original
from tfcompat.rules.advice import advice


def value_of(result):
    if isinstance(result, tf.Tensor):
        return (result.dtype, result.shape.as_list(), result.numpy().tolist())
    if isinstance(result, tf.SparseTensor):
        return tuple(map(value_of, (result.indices, result.values, result.dense_shape)))
    return result


CALLS = {
    "framework.ops.convert_to_tensor": [
        (([1, 2],), {}),
        (([1, 2], tf.float32, "name"), {}),
        ((1.5,), {"preferred_dtype": tf.float64}),
        ((1,), {"dtype_hint": tf.float32, "name": "named"}),
        ((1,), {"ctx": None}),
        ((np.arange(3),), {}),
        ((tf.Variable(2.0),), {}),
    ],
    "framework.ops.internal_convert_to_tensor": [(([1, 2],), {"dtype": tf.int64})],
    "framework.tensor_conversion_registry.convert": [
        (([1, 2], tf.float32, "name"), {}),
        ((1.5,), {"preferred_dtype": tf.float64}),
    ],
    "framework.constant_op._tensor_shape_tensor_conversion_function": [
        ((tf.TensorShape([2, 3]),), {}),
        ((tf.TensorShape([2, 3]), tf.int64, "name"), {}),
        ((tf.TensorShape([]),), {}),
        ((tf.TensorShape([2, None]),), {}),
    ],
    "framework.tensor_shape.as_shape": [
        (([1, None],), {}),
        ((None,), {}),
        ((tf.TensorShape([2]),), {}),
        ((5,), {}),
        (((),), {}),
    ],
    "framework.tensor_shape.as_dimension": [((5,), {}), ((None,), {})],
    "framework.common_shapes.broadcast_shape": [
        ((tf.TensorShape([2, 1]), tf.TensorShape([3])), {}),
        ((tf.TensorShape([None, 1]), tf.TensorShape([3])), {}),
        ((tf.TensorShape([2]), tf.TensorShape([3])), {}),
    ],
    "ops.array_ops.shape_internal": [
        ((tf.zeros([2, 3]),), {}),
        ((tf.zeros([2, 3]), "name", False, tf.int64), {}),
        ((tf.zeros([2, 3]),), {"optimize": True, "out_type": tf.int64}),
    ],
    "ops.array_ops.size_internal": [((tf.zeros([2, 3]),), {"optimize": False})],
    "ops.array_ops.rank_internal": [((tf.zeros([2, 3]),), {}), ((5, "name", True), {})],
    "ops.array_ops.ones_like_impl": [((tf.zeros([2]), tf.int32), {"optimize": True})],
    "ops.array_ops.zeros_like_impl": [((tf.ones([2]), "int64", "name", False), {})],
    "ops.math_ops.mod": [((7, 3), {}), ((-7.5, 2.0), {}), (([1, -1], [2, 2]), {"name": "m"})],
    "ops.inplace_ops.empty": [(([2], tf.float32, True), {}), (([2, 3], "int64"), {"init": True})],
    "ops.string_ops.string_split": [
        ((["a b", "c  d e"],), {}),
        ((["a,b"], ","), {"skip_empty": False}),
        ((["a-b"],), {"delimiter": "-"}),
    ],
    "ops.script_ops.py_func_common": [((np.add, [1, 2], tf.int64), {"stateful": False})],
    "framework.test_util.IsGoogleCudaEnabled": [((), {})],
    "framework.test_util.IsBuiltWithROCm": [((), {})],
    "framework.test_util.IsBuiltWithXLA": [((), {})],
    "platform.googletest.GetTempDir": [((), {})],
    "training.checkpoint_management.checkpoint_exists_internal": [(("/no/such/checkpoint",), {})],
}
# Compared in tests of their own below, or by the modules beside this one.
ELSEWHERE = {
    "framework.ops.colocate_with",
    "framework.ops.internal_name_scope_v1",
    "lib.io.file_io.FileIO",
    "ops.summary_ops_v2.always_record_summaries",
    "training.checkpoint_management.update_checkpoint_state_internal",
    "checkpoint.checkpoint_management.update_checkpoint_state_internal",
    "checkpoint.checkpoint_management.checkpoint_exists_internal",
    "util.nest.is_sequence",
    "util.nest.is_nested",
}
AREAS = ("framework", "ops", "util", "training", "io", "data", "testing")


def target_of(name):
    value = tf
    for part in advice()[PREFIX + name].target.split(".")[1:]:
        value = getattr(value, part)
    return value


def rewritten(call, args, kwargs):
    """The arguments as a fix writes them."""
    if call is None:
        return args, kwargs
    named = {**dict(zip(call.parameters, args)), **kwargs}
    assert not named.keys() & set(call.refuse)
    return (), {
        call.rename.get(key, key): value for key, value in named.items() if key not in call.drop
    }


def test_every_safe_public_advice_is_compared():
    modules = [importlib.import_module(f"tfcompat.rules.advice.{area}") for area in AREAS]
    safe = {
        name[len(PREFIX) :]
        for module in modules
        for name, one in module.ADVICE.items()
        if one.safe and one.target.startswith("tensorflow.")
    }
    assert safe == set(CALLS) | ELSEWHERE


def outcome(function, *args, **kwargs):
    try:
        return value_of(function(*args, **kwargs))
    except ValueError:
        return ValueError


@pytest.mark.parametrize("name", sorted(CALLS))
def test_calls(name):
    old, new, call = original(name), target_of(name), advice()[PREFIX + name].call
    for args, kwargs in CALLS[name]:
        if name.endswith("convert_to_tensor") and "ctx" in kwargs and find(name) is None:
            continue
        try:
            expected = outcome(old, *args, **kwargs)
        except TypeError:  # a parameter that this release does not have any more
            continue
        new_args, new_kwargs = rewritten(call, args, kwargs)
        found = outcome(new, *new_args, **new_kwargs)
        assert repr(found) == repr(expected)


def test_colocate_with():
    placed = []
    for colocate_with in (
        original("framework.ops.colocate_with"),
        target_of("framework.ops.colocate_with"),
    ):
        with tf.Graph().as_default():
            first = tf.constant(1, name="first")
            with colocate_with(first):
                second = tf.constant(2)
                with colocate_with(second, ignore_existing=True):
                    third = tf.constant(3)
            placed.append([second.op.colocation_groups(), third.op.colocation_groups()])
    assert placed[0] == placed[1]
    assert placed[0][0] == [b"loc:@first"]


def test_internal_name_scope_v1():
    names = []
    for name_scope in (
        original("framework.ops.internal_name_scope_v1"),
        target_of("framework.ops.internal_name_scope_v1"),
    ):
        with tf.Graph().as_default(), name_scope(None, "default", []) as scope:
            names.append((scope, tf.constant(1).name))
    assert names[0] == names[1]


def test_file_io(tmp_path):
    contents = []
    for number, cls in enumerate(
        (original("lib.io.file_io.FileIO"), target_of("lib.io.file_io.FileIO"))
    ):
        path = str(tmp_path / str(number))
        with cls(path, mode="w") as file:
            file.write("one\ntwo\n")
        with cls(path, "r") as file:
            contents.append([file.size(), file.readline(), file.tell(), list(file), file.mode])
    assert contents[0] == contents[1]


def test_always_record_summaries(tmp_path):
    name = "ops.summary_ops_v2.always_record_summaries"
    assert advice()[PREFIX + name].template == "tf.summary.record_if(True)"
    for record in (original(name), lambda: target_of(name)(True)):
        writer = tf.summary.create_file_writer(str(tmp_path))
        with writer.as_default(), tf.summary.record_if(False), record():
            assert tf.summary.should_record_summaries()


@pytest.mark.parametrize("name", ["training", "checkpoint"])
def test_checkpoint_state(tmp_path, name):
    states = []
    private = f"{name}.checkpoint_management.update_checkpoint_state_internal"
    for number, update in enumerate((original(private), target_of(private))):
        directory = tmp_path / str(number)
        directory.mkdir()
        paths = [str(directory / "ckpt-1"), str(directory / "ckpt-2")]
        update(str(directory), paths[1], all_model_checkpoint_paths=paths)
        state = tf.train.get_checkpoint_state(str(directory))
        states.append([one[len(str(directory)) :] for one in state.all_model_checkpoint_paths])
        assert state.model_checkpoint_path == paths[1]
    assert states[0] == states[1] == ["/ckpt-1", "/ckpt-2"]


def test_checkpoint_exists(tmp_path):
    name = "checkpoint.checkpoint_management.checkpoint_exists_internal"
    old = original(name, "training.checkpoint_management.checkpoint_exists_internal")
    path = tf.train.Checkpoint(v=tf.Variable(1.0)).write(str(tmp_path / "ckpt"))
    assert old(path) is target_of(name)(path) is True
    assert old(path + "x") is target_of(name)(path + "x") is False


def test_is_nested():
    assert original("util.nest.is_nested") is target_of("util.nest.is_nested")
