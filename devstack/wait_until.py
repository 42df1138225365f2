"""Polling of local HTTP servers until they answer."""

import time
from threading import Event
from typing import Final

import requests

from devstack.errors import EmbeddedError
from devstack.supervisor import Service

POLL_SECONDS: Final = 0.1
ASK_SECONDS: Final = 5.0


def wait_until_healthy(service: Service, url: str, stop: Event, patience: float = 60.0) -> None:
    """Return when the address answers 200, or `stop` is set.

    EmbeddedError when the service exits, or after `patience` seconds.
    """
    until = time.monotonic() + patience
    while not stop.is_set() and not _answers(url):
        if service.pid is None or time.monotonic() > until:
            raise EmbeddedError(f"{service.name} {'does not answer' if service.pid else 'has died before it answered'}")
        stop.wait(POLL_SECONDS)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=ASK_SECONDS, allow_redirects=False).ok
    except requests.RequestException:
        return False
