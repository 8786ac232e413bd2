"""`tensorflow.python.data`: names without a public twin."""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, replacement

_UTIL = "tensorflow.python.data.util"
_OPS = "tensorflow.python.data.ops"

ADVICE: dict[str, Advice] = {
    "tensorflow.python.data.experimental.ops.testing.sleep": replacement("dataset_sleep"),
    f"{_UTIL}.convert.optional_param_to_tensor": replacement("optional_param_to_tensor"),
    f"{_UTIL}.nest.flatten": replacement("data_flatten"),
    f"{_UTIL}.nest.map_structure": replacement("data_map_structure"),
    f"{_UTIL}.random_seed.get_seed": replacement("dataset_seed"),
    **{
        f"{_UTIL}.structure.{name}": replacement(name)
        for name in (
            "convert_legacy_structure",
            "get_flat_tensor_shapes",
            "get_flat_tensor_types",
        )
    },
    **{
        f"{_OPS}.dataset_ops.{name}": replacement(name)
        for name in (
            "BatchDataset",
            "DatasetSource",
            "DatasetV1Adapter",
            "RepeatDataset",
            "ShuffleDataset",
            "UnaryDataset",
            "UnaryUnchangedStructureDataset",
        )
    },
    # Up to 2.9 in experimental, and from 2.11 private in modules of their own.
    f"{_OPS}.batch_op._BatchDataset": replacement("BatchDataset"),
    f"{_OPS}.load_op._LoadDataset": replacement("LoadDataset"),
    f"{_OPS}.repeat_op._RepeatDataset": replacement("RepeatDataset"),
    f"{_OPS}.shuffle_op._ShuffleDataset": replacement("ShuffleDataset"),
    "tensorflow.python.data.experimental.ops.io._LoadDataset": replacement("LoadDataset"),
    f"{_OPS}.iterator_ops.OwnedIterator": replacement("OwnedIterator"),
}
