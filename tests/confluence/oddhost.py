"""A loopback host with scripted answers: wrong, late, partial or none."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Received:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        return json.loads(self.body)


Step = Callable[["_Handler"], None]


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore closed connections, which are scripted."""


class OddHost:
    """Plays one step per request, repeating the last. `base`: the tenant's base address."""

    def __init__(self, server: ThreadingHTTPServer, steps: tuple[Step, ...]) -> None:
        self.steps = steps
        self.requests: list[Received] = []
        self.origin = f"http://127.0.0.1:{server.server_port}"
        self.base = f"{self.origin}/wiki"
        self._lock = threading.Lock()

    def next_step(self, received: Received) -> Step:
        with self._lock:
            self.requests.append(received)
            return self.steps[min(len(self.requests), len(self.steps)) - 1]

    def targets(self) -> list[str]:
        return [received.target for received in self.requests]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host: OddHost

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        received = Received(self.command, self.path, dict(self.headers), self.rfile.read(length))
        self.host.next_step(received)(self)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - names of the base class

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of the base class
        """Keep silent."""


@contextmanager
def odd_host(*steps: Step) -> Iterator[OddHost]:
    """Serve the script until the block ends."""

    class Bound(_Handler):
        """Own handler class per server, so that parallel hosts do not mix."""

    server = _QuietServer(("127.0.0.1", 0), Bound)
    host = OddHost(server, steps)
    Bound.host = host
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer(status: int, body: object = None, **headers: str) -> Step:
    """`body`: bytes or JSON. Underscores in header names become dashes."""
    content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()

    def step(handler: _Handler) -> None:
        handler.send_response_only(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return step


def drop(handler: _Handler) -> None:
    """Hang up after the request: a write may have been done."""
    handler.close_connection = True


def cut(body: bytes, announced: int) -> Step:
    """Announce more bytes than are sent."""

    def step(handler: _Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(announced))
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = True

    return step


def unannounced(body: bytes) -> Step:
    def step(handler: _Handler) -> None:
        handler.send_response_only(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = True

    return step


def trickle(pieces: int, seconds: float) -> Step:
    """JSON one byte at a time: each read is fast."""

    def step(handler: _Handler) -> None:
        handler.send_response_only(200)
        handler.send_header("Content-Length", str(pieces + 2))
        handler.end_headers()
        for byte in b"{" + b" " * pieces + b"}":
            time.sleep(seconds)
            try:
                handler.wfile.write(bytes([byte]))
            except OSError:
                return

    return step


def late(seconds: float, step: Step) -> Step:
    def wait(handler: _Handler) -> None:
        time.sleep(seconds)
        step(handler)

    return wait


def redirect(location: str, status: int = 302) -> Step:
    """`{origin}` is this host."""

    def step(handler: _Handler) -> None:
        place = location.replace("{origin}", handler.host.origin)
        answer(status, b"", Location=place)(handler)

    return step
