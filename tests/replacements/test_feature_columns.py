"""The layer of feature columns, beside the one that Keras 2 has."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.keras_originals import KERAS_3
from tests.replacements.originals import original
from tfcompat import _kinds, replacements
from tfcompat.replacements import feature_columns

keras = tf.keras


def columns():
    fc = tf.feature_column
    words = fc.categorical_column_with_vocabulary_list("word", ["a", "b", "c"])
    price = fc.numeric_column("price", shape=(2,))
    ones = tf.keras.initializers.Constant(0.5)
    return [
        price,
        fc.bucketized_column(fc.numeric_column("age"), [10.0, 20.0]),
        fc.indicator_column(words),
        fc.embedding_column(words, 2, initializer=lambda shape, dtype=None, **_: ones(shape)),
        fc.embedding_column(
            fc.categorical_column_with_hash_bucket("hash", 3),
            2,
            initializer=lambda shape, dtype=None, **_: ones(shape),
        ),
        fc.embedding_column(fc.categorical_column_with_identity("id", 4), 3),
    ]


FEATURES = {
    "price": [[1.0, 2.0], [3.0, 4.0]],
    "age": [5.0, 15.0],
    "word": [["a", "c"], ["b", "x"]],
    "hash": ["p", "q"],
    "id": [[1], [3]],
}


def test_dense_features() -> None:
    features = {name: tf.constant(value) for name, value in FEATURES.items()}
    if not KERAS_3:
        original = feature_columns.DenseFeatures._active_class()
        assert original is keras.layers.DenseFeatures
    own = feature_columns._own(layers_of_this_keras())(columns())
    found = own(features)
    assert found.shape == (2, 3 + 2 + 2 + 3 + 2 + 3)
    assert tuple(own.compute_output_shape({"age": (2,)})) == (2, 15)
    # Columns in the order of their names: age_bucketized, hash, id, price, word (two).
    np.testing.assert_array_equal(found[:, :5], [[1, 0, 0, 0.5, 0.5], [0, 1, 0, 0.5, 0.5]])
    np.testing.assert_array_equal(found[:, 8:10], FEATURES["price"])
    np.testing.assert_array_equal(found[:, 12:], [[1, 0, 1], [0, 1, 0]])
    table = own.weights[[tuple(w.shape) for w in own.weights].index((4, 3))]
    np.testing.assert_allclose(found[:, 5:8], tf.convert_to_tensor(table).numpy()[[1, 3]])
    if not KERAS_3:
        layer = keras.layers.DenseFeatures(columns())
        layer(features)
        layer.set_weights(own.get_weights())
        np.testing.assert_allclose(layer(features), found)


def layers_of_this_keras():
    return _kinds.kerases()[0]


def test_dense_features_refuses_what_the_original_refuses() -> None:
    sparse = tf.feature_column.categorical_column_with_identity("id", 4)
    number = tf.feature_column.numeric_column("a")
    own = feature_columns._own(layers_of_this_keras())
    classes = [own] if KERAS_3 else [own, keras.layers.DenseFeatures]
    for cls in classes:
        for bad in ([], [sparse], [number, number]):
            with pytest.raises(ValueError):  # noqa: PT011 - the messages differ
                cls(bad)
        with pytest.raises(ValueError, match="not in features"):
            cls([number])({"b": tf.ones((2, 1))})


def test_dense_features_trains() -> None:
    cls = feature_columns._own(layers_of_this_keras())
    layer = cls(
        tf.feature_column.embedding_column(
            tf.feature_column.categorical_column_with_identity("id", 4), 3
        )
    )
    model = keras.Sequential([layer, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = {"id": tf.constant([[1], [3]])}
    model.predict(x, verbose=0)
    before = model.get_weights()[0].copy()
    model.fit(x, tf.ones((2, 1)), verbose=0)
    changed = np.abs(model.get_weights()[0] - before).max(axis=1) > 0
    np.testing.assert_array_equal(changed, [False, True, False, True])


def test_state_manager():
    old = original("feature_column.feature_column_v2.StateManager")
    names = [name for name in vars(old) if not name.startswith("_")]
    assert sorted(names) == sorted(
        name for name in vars(replacements.StateManager) if not name.startswith("_")
    )
    for name in names:
        ours = getattr(replacements.StateManager, name)
        assert list(inspect.signature(ours).parameters.values())[1:][0].name == "feature_column"
        parameters = [
            (one.name, one.default) for one in inspect.signature(ours).parameters.values()
        ]
        theirs = inspect.signature(getattr(old, name)).parameters.values()
        assert parameters == [(one.name, one.default) for one in theirs]
        for cls in (old, replacements.StateManager):
            with pytest.raises(NotImplementedError, match="StateManager"):
                getattr(cls(), name)(*range(len(parameters) - 1))


def test_is_feature_column_v2():
    old = original("feature_column.feature_column_v2.is_feature_column_v2")
    v1 = original("feature_column.feature_column._numeric_column")("x")
    fc = tf.feature_column
    v2 = fc.bucketized_column(fc.numeric_column("x"), [1.0])
    mixed = original("feature_column.feature_column_v2.BucketizedColumn")(v1, (1.0,))
    crossed = fc.crossed_column([v2, "word"], 3)
    for given, answer in [
        ([], True),
        ([v2, crossed, *columns()], True),
        ([v1], False),
        ([v2, mixed], False),
        ([v2, 5], False),
    ]:
        assert replacements.is_feature_column_v2(given) is old(given) is answer
