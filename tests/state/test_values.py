"""Values arrive bit by bit, checked against NumPy and TensorFlow's own reader."""

from __future__ import annotations

import collections
import dataclasses
import json
import math

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc

keras = tf.keras

DTYPES = [
    tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.int8, tf.int16, tf.int32, tf.int64,
    tf.uint8, tf.uint16, tf.uint32, tf.uint64, tf.bool, tf.complex64, tf.complex128,
]  # fmt: skip


def raw(variable) -> bytes:
    return variable.numpy().tobytes()


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (7,), (2, 3)], ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.name)
def test_variables_of_every_dtype(dtype, shape, tmp_path) -> None:
    # Every bit pattern, those of NaNs and denormal numbers among them.
    size = int(np.prod(shape)) * dtype.size
    bits = np.random.RandomState(3).randint(0, 256, size, dtype=np.uint8).tobytes()
    array = np.frombuffer(bits, dtype.as_numpy_dtype).reshape(shape)
    if dtype == tf.bool:
        array = np.frombuffer(bits, np.uint8).reshape(shape) > 127
    saved = tf.Variable(array)
    restored = tf.Variable(tf.zeros(shape, dtype))
    tfc.save_state(tmp_path, {"v": saved})
    report = tfc.restore_state(tmp_path, {"v": restored})
    assert report.restored == ("v",)
    assert raw(restored) == array.tobytes()
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(tmp_path)))
    assert reader.get_tensor("v").tobytes() == array.tobytes()


def test_string_variables(tmp_path) -> None:
    array = np.array([[b"", b"\x00\xff"], ["ü".encode(), b"x" * 1000]], dtype=object)
    restored = tf.Variable(tf.fill((2, 2), "?"))
    tfc.save_state(tmp_path, tf.Variable(array))
    tfc.restore_state(tmp_path, restored)
    np.testing.assert_array_equal(restored.numpy(), array)


def test_variables_of_unknown_shape(tmp_path) -> None:
    saved = tf.Variable([[1.0, 2.0]], shape=tf.TensorShape(None))
    rows = tf.Variable([[1.0, 2.0]] * 3, shape=tf.TensorShape([None, 2]))
    tfc.save_state(tmp_path, {"any": saved, "rows": rows})
    other = {
        "any": tf.Variable(0.0, shape=tf.TensorShape(None)),
        "rows": tf.Variable([[0.0, 0.0]], shape=tf.TensorShape([None, 2])),
    }
    tfc.restore_state(tmp_path, other)
    np.testing.assert_array_equal(other["any"].numpy(), [[1.0, 2.0]])
    np.testing.assert_array_equal(other["rows"].numpy(), [[1.0, 2.0]] * 3)


@dataclasses.dataclass
class Settings:
    epoch: int
    history: list


@dataclasses.dataclass(frozen=True)
class Frozen:
    best: float


Point = collections.namedtuple("Point", "x y")


def test_plain_values(tmp_path) -> None:
    def nest(zero: bool):
        pick = (lambda value: type(value)()) if zero else (lambda value: value)
        return {
            "int": pick(-(2**62) - 1),
            "long": pick(2**100),
            "float": pick(math.pi),
            "infinite": pick(-math.inf),
            "complex": pick(1 - 2j),
            "bool": pick(True),
            "str": pick("naïve \U0001f600 \ud800 \x00"),
            "bytes": pick(b"\x00\xff"),
            "none": None,
            "list": [pick(1), [pick(2.5)]],
            "tuple": (pick(1), pick("a")),
            "point": Point(pick(1), pick(2)),
            "settings": Settings(pick(7), [pick(0.5)]),
            "frozen": Frozen(pick(0.25)),
            "value": pick(9),
            5: pick(6),
        }

    expected, live = nest(False), nest(True)
    tfc.save_state(tmp_path, expected)
    inner, settings = live["list"], live["settings"]
    report = tfc.restore_state(tmp_path, live)
    assert report.objects is live
    assert live == nest(False)
    assert live["list"] is inner
    assert live["settings"] is settings
    assert [type(value) for value in live.values()] == [type(v) for v in expected.values()]


def test_plain_value_in_an_immutable_nest_is_in_the_report(tmp_path) -> None:
    tfc.save_state(tmp_path, (3, {"loss": 0.5}))
    assert tfc.restore_state(tmp_path, (0, {"loss": 0.0})).objects == (3, {"loss": 0.5})
    tfc.save_state(tmp_path, 12)
    assert tfc.restore_state(tmp_path, 0).objects == 12


def test_nan_keeps_its_bits(tmp_path) -> None:
    nan = np.frombuffer(b"\x01\x02\x03\x04\x05\x06\xf8\x7f", np.float64)
    tfc.save_state(tmp_path, {"a": nan, "b": float(nan[0])})
    live = {"a": np.zeros(1), "b": 0.0}
    tfc.restore_state(tmp_path, live)
    assert live["a"].tobytes() == nan.tobytes()
    assert np.float64(live["b"]).tobytes() == nan.tobytes()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.int16).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(12.0)[::2],
        np.array(5, np.uint8),
        np.zeros((0, 4), np.float16),
        np.array(["a", "ßß"]),
        np.array([b"a", b"bcd"]),
        np.array([True, False]),
        np.array([1 + 2j], np.complex64),
    ],
    ids=lambda a: f"{a.dtype}{a.shape}",
)
def test_arrays_are_restored_in_place(array, tmp_path) -> None:
    live = {"a": np.zeros_like(array)}
    same = live["a"]
    tfc.save_state(tmp_path, {"a": array})
    tfc.restore_state(tmp_path, live)
    np.testing.assert_array_equal(live["a"], array)
    assert live["a"].dtype == array.dtype
    assert live["a"] is same


def test_read_only_arrays_and_scalars_are_replaced(tmp_path) -> None:
    array = np.zeros(2)
    array.flags.writeable = False
    tfc.save_state(tmp_path, {"a": np.ones(2), "n": np.float32(1.5)})
    live = {"a": array, "n": np.float32(0)}
    tfc.restore_state(tmp_path, live)
    np.testing.assert_array_equal(live["a"], [1, 1])
    np.testing.assert_array_equal(array, [0, 0])
    assert type(live["n"]) is np.float32
    assert live["n"] == 1.5


def test_value_that_is_not_there_yet(tmp_path) -> None:
    tfc.save_state(tmp_path, {"best": 0.5, "name": None, "steps": 3})
    live = {"best": None, "name": "x", "steps": 0.5}
    tfc.restore_state(tmp_path, live)
    assert live == {"best": 0.5, "name": None, "steps": 3}


def test_values_of_another_type_are_a_mismatch(tmp_path) -> None:
    tfc.save_state(tmp_path, {"a": 1, "b": "x", "c": np.ones(2), "d": True, "e": tf.Variable(1)})
    live = {"a": "1", "b": b"x", "c": np.ones(2, np.float32), "d": 1, "e": 1}
    before = dict(live)
    with pytest.raises(tfc.StateMismatchError) as caught:
        tfc.restore_state(tmp_path, live)
    assert {line.partition(":")[0] for line in caught.value.different} == set("abcde")
    assert "a: a Python int in the state, a Python str here" in caught.value.different
    assert live == before


def test_generators_go_on_where_they_were(tmp_path) -> None:
    generator = tf.random.Generator.from_seed(7, alg="philox")
    generator.normal((3,))
    tfc.save_state(tmp_path, {"rng": generator})
    expected = generator.normal((4,)).numpy()
    other = tf.random.Generator.from_seed(1, alg="philox")
    tfc.restore_state(tmp_path, {"rng": other})
    np.testing.assert_array_equal(other.normal((4,)).numpy(), expected)


def test_generator_of_another_algorithm_is_a_mismatch(tmp_path) -> None:
    tfc.save_state(tmp_path, {"rng": tf.random.Generator.from_seed(7, alg="philox")})
    other = tf.random.Generator.from_seed(1, alg="threefry")
    before = other.state.numpy()
    with pytest.raises(tfc.StateMismatchError, match="rng/state: shape"):
        tfc.restore_state(tmp_path, {"rng": other})
    np.testing.assert_array_equal(other.state.numpy(), before)


@pytest.mark.skipif(not tfc.supports("seed_generator"), reason="Keras 2 has no SeedGenerator")
def test_seed_generators_go_on_where_they_were(tmp_path) -> None:
    generator = keras.random.SeedGenerator(7)
    keras.random.normal((2,), seed=generator)
    tfc.save_state(tmp_path, {"seed": generator})
    expected = np.asarray(keras.random.normal((3,), seed=generator))
    other = keras.random.SeedGenerator(1)
    tfc.restore_state(tmp_path, {"seed": other})
    np.testing.assert_array_equal(np.asarray(keras.random.normal((3,), seed=other)), expected)


def tables():
    experimental = tf.lookup.experimental
    found = [
        pytest.param(
            lambda: experimental.DenseHashTable(tf.int64, tf.float32, -1.0, -1, -2), id="Dense"
        )
    ]
    small = {"initial_num_buckets": 4}
    found.append(
        pytest.param(
            lambda: experimental.DenseHashTable(tf.int64, tf.float32, -1.0, -1, -2, **small),
            id="Dense-small",
        )
    )
    if hasattr(experimental, "MutableHashTable"):  # from 2.8
        found.append(
            pytest.param(lambda: experimental.MutableHashTable(tf.int64, tf.float32, -1.0), id="M")
        )
    return found


@pytest.mark.parametrize("make", tables())
def test_lookup_tables(make, tmp_path) -> None:
    table, other = make(), make()
    table.insert(tf.constant([5, 7, 8, 9], tf.int64), [0.5, 0.75, 7.0, 1.0])
    table.remove(tf.constant([8], tf.int64))
    tfc.save_state(tmp_path, {"table": table})
    other.insert(tf.constant([5, 6], tf.int64), [3.0, 4.0])
    tfc.restore_state(tmp_path, {"table": other})
    keys = tf.constant([5, 6, 7, 9], tf.int64)
    np.testing.assert_array_equal(other.lookup(keys).numpy(), [0.5, -1.0, 0.75, 1.0])
    assert int(other.size()) == 3
    empty = make()
    tfc.save_state(tmp_path, {"table": empty})
    tfc.restore_state(tmp_path, {"table": other})
    assert int(other.size()) == 0


def test_lookup_table_of_vectors(tmp_path) -> None:
    def make():
        return tf.lookup.experimental.DenseHashTable(
            tf.string, tf.float32, [0.0, 0.0], ["", ""], ["?", "?"]
        )

    table, other = make(), make()
    table.insert([["a", "b"], ["a", "c"]], [[1.0, 2.0], [3.0, 4.0]])
    tfc.save_state(tmp_path, table)
    tfc.restore_state(tmp_path, other)
    found = other.lookup([["a", "c"], ["b", "a"], ["a", "b"]]).numpy()
    np.testing.assert_array_equal(found, [[3.0, 4.0], [0.0, 0.0], [1.0, 2.0]])


def test_dataset_iterators_go_on_where_they_were(tmp_path) -> None:
    def make():
        return iter(tf.data.Dataset.range(100).shuffle(10, seed=3).batch(2))

    iterator = make()
    for _ in range(3):
        next(iterator)
    tfc.save_state(tmp_path, {"data": iterator, "step": 3})
    expected = [next(iterator).numpy().tolist() for _ in range(4)]
    other = make()
    tfc.restore_state(tmp_path, {"data": other, "step": 0})
    assert [next(other).numpy().tolist() for _ in range(4)] == expected


def test_metrics(tmp_path) -> None:
    def make():
        return {
            "mean": keras.metrics.Mean(),
            "auc": keras.metrics.AUC(num_thresholds=20),
            "accuracy": keras.metrics.BinaryAccuracy(),
        }

    saved, restored = make(), make()
    saved["mean"].update_state([1.0, 4.0])
    for name in ("auc", "accuracy"):
        saved[name].update_state([0, 1, 1, 0], [0.1, 0.6, 0.4, 0.7])
    tfc.save_state(tmp_path, saved)
    report = tfc.restore_state(tmp_path, restored)
    assert {"mean/total", "mean/count"} <= set(report.restored)
    for name, metric in saved.items():
        assert float(restored[name].result()) == float(metric.result()) != 0


def test_keys_and_manifest_are_readable_without_tfcompat(tmp_path) -> None:
    weight = tf.Variable([1.0, 2.0])
    tfc.save_state(tmp_path, {"model": {"w": weight}, "step": 4}, step=4)
    prefix = tf.train.latest_checkpoint(str(tmp_path))
    reader = tf.train.load_checkpoint(prefix)
    assert set(reader.get_variable_to_shape_map()) == {"model/w", "step", ".tfcompat/manifest"}
    assert reader.get_tensor("step") == 4
    manifest = json.loads(reader.get_tensor(".tfcompat/manifest"))
    assert manifest["format"] == 1
    assert manifest["step"] == 4
    assert manifest["entries"]["model/w"] == ["float32", [2], "variable"]
    assert manifest["writer"]["tensorflow"] == str(tfc.runtime().tensorflow)


def test_describe_state(tmp_path) -> None:
    tfc.save_state(tmp_path, {"w": tf.Variable(tf.zeros((3, 2), tf.float16)), "n": 1}, step=4)
    described = tfc.describe_state(tmp_path)
    assert described.step == 4
    assert described.entries["w"] == tfc.StateEntry("float16", (3, 2), "variable")
    assert described.entries["n"].kind == "int"
    assert described.entries["w"].nbytes == 12
    assert described.nbytes == 12 + 8
    assert described.writer["tensorflow"] == str(tfc.runtime().tensorflow)
    assert tf.train.load_checkpoint(described.prefix).get_tensor("w").shape == (3, 2)


def string_lookup():
    layers = getattr(keras.layers, "experimental", None)
    return getattr(keras.layers, "StringLookup", None) or layers.preprocessing.StringLookup


def test_vocabulary_inside_a_model_of_the_user(tmp_path) -> None:
    class Model(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.lookup = string_lookup()()
            self.embedding = keras.layers.Embedding(5, 2)

        def call(self, inputs):
            return self.embedding(self.lookup(inputs))

    words = tf.constant([["red", "green"]])
    first, second = Model(), Model()
    for model, known in ((first, ["red", "red", "green"]), (second, ["green", "green", "red"])):
        model.lookup.adapt(tf.constant(known))
        model(words)
    tfc.save_state(tmp_path, {"model": first})
    tfc.restore_state(tmp_path, {"model": second})
    np.testing.assert_array_equal(second(words), first(words))


def test_vocabulary_of_a_lookup_layer(tmp_path) -> None:
    first, second = string_lookup()(), string_lookup()()
    first.adapt(tf.constant(["red", "red", "red", "green", "green", "blue"]))
    expected = first(tf.constant(["blue", "red", "pink"])).numpy()
    tfc.save_state(tmp_path, {"lookup": first})
    tfc.restore_state(tmp_path, {"lookup": second})
    np.testing.assert_array_equal(second(tf.constant(["blue", "red", "pink"])).numpy(), expected)
    assert [str(w) for w in second.get_vocabulary()] == [str(w) for w in first.get_vocabulary()]


@pytest.mark.parametrize(
    "value",
    [
        np.ones(2, np.longdouble),
        np.ones(2, np.clongdouble),
        np.zeros(2, "V3"),
        np.ma.array([1, 2], mask=[False, True]),  # a state would lose the mask
        np.array(["2020-01-01"], "M8[D]"),
        np.array([None]),
    ],
    ids=lambda value: str(value.dtype),
)
def test_arrays_that_no_tensor_holds(value, tmp_path) -> None:
    with pytest.raises(tfc.UnsupportedObjectError, match=r"  a/0: numpy"):
        tfc.save_state(tmp_path / "state", {"a": [value], "n": 1})
    assert not (tmp_path / "state").exists()


def test_nest_that_contains_itself(tmp_path) -> None:
    def made(number: int) -> dict:
        nest: dict = {"n": number, "list": [number]}
        nest["list"].append(nest)
        return nest

    tfc.save_state(tmp_path, made(5))
    live = made(0)
    assert tfc.restore_state(tmp_path, live).objects is live
    assert (live["n"], live["list"][0]) == (5, 5)
    assert live["list"][1] is live


def test_one_object_in_several_places(tmp_path) -> None:
    """A list or dataclass stays one object; of tuples Python makes one where it likes."""
    tfc.save_state(
        tmp_path, {"a": (1, 2), "b": (3, 4), "c": Frozen(0.5), "d": Frozen(0.5), "e": [7], "f": [7]}
    )
    pair, frozen, numbers = (0, 0), Frozen(0.0), [0]
    live = {"a": pair, "b": pair, "c": Frozen(0.0), "d": Frozen(0.0), "e": [0], "f": [0]}
    assert tfc.restore_state(tmp_path, live).objects == {
        "a": (1, 2), "b": (3, 4), "c": Frozen(0.5), "d": Frozen(0.5), "e": [7], "f": [7]
    }  # fmt: skip
    shared = {"a": pair, "b": pair, "c": frozen, "d": frozen, "e": numbers, "f": numbers}
    tfc.save_state(tmp_path, {**shared, "c": (both := Frozen(0.25)), "d": both})
    found = tfc.restore_state(tmp_path, shared).objects
    assert found["c"] is found["d"]
    assert found["c"] == Frozen(0.25)
    assert found["e"] is found["f"] is numbers


def test_name_of_the_manifest(tmp_path) -> None:
    with pytest.raises(tfc.UnsupportedObjectError, match="another name"):
        tfc.save_state(tmp_path / "state", {".tfcompat": {"manifest": 1}})


def test_names_that_tensorflow_does_not_take(tmp_path) -> None:
    names = ["", "\0", "\0a", "a\0", "\ud800", "a/b", "a%2Fb", "%2500"]
    tfc.save_state(tmp_path, {name: index for index, name in enumerate(names)})
    live = dict.fromkeys(names, -1)
    tfc.restore_state(tmp_path, live)
    assert list(live.values()) == [*range(len(names))]
    with pytest.raises(tfc.UnsupportedObjectError, match="read the same"):
        tfc.save_state(tmp_path, {"\ud800": 1, r"\ud800": 2})


@pytest.mark.parametrize(
    ("saved", "live"),
    [(np.str_("ü"), np.str_("")), (np.bytes_(b"x"), np.bytes_(b"")), (np.int8(3), np.int8(0))],
    ids=["str", "bytes", "int8"],
)
def test_scalars_of_numpy_keep_their_type(saved, live, tmp_path) -> None:
    tfc.save_state(tmp_path, {"a": saved})
    found = tfc.restore_state(tmp_path, {"a": live}).objects["a"]
    assert found == saved
    assert type(found) is type(saved)


def test_text_of_any_characters(tmp_path) -> None:
    array = np.array(["\ud800", "\0ü"])
    live = {"a": np.zeros_like(array)}
    tfc.save_state(tmp_path, {"a": array})
    tfc.restore_state(tmp_path, live)
    assert live["a"].tolist() == array.tolist()


def test_bytes_that_are_no_text(tmp_path) -> None:
    tfc.save_state(tmp_path, {"a": np.array([b"\xbe"]), "v": tf.Variable(1.0)})
    live = {"a": np.array(["x"]), "v": tf.Variable(0.0)}
    with pytest.raises(tfc.BadStateError, match="a: bytes in the state that are no text"):
        tfc.restore_state(tmp_path, live)
    assert live["v"].numpy() == 0.0
    assert live["a"][0] == "x"


def test_byte_order_of_an_array_stays(tmp_path) -> None:
    live = {"a": np.zeros(3, ">f4")}
    same = live["a"]
    tfc.save_state(tmp_path, {"a": np.arange(3, dtype=">f4")})
    tfc.restore_state(tmp_path, live)
    assert live["a"] is same
    assert same.tolist() == [0.0, 1.0, 2.0]
