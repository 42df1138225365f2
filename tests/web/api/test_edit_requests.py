"""P-11 over HTTP: asking the owner for a file, the answer, and the hand-over; the other site stays as it was."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from lockpoint.services.ports.jobs import JobKind
from simulator.world.seed import ALICE, BOB, CHARLIE, DANA
from tests.web.api.document import CheckedApi, refusal
from tests.web.doors import BOTH_DOORS
from tests.web.live_app import Json, LiveApp

pytestmark = BOTH_DOORS

WORDS = "Could I have it until noon? \U0001f642"


@pytest.fixture
def file(live: LiveApp) -> str:
    return live.file(live.page())


@pytest.fixture
def lock_id(api: CheckedApi, file: str) -> str:
    return str(api.lock("alice", file, note="mine", unlockOnUpload=True)["lockId"])


def _call(api: CheckedApi, person: str, file: str, what: str, lock_id: str, **more: object) -> tuple[int, Json]:
    answer = api(person, "POST", f"/attachments/{file}/lock/{what}", {"lockId": lock_id, **more})
    return answer.status_code, dict(answer.json())


def test_a_file_is_asked_for_and_handed_over(api: CheckedApi, live: LiveApp, file: str, lock_id: str) -> None:
    """P-11: what each of the four sees, and what Confluence and the audit log keep."""
    status, body = _call(api, "bob", file, "request", lock_id, message=WORDS)
    assert (status, body["lock"]["state"]) == (200, "other")
    assert [one["message"] for one in body["lock"]["requests"]] == [WORDS]
    assert body["lock"]["can"]["cancelRequest"]
    mine = api.shown("alice", file)
    (asked,) = mine["requests"]
    assert (asked["person"]["accountId"], asked["message"], asked["declinedAt"]) == (BOB, WORDS, None)
    assert (mine["can"]["decline"], mine["can"]["handOver"]) == (True, True)
    assert api.shown("charlie", file)["requests"] == []
    seen = api.shown("dana", file)
    assert [one["message"] for one in seen["requests"]] == [None]
    assert (seen["can"]["handOver"], seen["can"]["decline"]) == (True, False)
    status, body = _call(api, "alice", file, "hand-over", lock_id, accountId=BOB)
    lock = body["lock"]
    assert (status, lock["state"], lock["holder"]["accountId"], lock["requests"]) == (200, "other", BOB, [])
    new = api.shown("bob", file)
    assert (new["state"], new["note"], new["unlockOnUpload"]) == ("mine", None, False)
    assert new["lockId"] not in {None, lock_id}
    assert (new["lastEnded"]["reason"], new["lastEnded"]["by"]["accountId"]) == ("handed_over", ALICE)
    assert refusal(api("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": lock_id})) == (412, "lock_lost")
    live.settle()
    assert live.properties(file)["lockpointwatch"][1]["requests"] == []
    assert "handed_over" in " ".join(live.audit())
    assert WORDS not in repr(live.rows())


def test_a_request_is_declined_and_withdrawn(api: CheckedApi, file: str, lock_id: str) -> None:
    """P-11: the note reaches who asked; a withdrawn request is gone."""
    _call(api, "bob", file, "request", lock_id)
    _call(api, "dana", file, "request", lock_id)
    status, body = _call(api, "alice", file, "decline", lock_id, accountId=BOB, note="on Monday")
    assert (status, [one["person"]["accountId"] for one in body["lock"]["requests"]]) == (200, [DANA])
    (own,) = api.shown("bob", file)["requests"]
    assert (own["note"], own["declinedAt"] is not None) == ("on Monday", True)
    assert _call(api, "dana", file, "cancel-request", lock_id)[1]["lock"]["can"]["cancelRequest"] is False
    assert api.shown("alice", file)["requests"] == []
    assert _call(api, "alice", file, "hand-over", lock_id, accountId=DANA)[0] == 422


REFUSALS: list[tuple[str, str, Json, tuple[int, str]]] = [
    ("charlie", "request", {}, (403, "forbidden")),
    ("alice", "request", {}, (422, "invalid_request")),
    ("bob", "decline", {"accountId": DANA}, (403, "forbidden")),
    ("dana", "decline", {"accountId": DANA}, (403, "forbidden")),
    ("alice", "decline", {"accountId": CHARLIE}, (422, "invalid_request")),
    ("alice", "hand-over", {"accountId": CHARLIE}, (422, "invalid_request")),
    ("alice", "hand-over", {"accountId": ALICE}, (422, "invalid_request")),
    ("bob", "hand-over", {"accountId": DANA, "reason": "x"}, (403, "forbidden")),
    ("sam", "hand-over", {"accountId": DANA}, (422, "invalid_request")),
    ("dana", "hand-over", {"accountId": DANA, "reason": "x"}, (422, "invalid_request")),
]


def test_refusals(api: CheckedApi, live: LiveApp, file: str, lock_id: str) -> None:
    """L-63: nothing changes."""
    _call(api, "dana", file, "request", lock_id)
    before = live.properties(file)
    for person, what, more, expected in REFUSALS:
        answer = api(person, "POST", f"/attachments/{file}/lock/{what}", {"lockId": lock_id, **more})
        assert refusal(answer) == expected, (person, what)
    assert live.properties(file) == before


@pytest.mark.parametrize("what", ["request", "decline", "hand-over"])
def test_a_lock_that_is_over(api: CheckedApi, file: str, lock_id: str, what: str) -> None:
    """L-03: 412 with the present lock; withdrawing is fine."""
    _call(api, "bob", file, "request", lock_id)
    api("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": lock_id})
    person = "bob" if what == "request" else "alice"
    more = {} if what == "request" else {"accountId": BOB}
    status, body = _call(api, person, file, what, lock_id, **more)
    assert (status, body["error"], body["lock"]["state"]) == (412, "lock_lost", "free")
    assert _call(api, "bob", file, "cancel-request", lock_id)[0] == 200


def test_who_lost_the_right_to_edit_gets_no_lock(api: CheckedApi, live: LiveApp) -> None:
    """L-15: asked at that moment, as that person."""
    page = live.page()
    file = live.file(page)
    lock_id = api.lock("alice", file)["lockId"]
    _call(api, "bob", file, "request", lock_id)
    live.restrict(page, "alice", "dana", live.app_user)
    assert _call(api, "alice", file, "hand-over", lock_id, accountId=BOB)[0] == 422
    assert api.shown("alice", file)["state"] == "mine"


def test_a_pending_overwrite_is_undone_first(api: CheckedApi, live: LiveApp) -> None:
    """Settle before you move."""
    page = live.page()
    file = live.file(page, "offer.txt")
    lock_id = api.lock("alice", file)["lockId"]
    _call(api, "bob", file, "request", lock_id)
    live.file(page, "offer.txt", author="dana", text="Dana's")
    assert _call(api, "alice", file, "hand-over", lock_id, accountId=BOB)[0] == 200
    assert len(live.running.world.sites["acme"].attachments[int(file)].versions) == 3
    live.settle()
    assert (api.shown("bob", file)["state"], api.shown("bob", file)["protection"]) == ("mine", "protected")


def test_hand_overs_and_a_take_over_at_once(api: CheckedApi, live: LiveApp) -> None:
    """I1: whatever the order, one holder, and each call is told the truth."""
    for _ in range(3):
        file = live.file(live.page())
        lock_id = str(api.lock("alice", file)["lockId"])
        for person in ("bob", "sam"):
            _call(api, person, file, "request", lock_id)
        sam = api.shown("sam", file)["requests"][-1]["person"]["accountId"]
        path = f"/attachments/{file}/lock"
        calls = [
            ("alice", f"{path}/hand-over", {"lockId": lock_id, "accountId": BOB}),
            ("alice", f"{path}/hand-over", {"lockId": lock_id, "accountId": sam}),
            ("dana", f"{path}/take-over", {"lockId": lock_id, "reason": "now me"}),
            ("bob", f"{path}/cancel-request", {"lockId": lock_id}),
        ]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda call: live.call(call[0], "POST", call[1], call[2]), calls))
        won = [answer.status_code for answer in answers[:3] if answer.ok]
        assert len(won) == 1, [answer.text for answer in answers]
        assert {refusal(answer) for answer in answers[:3] if not answer.ok} <= {
            (412, "lock_lost"),
            (422, "invalid_request"),
            (503, "busy"),
        }
        live.run_jobs(JobKind.RECONCILE)
        assert api.shown("alice", file)["state"] == "other"


def test_the_owner_says_more_of_a_lock_they_have(api: CheckedApi, live: LiveApp) -> None:
    """E39: by locking again or by an extension; an upload from before does not count as the next one."""
    page = live.page()
    file = live.file(page, "plan.txt")
    lock_id = api.lock("alice", file, note="first")["lockId"]
    live.file(page, "plan.txt", text="before")
    again = api("alice", "POST", f"/attachments/{file}/lock", {"note": "second", "unlockOnUpload": True}).json()["lock"]
    assert (again["lockId"], again["note"], again["unlockOnUpload"]) == (lock_id, "second", True)
    live.settle()
    assert api.shown("bob", file)["note"] == "second"
    api("alice", "POST", f"/attachments/{file}/lock/extend", {"lockId": lock_id, "note": ""})
    shown = api.shown("bob", file)
    assert (shown["state"], shown["note"], shown["unlockOnUpload"]) == ("other", None, True)


def test_the_owner_wishes_for_the_end_at_the_next_upload(api: CheckedApi, live: LiveApp) -> None:
    """L-24: by an extension; an upload from before does not count."""
    page = live.page()
    file = live.file(page, "plan.txt")
    lock_id = api.lock("alice", file)["lockId"]
    live.file(page, "plan.txt", text="before")
    body = {"lockId": lock_id, "unlockOnUpload": True}
    extended = api("alice", "POST", f"/attachments/{file}/lock/extend", body)
    assert (extended.status_code, extended.json()["lock"]["unlockOnUpload"]) == (200, True)
    live.settle()
    assert api.shown("alice", file)["state"] == "mine"
    live.file(page, "plan.txt", text="the next")
    live.settle()
    assert api.shown("alice", file)["lastEnded"]["reason"] == "released"
