"""Names that releases have and the table of names leaves out.

The table holds no modules of other projects, no annotations, no tests, no names with two
underscores on each side, and of those with one before it what a module itself defines.
"""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, nothing, public

_ANNOTATION = "It is an annotation: {} in typing.Union."
_TESTS = nothing("Tests of TensorFlow's own, which some of its wheels hold.")
_TWICE = nothing("It is that of tf_keras.src.layers.core.tf_op_layer, which is private as well.")
_RAGGED = "tf.RaggedTensor and tf.compat.v1.ragged.RaggedTensorValue"

ADVICE: dict[str, Advice] = {
    "tensorflow._major_api_version": nothing("It is 2 in every release from 2.5 on."),
    "tensorflow.python.data.kernel_tests": _TESTS,
    "tensorflow.python.data.kernel_tests.*": _TESTS,
    **{
        f"tensorflow.python.framework.versions.__{name}__": public(f"tensorflow.{target}")
        for name, target in (
            ("version", "version.VERSION"),
            ("git_version", "version.GIT_VERSION"),
            ("compiler_version", "version.COMPILER_VERSION"),
            ("cxx11_abi_flag", "sysconfig.CXX11_ABI_FLAG"),
            ("monolithic_build", "sysconfig.MONOLITHIC_BUILD"),
        )
    },
    "tensorflow.python.ops.ragged.ragged_tensor.Ragged": nothing(_ANNOTATION.format(_RAGGED)),
    "tensorflow.python.ops.ragged.ragged_tensor.RaggedOrDense": nothing(
        _ANNOTATION.format(f"{_RAGGED}, and what tf.convert_to_tensor takes,")
    ),
    "tensorflow.python.util.tf_inspect._inspect": nothing("It is Python's own module inspect."),
    "tf_keras.api._v1.keras.__internal__.legacy": nothing(
        "With legacy Keras tf.compat.v1.layers and tf.compat.v1.nn.rnn_cell are what it holds."
    ),
    "tf_keras.src.layers.core._delegate_method": _TWICE,
    "tf_keras.src.layers.core._delegate_property": _TWICE,
}
