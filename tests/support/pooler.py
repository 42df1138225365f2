"""A pooler in front of Postgres that refuses or drops the settings of a session's start, as PgBouncer does."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from tests.support.half_dead_proxy import HalfDeadProxy

VERSION_3: Final = 196608
REFUSAL: Final = b"SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: options\0\0"


class Pooler(HalfDeadProxy):
    def __init__(self, url: str, *, refuses: bool) -> None:
        self._refuses = refuses
        super().__init__(url)

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            if source.getsockname() == self._listener.getsockname() and not self._begin(source, target):
                target.close()
                return
        super()._forward(source, target)

    def _begin(self, client: socket.socket, server: socket.socket) -> bool:
        """Read up to the packet that names the parameters; return whether the session begins."""
        while True:
            (length,) = struct.unpack("!i", client.recv(4, socket.MSG_WAITALL))
            body = client.recv(length - 4, socket.MSG_WAITALL)
            if struct.unpack("!i", body[:4]) == (VERSION_3,):
                break
            client.sendall(b"N")  # no encryption
        words = body[4:].split(b"\0")
        parameters = dict(zip(words[::2], words[1::2], strict=False))
        if self._refuses and b"options" in parameters:
            client.sendall(b"E" + struct.pack("!i", len(REFUSAL) + 4) + REFUSAL)
            client.close()
            return False
        kept = b"".join(name + b"\0" + parameters[name] + b"\0" for name in parameters if name not in {b"options", b""})
        server.sendall(struct.pack("!ii", len(kept) + 9, VERSION_3) + kept + b"\0")
        return True


@contextmanager
def pooler(url: str, *, refuses: bool) -> Iterator[Pooler]:
    proxy = Pooler(url, refuses=refuses)
    try:
        yield proxy
    finally:
        proxy.close()
