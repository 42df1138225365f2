"""Lists of many locks of a space, and of one that does not protect, over HTTP."""

from __future__ import annotations

import pytest

from lockpoint.services.ports.jobs import JobKind
from tests.web.live_app import LiveApp, request_id

PEOPLE, EACH, LENGTH = ("bob", "sam"), 50, 40


def test_an_unprotected_lock_says_why(live: LiveApp) -> None:
    """P-18"""
    page = live.page()
    file = live.file(page)
    live.lock("alice", file)
    live.settle()
    live.restrict(page, "alice", "dana")
    live.work(JobKind.RECONCILE, file)
    (row,) = live.call("dana", "GET", f"/spaces/DS/locks?page={page}&state=unprotected").json()["items"]
    assert (row["lock"]["protection"], row["lock"]["unprotectedReason"]) == ("unprotected", "app_blocked")


@pytest.fixture(scope="module")
def page(live: LiveApp) -> tuple[str, list[str]]:
    """A page with a hundred locked files."""
    page, made = live.page(), []
    for person in PEOPLE:
        files = [live.file(page) for _ in range(EACH)]
        body = {"action": "lock", "items": [{"id": file} for file in files], "requestId": request_id()}
        answer = live.call(person, "POST", "/locks/bulk", body)
        while answer.json()["retryAfter"] is not None:  # a busy machine has no time for all of them
            answer = live.call(person, "POST", "/locks/bulk", body)
        assert {one["status"] for one in answer.json()["items"]} == {201}
        made += files
    return page, made


def test_many_locks_of_a_space(live: LiveApp, page: tuple[str, list[str]]) -> None:
    """L-60: in parts, each once; what is read again within minutes costs a call for the role alone."""
    id_, made = page
    for most in (len(made) + 20, 20):
        mark, found, cursor = live.mark(), [], ""
        while cursor is not None:
            given = f"&cursor={cursor}" if cursor else ""
            answer = live.call("dana", "GET", f"/spaces/DS/locks?page={id_}&limit={LENGTH}{given}")
            assert answer.status_code == 200, answer.text
            found += [row["id"] for row in answer.json()["items"]]
            cursor = answer.json()["nextCursor"]
        assert sorted(found) == sorted(made)
        assert len(live.asked(mark, "acme")) <= most
