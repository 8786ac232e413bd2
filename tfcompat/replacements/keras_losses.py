"""Helpers of Keras's losses and metrics that were never public."""

from __future__ import annotations

from typing import Any

from tfcompat import _runtime

__all__ = [
    "cast_losses_to_common_dtype",
    "compute_weighted_loss",
    "ragged_assert_compatible_and_get_flat_values",
    "reduce_weighted_loss",
    "remove_squeezable_dimensions",
    "scale_loss_for_distribution",
    "squeeze_or_expand_dimensions",
]


def _tensor(value: Any) -> Any:
    tf = _runtime.tensorflow()
    return value if tf.is_tensor(value) else tf.convert_to_tensor(value)


def _squeeze_if(condition: Any, value: Any) -> Any:
    """Take the last dimension off a tensor where a condition holds that is known later."""
    tf = _runtime.tensorflow()
    rank = value.shape.rank
    if rank is not None and (rank == 0 or value.shape[-1] not in (1, None)):
        return value
    return tf.cond(condition, lambda: tf.squeeze(value, [-1]), lambda: value)


def remove_squeezable_dimensions(
    labels: Any, predictions: Any, expected_rank_diff: int = 0, name: str | None = None
) -> tuple[Any, Any]:
    """Take a last dimension of size 1 off labels or predictions where their ranks differ by one.

    Args:
        labels: a tensor.
        predictions: a tensor.
        expected_rank_diff: by how many dimensions the predictions are expected to have more.
        name: of the scope of the operations.

    Returns:
        `(labels, predictions)`.
    """
    tf = _runtime.tensorflow()
    with tf.name_scope(name or "remove_squeezable_dimensions"):
        labels, predictions = _tensor(labels), _tensor(predictions)
        if labels.shape.rank is not None and predictions.shape.rank is not None:
            excess = predictions.shape.rank - labels.shape.rank - expected_rank_diff
            if excess == 1 and predictions.shape[-1] in (1, None):
                predictions = tf.squeeze(predictions, [-1])
            elif excess == -1 and labels.shape[-1] in (1, None):
                labels = tf.squeeze(labels, [-1])
            return labels, predictions
        unknown = tf.rank(predictions) - tf.rank(labels) - expected_rank_diff
        return _squeeze_if(tf.equal(unknown, -1), labels), _squeeze_if(
            tf.equal(unknown, 1), predictions
        )


def squeeze_or_expand_dimensions(
    y_pred: Any, y_true: Any = None, sample_weight: Any = None
) -> tuple[Any, ...]:
    """Give predictions, targets and weights the same rank, by a last dimension of size 1.

    Args:
        y_pred: a tensor.
        y_true: a tensor, or None.
        sample_weight: a tensor, or None.

    Returns:
        `(y_pred, y_true)`, and `sample_weight` as the third if there is one.
    """
    tf = _runtime.tensorflow()
    # As Keras does, for the weights the rank of the predictions is that before the squeeze.
    rank = y_pred.shape.rank
    if y_true is not None:
        known = rank is not None and y_true.shape.rank is not None
        # Sparse labels: (batch,) and (batch, classes) stay as they are.
        if known and (rank - y_true.shape.rank != 1 or y_pred.shape[-1] == 1):
            y_true, y_pred = remove_squeezable_dimensions(y_true, y_pred)
        elif not known:
            targets, predictions = y_true, y_pred
            difference = tf.rank(y_pred) - tf.rank(y_true)
            y_true, y_pred = tf.cond(
                tf.logical_and(tf.equal(difference, 1), tf.not_equal(tf.shape(y_pred)[-1], 1)),
                lambda: (targets, predictions),
                lambda: remove_squeezable_dimensions(targets, predictions),
            )
    if sample_weight is None:
        return y_pred, y_true
    weights = sample_weight
    weights_rank = weights.shape.rank
    if weights_rank == 0:
        return y_pred, y_true, weights
    if rank is not None and weights_rank is not None:
        if weights_rank - rank == 1:
            weights = tf.squeeze(weights, [-1])
        elif rank - weights_rank == 1:
            weights = tf.expand_dims(weights, [-1])
        return y_pred, y_true, weights
    unknown = tf.rank(weights) - tf.rank(y_pred)
    weights = tf.case(
        [
            (tf.equal(tf.rank(weights), 0), lambda: sample_weight),
            (tf.equal(unknown, 1), lambda: tf.squeeze(sample_weight, [-1])),
            (tf.equal(unknown, -1), lambda: tf.expand_dims(sample_weight, [-1])),
        ],
        default=lambda: sample_weight,
    )
    return y_pred, y_true, weights


def cast_losses_to_common_dtype(losses: list[Any]) -> list[Any]:
    """Cast losses to the widest of their floating-point dtypes.

    Args:
        losses: scalar tensors. If one is complex, all are left as they are.
    """
    tf = _runtime.tensorflow()
    if any(loss.dtype.is_complex for loss in losses):
        return losses
    highest = None
    for loss in losses:
        if not loss.dtype.is_floating:
            continue
        if highest is None or loss.dtype.size > highest.size:
            highest = loss.dtype
        elif {loss.dtype, highest} == {tf.bfloat16, tf.float16}:
            highest = tf.float32
    return [tf.cast(loss, highest) for loss in losses] if highest else losses


def reduce_weighted_loss(weighted_losses: Any, reduction: str = "sum_over_batch_size") -> Any:
    """Reduce the losses of a batch: `"none"`, `"sum"` or `"sum_over_batch_size"`, the mean.

    Args:
        weighted_losses: a tensor.
        reduction: as named, the values of `tf.keras.losses.Reduction`.
    """
    tf = _runtime.tensorflow()
    if reduction == "none":
        return weighted_losses
    total = tf.reduce_sum(weighted_losses)
    if reduction == "sum_over_batch_size":
        count = tf.cast(tf.size(weighted_losses), total.dtype)
        return tf.math.divide_no_nan(total, count)
    return total


def compute_weighted_loss(
    losses: Any,
    sample_weight: Any = None,
    reduction: str = "sum_over_batch_size",
    name: str | None = None,
) -> Any:
    """Weight the losses of a batch, and reduce them.

    Args:
        losses: a tensor.
        sample_weight: a tensor that broadcasts to it, or None.
        reduction: as in `reduce_weighted_loss`; `"auto"` is `"sum_over_batch_size"`.
        name: of the scope of the operations.

    Returns:
        A scalar, or a tensor of the shape of the losses for `"none"`, of their dtype.

    Raises:
        ValueError: the reduction is another.
    """
    tf = _runtime.tensorflow()
    if reduction not in ("auto", "none", "sum", "sum_over_batch_size"):
        raise ValueError(f"Invalid Reduction Key {reduction}.")
    if reduction == "auto":
        reduction = "sum_over_batch_size"
    with tf.name_scope(name or "weighted_loss"):
        losses = _tensor(losses)
        dtype = losses.dtype
        if not dtype.is_floating:
            losses = tf.cast(losses, tf.float32)
        weights = tf.cast(_tensor(1.0 if sample_weight is None else sample_weight), losses.dtype)
        losses, _, weights = squeeze_or_expand_dimensions(losses, None, weights)
        return tf.cast(reduce_weighted_loss(losses * weights, reduction), dtype)


def scale_loss_for_distribution(loss_value: Any) -> Any:
    """Divide a loss by the number of replicas of the current `tf.distribute` strategy."""
    replicas = _runtime.tensorflow().distribute.get_strategy().num_replicas_in_sync
    return loss_value if replicas == 1 else loss_value * (1.0 / replicas)


def ragged_assert_compatible_and_get_flat_values(values: Any, mask: Any = None) -> tuple[Any, Any]:
    """Return the flat values of ragged tensors, with a last dimension of size 1.

    That their rows are equally long is checked.

    Args:
        values: a tensor or a list of them: all dense, or all ragged.
        mask: the same, or None.

    Returns:
        `(values, mask)`; dense ones as they are.

    Raises:
        TypeError: some are ragged and some dense.
    """
    tf = _runtime.tensorflow()
    listed = values if isinstance(values, list) else [values]
    ragged = [isinstance(value, tf.RaggedTensor) for value in listed]
    if not any(ragged) and not isinstance(mask, tf.RaggedTensor):
        return values, mask
    if not all(ragged) or not (mask is None or isinstance(mask, tf.RaggedTensor)):
        raise TypeError(
            "Some of the values and the mask are ragged, and some are dense: "
            f"values={values}, mask={mask}"
        )
    every = [*listed, *([] if mask is None else [mask])]
    first = every[0].nested_row_splits
    checks = []
    for other in every[1:]:
        if len(other.nested_row_splits) != len(first):
            raise ValueError("The ragged tensors differ in their ragged ranks.")
        checks += [
            tf.debugging.assert_equal(a, b, message="The ragged tensors differ in their rows.")
            for a, b in zip(first, other.nested_row_splits)
        ]
    with tf.control_dependencies([check for check in checks if check is not None]):
        flat = [tf.expand_dims(value.flat_values, -1) for value in listed]
        flat_mask = None if mask is None else tf.expand_dims(mask.flat_values, -1)
    return (flat if isinstance(values, list) else flat[0]), flat_mask
