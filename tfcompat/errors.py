"""Every error and warning that tfcompat raises of its own."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
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
]


class TfcompatError(Exception):
    """Base class of every error that tfcompat raises."""


class UnsupportedReleaseError(TfcompatError, ImportError):
    """TensorFlow is absent, or older than the oldest supported release."""


class UnknownFeatureError(TfcompatError, ValueError):
    """`supports` was asked for a name that it does not know."""


class UnsupportedArgumentError(TfcompatError, TypeError):
    """This release of TensorFlow or Keras cannot do what an argument asks for."""


class MissingNameError(TfcompatError, AttributeError):
    """A name of `tfcompat.names` or `tfcompat.unstable` that this release does not have."""


class UnknownReleaseError(TfcompatError, ValueError):
    """A version specifier is malformed, or admits no release that tfcompat knows."""


class TrackingError(TfcompatError, ValueError):
    """An object cannot be tracked under the name that was asked for."""


class UnsupportedObjectError(TfcompatError, TypeError):
    """An object that is part of a state cannot be saved or restored."""


class NotBuiltError(TfcompatError, ValueError):
    """A layer or model has no variables yet, so nothing can be restored into it."""


class StateNotFoundError(TfcompatError, FileNotFoundError):
    """There is no state at the path, or not one of the step that was asked for."""


class BadStateError(TfcompatError, ValueError):
    """The files at the path are no state, or are truncated or altered."""


class StateWriteError(TfcompatError, OSError):
    """Writing a state failed; the earlier states are as they were."""


class StoreError(TfcompatError):
    """A store that a URL names cannot be reached or refuses, or nothing serves its scheme."""


class StateMismatchError(TfcompatError, ValueError):
    """A state and the live objects do not fit together.

    Attributes:
        missing: keys of the live objects that the state does not hold.
        unexpected: keys of the state that the live objects do not have.
        different: keys on both sides that differ, each with the difference in words.
    """

    def __init__(
        self,
        heading: str,
        *,
        missing: Iterable[str] = (),
        unexpected: Iterable[str] = (),
        different: Iterable[str] = (),
        advice: str = "",
    ) -> None:
        self.missing = tuple(missing)
        self.unexpected = tuple(unexpected)
        self.different = tuple(different)
        lines = [heading]
        for title, found in (
            ("missing from the state", self.missing),
            ("in the state, but not in the live objects", self.unexpected),
            ("different", self.different),
        ):
            if found:
                lines.append(f"{title} ({len(found)}):")
                lines.extend(f"  {line}" for line in found)
        if advice:
            lines.append(advice)
        super().__init__("\n".join(lines))


class NewerReleaseWarning(UserWarning):
    """TensorFlow is newer than the newest release that tfcompat was tested with."""


class ArithmeticWarning(UserWarning):
    """An optimizer or layer goes on otherwise in the release that restores its state."""


class MissingOptimizerWarning(UserWarning):
    """Weights were restored from a file that does not hold the optimizer, which is as it was."""
