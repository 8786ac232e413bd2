"""Functions for ragged tensors against the private originals."""

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.originals import PREFIX, original
from tfcompat import replacements
from tfcompat.rules.advice import ragged

RAGGED = tf.ragged.constant([[3.0, 1.0], [], [4.0], [1.0, 5.0, 9.0]])
OTHER = tf.ragged.constant([[0.0, 7.0], [], [8.0], [2.0, 6.0, 3.0]])
DEEP = tf.ragged.constant([[[1, 2], [3]], [], [[4, 5, 6]]])
MASK = tf.ragged.constant([[True, False], [], [False], [True, True, False]])
NARROW = RAGGED.with_row_splits_dtype(tf.int32)
DENSE = tf.constant([[3.0, 1.0], [4.0, 1.0], [5.0, 9.0]])
SPARSE = tf.sparse.from_dense([[1, 2, 0], [0, 0, 0], [3, 0, 0]])
VALUE = tf.compat.v1.ragged.constant_value([[1, 2], [], [3]])
ONE = tf.RaggedTensor.from_row_splits([[1], [2], [3]], [0, 2, 3])

# Arguments after the tensor.
REDUCTIONS = [(), (0,), (1,), (-1, True), ([0, 1],)]
SEGMENTS = [(RAGGED, [0, 2, 0, 2], 3), (DENSE, [1, 1, 0], 2), (DEEP, [0, 0, 1], 2)]
CALLS = {
    "ragged_array_ops.expand_dims": [(RAGGED, 0), (DEEP, 1), (DEEP, -1), (DENSE, 1), (RAGGED, 2)],
    "ragged_array_ops.rank": [(RAGGED,), (DEEP,), (DENSE,), (ONE,)],
    "ragged_array_ops.reverse": [(RAGGED, [0]), (RAGGED, [0, 1]), (DEEP, [-1]), (DENSE, [1])],
    "ragged_array_ops.size": [(RAGGED,), (DEEP, tf.int64), (DENSE,), (DENSE, tf.int64)],
    "ragged_array_ops.tile": [(RAGGED, [2, 1]), (DEEP, [1, 2, 1]), (DENSE, [1, 2])],
    "ragged_concat_ops.concat": [
        ([RAGGED, OTHER], 0),
        ([RAGGED, OTHER], 1),
        ([RAGGED, DENSE], 0),
        ([DENSE, DENSE], 1),
        ([DENSE, DENSE], -1),
    ],
    "ragged_conversion_ops.from_sparse": [(SPARSE,), (SPARSE, "name")],
    "ragged_gather_ops.gather": [
        (RAGGED, [3, 0]),
        (RAGGED, tf.ragged.constant([[1], [], [2, 0]])),
        (DENSE, tf.ragged.constant([[1], [], [2, 0]])),
        (DENSE, [2, 0]),
        (DENSE, [1, 0], None, 1),
        (DENSE, [[1], [0], [1]], None, None, 1),
        (RAGGED, [[1], [0]], None, 0, 0),
    ],
    "ragged_gather_ops.gather_nd": [
        (RAGGED, [[0, 1], [3, 2]]),
        (RAGGED, [[3], [0]]),
        (DENSE, [[0, 1], [2, 0]]),
    ],
    **{
        f"ragged_math_ops.reduce_{name}": [
            (tensor, *more) for tensor in (RAGGED, DENSE, DEEP) for more in REDUCTIONS
        ]
        for name in ("max", "mean", "min", "prod", "sum")
    },
    **{
        f"ragged_math_ops.reduce_{name}": [(MASK, *more) for more in REDUCTIONS]
        for name in ("all", "any")
    },
    **{f"ragged_math_ops.segment_{name}": SEGMENTS for name in ("max", "min", "prod", "sum")},
    **{f"ragged_math_ops.segment_{name}": SEGMENTS[:1] for name in ("mean", "sqrt_n")},
    "ragged_squeeze_op.squeeze": [(ONE, [2]), (ONE, -1), (tf.ones([1, 2, 1]),), (ONE, 0)],
    "ragged_where_op.where": [
        (MASK, RAGGED, OTHER),
        (MASK,),
        ([True, False, False, True], RAGGED, OTHER),
        ([True, False, True], DENSE, -DENSE),
        (DENSE > 3,),
        ([True, False], [1, 2], [3, 4]),
        (MASK, RAGGED),
    ],
    "ragged_where_op.where_v2": [
        (MASK, RAGGED, OTHER),
        (MASK, RAGGED, 0.0),
        (MASK,),
        (DENSE > 3, DENSE, 0.0),
        (DENSE > 3,),
    ],
}


def described(function, *args, **kwargs):
    """What a call makes: the dtypes and the nested lists, or the class of the error."""
    try:
        value = function(*args, **kwargs)
    except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
        return type(error)
    if isinstance(value, tf.RaggedTensor):
        return value.dtype, value.row_splits.dtype, value.ragged_rank, repr(value.to_list())
    if isinstance(value, tf.Tensor):
        return value.dtype, value.shape.as_list(), repr(value.numpy().tolist())
    return value


def test_every_public_advice_is_compared():
    found = {f"{module}.{name}" for module, names in ragged._PUBLIC.items() for name in names}
    assert found == set(CALLS)


@pytest.mark.parametrize("name", sorted(CALLS))
def test_public_functions(name):
    old = original(f"ops.ragged.{name}")
    new = tf
    for part in ragged.ADVICE[f"{PREFIX}ops.ragged.{name}"].target.split(".")[1:]:
        new = getattr(new, part)
    results = [(described(old, *args), described(new, *args)) for args in CALLS[name]]
    assert [new for _, new in results] == [old for old, _ in results]
    assert any(isinstance(one, tuple) for one, _ in results)


VALUES = [RAGGED, NARROW, DENSE, VALUE, SPARSE, [1, 2], np.arange(3), 1.5, None, tf.Variable(1)]


def test_is_ragged():
    old = original("ops.ragged.ragged_tensor.is_ragged")
    expected = [old(value) for value in VALUES]
    assert True in expected
    assert [replacements.is_ragged(value) for value in VALUES] == expected


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"dtype": tf.float32},
        {"dtype": tf.int64, "name": "named"},
        {"preferred_dtype": tf.float64},
    ],
)
def test_convert_to_tensor_or_ragged_tensor(kwargs):
    old = original("ops.ragged.ragged_tensor.convert_to_tensor_or_ragged_tensor")
    new = replacements.convert_to_tensor_or_ragged_tensor
    for value in VALUES:
        assert described(new, value, **kwargs) == described(old, value, **kwargs)
    assert new(RAGGED) is RAGGED
    with tf.Graph().as_default():
        names = [convert(VALUE, name="here").flat_values.name for convert in (old, new)]
        assert [name.replace("here_1/", "here/") for name in names] == ["here/flat_values:0"] * 2


def test_match_row_splits_dtypes():
    old = original("ops.ragged.ragged_tensor.match_row_splits_dtypes")
    for tensors in ((RAGGED, OTHER, DENSE), (NARROW, DENSE), (DENSE,), (RAGGED, NARROW)):
        for return_dtype in (False, True):
            results = []
            for match in (old, replacements.match_row_splits_dtypes):
                try:
                    results.append(match(*tensors, return_dtype=return_dtype))
                except ValueError:
                    results.append(ValueError)
            if results[0] is ValueError:
                assert results[1] is ValueError
                continue
            if return_dtype:
                assert results[0][0] == results[1][0]
                results = [result[1] for result in results]
            assert all(one is other is tensor for one, other, tensor in zip(*results, tensors))


@pytest.mark.parametrize(
    "args",
    [
        (DENSE,),
        ([[1, 2, 0], [3, 0, 0]], [2, 1]),
        ([[1, 2, 0], [3, 0, 0]], None, 0),
        (tf.ones([2, 3, 2]), None, None, 2, tf.int32),
        (RAGGED,),
        (DENSE, None, None, 1, tf.int32, "named"),
        (DENSE, [1, 2, 3], 0.0),
    ],
)
def test_from_tensor(args):
    old = original("ops.ragged.ragged_conversion_ops.from_tensor")
    assert described(replacements.ragged_from_tensor, *args) == described(old, *args)


@pytest.mark.parametrize("value", [RAGGED, DEEP, DENSE, 5, None])
@pytest.mark.parametrize("kwargs", [{}, {"default_value": -1, "name": "named"}])
def test_to_tensor(value, kwargs):
    old = original("ops.ragged.ragged_conversion_ops.to_tensor")
    assert described(replacements.ragged_to_tensor, value, **kwargs) == described(
        old, value, **kwargs
    )


def test_map_fn():
    old = original("ops.ragged.ragged_map_ops.map_fn")
    old_type = original("ops.ragged.ragged_tensor.RaggedTensorType")
    new_type = replacements.RaggedTensorType
    assert repr(new_type(tf.string, 2)) == repr(old_type(tf.string, 2))
    results = []
    for map_fn, kind in ((old, old_type), (replacements.ragged_map_fn, new_type)):
        results.append(
            [
                described(map_fn, lambda x: x * 2, DENSE),
                described(map_fn, tf.reduce_sum, RAGGED),
                described(map_fn, lambda x: x[0] + x[1], (DENSE, DENSE), tf.float32),
                described(map_fn, tf.range, tf.constant([2, 0, 3]), kind(tf.int32, 1), None, False),
                described(
                    map_fn,
                    lambda x: x + 1,
                    DEEP,
                    dtype=kind(dtype=tf.int32, ragged_rank=2),
                    infer_shape=False,
                    name="named",
                ),
                described(
                    map_fn,
                    lambda x: (x, tf.range(x)),
                    tf.constant([1, 2]),
                    (tf.int32, kind(tf.int32, 1, tf.int32)),
                ),
            ]
        )
        results[-1][-1] = [described(lambda one=one: one) for one in results[-1][-1]]
    assert results[0] == results[1]
    assert type not in map(type, results[1])
