"""Protocol buffers of the public registry against the private modules."""

import pytest

from tests.programs import output_of
from tfcompat import _lookup
from tfcompat.replacements import protos
from tfcompat.rules.advice.protos import MODULES


def private(name):
    """The private modules of a name that this release has."""
    found = []
    for path in MODULES[name]:
        try:
            found.append(_lookup.at(path, modules_first=True))
        except _lookup._MissingError:
            continue
    return found


def same(old, new):
    if hasattr(old, "Name"):  # an enum
        return old.DESCRIPTOR is new.DESCRIPTOR and old.items() == new.items()
    return old is new or (isinstance(old, int) and old == new)


@pytest.mark.parametrize("name", protos.__all__)
def test_a_module_has_what_the_private_one_has(name):
    new = vars(getattr(protos, name))
    olds = private(name)
    assert new["DESCRIPTOR"] in [old.DESCRIPTOR for old in olds] or not olds
    for old in olds:
        names = {
            key: value
            for key, value in vars(old).items()
            if not key.startswith("_") and not key.endswith(("__pb2", "_FIELD_NUMBER"))
            if getattr(value, "__module__", "").endswith("_pb2")
            or hasattr(value, "Name")
            or isinstance(value, int)
        }
        assert names
        assert not [key for key, value in names.items() if not same(value, new[key])]


def test_messages_go_to_bytes_and_back():
    message = protos.saved_model_pb2.SavedModel(saved_model_schema_version=1)
    message.meta_graphs.add().graph_def.node.add(name="a", op="NoOp")
    read = protos.saved_model_pb2.SavedModel.FromString(message.SerializeToString())
    assert read == message
    assert protos.types_pb2.DataType.Name(protos.types_pb2.DT_HALF) == "DT_HALF"


@pytest.mark.once_per_era
def test_no_private_module_is_needed():
    """In a process that has imported TensorFlow alone."""
    code = (
        "from tfcompat.replacements import protos\n"
        "missing = [n for n in protos.__all__ if not vars(getattr(protos, n))]\n"
        "assert not missing and len(protos.__all__) > 50, missing"
    )
    output_of("-c", code)


def test_an_unknown_module():
    with pytest.raises(AttributeError, match="xplane_pb2"):
        _ = protos.xplane_pb2
