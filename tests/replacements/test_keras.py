"""Replacements of Keras's private helpers, each called beside every original of this release."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.keras_originals import HOME, PACKAGES, module, originals, outcome, plain
from tfcompat import replacements

keras = tf.keras


class WithShape:
    def __init__(self, *shape):
        self.shape = tf.TensorShape(shape)


class CamelCase2D:
    def method(self, a, *, b=1, **others):
        """Has arguments of each kind."""


T = tf.constant
SHEAR = [1.0, 0.5, -1.0, 0.2, 1.0, 0.0, 0.0, 0.0]
RAGGED = tf.ragged.constant([[1.0, 2.0], [3.0]])
LOSSES = T([[1.0, 2.0], [3.0, 6.0]])

# replacement: (paths of originals, argument lists)
CASES = {
    "compute_fans": (
        [
            "initializers.random_initializers.compute_fans",
            "initializers.initializers_v2._compute_fans",
        ],
        [((),), ((3,),), ((3, 4),), ([2, 3, 4, 5],)],
    ),
    "attention_proj_equation": (
        [
            "layers.multi_head_attention._build_proj_equation",
            "layers.attention.multi_head_attention._build_proj_equation",
        ],
        [(1, 1, 2), (2, 2, 1), (3, 1, 1), (0, 1, 1)],
    ),
    "attention_output_shape": (
        [
            "layers.multi_head_attention._get_output_shape",
            "layers.attention.multi_head_attention._get_output_shape",
        ],
        [(4, [2, 3]), (2, (5,)), (1, [])],
    ),
    "convert_inputs_if_ragged": (
        ["backend.convert_inputs_if_ragged"],
        [(T([1.0]),), ((RAGGED, T([1.0])),), ([RAGGED],), (RAGGED,)],
    ),
    "maybe_convert_to_ragged": (
        ["backend.maybe_convert_to_ragged"],
        [
            (False, T([[1.0, 2.0]]), None),
            (True, T([[1.0, 2.0, 3.0], [4.0, 0.0, 0.0]]), [3, 1]),
            (True, T([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), [3, 1], True),
        ],
    ),
    "dtype_size": (
        ["utils.dtype_utils.dtype_size"],
        [
            ("float32",),
            ("bfloat16",),
            ("float16",),
            ("int8",),
            ("uint16",),
            ("int64",),
            ("bool",),
            ("string",),
            ("nothing",),
        ],
    ),
    "transform_images": (
        ["layers.preprocessing.image_preprocessing.transform"],
        [
            (T(np.arange(24.0).reshape(2, 3, 4, 1)), T([SHEAR]), *more)
            for more in (
                (),
                ("constant", 7.0, "nearest"),
                ("wrap", 0.0, "bilinear", [5, 2], "scope"),
                ("nearest", 0.0, "bilinear", [5]),
            )
        ],
    ),
    "normalize_tuple": (
        ["utils.conv_utils.normalize_tuple"],
        [(2, 3, "n"), ((1, 2), 2, "n"), ([1, 2, 3], 2, "n"), (None, 2, "n"), ("ab", 2, "n")],
    ),
    "normalize_data_format": (
        ["utils.conv_utils.normalize_data_format"],
        [(None,), ("Channels_First",), ("channels_last",), ("nhwc",)],
    ),
    "normalize_padding": (
        ["utils.conv_utils.normalize_padding"],
        [("SAME",), ("causal",), ("full",), ((1, 2),)],
    ),
    "convert_data_format": (
        ["utils.conv_utils.convert_data_format"],
        [(f, n) for f in ("channels_last", "channels_first") for n in (2, 3, 4, 5)]
        + [("nhwc", 4)],
    ),
    "conv_output_length": (
        ["utils.conv_utils.conv_output_length"],
        [
            (n, k, p, s, d)
            for n in (None, 1, 7, 10)
            for k in (1, 3)
            for p in ("same", "valid", "full", "causal", "other")
            for s in (1, 2, 3)
            for d in (1, 2)
        ],
    ),
    "conv_input_length": (
        ["utils.conv_utils.conv_input_length"],
        [
            (n, k, p, s)
            for n in (None, 1, 7)
            for k in (1, 2, 3)
            for p in ("same", "valid", "full", "other")
            for s in (1, 2)
        ],
    ),
    "deconv_output_length": (
        ["utils.conv_utils.deconv_output_length"],
        [
            (n, k, p, o, s, d)
            for n in (None, 1, 7)
            for k in (2, 3)
            for p in ("same", "valid", "full", "other")
            for o in (None, 0, 1)
            for s in (1, 2)
            for d in (1, 2)
        ],
    ),
    "convert_shapes": (
        ["utils.tf_utils.convert_shapes"],
        [
            (shape, to_tuples)
            for shape in (
                (None, 2), [None, 3], tf.TensorShape([1, None]), [(1, 2), (3, None)],
                ([1, 2], tf.TensorShape([4])), {"a": (1, 2)}, (), [],
            )
            for to_tuples in (True, False)
        ],
    ),
    "is_tensor_or_variable": (
        ["utils.tf_utils.is_tensor_or_variable"],
        [(T(1),), (tf.Variable(1),), (1,), (np.ones(2),), (tf.ragged.constant([[1], []]),)],
    ),
    "is_symbolic_tensor": (
        ["utils.tf_utils.is_symbolic_tensor"],
        [(T(1),), (tf.Variable(1),), (1,), (tf.ragged.constant([[1], []]),)],
    ),
    "sync_to_numpy_or_python_type": (
        ["utils.tf_utils.sync_to_numpy_or_python_type"],
        [(T(1.5),), ([T([1, 2]), {"a": T(3)}],), (7,), ((),)],
    ),
    "count_params": (
        ["utils.layer_utils.count_params"],
        [([tf.Variable(tf.ones((2, 3))), tf.Variable(1.0)],), ([],), ([WithShape(None, 2)],)],
    ),
    "validate_string_arg": (
        ["utils.layer_utils.validate_string_arg"],
        [("a", ("a", "b"), "L", "x"), ("c", ("a",), "L", "x"), (None, ("a",), "L", "x"),
         (None, ("a",), "L", "x", True), (len, ("a",), "L", "x"),
         (len, ("a",), "L", "x", False, True)],
    ),
    "has_arg": (
        ["utils.generic_utils.has_arg"],
        [(CamelCase2D.method, n, a) for n in ("a", "b", "c") for a in (False, True)]
        + [(tf.function(lambda q: q).python_function, "q")],
    ),
    "to_list": (["utils.generic_utils.to_list"], [([1],), (1,), ((1, 2),), (None,)]),
    "to_snake_case": (
        ["utils.generic_utils.to_snake_case"],
        [(n,) for n in ("Conv2D", "CamelCase2D", "_Private", "LSTM", "GRUCell", "x", "TFOpLambda")],
    ),
    "make_batches": (
        ["utils.generic_utils.make_batches"], [(n, b) for n in (0, 1, 7, 8) for b in (1, 4)],
    ),
    "slice_arrays": (
        ["utils.generic_utils.slice_arrays"],
        [
            (arrays, *rows)
            for arrays in (None, np.arange(6), [np.arange(6), None, np.ones((6, 2))])
            for rows in ((1, 3), (2,), ([0, 2],), (np.array([1, 4]),), ([0], 3))
        ],
    ),
    "ensure_tensor": (
        ["layers.preprocessing.preprocessing_utils.ensure_tensor"],
        [(1,), ([1, 2], tf.float32), (T([1]), "int64"), (tf.ragged.constant([[1], []]), tf.int64)],
    ),
    "compute_shape_for_encode_categorical": (
        ["layers.preprocessing.preprocessing_utils.compute_shape_for_encode_categorical"],
        [(s, m, 4) for s in ([], [1], [None, 1], [None, 3]) for m in ("int", "one_hot", "count")],
    ),
    "remove_squeezable_dimensions": (
        ["utils.losses_utils.remove_squeezable_dimensions"],
        [
            (tf.ones(a), tf.ones(b), d)
            for a in ((2,), (2, 1), (2, 3))
            for b in ((2,), (2, 1), (2, 3))
            for d in (0, 1)
        ]
        + [(np.ones((2, 1)), [1.0, 2.0])],
    ),
    "squeeze_or_expand_dimensions": (
        ["utils.losses_utils.squeeze_or_expand_dimensions"],
        [
            (tf.ones(a), b if b is None else tf.ones(b), c if c is None else tf.ones(c))
            for a in ((2,), (2, 1), (2, 3))
            for b in (None, (2,), (2, 1), (2, 3))
            for c in (None, (), (2,), (2, 1), (2, 3))
        ],
    ),
    "cast_losses_to_common_dtype": (
        ["utils.losses_utils.cast_losses_to_common_dtype"],
        [
            ([tf.cast(1, d) for d in dtypes],)
            for dtypes in (
                ["float16", "float32"], ["int32", "float16"], ["complex64", "float64"],
                ["int32", "int64"], [],
            )
        ],
    ),
    "reduce_weighted_loss": (
        ["utils.losses_utils.reduce_weighted_loss"],
        [(LOSSES,)] + [(LOSSES, r) for r in ("none", "sum", "sum_over_batch_size")],
    ),
    "compute_weighted_loss": (
        ["utils.losses_utils.compute_weighted_loss"],
        [
            (losses, weights, reduction)
            for losses in (LOSSES, T([1, 2, 6]), [1.0, 2.0])
            for weights in (None, 2.0, T([1.0, 3.0]), T([[1.0], [3.0]]))
            for reduction in ("auto", "none", "sum", "sum_over_batch_size", "other")
        ],
    ),
    "scale_loss_for_distribution": (
        ["utils.losses_utils.scale_loss_for_distribution"], [(LOSSES,)],
    ),
    "ragged_assert_compatible_and_get_flat_values": (
        ["utils.metrics_utils.ragged_assert_compatible_and_get_flat_values"],
        [
            (values, mask)
            for values in (
                tf.ragged.constant([[1.0, 2.0], [3.0]]),
                [tf.ragged.constant([[1.0, 2.0], [3.0]]), tf.ragged.constant([[4.0, 5.0], [6.0]])],
                [tf.ragged.constant([[1.0, 2.0], [3.0]]), tf.ragged.constant([[4.0], [5.0, 6.0]])],
                [tf.ragged.constant([[1.0, 2.0], [3.0]]), T([1.0, 2.0])],
                T([1.0, 2.0]),
            )
            for mask in (None, T([True, False]), tf.ragged.constant([[True, False], [True]]))
        ],
    ),
}  # fmt: skip
ENCODED = [T(2), T([0, 1, 1]), T([[0, 1], [2, 2]]), T([[1], [3]])]


@pytest.mark.parametrize("name", CASES)
def test_helper_does_what_every_original_does(name) -> None:
    paths, cases = CASES[name]
    found = originals(*paths)
    # The copy in TensorFlow has most of them, in every release.
    if not found:
        assert "preprocessing" in paths[0] or name in ("validate_string_arg", "dtype_size")
        pytest.skip("no original in this release")
    for original in found:
        for args in cases:
            expected = outcome(original, *args)
            assert outcome(getattr(replacements, name), *args) == expected, (
                original.__module__,
                args,
            )
    assert any(not isinstance(outcome(getattr(replacements, name), *args), type) for args in cases)


def test_large_compatible_negative() -> None:
    found = originals(
        "layers.advanced_activations._large_compatible_negative",
        "layers.activation.softmax._large_compatible_negative",
    )
    assert found
    least = tf.float16.min
    for original in found:
        for dtype in (tf.float32, "float32", tf.float64):
            assert replacements.large_compatible_negative(dtype) == original(dtype) == -1e9
        for dtype in (tf.float16, "float16"):
            assert replacements.large_compatible_negative(dtype) == least / 2
            assert original(dtype) in (least, least / 2)


class OwnLayer(keras.layers.Layer):
    pass


def test_is_subclassed() -> None:
    model = keras.Sequential([keras.layers.Dense(1), OwnLayer()])
    values = [model, model.layers[0], OwnLayer(), keras.Model()]
    assert [replacements.is_subclassed(value) for value in values] == [False, False, True, False]
    for original in originals("engine.base_layer_utils.is_subclassed"):
        # That of 2.13 to 2.15 does not know keras.src, nor a copy another Keras.
        if original.__module__.startswith(HOME) and HOME != "keras.src":
            assert [original(value) for value in values] == [False, False, True, False]


def eager_in_a_function(scope) -> list[bool]:
    """Tell whether TensorFlow executes eagerly, outside and inside of a scope in a function."""
    seen = []

    @tf.function(autograph=False)
    def look():
        seen.append(tf.executing_eagerly())
        with scope(keras.layers.Dense(1)):
            seen.append(tf.executing_eagerly())

    look()
    with tf.Graph().as_default(), scope(keras.layers.Dense(1)):
        seen.append(tf.executing_eagerly())
    return seen


def test_maybe_init_scope() -> None:
    found = originals("utils.tf_utils.maybe_init_scope")
    assert found
    expected = [False, True, False]
    for scope in (*found, replacements.maybe_init_scope):
        assert eager_in_a_function(scope) == expected, scope


def test_helpers_of_the_layers_of_tensorflow_1() -> None:
    utils = module("tensorflow.python.layers.utils")
    for name in ("convert_data_format", "conv_input_length", "conv_output_length"):
        for args in CASES[name][1]:
            if "causal" not in args:  # which these do not know
                assert outcome(getattr(utils, name), *args) == outcome(
                    getattr(replacements, name), *args
                ), (name, args)
    for args in CASES["normalize_tuple"][1]:
        expected = outcome(utils.normalize_tuple, *args)
        assert outcome(replacements.normalize_tuple, *args) == expected
    for padding in ("same", "valid", "full"):
        for size in (None, 1, 7):
            options = {"input_length": size, "filter_size": 3, "padding": padding, "stride": 2}
            expected = utils.deconv_output_length(**options)
            assert replacements.deconv_output_length(**options) == expected


def test_where_originals_of_some_releases_fail() -> None:
    # Up to 2.10 they raise for strings, and for losses of the two narrow dtypes.
    assert replacements.sync_to_numpy_or_python_type(T("text")) == b"text"
    narrow = [tf.cast(1, tf.bfloat16), tf.cast(1, tf.float16)]
    found = replacements.cast_losses_to_common_dtype(narrow)
    assert [loss.dtype for loss in found] == [tf.float32, tf.float32]


def test_normalize_tuple_with_zeros() -> None:
    calls = [((0, 1), False), ((0, 1), True), ((-1, 1), True), ((1, 1), False)]
    for original in originals("utils.conv_utils.normalize_tuple"):
        if "allow_zero" not in inspect.signature(original).parameters:
            continue
        for value, allow_zero in calls:
            expected = outcome(original, value, 2, "n", allow_zero=allow_zero)
            assert outcome(replacements.normalize_tuple, value, 2, "n", allow_zero) == expected
    assert replacements.normalize_tuple((0, 1), 2, "n", True) == (0, 1)
    with pytest.raises(ValueError, match="must be > 0"):
        replacements.normalize_tuple((0, 1), 2, "strides", False)


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "sparse"])
@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count", "tf_idf", "missing"])
def test_encode_categorical_inputs(mode, sparse) -> None:
    found = originals("layers.preprocessing.preprocessing_utils.encode_categorical_inputs")
    idf = None if mode == "missing" else T([0.5, 1.0, 2.0, 4.0])
    mode = "tf_idf" if mode == "missing" else mode
    for inputs in ENCODED:
        own = outcome(
            replacements.encode_categorical_inputs, inputs, mode, 4, sparse=sparse, idf_weights=idf
        )
        for original in found:
            # 2.7 has none, and hands integers through as they are.
            if not {"dtype", "idf_weights"} <= inspect.signature(original).parameters.keys():
                continue
            expected = outcome(original, inputs, mode, 4, sparse=sparse, idf_weights=idf)
            assert own == expected, inputs
        if inputs.shape == (2, 2) and mode in ("one_hot", "missing"):
            assert own is ValueError
    if mode == "count" and not sparse:
        np.testing.assert_array_equal(
            replacements.encode_categorical_inputs(ENCODED[1], mode, 4), [1, 2, 0, 0]
        )


def test_shape_type_conversion() -> None:
    seen = []

    def compute_output_shape(self, input_shape):
        seen.append(input_shape)
        return [(1, None), (2,)] if isinstance(input_shape, list) else None

    for original in originals("utils.tf_utils.shape_type_conversion"):
        for argument in (tf.TensorShape([1, 2]), [tf.TensorShape([1]), (2,)], None):
            results = [
                plain(decorate(compute_output_shape)(None, argument))
                for decorate in (original, replacements.shape_type_conversion)
            ]
            assert results[0] == results[1]
            assert seen[-1] == seen[-2]
            assert type(seen[-1]) is type(seen[-2])


def test_symbolic_tensors_in_a_function() -> None:
    found = originals("utils.tf_utils.is_symbolic_tensor")
    variable = tf.Variable(1.0)
    seen = []

    @tf.function
    def function(x, ragged):
        values = [x, ragged, variable, tf.constant(1), 3]
        seen.extend(
            [test(value) for value in values] for test in (replacements.is_symbolic_tensor, *found)
        )
        return x

    function(tf.ones(2), tf.ragged.constant([[1], []]))
    assert len(seen) > 1
    assert seen[0] == [True, True, True, True, False]
    for expected in seen[1:]:
        # Of a variable the original tells this to 2.13 only.
        assert [bool(v) for v in expected[:2] + expected[3:]] == seen[0][:2] + seen[0][3:]


def test_losses_of_unknown_rank() -> None:
    def run(function):
        spec = tf.TensorSpec(None, tf.float32)

        call = tf.function(lambda a, b, c: function(a, b, c), input_signature=[spec] * 3)
        return lambda *arrays: outcome(call, *arrays)

    expected = [
        run(original) for original in originals("utils.losses_utils.squeeze_or_expand_dimensions")
    ]
    own = run(replacements.squeeze_or_expand_dimensions)
    for shapes in [
        ((2, 1), (2,), (2,)),
        ((2, 3), (2,), (2,)),
        ((2,), (2, 1), (2, 1)),
        ((2,), (2,), ()),
    ]:
        arrays = [tf.ones(shape) for shape in shapes]
        assert all(own(*arrays) == original(*arrays) for original in expected), shapes
        assert not isinstance(own(*arrays), type)


def test_filter_empty_gradients(caplog) -> None:
    one, other = tf.Variable(1.0, name="one"), tf.Variable(2.0, name="other")
    gradient = T(1.0)
    for original in originals("optimizer_v2.utils.filter_empty_gradients"):
        for pairs in ([], [(gradient, one)], [(gradient, one), (None, other)], [(None, one)]):
            expected = outcome(lambda p=pairs, o=original: [v.name for _, v in o(p)])
            found = outcome(
                lambda p=pairs: [v.name for _, v in replacements.filter_empty_gradients(p)]
            )
            assert found == expected
    assert replacements.filter_empty_gradients([(gradient, one), (None, other)]) == (
        (gradient, one),
    )


def test_name_scope_only_in_function_or_graph() -> None:
    names = []

    def scoped(function):
        with function("scope"):
            names.append(tf.constant(1.0, name="c").op.name)

    scope = replacements.name_scope_only_in_function_or_graph
    with scope("scope"):
        assert tf.executing_eagerly()
    with tf.Graph().as_default():
        scoped(scope)
    assert names == ["scope/c"]
    for original in originals("optimizer_v2.optimizer_v2.name_scope_only_in_function_or_graph"):
        with tf.Graph().as_default():
            scoped(original)
        assert names[-1] == names[0]


def test_get_test_data() -> None:
    found = originals("testing_utils.get_test_data", "testing_infra.test_utils.get_test_data")
    assert found
    for original in found:
        expected = original(5, 3, (2, 2), 3, random_seed=7)
        own = replacements.get_test_data(5, 3, (2, 2), 3, random_seed=7)
        for a, b in zip(expected, own):
            np.testing.assert_array_equal(a[0], b[0])
            np.testing.assert_array_equal(a[1], b[1])


def model_with_feature_maps():
    return keras.Sequential(
        [keras.Input((2, 3, 4)), keras.layers.Flatten(), keras.layers.Dense(2, name="dense")]
    )


@pytest.mark.parametrize("target", ["channels_first", "channels_last"])
def test_convert_dense_weights_data_format(target) -> None:
    model = model_with_feature_maps()
    dense = model.layers[-1]
    weights = [
        np.random.default_rng(0).normal(size=w.shape).astype("float32") for w in dense.get_weights()
    ]
    x = np.random.default_rng(1).normal(size=(1, 2, 3, 4)).astype("float32")
    dense.set_weights(weights)
    replacements.convert_dense_weights_data_format(dense, (2, 3, 4), target)
    own = dense.get_weights()
    # The same features in the target's order give the same outputs.
    axes = (0, 2, 3, 1) if target == "channels_first" else (0, 3, 1, 2)
    given = np.transpose(x, axes).reshape(1, -1)
    np.testing.assert_allclose(
        x.reshape(1, -1) @ own[0] + own[1], given @ weights[0] + weights[1], rtol=1e-4, atol=1e-5
    )
    for original in originals("utils.layer_utils.convert_dense_weights_data_format"):
        dense.set_weights(weights)
        original(dense, (2, 3, 4), target)
        for a, b in zip(dense.get_weights(), own):
            np.testing.assert_array_equal(a, b)


def two_inputs():
    a, b = keras.Input((2,), name="a"), keras.Input((3,), name="b")
    return keras.Model([a, b], keras.layers.Concatenate(name="both")([a, b]))


def test_trace_model_call() -> None:
    paths = ("saving.saving_utils", "saving.legacy.saving_utils")
    for make, inputs in (
        (model_with_feature_maps, [tf.ones((1, 2, 3, 4))]),
        (two_inputs, [tf.ones((1, 2)), tf.ones((1, 3))]),
    ):
        model = make()
        signature = replacements.model_input_signature(model)
        traced = replacements.trace_model_call(model)
        single = len(inputs) == 1
        found = traced(*inputs) if single else traced(inputs)
        expected = model(inputs[0] if single else inputs)
        assert list(found) == list(getattr(model, "output_names", ["output_1"]))
        np.testing.assert_allclose(next(iter(found.values())), expected, rtol=1e-5)
        for original in originals(*(f"{path}.model_input_signature" for path in paths)):
            if original.__module__.startswith(HOME + "."):
                assert plain(tf.nest.flatten(original(model))) == plain(tf.nest.flatten(signature))
        for original in originals(*(f"{path}.trace_model_call" for path in paths)):
            if original.__module__.startswith(HOME + "."):
                function = original(model)
                if not hasattr(function, "structured_outputs"):  # a ConcreteFunction from 2.6 on
                    function = function.get_concrete_function()
                assert list(function.structured_outputs) == list(found)
    subclassed = type("Own", (keras.Model,), {"call": lambda self, inputs: inputs})()
    assert replacements.model_input_signature(subclassed) is None
    with pytest.raises(ValueError, match="Pass input_signature"):
        replacements.trace_model_call(subclassed)


def test_list_wrapper() -> None:
    for original in (*originals("utils.tf_utils.ListWrapper"), replacements.ListLeaf):
        wrapped = original([1, 2])
        assert wrapped.as_list() == [1, 2]
        assert tf.nest.flatten([wrapped]) == [wrapped]


def test_output_modes_are_those_of_keras() -> None:
    for package in PACKAGES:
        owner = module(f"{package}.layers.preprocessing.preprocessing_utils")
        for name in ("INT", "ONE_HOT", "MULTI_HOT", "COUNT", "TF_IDF"):
            assert getattr(owner, name, None) in (None, getattr(replacements, name))


def test_keras_version() -> None:
    version = getattr(keras, "__version__", None)
    if version is None:  # 2.13 to 2.15 and tf_keras
        version = __import__(HOME.partition(".")[0]).__version__
    # Keras 2.5 tells its minor release alone.
    length = 2 if HOME.startswith("tensorflow") else None
    assert replacements.keras_version.split(".")[:length] == version.split(".")[:length]
