"""Which releases can be tested together, for other people's libraries: `tfcompat matrix`.

Needs no TensorFlow.
"""

from __future__ import annotations

from tfcompat.matrix.data import Combination, combinations
from tfcompat.matrix.pick import SelectionError, select

__all__ = ["Combination", "SelectionError", "combinations", "select"]
