"""The layer of feature columns, which Keras 3 dropped; the columns are still in TensorFlow."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tfcompat import _runtime
from tfcompat.layers import KerasType, add_weight
from tfcompat.replacements import classes

if TYPE_CHECKING:
    DenseFeatures: Any

__all__ = ["DenseFeatures", "StateManager", "is_feature_column_v2"]


class _State:
    """Keeps the weights and the lookup tables of a layer's columns, as columns ask for them."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer
        self._variables: dict[tuple[Any, str], Any] = {}
        self._resources: dict[tuple[Any, str], Any] = {}

    def create_variable(
        self,
        feature_column: Any,
        name: str,
        shape: Any,
        dtype: Any = None,
        trainable: bool = True,
        use_resource: bool = True,
        initializer: Any = None,
    ) -> Any:
        variable = add_weight(
            self._layer,
            f"{feature_column.name}_{name}",
            shape,
            dtype=dtype,
            trainable=self._layer.trainable and trainable,
            initializer=initializer,
        )
        self._variables[feature_column, name] = variable
        return variable

    def get_variable(self, feature_column: Any, name: str) -> Any:
        variable = self._variables[feature_column, name]
        # Columns look values up in a tf.Variable, which Keras 3 wraps.
        plain = isinstance(variable, _runtime.tensorflow().Variable)
        return variable if plain else variable.value

    def add_resource(self, feature_column: Any, name: str, resource: Any) -> None:
        self._resources[feature_column, name] = resource
        # TensorFlow exports a table with the layer that it is an attribute of.
        setattr(self._layer, f"{feature_column.name}_{name}", resource)

    def has_resource(self, feature_column: Any, name: str) -> bool:
        return (feature_column, name) in self._resources

    def get_resource(self, feature_column: Any, name: str) -> Any:
        return self._resources[feature_column, name]


class _Transformed:
    """Gives columns the features by their names, and the results of other columns."""

    def __init__(self, features: dict[str, Any]) -> None:
        self._features = features
        self._found: dict[Any, Any] = {}

    def get(self, key: Any, state_manager: Any, training: Any = None) -> Any:
        if key not in self._found:
            if key in self._features:
                self._found[key] = _at_least_2d(key, self._features[key])
            elif isinstance(key, str):
                raise ValueError(f"Feature {key} is not in features dictionary.")
            else:
                self._found[key] = key.transform_feature(self, state_manager)
        return self._found[key]


def _at_least_2d(key: str, feature: Any) -> Any:
    tf = _runtime.tensorflow()
    if not isinstance(feature, tf.SparseTensor):
        feature = tf.convert_to_tensor(feature)
    if feature.shape.rank == 0:
        raise ValueError(f"Feature (key: {key}) cannot have rank 0. Given: {feature}")
    if feature.shape.rank != 1:
        return feature
    if isinstance(feature, tf.SparseTensor):
        return tf.sparse.reshape(feature, [tf.shape(feature)[0], 1])
    return tf.expand_dims(feature, -1)


@functools.cache
def _own(keras: Any) -> type:
    layer_class: Any = keras.layer

    class DenseFeatures(layer_class):  # type: ignore[misc]
        """A dense tensor of the features that some columns make of a dictionary of tensors."""

        def __init__(
            self, feature_columns: Any, trainable: bool = True, name: Any = None, **kwargs: Any
        ) -> None:
            super().__init__(trainable=trainable, name=name, **kwargs)
            columns = list(feature_columns) if _iterable(feature_columns) else [feature_columns]
            if not columns:
                raise ValueError("feature_columns must not be empty.")
            sparse = [c for c in columns if not hasattr(c, "get_dense_tensor")]
            if sparse:
                raise ValueError(
                    "Items of feature_columns must be a DenseColumn. Wrap a categorical column in "
                    f"an embedding_column or indicator_column. Given: {sparse}"
                )
            names = [column.name for column in columns]
            if len(set(names)) < len(names):
                raise ValueError(f"Duplicate feature column name found: {sorted(names)}")
            # Columns are tuples, which Keras would look for layers in.
            object.__setattr__(self, "columns", sorted(columns, key=lambda column: column.name))
            object.__setattr__(self, "state", _State(self))

        def build(self, input_shape: Any = None) -> None:
            for column in self.columns:
                if hasattr(column, "create_state"):
                    column.create_state(self.state)
            self.built = True

        def call(
            self, features: Any, cols_to_output_tensors: Any = None, training: Any = None
        ) -> Any:
            tf = _runtime.tensorflow()
            if not isinstance(features, dict):
                raise ValueError(f"We expected a dictionary here. Instead we got: {features}")
            cache = _Transformed(dict(features))
            outputs = []
            for column in self.columns:
                tensor = column.get_dense_tensor(cache, self.state)
                size = column.variable_shape.num_elements()
                outputs.append(tf.reshape(tensor, (tf.shape(tensor)[0], size)))
                if cols_to_output_tensors is not None:
                    cols_to_output_tensors[column] = outputs[-1]
            return tf.concat(outputs, -1)

        def compute_output_shape(self, input_shape: Any) -> Any:
            shapes = input_shape.values() if isinstance(input_shape, dict) else [input_shape]
            total = sum(column.variable_shape.num_elements() for column in self.columns)
            return (next(iter(shapes))[0], total)

    return DenseFeatures


def _iterable(value: Any) -> bool:
    # A column is a named tuple, and iterable as well.
    return not hasattr(value, "parse_example_spec") and hasattr(value, "__iter__")


def _dense_features(keras: Any) -> tuple[type, ...]:
    public = getattr(keras.module.layers, "DenseFeatures", None)
    return (public or _own(keras),)


def __getattr__(name: str) -> Any:
    if name != "DenseFeatures":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = KerasType(name, _dense_features)
    return value


class StateManager:
    """What gives feature columns their variables and resources; for subclassing.

    Replaces the class of `tensorflow.python.feature_column.feature_column_v2`. Each method raises
    `NotImplementedError`.
    """

    def create_variable(
        self,
        feature_column: Any,
        name: str,
        shape: Any,
        dtype: Any = None,
        trainable: bool = True,
        use_resource: bool = True,
        initializer: Any = None,
    ) -> Any:
        """Make a variable of a column, and return it."""
        raise NotImplementedError("StateManager.create_variable")

    def add_variable(self, feature_column: Any, var: Any) -> None:
        """Keep a variable for a column."""
        raise NotImplementedError("StateManager.add_variable")

    def get_variable(self, feature_column: Any, name: str) -> Any:
        """Return a variable of a column."""
        raise NotImplementedError("StateManager.get_var")

    def add_resource(self, feature_column: Any, name: str, resource: Any) -> None:
        """Keep a resource, such as a lookup table, for a column."""
        raise NotImplementedError("StateManager.add_resource")

    def has_resource(self, feature_column: Any, name: str) -> bool:
        """Tell whether a column has a resource of this name."""
        raise NotImplementedError("StateManager.has_resource")

    def get_resource(self, feature_column: Any, name: str) -> Any:
        """Return a resource of a column."""
        raise NotImplementedError("StateManager.get_resource")


def is_feature_column_v2(feature_columns: Iterable[Any]) -> bool:
    """Tell whether columns, and those that they are made of, are all of `tf.feature_column`.

    Replaces the function of `tensorflow.python.feature_column.feature_column_v2`.
    """
    return all(
        isinstance(column, classes.FeatureColumn)
        # Those of the parents that are strings name features.
        and is_feature_column_v2(one for one in column.parents if not isinstance(one, str))
        for column in feature_columns
    )
