"""Helpers for objects that keep state against the private originals."""

import collections

import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements


def old(name):
    return original(f"trackable.{name}", f"training.tracking.{name}")


def test_reference():
    module = tf.Module()
    for reference in (old("base.TrackableReference"), replacements.TrackableReference):
        one = reference(name="a", ref=module)
        assert (one.name, one.ref) == ("a", module)
        name, ref = one
        assert (name, ref) == ("a", module)
        assert one == reference("a", module)


def test_a_checkpoint_takes_a_reference(tmp_path):
    class Owner(tf.Module):
        """Names what it holds by itself."""

        def __init__(self):
            super().__init__()
            object.__setattr__(self, "kept", tf.Variable(1.0))

        @property
        def _checkpoint_dependencies(self):
            return [replacements.TrackableReference("kept", self.kept)]

        def _trackable_children(self, *args, **kwargs):  # from 2.8 on
            return dict(self._checkpoint_dependencies)

    path = tf.train.Checkpoint(owner=Owner()).write(str(tmp_path / "state"))
    assert tf.train.load_variable(path, "owner/kept/.ATTRIBUTES/VARIABLE_VALUE") == 1.0


Pair = collections.namedtuple("Pair", "first second")


@pytest.mark.parametrize(
    "value",
    [
        [1, [2]],
        {"a": {}},
        (1, [2]),
        Pair(1, {}),
        collections.OrderedDict(a=[]),
        1,
        "text",
        None,
        len,
        tf.Module(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_wrap_or_unwrap(value):
    function, no_dependency = (
        old("data_structures.wrap_or_unwrap"),
        old("data_structures.NoDependency"),
    )
    expected, found = function(value), replacements.wrap_or_unwrap(value)
    assert type(found) is type(expected)
    assert found == expected
    assert (found is value) == (expected is value)
    assert replacements.wrap_or_unwrap(no_dependency(value)) is value


def test_no_automatic_dependency_tracking_scope(tmp_path):
    found = []
    for scope in (
        old("base.no_automatic_dependency_tracking_scope"),
        replacements.no_automatic_dependency_tracking_scope,
    ):
        module = tf.Module()
        with scope(module):
            module.a = [tf.Variable(1.0)]
            with scope(module):
                module.b = {}
            module.c = []
            other = tf.Module()
            other.d = []
        module.e = []
        with pytest.raises(KeyError), scope(module):
            raise KeyError
        module.f = [tf.Variable(1.0)]
        kinds = [type(getattr(module, name)) for name in "abcef"]
        found.append([*kinds, type(other.d), type(module)])
        path = tf.train.Checkpoint(module=module).write(str(tmp_path / "state"))
        found[-1].append([name for name, _ in tf.train.list_variables(path)])
    assert found[0] == found[1]
    assert found[0][0] is list


def test_get_checkpoint_filename(tmp_path):
    function = original("training.checkpoint_utils._get_checkpoint_filename")
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(), str(tmp_path / "a"), max_to_keep=2)
    path = manager.save()
    manager.save()
    empty = tmp_path / "empty"
    empty.mkdir()
    for given in (tmp_path / "a", str(tmp_path / "a"), path, empty, str(tmp_path / "nothing")):
        assert replacements.get_checkpoint_filename(given) == function(given)
    assert replacements.get_checkpoint_filename(tmp_path / "a") == f"{path[:-1]}2"


def test_initial_values_from_a_checkpoint(tmp_path):
    """The classes are those of what a creator of variables sees after restoring."""
    saved, restored = (tf.compat.v1.train.AdamOptimizer() for _ in range(2))
    gradients = [(tf.ones([]), tf.Variable(0.0))]
    saved.apply_gradients(gradients)
    path = tf.train.Checkpoint(optimizer=saved).write(str(tmp_path / "state"))
    tf.train.Checkpoint(optimizer=restored).read(path)
    seen = []

    def creator(next_creator, **kwargs):
        deferred = isinstance(kwargs["initial_value"], replacements.CheckpointInitialValueCallable)
        seen.append(deferred)
        if deferred:
            value = kwargs["initial_value"]()
            assert isinstance(value, replacements.CheckpointInitialValue)
        return next_creator(**kwargs)

    with tf.variable_creator_scope(creator):
        restored.apply_gradients(gradients)
    # The powers of both betas come from the checkpoint at once, the slots later.
    assert seen == [True, True, False, False]
