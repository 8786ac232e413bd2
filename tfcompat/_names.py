"""The table behind `tfcompat.names`. It needs no TensorFlow; the migration rules read it."""

from __future__ import annotations

from typing import Any

from tfcompat._lookup import KERAS_2, Row

_KERAS = "tensorflow.keras"
_PREPROCESSING = f"{_KERAS}.layers.experimental.preprocessing"


def _same_path(package: str, releases: str, names: str, **options: Any) -> dict[str, Row]:
    return {name: Row((f"{package}.{name}",), releases, **options) for name in names.split()}


def _moved(package: str, earlier: str, names: str, **options: Any) -> dict[str, Row]:
    """Rows of names that have the same last part in two packages."""
    return {
        name: Row((f"{package}.{name}", f"{earlier}.{name}"), **options) for name in names.split()
    }


# tf, tf.config, tf.debugging, tf.random, tf.train, ...
_CORE = {
    "random_split": Row(
        ("tensorflow.random.split", "tensorflow.random.experimental.stateless_split"),
        note="tf.random.split from 2.12",
    ),
    "random_fold_in": Row(
        ("tensorflow.random.fold_in", "tensorflow.random.experimental.stateless_fold_in"),
        note="tf.random.fold_in from 2.12",
    ),
    "enable_op_determinism": Row(
        ("tensorflow.config.experimental.enable_op_determinism",),
        "2.8-",
        "the environment variable TF_DETERMINISTIC_OPS=1, set before TensorFlow is imported",
    ),
    "set_random_seed": Row(
        (f"{_KERAS}.utils.set_random_seed", "tfcompat._moved.set_random_seed"),
        note="tf.keras.utils.set_random_seed from 2.7",
    ),
    "gfile_join": Row(("tensorflow.io.gfile.join",), "2.7-", "os.path.join"),
    "PolymorphicFunction": Row(
        (
            "tensorflow.types.experimental.PolymorphicFunction",
            "tensorflow.types.experimental.GenericFunction",
        ),
        "2.6-",
        "tfcompat.functions.Function",
        note="GenericFunction up to 2.14",
    ),
    **_same_path("tensorflow.config.experimental", "2.6-", "reset_memory_stats"),
    **_same_path(
        "tensorflow.debugging",
        "2.7-",
        "disable_traceback_filtering enable_traceback_filtering is_traceback_filtering_enabled",
    ),
    **_same_path("tensorflow.dtypes.experimental", "2.12-", "float8_e4m3fn float8_e5m2"),
    **_same_path("tensorflow.dtypes.experimental", "2.15-", "int4 uint4"),
    **_same_path("tensorflow.experimental", "2.9-", "DynamicRaggedShape RowPartition dtensor"),
    **_same_path(
        "tensorflow.experimental",
        "2.7-",
        """BatchableExtensionType ExtensionType dispatch_for_api
        dispatch_for_binary_elementwise_apis dispatch_for_unary_elementwise_apis""",
    ),
    **_same_path("tensorflow.experimental", "2.11-", "StructuredTensor"),
    **_same_path("tensorflow.linalg", "2.6-", "eigh_tridiagonal"),
    **_same_path("tensorflow.math", "2.10-", "approx_max_k approx_min_k"),
    **_same_path("tensorflow.nn.experimental", "2.7-", "stateless_dropout"),
    **_same_path("tensorflow.nn.experimental", "2.12-", "general_dropout"),
    **_same_path("tensorflow.random.experimental", "2.9-", "index_shuffle"),
    **_same_path("tensorflow.random.experimental", "2.10-", "stateless_shuffle"),
    **_same_path("tensorflow.saved_model.experimental", "2.6-", "TrackableResource"),
    **_same_path("tensorflow.saved_model.experimental", "2.12-", "Fingerprint read_fingerprint"),
    **_same_path("tensorflow.signal", "2.15-", "fftnd ifftnd irfftnd rfftnd"),
    **_same_path("tensorflow.sparse", "2.17-", "sampled_addmm"),
    **_same_path("tensorflow.train", "2.10-", "TrackableView"),
    **_same_path("tensorflow.train", "2.11-", "CheckpointView"),
    **_same_path("tensorflow.train.experimental", "2.16-", "MaxShardSizePolicy ShardByTaskPolicy"),
    **_same_path("tensorflow.types.experimental", "2.6-", "Callable ConcreteFunction"),
    **_same_path("tensorflow.types.experimental", "2.9-", "SupportsTracingProtocol TraceType"),
    **_same_path("tensorflow.types.experimental.distributed", "2.10-", "Mirrored PerReplica"),
}

_DATA = {
    "AUTOTUNE": Row(("tensorflow.data.AUTOTUNE", "tensorflow.data.experimental.AUTOTUNE")),
    "DatasetInitializer": Row(
        (
            "tensorflow.data.experimental.DatasetInitializer",
            "tensorflow.lookup.experimental.DatasetInitializer",
        ),
        note="below tf.lookup in 2.5",
    ),
    "count_dataset": Row(
        ("tensorflow.data.Dataset.counter", "tensorflow.data.experimental.Counter"),
        note="tf.data.Dataset.counter from 2.11",
    ),
    "load_dataset": Row(
        ("tensorflow.data.Dataset.load", "tensorflow.data.experimental.load"),
        note="tf.data.Dataset.load from 2.10",
    ),
    "ragged_batch_dataset": Row(
        ("tensorflow.data.Dataset.ragged_batch", "tfcompat._moved.ragged_batch"),
        note="a method of tf.data.Dataset from 2.12, called with the dataset first",
    ),
    "rebatch_dataset": Row(
        ("tensorflow.data.Dataset.rebatch", "tfcompat._moved.rebatch"),
        note="a method of tf.data.Dataset from 2.11, called with the dataset first",
    ),
    "save_dataset": Row(
        ("tensorflow.data.Dataset.save", "tensorflow.data.experimental.save"),
        note="a method of tf.data.Dataset from 2.10, called with the dataset first",
    ),
    "choose_from_datasets": Row(
        ("tensorflow.data.experimental.choose_from_datasets",),
        note="that of tf.data.Dataset, from 2.7, stops at the first empty dataset by default",
    ),
    "sample_from_datasets": Row(
        (
            "tensorflow.data.Dataset.sample_from_datasets",
            "tensorflow.data.experimental.sample_from_datasets",
        ),
        note="tf.data.Dataset.sample_from_datasets from 2.7",
    ),
    **{
        name: Row(
            (f"tensorflow.data.Dataset.{method}", f"tfcompat._moved.{method}"),
            note=f"a method of tf.data.Dataset from {since}, called with the dataset first",
        )
        for name, method, since in (
            ("bucket_dataset_by_sequence_length", "bucket_by_sequence_length", "2.6"),
            ("group_dataset_by_window", "group_by_window", "2.6"),
            ("resample_dataset", "rejection_resample", "2.7"),
            ("scan_dataset", "scan", "2.6"),
            ("snapshot_dataset", "snapshot", "2.6"),
            ("unique_dataset", "unique", "2.6"),
        )
    },
    "zip_datasets": Row(
        ("tfcompat._moved.zip_datasets",),
        note="tf.data.Dataset.zip takes several datasets from 2.13, a tuple everywhere",
    ),
    "MutableHashTable": Row(
        ("tensorflow.lookup.experimental.MutableHashTable",),
        "2.6-",
        "tf.lookup.experimental.DenseHashTable",
    ),
    **_same_path("tensorflow.data", "2.14-", "NumpyIterator"),
    **_same_path("tensorflow.data", "2.6-", "ThreadingOptions"),
    **_same_path("tensorflow.data.experimental", "2.7-", "AutotuneOptions"),
    **_same_path("tensorflow.data.experimental", "2.8-", "AutotuneAlgorithm"),
    **_same_path(
        "tensorflow.data.experimental", "2.6-", "index_table_from_dataset table_from_dataset"
    ),
    **_same_path("tensorflow.data.experimental", "2.14-", "pad_to_cardinality"),
}

_DISTRIBUTE = {
    **_moved(
        "tensorflow.distribute",
        "tensorflow.distribute.experimental",
        "ParameterServerStrategy",
        note="without experimental from 2.8",
    ),
    **_moved(
        "tensorflow.distribute.coordinator",
        "tensorflow.distribute.experimental.coordinator",
        "ClusterCoordinator RemoteValue",
        note="without experimental from 2.8",
    ),
    "PerWorkerValue": Row(
        (
            "tensorflow.distribute.coordinator.PerWorkerValue",
            "tensorflow.distribute.experimental.coordinator.PerWorkerValues",
        ),
        note="PerWorkerValues up to 2.7",
    ),
    **_same_path("tensorflow.distribute", "2.5-", "MultiWorkerMirroredStrategy TPUStrategy"),
    **_same_path(
        "tensorflow.distribute.experimental",
        "2.10-",
        "PreemptionCheckpointHandler TerminationConfig",
    ),
}

_KERAS_UTILS = {
    **_moved(
        f"{_KERAS}.saving",
        f"{_KERAS}.utils",
        """custom_object_scope get_custom_objects get_registered_name get_registered_object
        register_keras_serializable""",
        note="in tf.keras.saving from 2.12",
    ),
    **_moved(
        f"{_KERAS}.saving",
        f"{_KERAS}.utils",
        "deserialize_keras_object serialize_keras_object",
        note="in tf.keras.saving from 2.13; what they read and write is another format before",
    ),
    **_moved(
        f"{_KERAS}.utils",
        f"{_KERAS}.preprocessing",
        """image_dataset_from_directory text_dataset_from_directory
        timeseries_dataset_from_array""",
        note="in tf.keras.utils from 2.6",
    ),
    **_moved(
        f"{_KERAS}.utils",
        f"{_KERAS}.preprocessing.image",
        "array_to_img img_to_array load_img save_img",
        note="in tf.keras.utils from 2.6",
    ),
    **_moved(
        f"{_KERAS}.utils",
        f"{_KERAS}.preprocessing.sequence",
        "pad_sequences",
        note="in tf.keras.utils from 2.9",
    ),
    **_same_path(f"{_KERAS}.utils", "2.10-", "audio_dataset_from_directory split_dataset"),
    **_same_path(
        f"{_KERAS}.utils",
        "2.9-",
        "disable_interactive_logging enable_interactive_logging is_interactive_logging_enabled",
    ),
    **_same_path(f"{_KERAS}.utils", "2.12-", "FeatureSpace"),
    "PyDataset": Row(
        (f"{_KERAS}.utils.PyDataset", f"{_KERAS}.utils.Sequence"),
        note="tf.keras.utils.Sequence in Keras 2",
    ),
    **_same_path(f"{_KERAS}.utils", "2.5-", "get_file to_categorical"),
    "clear_session": Row((f"{_KERAS}.backend.clear_session",)),
    "ExportArchive": Row((f"{_KERAS}.export.ExportArchive",), "2.12-"),
}

_KERAS_LAYERS = {
    **_moved(
        f"{_KERAS}.layers",
        _PREPROCESSING,
        """CategoryEncoding CenterCrop Discretization Hashing IntegerLookup Normalization
        RandomContrast RandomCrop RandomFlip RandomRotation RandomTranslation RandomZoom Rescaling
        Resizing StringLookup TextVectorization""",
        note="below layers.experimental.preprocessing in 2.5",
    ),
    "HashedCrossing": Row(
        (f"{_KERAS}.layers.HashedCrossing", f"{_PREPROCESSING}.HashedCrossing"), "2.8-"
    ),
    "EinsumDense": Row(
        (f"{_KERAS}.layers.EinsumDense", f"{_KERAS}.layers.experimental.EinsumDense"),
        note="below layers.experimental up to 2.9",
    ),
    **_same_path(f"{_KERAS}.layers", "2.6-", "ConvLSTM1D ConvLSTM3D"),
    **_same_path(f"{_KERAS}.layers", "2.7-", "DepthwiseConv1D"),
    **_same_path(f"{_KERAS}.layers", "2.9-", "RandomBrightness UnitNormalization"),
    **_same_path(f"{_KERAS}.layers", "2.11-", "GroupNormalization"),
    **_same_path(f"{_KERAS}.layers", "2.12-", "Identity"),
    **_same_path(f"{_KERAS}.layers", "2.13-", "SpectralNormalization"),
}

_KERAS_TRAINING = {
    "BackupAndRestore": Row(
        (
            f"{_KERAS}.callbacks.BackupAndRestore",
            f"{_KERAS}.callbacks.experimental.BackupAndRestore",
        ),
        note="below callbacks.experimental up to 2.7",
    ),
    "AdamW": Row(
        (f"{_KERAS}.optimizers.AdamW", f"{_KERAS}.optimizers.experimental.AdamW"),
        "2.9-",
        "tfa.optimizers.AdamW of TensorFlow Addons",
        note="below optimizers.experimental up to 2.11; its decay in 2.9 is another",
    ),
    "Adafactor": Row(
        (f"{_KERAS}.optimizers.Adafactor", f"{_KERAS}.optimizers.experimental.Adafactor"),
        "2.11-",
    ),
    "Lion": Row((f"{_KERAS}.optimizers.Lion",), "2.13-"),
    "legacy_optimizers": Row(
        ("tfcompat._moved.legacy_optimizers()",),
        instead="tf.keras.optimizers, whose state tfcompat.save_state reaches in every release",
        note="a module; the optimizers with get_slot and get_weights",
        keras=KERAS_2,
    ),
    **_same_path(f"{_KERAS}.optimizers.schedules", "2.5-", "CosineDecay CosineDecayRestarts"),
    # On Keras 3 tf.keras.losses has the short names alone.
    **{
        name: Row((f"{_KERAS}.losses.{name}", f"{_KERAS}.losses.{short}"))
        for name, short in {
            "kl_divergence": "kld",
            "log_cosh": "logcosh",
            "mean_absolute_error": "mae",
            "mean_absolute_percentage_error": "mape",
            "mean_squared_error": "mse",
            "mean_squared_logarithmic_error": "msle",
        }.items()
    },
    **_same_path(f"{_KERAS}.losses", "2.8-", "BinaryFocalCrossentropy binary_focal_crossentropy"),
    **_same_path(
        f"{_KERAS}.losses", "2.13-", "CategoricalFocalCrossentropy categorical_focal_crossentropy"
    ),
    **_same_path(f"{_KERAS}.metrics", "2.8-", "BinaryIoU IoU OneHotIoU OneHotMeanIoU"),
    **_same_path(f"{_KERAS}.metrics", "2.13-", "F1Score FBetaScore R2Score"),
    **_same_path(f"{_KERAS}.activations", "2.13-", "mish"),
    **_same_path(
        f"{_KERAS}.mixed_precision",
        "2.5-",
        "LossScaleOptimizer Policy global_policy set_global_policy",
    ),
}

TABLE: dict[str, Row] = {
    **_CORE,
    **_DATA,
    **_DISTRIBUTE,
    **_KERAS_UTILS,
    **_KERAS_LAYERS,
    **_KERAS_TRAINING,
}
