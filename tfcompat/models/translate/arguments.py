"""Arguments of constructors: other names, values without an effect, other forms of a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

# Names of one argument in different releases, by class; "" is any class.
SYNONYMS: dict[str, tuple[tuple[str, ...], ...]] = {
    # https://keras.io/guides/migrating_to_keras_3/ and the API pages of each release
    "LeakyReLU": (("negative_slope", "alpha"),),
    # Up to 2.5 under `experimental.preprocessing`.
    "Discretization": (("bin_boundaries", "bins"),),
    "CategoryEncoding": (("num_tokens", "max_tokens"),),
    "IntegerLookup": (
        ("max_tokens", "max_values"),
        ("num_oov_indices", "num_oov_values"),
        ("mask_token", "mask_value"),
        ("oov_token", "oov_value"),
    ),
    # Standalone Keras and TensorFlow 1 called the learning rate `lr`.
    "Optimizer": (("learning_rate", "lr"),),
}

# A value that an argument may have without an effect, where a class does not take it.
ANY = object()
NEUTRAL: dict[str, tuple[Any, ...]] = {
    # Every layer. The shape of the first layer of a Sequential model is taken from it before.
    "batch_input_shape": (ANY,),
    "batch_shape": (ANY,),
    "dynamic": (False,),
    "autocast": (True,),
    "quantization_config": (None,),
    "lora_rank": (None,),
    "lora_alpha": (None,),
    # Shapes with which a layer was built: it is built again when the model calls it.
    "query_shape": (ANY,),
    "key_shape": (ANY,),
    "value_shape": (ANY,),
    "input_length": (ANY,),
    # How something is computed, not what.
    "implementation": (ANY,),
    "fused": (ANY,),
    "use_cudnn": (ANY,),
    "flash_attention": (ANY,),
    "use_legacy_format": (ANY,),
    "jit_compile": (ANY,),
    # Random numbers are others in each release.
    "seed": (ANY,),
    "rng_type": (ANY,),
    "force_generator": (ANY,),
    # Inputs.
    "sparse": (False,),
    "ragged": (False,),
    "optional": (False,),
    # Recurrent layers.
    "time_major": (False,),
    "num_constants": (None, 0),
    "zero_output_for_mask": (False,),
    "reverse_state_order": (False,),
    "return_states": (ANY,),
    # Convolutions and poolings.
    "groups": (1,),
    "dilation_rate": (1, [1], [1, 1], [1, 1, 1]),
    "output_padding": (None,),
    "keepdims": (False,),
    "interpolation": ("nearest",),
    "data_format": ("channels_last", None),
    # Normalizations.
    "renorm": (False,),
    "renorm_clipping": (None, {}),
    "renorm_momentum": (ANY,),
    "virtual_batch_size": (None,),
    "adjustment": (None,),
    "synchronized": (False,),
    "rms_scaling": (False,),
    "invert": (False,),
    # Attention.
    "score_mode": ("dot",),
    "causal": (False,),
    "attention_axes": (None,),
    "use_gate": (False,),
    "softmax_robust_masking": (False,),
    "dropout": (0.0,),
    "shared_axes": (None,),
    "robust_masking": (False,),
    # Images.
    "antialias": (False,),
    "crop_to_aspect_ratio": (False,),
    "pad_to_aspect_ratio": (False,),
    "value_range": (ANY,),  # of RandomContrast
    # Vocabularies.
    "vocabulary_size": (ANY,),
    "vocabulary_dtype": ("int64", "string"),
    "encoding": ("utf-8",),
    "oov_method": ("floormod",),  # from Keras 3.15 on
    "has_input_vocabulary": (ANY,),
    "pad_to_max_tokens": (False,),
    "output_mode": ("int",),
    # Optimizers.
    "decay": (0.0,),
    "is_legacy_optimizer": (ANY,),
    "weight_decay": (None, 0, 0.0, False),
    "use_ema": (False,),
    "ema_momentum": (0.99,),
    "ema_overwrite_frequency": (None,),
    "loss_scale_factor": (None,),
    "gradient_accumulation_steps": (None,),
    "adaptive_epsilon": (False,),
    "amsgrad": (False,),
    "warmup_steps": (0,),
    # Losses and metrics: both compute in float32 whatever is said, except with another policy.
    "axis": (-1,),
    "ignore_class": (None,),
    "num_labels": (None,),
    "from_logits": (False,),
    "apply_class_balancing": (False,),
    "label_smoothing": (0.0,),
    "sparse_y_true": (True,),
    "sparse_y_pred": (True,),
    "from_sorted_ids": (False,),
    "label_weights": (None,),
    "multi_label": (False,),
}  # fmt: skip

_OF_KERNEL = {
    "kernel_initializer": (ANY,),
    "kernel_regularizer": (None,),
    "kernel_constraint": (None,),
}

# Arguments that some classes take otherwise than any other; by class.
NEUTRAL_OF: dict[str, dict[str, tuple[Any, ...]]] = {
    # It has the mask's zeros on whatever the layers inside say.
    "Bidirectional": {"zero_output_for_mask": (ANY,)},
    # The wrapper of Keras 3 has an optimizer's own arguments, which it does not use.
    "LossScaleOptimizer": {"dynamic": (True,), "learning_rate": (ANY,), "name": (ANY,)},
    # What a class of this name computes is told by its name.
    "Loss": {"dtype": (ANY,), "fn": (ANY,), "fn_kwargs": (ANY,)},
    # Keras 2 writes what the class inherits and has no use for.
    "SeparableConv1D": _OF_KERNEL,
    "SeparableConv2D": _OF_KERNEL,
    "Initializer": {"dtype": (ANY,)},
    # Of the padding that it does only with `pad_to_aspect_ratio`.
    "Resizing": {"fill_mode": (ANY,), "fill_value": (ANY,)},
}

# Arguments that Keras 2 takes and its signatures do not show.
HIDDEN: dict[str, tuple[str, ...]] = {
    "RNN": ("zero_output_for_mask",),
    "Optimizer": ("clipnorm", "clipvalue", "global_clipnorm"),
}

# The type of these layers' outputs follows from `output_mode`, and their `dtype` says another
# thing in each era: a string's in 2.5, an integer's up to 2.15, the policy in Keras 3.
WITHOUT_DTYPE = ("StringLookup", "IntegerLookup", "TextVectorization", "Discretization", "Hashing")


def _one_axis(value: Any) -> Any:
    # Keras 2 writes the axis of a BatchNormalization as a list.
    return value[0] if isinstance(value, (list, tuple)) and len(value) == 1 else value


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_REDUCTIONS = {
    # "auto" was the sum over the batch's size, as long as Keras itself trained.
    "auto": "sum_over_batch_size",
    "mean": "sum_over_batch_size",
}


def _reduction(value: Any) -> Any:
    return _REDUCTIONS.get(value, value) if isinstance(value, str) else value


# Other forms of a value, by class and argument.
FORMS: Mapping[str, Mapping[str, Callable[[Any], Any]]] = {
    "BatchNormalization": {"axis": _one_axis},
    "Loss": {"reduction": _reduction},
    "Reshape": {"target_shape": _tuple},
    "Permute": {"dims": _tuple},
}


# Measured: Keras 2 divides the loss by the number of examples in the batch, Keras 3 does not.
ACTIVITY = (
    "the loss of an activity regularizer is divided by the size of the batch in Keras 2 alone, "
    "so that training goes on otherwise"
)


def differs(name: str, config: Mapping[str, Any]) -> bool:
    """Tell whether a layer's loss in training is another in the other Keras."""
    return name == "ActivityRegularization" or bool(config.get("activity_regularizer"))
