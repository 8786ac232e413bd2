"""Functions of `keras.backend` that Keras 3 does not have."""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, Call, facade, nothing, public, replacement

_NO_PHASE = "In Keras 3 no layer looks at it: pass `training` to layers and models instead."
_NO_SESSION = "Keras 3 runs no session: there it is kept for get_session and nothing else."
_NO_GRAPH = "In eager execution Keras 2 returns a graph of its own, this one the default graph."

# The public name where Keras shows it, and where it is defined.
_PRIVATE = ("tensorflow.python.keras.backend", "keras.src.backend", "tf_keras.src.backend")
_PUBLIC = (
    "tensorflow.keras.backend",
    "tensorflow.compat.v1.keras.backend",
    "keras.backend",
    "tf_keras.backend",
)

_FUNCTIONS = {
    "learning_phase": replacement("learning_phase", safe=False, reason=_NO_PHASE),
    "set_learning_phase": replacement("set_learning_phase", safe=False, reason=_NO_PHASE),
    "learning_phase_scope": replacement("learning_phase_scope", safe=False, reason=_NO_PHASE),
    "in_train_phase": replacement("in_train_phase"),
    "in_test_phase": replacement("in_test_phase"),
    "function": replacement(
        "keras_function",
        safe=False,
        reason="Keras 3 runs no session: it takes neither `updates` nor options of one.",
    ),
    "placeholder": replacement(
        "keras_placeholder",
        safe=False,
        reason="In Keras 3 TensorFlow's functions do not take it, Keras's layers do.",
    ),
    "print_tensor": replacement("print_tensor"),
    "reset_uids": replacement(
        "reset_uids", safe=False, reason="In Keras 3 it is clear_session, which does more."
    ),
    "random_binomial": public("tensorflow.keras.backend.random_bernoulli"),
    "get_session": replacement("get_session", safe=False, reason=_NO_SESSION),
    "set_session": replacement("set_session", safe=False, reason=_NO_SESSION),
    "manual_variable_initialization": nothing(
        "It kept sessions of Keras from initializing variables; Keras 3 has none."
    ),
    "normalize_batch_in_training": nothing(
        "Use tf.nn.moments and tf.nn.batch_normalization, or a BatchNormalization layer."
    ),
    "local_conv1d": nothing("Keras 3 dropped locally connected layers with it."),
    "local_conv2d": nothing("Keras 3 dropped locally connected layers with it."),
}
_PRIVATE_FUNCTIONS = {
    "logsumexp": public("tensorflow.reduce_logsumexp"),
    "identity": public("tensorflow.identity"),
    "track_variable": replacement(
        "track_variable",
        safe=False,
        reason="It does nothing; in graph mode of Keras 2 the original makes get_session "
        "initialize the variable.",
    ),
    "get_graph": public("tensorflow.compat.v1.get_default_graph", safe=False, reason=_NO_GRAPH),
    "_current_graph": public(
        "tensorflow.compat.v1.get_default_graph",
        safe=False,
        reason=_NO_GRAPH,
        call=Call(parameters=("op_input_list", "graph"), drop=("op_input_list", "graph")),
    ),
}
_EXPERIMENTAL = {
    "enable_tf_random_generator": replacement(
        "enable_tf_random_generator",
        safe=False,
        reason="It changes nothing before 2.8 and in Keras 3, which has no such switch.",
    ),
    "disable_tf_random_generator": nothing("Keras 3 draws from seed generators only."),
    "is_tf_random_generator_enabled": nothing("Keras 3 draws from seed generators only."),
}

ADVICE: dict[str, Advice] = {
    **{
        f"{package}.{name}": advice
        for package in (*_PUBLIC, *_PRIVATE)
        for name, advice in _FUNCTIONS.items()
    },
    **{
        f"{package}.{name}": advice
        for package in ("keras.backend", *_PRIVATE)
        for name, advice in _PRIVATE_FUNCTIONS.items()
    },
    **{
        f"{package}.experimental.{name}": advice
        for package in _PUBLIC[:1]
        for name, advice in _EXPERIMENTAL.items()
    },
    # Keras's of before 2.4: a module of its own for the backend, and names that moved since.
    "keras.backend.tensorflow_backend": public("tensorflow.keras.backend"),
    "keras.backend.tensorflow_backend.set_session": _FUNCTIONS["set_session"],
    "keras.backend.tensorflow_backend.get_session": _FUNCTIONS["get_session"],
    "keras.backend.common.image_data_format": public("tensorflow.keras.backend.image_data_format"),
    "keras.backend.common.image_dim_ordering": nothing(
        "Keras 1 called the data format so; it is tf.keras.backend.image_data_format, with "
        "'channels_first' for 'th' and 'channels_last' for 'tf'."
    ),
    "keras.backend.normalize_data_format": replacement("normalize_data_format"),
    "tensorflow.keras.backend.mean_squared_error": public("tensorflow.keras.losses.MSE"),
    "keras.backend.mean_squared_error": public("tensorflow.keras.losses.MSE"),
    "keras.backend.where": public("tensorflow.where"),
    "tensorflow.keras.backend.track_variable": _PRIVATE_FUNCTIONS["track_variable"],
    "tensorflow.keras.__internal__.backend.track_variable": _PRIVATE_FUNCTIONS["track_variable"],
    "keras.__internal__.backend.track_variable": _PRIVATE_FUNCTIONS["track_variable"],
    "tf_keras.__internal__.backend.track_variable": _PRIVATE_FUNCTIONS["track_variable"],
    "keras.src.backend.common.variables.KerasVariable": facade(
        "layers.Variable",
        safe=False,
        reason="In Keras 2 it is a tf.Variable, which has another interface.",
    ),
}
