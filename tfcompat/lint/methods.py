"""Private methods and attributes of TensorFlow's objects that have a twin in tfcompat.

They are found by their own names, on an object of whatever class: nothing else has such names.
Their releases are those in which `Trackable` (up to 2.9 in
`tensorflow/python/training/tracking/base.py`, then in `tensorflow/python/trackable/base.py`)
and its subclasses have them.
"""

from __future__ import annotations

from typing import NamedTuple


class Method(NamedTuple):
    """A private method or attribute.

    Attributes:
        use: what to write instead.
        tensorflow: the releases that have it, as a version specifier; None for all.
        target: the name of tfcompat that a fix writes; None where there is no fix.
        reason: why a fix is not safe, or why there is none.
    """

    use: str
    tensorflow: str | None = None
    target: str | None = None
    reason: str = ""


METHODS = {
    "_track_trackable": Method(
        "tfcompat.track(owner, name, value)",
        None,
        "tfcompat.track",
        "tfcompat.track also sets the attribute of that name, and refuses a name that is taken.",
    ),
    "_no_dependency": Method(
        "tfcompat.untrack(owner, name, value)",
        None,
        "tfcompat.untrack",
        "tfcompat.untrack sets the attribute itself, past any __setattr__ of the class.",
    ),
    "_setattr_tracking": Method(
        "@tfcompat.untracked_attributes on the method",
        reason="It switches tracking for whatever is set later.",
    ),
    "_self_setattr_tracking": Method(
        "@tfcompat.untracked_attributes on the method",
        reason="It switches tracking for whatever is set later.",
    ),
    "_checkpoint_dependencies": Method(
        "tfcompat.children(owner)", reason="It is a list of references."
    ),
    "_unconditional_checkpoint_dependencies": Method(
        "tfcompat.children(owner)", reason="It is a list of references."
    ),
    "_trackable_children": Method(
        "tfcompat.children(owner)",
        ">=2.7",
        reason="Keras's own objects have further children there.",
    ),
    "_lookup_dependency": Method(
        "tfcompat.children(owner).get(name)",
        reason="Its names can differ from those of tfcompat.children.",
    ),
    "_flatten_layers": Method(
        "tfcompat.walk(owner)",
        reason="tfcompat.walk yields all that is tracked, with its path, not the layers alone.",
    ),
}
