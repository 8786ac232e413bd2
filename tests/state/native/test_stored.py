"""Native artifacts that were converted to states restore as they did before."""

from __future__ import annotations

import pytest
import tensorflow as tf

import tfcompat as tfc
from tests.state.native import examples
from tfcompat import cli

WRITERS = {
    "checkpoint": lambda model, path: tf.train.Checkpoint(
        model=model, optimizer=model.optimizer
    ).write(path),
    "whole .h5": lambda model, path: model.save(path + ".h5"),
    ".weights.h5": lambda model, path: model.save_weights(path + ".weights.h5"),
    ".keras": lambda model, path: model.save(path + ".keras"),
}


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("model", ["sequential", "functional"])
def test_converted_state(tmp_path, form, model) -> None:
    writer = examples.writer(model)
    try:
        WRITERS[form](writer, str(tmp_path / "file"))
    except ValueError:
        if form != "checkpoint":
            raise
        pytest.skip("an optimizer of Keras 3.0 cannot be part of a tf.train.Checkpoint")
    (path,) = [one for one in tmp_path.iterdir() if ".data" not in one.name]
    state = tmp_path / "state"
    assert cli.main(["state", "convert", str(path), str(state), "--to", "state"]) == 0
    reader = examples.reader(model)
    report = tfc.restore_state(state, {"model": reader, "optimizer": reader.optimizer})
    examples.assert_restored(reader, writer, optimizer=not report.without_optimizer)
    assert tfc.list_states(state) == [report.step]


def test_converted_state_of_another_model(tmp_path) -> None:
    writer = examples.writer("sequential")
    prefix = tf.train.Checkpoint(model=writer).write(str(tmp_path / "file"))
    state = tmp_path / "state"
    assert cli.main(["state", "convert", prefix, str(state), "--to", "state"]) == 0
    with pytest.raises(tfc.StateMismatchError):
        tfc.restore_state(state, {"model": examples.reader("functional")})
