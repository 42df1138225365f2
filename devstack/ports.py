"""Free ports on the loopback interface."""

import secrets
import socket
from typing import Final

HOST: Final = "127.0.0.1"
_TRIES: Final = 200
_RANGE: Final = range(10_240, 30_000)
"""Below the ports that Linux (from 32768) and macOS (from 49152) give to outgoing connections."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_ports(count: int = 1) -> int:
    """The first of `count` free neighbouring ports; OSError without such a row."""
    for _ in range(_TRIES):
        first = _RANGE[secrets.randbelow(len(_RANGE))]
        if all(is_free(port) for port in range(first, first + count)):
            return first
    msg = f"no {count} neighbouring free ports"
    raise OSError(msg)


def preferred_or_free(preferred: int, count: int = 1) -> int:
    """The preferred port if it and its neighbours are free, else others."""
    return preferred if all(is_free(preferred + offset) for offset in range(count)) else free_ports(count)
