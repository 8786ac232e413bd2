"""Public names of TensorFlow that moved, to `tfcompat.names`.

Those of which one path exists in every release need no advice; those of Keras have their own.
"""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, facade

ADVICE: dict[str, Advice] = {
    "tensorflow.data.experimental.DatasetInitializer": facade("names.DatasetInitializer"),
    "tensorflow.lookup.experimental.DatasetInitializer": facade("names.DatasetInitializer"),
    "tensorflow.keras.utils.set_random_seed": facade("names.set_random_seed"),
}
