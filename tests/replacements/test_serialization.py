"""JSON forms against the private original."""

import json
import types

import numpy as np
import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements


class Configured:
    def get_config(self):
        return {"key": 1}


def tracked(value):
    module = tf.Module()
    module.attribute = value
    return module.attribute


VALUES = {
    "configured": Configured(),
    "array": np.array([[1, 2]]),
    "scalar": np.float32(1.5),
    "integer": np.int64(3),
    "function": tracked,
    "class": Configured,
    "dimension": tf.compat.v1.Dimension(4),
    "shape": tf.TensorShape([1, None]),
    "dtype": tf.float32,
    "mapping": types.MappingProxyType({"a": 1}),
    "ellipsis": ...,
    "dictionary": tracked({"a": [1]}),
    "tuple": tracked((1, 2)),
    "complex": 1j,
    "set": {1},
}


@pytest.mark.parametrize("name", sorted(VALUES))
def test_get_json_type(name):
    texts = []
    for default in (original("util.serialization.get_json_type"), replacements.get_json_type):
        try:
            texts.append(json.dumps([default(VALUES[name])]))
        except TypeError:
            texts.append(TypeError)
    assert texts[0] == texts[1]
