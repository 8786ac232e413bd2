"""The protocol buffers of TensorFlow, from the public registry of the package protobuf.

`protos.saved_model_pb2.SavedModel` is the same class as the `SavedModel` of
`tensorflow.core.protobuf.saved_model_pb2`. Importing TensorFlow registers each of these files, in
every release, so that no private module need be imported. A module here has the messages, enums,
values of enums and extensions of its file, and its `DESCRIPTOR`. Those of later releases are
missing in earlier ones.

Files that importing TensorFlow does not register in every release, such as `xplane.proto`, are in
`tfcompat.unstable`.
"""

from __future__ import annotations

import types
from typing import Any

from tfcompat import _runtime
from tfcompat.errors import MissingNameError

# Directory -> the files in it that importing TensorFlow registers in every release.
_REGISTERED = {
    "tensorflow/core/example": "example feature",
    "tensorflow/core/framework": """
        allocation_description api_def attr_value cost_graph dataset_options device_attributes
        function graph kernel_def node_def op_def resource_handle step_stats summary
        tensor_description tensor tensor_shape types variable versions
    """,
    "tensorflow/core/grappler/costs": "op_performance_data",
    "tensorflow/core/profiler": "tfprof_log tfprof_options tfprof_output",
    "tensorflow/core/protobuf": """
        cluster config control_flow debug_event debug device_filters device_properties
        error_codes meta_graph queue_runner rewriter_config saved_model saved_object_graph saver
        service_config struct tensorflow_server trackable_object_graph verifier_config
    """,
    "tensorflow/core/protobuf/tpu": """
        dynamic_padding optimization_parameters topology tpu_embedding_configuration
    """,
    "tensorflow/core/util": "event test_log",
    "tensorflow/python/tpu": "tensor_tracer",
    "tensorflow/python/training": "checkpoint_state",
}

# Module -> the paths of its file, where it moved: xla in 2.12, the others in 2.6 to 2.21.
_FILES: dict[str, tuple[str, ...]] = {
    "graph_debug_info_pb2": (
        "tensorflow/core/framework/graph_debug_info.proto",
        "tensorflow/core/protobuf/graph_debug_info.proto",
    ),
    "hlo_pb2": ("xla/service/hlo.proto", "tensorflow/compiler/xla/service/hlo.proto"),
    "model_flags_pb2": (
        "tensorflow/compiler/mlir/lite/model_flags.proto",
        "tensorflow/lite/toco/model_flags.proto",
    ),
    "xla_data_pb2": ("xla/xla_data.proto", "tensorflow/compiler/xla/xla_data.proto"),
}
for _directory, _names in _REGISTERED.items():
    for _name in _names.split():
        _FILES.setdefault(f"{_name}_pb2", (f"{_directory}/{_name}.proto",))

__all__ = sorted(_FILES)


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = types.ModuleType(f"{__name__}.{name}", f"What `{_FILES[name][0]}` declares.")
    _fill(module, _file(name))
    globals()[name] = module
    return module


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


def _file(name: str) -> Any:
    """Return the descriptor of the file that a module stands for."""
    _runtime.tensorflow()
    from google.protobuf import descriptor_pool

    pool = descriptor_pool.Default()
    for path in _FILES[name]:
        try:
            return pool.FindFileByName(path)
        except KeyError:
            continue
    raise MissingNameError(
        f"Importing TensorFlow registered none of the files {', '.join(_FILES[name])}, so that "
        f"{__name__}.{name} is not to be had in this release."
    )


def _fill(module: types.ModuleType, file: Any) -> None:
    """Give a module the names that the compiler of protobuf would give it."""
    from google.protobuf import symbol_database

    # From 2.12 on error_codes.proto passes on the file that it became.
    for passed_on in file.public_dependencies:
        _fill(module, passed_on)
    enums = type(_runtime.tensorflow().compat.v1.OptimizerOptions.Level)
    names: dict[str, Any] = {"DESCRIPTOR": file, **file.extensions_by_name}
    for name, message in file.message_types_by_name.items():
        names[name] = symbol_database.Default().GetSymbol(message.full_name)
    for name, enum in file.enum_types_by_name.items():
        names[name] = enums(enum)
        names.update({value.name: value.number for value in enum.values})
    vars(module).update(names)
