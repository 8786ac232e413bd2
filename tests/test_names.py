"""The public names that moved, on whatever release this is."""

from __future__ import annotations

import ast
import functools
import pathlib
import random
import types

import numpy as np
import pytest
import tensorflow as tf
from packaging.specifiers import SpecifierSet

import tfcompat as tfc
from tfcompat import errors, names
from tfcompat._names import TABLE

KERAS = "keras3" if tfc.runtime().era == "keras3" else "keras2"


def claimed(name: str) -> bool:
    row = TABLE[name]
    first, _, last = row.releases.partition("-")
    here = ".".join(map(str, tfc.runtime().tensorflow.release[:2]))
    inside = here in SpecifierSet(f">={first}" + (f",<={last}" if last else ""))
    return inside and (not row.keras or row.keras.replace(" ", "").lower() == KERAS)


def native(path: str):
    """What TensorFlow has at a public path; None if nothing."""
    try:
        return functools.reduce(getattr, path.split(".")[1:], tf)
    except (AttributeError, ImportError):
        return None


@pytest.mark.parametrize("name", sorted(TABLE))
def test_name_is_tensorflows_own_where_its_row_says(name: str) -> None:
    row = TABLE[name]
    if not claimed(name):
        with pytest.raises(errors.MissingNameError, match=name) as caught:
            getattr(names, name)
        assert row.when() in str(caught.value)
        assert row.instead in str(caught.value)
        return
    found = getattr(names, name)
    public = [native(path) for path in row.paths if path.startswith("tensorflow.")]
    existing = [value for value in public if value is not None]
    if existing:
        assert found is existing[0] or found == existing[0]


def test_every_name_is_known_to_type_checkers_and_to_help() -> None:
    stub = pathlib.Path(names.__file__).with_suffix(".pyi").read_text(encoding="utf-8")
    declared = {
        node.target.id
        for node in ast.parse(stub).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert declared == set(TABLE) == set(names.__all__)
    assert set(TABLE) <= set(dir(names))
    for name, row in TABLE.items():
        assert f"\n{name}: {row.when()}" in names.__doc__


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        names.nothing  # noqa: B018


def test_random_split_and_fold_in_draw_what_the_stateless_functions_draw() -> None:
    seed = tf.constant([1, 2])
    np.testing.assert_array_equal(
        names.random_split(seed, 3), tf.random.experimental.stateless_split(seed, 3)
    )
    np.testing.assert_array_equal(
        names.random_fold_in(seed, 3), tf.random.experimental.stateless_fold_in(seed, 3)
    )


def test_set_random_seed_seeds_python_numpy_and_tensorflow() -> None:
    def draw():
        return random.random(), np.random.rand(), float(tf.random.uniform([]))

    names.set_random_seed(7)
    drawn = draw()
    random.seed(7)
    np.random.seed(7)
    tf.random.set_seed(7)
    assert drawn == draw()


def test_datasets_are_those_of_the_methods(tmp_path: pathlib.Path) -> None:
    numbers = tf.data.Dataset.range(7)
    assert [(int(a), int(b)) for a, b in names.zip_datasets(numbers, numbers.skip(1))] == [
        (i, i + 1) for i in range(6)
    ]
    rebatched = names.rebatch_dataset(numbers.batch(3), 2)
    assert [batch.numpy().tolist() for batch in rebatched] == [[0, 1], [2, 3], [4, 5], [6]]
    rebatched = names.rebatch_dataset(numbers.batch(3), 2, drop_remainder=True)
    assert [batch.numpy().tolist() for batch in rebatched] == [[0, 1], [2, 3], [4, 5]]
    lengths = numbers.take(3).map(lambda n: tf.fill([n], n))
    ragged = next(iter(names.ragged_batch_dataset(lengths, 3)))
    assert isinstance(ragged, tf.RaggedTensor)
    assert ragged.to_list() == [[], [1], [2, 2]]
    assert [int(n) for n in names.count_dataset(2, 3).take(3)] == [2, 5, 8]
    path = str(tmp_path / "numbers")
    names.save_dataset(numbers, path)
    loaded = names.load_dataset(path, element_spec=numbers.element_spec)
    assert [int(n) for n in loaded] == list(range(7))
    assert names.AUTOTUNE == tf.data.experimental.AUTOTUNE == -1


def test_transformations_of_datasets_take_the_dataset_first(tmp_path: pathlib.Path) -> None:
    def values(dataset) -> list:
        return [np.asarray(element).tolist() for element in dataset]

    numbers = tf.data.Dataset.range(6)
    parity = numbers.map(lambda n: n % 2)
    assert sorted(values(names.unique_dataset(parity))) == [0, 1]
    zero = tf.constant(0, tf.int64)
    sums = names.scan_dataset(numbers, zero, lambda state, n: (state + n, state + n))
    assert values(sums) == [0, 1, 3, 6, 10, 15]
    groups = names.group_dataset_by_window(
        numbers,
        key_func=lambda n: n % 2,
        reduce_func=lambda key, window: window.batch(3),
        window_size=3,
    )
    assert values(groups) == [[0, 2, 4], [1, 3, 5]]
    kept = names.snapshot_dataset(numbers, str(tmp_path / "snapshot"))
    assert values(kept) == values(numbers)
    filled = numbers.map(lambda n: tf.fill([n % 3 + 1], n))
    buckets = names.bucket_dataset_by_sequence_length(
        filled, lambda element: tf.shape(element)[0], [2], [2, 4]
    )
    assert values(buckets.take(1)) == [[[0], [3]]]
    ones = names.resample_dataset(parity.repeat(), lambda n: tf.cast(n, tf.int32), [0.0, 1.0])
    assert {int(label) for label, _ in ones.take(5)} == {1}
    datasets = [numbers, numbers.map(lambda n: n + 10)]
    chosen = names.choose_from_datasets(
        datasets, tf.data.Dataset.from_tensor_slices([0, 1, 1]).map(lambda n: tf.cast(n, tf.int64))
    )
    assert values(chosen) == [0, 10, 11]
    assert values(names.sample_from_datasets(datasets, [0.0, 1.0]).take(3)) == [10, 11, 12]


def test_losses_are_their_formulas() -> None:
    truth, guess = np.array([[1.0, 3.0]], "float32"), np.array([[2.0, 5.0]], "float32")
    delta = guess - truth
    expected = {
        "mean_squared_error": np.mean(delta**2),
        "mean_absolute_error": np.mean(np.abs(delta)),
        "mean_absolute_percentage_error": 100 * np.mean(np.abs(delta / truth)),
        "mean_squared_logarithmic_error": np.mean((np.log1p(guess) - np.log1p(truth)) ** 2),
        "log_cosh": np.mean(np.log(np.cosh(delta))),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(getattr(names, name)(truth, guess), [value], rtol=1e-5)
    p, q = np.array([[0.3, 0.7]], "float32"), np.array([[0.6, 0.4]], "float32")
    np.testing.assert_allclose(names.kl_divergence(p, q), [np.sum(p * np.log(p / q))], rtol=1e-5)


def test_schedules_are_their_formulas() -> None:
    decay = names.CosineDecay(0.1, 10)
    np.testing.assert_allclose(float(decay(5)), 0.05, rtol=1e-5)
    np.testing.assert_allclose(float(names.CosineDecayRestarts(0.1, 10)(0)), 0.1, rtol=1e-5)


def test_optimizers_take_a_step() -> None:
    def step(optimizer) -> float:
        variable = tf.Variable(2.0)
        if hasattr(optimizer, "minimize"):
            optimizer.apply_gradients([(tf.constant(1.0), variable)])
        else:
            optimizer.apply([tf.constant(1.0)], [variable])
        return float(variable)

    # In 2.9, below experimental, the decay is another: nothing to compare with.
    if claimed("AdamW") and not tf.__version__.startswith("2.9."):
        # The first step of Adam is its rate; the decay takes its share of the weight.
        adam = names.AdamW(0.1, weight_decay=0.5)
        np.testing.assert_allclose(step(adam), 2.0 - 0.1 * 0.5 * 2.0 - 0.1, rtol=1e-4)
    if claimed("Lion"):
        np.testing.assert_allclose(step(names.Lion(0.1)), 2.0 - 0.1, rtol=1e-5)
    if claimed("legacy_optimizers"):
        legacy = names.legacy_optimizers.SGD(0.1, momentum=0.9)
        np.testing.assert_allclose(step(legacy), 1.9, rtol=1e-6)
        variable = tf.Variable(2.0)
        legacy.apply_gradients([(tf.constant(1.0), variable)])
        np.testing.assert_allclose(float(legacy.get_slot(variable, "momentum")), -0.1, rtol=1e-6)
        assert isinstance(names.legacy_optimizers, types.ModuleType)


def test_layers_compute_what_they_are_called() -> None:
    image = tf.reshape(tf.range(32, dtype=tf.float32), [1, 4, 4, 2])
    np.testing.assert_allclose(names.Rescaling(0.5, offset=1.0)(image), image * 0.5 + 1)
    np.testing.assert_allclose(names.CenterCrop(2, 2)(image), image[:, 1:3, 1:3])
    assert names.Resizing(2, 2)(image).shape == [1, 2, 2, 2]
    normalize = names.Normalization(mean=1.0, variance=4.0)
    np.testing.assert_allclose(normalize(tf.constant([[3.0]])), [[1.0]])
    dense = names.EinsumDense("ab,bc->ac", output_shape=3)
    assert dense(tf.ones([2, 4])).shape == [2, 3]
    lookup = names.StringLookup(vocabulary=["a", "b"])
    assert np.asarray(lookup(tf.constant(["b", "?"]))).tolist() in ([2, 0], [3, 1])
    if claimed("GroupNormalization"):
        normalized = names.GroupNormalization(groups=1)(image)
        np.testing.assert_allclose(np.mean(normalized), 0, atol=1e-5)


def test_registered_classes_are_found_by_their_names() -> None:
    @names.register_keras_serializable("names")
    class Ours:
        def get_config(self) -> dict[str, int]:
            return {}

    assert names.get_registered_name(Ours) == "names>Ours"
    assert names.get_registered_object("names>Ours") is Ours

    class Theirs(tf.keras.layers.Layer):
        pass

    config = tf.keras.layers.serialize(Theirs())
    with names.custom_object_scope({"Theirs": Theirs}):
        assert type(tf.keras.layers.deserialize(config)) is Theirs


def test_utilities_of_keras() -> None:
    padded = names.pad_sequences([[1], [2, 3]], padding="post")
    assert padded.tolist() == [[1, 0], [2, 3]]
    # Without Pillow nothing makes an image, but an array serves for one.
    array = np.full([2, 2, 3], 7.0)
    np.testing.assert_array_equal(names.img_to_array(array), array)
    windows = names.timeseries_dataset_from_array(np.arange(4), None, 2, batch_size=8)
    assert next(iter(windows)).numpy().tolist() == [[0, 1], [1, 2], [2, 3]]
    assert issubclass(names.BackupAndRestore, tf.keras.callbacks.Callback)
    assert issubclass(names.PyDataset, tf.keras.utils.Sequence)
    assert names.Policy("mixed_float16").compute_dtype == "float16"


def test_strategies_are_those_without_experimental() -> None:
    old = tf.distribute.experimental
    assert issubclass(old.ParameterServerStrategy, names.ParameterServerStrategy)
    assert issubclass(old.coordinator.ClusterCoordinator, names.ClusterCoordinator)
    assert issubclass(old.coordinator.RemoteValue, names.RemoteValue)
    assert names.PerWorkerValue.__name__.startswith("PerWorker")
