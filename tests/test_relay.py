import importlib.util
import json
import math
import shutil
import sys
from array import array
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc

RELAY = Path(__file__).resolve().parent.parent / "examples" / "relay.py"


@pytest.fixture(scope="module")
def relay():
    spec = importlib.util.spec_from_file_location("relay", RELAY)
    module = importlib.util.module_from_spec(spec)
    # Where dataclasses look for the module that defines them.
    sys.modules["relay"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["relay"]


@pytest.fixture(scope="module")
def first_leg(relay, tmp_path_factory):
    """Run the first three steps in a process of its own, return the directory with its state."""
    directory = tmp_path_factory.mktemp("relay")
    here = relay.Environment("here", sys.executable, {})
    state, weights = str(directory / "state"), str(directory / "weights")
    result = relay.Runner().run(here, "--steps", "3", "--state", state, "--weights", weights)
    assert (result["start"], result["end"]) == (0, 3)
    assert result["tensorflow"] == str(tfc.runtime().tensorflow)
    return directory


@pytest.fixture(autouse=True, scope="module")
def eagerly():
    """Take the few steps of this process as they are: tracing them takes longer."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def uninterrupted(relay):
    result, model = relay.train(6, report_every=3)
    return result["reports"], model.get_weights()


def difference(weights, others):
    return max(np.abs(a - b).max() for a, b in zip(weights, others))


@pytest.fixture
def state(first_leg, tmp_path):
    """Return a copy of the state after the first leg, to go on from."""
    return str(shutil.copytree(first_leg / "state", tmp_path / "state"))


def test_a_leg_goes_on_where_the_one_before_it_stopped(relay, state, uninterrupted):
    result, model = relay.train(3, state=state, resume=True)
    reports, weights = uninterrupted

    assert (result["start"], result["end"]) == (3, 6)
    assert result["reports"][-1]["loss"] == pytest.approx(reports[-1]["loss"], abs=relay.TOLERANCE)
    assert difference(model.get_weights(), weights) <= relay.TOLERANCE
    assert tfc.list_states(state) == [6]


def test_a_lost_optimizer_exceeds_the_tolerance(relay, state, uninterrupted, monkeypatch):
    restore = tfc.restore_state

    def restore_model_alone(path, objects):
        return restore(path, {"model": objects["model"]}, strict=False)

    monkeypatch.setattr(tfc, "restore_state", restore_model_alone)
    _, model = relay.train(3, state=state, resume=True)

    assert difference(model.get_weights(), uninterrupted[1]) > relay.TOLERANCE


def test_the_batches_of_an_epoch_are_the_training_images_once_each(relay):
    epoch = np.concatenate([relay.batch_of(step) for step in range(44)])

    assert len(set(epoch)) == len(epoch) == 44 * 32
    assert not np.array_equal(relay.batch_of(0), relay.batch_of(44))
    assert np.array_equal(relay.batch_of(7), relay.batch_of(7))


@pytest.mark.parametrize(
    ("weights", "expected"),
    [([1, 2, 3], 0), ([1, 2.5, 3], 0.5), ([1, math.nan, 3], math.inf), ([1, 2], math.inf)],
)
def test_largest_difference(relay, tmp_path, weights, expected):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(array("f", [1, 2, 3]).tobytes())
    other.write_bytes(array("f", weights).tobytes())

    assert relay.largest_difference(one, other) == expected


@pytest.mark.parametrize(
    ("python", "reason"),
    [(sys.executable, "no TensorFlow here"), ("/no/python", "cannot start")],
)
def test_a_leg_that_fails_ends_the_relay_and_says_why(relay, tmp_path, capsys, python, reason):
    (tmp_path / "tensorflow.py").write_text("raise ImportError('no TensorFlow here')\n")
    description = tmp_path / "environments.json"
    broken = {"python": python, "env": {"PYTHONPATH": str(tmp_path)}}
    description.write_text(json.dumps({"broken": broken}))

    assert relay.main(["--environments", str(description)]) == 1
    error = capsys.readouterr().err
    assert "The leg in broken" in error
    assert reason in error


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"a": {}}', '{"a": {"python": 1, "x": 2}}'])
def test_a_bad_file_of_environments_is_refused(relay, tmp_path, capsys, content):
    description = tmp_path / "environments.json"
    description.write_text(content)

    assert relay.main(["--environments", str(description)]) == 1
    assert str(description) in capsys.readouterr().err
