"""Nests as messages against the private originals."""

import collections

import pytest
import tensorflow as tf

import tfcompat
from tests.replacements.originals import find
from tfcompat import replacements

Pair = collections.namedtuple("Pair", ["left", "right"])

NESTS = [
    None,
    True,
    3,
    -(2**40),
    1.5,
    "text",
    [],
    (),
    {},
    [1, (2.0, {"a": None, "b": [False, "x"]})],
    Pair(1, [Pair("a", None)]),
    tf.TensorShape(None),
    tf.TensorShape([]),
    tf.TensorShape([None, 3]),
    tf.float32,
    tf.string,
    tf.TensorSpec([None, 2], tf.int64),
    tf.TensorSpec(None, tf.bool, "named"),
    tf.SparseTensorSpec([None, 4], tf.float32),
    tf.RaggedTensorSpec([2, None], tf.int32, 1, tf.int32),
    ((tf.TensorSpec([1], tf.float32, "x"),), {"training": tf.TensorSpec([], tf.bool)}),
]


def coder():
    """The functions of the original; up to 2.7 they are methods."""
    path = "saved_model.nested_structure_coder"
    if find(f"{path}.encode_structure"):
        return find(f"{path}.encode_structure"), find(f"{path}.decode_proto")
    made = find(f"{path}.StructureCoder")()
    return made.encode_structure, made.decode_proto


@pytest.mark.parametrize("nest", NESTS, ids=repr)
def test_both_write_the_same(nest):
    encode, decode = coder()
    old, new = encode(nest), replacements.encode_structure(nest)
    assert new == old
    for message in (old, new):
        for read in (decode, replacements.decode_proto):
            found = read(message)
            # A shape that is not fully known equals none in some releases.
            assert found == nest or repr(found) == repr(nest)
            assert type(found).__name__ == type(nest).__name__


def test_what_has_no_public_name():
    encode, _ = coder()
    with pytest.raises(tfcompat.TfcompatError, match="complex"):
        replacements.encode_structure([1, 2j])
    spec = tf.TensorArraySpec([2], tf.float32)
    with pytest.raises(tfcompat.TfcompatError, match="TensorArraySpec"):
        replacements.encode_structure(spec)
    with pytest.raises(tfcompat.TfcompatError, match="No public name"):
        replacements.decode_proto(encode(spec))


def test_signatures_of_a_saved_model(tmp_path):
    module = tf.Module()
    module.f = tf.function(lambda x: x, input_signature=[tf.TensorSpec([None, 2], name="x")])
    tf.saved_model.save(module, str(tmp_path))
    message = replacements.parse_saved_model(tmp_path)
    found = []
    for function in message.meta_graphs[0].object_graph_def.concrete_functions.values():
        signature = function.canonicalized_input_signature
        found.append(repr(replacements.decode_proto(signature)))
        assert found[-1] == repr(coder()[1](signature))
    assert repr(((tf.TensorSpec([None, 2], tf.float32, "x"),), {})) in found


def test_coder_of_up_to_2_7():
    ours = replacements.StructureCoder()
    theirs = (
        find("saved_model.nested_structure_coder.StructureCoder") or replacements.StructureCoder
    )
    for nest in ([1, {"a": True}], tf.TensorShape([1]), 2j, [object()]):
        assert ours.can_encode(nest) is theirs().can_encode(nest)
    message = ours.encode_structure([1, (2,)])
    assert message == coder()[0]([1, (2,)])
    assert ours.decode_proto(message) == [1, (2,)]
