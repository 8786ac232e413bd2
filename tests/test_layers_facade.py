"""What custom layers and models need, checked by what this Keras does itself."""

from __future__ import annotations

import inspect
import sys
import textwrap
from typing import Optional, Union

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tests.programs import output_of
from tfcompat import layers
from tfcompat.errors import UnsupportedArgumentError

keras = tf.keras
KERAS_3 = tfc.supports("keras3")


def test_every_name_resolves() -> None:
    for name in layers.__all__:
        assert getattr(layers, name) is not None, name
    assert set(layers.__all__) <= set(dir(layers))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        layers.nothing  # noqa: B018


def test_public_names_are_keras_own() -> None:
    assert layers.InputSpec is keras.layers.InputSpec
    assert layers.register_keras_serializable is keras.utils.register_keras_serializable
    assert layers.unpack_x_y_sample_weight((1, 2)) == (1, 2, None)
    assert layers.pack_x_y_sample_weight(1, 2) == (1, 2)


def functional(keras):
    inputs = keras.Input((2,))
    return keras.Model(inputs, keras.layers.Dense(1)(inputs))


OBJECTS = {
    "Layer": lambda keras: keras.layers.Dense(1),
    "InputLayer": lambda keras: functional(keras).layers[0],
    "Model": functional,
    "Functional": functional,
    "Sequential": lambda keras: keras.Sequential(),
    "KerasTensor": lambda keras: keras.Input((2,)),
    "Variable": lambda keras: functional(keras).weights[0],
    "Optimizer": lambda keras: keras.optimizers.Adam(),
    "Metric": lambda keras: keras.metrics.Mean(),
    "Loss": lambda keras: keras.losses.MeanSquaredError(),
    "Callback": lambda keras: keras.callbacks.History(),
}
# Which objects are of which type, in every release.
INSTANCES = {
    "Layer": {"Layer", "InputLayer", "Model", "Functional", "Sequential"},
    "InputLayer": {"InputLayer"},
    "Model": {"Model", "Functional", "Sequential"},
    "Functional": {"Model", "Functional"} if KERAS_3 else {"Model", "Functional", "Sequential"},
    "Sequential": {"Sequential"},
    "KerasTensor": {"KerasTensor"},
    "Variable": {"Variable"},
    "Optimizer": {"Optimizer"},
    "Metric": {"Metric"},
    "Loss": {"Loss"},
    "Callback": {"Callback"},
}


@pytest.fixture(scope="module")
def objects():
    return {name: make(keras) for name, make in OBJECTS.items()}


@pytest.mark.parametrize("name", OBJECTS)
def test_type_knows_its_instances(name, objects) -> None:
    kind = getattr(layers, name)
    found = {other for other, value in objects.items() if isinstance(value, kind)}
    if name == "Layer" and not KERAS_3:
        found.discard("Metric")  # a layer in Keras 2 alone
    assert found == INSTANCES[name]
    assert issubclass(type(objects[name]), kind)
    assert not isinstance(3, kind)
    assert isinstance(objects[name], (int, kind))
    assert not issubclass(int, kind)


def test_optimizers_of_every_kind_are_optimizers() -> None:
    found = [keras.optimizers.SGD()]
    for namespace in ("legacy", "experimental"):
        module = getattr(keras.optimizers, namespace, None)
        if module is not None and not KERAS_3:
            found.append(module.SGD())
    found += [keras.mixed_precision.LossScaleOptimizer(optimizer) for optimizer in found[:2]]
    assert all(isinstance(optimizer, layers.Optimizer) for optimizer in found)


def test_private_original_of_functional() -> None:
    """The class that releases to 2.15 keep in a private module is the one that is found."""
    module = sys.modules.get(type(functional(keras)).__module__)
    assert layers.Functional._active_class() is module.Functional
    module = sys.modules.get(type(keras.Input((1,))).__module__)
    assert layers.KerasTensor._active_class() is module.KerasTensor


def test_keras_tensor_is_found_inside_of_a_graph() -> None:
    layers_again = layers.KerasType("KerasTensor", layers._TYPES["KerasTensor"])
    with tf.Graph().as_default():
        assert not isinstance(tf.constant(1.0), layers_again)
    assert isinstance(keras.Input((1,)), layers_again)


def test_type_is_a_base_class() -> None:
    class Mixin:
        pass

    class Twice(layers.Layer, Mixin):
        def call(self, inputs):
            return 2 * inputs

    assert Twice.__mro__[1] is keras.layers.Layer
    np.testing.assert_array_equal(Twice()(tf.ones(2)), [2, 2])


def test_type_calls_and_shows_the_class_of_the_active_keras() -> None:
    assert type(layers.Sequential()) is keras.Sequential
    assert layers.Model.fit is keras.Model.fit
    assert Optional[layers.Layer] is not None
    if sys.version_info >= (3, 10):
        assert isinstance(keras.Sequential(), Union[layers.Layer, int])
    assert (layers.Layer | None) == Optional[layers.Layer]
    assert repr(layers.Layer) == "<class of Keras 'Layer'>"


def test_type_equals_its_class() -> None:
    model = functional(keras)
    assert type(model) == layers.Functional  # noqa: E721
    assert layers.Functional != keras.Sequential
    assert layers.Functional in (int, type(model))
    assert {type(model): "found"}[layers.Functional] == "found"
    assert len({layers.Layer, layers.Model, keras.layers.Layer, keras.Model}) == 2


def test_type_that_this_keras_lacks() -> None:
    nothing = layers.KerasType("Nothing", lambda keras: ())
    assert not isinstance(keras.Sequential(), nothing)
    with pytest.raises(UnsupportedArgumentError, match="has no class Nothing"):
        nothing()


class Weighted(keras.layers.Layer):
    """Adds its weights by the facade; `own` by Keras, with this release's signature."""

    def build(self, input_shape):
        shape = (int(input_shape[-1]),)
        self.kernel = layers.add_weight(
            self,
            "kernel",
            shape,
            initializer="ones",
            regularizer=keras.regularizers.L2(0.5),
            constraint="non_neg",
        )
        self.fixed = layers.add_weight(self, "fixed", 3, initializer="ones", trainable=False)
        self.count = layers.add_weight(self, "count", dtype=tf.int64)
        self.table = layers.add_weight(self, "table", tf.TensorShape([2, 3]))
        super().build(input_shape)

    def call(self, inputs):
        return inputs * self.kernel


def test_add_weight() -> None:
    layer = Weighted()
    layer(tf.ones((1, 2)))
    assert [tuple(weight.shape) for weight in layer.trainable_weights] == [(2,), (), (2, 3)]
    assert [tuple(weight.shape) for weight in layer.non_trainable_weights] == [(3,)]
    assert isinstance(layer.kernel, layers.Variable)
    assert "kernel" in layer.kernel.name
    assert tf.as_dtype(layer.count.dtype) == tf.int64
    assert int(layer.count.numpy()) == 0
    assert tf.as_dtype(layer.kernel.dtype) == tf.float32
    np.testing.assert_allclose(layer.losses, [1.0])  # 0.5 * (1 + 1)
    np.testing.assert_array_equal(layer.kernel.constraint(tf.constant([-1.0, 1.0])), [0, 1])
    # glorot_uniform, the default of both Keras: bounded by sqrt(6 / (fan_in + fan_out))
    table = layer.table.numpy()
    assert 0 < np.abs(table).max() <= np.sqrt(6 / 5)


def test_add_weight_in_mixed_precision() -> None:
    class Mixed(keras.layers.Layer):
        def build(self, input_shape):
            self.w = layers.add_weight(self, "w", (2,))
            super().build(input_shape)

        def call(self, inputs):
            self.seen = tf.convert_to_tensor(self.w).dtype
            return inputs * tf.cast(self.seen.size, inputs.dtype)

    layer = Mixed(dtype="mixed_float16")
    np.testing.assert_array_equal(layer(tf.ones((1, 2))), [[2, 2]])
    assert tf.as_dtype(layer.variable_dtype) == tf.float32
    assert tf.as_dtype(layer.weights[0].dtype) == tf.float32


def test_add_weight_without_autocast() -> None:
    class Mixed(keras.layers.Layer):
        def build(self, input_shape):
            self.w = layers.add_weight(self, "w", (2,), autocast=False)
            super().build(input_shape)

        def call(self, inputs):
            return inputs * tf.cast(tf.convert_to_tensor(self.w).dtype.size, inputs.dtype)

    layer = Mixed(dtype="mixed_float16")
    if KERAS_3 and "autocast" not in inspect.signature(layer.add_weight).parameters:
        with pytest.raises(UnsupportedArgumentError, match="autocast=False"):  # Keras 3.0
            layer(tf.ones((1, 2)))
    else:
        np.testing.assert_array_equal(layer(tf.ones((1, 2))), [[4, 4]])


def test_add_weight_with_an_aggregation() -> None:
    layer = keras.layers.Layer()
    if KERAS_3 and "aggregation" not in inspect.signature(layer.add_weight).parameters:
        with pytest.raises(UnsupportedArgumentError, match="aggregation='mean'"):  # Keras 3.0
            layers.add_weight(layer, "w", aggregation="mean")
        assert layer.weights == []
    else:
        weight = layers.add_weight(layer, "w", aggregation="mean", trainable=False)
        expected = "mean" if KERAS_3 else tf.VariableAggregation.MEAN
        assert weight.aggregation == expected


def test_add_weight_of_a_metric() -> None:
    class Count(keras.metrics.Metric):
        def __init__(self, name="count", **kwargs):
            super().__init__(name=name, **kwargs)
            self.total = layers.add_weight(self, "total")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign(self.total + 1.0)

        def result(self):
            return tf.convert_to_tensor(self.total)

    metric = Count()
    metric.update_state(None, None)
    assert float(metric.result()) == 1.0
    getattr(metric, "reset_state", getattr(metric, "reset_states", None))()
    assert float(metric.result()) == 0.0
    with pytest.raises(UnsupportedArgumentError, match="cannot do regularizer='l2'"):
        layers.add_weight(metric, "other", regularizer="l2")
    assert len(metric.weights if hasattr(metric, "weights") else metric.variables) == 1


def test_add_weight_refuses_an_unknown_aggregation() -> None:
    with pytest.raises(UnsupportedArgumentError, match="is none of 'none', 'mean'"):
        layers.add_weight(keras.layers.Layer(), "w", aggregation="average")


SHAPES = [
    (lambda: keras.layers.Dense(3), (None, 2), (None, 3)),
    (lambda: keras.layers.Conv2D(4, 3), (None, 8, 8, 1), (None, 6, 6, 4)),
    (lambda: keras.layers.Concatenate(), [(None, 2), (None, 3)], (None, 5)),
    (lambda: keras.layers.LSTM(4, return_sequences=True), (None, 5, 2), (None, 5, 4)),
    (lambda: functional(keras), (None, 2), (None, 1)),
]


@pytest.mark.parametrize(("make", "shape", "expected"), SHAPES)
def test_compute_output_shape(make, shape, expected) -> None:
    assert layers.compute_output_shape(make(), shape) == expected
    assert isinstance(layers.compute_output_shape(make(), shape), tuple)


def test_compute_output_shape_of_a_tensor_shape() -> None:
    shape = tf.TensorShape([None, 2])
    assert layers.compute_output_shape(keras.layers.Dense(3), shape) == (None, 3)


def test_compute_output_spec() -> None:
    spec = tf.TensorSpec((None, 2), tf.float32)
    found = layers.compute_output_spec(keras.layers.Dense(3), spec)
    assert (tuple(found.shape), found.dtype) == ((None, 3), tf.float32)
    found = layers.compute_output_spec(keras.layers.Add(), [spec, spec])
    assert (tuple(found.shape), found.dtype) == ((None, 2), tf.float32)


def test_masks() -> None:
    inputs = tf.constant([[1, 2, 0], [3, 0, 0]])
    embedded = keras.layers.Embedding(5, 4, mask_zero=True)(inputs)
    np.testing.assert_array_equal(layers.get_mask(embedded), inputs != 0)
    assert layers.get_mask(tf.ones((2, 3))) is None
    # What a layer of Keras does with the mask: the mean of the steps that are not masked.
    mask = tf.constant([[True, False, False], [True, True, False]])
    values = tf.reshape(tf.range(6.0), (2, 3, 1))
    masked = layers.set_mask(values, mask)
    np.testing.assert_array_equal(masked, values)
    np.testing.assert_array_equal(layers.get_mask(masked), mask)
    assert layers.get_mask(values) is None
    mean = keras.layers.GlobalAveragePooling1D()(masked)
    np.testing.assert_allclose(mean, [[0.0], [3.5]])
    assert layers.get_mask(layers.set_mask(masked, None)) is None


@pytest.mark.parametrize("function", ["get_mask", "set_mask"])
def test_mask_of_a_symbolic_tensor_is_refused(function) -> None:
    arguments = [keras.Input((3,)), None][: 1 if function == "get_mask" else 2]
    with pytest.raises(UnsupportedArgumentError, match="inside of a layer's `call` only"):
        getattr(layers, function)(*arguments)


def test_mask_in_a_functional_model() -> None:
    class SetMask(keras.layers.Layer):
        def call(self, inputs):
            return layers.set_mask(inputs, tf.not_equal(inputs[..., 0], 0))

    values = np.array([[[1.0], [0.0], [5.0]]], "float32")
    np.testing.assert_array_equal(
        layers.get_mask(SetMask()(tf.constant(values))), [[True, False, True]]
    )
    inputs = keras.Input((3, 1))
    model = keras.Model(inputs, SetMask()(inputs))
    np.testing.assert_array_equal(model(values), values)


class Custom(keras.Model):
    """Trains by the helpers; with `custom` off by Keras's own step."""

    def __init__(self):
        super().__init__()
        self.hidden = keras.layers.Dense(
            3, "tanh", kernel_initializer="ones", kernel_regularizer=keras.regularizers.L2(0.01)
        )
        self.out = keras.layers.Dense(1, kernel_initializer="ones")

    def call(self, inputs):
        return self.out(self.hidden(inputs))


class CustomStep(Custom):
    def train_step(self, data):
        x, y, sample_weight = layers.unpack_x_y_sample_weight(data)
        found = {}

        def loss():
            found["y_pred"] = self(x, training=True)
            return layers.compute_loss(self, x, y, found["y_pred"], sample_weight)

        value = layers.minimize(self.optimizer, loss, lambda: self.trainable_variables)
        return layers.update_metrics(self, x, y, found["y_pred"], sample_weight, loss=value)


def weighted_data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(10, 2)).astype("float32")
    return x, x.sum(axis=1, keepdims=True), rng.uniform(size=(10,)).astype("float32")


@pytest.mark.parametrize("scaled", [False, True], ids=["plain", "loss_scale"])
def test_train_step_of_helpers_trains_as_keras_does(scaled) -> None:
    x, y, sample_weight = weighted_data()
    histories, weights = [], []
    for model in (Custom(), CustomStep()):
        optimizer = keras.optimizers.SGD(0.1)
        if scaled:
            optimizer = keras.mixed_precision.LossScaleOptimizer(optimizer)
        model.compile(optimizer, "mse", metrics=["mae"])
        history = model.fit(
            x, y, sample_weight=sample_weight, batch_size=5, epochs=2, shuffle=False, verbose=0
        )
        histories.append(
            {
                name.replace("mean_absolute_error", "mae"): values
                for name, values in history.history.items()
            }
        )
        weights.append(model.get_weights())
    assert histories[0].keys() == histories[1].keys() == {"loss", "mae"}
    for name in histories[0]:
        np.testing.assert_allclose(histories[1][name], histories[0][name], rtol=1e-5)
    for own, helpers in zip(*weights):
        np.testing.assert_allclose(helpers, own, rtol=1e-5, atol=1e-6)
    assert histories[0]["loss"][1] < histories[0]["loss"][0]


def test_objects_of_both_keras() -> None:
    other = pytest.importorskip("tf_keras")
    if other.layers.Layer is keras.layers.Layer:
        other = pytest.importorskip("keras")
    if tfc.runtime().tensorflow.release < (2, 16) or len(tfc._runtime.loaded_keras()) < 2:
        pytest.skip("one Keras in this process")
    for name, make in OBJECTS.items():
        assert isinstance(make(other), getattr(layers, name)), name
        assert isinstance(make(keras), getattr(layers, name)), name


def test_the_package_keras_beside_tensorflow_2_5() -> None:
    """TensorFlow 2.5 requires a start of Keras 2.6, which is incomplete and which nobody uses."""
    pytest.importorskip("keras")
    assert tfc._runtime.loaded_keras()[0].layers.Layer is keras.layers.Layer
    assert isinstance(keras.Sequential(), layers.Model)
    assert tfc.variables(tf.Module()) == {}


def test_the_signature_of_a_type_is_that_of_the_class() -> None:
    assert inspect.signature(layers.Sequential) == inspect.signature(keras.Sequential)
    local = inspect.signature(tfc.replacements.LocallyConnected1D).parameters
    assert list(local)[:2] == ["filters", "kernel_size"]


def test_deriving_from_a_class_leaves_the_devices_to_be_configured() -> None:
    """What a library's import does must not take from the program what goes before it."""
    code = """
        import tensorflow as tf
        import tfcompat as tfc

        bases = [tfc.layers.Layer, tfc.layers.Model, tfc.layers.Callback, tfc.layers.Loss]
        bases += [tfc.layers.Metric, tfc.replacements.LocallyConnected1D]
        bases += [tfc.replacements.Identity, tfc.replacements.BaseConv]
        for base in bases:
            class Derived(base):
                pass
        [device] = tf.config.list_physical_devices("CPU")
        part = tf.config.LogicalDeviceConfiguration()
        tf.config.set_logical_device_configuration(device, [part, part])
        assert len(tf.config.list_logical_devices("CPU")) == 2
    """
    output_of("-c", textwrap.dedent(code))
