"""Recorded exchanges."""

from __future__ import annotations

import base64
import itertools
import re
import threading
from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Exchange:
    """`status` 0: connection dropped; `at` in milliseconds."""

    id: int
    at: int
    site: str
    caller: str
    account: str | None
    method: str
    url: str
    path: str
    query: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: bytes = field(repr=False)
    status: int
    response_headers: tuple[tuple[str, str], ...]
    response_body: bytes = field(repr=False)
    fault: str | None
    points: int


def _body_fields(name: str, body: bytes) -> dict[str, str]:
    try:
        return {name: body.decode()}
    except UnicodeDecodeError:
        return {f"{name}Base64": base64.b64encode(body).decode()}


def exchange_json(exchange: Exchange) -> dict[str, object]:
    """A non-UTF-8 body becomes `…BodyBase64`."""
    return {
        "id": exchange.id,
        "at": exchange.at,
        "site": exchange.site,
        "caller": exchange.caller,
        "account": exchange.account,
        "method": exchange.method,
        "url": exchange.url,
        "path": exchange.path,
        "query": exchange.query,
        "requestHeaders": dict(exchange.request_headers),
        "status": exchange.status,
        "responseHeaders": dict(exchange.response_headers),
        "fault": exchange.fault,
        "points": exchange.points,
        **_body_fields("requestBody", exchange.request_body),
        **_body_fields("responseBody", exchange.response_body),
    }


class Records:
    """The last exchanges, oldest first."""

    def __init__(self, keep: int = 20_000) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._exchanges: deque[Exchange] = deque(maxlen=keep)

    def next_id(self) -> int:
        return next(self._ids)

    def add(self, exchange: Exchange) -> None:
        with self._lock:
            self._exchanges.append(exchange)

    def clear(self) -> None:
        """Numbering continues."""
        with self._lock:
            self._exchanges.clear()

    def find(
        self,
        *,
        site: str | None = None,
        method: str | None = None,
        path: str | None = None,
        caller: str | None = None,
        since: int = 0,
    ) -> list[Exchange]:
        """After `since`; `path` is a regular expression."""
        pattern = re.compile(path) if path else None
        with self._lock:
            kept = list(self._exchanges)
        return [
            e
            for e in kept
            if e.id > since
            and site in {None, e.site}
            and method in {None, e.method}
            and caller in {None, e.caller}
            and (pattern is None or pattern.search(e.path))
        ]
