"""`tensorflow.python.training`, `trackable`, `checkpoint`: names without a public twin."""

from __future__ import annotations

from tfcompat.rules.advice._kinds import (
    Advice,
    Call,
    facade,
    nothing,
    public,
    replacement,
    unstable,
)
from tfcompat.rules.advice.internal import STRUCTURES

_TRAINING = "tensorflow.python.training"
# Where trackables live: up to 2.9, and from 2.10.
_TRACKING = f"{_TRAINING}.tracking"
_TRACKABLE = "tensorflow.python.trackable"
_SAVED_MODEL = "tensorflow.python.saved_model"
_DEVICE_SAVER = nothing(
    "It went in 2.16; tf.raw_ops.SaveV2 and RestoreV2 write and read tensors of one device."
)
_NO_DEPENDENCY = unstable(
    "data_structures.NoDependency",
    reason="tfcompat.untrack(owner, name, value) sets an attribute that is not tracked, without "
    "private names.",
)
_UPDATE_STATE = public(
    "tensorflow.compat.v1.train.update_checkpoint_state",
    call=Call(
        parameters=(
            "save_dir",
            "model_checkpoint_path",
            "all_model_checkpoint_paths",
            "latest_filename",
            "save_relative_paths",
            "all_model_checkpoint_timestamps",
            "last_preserved_timestamp",
        ),
        refuse=("save_relative_paths",),
    ),
)

ADVICE: dict[str, Advice] = {
    f"{_TRAINING}.moving_averages.assign_moving_average": replacement("assign_moving_average"),
}
for _module in (
    f"{_TRAINING}.checkpoint_management",
    "tensorflow.python.checkpoint.checkpoint_management",
):
    ADVICE[f"{_module}.update_checkpoint_state_internal"] = _UPDATE_STATE
    ADVICE[f"{_module}.checkpoint_exists_internal"] = public(
        "tensorflow.compat.v1.train.checkpoint_exists"
    )
for _package in (_TRACKING, _TRACKABLE):
    ADVICE[f"{_package}.base.Trackable"] = facade("Trackable")
    ADVICE[f"{_package}.base.no_automatic_dependency_tracking"] = facade("untracked_attributes")
    ADVICE[f"{_package}.autotrackable.AutoTrackable"] = facade("AutoTrackable")
    ADVICE[f"{_package}.data_structures.NoDependency"] = _NO_DEPENDENCY
    for _initial in (
        "CheckpointInitialValue",
        "CheckpointInitialValueCallable",
        "CheckpointPosition",
    ):
        ADVICE[f"{_package}.base.{_initial}"] = replacement(_initial)
    ADVICE[f"{_package}.base.TrackableReference"] = replacement(
        "TrackableReference",
        safe=False,
        reason="It is a class of its own, which isinstance does not take for the original.",
    )
    ADVICE[f"{_package}.base.no_automatic_dependency_tracking_scope"] = replacement(
        "no_automatic_dependency_tracking_scope"
    )
    ADVICE[f"{_package}.data_structures.wrap_or_unwrap"] = replacement("wrap_or_unwrap")
    ADVICE[f"{_package}.data_structures.ListWrapper"] = replacement("ListWrapper")
    ADVICE[f"{_package}.data_structures._DictWrapper"] = replacement("DictWrapper")
    for _resource in ("resource", "tracking"):
        for _tracker in ("ResourceTracker", "resource_tracker_scope"):
            ADVICE[f"{_package}.{_resource}.{_tracker}"] = unstable(
                f"trackable_resource.{_tracker}",
                reason="What resources are made within a scope is kept in a private list alone.",
            )
        ADVICE[f"{_package}.{_resource}.TrackableResource"] = replacement("TrackableResource")
        ADVICE[f"{_package}.{_resource}.CapturableResource"] = replacement("CapturableResource")
for _name, _replacement in {
    f"{_SAVED_MODEL}.load._WrapperFunction": "WrapperFunction",
    f"{_SAVED_MODEL}.loader_impl.get_asset_tensors": "get_asset_tensors",
    "tensorflow.python.framework.meta_graph.read_meta_graph_file": "read_meta_graph_file",
    f"{_TRAINING}.saver.object_graph_key_mapping": "object_graph_key_mapping",
    f"{_TRAINING}.checkpoint_management.meta_graph_filename": "meta_graph_filename",
    "tensorflow.python.checkpoint.checkpoint_management.meta_graph_filename": "meta_graph_filename",
}.items():
    ADVICE[_name] = replacement(_replacement)
for _name, _replacement in {
    f"{_TRAINING}.checkpoint_utils._get_checkpoint_filename": "get_checkpoint_filename",
    f"{_TRAINING}.device_setter.STANDARD_PS_OPS": "STANDARD_PS_OPS",
    f"{_TRAINING}.device_setter._RoundRobinStrategy": "RoundRobinStrategy",
    f"{_TRAINING}.optimizer._deduplicate_indexed_slices": "deduplicate_indexed_slices",
    f"{_TRAINING}.basic_session_run_hooks.get_or_create_steps_per_run_variable": (
        "get_or_create_steps_per_run_variable"
    ),
    f"{_TRACKING}.base.VARIABLE_VALUE_KEY": "VARIABLE_VALUE_KEY",
    f"{_TRACKABLE}.base.VARIABLE_VALUE_KEY": "VARIABLE_VALUE_KEY",
}.items():
    ADVICE[_name] = replacement(_replacement)
_SPLIT = "It does not read models that are split into several files."
for _name, _replacement in {
    f"{_SAVED_MODEL}.loader_impl.SavedModelLoader": "SavedModelLoader",
    **{
        f"{_SAVED_MODEL}.{module}.{name}": name
        for module in ("path_helpers", "utils_impl")
        for name in ("get_variables_dir", "get_variables_path")
    },
    f"{_SAVED_MODEL}.loader_impl.parse_saved_model": "parse_saved_model",
    f"{_SAVED_MODEL}.loader_impl.parse_saved_model_with_debug_info": (
        "parse_saved_model_with_debug_info"
    ),
    "tensorflow.python.tools.saved_model_utils.read_saved_model": "parse_saved_model",
}.items():
    ADVICE[_name] = replacement(_replacement, safe=False, reason=_SPLIT)
ADVICE["tensorflow.python.summary.writer.event_file_writer.EventFileWriter"] = replacement(
    "event_file_writer",
    safe=False,
    reason="It is a function that returns a tf.compat.v1.summary.FileWriter, and no class.",
)
ADVICE.update(
    {
        "tensorflow.python.checkpoint.restore.CheckpointPosition": replacement(
            "CheckpointPosition"
        ),
        f"{_TRAINING}.saving.saveable_object.SaveSpec": replacement("SaveSpec"),
        f"{_TRAINING}.saving.saveable_object_util._PythonStringStateSaveable": replacement(
            "PythonStringStateSaveable"
        ),
        f"{_TRACKING}.base.PythonStringStateSaveable": replacement(
            "PythonStringStateSaveable",
            safe=False,
            reason="It became private in 2.10; tf.train.experimental.PythonState saves Python "
            "values, by public names alone.",
        ),
        f"{_TRAINING}.saving.functional_saver._SingleDeviceSaver": _DEVICE_SAVER,
        "tensorflow.python.checkpoint.functional_saver._SingleDeviceSaver": _DEVICE_SAVER,
        f"{_SAVED_MODEL}.registration.registration.register_checkpoint_saver": unstable(
            "saved_model_registration.register_checkpoint_saver"
        ),
        **{
            f"{_SAVED_MODEL}.nested_structure_coder.{name}": replacement(
                name, safe=False, reason=STRUCTURES
            )
            for name in ("StructureCoder", "decode_proto", "encode_structure")
        },
        f"{_SAVED_MODEL}.load._RestoredResource": replacement("RestoredResource"),
    }
)
# Slots of XLA's shardings, which the public names have nothing of.
_SLOT = Call(refuse=("copy_xla_sharding",))
_SLICES = "A slot of a partitioned variable does not tell a saver of which part it is."
for _name, _replacement in {
    "_create_slot_var": "create_slot_variable",
    "create_slot": "create_slot",
    "create_slot_with_initializer": "create_slot_with_initializer",
    "create_zeros_slot": "create_zeros_slot",
}.items():
    ADVICE[f"{_TRAINING}.slot_creator.{_name}"] = replacement(
        _replacement, safe=False, reason=_SLICES, call=_SLOT
    )
for _name in ("_get_saver_or_default", "_wrap_restore_error_with_msg"):
    ADVICE[f"{_TRAINING}.saver.{_name}"] = replacement(_name[1:])
# Up to 2.7
ADVICE[f"{_TRACKING}.tracking.AutoTrackable"] = facade("AutoTrackable")
