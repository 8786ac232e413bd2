"""Every built-in optimizer, saved and restored within one release."""

from __future__ import annotations

import functools
import inspect
import pathlib
import warnings

import numpy as np
import pytest
import tensorflow as tf

import tfcompat as tfc
from tests.crossing import optimizers as crossing
from tests.crossing.optimizers import (
    OPTIMIZERS,
    MissingError,
    Optimizers,
    Trainer,
    differences,
    distances,
    modules,
    unusable,
)

keras = tf.keras
NAMES = [prefix + name for prefix in modules() for name in OPTIMIZERS]


def trainer(name: str) -> Trainer:
    """Return a new model with a new optimizer of the table."""
    prefix = next(p for p in sorted(modules(), key=len, reverse=True) if name.startswith(p))
    case = OPTIMIZERS[name[len(prefix) :]]
    try:
        optimizer = case.make(Optimizers(modules()[prefix]))
    except MissingError as error:
        pytest.skip(f"this release does not have {error}")
    if unusable(optimizer):
        pytest.skip("this release's own cannot take a step")
    return Trainer(case, optimizer)


def trained(name: str, steps: int = crossing.TRAINED) -> Trainer:
    found = trainer(name)
    for _ in range(steps):
        found.step()
    return found


@functools.cache
def writer(name: str) -> Trainer:
    """Return a trained one to save, which its tests may train on but never restore into."""
    return trained(name)


def follows(second: Trainer, first: Trainer) -> None:
    """Take the next step on both, and compare."""
    first.step(9)
    second.step(9)
    if second.case.cls != "Nadam":
        # 2.11 to 2.15 count Nadam's steps in a Python number that no state can hold.
        assert not distances(second.state(), first.state())


@pytest.mark.once_per_era
@pytest.mark.parametrize("name", NAMES)
def test_an_optimizer_restores(name: str, tmp_path: pathlib.Path) -> None:
    first, new, second = writer(name), trainer(name), trainer(name)
    for number in range(2):  # before the first step, and after others than the writer's
        expected = first.state()
        assert not number or differences(second.state(), expected)
        tfc.save_state(tmp_path / "trained", first.objects)
        assert tfc.restore_state(tmp_path / "trained", second.objects).complete
        assert not differences(second.state(), expected)
        assert not differences(first.state(), expected)
        follows(second, first)
        second.step(7)
    # A state from before the first step: its slots are back where they start.
    tfc.save_state(tmp_path / "new", new.objects)
    tfc.restore_state(tmp_path / "new", second.objects)
    follows(second, new)


def _fails(directory: pathlib.Path, live: Trainer) -> str:
    before = live.state()
    with pytest.raises(tfc.StateMismatchError) as caught:
        tfc.restore_state(directory, live.objects)
    after = live.state()
    assert not differences({k: after[k] for k in before}, before)
    return str(caught.value)


@pytest.mark.once_per_era
@pytest.mark.parametrize(
    ("plain", "with_option", "option"),
    [
        ("Adam", "Adam(amsgrad=True)", "amsgrad"),
        ("SGD", "SGD(momentum=0.9)", "momentum"),
        ("RMSprop", "RMSprop(centered=True)", "centered"),
        ("Adam", "Adam(use_ema=True)", "use_ema"),
        ("Adam", "Adam(gradient_accumulation_steps=2)", "gradient_accumulation_steps"),
    ],
)
@pytest.mark.parametrize("stepped", [False, True])
def test_an_option_that_one_side_lacks_is_named(
    plain: str, with_option: str, option: str, stepped: bool, tmp_path: pathlib.Path
) -> None:
    without, having = trained(plain), trained(with_option)
    tfc.save_state(tmp_path / "plain", without.objects)
    tfc.save_state(tmp_path / "option", having.objects)
    steps = 1 if stepped else 0
    assert option in _fails(tmp_path / "plain", trained(with_option, steps))
    assert option in _fails(tmp_path / "option", trained(plain, steps))


@pytest.mark.parametrize("strict", [True, False])
def test_another_class_is_a_mismatch(strict: bool, tmp_path: pathlib.Path) -> None:
    first, second = trained("Adam"), trained("Adamax")
    tfc.save_state(tmp_path, first.objects)
    if strict:
        message = _fails(tmp_path, second)
        assert "Adam" in message
        assert "Adamax" in message
        return
    before = second.state()
    report = tfc.restore_state(tmp_path, second.objects, strict=False)
    assert any("Adamax" in line for line in report.different)
    after = second.state()
    changed = differences(after, before)
    assert changed
    assert all(name.startswith("weights/") for name in changed)


_PAIRS = [
    (one, other) for one in modules() for other in modules() if one != other and {one, other} - {""}
]


@pytest.mark.once_per_era
@pytest.mark.skipif(not _PAIRS, reason="this release has one family of optimizers")
@pytest.mark.parametrize(("one", "other"), _PAIRS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_families_restore_into_each_other(
    one: str, other: str, name: str, tmp_path: pathlib.Path
) -> None:
    first, second = writer(one + name), trainer(other + name)
    expected = first.state()
    tfc.save_state(tmp_path, first.objects)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert tfc.restore_state(tmp_path, second.objects).complete
    told = sum(issubclass(w.category, tfc.ArithmeticWarning) for w in caught)
    assert told == crossing.warns(name, first.family, second.family)
    assert not differences(second.state(), expected)
    if first.arithmetic == second.arithmetic:
        follows(second, first)


def test_a_schedule_follows_the_steps(tmp_path: pathlib.Path) -> None:
    first, second = trained("Adam(schedule)"), trainer("Adam(schedule)")
    tfc.save_state(tmp_path, first.objects)
    tfc.restore_state(tmp_path, second.objects)
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=2, decay_rate=0.5)
    rates = [float(np.array(schedule(int(t.state()["iterations"])))) for t in (first, second)]
    assert rates[0] == rates[1] < 0.1


def test_two_models_with_layers_of_the_same_names(tmp_path: pathlib.Path) -> None:
    """The names of weights are the same; the optimizers must not mix them up."""
    pairs = []
    for _ in range(2):
        pair = {}
        for index, part in enumerate(("generator", "discriminator")):
            model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, name="head")])
            optimizer = keras.optimizers.Adam(0.1)
            gradients = [tf.fill(w.shape, index + 1.0) for w in model.trainable_variables]
            pair[part] = {"model": model, "optimizer": optimizer, "gradients": gradients}
        pairs.append(pair)
    objects = [
        {part: {"model": v["model"], "optimizer": v["optimizer"]} for part, v in pair.items()}
        for pair in pairs
    ]

    def step(pair: dict) -> None:
        for v in pair.values():
            v["optimizer"].apply_gradients(
                list(zip(v["gradients"], v["model"].trainable_variables))
            )

    step(pairs[0])
    tfc.save_state(tmp_path, objects[0])
    entries = tfc.describe_state(tmp_path).entries
    for part in pairs[0]:
        slots = [key for key in entries if key.startswith(f"{part}/optimizer/slots/")]
        assert len(slots) == 4
        assert all(f"/{part}/model/" in key for key in slots)
    assert tfc.restore_state(tmp_path, objects[1]).complete
    step(pairs[0])
    step(pairs[1])
    for part, v in pairs[0].items():
        for one, other in zip(v["model"].get_weights(), pairs[1][part]["model"].get_weights()):
            np.testing.assert_array_equal(one, other)


def test_the_table_names_every_optimizer() -> None:
    unknown = []
    for prefix, module in modules().items():
        optimizers = Optimizers(module)
        for case in OPTIMIZERS.values():
            try:
                case.make(optimizers)
            except MissingError:
                continue
        for name in dir(module):
            value = getattr(module, name, None)
            if not inspect.isclass(value) or name in crossing.EXCLUDED:
                continue
            if value not in optimizers.used:
                unknown.append(prefix + name)
    assert not unknown


def test_variables_that_no_optimizer_updates(tmp_path) -> None:
    """Adam of 2.11 to 2.15 casts to a variable's dtype before it finds that it is none of its."""

    def made(number: float) -> dict:
        weight = tf.Variable([number])
        optimizer = keras.optimizers.Adam(0.1)
        optimizer.apply_gradients([(tf.constant([number]), weight)])
        return {
            "weight": weight,
            "optimizer": optimizer,
            "text": tf.Variable(str(number)),  # all three are called `Variable`
            "flag": tf.Variable(number > 1),
        }

    tfc.save_state(tmp_path, made(2.0))
    live = made(1.0)
    tfc.restore_state(tmp_path, live)
    assert (live["text"].numpy(), bool(live["flag"])) == (b"2.0", True)
    expected, found = made(2.0), live
    for objects in (expected, found):
        objects["optimizer"].apply_gradients([(tf.constant([0.5]), objects["weight"])])
    assert found["weight"].numpy() == expected["weight"].numpy()
