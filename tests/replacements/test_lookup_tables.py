"""Tables from vocabularies against the private originals."""

import numpy as np
import pytest
import tensorflow as tf

import tfcompat
from tests.replacements.originals import original
from tfcompat import replacements


@pytest.fixture
def words(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("a\t7\nb\t8\nc\t9\n")
    return str(path)


@pytest.fixture
def numbers(tmp_path):
    path = tmp_path / "numbers.txt"
    path.write_text("10\n20\n30\n")
    return str(path)


def look(function, keys, graph, arguments):
    if not graph:
        return function(**arguments).lookup(tf.constant(keys)).numpy()
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        found = function(**arguments).lookup(tf.constant(keys))
        session.run(tf.compat.v1.tables_initializer())
        return session.run(found)


def assert_same(name, keys, **arguments):
    for graph in (False, True):
        old = look(original(f"ops.lookup_ops.{name}"), keys, graph, arguments)
        new = look(getattr(replacements, name), keys, graph, arguments)
        assert old.dtype == new.dtype
        np.testing.assert_array_equal(old, new)


COLUMNS = {"key_column_index": 0, "value_column_index": 1}


@pytest.mark.parametrize("more", [{}, {"vocab_size": 2}, {"default_value": 5}, COLUMNS])
@pytest.mark.parametrize("buckets", [0, 3])
def test_index_table_from_file(words, more, buckets):
    keys = ["a", "b", "c", "a\t7", "x", "y", "b\t8"]
    assert_same(
        "index_table_from_file", keys, vocabulary_file=words, num_oov_buckets=buckets, **more
    )


@pytest.mark.parametrize("buckets", [0, 3])
@pytest.mark.parametrize("dtype", [tf.int64, tf.int32])
def test_index_table_of_numbers(numbers, buckets, dtype):
    keys = np.array([10, 30, 40, 50], dtype.as_numpy_dtype)
    if dtype == tf.int32 and not buckets:
        keys = keys.astype("int64")  # the table itself has keys of int64
    assert_same(
        "index_table_from_file",
        keys,
        vocabulary_file=numbers,
        num_oov_buckets=buckets,
        key_dtype=dtype,
    )


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"vocabulary_file": ""}, ValueError),
        ({"vocabulary_file": "x", "num_oov_buckets": -1}, ValueError),
        ({"vocabulary_file": "x", "vocab_size": 0}, ValueError),
        ({"vocabulary_file": "x", "key_dtype": tf.float32}, TypeError),
    ],
)
def test_what_no_table_can_be(arguments, error):
    old = original("ops.lookup_ops.index_table_from_file")
    for function in (old, replacements.index_table_from_file):
        with pytest.raises(error):
            function(**arguments)


def test_another_hash_is_refused(words):
    spec = original("ops.lookup_ops.StrongHashSpec")((1, 2))
    with pytest.raises(tfcompat.TfcompatError, match="stronghash"):
        replacements.index_table_from_file(words, 3, hasher_spec=spec)


@pytest.mark.parametrize("more", [{}, {"default_value": "?"}, {"vocab_size": 2}])
def test_index_to_string(words, more):
    keys = np.array([0, 2, 3, -1], "int64")
    assert_same("index_to_string_table_from_file", keys, vocabulary_file=words, **more)
    for function in (
        original("ops.lookup_ops.index_to_string_table_from_file"),
        replacements.index_to_string_table_from_file,
    ):
        with pytest.raises(ValueError, match="vocab"):
            function("")


def test_index_to_string_from_tensor():
    keys = np.array([0, 2, 3, -1], "int64")
    name = "index_to_string_table_from_tensor"
    assert_same(name, keys, vocabulary_list=["a", "b", "c"])
    assert_same(name, keys, vocabulary_list=["a"], default_value="?")
    with pytest.raises(ValueError, match="must be specified"):
        replacements.index_to_string_table_from_tensor(None)
