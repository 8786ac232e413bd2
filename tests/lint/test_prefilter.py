"""The sieve before parsing: what it lets fall can hold no finding."""

from __future__ import annotations

import json

import pytest

from tests.lint import test_check, test_guards, test_resolve
from tfcompat.lint.config import Settings
from tfcompat.lint.findings import check_file
from tfcompat.lint.prefilter import may_have_findings

NEST = "tensorflow.python.util.nest"

# Every source of the other tests, and some that are written to slip through.
SOURCES = [
    *(code for code, _ in test_resolve.FOUND.values()),
    *test_resolve.NOT_FOUND.values(),
    *(code for code, _ in test_guards.GUARDED.values()),
    *test_guards.NOT_GUARDED.values(),
    *(code for code, _ in test_check.FINDS.values()),
    *test_check.FINDS_NOT.values(),
    *(code for code, _ in test_check.COMMENTS.values()),
    "from tensorflow.python.util \\\n  import nest",
    "from tensorflow.python \\\n  .util import nest",
    "from tensorflow.python.util import \\\n  nest",
    "from tensorflow.python.util import (  # (a)\n  nest)",
    "x = 1; from tensorflow.python.util import nest",
    "if x: import tensorflow.python.util.nest",
    "import os, tensorflow.python.util.nest as n",
    "import os as a, \\\n tensorflow.python.util.nest as n",
    "from from_here import to; import tensorflow.python.util.nest",
    "from tensorflow import keras as k\nk.losses.mean_squared_error",
    "import tensorflow as tf\ntf . keras . losses . mean_squared_error",
    "import tensorflow as tf\n(tf\n.keras  # why\n.losses\n.mean_squared_error)",
    "import tensorflow as tf\ntf.keras.\\\n    losses.mean_squared_error",
    "import tensorflow as tf\nk = l = tf.keras\nl.losses.mean_squared_error",
    "import tensorflow as tf\nk: object = tf.keras\nk.losses.mean_squared_error",
    "import tensorflow as tf\nk = (tf\n .keras)\nk.losses.mean_squared_error",
    "import tensorflow as tf\nk = tf.keras\nm = k.losses\nm.mean_squared_error",
    "import tensorflow as tf\na, b = tf.keras.losses, 1\na.mean_squared_error",
    "import tensorflow as tf\na, b = tf, 1\na.keras.losses.mean_squared_error",
    "import tensorflow as tf\ngetattr(tf.keras.losses, 'mean_squared_error')",
    "import tensorflow as tf\nx: 'tf.keras.losses.mean_squared_error'",
    "import tensorflow as tf\nf'{tf.keras.losses.mean_squared_error}'",
    "import tensorflow as tf\r\nk = tf.keras\r\nk.losses.mean_squared_error\r\n",
    "import tensorflow as tf\nfrom tensorflow.keras.losses import (mse,\n mean_squared_error)",
    "import tensorflow.keras.losses as losses\nlosses.mean_squared_error",
    "k = importlib.import_module('tensorflow.keras.losses')\nk.mean_squared_error",
]


@pytest.mark.parametrize("number", range(len(SOURCES)))
def test_lets_nothing_through(number: int) -> None:
    code = SOURCES[number]
    report = check_file("file.py", code.encode(), Settings())
    if report.findings or report.errors:
        assert may_have_findings(code.encode())
        cells = {"cells": [{"cell_type": "code", "source": code.splitlines(keepends=True)}]}
        assert may_have_findings(json.dumps(cells).encode())


@pytest.mark.parametrize(
    "code",
    [
        "",
        "import numpy as np\nnp.bool",
        "import tensorflow as tf\ntf.nn.relu(tf.constant(1))\nx = tf.keras.layers.Dense(1)",
        "from tensorflow.keras.layers import Dense, Input\nDense(1)(Input([1]))",
        "import tensorflow as tf\nkeras = tf.keras\nkeras.losses.mse",
        "# tensorflow and keras in a comment",
    ],
)
def test_sieves(code) -> None:
    assert not may_have_findings(code.encode())


def test_sieves_by_release() -> None:
    code = b"import tensorflow as tf\ntf.config.experimental.enable_op_determinism()"
    assert may_have_findings(code)
    from tfcompat import rules

    assert not may_have_findings(code, rules.columns(">=2.8"))
