"""Decorators of tests: the same runs in the same modes as by the private originals."""

import os
import unittest

import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements

ran = []


def run(cls):
    """Run a class of tests; what ran, how many failed, and why any was skipped."""
    ran.clear()
    result = unittest.TestResult()
    unittest.TestLoader().loadTestsFromTestCase(cls).run(result)
    bad = [text for _, text in [*result.errors, *result.failures]]
    # Releases differ in whether a skip of one mode alone is told.
    skipped = [reason for _, reason in result.skipped if reason != "in graphs"]
    return list(ran), len(bad), skipped, result.testsRun


def record(self, what):
    value = self.evaluate(tf.constant(2) * 3)
    mode = "eager" if tf.executing_eagerly() else "graph"
    ran.append((what, mode, int(value)))


def both(make):
    """What happens with the original and with the replacement."""

    class Source:
        def __getattr__(self, name):
            return original(f"framework.test_util.{name}")

    with_original = run(make(Source()))
    assert run(make(replacements)) == with_original
    return with_original


def in_graph_and_eager_modes(util):
    class Example(tf.test.TestCase):
        def setUp(self):
            super().setUp()
            ran.append("set up")

        def tearDown(self):
            ran.append("tear down")
            super().tearDown()

        @util.run_in_graph_and_eager_modes
        def test_bare(self):
            record(self, "bare")
            path = os.path.join(self.get_temp_dir(), "file")
            assert not os.path.exists(path)
            with open(path, "w") as file:
                file.write("left over")

        @util.run_in_graph_and_eager_modes(use_gpu=False)
        def test_called(self):
            record(self, "called")

        @util.run_in_graph_and_eager_modes()
        def test_fails(self):
            record(self, "fails")
            assert not tf.executing_eagerly()

        @util.run_in_graph_and_eager_modes()
        def test_skipped(self):
            if not tf.executing_eagerly():
                self.skipTest("in graphs")
            record(self, "skipped")

    return Example


def test_run_in_graph_and_eager_modes():
    events, failures, _, _ = both(in_graph_and_eager_modes)
    assert ("bare", "graph", 6) in events
    assert ("bare", "eager", 6) in events
    assert failures == 1


def all_in_graph_and_eager_modes(util):
    @util.run_all_in_graph_and_eager_modes
    class Example(tf.test.TestCase):
        def test_one(self):
            record(self, "one")

        def testSkipEager(self):  # noqa: N802
            record(self, "skip eager")

        def helper(self):
            raise AssertionError

    return Example


def test_run_all_in_graph_and_eager_modes():
    events, failures, _, _ = both(all_in_graph_and_eager_modes)
    assert ("one", "graph", 6) in events
    assert failures == 0


def graph_mode_only(util):
    class Example(tf.test.TestCase):
        @util.run_deprecated_v1
        def test_v1(self):
            with self.session():
                record(self, "v1")

        @util.deprecated_graph_mode_only
        def test_graph(self):
            with self.session():
                record(self, "graph")

    @util.deprecated_graph_mode_only
    class Whole(Example):
        def setUp(self):
            super().setUp()
            ran.append(tf.executing_eagerly())

        def test_whole(self):
            with self.cached_session():
                record(self, "whole")

    return Whole


def test_deprecated_graph_mode_only():
    events, failures, _, _ = both(graph_mode_only)
    assert events.count(False) == 3
    assert ("whole", "graph", 6) in events
    assert failures == 0


def applied_to_all(util):
    def mark(text):
        def decorator(method):
            def marked(self):
                ran.append(text)
                return method(self)

            return marked

        return decorator

    @util.run_all_in_deprecated_graph_mode_only
    class InGraphs(tf.test.TestCase):
        def test_one(self):
            with self.session():
                record(self, "one")

    @util.for_all_test_methods(mark, "marked")
    class Marked(InGraphs):
        def test_two(self):
            with self.session():
                record(self, "two")

    return Marked


def test_decorators_of_all_tests():
    events, failures, _, _ = both(applied_to_all)
    assert events.count("marked") == 2
    assert ("one", "graph", 6) in events
    assert failures == 0


def versions_and_devices(util):
    class Example(tf.test.TestCase):
        @util.run_v1_only("for v1")
        def test_v1(self):
            record(self, "v1")

        @util.run_v2_only
        def test_v2(self):
            record(self, "v2")

        @util.run_gpu_only
        def test_gpu(self):
            record(self, "gpu")

        @util.run_cuda_only
        def test_cuda(self):
            record(self, "cuda")

        @util.run_gpu_or_tpu
        def test_gpu_or_tpu(self, device):
            record(self, device)

        @util.skip_if(True)
        def test_skip_if(self):
            record(self, "skip if")

        @util.skip_if(lambda: False)
        def test_not_skip_if(self):
            record(self, "not skip if")

        @util.no_xla_auto_jit("why")
        @util.disable_xla("why")
        @util.disable_mlir_bridge("why")
        @util.disable_tfrt("why")
        def test_no_effect(self):
            record(self, "no effect")

        @util.disable_cudnn_autotune
        def test_autotune(self):
            ran.append((os.environ["TF_CUDNN_USE_AUTOTUNE"], os.environ["XLA_FLAGS"].split()))

        @util.run_without_tensor_float_32("why")
        def test_tensor_float_32(self):
            ran.append(tf.config.experimental.tensor_float_32_execution_enabled())

    return Example


def test_versions_and_devices():
    before = dict(os.environ)
    events, failures, skipped, _ = both(versions_and_devices)
    assert dict(os.environ) == before
    assert tf.config.experimental.tensor_float_32_execution_enabled()
    assert ("no effect", "eager", 6) in events
    assert "for v1" in skipped
    assert failures == 0


def whole_classes(util):
    @util.run_v1_only("the whole class")
    class Example(tf.test.TestCase):
        def test_it(self):
            record(self, "v1")

    return Example


def test_whole_classes():
    _, _, skipped, _ = both(whole_classes)
    assert set(skipped) == {"the whole class"}


def test_tensor_float_32_of_a_whole_class():
    def make(util):
        @util.run_all_without_tensor_float_32("why")
        class Example(tf.test.TestCase):
            def test_it(self):
                ran.append(tf.config.experimental.tensor_float_32_execution_enabled())

        return Example

    events, _, _, _ = both(make)
    assert events == [False]


@pytest.mark.parametrize(
    ("name", "old"),
    [("use_gpu", "use_gpu"), ("force_cpu", "force_cpu"), ("force_gpu", "force_gpu")],
)
def test_devices(name, old):
    placed = []
    for place in (original(f"framework.test_util.{old}"), getattr(replacements, name)):
        with tf.Graph().as_default(), place():
            placed.append(tf.constant(1).device)
    assert placed[0] == placed[1]
    assert placed[0]


@pytest.mark.parametrize("use_gpu", [True, False])
def test_test_device(use_gpu):
    placed = []
    for place in (original("framework.test_util.device"), replacements.test_device):
        with tf.Graph().as_default(), place(use_gpu):
            placed.append(tf.constant(1).device)
    assert placed[0] == placed[1]


def test_graph_and_eager_modes_do_not_take_classes():
    for decorate in (
        original("framework.test_util.run_in_graph_and_eager_modes"),
        replacements.run_in_graph_and_eager_modes,
    ):
        with pytest.raises(ValueError, match="run_all_in_graph_and_eager_modes"):
            decorate(tf.test.TestCase)


@pytest.mark.parametrize(
    ("a", "equal"),
    [
        (tf.TensorShape([2, 3]).as_proto(), True),
        (str(tf.TensorShape([2, 3]).as_proto()), True),
        (tf.TensorShape([3, 2]).as_proto(), False),
    ],
    ids=["message", "text", "another"],
)
def test_assert_proto_equal(a, equal):
    message = tf.TensorShape([2, 3]).as_proto()
    function = original("util.protobuf.compare.assertProtoEqual")
    for check in (function, replacements.assert_proto_equal):
        if equal:
            check(unittest.TestCase(), a, message, msg="why")
            continue
        with pytest.raises(AssertionError, match=r"(?s)size: .*why"):
            check(unittest.TestCase(), a, message, msg="why")
