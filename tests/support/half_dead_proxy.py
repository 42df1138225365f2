"""A TCP proxy that can stop forwarding what it has, while new connections are served."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url


class HalfDeadProxy:
    def __init__(self, url: str) -> None:
        self._target = conninfo_to_dict(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._frozen: set[socket.socket] = set()
        self._open: set[socket.socket] = set()
        here = make_url(url).set(host="127.0.0.1", port=self._listener.getsockname()[1], query={})
        self.url = here.render_as_string(hide_password=False)
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def freeze(self) -> int:
        """Forward nothing more on the connections of now; return how many. They stay open on both sides."""
        now = self._open - self._frozen
        self._frozen |= now
        return len(now) // 2

    def close(self) -> None:
        # A closed listener alone does not wake who waits on it.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(5)
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.add(client)
                server = self._connect()
                self._open.add(server)
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=(source, target), daemon=True).start()

    def _connect(self) -> socket.socket:
        host, port = str(self._target["host"]), self._target.get("port", 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, int(port)))
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(f"{host}/.s.PGSQL.{port}")
        return connection

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while (data := source.recv(65536)) and source not in self._frozen:
                target.sendall(data)
            if source not in self._frozen:
                target.shutdown(socket.SHUT_WR)


@contextmanager
def half_dead_proxy(url: str) -> Iterator[HalfDeadProxy]:
    proxy = HalfDeadProxy(url)
    try:
        yield proxy
    finally:
        proxy.close()
