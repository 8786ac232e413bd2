"""Public names of Keras that some release lacks, or where they raise."""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, Call, facade, nothing, public, replacement

_KERAS = "tensorflow.keras"

# On Keras 3 tf.keras.losses has the short names alone, which every release has.
_LOSSES = {
    "kl_divergence": "KLD",
    "log_cosh": "logcosh",
    "mean_absolute_error": "MAE",
    "mean_absolute_percentage_error": "MAPE",
    "mean_squared_error": "MSE",
    "mean_squared_logarithmic_error": "MSLE",
}

_REWRITTEN = (
    "Keras 2 has the legacy optimizer under this name in every release; in Keras 3 it is "
    "another implementation, without get_weights and get_slot."
)
_OPTIMIZERS = ["Adadelta", "Adagrad", "Adam", "Adamax", "Ftrl", "Nadam", "RMSprop", "SGD"]
_LEGACY = {
    **{
        f"{_KERAS}.optimizers.legacy.{name}": public(
            f"tensorflow.compat.v1.keras.optimizers.{name}", safe=False, reason=_REWRITTEN
        )
        for name in (*_OPTIMIZERS, "Optimizer")
    },
    f"{_KERAS}.optimizers.legacy": public(
        "tensorflow.compat.v1.keras.optimizers", safe=False, reason=_REWRITTEN
    ),
    # Named so in code that looks for the legacy optimizers in places where they never were.
    "tensorflow.keras.legacy.optimizers.Adam": public(
        "tensorflow.compat.v1.keras.optimizers.Adam", safe=False, reason=_REWRITTEN
    ),
}
_EXPERIMENTAL = "In 2.5 to 2.10 tf.keras.optimizers has the older implementation under this name."
_REWRITTEN_OPTIMIZERS = {
    **{
        f"{_KERAS}.optimizers.experimental.{name}": public(
            f"{_KERAS}.optimizers.{name}", safe=False, reason=_EXPERIMENTAL
        )
        for name in (*_OPTIMIZERS, "Optimizer")
    },
    **{
        f"{_KERAS}.optimizers.experimental.{name}": public(f"{_KERAS}.optimizers.{name}")
        for name in ("AdamW", "Adafactor")
    },
    f"{_KERAS}.optimizers.experimental": public(
        f"{_KERAS}.optimizers", safe=False, reason=_EXPERIMENTAL
    ),
}

_MIXED_PRECISION = {
    "LossScaleOptimizer": public(
        f"{_KERAS}.mixed_precision.LossScaleOptimizer",
        safe=False,
        reason="Keras 3 scales by scale_loss and has no get_scaled_loss.",
        call=Call(
            parameters=("optimizer", "loss_scale"),
            rename={"optimizer": "inner_optimizer"},
            refuse=("loss_scale",),
        ),
    ),
    "Policy": public(
        f"{_KERAS}.mixed_precision.Policy",
        safe=False,
        reason="It has no loss scale: wrap the optimizer in a LossScaleOptimizer.",
        call=Call(parameters=("name", "loss_scale"), refuse=("loss_scale",)),
    ),
    "global_policy": public(f"{_KERAS}.mixed_precision.global_policy"),
    "set_policy": public(f"{_KERAS}.mixed_precision.set_global_policy"),
    "get_layer_policy": nothing("The policy of a layer is its attribute `dtype_policy`."),
}

_PREPROCESSING = [
    "CategoryEncoding",
    "CenterCrop",
    "Discretization",
    "Hashing",
    "IntegerLookup",
    "Normalization",
    "RandomContrast",
    "RandomCrop",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "RandomZoom",
    "Rescaling",
    "Resizing",
    "StringLookup",
    "TextVectorization",
]

_LAYERS = {
    **{
        f"layers.experimental.preprocessing.{name}": facade(f"names.{name}")
        for name in _PREPROCESSING
    },
    **{f"layers.{name}": facade(f"names.{name}") for name in (*_PREPROCESSING, "EinsumDense")},
    "layers.experimental.preprocessing.HashedCrossing": public(f"{_KERAS}.layers.HashedCrossing"),
    **{
        f"layers.experimental.preprocessing.{name}": nothing(f"Keras 3 has no layer {name}.")
        for name in ("RandomHeight", "RandomWidth", "CategoryCrossing", "PreprocessingLayer")
    },
    "layers.experimental.EinsumDense": facade("names.EinsumDense"),
    "layers.experimental.SyncBatchNormalization": public(
        f"{_KERAS}.layers.BatchNormalization",
        safe=False,
        reason="It does not synchronize replicas; from 2.12 pass synchronized=True for that.",
    ),
    "layers.experimental.RandomFourierFeatures": nothing("Keras 3 dropped the layer."),
    "layers.AbstractRNNCell": replacement(
        "AbstractRNNCell",
        safe=False,
        reason="As a base class it is the same where a release has it, but is another object.",
    ),
    "layers.DenseFeatures": replacement(
        "DenseFeatures",
        safe=False,
        reason="In Keras 3 its configuration cannot be saved: feature columns have no public one.",
    ),
    **{
        f"layers.{name}": replacement(
            name,
            safe=False,
            reason="On Keras 3 it is a class of tfcompat, with implementation=1 alone.",
        )
        for name in ("LocallyConnected1D", "LocallyConnected2D")
    },
    **{
        f"layers.{name}": replacement(
            name,
            safe=False,
            reason="Where this Keras has none, it is a class of tfcompat.",
        )
        for name in ("DepthwiseConv1D", "Identity", "UnitNormalization")
    },
    "layers.CuDNNLSTM": public(
        f"{_KERAS}.layers.LSTM",
        safe=False,
        reason="LSTM uses cuDNN by itself where it can; its bias has another shape.",
    ),
    "layers.CuDNNGRU": public(
        f"{_KERAS}.layers.GRU",
        safe=False,
        reason="GRU uses cuDNN by itself where it can; its bias has another shape.",
    ),
}

_VERSION = "It is the version of the Keras that tf.keras is; up to 2.5 that of TensorFlow."
_OTHERS = {
    "experimental.CosineDecay": facade("names.CosineDecay"),
    "experimental.CosineDecayRestarts": facade("names.CosineDecayRestarts"),
    "experimental.LinearCosineDecay": nothing("Gone since 2.6; write a LearningRateSchedule."),
    "experimental.NoisyLinearCosineDecay": nothing("Gone since 2.6; write a LearningRateSchedule."),
    "experimental.LinearModel": nothing("Keras 3 dropped it: a Dense(1) on each input, added."),
    "experimental.WideDeepModel": nothing("Keras 3 dropped it: a functional model does the same."),
    "experimental.SequenceFeatures": nothing("Keras 3 has no layer of feature columns."),
    "callbacks.experimental.BackupAndRestore": facade("names.BackupAndRestore"),
    "callbacks.BackupAndRestore": facade("names.BackupAndRestore"),
    "KerasTensor": facade(
        "layers.KerasTensor",
        safe=False,
        reason="In Keras 2 it is another class, without keras.ops.",
    ),
    "Variable": facade(
        "layers.Variable",
        safe=False,
        reason="In Keras 2 it is a tf.Variable, which has another interface.",
    ),
    "__version__": replacement("keras_version", safe=False, reason=_VERSION),
    "models.model_from_config": replacement("model_from_config"),
    "models.model_from_yaml": nothing(
        "It raises since 2.6, as YAML could run code; use to_json and model_from_json."
    ),
    "utils.multi_gpu_model": nothing("Gone since 2.4; use tf.distribute.MirroredStrategy."),
    "utils.OrderedEnqueuer": nothing(
        "Keras 3 keeps it to itself; iterate over the Sequence or use tf.data."
    ),
    "utils.GeneratorEnqueuer": nothing("Keras 3 keeps it to itself; use tf.data."),
    "utils.generic_utils.CustomObjectScope": public(f"{_KERAS}.utils.CustomObjectScope"),
    "LearningRateSchedule": public(f"{_KERAS}.optimizers.schedules.LearningRateSchedule"),
    "load_model": public(f"{_KERAS}.models.load_model"),
    "activations.leaky_relu": replacement(
        "leaky_relu", safe=False, reason="Where this Keras has none, it is a function of tfcompat."
    ),
    "backend.cosine_similarity": public(f"{_KERAS}.losses.cosine_similarity"),
    "utils.losses_utils": nothing("It never was public; its functions are replacements."),
}

_V1 = {
    "layers": "Keras 3 dropped the layers of TensorFlow 1; tf.keras.layers has each as a class.",
    "nn.rnn_cell": "Keras 3 dropped the cells of TensorFlow 1; those of tf.keras.layers have "
    "another interface and order their weights otherwise.",
}

_V1_CLASSES = """AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization Conv1D Conv2D
    Conv2DTranspose Conv3D Conv3DTranspose Dense Dropout Flatten Layer MaxPooling1D MaxPooling2D
    MaxPooling3D SeparableConv1D SeparableConv2D"""
_V1_FUNCTIONS = """average_pooling1d average_pooling2d average_pooling3d conv1d conv2d
    conv2d_transpose conv3d conv3d_transpose dense dropout flatten max_pooling1d max_pooling2d
    max_pooling3d separable_conv1d separable_conv2d"""
_RENORM = ("renorm", "renorm_clipping", "renorm_momentum", "virtual_batch_size", "adjustment")
_V1_CELLS = (
    "BasicLSTMCell",
    "BasicRNNCell",
    "GRUCell",
    "LSTMCell",
    "LSTMStateTuple",
    "MultiRNNCell",
    "RNNCell",
)
_CELL = "It makes the same variables and results, but is another class, and no layer of Keras."
_NO_SCOPE = (
    "tf.compat.v1.layers went with Keras 3; the layers of tf.keras neither reuse variables of a "
    "scope nor add to collections."
)

ADVICE: dict[str, Advice] = {
    **{
        f"{package}.{module}.{name}": public(f"{_KERAS}.{module}.{short}")
        for package in (_KERAS, "tensorflow.compat.v1.keras", "keras")
        for module in ("losses", "metrics")
        for name, short in _LOSSES.items()
    },
    **_LEGACY,
    **_REWRITTEN_OPTIMIZERS,
    **{
        f"{_KERAS}.mixed_precision.experimental.{name}": advice
        for name, advice in _MIXED_PRECISION.items()
    },
    **{
        f"{package}.{name}": advice
        for package in (_KERAS, "keras")
        for name, advice in {**_LAYERS, **_OTHERS}.items()
    },
    "tensorflow.compat.v1.keras.layers.DenseFeatures": _LAYERS["layers.DenseFeatures"],
    "tensorflow.compat.v1.keras.layers.CuDNNLSTM": _LAYERS["layers.CuDNNLSTM"],
    "tensorflow.compat.v1.keras.layers.CuDNNGRU": _LAYERS["layers.CuDNNGRU"],
    "tensorflow.compat.v1.keras.layers.enable_v2_dtype_behavior": replacement(
        "enable_v2_dtype_behavior"
    ),
    # Layers and cells of TensorFlow 1 were Keras's in disguise, and went with Keras 2.
    **{
        f"{package}.{module}.*": nothing(reason)
        for package in ("tensorflow", "tensorflow.compat.v1")
        for module, reason in _V1.items()
    },
    **{
        f"{package}.layers.{name}": public(f"{_KERAS}.layers.{name}", safe=False, reason=_NO_SCOPE)
        for package in ("tensorflow", "tensorflow.compat.v1")
        for name in _V1_CLASSES.split()
    },
    **{
        f"{package}.layers.{name}": replacement(
            f"v1_{name}",
            safe=False,
            reason="It makes the same variables, losses and results, and no layer of Keras.",
        )
        for package in ("tensorflow", "tensorflow.compat.v1")
        for name in _V1_FUNCTIONS.split()
    },
    **{
        f"{package}.layers.batch_normalization": replacement(
            "v1_batch_normalization",
            safe=False,
            reason="It makes the same variables, updates and results, and no layer of Keras.",
            call=Call(refuse=_RENORM),
        )
        for package in ("tensorflow", "tensorflow.compat.v1")
    },
    **{
        f"{package}.{name}": replacement(name, safe=False, reason=_CELL)
        for package in (
            "tensorflow.nn.rnn_cell",
            "tensorflow.compat.v1.nn.rnn_cell",
            # Names that TensorFlow 1 had beside the former.
            "tensorflow.contrib.rnn",
        )
        for name in _V1_CELLS
    },
    "tensorflow.contrib.layers.flatten": replacement(
        "v1_flatten",
        safe=False,
        reason="It adds to no collections and makes no variable scope.",
        call=Call(refuse=("outputs_collections", "scope")),
    ),
    "keras.utils.set_random_seed": facade("names.set_random_seed"),
    "keras.layers.recurrent.LSTM": public(f"{_KERAS}.layers.LSTM"),
}
