"""Minimal applications, and ours without the webhook entry; loaded by the tested servers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

StartResponse = Callable[[str, list[tuple[str, str]]], Any]
_connections = threading.local()


def nothing(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Read the body and answer 204."""
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("204 No Content", [])
    return []


def one_select(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer 204 after a primary-key SELECT on the thread's own connection."""
    import psycopg  # noqa: PLC0415 - importing must cost the bare target nothing

    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    connection = getattr(_connections, "one", None)
    if connection is None:
        url = os.environ["DATABASE_URL"].replace("+psycopg", "")
        connection = _connections.one = psycopg.connect(url, autocommit=True)
    connection.execute("select attachment_id from lock_witness where tenant_id = %s and attachment_id = %s", [1, "1"])
    start_response("204 No Content", [])
    return []


def __getattr__(name: str) -> object:
    """Build our application without the entry only when a server asks for it."""
    if name != "without_door":
        raise AttributeError(name)
    from lockpoint.wsgi import app  # noqa: PLC0415 - building it opens nothing but takes a second

    return _behind_the_door(app)


def _behind_the_door(app: Any) -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    door = app.wsgi_app
    behind: Callable[[dict[str, Any], StartResponse], Iterable[bytes]] = door._behind  # noqa: SLF001
    return behind
