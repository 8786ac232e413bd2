"""Nests and specs of tf.data against the private originals."""

import collections

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements

Pair = collections.namedtuple("Pair", "first second")
SPARSE = tf.compat.v1.SparseTensorValue(np.zeros([1, 1], "int64"), np.ones([1]), [2])
NESTS = [
    1,
    [1, 2],
    (),
    {},
    (1, (2, [3, 4])),
    {"b": (1, 2), "a": Pair([5], {"c": 6})},
    Pair(collections.OrderedDict([("z", 1), ("y", 2)]), None),
    (SPARSE, {"a": [SPARSE]}),
    ({"a": [(1, 2)]}, [{"b": 1}]),
]


@pytest.mark.parametrize("nest", NESTS, ids=range(len(NESTS)))
def test_flatten_and_map(nest):
    old, old_map = original("data.util.nest.flatten"), original("data.util.nest.map_structure")
    expected, found = old(nest), replacements.data_flatten(nest)
    assert len(found) == len(expected)
    assert all(one is other for one, other in zip(found, expected))
    for nests in ([nest], [nest, nest]):
        expected = old_map(lambda *values: repr(values), *nests)
        found = replacements.data_map_structure(lambda *values: repr(values), *nests)
        assert found == expected
        assert type(found) is type(expected)


def test_what_a_function_returns_is_not_gone_into():
    for map_structure in (
        original("data.util.nest.map_structure"),
        replacements.data_map_structure,
    ):
        assert map_structure(lambda x: [x, (x,)], {"a": 1}) == {"a": [1, (1,)]}


@pytest.mark.parametrize(
    "nests",
    [
        [(1, 2), (1, 2, 3)],
        [(1, 2), (1, (2, 3))],
        [(1, 2), Pair(1, 2)],
        [{"a": 1}, {"b": 1}],
        [(1, 2), [1, 2]],
        [1, (1,)],
        [],
    ],
)
def test_nests_that_differ(nests):
    errors = []
    for map_structure in (
        original("data.util.nest.map_structure"),
        replacements.data_map_structure,
    ):
        with pytest.raises((TypeError, ValueError)) as caught:
            map_structure(lambda *values: values, *nests)
        errors.append(caught.type)
    assert errors[0] is errors[1]


def test_types_of_nests_are_not_compared():
    for map_structure in (
        original("data.util.nest.map_structure"),
        replacements.data_map_structure,
    ):
        found = map_structure(lambda a, b: a + b, Pair(1, 2), (3, 4), check_types=False)
        assert found == Pair(4, 6)
        assert type(found) is Pair


SPECS = [
    tf.TensorSpec([2, None], tf.float32),
    tf.TensorSpec(None, tf.string),
    (),
    tf.SparseTensorSpec([2, 3], tf.int32),
    tf.RaggedTensorSpec([2, None], tf.int64),
    tf.RaggedTensorSpec([2, 3], tf.int64, ragged_rank=0),
    tf.TensorArraySpec([2], tf.float32),
    tf.OptionalSpec(tf.TensorSpec([], tf.int32)),
    tf.data.DatasetSpec(tf.TensorSpec([3], tf.int32)),
    tf.IndexedSlicesSpec([4, 2]),
    {"b": tf.TensorSpec([1], tf.bool), "a": (tf.SparseTensorSpec([1]), tf.TensorSpec([], tf.half))},
]


@pytest.mark.parametrize("spec", SPECS, ids=range(len(SPECS)))
def test_flat_types_and_shapes(spec):
    for name in ("get_flat_tensor_types", "get_flat_tensor_shapes"):
        expected = original(f"data.util.structure.{name}")(spec)
        found = getattr(replacements, name)(spec)
        assert repr(found) == repr(list(expected))
        with tf.Graph().as_default() as graph:
            assert repr(getattr(replacements, name)(spec)) == repr(found)
        assert graph.get_operations() == []


def test_flat_types_in_a_function():
    traced = []
    tf.function(lambda: traced.append(replacements.get_flat_tensor_types(SPECS[-1])))()
    assert traced == [[tf.variant, tf.half, tf.bool]]


LEGACY = [
    (tf.int32, tf.TensorShape([2]), tf.Tensor),
    (
        {"a": tf.int32, "b": (tf.string, tf.float32)},
        {"a": tf.TensorShape([2, None]), "b": (tf.TensorShape([1]), tf.TensorShape([None, 1, 3]))},
        {"a": tf.SparseTensor, "b": (tf.Tensor, tf.TensorArray)},
    ),
    ((tf.int32,), (tf.TensorShape([]),), (tf.RaggedTensorSpec([2, None], tf.int32),)),
]


@pytest.mark.parametrize("legacy", LEGACY, ids=range(len(LEGACY)))
def test_convert_legacy_structure(legacy):
    old = original("data.util.structure.convert_legacy_structure")
    assert replacements.convert_legacy_structure(*legacy) == old(*legacy)
    dataset = tf.data.Dataset.from_tensors({"a": (1, tf.sparse.eye(2))})
    v1 = tf.compat.v1.data
    parts = [
        get(dataset) for get in (v1.get_output_types, v1.get_output_shapes, v1.get_output_classes)
    ]
    assert replacements.convert_legacy_structure(*parts) == dataset.element_spec


def test_convert_legacy_structure_of_another_class():
    for convert in (
        original("data.util.structure.convert_legacy_structure"),
        replacements.convert_legacy_structure,
    ):
        with pytest.raises(TypeError, match="int"):
            convert(tf.int32, tf.TensorShape([]), int)


def test_sleep():
    options = tf.data.Options()
    options.experimental_deterministic = False
    dataset = tf.data.Dataset.from_tensor_slices({"a": [1, 2, 3]}).with_options(options)
    old = dataset.apply(original("data.experimental.ops.testing.sleep")(10))
    new = dataset.apply(replacements.dataset_sleep(10))
    assert new.element_spec == old.element_spec == dataset.element_spec
    assert new.options() == old.options()
    assert list(new.as_numpy_iterator()) == list(old.as_numpy_iterator())
    nodes = []
    for sleep in (
        original("data.experimental.ops.testing.sleep"),
        replacements.dataset_sleep,
    ):
        with tf.Graph().as_default() as graph:
            tf.data.Dataset.range(3).apply(sleep(20))
            (node,) = (one for one in graph.get_operations() if one.type == "SleepDataset")
            nodes.append((node.node_def.attr, tf.get_static_value(node.inputs[1])))
    assert nodes[0] == nodes[1]
    assert nodes[0][1] == 20
