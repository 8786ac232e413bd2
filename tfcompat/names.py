"""Public names that moved, appeared or disappeared between TensorFlow 2.5 and nightly.

Each is TensorFlow's or Keras's own object, on whichever public path it lives in this release:
`tfcompat.names.AdamW` is `tf.keras.optimizers.AdamW`, and before that existed
`tf.keras.optimizers.experimental.AdamW`. A release that lacks it raises `MissingNameError`,
which says since when it exists and what to use. Nothing is imported before it is asked for.

Names:
"""

from __future__ import annotations

from typing import Any

from tfcompat import _lookup
from tfcompat._names import TABLE

__all__ = list(TABLE)

__doc__ += "\n" + _lookup.listing(TABLE)


def __getattr__(name: str) -> Any:
    value = _lookup.find(TABLE, __name__, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *TABLE])
