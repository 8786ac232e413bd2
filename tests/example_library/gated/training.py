"""The training loop."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

import tfcompat as tfc


class Trainer:
    """Trains a model by mean squared error, and can go on where another process stopped.

    Args:
        model: a built model.
        learning_rate: of Adam.
    """

    def __init__(self, model: Any, learning_rate: float = 0.01) -> None:
        self.model = model
        self.optimizer = tfc.keras.optimizers.Adam(learning_rate)
        self.progress = {"steps": 0}

    @property
    def state(self) -> dict[str, Any]:
        """What there is to save."""
        return {"model": self.model, "optimizer": self.optimizer, "progress": self.progress}

    def step(self, inputs: Any, targets: Any) -> float:
        """Take one step, and return the loss before it."""
        with tf.GradientTape() as tape:
            error = self.model(inputs, training=True) - targets
            loss = tf.reduce_mean(tf.square(error))
        weights = self.model.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        self.progress["steps"] += 1
        return float(loss)

    def save(self, path: str) -> None:
        """Save everything that training needs to go on."""
        tfc.save_state(path, self.state)

    def resume(self, path: str) -> None:
        """Go on where `save` was called, in this release or another."""
        tfc.restore_state(path, self.state)
