"""Finding ports on the loopback interface that nobody listens on."""

import contextlib
import socket
from typing import Final

HOST: Final = "127.0.0.1"
_TRIES: Final = 50
_LAST: Final = 65535


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_ports(count: int = 1) -> int:
    """Find the first of `count` neighbouring ports that are all free.

    Raises OSError when the machine has no such row of ports.
    """
    for _ in range(_TRIES):
        with contextlib.closing(socket.socket()) as probe:
            probe.bind((HOST, 0))
            first: int = probe.getsockname()[1]
        if first + count <= _LAST and all(is_free(port) for port in range(first, first + count)):
            return first
    msg = f"no {count} neighbouring free ports"
    raise OSError(msg)


def preferred_or_free(preferred: int, count: int = 1) -> int:
    """Take the preferred port and its neighbours if they are free, else any others."""
    return preferred if all(is_free(preferred + offset) for offset in range(count)) else free_ports(count)
