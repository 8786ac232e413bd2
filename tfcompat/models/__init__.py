"""Save, load and export whole models, by the same calls in every release."""

from __future__ import annotations

from tfcompat.models.export import export_model, load_exported
from tfcompat.models.load import ModelNotLoadedError, load_model, load_weights
from tfcompat.models.save import save_model, save_weights

__all__ = [
    "ModelNotLoadedError",
    "export_model",
    "load_exported",
    "load_model",
    "load_weights",
    "save_model",
    "save_weights",
]
