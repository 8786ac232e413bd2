"""Queues that feed TPUs from their hosts: `tensorflow.python.tpu.tpu_feed`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from tfcompat import _runtime
from tfcompat.replacements import classes

__all__ = ["InfeedQueue"]


class _EightToEachHost:
    def host_device(self, replica: int) -> str:
        return f"/task:{replica // 8}/device:CPU:0"

    def tpu_ordinal(self, replica: int) -> int:
        return replica % 8


class InfeedQueue:
    """Builds operations that put tuples of tensors into the queues of TPUs, and take them out.

    Replaces the class of `tensorflow.python.tpu.tpu_feed`, but for its `sharding_policies` and for
    partitions within a replica. Whatever is set holds from the first operation on.

    Args:
        number_of_tuple_elements: the number of tensors in a tuple; needed only if none of the
            following is given.
        tuple_types: the dtype of each tensor.
        tuple_shapes: the shape of each tensor, of all shards together.
        shard_dimensions: the axis of each tensor along which it is split; the first by default.
        number_of_partitions: None or 1.
        name: the beginning of the names of the operations.

    Raises:
        ValueError: the arguments do not fit together, or there are several partitions.
        TypeError: something is no dtype or no shape.
    """

    def __init__(
        self,
        number_of_tuple_elements: int | None = None,
        tuple_types: Sequence[Any] | None = None,
        tuple_shapes: Sequence[Any] | None = None,
        shard_dimensions: Sequence[int] | None = None,
        number_of_partitions: int | None = None,
        name: str | None = None,
    ) -> None:
        given = [one for one in (tuple_types, tuple_shapes, shard_dimensions) if one is not None]
        if number_of_tuple_elements is None and not given:
            raise ValueError("number of tuple elements cannot be inferred from the arguments")
        count = len(given[0]) if number_of_tuple_elements is None else number_of_tuple_elements
        if count <= 0:
            raise ValueError(f"number_of_tuple_elements {count} must be > 0")
        if number_of_partitions not in (None, 1):
            raise ValueError("Partitions within a replica are not supported.")
        self._name = "InfeedQueue" if name is None else name
        self._types: list[Any] | None = None
        self._shapes: list[Any] | None = None
        self._axes: list[int | None] = [None] * count
        self._shards: int | None = None
        self._frozen = False
        self._generated: set[str] = set()
        if tuple_types is not None:
            self.set_tuple_types(tuple_types)
        if tuple_shapes is not None:
            self.set_tuple_shapes(tuple_shapes)
        if shard_dimensions is not None:
            self.set_shard_dimensions(shard_dimensions)

    @property
    def number_of_tuple_elements(self) -> int:
        """The number of tensors in a tuple."""
        return len(self._axes)

    @property
    def tuple_types(self) -> list[Any] | None:
        """The `tf.DType` of each tensor, or None."""
        return self._types

    @property
    def tuple_shapes(self) -> list[Any] | None:
        """The `tf.TensorShape` of each tensor, of all shards together, or None."""
        return self._shapes

    @property
    def shard_dimensions(self) -> list[int | None]:
        """The axis of each tensor along which it is split, or None."""
        return self._axes

    @property
    def number_of_shards(self) -> int | None:
        """The number of shards, or None."""
        return self._shards

    def set_tuple_types(self, tuple_types: Sequence[Any]) -> None:
        """Set the dtype of each tensor."""
        self._check_length(tuple_types)
        types = [_runtime.tensorflow().as_dtype(one) for one in tuple_types]
        self._check_frozen("types", self._types, types)
        self._types = types

    def set_tuple_shapes(self, tuple_shapes: Sequence[Any]) -> None:
        """Set the shape of each tensor, of all shards together."""
        self._check_length(tuple_shapes)
        shapes = [_runtime.tensorflow().TensorShape(one) for one in tuple_shapes]
        self._check_frozen("shapes", self._shapes, shapes)
        self._shapes = shapes
        self._shard_shapes()

    def set_shard_dimensions(self, shard_dimensions: Sequence[int]) -> None:
        """Set the axis of each tensor along which it is split."""
        self._check_length(shard_dimensions)
        axes: list[int | None] = [int(one) for one in shard_dimensions]
        self._check_frozen("shard dimensions", self._axes, axes)
        self._axes = axes
        self._shard_shapes()

    def set_number_of_shards(self, number_of_shards: int) -> None:
        """Set the number of shards."""
        self._check_frozen("number of shards", self._shards, number_of_shards)
        if number_of_shards <= 0:
            raise ValueError(f"The number of shards is {number_of_shards}; it must be > 0.")
        self._shards = number_of_shards
        self._shard_shapes()

    def set_configuration_from_input_tensors(self, input_tensors: Sequence[Any]) -> None:
        """Set shapes and types as those of tensors."""
        self._check_length(input_tensors)
        self.set_tuple_shapes([one.shape for one in input_tensors])
        self.set_tuple_types([one.dtype for one in input_tensors])

    def set_configuration_from_sharded_input_tensors(
        self, input_tensors: Sequence[Sequence[Any]]
    ) -> None:
        """Set shapes, types and the number of shards as those of a tuple for each shard."""
        for one in input_tensors:
            self._check_length(one)
        if not self._frozen:
            self._shapes = None
        self.set_number_of_shards(len(input_tensors))
        self._axes = [axis or 0 for axis in self._axes]
        shapes = []
        for axis, parts in zip(self._axes, zip(*input_tensors)):
            whole, *others = (self._whole_shape(part.shape, axis or 0) for part in parts)
            if not all(other.is_compatible_with(whole) for other in others):
                raise ValueError(f"The shards {parts} are not those of one tensor.")
            shapes.append(whole)
        self.set_tuple_shapes(shapes)
        types = [[part.dtype for part in one] for one in input_tensors]
        if any(one != types[0] for one in types):
            raise TypeError(f"The types of the shards differ: {types}.")
        self.set_tuple_types(types[0])

    def freeze(self) -> None:
        """Keep all that is set from changing; what is not set gets its default.

        Raises:
            ValueError: the types or shapes are not set.
        """
        if self._types is None or self._shapes is None:
            raise ValueError("A queue needs types and shapes.")
        if any(shape.rank is None for shape in self._shapes):
            raise ValueError("A queue needs shapes of known rank.")
        self._frozen = True
        self._axes = [axis or 0 for axis in self._axes]
        self._shards = self._shards or 1
        self._shard_shapes()

    def generate_dequeue_op(self, tpu_device: int | None = 0) -> list[Any]:
        """Return the tensors of a shard, for use within a replicated computation.

        Args:
            tpu_device: the number of the core within a replica, or None not to place it.

        Raises:
            ValueError: see `freeze`; or it was called before.
        """
        self.freeze()
        self._check_once("dequeue")
        tf = _runtime.tensorflow()
        # The shape of a scalar is left open, as in the original.
        shapes = [shape if shape.rank else None for shape in self._shard_shapes()]
        place = contextlib.ExitStack()
        if tpu_device is not None:
            place.enter_context(tf.device(f"device:TPU_REPLICATED_CORE:{tpu_device}"))
        with place:
            return tf.raw_ops.InfeedDequeueTuple(  # type: ignore[no-any-return]
                dtypes=self._types, shapes=shapes, name=f"{self._name}/dequeue"
            )

    def generate_enqueue_ops(
        self,
        sharded_inputs: Sequence[Sequence[Any]],
        tpu_ordinal_function: Callable[[int], int] | None = None,
        placement_function: Callable[[int], str] | None = None,
    ) -> list[Any]:
        """Return the operations that put a tuple for each shard into the queues.

        Args:
            sharded_inputs: the tuples.
            tpu_ordinal_function: returns the number of the TPU on its host for a shard; needed for
                tensors on a CPU.
            placement_function: returns the device of the operation for a shard; by default it
                goes to that of the tensors.

        Raises:
            TypeError: the tuples differ in types among each other, or from what was set.
            ValueError: they differ in shapes or devices; or it was called before.
        """
        self.set_configuration_from_sharded_input_tensors(sharded_inputs)
        self.freeze()
        self._check_once("enqueue")
        return [
            self._enqueue(
                inputs,
                index,
                placement_function(index) if placement_function else None,
                tpu_ordinal_function(index) if tpu_ordinal_function else -1,
            )
            for index, inputs in enumerate(sharded_inputs)
        ]

    def split_inputs_and_generate_enqueue_ops(
        self,
        inputs: Sequence[Any],
        device_assignment: Any = None,
        placement_function: Callable[[int], str] | None = None,
        tpu_ordinal_function: Callable[[int], int] | None = None,
    ) -> list[Any]:
        """Split a tuple into shards, and return the operations that put them into the queues.

        Args:
            inputs: the tensors.
            device_assignment: a `tf.tpu.experimental.DeviceAssignment` that tells where the shards
                go; eight to each host by default.
            placement_function: see `generate_enqueue_ops`.
            tpu_ordinal_function: see `generate_enqueue_ops`.

        Raises:
            TypeError: the types are not those that were set.
            ValueError: the shapes are not; or it was called before.
        """
        tf = _runtime.tensorflow()
        assigned = device_assignment or _EightToEachHost()
        self.set_configuration_from_input_tensors(inputs)
        self.freeze()
        self._check_once("enqueue")
        parts = []
        for number, (tensor, axis) in enumerate(zip(inputs, self._axes)):
            name = f"{self._name}/split/{number}"
            with tf.compat.v1.colocate_with(tensor):
                split = self._shards != 1
                parts.append(tf.split(tensor, self._shards, axis, name=name) if split else [tensor])
        return [
            self._enqueue(
                shard,
                index,
                (placement_function or assigned.host_device)(index),
                (tpu_ordinal_function or assigned.tpu_ordinal)(index),
            )
            for index, shard in enumerate(zip(*parts))
        ]

    def _enqueue(self, inputs: Sequence[Any], index: int, device: str | None, ordinal: int) -> Any:
        tf = _runtime.tensorflow()
        devices = [one.device for one in inputs]
        if device is None and len(set(devices)) > 1:
            raise ValueError(f"The tensors of shard {index} are on several devices: {devices}.")
        place = tf.compat.v1.colocate_with(inputs[0]) if device is None else tf.device(device)
        with place:
            return tf.raw_ops.InfeedEnqueueTuple(
                inputs=inputs,
                shapes=[one.shape for one in inputs],
                device_ordinal=ordinal,
                name=f"{self._name}/enqueue/{index}",
            )

    def _check_length(self, values: Sequence[Any]) -> None:
        if len(values) != self.number_of_tuple_elements:
            raise ValueError(f"{values} must be a list of {self.number_of_tuple_elements}.")

    def _check_frozen(self, what: str, old: Any, new: Any) -> None:
        if self._frozen and old != new:
            raise ValueError(f"The {what} of the queue are {old}, and cannot become {new} now.")

    def _check_once(self, what: str) -> None:
        graph = _runtime.tensorflow().compat.v1.get_default_graph()
        # A function is traced several times.
        if what in self._generated and not isinstance(graph, classes.FuncGraph):
            raise ValueError(f"Can't generate two {what} Ops from the same queue")
        self._generated.add(what)

    def _whole_shape(self, shape: Any, axis: int) -> Any:
        if self._shards == 1:
            return shape
        sizes = _sizes(shape, axis)
        sizes[axis] *= self._shards
        return _runtime.tensorflow().TensorShape(sizes)

    def _shard_shapes(self) -> list[Any]:
        """Return the shape of a shard of each tensor, as far as it is known.

        Raises:
            ValueError: a tensor cannot be split so.
        """
        shapes = []
        for shape, axis in zip(self._shapes or [], self._axes):
            if axis is None or self._shards is None:
                continue
            if self._shards > 1:
                sizes = _sizes(shape, axis)
                if sizes[axis] % self._shards:
                    raise ValueError(f"{shape} cannot be split into {self._shards} at axis {axis}.")
                sizes[axis] //= self._shards
                shape = _runtime.tensorflow().TensorShape(sizes)
            shapes.append(shape)
        return shapes


def _sizes(shape: Any, axis: int) -> list[Any]:
    if shape.rank is None or shape.rank <= axis or shape[axis] is None:
        raise ValueError(f"The size of {shape} at axis {axis} must be known.")
    return shape.as_list()  # type: ignore[no-any-return]
