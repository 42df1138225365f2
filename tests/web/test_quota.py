"""Who may spend the points that all sites share; each test has its own application."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import redis

from lockpoint import bootstrap
from lockpoint.web.errors import SHORT_WAIT
from tests.web.api.document import refusal
from tests.web.live_app import LiveApp, live_app

POOL = 1500
LISTS = 40


@pytest.fixture
def live(database_url: str, redis_url: str) -> Iterator[LiveApp]:
    with live_app(database_url, redis_url, LOCKPOINT_POINTS_PER_HOUR=str(POOL)) as app:
        app.control("quota", limit=POOL)
        yield app


@pytest.fixture
def page(live: LiveApp) -> str:
    page = live.page()
    for _ in range(3):
        live.file(page)
    return page


def _overwritten_and_undone(live: LiveApp) -> bool:
    """Whether an overwrite of Gina's file, on the other site, is undone."""
    page = live.page(site="globex", author="gina")
    file = live.file(page, "plan.txt", site="globex", author="gina")
    live.lock("gina", file, site="globex")
    live.file(page, "plan.txt", site="globex", author="hank", text="by hank")
    live.settle()
    with live.running.world.lock:
        return live.running.world.sites["globex"].attachments[int(file)].head.data == b"first"


def _refused(live: LiveApp, page: str, person: str = "alice") -> int | None:
    """How many lists a person got before the first refusal."""
    for done in range(LISTS):
        # Each asks something else, so that nothing can be answered from what is known.
        if live.call(person, "GET", f"/pages/{live.page() if done % 2 else page}/attachments").status_code == 429:
            return done
    return None


def test_one_person_who_loops_waits_alone(live: LiveApp, page: str) -> None:
    """F1: 429 with the time for this person; a colleague reads on, another site's overwrite is undone."""
    asked = bootstrap.SystemClock().now()
    assert _refused(live, page) is not None
    answer = live.call("alice", "GET", f"/pages/{page}/attachments")
    assert refusal(answer) == (429, "too_many_requests")
    seconds = int(answer.headers["Retry-After"])
    assert 1 <= seconds == answer.json()["retryAfter"] <= 600
    until = datetime.fromisoformat(answer.json()["until"])
    assert timedelta(seconds=seconds - 2) <= until - asked < timedelta(seconds=seconds + 120)
    assert answer.json()["message"].endswith(f" at {until:%H:%M} UTC." if seconds > 60 else f" in {seconds} s.")
    assert live.call("bob", "GET", f"/pages/{page}/attachments").status_code == 200
    assert _overwritten_and_undone(live)


def test_a_share_counts_in_every_process(live: LiveApp, page: str) -> None:
    """F1: a second web process knows what the first has spent."""
    other = bootstrap.build_app(live.settings).test_client()
    assert _refused(live, page) is not None
    headers = {"Authorization": f"JWT {live.token('alice')}"}
    answer = other.get(f"/api/v1/pages/{page}/attachments", headers=headers)
    assert (answer.status_code, answer.get_json()["error"]) == (429, "too_many_requests")


def used_up(seconds: float) -> str:
    """Return the words for a used-up hour; in its last minute people count seconds."""
    if seconds <= SHORT_WAIT:
        return "Confluence takes no calls right now. Try again in"
    return "has used up what Confluence allows it this hour. It goes on at"


def test_a_refusal_of_confluence_counts_in_every_process(live: LiveApp, page: str) -> None:
    """A2: heard once; the time is what Confluence said, in words too."""
    other = bootstrap.build_app(live.settings).test_client()
    headers = {"Authorization": f"JWT {live.token('bob')}"}
    path = f"/pages/{page}/attachments"
    assert other.get(f"/api/v1{path}", headers=headers).status_code == 200
    live.control("faults", kind="exhausted", path=f"pages/{page}", retryAfter=True, times=1)
    answers = [live.call("alice", "GET", path).json()]
    mark = live.mark()
    answers += [dict(other.get(f"/api/v1{path}", headers=headers).get_json()) for _ in range(2)]
    assert not live.asked(mark)
    left = 3600 - bootstrap.SystemClock().now().minute * 60 - bootstrap.SystemClock().now().second
    for answer in answers:
        assert answer["error"] == "busy"
        assert abs(answer["retryAfter"] - left) <= 10
        assert used_up(answer["retryAfter"]) in answer["message"]


def test_without_redis_the_shares_hold_in_each_process(database_url: str) -> None:
    """F1: and nothing else suffers."""
    with live_app(database_url, "redis://127.0.0.1:1/0", LOCKPOINT_POINTS_PER_HOUR=str(POOL)) as live:
        page = live.page()
        live.file(page)
        assert _refused(live, page) is not None
        assert live.call("bob", "GET", f"/pages/{page}/attachments").status_code == 200
        assert _overwritten_and_undone(live)


def test_when_lists_have_used_up_their_part_locks_still_end(live: LiveApp, redis_url: str) -> None:
    """A1: many people may use up what lists and new locks may use; releases and undoing go on."""
    page = live.page()
    file = live.file(page)
    lock = live.lock("alice", file)
    with redis.Redis.from_url(redis_url) as client:
        hour = f"lockpoint:spent:{bootstrap.SystemClock().now():%Y%m%d%H}"
        client.hset(hour, "all", int(POOL * 0.87))
    answer = live.call("bob", "GET", f"/pages/{page}/attachments")
    assert refusal(answer) == (503, "busy")
    assert used_up(answer.json()["retryAfter"]) in answer.json()["message"]
    assert live.call("alice", "POST", f"/attachments/{live.file(page)}/lock").status_code == 503
    assert live.call("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": lock}).status_code == 200


def test_many_files_in_one_call_count_one_by_one(live: LiveApp, page: str) -> None:
    """E38: what a person's share does not pay for says `retry` with the time; a colleague goes on."""
    files = [live.file(page) for _ in range(30)]
    body = {"action": "lock", "items": [{"id": file} for file in files]}
    answer = live.call("alice", "POST", "/locks/bulk", body).json()
    outcomes = [one["outcome"] for one in answer["items"]]
    done = outcomes.count("done")
    assert 1 <= done < len(files)
    assert set(outcomes) == {"done", "retry"}
    waiting = [one for one in answer["items"] if one["outcome"] == "retry"]
    assert {(one["status"], one["body"]["error"]) for one in waiting} == {(429, "too_many_requests")}
    assert 1 <= answer["retryAfter"] <= 600
    assert datetime.fromisoformat(answer["until"]) > bootstrap.SystemClock().now()
    assert live.live_locks("acme") == done
    assert live.call("bob", "GET", f"/pages/{page}/attachments").status_code == 200
