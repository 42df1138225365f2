"""`/api/v1` call by call: statuses, codes and bodies as the document and docs/api-errors.md state."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lockpoint import bootstrap
from lockpoint.services.ports.jobs import JobKind
from simulator.world.seed import ALICE, BOB, CHARLIE, DANA, PRIVATE_FILE_ID, PRIVATE_PAGE_ID
from tests.web.api.document import CheckedApi, refusal
from tests.web.doors import BOTH_DOORS
from tests.web.live_app import LiveApp

pytestmark = BOTH_DOORS

FLAGS = (
    *("lock", "release", "extend", "break", "takeOver", "notifyMe", "giveAccess"),
    *("request", "cancelRequest", "decline", "handOver"),
)
NOTHING = dict.fromkeys(FLAGS, False)
NOBODY = {"asked": False, "count": 0, "position": None}
WRONG_LOCK = "0" * 32


@pytest.fixture
def file(live: LiveApp) -> str:
    return live.file(live.page())


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_free_file_is_shown_free(api: CheckedApi, file: str) -> None:
    """Lock fields are null; editors may lock."""
    assert api.shown("bob", file) == {
        "state": "free", "lockId": None, "holder": None, "since": None, "expiresAt": None, "secondsLeft": None,
        "note": None, "unlockOnUpload": False, "protection": "protected", "unprotectedReason": None,
        "pausedUntil": None,
        "notifyMe": NOBODY, "requests": [], "can": {**NOTHING, "lock": True}, "lastEnded": None,
    }  # fmt: skip
    assert api.shown("charlie", file)["can"] == NOTHING


def test_acquire_answers_201_with_the_hold(api: CheckedApi, file: str) -> None:
    """201 with the lock as the holder sees it and the chosen options."""
    options = {"hours": 2, "note": "quarterly\tfigures\nplease wait", "unlockOnUpload": True, "seenVersion": 1}
    answer = api("alice", "POST", f"/attachments/{file}/lock", options)
    body: dict[str, Any] = answer.json()
    lock = body["lock"]
    assert (answer.status_code, body["id"], body["warning"], lock["state"]) == (201, file, None, "mine")
    assert (lock["note"], lock["unlockOnUpload"], lock["protection"]) == (options["note"], True, "protected")
    assert lock["holder"]["accountId"] == ALICE
    assert lock["can"] == {**NOTHING, "release": True, "extend": True}
    assert _moment(lock["expiresAt"]) - _moment(lock["since"]) == timedelta(hours=2)
    assert 7190 <= lock["secondsLeft"] <= 7200
    assert abs(_moment(body["serverTime"]) - _moment(lock["since"])) < timedelta(seconds=10)


def test_acquiring_again_extends_with_200(api: CheckedApi, file: str) -> None:
    """The same lock; its duration counts from now."""
    first = api.lock("alice", file, hours=1)
    again = api("alice", "POST", f"/attachments/{file}/lock", {"hours": 5})
    assert again.status_code == 200
    assert again.json()["lock"]["lockId"] == first["lockId"]
    assert again.json()["lock"]["secondsLeft"] > 4 * 3600


def test_others_see_the_holder_and_what_they_may_do(api: CheckedApi, file: str) -> None:
    """Others see holder, since, expiry and note, and what they may do."""
    mine = api.lock("alice", file, note="mine")
    seen = {who: api.shown(who, file) for who in ("bob", "charlie", "dana", "sam")}
    for lock in seen.values():
        assert lock["state"] == "other"
        assert lock["holder"] == {"accountId": ALICE, "displayName": "Alice Arden"}
        assert {name: lock[name] for name in ("lockId", "since", "expiresAt", "note")} == {
            name: mine[name] for name in ("lockId", "since", "expiresAt", "note")
        }
    waits = {**NOTHING, "notifyMe": True}
    editors = {**waits, "request": True}
    managers = {**editors, "break": True, "takeOver": True}
    assert {who: lock["can"] for who, lock in seen.items()} == {
        "bob": editors, "charlie": waits, "dana": managers, "sam": managers,
    }  # fmt: skip


def test_the_loser_gets_the_winner(api: CheckedApi, file: str) -> None:
    """L-10: 409 already_locked with the current lock as the second person sees it."""
    api.lock("alice", file, note="sorry")
    answer = api("bob", "POST", f"/attachments/{file}/lock")
    assert refusal(answer) == (409, "already_locked")
    assert answer.json()["lock"] == {**api.shown("bob", file), "secondsLeft": answer.json()["lock"]["secondsLeft"]}


@pytest.mark.parametrize("form", ["{}", "att{}"])
def test_ids_with_and_without_att(api: CheckedApi, file: str, form: str) -> None:
    """L-01: attachment ids are accepted with and without `att` on every route, and answered without."""
    id_ = form.format(file)
    hold = api("alice", "POST", f"/attachments/{id_}/lock").json()
    lock_id = hold["lock"]["lockId"]
    answers = [
        api("alice", "GET", f"/attachments/{id_}/lock"),
        api("alice", "POST", f"/attachments/{id_}/lock/extend", {"lockId": lock_id}),
        api("bob", "PUT", f"/attachments/{id_}/notify-me"),
        api("bob", "DELETE", f"/attachments/{id_}/notify-me"),
        api("dana", "POST", f"/attachments/{id_}/lock/take-over", {"lockId": lock_id, "reason": "now me"}),
    ]
    new_id = answers[-1].json()["lock"]["lockId"]
    answers.append(api("sam", "POST", f"/attachments/{id_}/lock/break", {"lockId": new_id, "reason": "enough"}))
    answers.append(api("dana", "POST", f"/attachments/{id_}/lock/release", {"lockId": WRONG_LOCK}))
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 201, 200, 412]
    assert {answer.json().get("id", file) for answer in answers} == {file} == {hold["id"]}


def test_release_twice_is_no_error(api: CheckedApi, file: str) -> None:
    """L-23: 200 with the free file and how the lock ended."""
    lock = api.lock("alice", file)
    for _ in range(2):
        answer = api("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": lock["lockId"]})
        assert answer.status_code == 200
        free = answer.json()["lock"]
        assert (free["state"], free["lockId"], free["can"]) == ("free", None, {**NOTHING, "lock": True})
        assert free["lastEnded"]["reason"] == "released"
        assert free["lastEnded"]["by"]["accountId"] == ALICE


def test_extend_counts_from_now(api: CheckedApi, file: str) -> None:
    """L-31: longer than the site allows: 422 with the maximum."""
    lock = api.lock("alice", file, hours=1)
    longer = api("alice", "POST", f"/attachments/{file}/lock/extend", {"lockId": lock["lockId"], "hours": 10})
    assert longer.status_code == 200
    assert longer.json()["lock"]["lockId"] == lock["lockId"]
    assert longer.json()["lock"]["secondsLeft"] > 9 * 3600
    endless = api("alice", "POST", f"/attachments/{file}/lock/extend", {"lockId": lock["lockId"], "hours": 8760})
    assert refusal(endless) == (422, "invalid_request")
    assert endless.json()["longestHours"] == 720
    assert api.shown("alice", file)["secondsLeft"] < 10 * 3600 + 1


def test_break_ends_it_and_tells_why(api: CheckedApi, file: str) -> None:
    """L-23: who, when and why stay with the file; the old holder's calls are lock_lost."""
    lock = api.lock("alice", file)
    broken = api(
        "dana", "POST", f"/attachments/{file}/lock/break", {"lockId": lock["lockId"], "reason": "  on leave  "}
    )
    assert (broken.status_code, broken.json()["lock"]["state"]) == (200, "free")
    late = api("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": lock["lockId"]})
    assert refusal(late) == (412, "lock_lost")
    ended = late.json()["lock"]["lastEnded"]
    assert ended == {
        "reason": "broken",
        "by": {"accountId": DANA, "displayName": "Dana Diaz"},
        "at": ended["at"],
        "why": "on leave",
    }
    lost = api("alice", "POST", f"/attachments/{file}/lock/extend", {"lockId": lock["lockId"]})
    assert refusal(lost) == (412, "lock_lost")


def test_take_over_is_a_new_hold(api: CheckedApi, file: str) -> None:
    """L-25: 201 with a new lock; a stale tab of the old holder cannot change it."""
    old = api.lock("alice", file)
    taken = api(
        "sam",
        "POST",
        f"/attachments/{file}/lock/take-over",
        {"lockId": old["lockId"], "reason": "needed", "hours": 3, "note": "Sam's", "unlockOnUpload": True},
    )
    lock = taken.json()["lock"]
    assert (taken.status_code, lock["state"], lock["note"], lock["unlockOnUpload"]) == (201, "mine", "Sam's", True)
    assert lock["lockId"] != old["lockId"]
    for action in ("release", "extend"):
        stale = api("alice", "POST", f"/attachments/{file}/lock/{action}", {"lockId": old["lockId"]})
        assert refusal(stale) == (412, "lock_lost")
        assert stale.json()["lock"]["lockId"] == lock["lockId"]
    assert api.shown("alice", file)["lastEnded"]["reason"] == "taken_over"
    assert api.shown("sam", file)["lockId"] == lock["lockId"]


def test_wrong_lock_id_is_lock_lost(api: CheckedApi, file: str) -> None:
    """L-03: break and take over name a lock: for another one, 412 with the current lock."""
    lock = api.lock("alice", file)
    for action in ("break", "take-over"):
        wrong = api("dana", "POST", f"/attachments/{file}/lock/{action}", {"lockId": WRONG_LOCK, "reason": "x"})
        assert refusal(wrong) == (412, "lock_lost")
        assert wrong.json()["lock"]["lockId"] == lock["lockId"]
    assert api.shown("alice", file)["lockId"] == lock["lockId"]


def test_managers_release_their_own(api: CheckedApi, file: str) -> None:
    """One's own lock is released, not broken or taken over: 422."""
    lock = api.lock("dana", file)
    for action in ("break", "take-over"):
        own = api("dana", "POST", f"/attachments/{file}/lock/{action}", {"lockId": lock["lockId"], "reason": "x"})
        assert refusal(own) == (422, "invalid_request")


def test_out_of_date_names_the_newer_version(api: CheckedApi, live: LiveApp) -> None:
    """L-13: 409 out_of_date with number, author and date of the newest version."""
    page = live.page()
    file = live.file(page, "plan.txt")
    live.file(page, "plan.txt", author="bob", text="second")
    answer = api("alice", "POST", f"/attachments/{file}/lock", {"seenVersion": 1})
    assert refusal(answer) == (409, "out_of_date")
    assert (answer.json()["version"], answer.json()["author"]) == (2, BOB)
    assert datetime.now(UTC) - _moment(answer.json()["created"]) < timedelta(minutes=5)  # noqa: TID251 - the real one
    assert api.shown("alice", file)["state"] == "free"
    assert api("alice", "POST", f"/attachments/{file}/lock", {"seenVersion": 2}).status_code == 201


def test_a_version_is_known_by_the_time_of_its_making(api: CheckedApi, live: LiveApp) -> None:
    """The list says when the newest version was made; that it moved down a place changes nothing for who saw it."""
    page = live.page()
    file = live.file(page, "plan.txt")
    for text in ("second", "third"):
        live.file(page, "plan.txt", author="bob", text=text)
    (shown,) = api("alice", "GET", f"/pages/{page}/attachments").json()["items"]
    seen = {"seenVersion": shown["version"], "seenVersionCreated": shown["versionCreated"]}
    live.control("sites/acme/delete-version", account="alice", attachmentId=file, version=2)
    taken = api("alice", "POST", f"/attachments/{file}/lock", seen)
    assert (shown["version"], taken.status_code) == (3, 201)
    api("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": taken.json()["lock"]["lockId"]})
    live.file(page, "plan.txt", author="bob", text="third again in number")
    assert refusal(api("alice", "POST", f"/attachments/{file}/lock", seen)) == (409, "out_of_date")
    assert api("alice", "POST", f"/attachments/{file}/lock", {"seenVersion": 3}).status_code == 201


def test_who_takes_a_file_over_waits_no_longer(api: CheckedApi, live: LiveApp, file: str) -> None:
    """Dana waits, takes the file over, and is off the waitlist; its end is no news of a free file for her."""
    lock = api.lock("alice", file)
    for person in ("charlie", "dana", "bob"):
        assert api(person, "PUT", f"/attachments/{file}/notify-me").status_code == 200
    taking = {"lockId": lock["lockId"], "reason": "on leave"}
    taken = api("dana", "POST", f"/attachments/{file}/lock/take-over", taking).json()["lock"]
    assert taken["notifyMe"] == {"asked": False, "count": 2, "position": None}
    live.settle()
    assert live.properties(file)["lockpointwatch"][1]["askers"] == [CHARLIE, BOB]
    assert api.shown("bob", file)["notifyMe"] == {"asked": True, "count": 2, "position": 2}
    api("dana", "POST", f"/attachments/{file}/lock/release", {"lockId": taken["lockId"]})
    live.settle()
    told = live.database.execute(
        "select recipient from email_intent where attachment_id = %s and kind = 'file_available'", [file]
    )
    assert {person for (person,) in told.fetchall()} == {CHARLIE, BOB}


def test_an_old_overwrite_is_told_once(api: CheckedApi, live: LiveApp) -> None:
    """Days that are fewer than a lock lives: each look finds the overwrite again, nobody hears of it again."""
    page = live.page()
    file = live.file(page, "plan.txt")
    api.lock("alice", file, hours=720)
    live.file(page, "plan.txt", author="bob", text="Bob's")
    live.settle()
    told = live.database.execute("select id from email_intent where attachment_id = %s", [file]).fetchall()
    assert len(told) == 2
    for change in (
        "update email_intent set done = true, created_at = created_at - interval '8 days' where attachment_id = %s",
        "update restoration set at = at - interval '8 days' where attachment_id = %s",
    ):
        live.database.execute(change, [file])
    upkeep = bootstrap.build_upkeep(live.settings.model_copy(update={"retention_days": 3}))
    assert upkeep.purge().complete
    live.work(JobKind.RECONCILE, file)
    assert live.database.execute("select id from email_intent where attachment_id = %s", [file]).fetchall() == told
    assert not [row for row in live.rows()["email_intent"] if file in row and (ALICE in row or BOB in row)]


def test_rows_that_the_database_lost_are_filled_in(api: CheckedApi, live: LiveApp, file: str) -> None:
    """After a fail-over that lost commits each record write has its one row again."""
    lock = api.lock("alice", file)
    known = live.database.execute("select record from lock_witness where attachment_id = %s", [file]).fetchone()
    for hours in (50, 60, 70):
        extending = {"lockId": lock["lockId"], "hours": hours}
        assert api("alice", "POST", f"/attachments/{file}/lock/extend", extending).status_code == 200
    assert known is not None
    lost = "update lock_witness set seq = 1, record = %s where attachment_id = %s"
    live.database.execute(lost, [json.dumps(known[0]), file])
    live.database.execute("delete from audit_event where attachment_id = %s and seq > 1", [file])
    live.work(JobKind.RECONCILE, file)
    rows = live.database.execute(
        "select seq, kind, recovered from audit_event where attachment_id = %s order by seq", [file]
    )
    assert rows.fetchall() == [
        (1, "acquired", False), (2, "recovered", True), (3, "recovered", True), (4, "extended", True)
    ]  # fmt: skip


def test_blog_posts_have_locks_too(api: CheckedApi, live: LiveApp) -> None:
    post = live.page("blogpost")
    file = live.file(post)
    lock = api.lock("alice", file)
    listed = api("bob", "GET", f"/pages/{post}/attachments")
    assert [item["lock"]["state"] for item in listed.json()["items"]] == ["other"]
    released = api("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": lock["lockId"]})
    assert released.json()["lock"]["state"] == "free"


def test_page_that_shuts_the_app_out(api: CheckedApi) -> None:
    """L-15: where the app may not edit: 409 app_blocked; the file is shown unprotected."""
    file = str(PRIVATE_FILE_ID)
    answer = api("alice", "POST", f"/attachments/{file}/lock")
    assert refusal(answer) == (409, "app_blocked")
    assert (answer.json()["remedy"], answer.json()["pageId"]) == ("give_access", str(PRIVATE_PAGE_ID))
    shown = api.shown("alice", file)
    assert (shown["protection"], shown["unprotectedReason"]) == ("unprotected", "app_blocked")
    assert shown["can"] == {**NOTHING, "giveAccess": True}
    answer = api("alice", "POST", f"/attachments/{file}/lock/extend", {"lockId": WRONG_LOCK})
    assert refusal(answer) == (409, "app_blocked")
    assert refusal(api("bob", "POST", f"/attachments/{file}/lock")) == (404, "not_found")


def test_lock_on_a_page_that_was_shut_later(api: CheckedApi, live: LiveApp) -> None:
    """A lock on a page that later excludes the app stays and is shown unprotected."""
    page = live.page()
    file = live.file(page)
    api.lock("alice", file)
    live.restrict(page, "alice")
    lock = api.shown("alice", file)
    assert (lock["state"], lock["protection"], lock["unprotectedReason"]) == ("mine", "unprotected", "app_blocked")
    listed = api("alice", "GET", f"/pages/{page}/attachments").json()["items"][0]["lock"]
    assert (listed["state"], listed["unprotectedReason"]) == ("mine", "app_blocked")
    assert listed["can"] == {**NOTHING, "release": True, "giveAccess": True}


def test_trashed_file_is_not_locked(api: CheckedApi, live: LiveApp, file: str) -> None:
    live.control("sites/acme/trash", account="alice", attachmentId=file)
    assert refusal(api("alice", "POST", f"/attachments/{file}/lock")) == (422, "invalid_request")
    assert api.shown("alice", file)["can"]["lock"] is False


@pytest.mark.parametrize("status", ["archived", "trashed", "draft"])
def test_files_of_pages_nobody_edits(api: CheckedApi, live: LiveApp, status: str) -> None:
    page = live.page()
    file = live.file(page)
    live.control("sites/acme/page-status", account="alice", pageId=page, status=status)
    answer = api("alice", "POST", f"/attachments/{file}/lock")
    assert refusal(answer) == (422, "invalid_request")
    assert live.properties(file) == {}


def test_head_that_moves_meanwhile_is_warned_of(api: CheckedApi, live: LiveApp) -> None:
    """L-14: the lock's base is the new head; the answer warns of it."""
    page = live.page()
    file = live.file(page, "moving.txt")
    stored = f"attachments/(att)?{file}/properties"
    live.control("faults", kind="delay", method="POST", path=stored, seconds=0.4)
    answers = live.meanwhile(
        lambda: api("alice", "POST", f"/attachments/{file}/lock"),
        lambda: live.file(page, "moving.txt", author="bob", text="second"),
    )
    body = answers.json()
    assert (answers.status_code, body["lock"]["state"]) == (201, "mine")
    assert {name: body["warning"][name] for name in ("code", "author", "version")} == {
        "code": "head_moved", "author": BOB, "version": 2,
    }  # fmt: skip


def test_a_pause_shows_its_end_and_ends_by_itself(api: CheckedApi, live: LiveApp) -> None:
    """F27: four overwrites pause undoing for Bob, not for Erin; ten minutes later the first version is back."""
    page = live.page()
    file = live.file(page, "fight.txt")
    api.lock("alice", file)
    for number in range(4):
        live.file(page, "fight.txt", author="bob", text=f"Bob's {number}")
        live.settle()
    shown = api.shown("alice", file)
    assert (shown["protection"], shown["unprotectedReason"]) == ("unprotected", "paused")
    assert timedelta(minutes=10) <= _moment(shown["pausedUntil"]) - _moment(shown["since"]) < timedelta(minutes=11)
    live.file(page, "fight.txt", author="erin", text="Erin's")
    live.settle()
    assert api.shown("alice", file)["protection"] == "protected"
    live.file(page, "fight.txt", author="bob", text="Bob's last")
    live.settle()
    assert api.shown("bob", file)["unprotectedReason"] == "paused"
    live.sql("update restoration set at = at - interval '10 minutes'")
    live.sql("update procrastinate_jobs set scheduled_at = scheduled_at - interval '10 minutes'")
    live.settle()
    after = api.shown("alice", file)
    assert (after["protection"], after["pausedUntil"]) == ("protected", None)
    versions = live.running.world.sites["acme"].attachments[int(file)].versions
    assert versions[-1].data == versions[0].data
