"""`/api/v1` as time passes and with Confluence failing; each test has its own application."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine

from simulator.world.seed import BOB
from tests.web.api.document import CheckedApi, refusal
from tests.web.live_app import LiveApp, live_app


@pytest.fixture
def live(database_url: str, redis_url: str) -> Iterator[LiveApp]:
    """An application whose clock and circuit breaker a test may disturb."""
    with live_app(database_url, redis_url) as app:
        yield app


@pytest.fixture
def checked(live: LiveApp) -> CheckedApi:
    return CheckedApi(live)


@pytest.fixture
def file(live: LiveApp) -> str:
    return live.file(live.page())


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_ending_says_when_to_come_back(api: CheckedApi, live: LiveApp, file: str) -> None:
    """L-30: while a lock is ending, the file is refused with 409 ending and Retry-After; afterwards it is free."""
    lock = api.lock("alice", file, hours=1)
    with time_machine.travel(_moment(lock["expiresAt"]) + timedelta(seconds=1)):
        live.forget_tokens()
        answer = api("bob", "POST", f"/attachments/{file}/lock")
        assert refusal(answer) == (409, "ending")
        assert int(answer.headers["Retry-After"]) == answer.json()["retryAfter"] > 0
        assert api.shown("bob", file)["state"] == "ending"
    with time_machine.travel(_moment(lock["expiresAt"]) + timedelta(minutes=5)):
        live.forget_tokens()
        assert api.shown("bob", file)["state"] == "free"
        assert api.lock("bob", file)["holder"]["accountId"] == BOB
        assert api.shown("bob", file)["lastEnded"]["reason"] == "expired"


def test_confluence_away_is_busy(api: CheckedApi, live: LiveApp, file: str) -> None:
    """503 busy with Retry-After; the same request id works later."""
    body = {"requestId": "the-same-id-all-along"}
    live.control("faults", kind="status", status=503, path=f"attachments/(att)?{file}", times=None)
    answer = api("alice", "POST", f"/attachments/{file}/lock", body)
    assert refusal(answer) == (503, "busy")
    assert int(answer.headers["Retry-After"]) >= 1
    live.running.world.faults.clear(None)
    assert api("alice", "POST", f"/attachments/{file}/lock", body).status_code == 201


def test_exhausted_quota_is_busy(api: CheckedApi, live: LiveApp, file: str) -> None:
    """F10."""
    live.control("faults", kind="exhausted", path=f"attachments/(att)?{file}", retryAfter=40, times=None)
    answer = api("alice", "GET", f"/attachments/{file}/lock")
    assert refusal(answer) == (503, "busy")
    assert int(answer.headers["Retry-After"]) >= 1
