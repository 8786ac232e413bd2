"""The schema of models."""

from __future__ import annotations

from tfcompat.replacements.lite_schemas import _build

globals().update(_build.load(__name__))
