"""Tracking, checked by what tf.train.Checkpoint saves and restores."""

from __future__ import annotations

import collections
import dataclasses
import math

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tfcompat import _kinds

keras = tf.keras


def checkpoint_keys(root, path) -> set[str]:
    """Return the keys under which TensorFlow itself saves what hangs below a root."""
    prefix = tf.train.Checkpoint(root=root).write(str(path / "checkpoint"))
    return {
        key[: -len("/.ATTRIBUTES/VARIABLE_VALUE")]
        for key, _ in tf.train.list_variables(prefix)
        if key.endswith("VARIABLE_VALUE")
    }


def keras_3_0() -> bool:
    """Keras 3.0's layers are no TensorFlow trackables."""
    return not issubclass(keras.layers.Layer, tfc.Trackable)


class Layer(keras.layers.Layer):
    def call(self, inputs):
        return inputs


OWNERS = [
    pytest.param(tf.Module, id="Module"),
    pytest.param(tf.train.Checkpoint, id="Checkpoint"),
    pytest.param(lambda: tfc.AutoTrackable(), id="AutoTrackable"),
    pytest.param(Layer, id="Layer"),
    pytest.param(lambda: keras.Sequential([keras.layers.Dense(1)]), id="Sequential"),
]


@pytest.mark.parametrize("make", OWNERS)
def test_track_makes_tensorflow_save_and_restore(make, tmp_path) -> None:
    owner, variable = make(), tf.Variable([1.0, 2.0])
    assert tfc.track(owner, "extra", variable) is variable
    assert owner.extra is variable
    assert tfc.children(owner)["extra"] is variable
    if keras_3_0() and isinstance(owner, keras.layers.Layer):
        pytest.skip("Keras 3.0's layers cannot be saved by tf.train.Checkpoint")
    prefix = tf.train.Checkpoint(owner=owner).write(str(tmp_path / "checkpoint"))
    assert "owner/extra/.ATTRIBUTES/VARIABLE_VALUE" in dict(tf.train.list_variables(prefix))
    variable.assign([0.0, 0.0])
    tf.train.Checkpoint(owner=owner).read(prefix)
    np.testing.assert_array_equal(variable.numpy(), [1.0, 2.0])


def test_track_refuses_a_name_that_is_taken() -> None:
    owner, variable = tf.Module(), tf.Variable(1.0)
    tfc.track(owner, "extra", variable)
    assert tfc.track(owner, "extra", variable) is variable
    with pytest.raises(tfc.TrackingError, match="already has an attribute 'extra'"):
        tfc.track(owner, "extra", tf.Variable(2.0))
    assert owner.extra is variable


@pytest.mark.parametrize("owner", [3, {}, tf.constant(1.0)], ids=["int", "dict", "tensor"])
def test_track_refuses_an_owner_that_cannot_track(owner) -> None:
    with pytest.raises(tfc.TrackingError, match="does not track its attributes"):
        tfc.track(owner, "extra", tf.Variable(1.0))


def test_track_refuses_an_empty_name() -> None:
    with pytest.raises(tfc.TrackingError, match="must not be empty"):
        tfc.track(tf.Module(), "", tf.Variable(1.0))


def test_track_plain_values(tmp_path) -> None:
    owner = tf.Module()
    tfc.track(owner, "progress", {"epoch": 3, "best": [0.5, 0.25]})
    prefix = tf.train.Checkpoint(owner=owner).write(str(tmp_path / "checkpoint"))
    other = tf.Module()
    tfc.track(other, "progress", {"epoch": 0, "best": [0.0, 0.0]})
    tf.train.Checkpoint(owner=other).read(prefix)
    assert other.progress.value == {"epoch": 3, "best": [0.5, 0.25]}


@pytest.mark.parametrize("make", OWNERS)
def test_untrack_neither_tracks_nor_wraps(make, tmp_path) -> None:
    owner = make()
    plain = [tf.Variable(1.0)]
    mapping = {"a": tf.Variable(2.0)}
    tfc.untrack(owner, "plain", plain)
    tfc.untrack(owner, "mapping", mapping)
    assert owner.plain is plain
    assert type(owner.plain) is list
    assert owner.mapping is mapping
    assert type(owner.mapping) is dict
    assert {"plain", "mapping"}.isdisjoint(tfc.children(owner))
    if not (keras_3_0() and isinstance(owner, keras.layers.Layer)):
        assert not any("plain" in k or "mapping" in k for k in checkpoint_keys(owner, tmp_path))


def test_untrack_holds_for_the_value_alone() -> None:
    owner = tf.Module()
    tfc.untrack(owner, "weight", tf.Variable(1.0))
    assert tfc.children(owner) == {}
    owner.weight = tf.Variable(2.0)
    assert list(tfc.children(owner)) == ["weight"]


class Scratch(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.kept = keras.layers.Dense(1)
        self.reset()

    @tfc.untracked_attributes
    def reset(self):
        self.scratch = [tf.Variable(1.0)]
        self.table = {"layer": keras.layers.Dense(2)}
        return type(self).__name__

    def call(self, inputs):
        return self.kept(inputs)


def test_untracked_attributes() -> None:
    layer = Scratch()
    layer(tf.ones((1, 2)))
    assert type(layer) is Scratch
    assert type(layer.scratch) is list
    assert type(layer.table) is dict
    assert list(tfc.children(layer)) == ["kept"]
    assert len(layer.weights) == 2
    assert layer.reset() == "Scratch"


def test_untracked_attributes_of_a_constructor() -> None:
    class Owner(tf.Module):
        @tfc.untracked_attributes
        def __init__(self):
            super().__init__(name="owner")
            self.items = [tf.Variable(1.0)]

    owner = Owner()
    assert owner.name == "owner"
    assert type(owner.items) is list
    assert tfc.children(owner) == {}
    owner.tracked = [tf.Variable(2.0)]
    assert list(tfc.children(owner)) == ["tracked"]


def test_untracked_attributes_restores_the_class_after_an_error() -> None:
    class Owner(tf.Module):
        @tfc.untracked_attributes
        def fail(self):
            raise RuntimeError("on purpose")

    owner = Owner()
    with pytest.raises(RuntimeError, match="on purpose"):
        owner.fail()
    assert type(owner) is Owner


def test_base_classes_are_those_of_tensorflow() -> None:
    assert issubclass(tf.Module, tfc.AutoTrackable)
    assert issubclass(tfc.AutoTrackable, tfc.Trackable)
    assert isinstance(tf.Variable(1.0), tfc.Trackable)
    assert isinstance(tf.train.Checkpoint(), tfc.AutoTrackable)
    assert not isinstance(tf.Variable(1.0), tfc.AutoTrackable)
    assert tfc.Trackable.__module__.startswith("tensorflow")

    class Mine(tfc.AutoTrackable):
        pass

    mine = Mine()
    mine.weight = tf.Variable(1.0)
    assert list(tfc.children(mine)) == ["weight"]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: tf.Variable(1.0), True),
        (lambda: keras.layers.Dense(1), True),
        (lambda: keras.Sequential(), True),
        (lambda: keras.optimizers.Adam(), True),
        (lambda: keras.metrics.Mean(), True),
        (lambda: tf.Module(), True),
        (lambda: tf.random.Generator.from_seed(1), True),
        (lambda: iter(tf.data.Dataset.range(3)), True),
        (lambda: 3, False),
        (lambda: {"a": 1}, False),
        (lambda: np.ones(2), False),
        (lambda: tf.constant(1.0), False),
    ],
)
def test_is_trackable(make, expected: bool) -> None:
    assert tfc.is_trackable(make()) is expected


@dataclasses.dataclass
class Progress:
    epoch: int
    losses: list
    weight: object


def test_as_trackable_returns_trackables_as_they_are() -> None:
    module, variable = tf.Module(), tf.Variable(1.0)
    assert tfc.as_trackable(module) is module
    assert tfc.as_trackable(variable) is variable


def test_as_trackable_through_a_tensorflow_checkpoint(tmp_path) -> None:
    def nest(number: int):
        point = collections.namedtuple("Point", "x y")
        return {
            "array": np.full((2, 3), number, np.float16),
            "numbers": [number, number / 3, complex(number, -number), bool(number), 2**80 * number],
            "strings": ("é" * number, b"\xff" * number, None if number else "x"),
            "point": point(number, {"deep": number}),
            "progress": Progress(number, [math.inf, number], tf.Variable([float(number)])),
            "value": number,
            "layer": tf.Module(),
        }

    saved, restored = nest(3), nest(0)
    array, progress = restored["array"], restored["progress"]
    prefix = tf.train.Checkpoint(nest=tfc.as_trackable(saved)).write(str(tmp_path / "checkpoint"))
    target = tfc.as_trackable(restored)
    tf.train.Checkpoint(nest=target).read(prefix).assert_existing_objects_matched()
    value = target.value
    assert value is restored
    assert value["array"] is array
    np.testing.assert_array_equal(array, np.full((2, 3), 3, np.float16))
    assert value["numbers"] == saved["numbers"]
    assert value["strings"] == saved["strings"]
    assert tuple(value["point"]) == (3, {"deep": 3})
    assert value["progress"] is progress
    assert (progress.epoch, progress.losses) == (3, [math.inf, 3])
    assert progress.weight.numpy() == [3.0]
    assert value["value"] == 3


def test_as_trackable_lists_everything_it_cannot_take() -> None:
    with pytest.raises(tfc.UnsupportedObjectError) as caught:
        tfc.as_trackable({"a": object(), "b": [1, {2, 3}], "c": 1})
    message = str(caught.value)
    assert "a: builtins.object" in message
    assert "b/1: builtins.set" in message
    assert "\n  c:" not in message


def test_names_are_those_the_user_wrote() -> None:
    inputs = keras.Input((3,), name="inputs")
    hidden = keras.layers.Dense(2, name="encoder")(inputs)
    hidden = keras.layers.Dense(2)(hidden)
    model = keras.Model(inputs, keras.layers.Dense(1)(hidden))
    assert list(tfc.variables({"model": model, "n": 3})) == [
        "model/encoder/kernel",
        "model/encoder/bias",
        "model/dense/kernel",
        "model/dense/bias",
        "model/dense_1/kernel",
        "model/dense_1/bias",
    ]
    found = tfc.variables(model)
    np.testing.assert_array_equal(found["encoder/kernel"].numpy(), model.get_weights()[0])
    assert all(isinstance(variable, tf.Variable) for variable in found.values())


def test_second_model_of_a_process_has_the_same_names() -> None:
    def make():
        return keras.Sequential(
            [
                keras.layers.Dense(2, input_shape=(3,)),
                keras.layers.BatchNormalization(),
                keras.layers.Dense(2),
            ]
        )

    first, second = make(), make()
    assert list(tfc.variables(first)) == list(tfc.variables(second))


def test_walk_gives_each_object_once_by_its_shortest_path() -> None:
    shared = keras.layers.Dense(1)
    shared.build((None, 1))
    nest = {"deep": {"deeper": {"layer": shared}}, "layer": shared}
    found = [path for path, value in tfc.walk(nest) if value is shared]
    assert found == ["layer"]
    assert next(iter(tfc.walk(nest)))[0] == ""


def test_walk_ends_on_cycles() -> None:
    first, second = tf.Module(), tf.Module()
    first.other, second.other = second, first
    second.weight = tf.Variable(1.0)
    assert list(tfc.variables(first)) == ["other/weight"]


def test_slashes_in_names_do_not_make_borders() -> None:
    variable, other = tf.Variable(1.0), tf.Variable(2.0)
    found = tfc.variables({"a/b": variable, "a": {"b": other}, "100%": tf.Variable(3.0)})
    assert list(found) == ["a%2Fb", "100%25", "a/b"]


def test_keys_that_read_the_same_are_refused() -> None:
    with pytest.raises(tfc.UnsupportedObjectError, match="read the same"):
        tfc.variables({1: tf.Variable(1.0), "1": tf.Variable(2.0)})


def test_kerass_own_variables_are_known_wherever_it_is_asked_first() -> None:
    """A layer that a functional model builds may be the first to ask for anything."""

    class Asks(tf.keras.layers.Layer):
        def build(self, shape) -> None:
            _kinds._keras_of.cache_clear()
            _kinds._KIND_OF_CLASS.clear()
            self.gate = tfc.add_weight(self, "gate", (3,))

        def call(self, inputs):
            return inputs * tf.convert_to_tensor(self.gate)

    inputs = tf.keras.Input((3,))
    model = tf.keras.Model(inputs, Asks(name="asks")(inputs))
    assert sorted(tfc.variables({"model": model})) == ["model/asks/gate"]
