"""Operations of XLA that `tf.raw_ops` does not have, and annotations of how tensors are sharded.

They are made in the present graph: call these functions within a `tf.function(jit_compile=True)` or
one that `tf.distribute.TPUStrategy` runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfcompat import _runtime
from tfcompat.errors import TfcompatError
from tfcompat.replacements import protos

__all__ = [
    "XlaSharding",
    "xla_assign_device",
    "xla_auto_to_manual_spmd_partition",
    "xla_copy_sharding",
    "xla_dynamic_slice",
    "xla_dynamic_update_slice",
    "xla_get_op_sharding",
    "xla_get_tensor_sharding",
    "xla_manual_to_auto_spmd_partition",
    "xla_mesh_split",
    "xla_mesh_split_sharding",
    "xla_partial_tile",
    "xla_recv",
    "xla_replica_id",
    "xla_replicate",
    "xla_send",
    "xla_split",
    "xla_tile",
]

_ATTRIBUTE = "_XlaSharding"


def _operation(
    kind: str, inputs: Sequence[Any], dtypes: Sequence[Any], name: Any = None, **attributes: Any
) -> Any:
    tf = _runtime.tensorflow()
    if tf.executing_eagerly():
        raise TfcompatError(
            f"{kind} was called outside a graph. Call it within a tf.function(jit_compile=True)."
        )
    graph = tf.compat.v1.get_default_graph()
    values = {key: _attribute(value) for key, value in attributes.items() if value is not None}
    tensors = [tf.convert_to_tensor(one) for one in inputs]
    return graph.create_op(kind, tensors, list(dtypes), name=name, attrs=values)


def _attribute(value: Any) -> Any:
    tf = _runtime.tensorflow()
    message = tf.compat.v1.AttrValue()
    if isinstance(value, bytes):
        message.s = value
    elif isinstance(value, int):
        message.i = value
    elif isinstance(value, tf.DType):
        message.type = value.as_datatype_enum
    elif isinstance(value, tf.TensorShape):
        message.shape.CopyFrom(value.as_proto())
    else:
        message.list.i.extend(value)
    return message


def _types() -> Any:
    return protos.xla_data_pb2.OpSharding


class XlaSharding:
    """How a tensor is sharded over the devices of XLA.

    Replaces `Sharding` of `tensorflow.python.compiler.xla.experimental.xla_sharding`, up to 2.10 of
    `tensorflow.compiler.xla.experimental.xla_sharding`. The original may mark the operation that
    makes a tensor; here an operation of its own, XlaSharding, follows it.

    Attributes:
        proto: the `OpSharding` message.
    """

    def __init__(self, proto: Any = None) -> None:
        self.proto = proto

    @classmethod
    def replicate(cls) -> XlaSharding:
        """Every device computes the whole."""
        return cls(_types()(type=_types().REPLICATED))

    @classmethod
    def manual(cls) -> XlaSharding:
        """The user has parted the tensor, and XLA leaves its shape."""
        return cls(_types()(type=_types().MANUAL))

    @classmethod
    def assign_device(cls, core: int) -> XlaSharding:
        """One device computes the whole."""
        return cls(
            _types()(
                type=_types().MAXIMAL,
                tile_assignment_dimensions=[1],
                tile_assignment_devices=[core],
            )
        )

    @classmethod
    def tile(cls, tile_assignment: Any) -> XlaSharding:
        """Part the tensor as an array of device numbers of its rank shows.

        Raises:
            TypeError: it is no NumPy array.
        """
        return cls._tiled(tile_assignment)

    @classmethod
    def partial_tile(cls, tile_assignment: Any) -> XlaSharding:
        """As `tile`, with one more dimension, along which devices hold the same.

        Raises:
            TypeError: it is no NumPy array.
        """
        return cls._tiled(tile_assignment, replicate_on_last_tile_dim=True)

    @classmethod
    def subgroup_tile(cls, tile_assignment: Any, subgroup_modes: list[int]) -> XlaSharding:
        """As `tile`, with more dimensions, each `OpSharding.REPLICATED` or `OpSharding.MANUAL`.

        Raises:
            TypeError: an argument is of the wrong type or rank.
        """
        if not isinstance(subgroup_modes, list):
            raise TypeError(f"subgroup_modes must be a list; got {subgroup_modes!r}")
        if set(subgroup_modes) - {_types().REPLICATED, _types().MANUAL}:
            raise TypeError("subgroup_modes must be OpSharding.REPLICATED or OpSharding.MANUAL")
        if np.ndim(tile_assignment) < len(subgroup_modes):
            raise TypeError("tile_assignment must have at least as many dimensions as modes")
        return cls._tiled(tile_assignment, last_tile_dims=subgroup_modes)

    @classmethod
    def _tiled(cls, tile_assignment: Any, **more: Any) -> XlaSharding:
        if not isinstance(tile_assignment, np.ndarray):
            raise TypeError(f"tile_assignment must be a NumPy array; got {tile_assignment!r}")
        return cls(
            _types()(
                type=_types().OTHER,
                tile_assignment_dimensions=list(tile_assignment.shape),
                tile_assignment_devices=tile_assignment.reshape(-1).tolist(),
                **more,
            )
        )

    @classmethod
    def split(
        cls, tensor: Any, split_dimension: int, num_devices: int, input_shape: Any = None
    ) -> XlaSharding:
        """Part a tensor along one dimension.

        Raises:
            ValueError: the dimension is smaller than the number of devices.
        """
        shape = list(input_shape or tensor.shape.as_list())
        size = shape[split_dimension]
        if size is not None and size < num_devices:
            raise ValueError(
                f"Dimension {split_dimension} of the shape {shape} is smaller than the number of "
                f"devices, {num_devices}."
            )
        tiles = [1] * len(shape)
        tiles[split_dimension] = num_devices
        return cls._tiled(np.arange(num_devices).reshape(tiles))

    def apply_to_tensor(
        self,
        tensor: Any,
        assign_tuple_sharding: bool = False,
        use_sharding_op: bool = False,
        unspecified_dims: Sequence[int] | None = None,
    ) -> Any:
        """Return the tensor with this sharding.

        Args:
            tensor: a tensor of the present graph.
            assign_tuple_sharding: whether the annotation is that of a tuple.
            use_sharding_op: has no effect: an operation is always used.
            unspecified_dims: dimensions that XLA may shard as it likes, from 2.7 on.
        """
        proto = self.proto
        if assign_tuple_sharding:
            proto = _types()(type=_types().TUPLE, tuple_shardings=[proto])
        return _sharded(tensor, proto.SerializeToString(), unspecified_dims)


def _sharded(tensor: Any, sharding: bytes, unspecified_dims: Sequence[int] | None = None) -> Any:
    attributes = {_ATTRIBUTE: sharding, "unspecified_dims": unspecified_dims or None}
    made = _operation("XlaSharding", [tensor], [tensor.dtype], sharding=sharding, **attributes)
    return made.outputs[0]


def xla_replicate(
    tensor: Any, assign_tuple_sharding: bool = False, use_sharding_op: bool = False
) -> Any:
    """Return a tensor that every device holds whole; see `XlaSharding`."""
    return XlaSharding.replicate().apply_to_tensor(tensor, assign_tuple_sharding)


def xla_assign_device(
    tensor: Any, device: int, assign_tuple_sharding: bool = False, use_sharding_op: bool = False
) -> Any:
    """Return a tensor that one device holds; see `XlaSharding`."""
    return XlaSharding.assign_device(device).apply_to_tensor(tensor, assign_tuple_sharding)


def xla_tile(
    tensor: Any,
    tile_assignment: Any,
    assign_tuple_sharding: bool = False,
    use_sharding_op: bool = False,
    unspecified_dims: Sequence[int] | None = None,
) -> Any:
    """Return a tensor that is parted as an array of device numbers shows; see `XlaSharding`."""
    return XlaSharding.tile(tile_assignment).apply_to_tensor(
        tensor, assign_tuple_sharding, unspecified_dims=unspecified_dims
    )


def xla_partial_tile(
    tensor: Any,
    tile_assignment: Any,
    use_sharding_op: bool = False,
    unspecified_dims: Sequence[int] | None = None,
) -> Any:
    """Return a tensor that is parted, and held by several devices each; see `XlaSharding`."""
    return XlaSharding.partial_tile(tile_assignment).apply_to_tensor(
        tensor, unspecified_dims=unspecified_dims
    )


def xla_split(
    tensor: Any,
    split_dimension: int,
    num_devices: int,
    assign_tuple_sharding: bool = False,
    use_sharding_op: bool = False,
    input_shape: Any = None,
) -> Any:
    """Return a tensor that is parted along one dimension; see `XlaSharding`."""
    sharding = XlaSharding.split(tensor, split_dimension, num_devices, input_shape)
    return sharding.apply_to_tensor(tensor, assign_tuple_sharding)


def xla_mesh_split_sharding(
    device_mesh: Any,
    tensor_split_dims_mapping: Sequence[int],
    manual_mesh_dims: Sequence[int] | None = None,
) -> XlaSharding:
    """Return the sharding of a tensor over a mesh of devices.

    Args:
        device_mesh: an array of device numbers.
        tensor_split_dims_mapping: for each dimension of the tensor the dimension of the mesh that
            parts it, -1 for none.
        manual_mesh_dims: dimensions of the mesh that are parted by hand.

    Raises:
        ValueError: more dimensions are used than the mesh has.
    """
    manual = list(manual_mesh_dims or [])
    mapping = list(tensor_split_dims_mapping) + manual
    used = [dimension for dimension in mapping if dimension >= 0]
    rank = np.ndim(device_mesh)
    if len(used) > rank:
        raise ValueError(
            f"{len(used)} dimensions of a mesh are used, and one of the shape "
            f"{np.shape(device_mesh)} has {rank}."
        )
    left = [dimension for dimension in range(rank) if dimension not in used]
    tiles = [1 if dimension < 0 else device_mesh.shape[dimension] for dimension in mapping]
    modes = [_types().MANUAL] * len(manual)
    if left:
        tiles.append(int(np.prod([device_mesh.shape[dimension] for dimension in left])))
        modes.append(_types().REPLICATED)
    assignment = np.transpose(device_mesh, used + left).reshape(tiles)
    if manual:
        return XlaSharding.subgroup_tile(assignment, modes)
    return (XlaSharding.partial_tile if left else XlaSharding.tile)(assignment)


def xla_mesh_split(
    tensor: Any,
    device_mesh: Any,
    tensor_split_dims_mapping: Sequence[int],
    use_sharding_op: bool = False,
    manual_mesh_dims: Sequence[int] | None = None,
    unspecified_dims: Sequence[int] | None = None,
) -> Any:
    """Return a tensor that is parted over a mesh; see `xla_mesh_split_sharding`."""
    sharding = xla_mesh_split_sharding(device_mesh, tensor_split_dims_mapping, manual_mesh_dims)
    return sharding.apply_to_tensor(tensor, unspecified_dims=unspecified_dims)


def xla_get_op_sharding(op: Any) -> bytes | None:
    """Return the serialized `OpSharding` of an operation, None where it has none."""
    try:
        found: bytes = op.get_attr(_ATTRIBUTE)
    except (AttributeError, ValueError):
        return None
    return found


def xla_get_tensor_sharding(tensor: Any) -> bytes | None:
    """Return the serialized `OpSharding` of a tensor's operation, None where it has none."""
    try:
        return xla_get_op_sharding(tensor.op)
    except AttributeError:  # in eager mode
        return None


def xla_copy_sharding(from_tensor: Any, to_tensor: Any, use_sharding_op: bool = False) -> Any:
    """Return a tensor with the sharding of another one; see `XlaSharding`."""
    sharding = xla_get_tensor_sharding(from_tensor)
    return to_tensor if sharding is None else _sharded(to_tensor, sharding)


def xla_auto_to_manual_spmd_partition(
    tensor: Any,
    manual_sharding: bytes,
    single_dim: int = -1,
    unspecified_dims: Sequence[int] | None = None,
) -> Any:
    """Return the part of a tensor that each device has, to go on by hand.

    Args:
        tensor: the whole.
        manual_sharding: a serialized `OpSharding`.
        single_dim: the only dimension to part, from 2.7 on; -1 for all.
        unspecified_dims: dimensions that XLA may shard as it likes, from 2.7 on.
    """
    return _operation(
        "XlaSpmdFullToShardShape",
        [tensor],
        [tensor.dtype],
        manual_sharding=manual_sharding,
        dim=None if single_dim < 0 else single_dim,
        unspecified_dims=unspecified_dims or None,
    ).outputs[0]


def xla_manual_to_auto_spmd_partition(
    tensor: Any,
    manual_sharding: bytes,
    full_shape: Any,
    single_dim: int = -1,
    unspecified_dims: Sequence[int] | None = None,
) -> Any:
    """Return the whole of the parts that devices have, which XLA parts again.

    Args:
        tensor: the part.
        manual_sharding: a serialized `OpSharding`.
        full_shape: the shape of the whole.
        single_dim: the only dimension that is parted, from 2.7 on; -1 for all.
        unspecified_dims: dimensions that XLA may shard as it likes, from 2.7 on.
    """
    return _operation(
        "XlaSpmdShardToFullShape",
        [tensor],
        [tensor.dtype],
        manual_sharding=manual_sharding,
        full_shape=_runtime.tensorflow().TensorShape(full_shape),
        dim=None if single_dim < 0 else single_dim,
        unspecified_dims=unspecified_dims or None,
    ).outputs[0]


def xla_dynamic_slice(
    input: Any, start_indices: Any, size_indices: Any, name: str | None = None
) -> Any:
    """Return the slice of a tensor that begins at indices and has a size that is a constant.

    Replaces `tensorflow.compiler.tf2xla.python.xla.dynamic_slice`.
    """
    tensor = _runtime.tensorflow().convert_to_tensor(input)
    inputs = [tensor, start_indices, size_indices]
    return _operation("XlaDynamicSlice", inputs, [tensor.dtype], name).outputs[0]


def xla_dynamic_update_slice(input: Any, update: Any, indices: Any, name: str | None = None) -> Any:
    """Return a tensor with another one at indices, which are moved to where it fits.

    Replaces `tensorflow.compiler.tf2xla.python.xla.dynamic_update_slice`.
    """
    tensor = _runtime.tensorflow().convert_to_tensor(input)
    inputs = [tensor, update, indices]
    return _operation("XlaDynamicUpdateSlice", inputs, [tensor.dtype], name).outputs[0]


def xla_replica_id(name: str | None = None) -> Any:
    """Return the number of the replica, an int32.

    Replaces `tensorflow.compiler.tf2xla.python.xla.replica_id`.
    """
    return _operation("XlaReplicaId", [], [_runtime.tensorflow().int32], name).outputs[0]


def xla_send(tensor: Any, tensor_name: str, name: str | None = None) -> Any:
    """Send a tensor to the `xla_recv` of the same name; return the operation.

    Replaces `tensorflow.compiler.tf2xla.python.xla.send`.
    """
    return _operation("XlaSend", [tensor], [], name, tensor_name=tensor_name.encode())


def xla_recv(dtype: Any, tensor_name: str, shape: Any, name: str | None = None) -> Any:
    """Return the tensor that the `xla_send` of the same name sends.

    Replaces `tensorflow.compiler.tf2xla.python.xla.recv`.
    """
    tf = _runtime.tensorflow()
    dtype = tf.as_dtype(dtype)
    return _operation(
        "XlaRecv",
        [],
        [dtype],
        name,
        dtype=dtype,
        tensor_name=tensor_name.encode(),
        shape=tf.TensorShape(shape),
    ).outputs[0]
