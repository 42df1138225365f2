"""Request bodies: whole and in time, or refused.

A WSGI server hands over a body by a call that waits for as long as the client likes. Other threads make these calls,
and those that answer requests wait for a bounded time. A read that was given up ends with the connection, which
`cut_off` makes the server close.
"""

from __future__ import annotations

import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from werkzeug.exceptions import RequestEntityTooLarge

from lockpoint.services.errors import Busy, TooSlow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Response

LARGEST_BODY: Final = 256 * 1024
BODY_SECONDS: Final = 5.0
PROMPT_SECONDS: Final = 0.025
"""Within which nearly every body has arrived; later ones need one of the few places for slow bodies."""
SLOW_AT_ONCE: Final = 4

_KEPT: Final = "lockpoint.body"
_GIVEN_UP: Final = "lockpoint.body_given_up"
_SENDING_SECONDS: Final = 0.01

_slow_places: Final = threading.BoundedSemaphore(SLOW_AT_ONCE)
_idle: Final[list[_Reader]] = []


def whole_body(environ: dict[str, Any], *, placed: bool = False) -> bytes:
    """Return the body, also when asked again; RequestEntityTooLarge (413), TooSlow, Busy.

    Whoever has a place (`Places`) is bounded by it, also while a body arrives. Without a stated length, Flask's
    `get_data` returns only the first part.
    """
    if _KEPT not in environ:
        environ[_KEPT] = read_body(environ, placed=placed)
    body: bytes | None = environ[_KEPT]
    if body is None:
        raise RequestEntityTooLarge
    return body


def read_body(environ: dict[str, Any], *, placed: bool = False) -> bytes | None:
    """Return None for a body that is too large, of which hardly anything beyond the limit is read; TooSlow, Busy."""
    stated = environ.get("CONTENT_LENGTH") or ""
    if stated.isascii() and stated.isdigit():
        length = int(stated)
    elif environ.get("HTTP_TRANSFER_ENCODING"):
        length = LARGEST_BODY + 1
    else:
        return b""
    if stated and length > LARGEST_BODY:
        return None
    body = _in_time(environ, length, placed=placed) if length else b""
    return None if len(body) > LARGEST_BODY else body


def given_up(environ: dict[str, Any]) -> bool:
    """Return whether a thread may still wait for this request's body."""
    return _GIVEN_UP in environ


def cut_off(content: bytes) -> tuple[str, Iterator[bytes]]:
    """Return a length, and content that falls short of it: then the server closes the connection after sending it."""
    return str(len(content) + 1), _short(content)


def cut_off_after(answer: Response) -> Response:
    length, content = cut_off(answer.get_data())
    answer.response = content
    answer.headers["Content-Length"] = length
    return answer


def _short(content: bytes) -> Iterator[bytes]:
    yield content
    time.sleep(_SENDING_SECONDS)


class _Reader:
    """A thread that reads one body after the other."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[tuple[Any, int] | None] = SimpleQueue()
        self._read: SimpleQueue[bytes | Exception] = SimpleQueue()
        threading.Thread(target=self._work, name="body", daemon=True).start()

    def begin(self, stream: Any, length: int) -> None:
        self._asked.put((stream, length))

    def body(self, seconds: float) -> bytes:
        """Empty when it has not arrived by then."""
        read = self._read.get(timeout=seconds)
        if isinstance(read, Exception):
            raise read
        return read

    def leave(self) -> None:
        """End the thread as soon as its read ends."""
        self._asked.put(None)

    def _work(self) -> None:
        while (asked := self._asked.get()) is not None:
            try:
                self._read.put(_read(*asked))
            except Exception as error:  # noqa: BLE001 - raised where the body is wanted
                self._read.put(error)
            del asked


def _in_time(environ: dict[str, Any], length: int, *, placed: bool) -> bytes:
    try:
        reader = _idle.pop()
    except IndexError:
        reader = _Reader()
    reader.begin(environ["wsgi.input"], length)
    try:
        body = _late(reader, BODY_SECONDS) if placed else _arriving(reader)
    except (Busy, TooSlow):
        environ[_GIVEN_UP] = True
        reader.leave()
        raise
    except Exception:
        reader.leave()
        raise
    _idle.append(reader)
    return body


def _arriving(reader: _Reader) -> bytes:
    try:
        return reader.body(PROMPT_SECONDS)
    except Empty:
        pass
    if not _slow_places.acquire(blocking=False):
        raise Busy("Too many requests are arriving slowly. Try again.", details={"retryAfter": BODY_SECONDS})
    try:
        return _late(reader, BODY_SECONDS - PROMPT_SECONDS)
    finally:
        _slow_places.release()


def _late(reader: _Reader, seconds: float) -> bytes:
    try:
        return reader.body(seconds)
    except Empty:
        raise TooSlow(f"The request did not arrive within {BODY_SECONDS:.0f} seconds. Try again.") from None


def _read(stream: Any, length: int) -> bytes:
    """Servers may give chunks piece by piece."""
    parts: list[bytes] = []
    left = length
    while left > 0 and (part := stream.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
