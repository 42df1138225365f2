"""HTTP/1.1 server that keeps connections open, as Confluence does; Werkzeug's closes each after one answer."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import IO, TYPE_CHECKING, Any, Final, cast

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app
from werkzeug.wsgi import LimitedStream

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BODILESS: Final = frozenset({204, 304})
DRAIN_SECONDS: Final = 0.05
"""Patience with a client that still sends what is not read."""


class KeptConnection(WSGIRequestHandler):
    """One connection and its requests; without Nagle delay and without log."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """A request whose body was not read to its end is the last of its connection."""
        environ = self.make_environ()
        length = str(environ.get("CONTENT_LENGTH", ""))
        whole = int(length) if length.isdecimal() else 0
        body = LimitedStream(cast("IO[bytes]", self.rfile), whole)
        chunked = bool(environ.get("wsgi.input_terminated"))
        if not chunked:
            environ["wsgi.input"] = body
        parts, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        last = chunked or body.tell() < whole
        self._answer(status, [*headers.items(), *([("Connection", "close")] if last else [])], b"".join(parts))
        if last:
            self._drain()

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        """Log nothing."""

    def _answer(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        """No Date but the application's, which may have its own clock."""
        code, _, reason = status.partition(" ")
        self.send_response_only(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        bodiless = int(code) in BODILESS or self.command == "HEAD"
        announced = dict(headers).get("Content-Length")
        if not bodiless and announced is None:
            self.send_header("Content-Length", str(len(content)))
        if not bodiless and announced not in {None, str(len(content))}:
            self.send_header("Connection", "close")
        self.end_headers()
        if not bodiless:
            self.wfile.write(content)

    def _drain(self) -> None:
        """End our side and read what still comes: the client would see a reset instead of the answer."""
        self.connection.settimeout(DRAIN_SECONDS)
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            while self.connection.recv(65_536):
                pass


class WebServer(ThreadedWSGIServer):
    """One thread for each connection; the connections end with the server."""

    def __init__(self, host: str, port: int, app: WSGIApplication) -> None:
        """`port` 0 takes a free one."""
        self._guard = threading.Lock()
        self._open: set[socket.socket] = set()
        super().__init__(host, port, app, KeptConnection)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                self._open.discard(request)

    def server_close(self) -> None:
        """Also cuts the connections."""
        super().server_close()
        with self._guard:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
