"""The schema of what the converter notes in a model."""

from __future__ import annotations

from tfcompat.replacements.lite_schemas import _build

globals().update(_build.load(__name__))
