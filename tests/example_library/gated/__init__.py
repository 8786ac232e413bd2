"""A layer with a gate, a model made of it, and a loop that trains it."""

from __future__ import annotations

from gated.layer import GatedDense
from gated.model import build_model
from gated.training import Trainer

__all__ = ["GatedDense", "Trainer", "build_model"]
