"""Each class is the very one that TensorFlow uses."""

import pytest
import tensorflow as tf

from tests.replacements.originals import find
from tfcompat import replacements
from tfcompat.replacements import classes

ORIGINALS = {
    "BaseResourceVariable": ["ops.resource_variable_ops.BaseResourceVariable"],
    "BaseSession": ["client.session.BaseSession"],
    "BoundedTensorSpec": [
        "framework.tensor.BoundedTensorSpec",
        "framework.tensor_spec.BoundedTensorSpec",
    ],
    "CapturableResource": [
        "trackable.resource.CapturableResource",
        "training.tracking.resource.CapturableResource",
        "training.tracking.tracking.CapturableResource",
    ],
    **{
        name: [f"trackable.base.{name}", f"training.tracking.base.{name}"]
        for name in ("CheckpointInitialValue", "CheckpointInitialValueCallable")
    },
    "CheckpointPosition": [
        "checkpoint.restore.CheckpointPosition",
        "training.tracking.base.CheckpointPosition",
    ],
    "BatchableTypeSpec": ["framework.type_spec.BatchableTypeSpec"],
    "CompositeTensor": ["framework.composite_tensor.CompositeTensor"],
    "CoreTensor": ["types.core.Tensor"],
    "DatasetSource": ["data.ops.dataset_ops.DatasetSource"],
    "DenseColumn": [
        "feature_column.feature_column_v2.DenseColumn",
        "feature_column.feature_column_v2_types.DenseColumn",
    ],
    "DenseSpec": ["framework.tensor.DenseSpec", "framework.tensor_spec.DenseSpec"],
    "DistributedVariable": ["distribute.values.DistributedVariable"],
    "EagerTensor": ["framework.ops.EagerTensor"],
    "FeatureColumn": [
        "feature_column.feature_column_v2_types.FeatureColumn",
        "feature_column.feature_column_v2.FeatureColumn",
    ],
    "FuncGraph": ["framework.func_graph.FuncGraph"],
    "GlorotNormalV2": ["ops.init_ops_v2.GlorotNormal"],
    "GlorotUniformV2": ["ops.init_ops_v2.GlorotUniform"],
    "Initializer": ["ops.init_ops.Initializer"],
    "InitializerV2": ["ops.init_ops_v2.Initializer"],
    "InitializableLookupTableBase": ["ops.lookup_ops.InitializableLookupTableBase"],
    "ListWrapper": [
        "trackable.data_structures.ListWrapper",
        "training.tracking.data_structures.ListWrapper",
    ],
    "LookupInterface": ["ops.lookup_ops.LookupInterface"],
    "MultiStepContext": ["distribute.input_lib.MultiStepContext"],
    "OwnedIterator": ["data.ops.iterator_ops.OwnedIterator"],
    "RefVariable": ["ops.ref_variable.RefVariable", "ops.variables.RefVariable"],
    "RestoredResource": [
        "trackable.resource.RestoredResource",
        "training.tracking.tracking.RestoredResource",
        "training.tracking.resource.RestoredResource",
        "saved_model.load._RestoredResource",
    ],
    "Reference": ["util.object_identity.Reference"],
    "ResourceVariable": ["ops.resource_variable_ops.ResourceVariable"],
    "PythonStringStateSaveable": [
        "training.saving.saveable_object_util._PythonStringStateSaveable",
        "training.tracking.base.PythonStringStateSaveable",
    ],
    "SaveSpec": ["training.saving.saveable_object.SaveSpec"],
    "SingleDevice": ["distribute.numpy_dataset.SingleDevice"],
    "SessionInterface": ["client.session.SessionInterface"],
    "SymbolicTensor": ["framework.ops.SymbolicTensor"],
    "TableInitializerBase": ["ops.lookup_ops.TableInitializerBase"],
    "TrackableResource": [
        "trackable.resource.TrackableResource",
        "training.tracking.resource.TrackableResource",
        "training.tracking.tracking.TrackableResource",
    ],
    "TruncatedNormalV2": ["ops.init_ops_v2.TruncatedNormal"],
    "UnaryDataset": ["data.ops.dataset_ops.UnaryDataset"],
    "UnaryUnchangedStructureDataset": ["data.ops.dataset_ops.UnaryUnchangedStructureDataset"],
    "VariableSpec": ["ops.resource_variable_ops.VariableSpec"],
    "VarianceScalingV2": ["ops.init_ops_v2.VarianceScaling"],
    "WrappedFunction": ["eager.wrap_function.WrappedFunction"],
    "AggregatingVariable": ["distribute.ps_values.AggregatingVariable"],
    "AllReduceCrossDeviceOps": ["distribute.cross_device_ops.AllReduceCrossDeviceOps"],
    "BatchDataset": ["data.ops.batch_op._BatchDataset", "data.ops.dataset_ops.BatchDataset"],
    "CollectiveAllReduce": ["distribute.cross_device_ops.CollectiveAllReduce"],
    "DatasetV1Adapter": ["data.ops.dataset_ops.DatasetV1Adapter"],
    "DefaultDistributionStrategy": ["distribute.distribute_lib._DefaultDistributionStrategy"],
    "DictWrapper": [
        "trackable.data_structures._DictWrapper",
        "training.tracking.data_structures._DictWrapper",
    ],
    "DistributedDatasetsFromFunction": ["distribute.input_lib.DistributedDatasetsFromFunction"],
    "EmbeddingColumn": ["feature_column.feature_column_v2.EmbeddingColumn"],
    "EmbeddingColumnV1": ["feature_column.feature_column._EmbeddingColumn"],
    "LoadDataset": ["data.ops.load_op._LoadDataset", "data.experimental.ops.io._LoadDataset"],
    "Mirrored": ["distribute.values.Mirrored"],
    "MirroredVariable": ["distribute.values.MirroredVariable"],
    "PerReplica": ["distribute.values.PerReplica"],
    "RepeatDataset": ["data.ops.repeat_op._RepeatDataset", "data.ops.dataset_ops.RepeatDataset"],
    "ShardedVariable": ["distribute.sharded_variable.ShardedVariable"],
    "ShuffleDataset": [
        "data.ops.shuffle_op._ShuffleDataset",
        "data.ops.dataset_ops.ShuffleDataset",
    ],
    "SyncOnReadVariable": ["distribute.values.SyncOnReadVariable"],
    "TPUDistributedVariable": ["distribute.tpu_values.TPUDistributedVariable"],
    "TPUMirroredVariable": ["distribute.tpu_values.TPUMirroredVariable"],
    "TPUReplicaContext": ["distribute.tpu_strategy._TPUReplicaContext"],
    "TpuEmbeddingOptimizer": ["tpu.tpu_embedding_v2_utils._Optimizer"],
    "WrapperFunction": ["saved_model.load._WrapperFunction"],
}


def test_the_table_is_complete():
    elsewhere = {"ConverterError"}  # of TensorFlow Lite: test_lite.py
    assert set(ORIGINALS) | elsewhere == set(classes.__all__)


@pytest.mark.parametrize("name", sorted(ORIGINALS))
def test_class_is_the_original(name):
    original = find(*ORIGINALS[name])
    # Tensors in graphs are of this class from 2.14 on.
    if name == "SymbolicTensor" and (original is None or not issubclass(original, tf.Tensor)):
        assert replacements.SymbolicTensor.__module__ == classes.__name__
        return
    assert getattr(replacements, name) is original


def test_symbolic_tensors_are_those_of_graphs():
    with tf.Graph().as_default():
        symbolic = tf.constant(1.0)
    assert isinstance(symbolic, replacements.SymbolicTensor)
    assert not isinstance(tf.constant(1.0), replacements.SymbolicTensor)
    assert not isinstance(1.0, replacements.SymbolicTensor)


def test_unknown_name():
    with pytest.raises(AttributeError, match="NoSuchClass"):
        replacements.NoSuchClass  # noqa: B018
    with pytest.raises(AttributeError, match="NoSuchClass"):
        classes.NoSuchClass  # noqa: B018
