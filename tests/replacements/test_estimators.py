"""Constants of estimators, beside the originals where a release has them."""

import pytest

from tfcompat import replacements

ORIGINALS = {
    "ModeKeys": "tensorflow_estimator.python.estimator.mode_keys",
    "PredictionKeys": "tensorflow_estimator.python.estimator.canned.prediction_keys",
    "MetricKeys": "tensorflow_estimator.python.estimator.canned.metric_keys",
}


def constants(owner):
    return {name: value for name, value in vars(owner).items() if name.isupper()}


@pytest.mark.parametrize("name", ORIGINALS)
def test_constants_are_those_of_estimators(name):
    module = pytest.importorskip(ORIGINALS[name], exc_type=ImportError)
    assert constants(getattr(replacements, name)) == constants(getattr(module, name))


def test_a_saved_model_keeps_the_names():
    assert replacements.ModeKeys.PREDICT == "infer"
    assert replacements.PredictionKeys.CLASS_IDS == "class_ids"
    assert replacements.MetricKeys.LOSS_MEAN == "average_loss"
