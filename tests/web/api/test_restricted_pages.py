"""Pages that are restricted without the app, over HTTP: nothing there is a dead end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lockpoint.services.ports.jobs import JobKind
from tests.web.api.document import CheckedApi, refusal
from tests.web.doors import BOTH_DOORS
from tests.web.live_app import Json, LiveApp

pytestmark = BOTH_DOORS

APP_BLOCKED = (409, "app_blocked")


@pytest.fixture
def page(live: LiveApp) -> str:
    return live.page()


@pytest.fixture
def file(live: LiveApp, page: str) -> str:
    return live.file(page, "plan.txt")


def _read_only(live: LiveApp, page: str) -> None:
    """The app sees the page, but only people edit it."""
    live.control("sites/acme/restrict", pageId=page, update=["alice", "bob", "dana"])


def _unseen(live: LiveApp, page: str) -> None:
    live.restrict(page, "alice", "bob", "dana")


SHUT = pytest.mark.parametrize("shut", [_read_only, _unseen])
Shut = Callable[[LiveApp, str], None]


def _look(live: LiveApp, file: str) -> None:
    """As the first sweep after the restriction, and an event later."""
    live.work(JobKind.RECONCILE, file)
    live.work(JobKind.RECONCILE, file)


def _versions(live: LiveApp, file: str) -> list[tuple[str, bytes]]:
    with live.running.world.lock:
        site = live.running.world.sites["acme"]
        made = site.attachments[int(file)].versions
        return [(site.people[one.author_id or ""].name, one.data) for one in made]


def _looks_queued(live: LiveApp) -> list[str]:
    rows = live.rows()["procrastinate_jobs"]
    return [row for row in rows if "reconcile" in row]


@SHUT
def test_the_holder_unlocks(api: CheckedApi, live: LiveApp, page: str, file: str, shut: Shut) -> None:
    """B2: with a button, and a tombstone in Confluence that was written as the holder."""
    lock = api.lock("alice", file)
    shut(live, page)
    shown = api.shown("alice", file)
    assert shown["can"]["release"]
    assert shown["can"]["giveAccess"]
    answer = api("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": lock["lockId"]})
    assert answer.status_code == 200
    number, value = live.properties(file)["lockpointlock"]
    assert (number, value["state"]) == (2, "free")
    live.settle()
    live.control("sites/acme/restrict", pageId=page, read=[], update=[])
    assert api.shown("bob", file)["lastEnded"]["reason"] == "released"


@SHUT
def test_a_manager_ends(api: CheckedApi, live: LiveApp, page: str, file: str, shut: Shut) -> None:
    """B2: as themselves."""
    lock = api.lock("alice", file)
    shut(live, page)
    body = {"lockId": lock["lockId"], "reason": "she has left"}
    answer = api("dana", "POST", f"/attachments/{file}/lock/break", body)
    assert answer.status_code == 200
    assert answer.json()["lock"]["lastEnded"]["why"] == "she has left"
    assert live.properties(file)["lockpointlock"][1]["ended"]["reason"] == "broken"


def test_an_end_that_nobody_may_write_is_stored_later(api: CheckedApi, live: LiveApp, page: str, file: str) -> None:
    """Alice has lost the page, and the app, too: she unlocks all the same, and at once."""
    lock = api.lock("alice", file)
    live.restrict(page, "bob")
    answer = api("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": lock["lockId"]})
    assert (answer.status_code, answer.json()["lock"]["state"]) == (200, "free")
    assert api.shown("bob", file)["state"] == "free"
    assert live.properties(file)["lockpointlock"][1]["state"] == "held"
    live.control("sites/acme/restrict", pageId=page, read=[], update=[])
    live.work(JobKind.SWEEP)
    number, value = live.properties(file)["lockpointlock"]
    assert (number, value["state"], value["ended"]["reason"]) == (2, "free", "released")
    assert live.lock("bob", file)


@SHUT
def test_an_overwrite_is_undone_as_the_holder(api: CheckedApi, live: LiveApp, page: str, file: str, shut: Shut) -> None:
    """P-17: the version is Alice's by Confluence's word, and ours by our record."""
    api.lock("alice", file, unlockOnUpload=True)
    shut(live, page)
    _look(live, file)
    live.file(page, "plan.txt", author="bob", text="Bob's")
    live.work(JobKind.RECONCILE, file)
    assert _versions(live, file) == [("alice", b"first"), ("bob", b"Bob's"), ("alice", b"first")]
    _look(live, file)
    assert len(_versions(live, file)) == 3
    assert api.shown("alice", file)["state"] == "mine"
    assert api.shown("alice", file)["unprotectedReason"] == "app_blocked"


@SHUT
def test_a_sweep_over_a_closed_file_costs_little(
    api: CheckedApi, live: LiveApp, page: str, file: str, shut: Shut
) -> None:
    """At most 2 points each time, and neither a job nor a mail more."""
    api.lock("alice", file)
    shut(live, page)
    live.work(JobKind.RECONCILE, file)
    live.settle()
    mails = live.rows()["email_intent"]
    for _ in range(6):
        since = live.mark()
        live.work(JobKind.SWEEP)
        about = [one for one in live.asked(since, "acme") if file in one.path or page in one.path]
        assert sum(one.points for one in about) <= 2
    assert _looks_queued(live) == []
    assert live.rows()["email_intent"] == mails


@SHUT
def test_one_click_gives_access(api: CheckedApi, live: LiveApp, page: str, file: str, shut: Shut) -> None:
    """P-17: by a person who may edit, as that person; the lock is protected at once."""
    api.lock("alice", file)
    shut(live, page)
    live.work(JobKind.RECONCILE, file)
    live.settle()
    before = api("charlie", "POST", f"/pages/{page}/access")
    assert before.status_code in {403, 404}
    answer = api("bob", "POST", f"/pages/{page}/access")
    assert (answer.status_code, answer.json()) == (200, {"id": page, "files": 1})
    restrictions = _restrictions(live, page)
    assert live.app_user in restrictions["update"]
    assert restrictions["read"] == [] or live.app_user in restrictions["read"]
    live.settle()
    assert api.shown("alice", file)["protection"] == "protected"
    live.file(page, "plan.txt", author="bob", text="Bob's")
    live.settle()
    assert [name for name, _ in _versions(live, file)][:2] == ["alice", "bob"]
    assert _versions(live, file)[2][1] == b"first"
    assert _versions(live, file)[2][0] not in {"alice", "bob"}


def _restrictions(live: LiveApp, page: str) -> dict[str, list[str]]:
    with live.running.world.lock:
        content = live.running.world.sites["acme"].contents[int(page)]
        return {"read": sorted(content.read), "update": sorted(content.update)}


def test_an_open_page_stays_open(api: CheckedApi, live: LiveApp, page: str, file: str) -> None:
    """A list with the app alone would shut everybody out."""
    api.lock("alice", file)
    assert api("bob", "POST", f"/pages/{page}/access").status_code == 200
    assert _restrictions(live, page) == {"read": [], "update": []}


def test_an_app_access_rule_is_told(api: CheckedApi, live: LiveApp) -> None:
    """F52: what no restriction lifts is said, with what to do by hand."""
    page = live.page()
    with live.running.world.lock:
        site = live.running.world.sites["acme"]
        space = site.spaces[site.contents[int(page)].space_id]
        space.blocked_apps.add(live.app_user)
    try:
        answer = api("alice", "POST", f"/pages/{page}/access")
        assert refusal(answer) == APP_BLOCKED
        assert answer.json()["remedy"] == "by_hand"
    finally:
        with live.running.world.lock:
            space.blocked_apps.discard(live.app_user)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/pages/x/access", {}, 404),
        ("/pages/999999999999/access", {}, 404),
        ("/pages/{page}/access", {"requestId": "short"}, 422),
        ("/pages/{page}/access", {"account": "557058:b0b"}, 422),
    ],
)
def test_hostile_calls_are_refused(
    api: CheckedApi, live: LiveApp, page: str, path: str, body: Json, status: int
) -> None:
    """Nobody names whom to admit; nothing changes."""
    live.restrict(page, "alice")
    assert api("alice", "POST", path.format(page=page), body).status_code == status
    assert live.app_user not in _restrictions(live, page)["update"]


def test_a_restriction_that_lets_the_app_in_again_wakes_the_lock(
    api: CheckedApi, live: LiveApp, page: str, file: str
) -> None:
    """B3: done by hand in Confluence, an event tells it."""
    api.lock("alice", file)
    live.restrict(page, "alice", "bob")
    live.work(JobKind.RECONCILE, file)
    live.file(page, "plan.txt", author="bob", text="Bob's")
    live.restrict(page, "alice", "bob", live.app_user)
    live.settle()
    assert _versions(live, file)[-1][1] == b"first"
    assert len(_versions(live, file)) == 3


def test_copy_mode_wakes_what_waited_for_it(api: CheckedApi, live: LiveApp, page: str, file: str) -> None:
    """B3: a file that could not be restored is, as soon as a site admin allows the other way."""
    api.lock("alice", file)
    live.sql("update site_state set restore_works = false")
    try:
        live.file(page, "plan.txt", author="bob", text="Bob's")
        live.settle()
        assert api.shown("alice", file)["unprotectedReason"] == "restore_refused"
        seen = api("sam", "GET", "/settings").json()
        body = {"copyMode": True, "revision": seen["revision"]}
        assert api("sam", "PUT", "/settings", body).status_code == 200
        live.run_jobs()
        assert _versions(live, file)[-1][1] == b"first"
        body = {"copyMode": False, "revision": seen["revision"] + 1}
        assert api("sam", "PUT", "/settings", body).status_code == 200
    finally:
        live.sql("update site_state set restore_works = true")
