"""Request bodies, whole or refused."""

from __future__ import annotations

from typing import Any, Final

from werkzeug.exceptions import RequestEntityTooLarge

LARGEST_BODY: Final = 256 * 1024

_KEPT: Final = "lockpoint.body"


def whole_body(environ: dict[str, Any]) -> bytes:
    """Return the body, also when asked again; RequestEntityTooLarge (413).

    Without a stated length, Flask's `get_data` returns only the first part.
    """
    if _KEPT not in environ:
        environ[_KEPT] = read_body(environ)
    body: bytes | None = environ[_KEPT]
    if body is None:
        raise RequestEntityTooLarge
    return body


def read_body(environ: dict[str, Any]) -> bytes | None:
    """Return None for a body that is too large; hardly anything beyond the limit is read."""
    stated = environ.get("CONTENT_LENGTH") or ""
    if stated.isascii() and stated.isdigit():
        length = int(stated)
    elif environ.get("HTTP_TRANSFER_ENCODING"):
        length = LARGEST_BODY + 1
    else:
        return b""
    if stated and length > LARGEST_BODY:
        return None
    body = _read(environ["wsgi.input"], length)
    return None if len(body) > LARGEST_BODY else body


def _read(stream: Any, length: int) -> bytes:
    """Servers may give chunks piece by piece."""
    parts: list[bytes] = []
    left = length
    while left > 0 and (part := stream.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
