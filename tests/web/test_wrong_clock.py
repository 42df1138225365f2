"""A node whose clock is not Confluence's: here Confluence's is moved."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import jwt
import pytest
import redis
from structlog.testing import capture_logs

from simulator.world.seed import ALICE
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


def test_a_clock_ahead_is_noticed_although_confluence_refuses_every_call(live: LiveApp) -> None:
    """G11: nothing is read then; the refusals themselves say what time it is. A line, a metric, a red light."""
    file = live.file(live.page())
    live.control("clock", offsetSeconds=-20)
    live.control("faults", kind="status", status=401, path="^/wiki/|^/_sim/oauth", times=None)
    with capture_logs() as lines:
        for person in ("alice", "dana"):
            live.call(person, "GET", f"/attachments/{file}/lock")
    assert "clock_wrong" in alarms(lines)
    assert offset(live) == pytest.approx(20, abs=2)
    assert ready(live) == (503, ["clock: more than 15 s from Confluence's"])


def test_refusals_of_a_cache_tell_no_time(live: LiveApp) -> None:
    """They have the date at which they were made."""
    file = live.file(live.page())
    live.control("clock", offsetSeconds=-20)
    live.control("faults", kind="status", status=403, headers={"Age": "20"}, path="^/wiki/", times=None)
    for person in ("alice", "bob"):
        live.call(person, "GET", f"/attachments/{file}/lock")
    assert ready(live) == (200, [])


def test_nobody_gets_in_is_told_and_strangers_are_not_believed(live: LiveApp) -> None:
    """Tokens of an hour ago, signed by the site, say that a clock is wrong; unsigned ones say nothing."""
    old, stranger = _hour_old(live, "right"), _hour_old(live, "a secret that a stranger invented for itself")
    with capture_logs() as lines:
        assert {_status(live, stranger) for _ in range(10)} == {401}
        assert (_degraded(live), alarms(lines)) == ([], [])
        assert {_status(live, old) for _ in range(5)} == {401}
        assert alarms(lines) == ["clock_doubted"]
    (told,) = _degraded(live)
    assert told.startswith("tokens: all are refused for their time; compare this machine's clock: `lockpoint doctor`")
    fresh = live.control("tokens", site="acme", kind="context", account="alice")["token"]
    assert _status(live, fresh) == 200
    assert _degraded(live) == []


def _hour_old(live: LiveApp, secret: str) -> str:
    """Alice's token of an hour ago; with the site's secret where it shall be right."""
    (site,) = live.running.world.sites["acme"].installations.values()
    issued = int(time.time()) - 3600
    claims = {"iss": site.client_key, "sub": ALICE, "iat": issued, "exp": issued + 900, "qsh": "context-qsh"}
    return jwt.encode(claims, site.shared_secret if secret == "right" else secret, algorithm="HS256")


def _status(live: LiveApp, token: str) -> int:
    headers = {"Authorization": f"JWT {token}"}
    return live.http.get(f"{live.url}/api/v1/me/preferences", headers=headers, timeout=10).status_code


def _degraded(live: LiveApp) -> list[str]:
    answer = live.http.get(f"{live.url}/readyz", timeout=10)
    assert answer.status_code == 200
    degraded: list[str] = answer.json()["degraded"]
    return degraded


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
