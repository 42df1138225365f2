"""Blocks network access beyond this machine."""

import ipaddress
import socket
from typing import Any, Final

_connect: Final = socket.socket.connect
_connect_ex: Final = socket.socket.connect_ex
_getaddrinfo: Final = socket.getaddrinfo


class BeyondThisMachineError(RuntimeError):
    """A test tried to reach another machine."""


def is_here(host: object) -> bool:
    if host in {None, "", "localhost"}:
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback or text in {"0.0.0.0", "::"}  # noqa: S104 - own
    except ValueError:
        return text.endswith(".localhost")


def _check(family: int, address: Any) -> None:
    if family in {socket.AF_INET, socket.AF_INET6} and not is_here(address[0]):
        raise BeyondThisMachineError(str(address[0]))


def _guarded_connect(self: socket.socket, address: Any, /) -> None:
    _check(self.family, address)
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any, /) -> int:
    _check(self.family, address)
    return _connect_ex(self, address)


def _guarded_getaddrinfo(host: Any, *arguments: Any, **named: Any) -> Any:
    if not is_here(host):
        raise BeyondThisMachineError(str(host))
    return _getaddrinfo(host, *arguments, **named)


def close_the_doors() -> None:
    """Refuse names and addresses of other machines in this process."""
    socket.socket.connect = _guarded_connect
    socket.socket.connect_ex = _guarded_connect_ex
    socket.getaddrinfo = _guarded_getaddrinfo
