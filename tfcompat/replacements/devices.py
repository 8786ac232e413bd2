"""The devices of this process."""

from __future__ import annotations

from typing import Any, NamedTuple

from tfcompat import _runtime

__all__ = ["LocalDevice", "build_info", "list_local_devices"]

build_info: dict[str, Any]


def __getattr__(name: str) -> Any:
    # How TensorFlow was built, a dictionary: tensorflow.python.platform.build_info.build_info.
    if name != "build_info":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _runtime.tensorflow().sysconfig.get_build_info()


class LocalDevice(NamedTuple):
    """A device, with the fields of the message `DeviceAttributes` that public names tell.

    Attributes:
        name: such as `/device:GPU:0`.
        device_type: such as `GPU`.
        memory_limit: in bytes, 0 where TensorFlow has set none.
        physical_device_desc: what kind of device it is, empty for the CPU.
    """

    name: str
    device_type: str
    memory_limit: int
    physical_device_desc: str


def list_local_devices(session_config: Any = None) -> list[LocalDevice]:
    """Return the devices of this process.

    Replaces `tensorflow.python.client.device_lib.list_local_devices`, which returns messages of
    a private type, with an incarnation and a locality of each device, and which starts all
    devices anew.

    Args:
        session_config: has no effect.
    """
    config = _runtime.tensorflow().config
    kinds: dict[str, list[Any]] = {}
    for device in config.list_physical_devices():
        kinds.setdefault(device.device_type, []).append(device)
    found = []
    for device in config.list_logical_devices():
        details = _details(kinds.get(device.device_type, []), device.name)
        # The names of logical devices may have a job and a task before them.
        name = "/device:" + device.name.partition("device:")[2]
        found.append(LocalDevice(name, device.device_type, *details))
    return found


def _details(physical: list[Any], name: str) -> tuple[int, str]:
    """Return the memory limit and the description of a logical device."""
    config = _runtime.tensorflow().config
    number = int(name.rpartition(":")[2])
    if number >= len(physical):  # a virtual device among several of one physical device
        return 0, ""
    device = physical[number]
    virtual = config.get_logical_device_configuration(device)
    limit = (virtual[0].memory_limit or 0) * 2**20 if virtual else 0
    try:
        details = config.experimental.get_device_details(device)
    except ValueError:  # it knows GPUs alone in some releases
        details = {}
    parts = [f"device: {number}"] if device.device_type == "GPU" else []
    if "device_name" in details:
        parts.append(f"name: {details['device_name']}")
    if "compute_capability" in details:
        parts.append("compute capability: {}.{}".format(*details["compute_capability"]))
    return limit, ", ".join(parts)
