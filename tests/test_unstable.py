"""The quarantine: every row of its table, on whatever release this is."""

from __future__ import annotations

import functools
import pathlib
import types
import warnings

import pytest
from packaging.specifiers import SpecifierSet

import tfcompat as tfc
from tfcompat import unstable
from tfcompat.unstable._table import TABLE

# The rows that are no modules.
OBJECTS = {
    "EventsWriter",
    "TrackableWeightHandler",
    "decode_proto",
    "encode_structure",
    "enter_or_assert_strategy",
    "get_distributed_dataset",
    "get_distributed_datasets_from_function",
    "optimizer_v1_var_key",
    "optimizer_var_key",
    "strategy_supports_no_merge_call",
}


def claimed(releases: str) -> bool:
    first, _, last = releases.partition("-")
    here = ".".join(map(str, tfc.runtime().tensorflow.release[:2]))
    return here in SpecifierSet(f">={first}" + (f",<={last}" if last else ""))


@pytest.mark.parametrize("name", sorted(TABLE))
def test_name_is_where_its_row_says(name: str) -> None:
    row = TABLE[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not claimed(row.releases):
            with pytest.raises(tfc.errors.MissingNameError, match=name) as caught:
                getattr(unstable, name)
            assert row.when() in str(caught.value)
            assert row.instead in str(caught.value)
            return
        found = getattr(unstable, name)
    if name in OBJECTS:
        assert found.__name__ in {path.rpartition(".")[2] for path in row.paths}
    else:
        assert isinstance(found, types.ModuleType)
        assert found.__name__ in row.paths


def test_what_libraries_need_is_there() -> None:
    """The rules of migration write these names, whatever releases are supported."""
    path = pathlib.Path(__file__).parent / "data" / "unstable_in_use.txt"
    names = [line for line in path.read_text(encoding="utf-8").split("\n")[1:] if line]
    assert len(names) > 300
    missing = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            try:
                functools.reduce(getattr, name.split("."), unstable)
            except AttributeError as error:
                missing.append(f"{name}: {error}")
    assert missing == []


def test_a_method_of_up_to_2_7_is_a_function() -> None:
    encoded = unstable.encode_structure([1, {"a": True}])
    assert isinstance(encoded, unstable.struct_pb2.StructuredValue)
    assert unstable.decode_proto(encoded) == [1, {"a": True}]


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        unstable.nothing  # noqa: B018
    assert not hasattr(unstable, "nothing")


def test_help_tells_each_name_and_its_releases() -> None:
    for name, row in TABLE.items():
        assert f"\n{name}: {row.when()}" in unstable.__doc__
        assert name in dir(unstable)
