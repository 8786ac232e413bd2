"""The private originals of Keras in this release, and results that can be compared.

The originals: `tensorflow.python.keras`, the copy that stayed in TensorFlow, and the private
modules of the package that `tf.keras` is.
"""

from __future__ import annotations

import importlib

import numpy as np
import tensorflow as tf

import tfcompat as tfc

keras = tf.keras
KERAS_3 = tfc.supports("keras3")
# The package that tf.keras is: tensorflow.python.keras, keras, keras.src or tf_keras.src.
HOME = keras.layers.Layer.__module__.partition("engine")[0].partition("layers")[0].rstrip(".")
PACKAGES = sorted({"tensorflow.python.keras", HOME})


def module(path: str):
    """Import a private module; None where this release has none."""
    try:
        return importlib.import_module(path)
    except ImportError:
        return None


def originals(*paths: str) -> list:
    """Return every original of these paths below a Keras, each object once."""
    found = {}
    for package in PACKAGES:
        for path in paths:
            name, _, leaf = path.rpartition(".")
            owner = module(f"{package}.{name}")
            original = getattr(owner, leaf, None)
            # Keras 3 uses some of the names for other functions.
            if original is not None and not (KERAS_3 and package == HOME and path not in SAME):
                found[id(original)] = original
    return list(found.values())


# Private names that mean the same in Keras 3.
SAME = {
    "utils.dtype_utils.dtype_size",
    "utils.python_utils.to_list",
    "initializers.random_initializers.compute_fans",
    "layers.attention.multi_head_attention._build_proj_equation",
    "layers.attention.multi_head_attention._get_output_shape",
}


def outcome(function, *args, **kwargs):
    """Return what a call returns, or the kind of error."""
    try:
        return plain(function(*args, **kwargs))
    except (AssertionError, NotImplementedError, TypeError, ValueError) as error:
        return type(error)
    except tf.errors.InvalidArgumentError as error:
        return type(error)


def plain(value):
    """Return tensors as NumPy arrays with their dtype, to compare."""
    if isinstance(value, tf.RaggedTensor):
        return ("ragged", value.to_list())
    if isinstance(value, tf.SparseTensor):
        return ("sparse", plain(tf.sparse.to_dense(value)), tuple(value.dense_shape.numpy()))
    if isinstance(value, tf.TensorShape):
        return ("shape", value.as_list())
    if isinstance(value, tf.TensorSpec):
        return ("spec", value.shape.as_list(), value.dtype)
    if isinstance(value, (tf.Tensor, np.ndarray)):
        array = np.asarray(value)
        return (str(array.dtype), array.shape, np.round(array.astype("complex"), 5).tolist())
    if isinstance(value, (list, tuple)):
        return type(value)(plain(item) for item in value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value
