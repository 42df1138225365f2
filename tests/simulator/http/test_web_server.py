"""HTTP/1.1 with kept connections."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from simulator.http.web_server import WebServer

BODY = b"x" * 300_000


def echo(environ: Any, start_response: Any) -> Any:
    """Answer with the body, or as the path says."""
    request = Request(environ)
    if request.path == "/short":
        start_response("200 OK", [("Content-Length", "10")])
        return [b"abc"]
    answers = {
        "/deaf": lambda: Response("too much", 413),
        "/empty": lambda: Response(status=204),
        "/parts": lambda: Response(iter([b"one", b"two"])),
    }
    answer = answers.get(request.path, lambda: Response(request.get_data()))
    return answer()(environ, start_response)


@pytest.fixture
def server() -> Iterator[WebServer]:
    serving = WebServer("127.0.0.1", 0, echo)
    thread = threading.Thread(target=serving.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield serving
    serving.shutdown()
    thread.join()
    serving.server_close()


@pytest.fixture
def line(server: WebServer) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    yield connection
    connection.close()


def ask(line: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> tuple[int, bytes, bool]:
    """Return status, body, and whether the connection is still open."""
    line.request(method, path, body)
    answer = line.getresponse()
    return answer.status, answer.read(), not answer.will_close


def test_one_connection_carries_many_requests(line: http.client.HTTPConnection) -> None:
    """With and without bodies, HEAD, and an answer of unknown length."""
    asked = [("POST", "/", BODY), ("GET", "/empty"), ("HEAD", "/parts"), ("GET", "/parts"), ("PUT", "/", b"again")]
    content = [BODY, b"", b"", b"onetwo", b"again"]
    answers = [ask(line, *one) for one in asked]
    assert [(body, still_open) for _, body, still_open in answers] == [(body, True) for body in content]


@pytest.mark.parametrize("chunked", [False, True])
def test_what_is_not_read_ends_the_connection(line: http.client.HTTPConnection, *, chunked: bool) -> None:
    """The client gets the answer, no reset; the unread body is not read as the next request."""
    assert ask(line, "POST", "/deaf", iter([BODY]) if chunked else BODY) == (413, b"too much", False)
    assert ask(line, "GET", "/") == (200, b"", True)


def test_a_length_that_does_not_fit_ends_the_connection(line: http.client.HTTPConnection) -> None:
    """The client does not wait for missing bytes."""
    line.request("GET", "/short")
    with pytest.raises(http.client.IncompleteRead):
        line.getresponse().read()


def test_connections_end_with_the_server(server: WebServer, line: http.client.HTTPConnection) -> None:
    assert ask(line, "GET", "/") == (200, b"", True)
    server.server_close()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        ask(line, "GET", "/")
