"""Bodies that arrive late, beside others that never arrive."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from lockpoint.services.errors import Busy
from lockpoint.web.api import request_body
from lockpoint.web.api.request_body import SLOW_AT_ONCE, given_up, whole_body

BODY = b'{"requestId": "r-1"}'
LATE_SECONDS = request_body.PROMPT_SECONDS * 4


@dataclass
class Silent:
    """A client that sends nothing before it is released."""

    released: threading.Event = field(default_factory=threading.Event)

    def read(self, _length: int) -> bytes:
        self.released.wait(timeout=10)
        return b""


class Late:
    def read(self, _length: int) -> bytes:
        time.sleep(LATE_SECONDS)
        return BODY


def environ(stream: Any) -> dict[str, Any]:
    return {"CONTENT_LENGTH": str(len(BODY)), "wsgi.input": stream}


@contextmanager
def strangers() -> Iterator[None]:
    """Every place for slow bodies is taken."""
    silent = Silent()
    threads = [threading.Thread(target=whole_body, args=(environ(silent),)) for _ in range(SLOW_AT_ONCE)]
    for thread in threads:
        thread.start()
    time.sleep(LATE_SECONDS)
    try:
        yield
    finally:
        silent.released.set()
        for thread in threads:
            thread.join()


def test_a_late_body_of_a_person_with_a_place_arrives_beside_slow_ones() -> None:
    with strangers():
        assert whole_body(environ(Late()), placed=True) == BODY


def test_a_late_body_without_a_place_is_refused_beside_slow_ones() -> None:
    late = environ(Late())
    with strangers(), pytest.raises(Busy):
        whole_body(late)
    assert given_up(late)
