"""A run of a session as a trace that Chrome and Perfetto show.

The format is the Trace Event Format: https://github.com/catapult-project/catapult/blob/master/tracing
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import re
from typing import Any, NamedTuple

from tfcompat import _runtime

__all__ = ["Timeline"]

_UNKNOWN = "unknown"


class AllocationMaximum(NamedTuple):
    """The most that an allocator held: when, how many bytes, and of which tensors."""

    timestamp: int
    num_bytes: int
    tensors: set[str]


class StepStatsAnalysis(NamedTuple):
    """What `Timeline.analyze_step_stats` returns."""

    chrome_trace: ChromeTrace
    allocator_maximums: dict[str, AllocationMaximum]


class ChromeTrace:
    """The events of a trace."""

    def __init__(self) -> None:
        self._metadata: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []

    def name_process(self, pid: int, name: str) -> None:
        """Give a process its name."""
        self._metadata.append(
            {"name": "process_name", "ph": "M", "pid": pid, "args": {"name": name}}
        )

    def add(
        self, phase: str, category: str, name: str, where: tuple[int, int], time: int, **more: Any
    ) -> None:
        """Add an event of a process and thread, at a time in microseconds."""
        pid, tid = where
        event = {"ph": phase, "cat": category, "name": name, "pid": pid, "tid": tid, "ts": time}
        self._events.append({**event, **more})

    def format_to_string(self, pretty: bool = False) -> str:
        """Return the trace as JSON."""
        trace = {"traceEvents": self._metadata + self._events}
        if pretty:
            return json.dumps(trace, indent=4, separators=(",", ": "))
        return json.dumps(trace, separators=(",", ":"))


@dataclasses.dataclass
class _Tensor:
    """A tensor of the run; times are in microseconds.

    Attributes:
        number: what the trace calls it.
        pid: the process that stands for the tensors of its device.
        created: when its operation began.
        ready: when its operation ended.
        released: when its operation, and the last that used it, had ended.
        producer: the process and thread of its operation.
    """

    number: int
    pid: int
    allocator: str
    num_bytes: int
    created: int
    ready: int
    released: int
    producer: tuple[int, int]


class Timeline:
    """As `tensorflow.python.client.timeline.Timeline`: turns a `StepStats` into a trace.

    Args:
        step_stats: the message, such as `run_metadata.step_stats` of a `tf.compat.v1.Session.run`
            with `tf.compat.v1.RunOptions(trace_level=tf.compat.v1.RunOptions.FULL_TRACE)`.
        graph: has no effect, as in the original.
    """

    def __init__(self, step_stats: Any, graph: Any = None) -> None:
        self._step_stats = step_stats
        self._graph = graph

    def generate_chrome_trace_format(
        self, show_dataflow: bool = True, show_memory: bool = False, op_time: str = "schedule"
    ) -> str:
        """Return the trace as JSON; the arguments are those of `analyze_step_stats`."""
        analysis = self.analyze_step_stats(show_dataflow, show_memory, op_time)
        return analysis.chrome_trace.format_to_string(pretty=True)

    def analyze_step_stats(
        self, show_dataflow: bool = True, show_memory: bool = True, op_time: str = "schedule"
    ) -> StepStatsAnalysis:
        """Make the trace.

        Args:
            show_dataflow: whether arrows lead from what makes a tensor to what uses it.
            show_memory: whether to show when tensors live and how much they take.
            op_time: `"schedule"` shows an operation while it is scheduled, `"gpu"` while its
                kernels run, `"all"` from the one's beginning to the other's end.
        """
        step_stats = _timed(self._step_stats, op_time)
        trace = ChromeTrace()
        trace.name_process(0, "Allocators")
        devices = step_stats.dev_stats
        for index, device in enumerate(devices):
            trace.name_process(2 * index + 1, f"{device.device} Compute")
            trace.name_process(2 * index + 2, f"{device.device} Tensors")
        lanes = [_lanes(device) for device in devices]
        tensors: dict[str, _Tensor] = {}
        for index, device in enumerate(devices):
            for lane, node in zip(lanes[index], device.node_stats):
                for name, tensor, output in _outputs(node, 2 * index + 1, lane):
                    tensor.number = len(tensors)
                    tensors[name] = tensor
                    if show_memory:
                        _show_tensor(trace, name, tensor, lane, output)
        arrows = 0
        for index, device in enumerate(devices):
            on_gpu = "/stream:" in device.device or "/memcpy" in device.device
            for lane, node in zip(lanes[index], device.node_stats):
                where = (2 * index + 1, lane)
                inputs = _show_node(trace, node, where, on_gpu)
                for name, tensor in _used(tensors, inputs):
                    start = node.all_start_micros
                    tensor.released = max(tensor.released, _end(node) - 1)
                    if show_dataflow and tensor.producer != where:
                        flow = {"category": "DataFlow", "name": name, "id": arrows}
                        trace.add("s", where=tensor.producer, time=tensor.ready, **flow)
                        trace.add("t", where=where, time=start, **flow)
                        arrows += 1
        maximums = _show_memory(trace, tensors) if show_memory else {}
        return StepStatsAnalysis(trace, maximums)


def _end(node: Any) -> int:
    return int(node.all_start_micros + node.all_end_rel_micros)


def _timed(step_stats: Any, op_time: str) -> Any:
    """Return the statistics with the times of operations that `op_time` asks for."""
    if op_time == "schedule":
        return step_stats
    step_stats = copy.deepcopy(step_stats)
    kernels: dict[str, tuple[int, int]] = {}
    for device in step_stats.dev_stats:
        if "/stream:all" in device.device:
            for node in device.node_stats:
                name, _ = _kernel(node)
                start, end = kernels.get(name, (node.all_start_micros, 0))
                kernels[name] = min(start, node.all_start_micros), max(end, _end(node))
    for device in step_stats.dev_stats:
        if "/stream:all" in device.device or "/job" not in device.device:
            continue
        for node in device.node_stats:
            if node.node_name in kernels:
                start, end = kernels[node.node_name]
                end = max(end, _end(node))
                if op_time == "gpu":
                    node.all_start_micros = start
                node.all_end_rel_micros = end - node.all_start_micros
    return step_stats


def _lanes(device: Any) -> list[int]:
    """Return a thread for each operation, so that those of one thread do not overlap."""
    free_at = [0]
    lanes = []
    for node in device.node_stats:
        lane = next(
            (lane for lane, time in enumerate(free_at) if node.all_start_micros > time), None
        )
        if lane is None:
            lane = len(free_at)
            free_at.append(0)
        free_at[lane] = _end(node)
        lanes.append(lane)
    return lanes


def _operation(node: Any) -> tuple[str, list[str]]:
    """Return the type and the inputs that a label `name = Type(input, input)` tells."""
    match = re.match(r"(.*) = (.*)\((.*)\)", node.timeline_label)
    if match is None:
        return _UNKNOWN, []
    return match[2], match[3].split(", ") if match[3] else []


def _kernel(node: Any) -> tuple[str, str]:
    """Return the name and type of the operation that a kernel belongs to.

    A label is `value (argument) detail @@name:Type#`.
    """
    label, name = node.timeline_label, node.node_name
    start, end = label.find("@@"), label.find("#")
    if start >= 0 and end > start + 2:
        name = label[start + 2 : end]
    name, operation = [*name.split(":"), _UNKNOWN][:2]
    return name, operation


@functools.cache
def _is_rocm_build() -> bool:
    tf = _runtime.tensorflow()
    return bool(tf.sysconfig.get_build_info().get("is_rocm_build"))


def _outputs(node: Any, pid: int, lane: int) -> Any:
    for index, output in enumerate(node.output):
        allocation = output.tensor_description.allocation_description
        tensor = _Tensor(
            number=-1,
            pid=pid + 1,
            allocator=allocation.allocator_name,
            num_bytes=allocation.requested_bytes,
            created=node.all_start_micros,
            ready=_end(node),
            released=_end(node),
            producer=(pid, lane),
        )
        yield f"{node.node_name}:{index}" if index else node.node_name, tensor, output


def _show_tensor(trace: ChromeTrace, name: str, tensor: _Tensor, lane: int, output: Any) -> None:
    where = (tensor.pid, lane)
    trace.add("N", "Tensor", name, where, tensor.created, id=tensor.number)
    snapshot = {"tensor_description": str(output.tensor_description).replace('"', "")}
    trace.add(
        "O", "Tensor", name, where, tensor.ready - 1, id=tensor.number, args={"snapshot": snapshot}
    )


def _show_node(trace: ChromeTrace, node: Any, where: tuple[int, int], on_gpu: bool) -> list[str]:
    """Add an operation; return the names of its inputs, as far as they are known."""
    name = node.node_name
    inputs: list[str] = []
    if on_gpu:
        name, operation = _kernel(node)
    elif name == "RecvTensor":  # its label is of another form
        operation = name
    else:
        operation, inputs = _operation(node)
    arguments = {"name": name, "op": operation}
    if _is_rocm_build():
        arguments["kernel"] = node.timeline_label.split("@@")[0]
    arguments.update((f"input{index}", one) for index, one in enumerate(inputs))
    start, duration = node.all_start_micros, node.all_end_rel_micros
    trace.add("X", "Op", operation, where, start, dur=duration, args=arguments)
    return inputs


def _used(tensors: dict[str, _Tensor], inputs: list[str]) -> Any:
    """Find the tensors of inputs. Those that go from device to device have a number after `/_`."""
    for name in inputs:
        if name not in tensors and name.rfind("/_") > 0:
            name = name[: name.rfind("/_")]
        if name in tensors:  # else it was optimized away
            yield name, tensors[name]


def _show_memory(trace: ChromeTrace, tensors: dict[str, _Tensor]) -> dict[str, AllocationMaximum]:
    """Add when tensors go and what each allocator holds; return the most that each held."""
    changes: dict[str, list[tuple[int, int, str]]] = {}
    for name, tensor in tensors.items():
        trace.add("D", "Tensor", name, (tensor.pid, 0), tensor.released, id=tensor.number)
        changes.setdefault(tensor.allocator, []).extend(
            [
                (tensor.created, tensor.num_bytes, name),
                (tensor.released, -tensor.num_bytes, name),
            ]
        )
    maximums = {}
    for allocator, listed in changes.items():
        maximum = AllocationMaximum(0, 0, set())
        total = 0
        held: set[str] = set()
        for time, num_bytes, name in sorted(listed):
            total += num_bytes
            (held.discard if num_bytes < 0 else held.add)(name)
            if total > maximum.num_bytes:
                maximum = AllocationMaximum(time, total, set(held))
            trace.add("C", "Memory", allocator, (0, 0), time, args={allocator: total})
        maximums[allocator] = maximum
    return maximums
