"""What the rules have for the names that libraries use. Needs no TensorFlow."""

from __future__ import annotations

import pytest

from tests import homes


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("tensorflow.python.framework.smart_cond.smart_cond", homes.HOME),
        ("tensorflow.core.protobuf.saved_model_pb2.SavedModel", homes.HOME),
        ("keras.src.layers.RandomErasing", homes.WHERE),
        ("tensorflow.python.ops.rnn_cell_impl._Linear", homes.DEAD),
        ("tensorflow.python.grappler.tf_optimizer.OptimizeGraph", homes.UNSTABLE),
        ("tensorflow_estimator.python.estimator.estimator.Estimator", homes.GONE),
    ],
)
def test_kinds(name: str, kind: str) -> None:
    assert homes.judge(name)[0] == kind


def test_no_name_loses_its_home() -> None:
    found = homes.uses()
    assert len(found) > 1500
    assert all(use.reason for use in found)
    shares = homes.shares(found)
    assert sum(shares.values()) == pytest.approx(1)
    # What docs/migration.md says, rounded down.
    assert shares[homes.HOME] + shares[homes.WHERE] + shares[homes.DEAD] > 0.83
    assert shares[homes.GONE] < 0.032
