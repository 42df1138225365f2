"""A node whose clock is not Confluence's: here Confluence's is moved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import redis
from structlog.testing import capture_logs

from tests.support import databases
from tests.web.live_app import LiveApp, live_app


@pytest.fixture
def live(servers: databases.Addresses, worker_id: str) -> Iterator[LiveApp]:
    """An application of its own: what it heard of the time stays with it for two minutes."""
    cache = servers.valkey.format(databases.cache_number(worker_id))
    with redis.Redis.from_url(cache) as client:
        client.flushdb()
    with databases.database(servers, worker_id) as url, live_app(url, cache) as app:
        yield app


def ready(live: LiveApp) -> tuple[int, list[str]]:
    answer = live.http.get(f"{live.url}/readyz", timeout=10)
    return answer.status_code, answer.json()["unwell"]


def offset(live: LiveApp) -> float:
    lines = live.http.get(f"{live.url}/metrics", timeout=10).text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("lockpoint_clock_offset_seconds "))


def alarms(lines: list[dict[str, object]]) -> list[object]:
    return [line["event"] for line in lines if str(line["event"]).startswith("clock_")]


@pytest.mark.parametrize("seconds", [20, -20, 300])
def test_no_lock_is_written_by_a_wrong_clock(live: LiveApp, seconds: float) -> None:
    """G11, E33: refused from the first on, with one line, a metric and a red light; reads go on, nothing is stored."""
    file, held = live.file(live.page()), live.file(live.page())
    lock = live.lock("alice", held)
    for _ in range(20):
        live.call("bob", "GET", f"/attachments/{held}/lock")
    before = live.properties(held), live.audit(), live.rows_of_site("globex")
    live.control("clock", offsetSeconds=seconds)
    with capture_logs() as lines:
        answers = [live.call("alice", "POST", f"/attachments/{file}/lock") for _ in range(3)]
        answers += [live.call("alice", "POST", f"/attachments/{held}/lock/release", {"lockId": lock})]
        assert ready(live) == (503, ["clock: more than 15 s from Confluence's"])
    assert {(answer.status_code, answer.json()["error"]) for answer in answers} == {(503, "busy")}
    assert all(answer.headers["Retry-After"] for answer in answers)
    assert alarms(lines) in (["clock_wrong"], ["clock_off", "clock_wrong"])
    assert offset(live) == pytest.approx(-seconds, abs=2)
    assert live.call("bob", "GET", f"/attachments/{held}/lock").json()["lock"]["lockId"] == lock
    assert (live.properties(held), live.audit(), live.rows_of_site("globex")) == before
    assert "lockpointlock" not in live.properties(file)


def test_the_alarm_comes_before_locks_stop(live: LiveApp) -> None:
    """F43: beyond 5 s a line and the metric; locks go on."""
    with capture_logs() as lines:
        live.control("clock", offsetSeconds=9)
        live.lock("alice", live.file(live.page()))
        live.lock("alice", live.file(live.page()))
    assert alarms(lines) == ["clock_off"]
    assert offset(live) == pytest.approx(-9, abs=2)
    assert ready(live) == (200, [])


def test_a_clock_that_jumps_writes_no_lock(live: LiveApp) -> None:
    """G11, F43: ±20 s, whose median is 0; also in the moments in which it is right."""
    file = live.file(live.page())
    for seconds in (20, -20, 0, 20, -20, 0):
        live.control("clock", offsetSeconds=seconds)
        assert live.call("alice", "POST", f"/attachments/{file}/lock").status_code == 503
    assert "lockpointlock" not in live.properties(file)


@pytest.mark.parametrize("answers_before", [0, 5])
def test_one_wrong_date_header_stops_no_lock(live: LiveApp, answers_before: int) -> None:
    """F44: off by an hour, once, also in the first answer after a start; the line says that it was seen."""
    file = live.file(live.page())
    for _ in range(answers_before):
        live.call("bob", "GET", f"/attachments/{file}/lock")
    an_hour_on = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)  # noqa: TID251 - Confluence's own
    live.control(
        "faults", kind="headers", method="GET", path=f"/api/v2/attachments/att{file}", headers={"Date": an_hour_on}
    )
    with capture_logs() as lines:
        live.lock("alice", file)
    assert alarms(lines) == ["clock_off"]
    assert ready(live) == (200, [])
