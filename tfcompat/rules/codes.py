"""The codes of findings. A code, once released, keeps its meaning."""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """One kind of finding.

    Attributes:
        code: such as "TFC101".
        title: what is wrong, in a few words.
        text: why it matters and what the fix does.
        before: an example that is found.
        after: the same after the fix, or "" where there is none.
    """

    code: str
    title: str
    text: str
    before: str
    after: str = ""


def _code(code: str, title: str, text: str, before: str, after: str = "") -> tuple[str, Code]:
    return code, Code(code, title, text, before, after)


CODES: dict[str, Code] = dict(
    [
        _code(
            "TFC101",
            "private name with a public name of the same object",
            "The public name leads to the very same object in each supported release that has "
            "the private one, and exists in all supported releases. The fix is safe. Functions "
            "of private `gen_*_ops` modules become those of `tf.raw_ops`, which take keyword "
            "arguments only; the fix writes them.",
            "from tensorflow.python.ops import array_ops\nx = array_ops.where(mask, a, b)\n",
            "import tensorflow as tf\nx = tf.compat.v1.where(mask, a, b)\n",
        ),
        _code(
            "TFC102",
            "private name with a public name of the same meaning",
            "The public name is another object. The fix is safe where a test shows that both "
            "give the same result in every release; otherwise the finding says what differs, "
            "and the fix is an unsafe one.",
            "from tensorflow.python.keras.layers import Dense\nlayer = Dense(4)\n",
            "import tensorflow as tf\nlayer = tf.keras.layers.Dense(4)\n",
        ),
        _code(
            "TFC103",
            "private name that tfcompat has a name for",
            "No public name of TensorFlow or Keras does this in every supported release; one of "
            "tfcompat does, built on public API alone.",
            "from tensorflow.python.framework.smart_cond import smart_cond\n"
            "y = smart_cond(training, f, g)\n",
            "import tfcompat\ny = tfcompat.replacements.smart_cond(training, f, g)\n",
        ),
        _code(
            "TFC104",
            "private name that only tfcompat.unstable has",
            "It has no public name and cannot be rebuilt on public API. `tfcompat.unstable` "
            "knows where it is in each release, and may lose it when TensorFlow does. The fix "
            "is an unsafe one.",
            "from tensorflow.python.client import timeline\nt = timeline.Timeline(stats)\n",
            "import tfcompat\nt = tfcompat.unstable.timeline.Timeline(stats)\n",
        ),
        _code(
            "TFC105",
            "private name with nothing to use instead",
            "The finding says in which releases the name exists and why there is no fix.",
            "from tensorflow.python.ops.gen_math_ops import add_eager_fallback\n",
        ),
        _code(
            "TFC106",
            "private module",
            "A module is imported, or passed on as a value. Names that are used through it have "
            "findings of their own; once those are fixed, the fix removes the import.",
            "from tensorflow.python.ops import array_ops\n",
        ),
        _code(
            "TFC107",
            "private name that no release has",
            "No release from 2.5 to the nightly build has this name: it is older than 2.5, or "
            "was never there. Where it is used, the code fails.",
            "from tensorflow.python.ops.rnn_cell_impl import _linear\n",
        ),
        _code(
            "TFC201",
            "public name that some supported release lacks",
            "Another name exists in all supported releases. The fix is safe where it leads to "
            "the same object in each release that has the old one.",
            "loss = tf.keras.losses.mean_squared_error(y, p)\n",
            "loss = tf.keras.losses.mse(y, p)\n",
        ),
        _code(
            "TFC202",
            "public name that raises in some supported release",
            "The name is there, so that `hasattr` finds it, but using it raises. Another name "
            "works in all supported releases.",
            "optimizer = tf.keras.optimizers.legacy.Adam()\n",
            "optimizer = tf.compat.v1.keras.optimizers.Adam()\n",
        ),
        _code(
            "TFC203",
            "public name that some supported release lacks, with nothing to use instead",
            "The finding says in which releases the name works. Where that is enough, guard its "
            "use, or say so with `--tensorflow`.",
            "estimator = tf.estimator.Estimator(model_fn)\n",
        ),
        _code(
            "TFC301",
            "private method or attribute that the facade has a name for",
            "Methods such as `_track_trackable` are renamed and removed without notice.",
            "self._track_trackable(table, name='table')\n",
            "tfcompat.track(self, 'table', table)\n",
        ),
        _code(
            "TFC401",
            "private path in a string",
            "A string that names a private module, given to `import_module`, `mock.patch` and "
            "the like.",
            "mock.patch('tensorflow.python.eager.context.num_gpus')\n",
        ),
    ]
)
