"""Values of replicas and devices: small helpers of `tensorflow.python.distribute` and `tpu`."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent import futures
from typing import Any, NamedTuple

from tfcompat import _runtime
from tfcompat.replacements import classes
from tfcompat.replacements._autograph import unconverted

__all__ = [
    "TpuContext",
    "aggregate_tensors_or_indexed_slices",
    "check_destinations",
    "copy_tensor_or_indexed_slices_to_device",
    "divide_by_n_tensors_or_indexed_slices",
    "get_current_replica_id_as_int",
    "get_tpu_context",
    "make_shared_variable_creator",
    "normalize_cluster_spec",
    "one_host_numpy_dataset",
    "regroup",
    "require_replica_context",
    "select_cross_device_ops",
    "select_replica",
    "skip_summary",
    "split_by_sparsity",
    "stitch_values",
    "update_regroup",
    "validate_colocate_distributed_variable",
    "value_container",
]


class TpuContext(NamedTuple):
    """How a computation is spread over TPU cores.

    Attributes:
        number_of_shards: the number of replicas; None outside of a replicated computation.
    """

    number_of_shards: int | None


@unconverted
def get_tpu_context() -> TpuContext:
    """Tell how the TPU computation that is being built is spread.

    Replaces `tensorflow.python.tpu.tpu_function.get_tpu_context`. The answer comes from the graph:
    an operation within `tf.compat.v1.tpu.replicate`, and so within `TPUStrategy.run`, has the
    name of its computation, and another one has the number of its replicas. One operation that
    does nothing is added to the graph.
    """
    tf = _runtime.tensorflow()
    if tf.executing_eagerly():
        return TpuContext(None)
    graph = tf.compat.v1.get_default_graph()
    while graph is not None:
        with graph.as_default():
            cluster = _attribute(tf.no_op(), "_tpu_replicate")
        for operation in graph.get_operations() if cluster else ():
            described = operation.type == "TPUReplicateMetadata"
            if described and _attribute(operation, "_tpu_replicate") == cluster:
                return TpuContext(operation.get_attr("num_replicas"))
        # The graphs of functions, and of the branches of control flow, lie within another.
        graph = getattr(graph, "outer_graph", None)
    return TpuContext(None)


def _attribute(operation: Any, name: str) -> Any:
    try:
        return operation.get_attr(name)
    except ValueError:
        return None


def select_replica(replica_id: int, structured: Any) -> Any:
    """Return the part of one replica of each distributed value in a nest.

    Replaces `tensorflow.python.distribute.distribute_utils.select_replica`. Variables stay
    whole, since they serve any replica.
    """
    tf = _runtime.tensorflow()

    def of_replica(value: Any) -> Any:
        if isinstance(value, tf.distribute.DistributedValues) and not isinstance(
            value, tf.Variable
        ):
            return value.values[replica_id]
        return value

    return tf.nest.map_structure(of_replica, structured)


class _OutsideError(Exception):
    """No replica is entered."""


class _Replica(NamedTuple):
    number: int

    @property
    def device(self) -> str:
        raise _OutsideError


@unconverted
def get_current_replica_id_as_int() -> int | None:
    """Return the number of the replica that is entered or updated, or None.

    Replaces the function of `tensorflow.python.distribute.values_util`. None as well where the
    number is a tensor without a static value.
    """
    count = _runtime.tensorflow().distribute.get_strategy().num_replicas_in_sync
    # Within a replica such values give its part, and elsewhere that of the current device.
    values = classes.Mirrored([_Replica(number) for number in range(count)])
    try:
        return values.number  # type: ignore[no-any-return]
    except _OutsideError:
        return None


@functools.cache
def _one_replica() -> Any:
    return _runtime.tensorflow().distribute.MirroredStrategy(["CPU:0"])


def _regroup_one(value: Any) -> Any:
    tf = _runtime.tensorflow()
    returns = tf.autograph.experimental.do_not_convert(lambda: value)

    def run() -> Any:
        with contextlib.nullcontext() if tf.executing_eagerly() else tf.Graph().as_default():
            return _one_replica().run(returns)

    # The graph and the strategy that are entered here stay outside.
    with futures.ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(run).result()


def value_container(val: Any) -> Any:
    """Return the distributed variable that a variable of one replica belongs to.

    Replaces the function of `tensorflow.python.distribute.distribute_utils`. Anything else is
    returned as it is.
    """
    tf = _runtime.tensorflow()
    if not isinstance(val, tf.Variable) or isinstance(val, classes.DistributedVariable):
        return val
    container = _regroup_one(val)
    # What an assignment in a graph returns becomes a value instead.
    return container if isinstance(container, tf.Variable) else val


def regroup(
    values: Sequence[Any], wrap_class: Callable[[Any], Any] | None = None, always_wrap: bool = False
) -> Any:
    """Return the nest of distributed values of one nest for each replica.

    Replaces the function of `tensorflow.python.distribute.distribute_utils`.

    Args:
        values: the nests, of the same structure.
        wrap_class: makes a distributed value of a sequence of values, by default `PerReplica`.
        always_wrap: whether what is the same object for all replicas is wrapped too, if it is no
            variable.

    Returns:
        The nest. Variables of the replicas become the distributed variable that they belong to.

    Raises:
        AssertionError: the nests differ in structure, or variables belong to several.
    """
    first, *others = values
    wrap = wrap_class or classes.PerReplica

    def again(parts: Iterable[tuple[Any, ...]]) -> list[Any]:
        return [regroup(part, wrap, always_wrap) for part in parts]

    for kind in (list, tuple):
        if isinstance(first, kind):
            assert all(isinstance(one, kind) and len(one) == len(first) for one in others), values
            parts = again(zip(*values))
            if kind is list:
                return parts
            return first._make(parts) if hasattr(first, "_fields") else tuple(parts)
    if isinstance(first, Mapping):
        assert all(isinstance(one, Mapping) and one.keys() == first.keys() for one in others), (
            values
        )
        parts = again(tuple(one[key] for one in values) for key in first)
        return type(first)(dict(zip(first, parts)))  # type: ignore[call-arg]
    same = all(one is first for one in others)
    if same and isinstance(first, classes.DistributedVariable):
        return first
    container = value_container(first)
    if container is not first:
        assert all(value_container(one) is container for one in others), values
        return container
    return first if same and not always_wrap else wrap(values)


def update_regroup(extended: Any, updates: Sequence[Any], group: bool) -> Any:
    """Return what an update of each replica returned as one value, which runs them all.

    Replaces the function of `tensorflow.python.distribute.distribute_utils`.

    Args:
        extended: has no effect; the `tf.distribute.StrategyExtended` of the original.
        updates: a nest for each replica.
        group: whether each value depends on the updates of all replicas. If not, the nest has a
            tuple of the values of the replicas in place of each.

    Returns:
        The nest, with distributed values, or operations where an update returned operations.
    """
    tf = _runtime.tensorflow()
    if not group:
        return tf.nest.map_structure(
            lambda value: (
                value.values if isinstance(value, tf.distribute.DistributedValues) else (value,)
            ),
            regroup(updates, classes.Mirrored),
        )

    def grouped(values: Sequence[Any]) -> Any:
        if len(values) == 1:
            return classes.Mirrored(values)
        together = tf.group(values)
        if not all(tf.is_tensor(value) for value in values):
            return together
        copies = []
        for value in values:
            with tf.device(value.device), tf.control_dependencies([together]):
                copies.append(tf.identity(value))
        return classes.Mirrored(copies)

    return regroup(updates, grouped)


def one_host_numpy_dataset(numpy_input: Any, colocate_with: Any, session: Any) -> Any:
    """Return the dataset of the slices of arrays, which variables keep.

    Replaces the function of `tensorflow.python.distribute.numpy_dataset`.

    Args:
        numpy_input: a nest of NumPy arrays, with the same first dimension.
        colocate_with: a `SingleDevice`, or a variable; the creators of variables get it.
        session: a `tf.compat.v1.Session`; None in eager mode.
    """
    tf = _runtime.tensorflow()
    v1 = tf.compat.v1

    def beside(next_creator: Callable[..., Any], **kwargs: Any) -> Any:
        return next_creator(**{**kwargs, "colocate_with": colocate_with})

    def keep(array: Any) -> Any:
        with v1.variable_creator_scope(beside):
            variable = v1.Variable(tf.zeros(array.shape, array.dtype), trainable=False)
        with tf.init_scope():
            if tf.executing_eagerly():
                variable.assign(array)
                return variable
            session.run(variable.initializer)
            start, end = (v1.placeholder(tf.int64, ()) for _ in range(2))
            part = v1.placeholder(variable.dtype)
            assign = variable[start:end].assign(part)
        # At most 64 MB at a time, but one row at least: a message is limited to 2 GB.
        rows = max(1, (64 << 20) // max(1, array[:1].nbytes))
        for begin in range(0, len(array), rows):
            stop = min(begin + rows, len(array))
            feed = {start: begin, end: stop, part: array[begin:stop]}
            session.run(assign, feed)
        return variable

    return tf.data.Dataset.from_tensor_slices(tf.nest.map_structure(keep, numpy_input))


def select_cross_device_ops(devices: Iterable[str], session_config: Any = None) -> Any:
    """Return what reduces values of devices best: NCCL where all are GPUs.

    Replaces the function of `tensorflow.python.distribute.cross_device_ops`.

    Args:
        devices: the names of devices.
        session_config: has no effect; for the warnings of the original.

    Returns:
        A `tf.distribute.NcclAllReduce` or `tf.distribute.ReductionToOneDevice`.
    """
    tf = _runtime.tensorflow()
    config = tf.config
    virtual = len(config.list_logical_devices("GPU")) != len(config.list_physical_devices("GPU"))
    eager = tf.compat.v1.executing_eagerly_outside_functions()
    gpus = all("gpu" in device.lower() for device in devices)
    if not gpus or (eager and virtual):
        return tf.distribute.ReductionToOneDevice()
    return tf.distribute.NcclAllReduce(num_packs=1)


def aggregate_tensors_or_indexed_slices(
    values: Sequence[Any], accumulation_fn: Callable[[Sequence[Any]], Any] | None = None
) -> Any:
    """Add up tensors, or put `tf.IndexedSlices` of them one after the other.

    Replaces the function of `tensorflow.python.distribute.cross_device_utils`.

    Args:
        values: tensors of one shape, or `tf.IndexedSlices` of one, or both.
        accumulation_fn: what adds up tensors, `tf.add_n` if None.
    """
    tf = _runtime.tensorflow()
    sparse = [value for value in values if isinstance(value, tf.IndexedSlices)]
    if not sparse:
        return (accumulation_fn or tf.add_n)(values)
    if len(values) == 1:
        return values[0]
    if len(sparse) < len(values):
        return tf.add_n([tf.convert_to_tensor(value) for value in values])
    kinds = {value.indices.dtype for value in sparse}
    indices = [
        value.indices if len(kinds) == 1 else tf.cast(value.indices, tf.int64) for value in sparse
    ]
    return tf.IndexedSlices(
        tf.concat([value.values for value in sparse], axis=0),
        tf.concat(indices, axis=0),
        sparse[0].dense_shape,
    )


def divide_by_n_tensors_or_indexed_slices(value: Any, n: int) -> Any:
    """Divide a tensor, or the values of `tf.IndexedSlices`, by a number."""
    tf = _runtime.tensorflow()
    if isinstance(value, tf.IndexedSlices):
        return tf.IndexedSlices(value.values / n, value.indices, value.dense_shape)
    return value / n


def copy_tensor_or_indexed_slices_to_device(value: Any, device: str) -> Any:
    """Copy a tensor, or all parts of `tf.IndexedSlices`, to a device."""
    tf = _runtime.tensorflow()
    with tf.device(device):
        if not isinstance(value, tf.IndexedSlices):
            return tf.identity(value)
        shape = value.dense_shape
        return tf.IndexedSlices(
            tf.identity(value.values),
            tf.identity(value.indices),
            None if shape is None else tf.identity(shape),
        )


def split_by_sparsity(values: Iterable[Any]) -> tuple[list[Any], list[int], list[Any], list[int]]:
    """Part values into dense ones and `tf.IndexedSlices`, each with their places.

    Returns:
        The dense values, their places, the sparse values, their places.
    """
    slices = _runtime.tensorflow().IndexedSlices
    parts: tuple[list[Any], list[int], list[Any], list[int]] = ([], [], [], [])
    for place, value in enumerate(values):
        start = 2 if isinstance(value, slices) else 0
        parts[start].append(value)
        parts[start + 1].append(place)
    return parts


def stitch_values(values_and_indices_list: Sequence[tuple[Sequence[Any], Sequence[int]]]) -> Any:
    """Put values back to their places, what `split_by_sparsity` parted."""
    result = [None] * sum(len(values) for values, _ in values_and_indices_list)
    for values, places in values_and_indices_list:
        for value, place in zip(values, places):
            result[place] = value
    return result


def normalize_cluster_spec(cluster_spec: Any) -> Any:
    """Return a `tf.train.ClusterSpec` of a dict, a `tf.train.ClusterDef`, or one as it is.

    Replaces `tensorflow.python.distribute.multi_worker_util.normalize_cluster_spec`.

    Raises:
        ValueError: it is none of these.
    """
    train = _runtime.tensorflow().train
    if isinstance(cluster_spec, (dict, train.ClusterDef)):
        return train.ClusterSpec(cluster_spec)
    if not isinstance(cluster_spec, train.ClusterSpec):
        raise ValueError(
            "`cluster_spec' should be dict or a `tf.train.ClusterSpec` or a "
            "`tf.train.ClusterDef` object"
        )
    return cluster_spec


def check_destinations(destinations: Any) -> bool:
    """Tell whether there is a device in what a strategy reduces to.

    Replaces `tensorflow.python.distribute.cross_device_ops.check_destinations`.

    Args:
        destinations: a distributed value, a variable, a tensor, or the name of a device.
    """
    with_device = (classes.BaseResourceVariable, _runtime.tensorflow().Tensor)
    return bool(destinations.device if isinstance(destinations, with_device) else destinations)


def require_replica_context(replica_ctx: Any) -> None:
    """Check that a replica's context is the one that is entered.

    Replaces `tensorflow.python.distribute.distribute_lib.require_replica_context`.

    Raises:
        RuntimeError: it is not.
    """
    distribute = _runtime.tensorflow().distribute
    entered = distribute.get_replica_context()
    if entered is replica_ctx:
        return
    if entered is None:
        raise RuntimeError("Need to be inside `call_for_each_replica()`")
    here, there = distribute.get_strategy(), replica_ctx.strategy
    if here is there:
        raise RuntimeError("Mismatching ReplicaContext.")
    raise RuntimeError(f"Mismatching tf.distribute.Strategy objects: {here} is not {there}.")


def skip_summary() -> bool:
    """Tell whether this is a replica but not the first, so that summaries are not written twice.

    Replaces `tensorflow.python.distribute.summary_op_util.skip_summary`. False where the number
    of the replica is a tensor without a static value.
    """
    tf = _runtime.tensorflow()
    context = tf.distribute.get_replica_context()
    replica = context.replica_id_in_sync_group if context else 0
    if isinstance(replica, tf.Tensor):
        replica = tf.get_static_value(replica)
    return bool(replica)


def validate_colocate_distributed_variable(v: Any, extended: Any) -> None:
    """Check that a variable was made in the scope of a strategy, to put others beside it.

    Replaces the function of `tensorflow.python.distribute.distribute_utils`.

    Args:
        v: anything.
        extended: a `tf.distribute.StrategyExtended`.

    Raises:
        ValueError: it was not.
    """
    distributed = isinstance(v, classes.DistributedVariable)
    if not distributed or v.distribute_strategy.extended is not extended:
        where = f"created in scope: {v.distribute_strategy}" if distributed else ""
        raise ValueError(
            "`colocate_vars_with` must only be passed a variable created in this "
            f"tf.distribute.Strategy.scope(), not {v!r} {where}"
        )


def make_shared_variable_creator(
    shared_variable_store: dict[str, list[Any]], device_id: int
) -> Callable[..., Any]:
    """Return a creator for `tf.variable_creator_scope` that shares variables among devices.

    Replaces `tensorflow.python.distribute.shared_variable_creator.make_fn`. The first device
    makes the variables; the others get those of the same name in the same order, where a number
    that TensorFlow adds to tell names apart does not count.

    Args:
        shared_variable_store: where the variables are kept, by name.
        device_id: the number of the device, from 0.

    Raises:
        RuntimeError: when a device asks for a variable that the first one has not made.
    """
    taken: dict[str, int] = {}

    def create(next_creator: Callable[..., Any], **kwargs: Any) -> Any:
        variable = next_creator(**kwargs)
        shared_variable_store.setdefault(_without_number(kwargs.get("name")), []).append(variable)
        return variable

    def reuse(next_creator: Callable[..., Any], **kwargs: Any) -> Any:
        name = _without_number(kwargs.get("name"))
        place = taken.get(name, 0)
        made = shared_variable_store.get(name, [])
        if place >= len(made):
            raise RuntimeError(
                f"Tried to create variable {kwargs.get('name')} with mismatching name on device "
                f"{device_id}"
            )
        taken[name] = place + 1
        return made[place]

    return reuse if device_id else create


def _without_number(name: str | None) -> str:
    return re.sub(r"_\d(?=/|$)", "", "Variable" if name is None else name)
