"""Which process left something behind, and whether it is gone."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import socket
import uuid


def host() -> str:
    """Return the name of this machine."""
    return re.sub(r"[^A-Za-z0-9.]", "_", socket.gethostname())


@functools.cache
def machine() -> str:
    """Return a name that this machine shares with none that writes to the same store.

    Machines and containers of a cloud often have one host name, and each counts its processes
    from 1.
    """
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            own = file.read() + os.readlink("/proc/self/ns/pid")
    except OSError:
        own = hex(uuid.getnode())
    return f"{host()}.{hashlib.sha256(own.encode()).hexdigest()[:12]}"


def is_gone(pid: int) -> bool:
    """Tell whether no process of this machine has a number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
