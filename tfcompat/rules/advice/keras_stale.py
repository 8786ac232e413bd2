"""Names of Keras of before TensorFlow 2.5, and of the copy of Keras that TensorFlow kept.

From 2.6 on `tensorflow.python.keras` is such a copy: its layers are no Keras layers, models of
`tf.keras` refuse them, and it keeps settings of its own.
"""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, facade, nothing, public, replacement

_STALE = "tensorflow.python.keras"
_COPY = "From 2.6 on the original is a copy that models of tf.keras do not take."
_SETTINGS = "From 2.6 on the original is a copy of Keras, with classes and settings of its own."
_OLDER = "A name of Keras before 2.4, which was a package without TensorFlow."

# Functions of their arguments alone, which the copy computes as Keras does.
_PURE = {
    "utils.np_utils.to_categorical": "utils.to_categorical",
    "utils.np_utils.normalize": "utils.normalize",
    "backend.get_value": "backend.get_value",
    "backend.batch_get_value": "backend.batch_get_value",
    "backend.set_value": "backend.set_value",
    "backend.batch_set_value": "backend.batch_set_value",
    "backend.ndim": "backend.ndim",
    "backend.reshape": "backend.reshape",
}
# What TensorFlow 1 and 2 have in two versions: of the copy, that of TensorFlow 1 has the name.
_LAYERS = ("BatchNormalization", "GRU", "GRUCell", "LSTM", "LSTMCell", "DenseFeatures")

# Where a module itself is the value: passed on, or looked at by getattr.
_MODULES = """activations backend callbacks constraints initializers layers losses metrics models
    optimizers regularizers utils"""

_BEFORE_2_5 = {
    "keras.layers.normalization.BatchNormalization": "layers.BatchNormalization",
    "keras.engine.Layer": "layers.Layer",
    "keras.engine.InputSpec": "layers.InputSpec",
    "keras.engine.Input": "Input",
    "keras.engine.Model": "Model",
    "keras.engine.topology.Layer": "layers.Layer",
    "keras.engine.topology.InputSpec": "layers.InputSpec",
    "keras.engine.topology.get_source_inputs": "utils.get_source_inputs",
    "keras.engine.get_source_inputs": "utils.get_source_inputs",
    "keras.layers.core.Layer": "layers.Layer",
    "keras.layers.noise.GaussianNoise": "layers.GaussianNoise",
    "keras.applications.mobilenet.DepthwiseConv2D": "layers.DepthwiseConv2D",
    "keras.objectives": "losses",
    "keras.objectives.binary_crossentropy": "losses.binary_crossentropy",
    "keras.objectives.categorical_crossentropy": "losses.categorical_crossentropy",
    "keras.objectives.mean_squared_error": "losses.MSE",
    "keras.relu": "activations.relu",
    "tensorflow.python.keras.applications.VGG16": "applications.VGG16",
    "tensorflow.python.keras.utils.deserialize_keras_object": "utils.deserialize_keras_object",
    "tensorflow.python.keras.utils.serialize_keras_object": "utils.serialize_keras_object",
    "tensorflow.python.keras.utils.to_categorical": "utils.to_categorical",
}
_API = """Model Sequential initializers.Constant layers.BatchNormalization layers.Dense
    layers.Input layers.Lambda layers.Layer layers.concatenate mixed_precision.set_global_policy
    models.model_from_json optimizers.SGD regularizers.l2"""

ADVICE: dict[str, Advice] = {
    **{f"{_STALE}.{path}": public(f"tensorflow.keras.{target}") for path, target in _PURE.items()},
    **{
        f"{_STALE}.layers.{name}": public(
            f"tensorflow.keras.layers.{name}", safe=False, reason=_COPY
        )
        for name in _LAYERS
        if name != "DenseFeatures"
    },
    **{
        f"{_STALE}.{name}": public(f"tensorflow.keras.{name}", safe=False, reason=_SETTINGS)
        for name in _MODULES.split()
    },
    _STALE: public("tensorflow.keras", safe=False, reason=_SETTINGS),
    f"{_STALE}.initializers.initializers_v2": public(
        "tensorflow.keras.initializers", safe=False, reason=_SETTINGS
    ),
    **{
        path: public(f"tensorflow.keras.{target}", safe=False, reason=_OLDER)
        for path, target in _BEFORE_2_5.items()
    },
    **{f"tf_keras.api._v2.keras.{name}": public(f"tf_keras.{name}") for name in _API.split()},
    "tf_keras.layer.Layer": public("tf_keras.layers.Layer"),
    "keras.layers.convolutional._Conv": replacement("BaseConv", safe=False, reason=_OLDER),
    **{
        f"keras.layers.pooling._Pooling{n}D": replacement("BasePooling", safe=False, reason=_OLDER)
        for n in (1, 2, 3)
    },
    "keras.layers.core.TimeDistributedDense": public(
        "tensorflow.keras.layers.Dense",
        safe=False,
        reason="A layer of Keras 1; Dense works on the last axis of any input by itself.",
    ),
    "keras.applications.mobilenet.relu6": public("tensorflow.nn.relu6"),
    f"{_STALE}.__version__": replacement(
        "keras_version",
        safe=False,
        reason="The original is the version of the copy, not of the Keras that tf.keras is.",
    ),
    **{
        f"{package}.optimizers.optimizer_experimental.Optimizer": facade(
            "layers.Optimizer",
            safe=False,
            reason="It stands for the optimizers of every kind, older ones as well.",
        )
        for package in (_STALE, "keras")
    },
    "keras.engine.topology": nothing("Gone since Keras 2.2.3; its names are in tf.keras.layers."),
    "keras.layers.AtrousConvolution1D": nothing("Gone since Keras 2.0: Conv1D(dilation_rate=)."),
    "keras.layers.AtrousConvolution2D": nothing("Gone since Keras 2.0: Conv2D(dilation_rate=)."),
    "keras.utils.layer_utils.convert_all_kernels_in_model": nothing(
        "It translated kernels of Theano, which Keras left in 2.4."
    ),
    f"{_STALE}.mixed_precision.experimental.device_compatibility_check": nothing(
        "Setting a policy of mixed precision checks the devices and logs by itself."
    ),
    f"{_STALE}.mixed_precision.experimental.device_compatibility_check"
    ".log_device_compatibility_check": nothing(
        "Setting a policy of mixed precision checks the devices and logs by itself."
    ),
    f"{_STALE}.applications.resnet.ResNet": nothing(
        "It builds a ResNet of any depth; tf.keras.applications has ResNet50, 101 and 152."
    ),
}
