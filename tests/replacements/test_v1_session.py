"""Summaries and savers of graphs of TensorFlow 1, against the private originals."""

import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements

v1 = tf.compat.v1


def both(path, name=None):
    return [original(path), getattr(replacements, name or path.rpartition(".")[2].lstrip("_"))]


def steps_of(directory):
    return [
        event.step
        for path in sorted(directory.iterdir())
        for event in v1.train.summary_iterator(str(path))
        if event.summary.value
    ]


def test_every_n_global_steps(tmp_path):
    name = "record_summaries_every_n_global_steps"
    for index, function in enumerate(both(f"ops.summary_ops_v2.{name}")):
        directory = tmp_path / str(index)
        step = tf.Variable(0, dtype=tf.int64)
        with tf.summary.create_file_writer(str(directory)).as_default(), function(3, step):
            for _ in range(8):
                tf.summary.write("tag", 1.0, step=step)
                step.assign_add(1)
        assert steps_of(directory) == [0, 3, 6]


def test_writers_of_a_graph(tmp_path):
    name = "record_summaries_every_n_global_steps"
    for index, (every, initializers) in enumerate(
        zip(
            both(f"ops.summary_ops_v2.{name}"),
            both("ops.summary_ops_v2.summary_writer_initializer_op"),
        )
    ):
        directory = tmp_path / str(index)
        with pytest.raises(RuntimeError):
            initializers()
        with tf.Graph().as_default(), v1.Session() as session:
            step = v1.train.get_or_create_global_step()
            writer = tf.summary.create_file_writer(str(directory))
            with writer.as_default(), every(2):
                write = tf.summary.write("tag", 1.0, step=step)
            assert len(initializers()) == 1
            session.run([initializers(), v1.global_variables_initializer()])
            for _ in range(4):
                session.run(write)
                session.run(step.assign_add(1))
            session.run(writer.close())
        assert steps_of(directory) == [0, 2]


def test_characters_of_scopes():
    old, new = both("ops.summary_ops_v2._INVALID_SCOPE_CHARACTERS")
    assert new.pattern == old.pattern


def test_the_saver_of_a_graph():
    for function in both("training.saver._get_saver_or_default"):
        with tf.Graph().as_default():
            v1.Variable(1.0)
            saver = function()
            assert isinstance(saver, v1.train.Saver)
            assert saver.as_saver_def().sharded
            assert function() is saver
            v1.add_to_collection(v1.GraphKeys.SAVERS, v1.train.Saver())
            with pytest.raises(RuntimeError, match="More than one"):
                function()


def test_the_reason_of_an_error():
    error = tf.errors.NotFoundError(None, None, "no such key")
    old, new = (f(error, "a name") for f in both("training.saver._wrap_restore_error_with_msg"))
    assert (type(new), new.message) == (type(old), old.message)
    assert "no such key" in new.message
