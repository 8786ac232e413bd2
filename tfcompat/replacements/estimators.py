"""Names that estimators gave to modes, predictions and metrics.

TensorFlow 2.16 dropped `tf.estimator`. The constants are part of SavedModels, checkpoints and
summaries that it wrote, and of code that has no estimator, such as a model's `mode` argument.
"""

from __future__ import annotations

__all__ = ["MetricKeys", "ModeKeys", "PredictionKeys"]


class ModeKeys:
    """What a model is built for: `tf.estimator.ModeKeys`."""

    TRAIN = "train"
    EVAL = "eval"
    PREDICT = "infer"


class PredictionKeys:
    """Names of predictions: `tensorflow_estimator`'s `canned.prediction_keys.PredictionKeys`."""

    ALL_CLASSES = "all_classes"
    ALL_CLASS_IDS = "all_class_ids"
    CLASSES = "classes"
    CLASS_IDS = "class_ids"
    LOGISTIC = "logistic"
    LOGITS = "logits"
    PREDICTIONS = "predictions"
    PROBABILITIES = "probabilities"
    TOP_K = "top_k"


class MetricKeys:
    """Names of metrics: `tensorflow_estimator`'s `canned.metric_keys.MetricKeys`."""

    ACCURACY = "accuracy"
    ACCURACY_AT_THRESHOLD = "accuracy/positive_threshold_%g"
    ACCURACY_BASELINE = "accuracy_baseline"
    AUC = "auc"
    AUC_AT_CLASS = "auc/class%d"
    AUC_AT_NAME = "auc/%s"
    AUC_PR = "auc_precision_recall"
    AUC_PR_AT_CLASS = "auc_precision_recall/class%d"
    AUC_PR_AT_NAME = "auc_precision_recall/%s"
    LABEL_MEAN = "label/mean"
    LOSS = "loss"
    LOSS_MEAN = "average_loss"
    LOSS_REGULARIZATION = "regularization_loss"
    PRECISION = "precision"
    PRECISION_AT_RECALL = "precision_at_recall_%g"
    PRECISION_AT_THRESHOLD = "precision/positive_threshold_%g"
    PREDICTION_MEAN = "prediction/mean"
    PROBABILITY_MEAN_AT_CLASS = "probability_mean/class%d"
    PROBABILITY_MEAN_AT_NAME = "probability_mean/%s"
    RECALL = "recall"
    RECALL_AT_PRECISION = "recall_at_precision_%g"
    RECALL_AT_THRESHOLD = "recall/positive_threshold_%g"
    SENSITIVITY_AT_SPECIFICITY = "sensitivity_at_specificity_%g"
    SPECIFICITY_AT_SENSITIVITY = "specificity_at_sensitivity_%g"
