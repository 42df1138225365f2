"""`requestId`: a repeated call has the same outcome and one effect."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from simulator.world.seed import BOB, DANA
from tests.web.api.document import CheckedApi, refusal
from tests.web.live_app import Json, LiveApp, request_id

BREAK_REASON = "on leave"


@dataclass(frozen=True)
class Change:
    """A writing call on a file; `body` gets the id of Alice's lock, if it needs one."""

    name: str
    person: str
    method: str
    path: str
    body: Callable[[str], Json]
    other: Json
    held: bool = True
    status: int = 200
    asked: bool = False
    """Whether Bob has to have asked for the file."""


CHANGES = (
    Change("acquire", "alice", "POST", "lock", lambda _: {"note": "mine"}, {"note": "yours"}, held=False, status=201),
    Change("extend", "alice", "POST", "lock/extend", lambda lock: {"lockId": lock, "hours": 5}, {"hours": 6}),
    Change("release", "alice", "POST", "lock/release", lambda lock: {"lockId": lock}, {"lockId": "0" * 32}),
    Change("break", "dana", "POST", "lock/break", lambda lock: {"lockId": lock, "reason": BREAK_REASON},
           {"reason": "another"}),
    Change("take over", "sam", "POST", "lock/take-over", lambda lock: {"lockId": lock, "reason": BREAK_REASON},
           {"reason": "another"}, status=201),
    Change("request", "bob", "POST", "lock/request", lambda lock: {"lockId": lock}, {"message": "please"}),
    Change("cancel request", "bob", "POST", "lock/cancel-request", lambda lock: {"lockId": lock}, {"lockId": "0" * 32},
           asked=True),
    Change("decline", "alice", "POST", "lock/decline", lambda lock: {"lockId": lock, "accountId": BOB},
           {"note": "later"}, asked=True),
    Change("hand over", "alice", "POST", "lock/hand-over", lambda lock: {"lockId": lock, "accountId": BOB},
           {"accountId": DANA}, asked=True),
)  # fmt: skip
EACH = pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)


@pytest.fixture
def file(live: LiveApp) -> str:
    return live.file(live.page())


def _prepared(api: CheckedApi, file: str, change: Change) -> str:
    hold = str(api.lock("alice", file)["lockId"]) if change.held else ""
    if change.asked:
        assert api("bob", "POST", f"/attachments/{file}/lock/request", {"lockId": hold}).ok
    return hold


@EACH
def test_a_repeated_call_has_one_effect(api: CheckedApi, live: LiveApp, file: str, change: Change) -> None:
    """L-12: also with the id written as `att…`: same status and lock, nothing written twice."""
    hold = _prepared(api, file, change)
    body = {**change.body(hold), "requestId": request_id()}
    first = api(change.person, change.method, f"/attachments/{file}/{change.path}", body)
    assert first.status_code == change.status
    stored, audit = live.properties(file), live.audit()
    for id_ in (file, f"att{file}"):
        again = api(change.person, change.method, f"/attachments/{id_}/{change.path}", body)
        assert again.status_code == change.status
        for name in ("state", "lockId", "expiresAt", "note", "lastEnded"):
            assert again.json()["lock"][name] == first.json()["lock"][name]
    assert (live.properties(file), live.audit()) == (stored, audit)


@EACH
def test_another_body_under_the_same_id_is_refused(api: CheckedApi, live: LiveApp, file: str, change: Change) -> None:
    """L-12: another body, call or file under the same id: 422 request_id_reused, no effect."""
    hold = _prepared(api, file, change)
    other_file = live.file(live.page())
    name = request_id()
    body = {**change.body(hold), "requestId": name}
    path = f"/attachments/{file}/{change.path}"
    assert api(change.person, change.method, path, body).status_code == change.status
    stored, audit = live.properties(file), live.audit()
    reused = [
        api(change.person, change.method, path, {**body, **change.other}),
        api(change.person, change.method, f"/attachments/{other_file}/{change.path}", body),
        api(change.person, "PUT", f"/attachments/{file}/notify-me", {"requestId": name}),
        api(change.person, "POST", f"/attachments/{other_file}/lock", {"requestId": name, "note": "x"}),
    ]
    assert {refusal(answer) for answer in reused} == {(422, "request_id_reused")}
    assert (live.properties(file), live.properties(other_file), live.audit()) == (stored, {}, audit)


def test_ids_belong_to_their_person(api: CheckedApi, live: LiveApp) -> None:
    page, name = live.page(), request_id()
    files = {who: live.file(page) for who in ("alice", "bob")}
    answers = {who: api(who, "POST", f"/attachments/{file}/lock", {"requestId": name}) for who, file in files.items()}
    assert [answer.status_code for answer in answers.values()] == [201, 201]
    assert len({answer.json()["lock"]["lockId"] for answer in answers.values()}) == 2


def test_a_repeated_refusal_is_the_same_refusal(api: CheckedApi, file: str) -> None:
    """A refused call stays refused under its id, with the current lock; a new id can succeed."""
    hold = api.lock("alice", file)
    body = {"requestId": request_id()}
    path = f"/attachments/{file}/lock"
    assert refusal(api("bob", "POST", path, body)) == (409, "already_locked")
    api("alice", "POST", f"{path}/release", {"lockId": hold["lockId"]})
    again = api("bob", "POST", path, body)
    assert refusal(again) == (409, "already_locked")
    assert again.json()["lock"]["state"] == "free"
    assert api("bob", "POST", path).status_code == 201


def test_twins_at_the_same_time_have_one_effect(api: CheckedApi, live: LiveApp, file: str) -> None:
    """L-12, L-10: eight equal requests at once make one lock: each is 201 with it, 409 in_progress, or 429."""
    body, audit = {"requestId": request_id(), "note": "one"}, len(live.audit())
    live.token("alice")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: live.call("alice", "POST", f"/attachments/{file}/lock", body), range(8)))
    done = [answer.json()["lock"]["lockId"] for answer in answers if answer.status_code == 201]
    waiting = [refusal(answer) for answer in answers if answer.status_code != 201]
    assert len(set(done)) == 1
    assert set(waiting) <= {(409, "in_progress"), (429, "too_many_requests")}
    assert api("alice", "POST", f"/attachments/{file}/lock", body).json()["lock"]["lockId"] == done[0]
    assert live.properties(file)["lockpointlock"][0] == 1
    assert len(live.audit()) == audit + 1


def test_a_late_repeat_does_not_queue_again(api: CheckedApi, live: LiveApp, file: str) -> None:
    """Ask, cancel, repeat the first request: the person stays off the waitlist."""
    api.lock("alice", file)
    path, asked = f"/attachments/{file}/notify-me", {"requestId": request_id()}
    taken_back = {"requestId": request_id()}
    in_line = {"notifyMe": {"asked": True, "count": 1, "position": 1}}
    out = {"notifyMe": {"asked": False, "count": 0, "position": None}}
    assert api("bob", "PUT", path, asked).json() == in_line
    assert api("bob", "PUT", path, asked).json() == in_line
    assert api("bob", "DELETE", path, taken_back).json() == out
    stored = live.properties(file)
    assert api("bob", "PUT", path, asked).json() == out
    assert live.properties(file) == stored
    assert refusal(api("bob", "DELETE", path, asked)) == (422, "request_id_reused")
    assert api("bob", "PUT", path).json() == in_line
    assert api("bob", "DELETE", path, taken_back).json() == in_line


def test_a_repeated_change_of_settings_is_a_success(api: CheckedApi) -> None:
    """A repeated request succeeds; the revision grows once."""
    revision = api("sam", "GET", "/settings").json()["revision"]
    body = {"requestId": request_id(), "copyMode": True, "revision": revision}
    answers = [api("sam", "PUT", "/settings", body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert {(a.json()["copyMode"], a.json()["revision"]) for a in answers} == {(True, revision + 1)}
    assert refusal(api("sam", "PUT", "/settings", {**body, "copyMode": False})) == (422, "request_id_reused")
    back = api("sam", "PUT", "/settings", {"copyMode": False, "revision": revision + 1})
    assert (back.status_code, back.json()["copyMode"]) == (200, False)


def test_a_late_repetition_does_not_begin_the_same_lock_again(api: CheckedApi, live: LiveApp, file: str) -> None:
    """Alice's call was stored and never answered; two locks later it is 412, and the file is as Bob left it."""
    body = {"requestId": request_id()}
    lock = api("alice", "POST", f"/attachments/{file}/lock", body).json()["lock"]
    unanswered = "update request_outcome set done = false, status = null, busy_until = now() where request_id = %s"
    live.database.execute("delete from lock_witness where attachment_id = %s", [file])
    live.database.execute("delete from audit_event where attachment_id = %s", [file])
    live.database.execute(unanswered, [body["requestId"]])
    ending = {"lockId": lock["lockId"], "reason": BREAK_REASON}
    assert api("dana", "POST", f"/attachments/{file}/lock/break", ending).status_code == 200
    of_bob = api.lock("bob", file)["lockId"]
    assert api("bob", "POST", f"/attachments/{file}/lock/release", {"lockId": of_bob}).status_code == 200
    for _ in range(2):
        assert refusal(api("alice", "POST", f"/attachments/{file}/lock", body)) == (412, "lock_lost")
    assert api.shown("alice", file)["state"] == "free"
