"""tfcompat: one source file for TensorFlow 2.5 to nightly.

Importing this module imports neither TensorFlow nor NumPy; each name is loaded when it is
first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from tfcompat import functions, layers, names, replacements, unstable
    from tfcompat._runtime import Runtime, runtime, supports
    from tfcompat.errors import (
        ArithmeticWarning,
        BadStateError,
        MissingNameError,
        MissingOptimizerWarning,
        NewerReleaseWarning,
        NotBuiltError,
        StateMismatchError,
        StateNotFoundError,
        StateWriteError,
        StoreError,
        TfcompatError,
        TrackingError,
        UnknownFeatureError,
        UnknownReleaseError,
        UnsupportedArgumentError,
        UnsupportedObjectError,
        UnsupportedReleaseError,
    )
    from tfcompat.functions import function
    from tfcompat.layers import add_weight
    from tfcompat.models import (
        ModelNotLoadedError,
        export_model,
        load_exported,
        load_model,
        load_weights,
        save_model,
        save_weights,
    )
    from tfcompat.state import (
        RestoreReport,
        SavedState,
        StateDescription,
        StateEntry,
        describe_state,
        list_states,
        restore_state,
        save_state,
    )
    from tfcompat.tracking import (
        as_trackable,
        children,
        is_trackable,
        track,
        untrack,
        untracked_attributes,
        variables,
        walk,
    )

    keras: ModuleType
    Trackable: Any
    AutoTrackable: Any

# Where each public name lives. The keys are the whole public API.
_HOMES = {
    "tfcompat._runtime": ("Runtime", "runtime", "supports"),
    "tfcompat.errors": (
        "ArithmeticWarning",
        "BadStateError",
        "MissingNameError",
        "MissingOptimizerWarning",
        "NewerReleaseWarning",
        "NotBuiltError",
        "StateMismatchError",
        "StateNotFoundError",
        "StateWriteError",
        "StoreError",
        "TfcompatError",
        "TrackingError",
        "UnknownFeatureError",
        "UnknownReleaseError",
        "UnsupportedArgumentError",
        "UnsupportedObjectError",
        "UnsupportedReleaseError",
    ),
    "tfcompat.functions": ("function",),
    "tfcompat.layers": ("add_weight",),
    "tfcompat.models": (
        "ModelNotLoadedError",
        "export_model",
        "load_exported",
        "load_model",
        "load_weights",
        "save_model",
        "save_weights",
    ),
    "tfcompat.state": (
        "RestoreReport",
        "SavedState",
        "StateDescription",
        "StateEntry",
        "describe_state",
        "list_states",
        "restore_state",
        "save_state",
    ),
    "tfcompat.tracking": (
        "AutoTrackable",
        "Trackable",
        "as_trackable",
        "children",
        "is_trackable",
        "track",
        "untrack",
        "untracked_attributes",
        "variables",
        "walk",
    ),
}
# Modules of many names, which are public as such.
_MODULES = ("functions", "layers", "names", "replacements", "unstable")
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [  # noqa: RUF022 - in the order of the documentation
    "runtime",
    "Runtime",
    "supports",
    "keras",
    "track",
    "untrack",
    "untracked_attributes",
    "as_trackable",
    "is_trackable",
    "children",
    "walk",
    "variables",
    "Trackable",
    "AutoTrackable",
    "save_state",
    "restore_state",
    "list_states",
    "describe_state",
    "SavedState",
    "StateDescription",
    "StateEntry",
    "RestoreReport",
    "save_model",
    "load_model",
    "export_model",
    "load_exported",
    "save_weights",
    "load_weights",
    "add_weight",
    "layers",
    "function",
    "functions",
    "names",
    "replacements",
    "unstable",
    "TfcompatError",
    "ArithmeticWarning",
    "BadStateError",
    "MissingNameError",
    "MissingOptimizerWarning",
    "ModelNotLoadedError",
    "NewerReleaseWarning",
    "NotBuiltError",
    "StateMismatchError",
    "StateNotFoundError",
    "StateWriteError",
    "StoreError",
    "TrackingError",
    "UnknownFeatureError",
    "UnknownReleaseError",
    "UnsupportedArgumentError",
    "UnsupportedObjectError",
    "UnsupportedReleaseError",
]


def __getattr__(name: str) -> Any:
    import importlib

    if name == "keras":
        from tfcompat import _runtime

        value: Any = _runtime.keras()
    elif name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    elif name in _HOME_OF:
        value = getattr(importlib.import_module(_HOME_OF[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
