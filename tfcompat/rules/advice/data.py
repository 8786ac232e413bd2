"""`tensorflow.python.data`: names without a public twin."""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, replacement

_OPS = "tensorflow.python.data.ops"

ADVICE: dict[str, Advice] = {
    "tensorflow.python.data.util.convert.optional_param_to_tensor": replacement(
        "optional_param_to_tensor"
    ),
    "tensorflow.python.data.util.random_seed.get_seed": replacement("dataset_seed"),
    f"{_OPS}.dataset_ops.DatasetSource": replacement("DatasetSource"),
    f"{_OPS}.dataset_ops.UnaryDataset": replacement("UnaryDataset"),
    f"{_OPS}.dataset_ops.UnaryUnchangedStructureDataset": replacement(
        "UnaryUnchangedStructureDataset"
    ),
    f"{_OPS}.iterator_ops.OwnedIterator": replacement("OwnedIterator"),
}
