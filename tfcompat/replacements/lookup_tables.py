"""Tables from vocabularies: functions of `tensorflow.python.ops.lookup_ops`."""

from __future__ import annotations

from typing import Any

from tfcompat import _runtime
from tfcompat.errors import TfcompatError

__all__ = [
    "index_table_from_file",
    "index_to_string_table_from_file",
    "index_to_string_table_from_tensor",
]


def index_table_from_file(
    vocabulary_file: Any = None,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: int = -1,
    hasher_spec: Any = None,
    key_dtype: Any = None,
    name: str | None = None,
    key_column_index: int = -2,
    value_column_index: int = -1,
    delimiter: str = "\t",
) -> Any:
    """Return a table from the words of a file to their numbers.

    Args:
        vocabulary_file: its path, one word a line.
        num_oov_buckets: how many numbers after those of the file other words are spread over.
        vocab_size: how many lines to read, all if None.
        default_value: the number of other words where there are no such buckets.
        hasher_spec: None, or that of the fast hash, which is the only public one.
        key_dtype: `tf.string`, also for None, or an integer type.
        name: for the operations.
        key_column_index: the column of the words; -2 is the whole line, -1 the line's number.
        value_column_index: the column of the numbers.
        delimiter: between columns.

    Raises:
        ValueError: no file, or a number that cannot be.
        TypeError: `key_dtype` is no string or integer type.
        TfcompatError: `hasher_spec` asks for another hash.
    """
    tf = _runtime.tensorflow()
    _check_file(vocabulary_file, vocab_size)
    key_dtype = tf.as_dtype(key_dtype or tf.string)
    if num_oov_buckets < 0:
        raise ValueError(f"num_oov_buckets must be greater or equal than 0, got {num_oov_buckets}.")
    if not key_dtype.is_integer and key_dtype != tf.string:
        raise TypeError("Dtype for `keys` should be either integer or string.")
    if getattr(hasher_spec, "hasher", "fasthash") != "fasthash":
        raise TfcompatError(
            f"No public table hashes by {hasher_spec.hasher!r}. Leave hasher_spec out for the "
            "fast hash; it gives other numbers."
        )
    with tf.compat.v1.name_scope(name, "string_to_index"):
        initializer = tf.lookup.TextFileInitializer(
            vocabulary_file,
            tf.int64 if key_dtype.is_integer else tf.string,
            key_column_index,
            tf.int64,
            value_column_index,
            vocab_size,
            delimiter,
        )
        if not num_oov_buckets:
            return tf.compat.v1.lookup.StaticHashTable(initializer, default_value)
        return tf.compat.v1.lookup.StaticVocabularyTable(initializer, num_oov_buckets, key_dtype)


def index_to_string_table_from_file(
    vocabulary_file: Any,
    vocab_size: int | None = None,
    default_value: str = "UNK",
    name: str | None = None,
    key_column_index: int = -1,
    value_column_index: int = -2,
    delimiter: str = "\t",
) -> Any:
    """Return a table from numbers to the words of a file.

    Args:
        vocabulary_file: its path, one word a line.
        vocab_size: how many lines to read, all if None.
        default_value: the word of other numbers.
        name: for the operations.
        key_column_index: the column of the numbers; -1 is the line's number, -2 the whole line.
        value_column_index: the column of the words.
        delimiter: between columns.

    Raises:
        ValueError: no file, or a size below 1.
    """
    tf = _runtime.tensorflow()
    _check_file(vocabulary_file, vocab_size)
    with tf.compat.v1.name_scope(name, "index_to_string"):
        initializer = tf.lookup.TextFileInitializer(
            vocabulary_file,
            tf.int64,
            key_column_index,
            tf.string,
            value_column_index,
            vocab_size,
            delimiter,
        )
        return tf.compat.v1.lookup.StaticHashTable(initializer, default_value)


def index_to_string_table_from_tensor(
    vocabulary_list: Any, default_value: str = "UNK", name: str | None = None
) -> Any:
    """Return a table from numbers to the words of a list or a tensor.

    Raises:
        ValueError: the list is None.
    """
    tf = _runtime.tensorflow()
    if vocabulary_list is None:
        raise ValueError("`vocabulary_list` argument must be specified.")
    with tf.compat.v1.name_scope(name, "index_to_string"):
        words = tf.convert_to_tensor(vocabulary_list, tf.string)
        numbers = tf.range(tf.size(words, tf.int64))
        initializer = tf.lookup.KeyValueTensorInitializer(numbers, words)
        return tf.compat.v1.lookup.StaticHashTable(initializer, default_value)


def _check_file(path: Any, size: int | None) -> None:
    if path is None or (isinstance(path, str) and not path):
        raise ValueError("`vocabulary_file` must be specified and must not be empty.")
    if size is not None and size < 1:
        raise ValueError(f"`vocab_size` must be greater than 0, got {size}.")
