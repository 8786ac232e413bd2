"""`tensorflow.python.framework.test_util` and other helpers for tests."""

from __future__ import annotations

from tfcompat.rules.advice._kinds import Advice, Call, nothing, public, replacement

_TEST_UTIL = "tensorflow.python.framework.test_util"
_GOOGLETEST = "tensorflow.python.platform.googletest"

# Names that tfcompat.replacements has under the same name with the same signature.
_SAME_NAME = [
    "deprecated_graph_mode_only",
    "disable_cudnn_autotune",
    "disable_mlir_bridge",
    "disable_tfrt",
    "disable_xla",
    "for_all_test_methods",
    "force_cpu",
    "force_gpu",
    "no_xla_auto_jit",
    "run_all_in_deprecated_graph_mode_only",
    "run_all_in_graph_and_eager_modes",
    "run_all_without_tensor_float_32",
    "run_cuda_only",
    "run_deprecated_v1",
    "run_gpu_only",
    "run_gpu_or_tpu",
    "run_v1_only",
    "run_v2_only",
    "run_without_tensor_float_32",
    "skip_if",
    "use_gpu",
]

ADVICE: dict[str, Advice] = {f"{_TEST_UTIL}.{name}": replacement(name) for name in _SAME_NAME}
for _name in ("combine", "times"):
    for _module in ("combinations", "test_combinations"):
        ADVICE[f"tensorflow.python.framework.{_module}.{_name}"] = replacement(_name)
ADVICE["tensorflow.python.framework.combinations.generate"] = replacement("generate")
ADVICE.update(
    {
        # Its assert_no_eager_garbage, which looks for reference cycles in Python, has no effect.
        f"{_TEST_UTIL}.run_in_graph_and_eager_modes": replacement("run_in_graph_and_eager_modes"),
        f"{_TEST_UTIL}.device": replacement("test_device"),
        f"{_TEST_UTIL}.IsGoogleCudaEnabled": public("tensorflow.test.is_built_with_cuda"),
        f"{_TEST_UTIL}.IsBuiltWithROCm": public("tensorflow.test.is_built_with_rocm"),
        f"{_TEST_UTIL}.IsBuiltWithXLA": public("tensorflow.test.is_built_with_xla"),
        f"{_TEST_UTIL}.InstallStackTraceHandler": nothing(
            "tf.test.main installs it; faulthandler.enable() of Python prints a trace as well."
        ),
        f"{_TEST_UTIL}.random_seed": nothing(
            "It is a module that test_util imports in some releases; tf.random.set_seed sets a "
            "seed."
        ),
        "tensorflow.python.util.protobuf.compare.assertProtoEqual": replacement(
            "assert_proto_equal",
            call=Call(
                parameters=(
                    "self",
                    "a",
                    "b",
                    "check_initialized",
                    "normalize_numbers",
                    "msg",
                    "relative_tolerance",
                ),
                refuse=("normalize_numbers", "relative_tolerance"),
            ),
        ),
        f"{_GOOGLETEST}.main": public(
            "tensorflow.test.main",
            safe=False,
            reason="It installs a handler that prints a trace on a crash as well.",
        ),
        f"{_GOOGLETEST}.GetTempDir": public("tensorflow.compat.v1.test.get_temp_dir"),
        f"{_GOOGLETEST}.TestCase": public(
            "tensorflow.test.TestCase",
            safe=False,
            reason="The original is the TestCase of absl, without what TensorFlow adds.",
        ),
    }
)

# Modes of Keras's own tests, which moved three times.
_MODES = {
    "run_all_keras_modes": "run_all_keras_modes",
    "TestCase": "KerasTestCase",
}
_SCOPES = ("run_eagerly_scope", "should_run_eagerly")
for _tests, _utilities in (
    ("tensorflow.python.keras.keras_parameterized", "tensorflow.python.keras.testing_utils"),
    ("keras.keras_parameterized", "keras.testing_utils"),
    ("keras.testing_infra.test_combinations", "keras.testing_infra.test_utils"),
    ("keras.src.testing_infra.test_combinations", "keras.src.testing_infra.test_utils"),
    ("tf_keras.src.testing_infra.test_combinations", "tf_keras.src.testing_infra.test_utils"),
):
    for _name, _ours in _MODES.items():
        ADVICE[f"{_tests}.{_name}"] = replacement(
            _ours, safe=False, reason="It has the modes of Keras's tests without their formats."
        )
    for _name in _SCOPES:
        ADVICE[f"{_utilities}.{_name}"] = replacement(
            _name, safe=False, reason="It goes with tfcompat.replacements.run_all_keras_modes."
        )
for _package in ("tensorflow.python.keras", "keras"):
    ADVICE[f"{_package}.combinations.combine"] = replacement("combine")
    ADVICE[f"{_package}.combinations.generate"] = replacement(
        "generate",
        safe=False,
        reason="It knows the parameters mode and tf_api_version, not run_eagerly of Keras.",
    )
