"""The timeline of a run, against the private original."""

import json

import pytest
import tensorflow as tf

from tests.replacements.originals import original
from tfcompat import replacements

v1 = tf.compat.v1
OPTIONS = [
    {},
    {"show_dataflow": False},
    {"show_memory": True},
    {"op_time": "gpu"},
    {"op_time": "all", "show_memory": True},
]


def traces(step_stats, options):
    old, new = (
        cls(type(step_stats).FromString(step_stats.SerializeToString()))
        for cls in (original("client.timeline.Timeline"), replacements.Timeline)
    )
    return (made.generate_chrome_trace_format(**options) for made in (old, new))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_run_of_a_session(options):
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 8])
        parts = tf.split(tf.matmul(x, tf.ones([8, 8])), 4, axis=1)
        y = tf.reduce_sum(parts[0] * parts[3] + tf.cast(tf.shape(x)[0], tf.float32))
        metadata = v1.RunMetadata()
        session.run(
            y,
            {x: [[1.0] * 8] * 3},
            options=v1.RunOptions(trace_level=v1.RunOptions.FULL_TRACE),
            run_metadata=metadata,
        )
    old, new = traces(metadata.step_stats, options)
    assert new == old
    assert len(json.loads(new)["traceEvents"]) > 10


@pytest.fixture
def on_a_gpu():
    """What two devices may tell: kernels, memory copies, messages, labels of no known form."""
    step_stats = type(v1.RunMetadata().step_stats)()
    device = "/job:localhost/replica:0/task:0/device:GPU:0"
    for name, nodes in {
        device: [
            ("a", "a = Relu(x, /b/_3)", 100, 5, 2),
            ("b", "b = MatMul()", 90, 30, 1),
            ("b", "no form", 101, 1, 0),
            ("RecvTensor", "[Recv] b", 95, 4, 1),
            ("c", "c = Add(a:1, b, /b/_12, lost)", 130, 4, 1),
        ],
        f"{device}/stream:all": [
            ("a:Relu", "retval @@a:Relu#id=3", 150, 40, 0),
            ("a:Relu", "other", 140, 10, 0),
            ("plain", "@@#", 120, 10, 0),
        ],
        "/device:GPU:0/memcpy": [("copy", "MEMCPYHtoD", 110, 3, 0)],
    }.items():
        stats = step_stats.dev_stats.add(device=name)
        for node, label, start, duration, outputs in nodes:
            added = stats.node_stats.add(
                node_name=node,
                timeline_label=label,
                all_start_micros=start,
                all_end_rel_micros=duration,
            )
            for index in range(outputs):
                description = added.output.add(slot=index).tensor_description
                allocation = description.allocation_description
                allocation.requested_bytes = 64 * index
                allocation.allocator_name = "cpu" if index else "gpu_bfc"
    return step_stats


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_several_devices(on_a_gpu, options):
    old, new = traces(on_a_gpu, options)
    assert new == old


def test_the_analysis(on_a_gpu):
    old = original("client.timeline.Timeline")(on_a_gpu).analyze_step_stats()
    new = replacements.Timeline(on_a_gpu).analyze_step_stats()
    assert new._fields == old._fields
    assert new.chrome_trace.format_to_string() == old.chrome_trace.format_to_string()
    assert {k: tuple(v) for k, v in new.allocator_maximums.items()} == {
        k: tuple(v) for k, v in old.allocator_maximums.items()
    }
