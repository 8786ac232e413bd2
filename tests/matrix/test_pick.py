"""The combinations and the choice among them, against what is known of the releases."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tfcompat.matrix import data
from tfcompat.matrix.data import combinations
from tfcompat.matrix.pick import SelectionError, select


def names(**options) -> list[str]:
    platform = options.pop("platform", "linux")
    return [c.name for c in select(combinations(platform), **options)]


def test_eras() -> None:
    assert names(pick="eras") == [
        "py310-tf2.10",
        "py311-tf2.15",
        "py313-tf2.21",
        "py313-tf2.21-legacy",
    ]


def test_edges() -> None:
    assert names(pick="edges", keras=["2"]) == [
        "py39-tf2.5.0",
        "py310-tf2.10",
        "py39-tf2.11.0",
        "py311-tf2.15",
    ]
    assert names(pick="edges", python=["3.10"], keras=["3"]) == ["py310-tf2.16.1", "py310-tf2.21"]


def test_each_minor_takes_the_newest_patch() -> None:
    chosen = select(combinations(), pick="each-minor", python=["3.9"])
    assert [c.version for c in chosen if c.keras != "legacy"] == [
        *("2.5.3", "2.6.5", "2.7.4", "2.8.4", "2.9.3", "2.10.1", "2.11.1", "2.12.1", "2.13.1"),
        *("2.14.1", "2.15.1", "2.16.2", "2.17.1", "2.18.1", "2.19.1", "2.20.0"),
    ]


def test_each_minor_of_what_the_specifier_leaves() -> None:
    found = names(pick="each-minor", tensorflow=SpecifierSet(">=2.10,<2.11.1"), python=["3.10"])
    assert found == ["py310-tf2.10", "py310-tf2.11.0"]


def test_all_has_every_patch_release() -> None:
    chosen = select(combinations(), pick="all", tensorflow=SpecifierSet("~=2.9.0"))
    assert {c.version for c in chosen} == {"2.9.0", "2.9.1", "2.9.2", "2.9.3"}
    assert {c.python for c in chosen} == {"3.9", "3.10"}


def test_nightly_comes_last_and_only_if_asked_for() -> None:
    assert not [n for n in names(pick="all") if "nightly" in n]
    assert names(pick="eras", nightly=True)[-1] == "py313-nightly"
    assert names(pick="eras", nightly=True, python=["3.11", "3.12"])[-2:] == [
        "py311-nightly",
        "py312-nightly",
    ]


def test_names_are_of_one_combination_each() -> None:
    for platform in data.PLATFORMS:
        found = [c.name for c in combinations(platform)]
        assert len(found) == len(set(found))


def test_every_combination_has_what_it_needs() -> None:
    for combination in combinations():
        first, *others = map(Requirement, combination.requirements)
        assert first.name in ("tensorflow", "tensorflow-cpu", "tf-nightly")
        assert combination.nightly or first.specifier.contains(combination.version)
        assert all(other.marker is None for other in others)
        keras = [r for r in others if r.name in ("keras", "tf-keras", "keras-nightly")]
        # TensorFlow 2.5 carries its own.
        assert len(keras) == (combination.release != "2.5")
        assert (combination.keras == "legacy") == any(r.name == "tf-keras" for r in keras)


@pytest.mark.parametrize(
    ("python", "tensorflow"),
    [("3.9", "2.21"), ("3.11", "2.11"), ("3.12", "2.15"), ("3.13", "2.19"), ("3.10", "2.7")],
)
def test_what_has_no_wheel_is_not_there(python: str, tensorflow: str) -> None:
    found = [(c.python, c.release) for c in combinations()]
    assert python in dict(found)
    assert tensorflow in dict(map(reversed, found))
    assert (python, tensorflow) not in found


def test_platforms() -> None:
    arm = select(combinations("macos-arm64"), python=["3.10"], keras=["2", "3"], pick="each-minor")
    assert arm[0].requirements[0] == "tensorflow-macos==2.9.2"
    assert "tensorflow==2.13.1" in {c.requirements[0] for c in arm}
    # TensorFlow left Intel Macs with 2.17.
    assert not [c for c in combinations("macos") if c.release in ("2.17", "2.21", "nightly")]


def test_all_that_is_unknown_is_told_at_once() -> None:
    with pytest.raises(SelectionError) as caught:
        names(python=["3.10", "3.7"], keras=["4"], pick="some")
    for word in ("3.7", "Keras 4", "some", "each-minor", "3.13"):
        assert word in str(caught.value)


def test_nothing_left() -> None:
    with pytest.raises(SelectionError, match="No combination is left"):
        names(python=["3.13"], tensorflow=SpecifierSet("<2.16"))
