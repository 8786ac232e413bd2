"""Classes of TensorFlow that have no public name, found by way of public ones.

Each is the very class that TensorFlow uses, for `isinstance`, annotations and subclassing. The
private modules where they live moved between releases; the public classes that they derive from,
or that derive from them, did not.
"""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
from collections.abc import Callable, Iterable
from concurrent import futures
from typing import TYPE_CHECKING, Any, NamedTuple

from tfcompat import _runtime

if TYPE_CHECKING:
    AggregatingVariable: Any
    AllReduceCrossDeviceOps: Any
    BaseResourceVariable: Any
    BaseSession: Any
    BatchDataset: Any
    BatchableTypeSpec: Any
    BoundedTensorSpec: Any
    CapturableResource: Any
    CheckpointInitialValue: Any
    CheckpointInitialValueCallable: Any
    CollectiveAllReduce: Any
    CheckpointPosition: Any
    CompositeTensor: Any
    ConverterError: Any
    CoreTensor: Any
    DatasetSource: Any
    DatasetV1Adapter: Any
    DefaultDistributionStrategy: Any
    DenseColumn: Any
    DenseSpec: Any
    DictWrapper: Any
    DistributedDatasetsFromFunction: Any
    DistributedVariable: Any
    EagerTensor: Any
    EmbeddingColumn: Any
    EmbeddingColumnV1: Any
    FeatureColumn: Any
    FuncGraph: Any
    GlorotNormalV2: Any
    GlorotUniformV2: Any
    InitializableLookupTableBase: Any
    Initializer: Any
    InitializerV2: Any
    ListWrapper: Any
    LoadDataset: Any
    LookupInterface: Any
    Mirrored: Any
    MirroredVariable: Any
    MultiStepContext: Any
    OwnedIterator: Any
    PythonStringStateSaveable: Any
    PerReplica: Any
    Reference: Any
    RefVariable: Any
    RestoredResource: Any
    RepeatDataset: Any
    ResourceVariable: Any
    SaveSpec: Any
    SessionInterface: Any
    SingleDevice: Any
    ShardedVariable: Any
    ShuffleDataset: Any
    SymbolicTensor: Any
    SyncOnReadVariable: Any
    TableInitializerBase: Any
    TPUDistributedVariable: Any
    TpuEmbeddingOptimizer: Any
    TPUMirroredVariable: Any
    TPUReplicaContext: Any
    TrackableResource: Any
    TruncatedNormalV2: Any
    UnaryDataset: Any
    UnaryUnchangedStructureDataset: Any
    VariableSpec: Any
    VarianceScalingV2: Any
    WrappedFunction: Any
    WrapperFunction: Any


class _Way(NamedTuple):
    """How a class is found: walk from a public class to the one of the given name."""

    walk: Callable[[type], Iterable[type]]
    start: Callable[[], type]
    name: str


def _public(path: str) -> Callable[[], type]:
    def find() -> Any:
        return functools.reduce(getattr, path.split("."), _runtime.tensorflow())

    return find


def _bases(start: type) -> Iterable[type]:
    return start.__mro__[1:]


def _subclasses(start: type) -> Iterable[type]:
    seen = [start]
    for cls in seen:
        new = [one for one in type.__subclasses__(cls) if one not in seen]
        seen.extend(new)
        yield from new


def _exception() -> type:
    # TensorFlow Lite is imported when it is first used.
    _public("lite.TFLiteConverter")()
    return Exception


def _itself(start: type) -> Iterable[type]:
    return (start,)


def _loaded_subclasses(start: type) -> Iterable[type]:
    tf = _runtime.tensorflow()
    # The module of datasets from files is imported by the first use, even of no file.
    with tf.Graph().as_default(), contextlib.suppress(tf.errors.OpError):
        tf.data.experimental.load("", tf.TensorSpec([]))
    return _subclasses(start)


def _values(start: type) -> Iterable[type]:
    # From 2.7 on tensorflow.python.types.distribute has abstract classes of the same names.
    return (cls for cls in _subclasses(start) if cls.__module__.endswith(".values"))


def _columns_v1(start: type) -> Iterable[type]:
    (base,) = (cls for cls in _bases(start) if cls.__name__ == "_FeatureColumn")
    return _subclasses(base)


def _concrete_function() -> type:
    return type(_runtime.tensorflow().function(lambda: None).get_concrete_function())


def _reference() -> type:
    return type(_runtime.tensorflow().constant(0).ref())


def _list_wrapper() -> type:
    # What a list becomes as an attribute of something that tracks its attributes.
    owner = _runtime.tensorflow().Module()
    owner.attribute = []
    return type(owner.attribute)


def _dict_wrapper() -> type:
    owner = _runtime.tensorflow().Module()
    owner.attribute = {}
    return type(owner.attribute)


def _dataset(transform: Callable[[Any], Any]) -> Callable[[], type]:
    def make() -> type:
        tf = _runtime.tensorflow()
        with tf.Graph().as_default():
            return type(transform(tf))

    return make


def _deferred(choose: Callable[[Any], Any]) -> type:
    """Return the class of what is chosen of the initial value that a checkpoint gives.

    The optimizers of TensorFlow 1 pass one to a variable that they make after restoring.
    """
    tf = _runtime.tensorflow()

    def find() -> type:
        if not tf.executing_eagerly():
            raise AttributeError("This class is found only where eager execution is not disabled.")
        seen = []

        def creator(next_creator: Callable[..., Any], **kwargs: Any) -> Any:
            seen.append(kwargs["initial_value"])
            return next_creator(**kwargs)

        saved, restored = (tf.compat.v1.train.AdamOptimizer() for _ in range(2))
        gradients = [(tf.ones([]), tf.Variable(0.0))]
        saved.apply_gradients(gradients)
        with tempfile.TemporaryDirectory() as directory:
            path = tf.train.Checkpoint(optimizer=saved).write(os.path.join(directory, "state"))
            tf.train.Checkpoint(optimizer=restored).read(path)
            with tf.variable_creator_scope(creator):
                restored.apply_gradients(gradients)
            # The other initial values are numbers and initializers.
            first = next(one for one in seen if hasattr(one, "checkpoint_position"))
            return type(choose(first))

    # The graph, the strategy and the creators of variables that are entered here stay outside.
    with futures.ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(find).result()


def _saveable() -> Any:
    """Return what a graph collects of a lookup table, to save it."""
    tf = _runtime.tensorflow()
    v1 = tf.compat.v1
    with tf.Graph().as_default():
        tf.lookup.experimental.DenseHashTable(tf.int64, tf.int64, -1, -1, -2)
        return v1.get_collection(v1.GraphKeys.SAVEABLE_OBJECTS)[0]


def _restored_resources(start: type) -> Iterable[type]:
    return (cls for cls in _subclasses(start) if cls.__name__.lstrip("_") == "RestoredResource")


def _python_saveables(start: type) -> Iterable[type]:
    (base,) = (cls for cls in start.__mro__ if cls.__name__ == "SaveableObject")
    return (cls for cls in _subclasses(base) if cls.__name__.endswith("PythonStringStateSaveable"))


def _multi_step_context() -> type:
    tf = _runtime.tensorflow()
    seen = []

    def step(context: Any, value: Any) -> Any:
        seen.append(type(context))
        return value

    with tf.Graph().as_default():
        strategy = tf.compat.v1.distribute.OneDeviceStrategy("CPU:0")
        iterator = strategy.make_dataset_iterator(tf.data.Dataset.range(1).batch(1))
        strategy.extended.experimental_run_steps_on_iterator(step, iterator, 1)
    return seen[0]


def _single_device() -> type:
    tf = _runtime.tensorflow()
    v1 = tf.compat.v1
    seen = []

    def creator(next_creator: Callable[..., Any], **kwargs: Any) -> Any:
        seen.append(type(kwargs["colocate_with"]))
        return next_creator(**kwargs)

    with tf.Graph().as_default(), v1.Session() as session, tf.variable_creator_scope(creator):
        strategy = v1.distribute.OneDeviceStrategy("CPU:0")
        strategy.experimental_make_numpy_dataset(session.run(tf.zeros([1])), session)
    return seen[0]


def _numeric_column() -> type:
    return type(_runtime.tensorflow().feature_column.numeric_column("name"))


def _embedding_column() -> type:
    columns = _runtime.tensorflow().feature_column
    return type(columns.embedding_column(columns.categorical_column_with_identity("name", 1), 1))


_WAYS = {
    # tensorflow.python.ops.resource_variable_ops
    "BaseResourceVariable": _Way(_subclasses, _public("Variable"), "BaseResourceVariable"),
    "ResourceVariable": _Way(_subclasses, _public("Variable"), "ResourceVariable"),
    "VariableSpec": _Way(_subclasses, _public("TypeSpec"), "VariableSpec"),
    # tensorflow.python.ops.variables, from 2.13 tensorflow.python.ops.ref_variable
    "RefVariable": _Way(_subclasses, _public("Variable"), "RefVariable"),
    # tensorflow.python.client.session
    "BaseSession": _Way(_bases, _public("compat.v1.Session"), "BaseSession"),
    "SessionInterface": _Way(_bases, _public("compat.v1.Session"), "SessionInterface"),
    # tensorflow.python.framework.tensor_spec, from 2.13 tensorflow.python.framework.tensor
    "BoundedTensorSpec": _Way(_subclasses, _public("TensorSpec"), "BoundedTensorSpec"),
    "DenseSpec": _Way(_bases, _public("TensorSpec"), "DenseSpec"),
    # tensorflow.python.framework.type_spec
    "BatchableTypeSpec": _Way(_bases, _public("RaggedTensorSpec"), "BatchableTypeSpec"),
    # tensorflow.python.framework.composite_tensor
    "CompositeTensor": _Way(_bases, _public("RaggedTensor"), "CompositeTensor"),
    # tensorflow.python.types.core
    "CoreTensor": _Way(_bases, _public("Tensor"), "Tensor"),
    # tensorflow.python.framework.ops
    "EagerTensor": _Way(_subclasses, _public("Tensor"), "EagerTensor"),
    # tensorflow.python.framework.func_graph
    "FuncGraph": _Way(_subclasses, _public("Graph"), "FuncGraph"),
    # tensorflow.python.eager.wrap_function
    "WrappedFunction": _Way(_subclasses, _concrete_function, "WrappedFunction"),
    # tensorflow.python.data.ops
    "DatasetSource": _Way(_subclasses, _public("data.Dataset"), "DatasetSource"),
    "OwnedIterator": _Way(_subclasses, _public("data.Iterator"), "OwnedIterator"),
    "UnaryDataset": _Way(_subclasses, _public("data.Dataset"), "UnaryDataset"),
    "UnaryUnchangedStructureDataset": _Way(
        _subclasses, _public("data.Dataset"), "UnaryUnchangedStructureDataset"
    ),
    "LoadDataset": _Way(_loaded_subclasses, _public("data.Dataset"), "_LoadDataset"),
    # tensorflow.python.data.ops.dataset_ops; from 2.11 modules and names of their own
    "BatchDataset": _Way(_itself, _dataset(lambda tf: tf.data.Dataset.range(1).batch(1)), ""),
    "RepeatDataset": _Way(_itself, _dataset(lambda tf: tf.data.Dataset.range(1).repeat()), ""),
    "ShuffleDataset": _Way(_itself, _dataset(lambda tf: tf.data.Dataset.range(1).shuffle(1)), ""),
    "DatasetV1Adapter": _Way(_itself, _dataset(lambda tf: tf.compat.v1.data.Dataset.range(1)), ""),
    # tensorflow.python.distribute: values, ps_values, tpu_values, sharded_variable
    "DistributedVariable": _Way(_subclasses, _public("Variable"), "DistributedVariable"),
    "AggregatingVariable": _Way(_subclasses, _public("Variable"), "AggregatingVariable"),
    "Mirrored": _Way(_values, _public("distribute.DistributedValues"), "Mirrored"),
    "MirroredVariable": _Way(_subclasses, _public("Variable"), "MirroredVariable"),
    "PerReplica": _Way(_values, _public("distribute.DistributedValues"), "PerReplica"),
    "ShardedVariable": _Way(_subclasses, lambda: _find("CompositeTensor"), "ShardedVariable"),
    "SyncOnReadVariable": _Way(_subclasses, _public("Variable"), "SyncOnReadVariable"),
    "TPUDistributedVariable": _Way(_subclasses, _public("Variable"), "TPUDistributedVariable"),
    "TPUMirroredVariable": _Way(_subclasses, _public("Variable"), "TPUMirroredVariable"),
    # tensorflow.python.distribute: cross_device_ops, distribute_lib, input_lib, numpy_dataset,
    # tpu_strategy
    "AllReduceCrossDeviceOps": _Way(
        _bases, _public("distribute.NcclAllReduce"), "AllReduceCrossDeviceOps"
    ),
    "CollectiveAllReduce": _Way(
        _subclasses, _public("distribute.CrossDeviceOps"), "CollectiveAllReduce"
    ),
    "DefaultDistributionStrategy": _Way(
        _subclasses, _public("distribute.Strategy"), "_DefaultDistributionStrategy"
    ),
    "DistributedDatasetsFromFunction": _Way(
        _subclasses, lambda: _find("CompositeTensor"), "DistributedDatasetsFromFunction"
    ),
    "MultiStepContext": _Way(_itself, _multi_step_context, ""),
    "SingleDevice": _Way(_itself, _single_device, ""),
    "TPUReplicaContext": _Way(
        _subclasses, _public("distribute.ReplicaContext"), "_TPUReplicaContext"
    ),
    # tensorflow.python.tpu.tpu_embedding_v2_utils
    "TpuEmbeddingOptimizer": _Way(
        _bases, _public("tpu.experimental.embedding.Adagrad"), "_Optimizer"
    ),
    # tensorflow.python.saved_model.load
    "WrapperFunction": _Way(_subclasses, _concrete_function, "_WrapperFunction"),
    # tensorflow.python.ops.lookup_ops
    "InitializableLookupTableBase": _Way(
        _bases, _public("lookup.StaticHashTable"), "InitializableLookupTableBase"
    ),
    "LookupInterface": _Way(_bases, _public("lookup.StaticHashTable"), "LookupInterface"),
    "TableInitializerBase": _Way(
        _bases, _public("lookup.KeyValueTensorInitializer"), "TableInitializerBase"
    ),
    # tensorflow.python.training.tracking.tracking, from 2.10 tensorflow.python.trackable.resource
    "CapturableResource": _Way(_bases, _public("lookup.StaticHashTable"), "CapturableResource"),
    # Up to 2.7 tensorflow.python.saved_model.load._RestoredResource
    "RestoredResource": _Way(_restored_resources, lambda: _find("TrackableResource"), ""),
    "TrackableResource": _Way(_bases, _public("lookup.StaticHashTable"), "TrackableResource"),
    # tensorflow.python.training.tracking.base, from 2.10 tensorflow.python.trackable.base
    "CheckpointInitialValue": _Way(_itself, lambda: _deferred(lambda value: value()), ""),
    "CheckpointInitialValueCallable": _Way(_itself, lambda: _deferred(lambda value: value), ""),
    # There as well, from 2.9 in tensorflow.python.checkpoint.restore
    "CheckpointPosition": _Way(
        _itself, lambda: _deferred(lambda value: value.checkpoint_position), ""
    ),
    # tensorflow.python.training.saving.saveable_object
    "SaveSpec": _Way(_itself, lambda: type(_saveable().specs[0]), ""),
    # tensorflow.python.training.tracking.base, then saveable_object_util
    "PythonStringStateSaveable": _Way(_python_saveables, lambda: type(_saveable()), ""),
    # tensorflow.python.training.tracking.data_structures, from 2.10 tensorflow.python.trackable
    "DictWrapper": _Way(_itself, _dict_wrapper, ""),
    "ListWrapper": _Way(_itself, _list_wrapper, ""),
    # tensorflow.python.util.object_identity
    "Reference": _Way(_itself, _reference, ""),
    # tensorflow.python.ops.init_ops and init_ops_v2
    "Initializer": _Way(_bases, _public("compat.v1.zeros_initializer"), "Initializer"),
    "InitializerV2": _Way(_bases, _public("random_normal_initializer"), "Initializer"),
    "VarianceScalingV2": _Way(_subclasses, lambda: _find("InitializerV2"), "VarianceScaling"),
    "GlorotNormalV2": _Way(_subclasses, lambda: _find("InitializerV2"), "GlorotNormal"),
    "GlorotUniformV2": _Way(_subclasses, lambda: _find("InitializerV2"), "GlorotUniform"),
    "TruncatedNormalV2": _Way(_subclasses, lambda: _find("InitializerV2"), "TruncatedNormal"),
    # tensorflow.lite.python.convert, later tensorflow.lite.python.convert_phase
    "ConverterError": _Way(_subclasses, _exception, "ConverterError"),
    # tensorflow.python.feature_column
    "DenseColumn": _Way(_bases, _numeric_column, "DenseColumn"),
    "EmbeddingColumn": _Way(_itself, _embedding_column, ""),
    "EmbeddingColumnV1": _Way(_columns_v1, _numeric_column, "_EmbeddingColumn"),
    "FeatureColumn": _Way(_bases, _numeric_column, "FeatureColumn"),
}

__all__ = [*_WAYS, "SymbolicTensor"]


def _find(name: str) -> type:
    way = _WAYS[name]
    for cls in way.walk(way.start()):
        # Users' subclasses of public classes are walked over too.
        if way.name in ("", cls.__name__) and cls.__module__.startswith("tensorflow."):
            return cls
    raise AttributeError(
        f"TensorFlow {_runtime.runtime().tensorflow} has no class {way.name} where tfcompat looks "
        "for it. Please report this."
    )


def _symbolic_tensor() -> type:
    """Return the class of tensors in graphs from 2.14; before, a class that knows them.

    In 2.13 TensorFlow has a class of this name that no tensor belongs to.
    """
    for cls in _subclasses(_public("Tensor")()):
        if cls.__name__ == "SymbolicTensor" and cls.__module__.startswith("tensorflow."):
            return cls
    tensor, eager = _public("Tensor")(), _find("EagerTensor")

    class Symbolic(type):
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, tensor) and not isinstance(instance, eager)

    return Symbolic("SymbolicTensor", (), {"__module__": __name__})


def __getattr__(name: str) -> Any:
    if name in _WAYS:
        value = _find(name)
    elif name == "SymbolicTensor":
        value = _symbolic_tensor()
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value
