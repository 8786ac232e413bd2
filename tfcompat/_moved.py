"""Names of `tfcompat.names` that older releases need code for."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tfcompat import _runtime


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy and TensorFlow, as tf.keras.utils.set_random_seed does from 2.7."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)
    _runtime.tensorflow().random.set_seed(seed)


def zip_datasets(*datasets: Any) -> Any:
    """Zip datasets; `tf.data.Dataset.zip` takes them one by one from 2.13 only."""
    return _runtime.tensorflow().data.Dataset.zip(tuple(datasets))


def rebatch(dataset: Any, batch_size: Any, drop_remainder: bool = False, name: Any = None) -> Any:
    """Batch a batched dataset anew."""
    return dataset.unbatch().batch(batch_size, drop_remainder=drop_remainder)


def ragged_batch(
    dataset: Any,
    batch_size: Any,
    drop_remainder: bool = False,
    row_splits_dtype: Any = None,
    name: Any = None,
) -> Any:
    """Batch elements of different shapes into ragged tensors."""
    tf = _runtime.tensorflow()
    return dataset.apply(
        tf.data.experimental.dense_to_ragged_batch(
            batch_size, drop_remainder, row_splits_dtype or tf.int64
        )
    )


def _applied(name: str) -> Callable[..., Any]:
    """Make a function of a transformation that was no method of datasets yet."""

    def transform(dataset: Any, *arguments: Any, **options: Any) -> Any:
        options.pop("name", None)  # It came with the methods.
        experimental = _runtime.tensorflow().data.experimental
        return dataset.apply(getattr(experimental, name)(*arguments, **options))

    return transform


bucket_by_sequence_length = _applied("bucket_by_sequence_length")
group_by_window = _applied("group_by_window")
rejection_resample = _applied("rejection_resample")
scan = _applied("scan")
snapshot = _applied("snapshot")
unique = _applied("unique")


def legacy_optimizers() -> Any:
    """Return the module of the optimizers that have `get_slot` and `get_weights`."""
    optimizers = _runtime.tensorflow().keras.optimizers
    if _runtime.supports("optimizer_v2"):
        return optimizers
    if _runtime.supports("legacy_optimizers"):
        return optimizers.legacy
    # Keras 3 has the names, and raises where one is instantiated.
    raise AttributeError("legacy")
