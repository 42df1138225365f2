"""What becomes of a locked file: the whole application and the local Confluence, over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import redis

from lockpoint.services.errors import HostUnavailable
from lockpoint.services.ports.jobs import JobKind
from tests.e2e.system import wait_for
from tests.support import databases
from tests.web.live_app import LiveApp

SLOW_CREATION = {"kind": "delay", "method": "POST", "path": "/properties", "seconds": 1.0}
SLOW_WRITE = {"kind": "delay", "method": "PUT", "path": "/properties", "seconds": 1.0}
PDF = "application/pdf"


@dataclass(frozen=True)
class Scene:
    """A page with one file of Alice's."""

    live: LiveApp
    page: str
    file: str

    def upload(self, who: str, text: str, **more: str) -> None:
        body = {"account": who, "attachmentId": self.file, "fileName": "plan.txt", "text": text}
        self.live.control("sites/acme/upload", **(body | more))

    def act(self, what: str, who: str, **body: str) -> None:
        self.live.control(f"sites/acme/{what}", account=who, attachmentId=self.file, **body)

    @property
    def now(self) -> tuple[str, str, str, str]:
        """Text, name, media type, status."""
        with self.live.running.world.lock:
            file = self.live.running.world.sites["acme"].attachments[int(self.file)]
            return file.head.data.decode(), file.title, file.head.media_type, file.status

    @property
    def versions(self) -> list[str]:
        with self.live.running.world.lock:
            file = self.live.running.world.sites["acme"].attachments[int(self.file)]
            return [version.data.decode() for version in file.versions]

    def audit(self, kind: str) -> list[tuple[str | None, str | None]]:
        """Who and detail of the file's rows of a kind."""
        statement = "select account, detail from audit_event where attachment_id = %s and kind = %s order by at"
        return [(row[0], row[1]) for row in self.live.database.execute(statement, [self.file, kind]).fetchall()]

    def told(self, kind: str) -> int:
        """How many mails of a kind about the file are in the ledger."""
        statement = "select count(*) from email_intent where attachment_id = %s and kind = %s"
        row = self.live.database.execute(statement, [self.file, kind]).fetchone()
        return int(row[0]) if row else 0

    def slowly(self, fault: dict[str, Any], call: Callable[[], Any], event: Callable[[], object]) -> Any:
        """The answer of a call one of whose requests to Confluence waits while an event happens."""
        self.live.running.world.faults.add(fault)
        return self.live.meanwhile(call, event)

    def end(self, who: str, how: str, lock_id: str, **body: str) -> None:
        reason = {} if how == "release" else {"reason": "the audit needs it"}
        answer = self.live.call(
            who, "POST", f"/attachments/{self.file}/lock/{how}", {"lockId": lock_id, **reason, **body}
        )
        assert answer.ok, answer.text


@pytest.fixture
def scene(live: LiveApp, other_site_untouched: None) -> Iterator[Scene]:
    del other_site_untouched
    page = live.page()
    yield Scene(live, page, live.file(page, "plan.txt"))
    live.running.world.faults.clear()


def bob(scene: Scene) -> str:
    return next(one.account_id for one in scene.live.running.world.sites["acme"].people.values() if one.name == "bob")


def test_an_upload_while_a_lock_begins_is_protected(scene: Scene) -> None:
    """G2, E6."""
    call = scene.slowly(SLOW_CREATION, lambda: scene.live.call("alice", "POST", f"/attachments/{scene.file}/lock"),
                        lambda: scene.upload("bob", "Bob's, before the lock"))  # fmt: skip
    assert call.status_code == 201
    scene.live.settle()
    assert scene.audit("conflict") == []
    scene.upload("erin", "Erin's")
    scene.live.settle()
    assert scene.now[0] == "Bob's, before the lock"
    assert len(scene.audit("conflict")) == 1


def test_a_version_of_ours_that_is_shown_late_is_not_made_again(scene: Scene) -> None:
    """F15: reads lag by a second while events come in, among them the one of our own version."""
    scene.live.lock("alice", scene.file)
    scene.upload("bob", "Bob's")
    scene.live.drain()
    time.sleep(1.5)
    scene.live.running.world.faults.add({"kind": "stale", "method": "GET", "seconds": 1.0, "times": None})
    for _ in range(3):
        scene.live.work(JobKind.RECONCILE, scene.file)
    assert scene.versions == ["first", "Bob's", "first"]
    scene.live.running.world.faults.clear()
    time.sleep(1.0)
    scene.live.settle()
    assert scene.versions == ["first", "Bob's", "first"]
    assert (len(scene.audit("restored")), scene.told("upload_undone")) == (1, 1)


def test_a_cache_that_is_flushed_again_and_again_changes_no_answer(
    scene: Scene, servers: databases.Addresses, worker_id: str
) -> None:
    """E32, F36."""
    with redis.Redis.from_url(servers.valkey.format(databases.cache_number(worker_id))) as cache:
        lock_id = scene.live.lock("alice", scene.file)
        cache.flushdb()
        refused = scene.live.call("erin", "POST", f"/attachments/{scene.file}/lock")
        assert (refused.status_code, refused.json()["error"]) == (409, "already_locked")
        scene.upload("bob", "Bob's")
        cache.flushdb()
        scene.live.settle()
        assert scene.now[0] == "first"
        cache.flushdb()
        listed = scene.live.call("alice", "GET", f"/pages/{scene.page}/attachments").json()["items"]
        assert [item["lock"]["state"] for item in listed] == ["mine"]
        cache.flushdb()
        scene.end("alice", "release", lock_id)
    assert (len(scene.audit("restored")), len(scene.audit("released"))) == (1, 1)


def test_the_last_upload_before_a_take_over_is_protected(scene: Scene) -> None:
    """G2."""
    lock_id = scene.live.lock("alice", scene.file)
    body = {"lockId": lock_id, "reason": "the audit needs it"}
    path = f"/attachments/{scene.file}/lock/take-over"
    answer = scene.slowly(SLOW_WRITE, lambda: scene.live.call("dana", "POST", path, body),
                          lambda: scene.upload("alice", "Alice's last work"))  # fmt: skip
    assert answer.status_code == 201, answer.text
    scene.live.settle()
    scene.upload("bob", "Bob's")
    scene.live.settle()
    assert scene.now[0] == "Alice's last work"
    assert [account for account, _ in scene.audit("conflict")] == [bob(scene)]


def test_an_upload_while_a_lock_begins_does_not_end_it(scene: Scene) -> None:
    """G9, L-24."""
    body = {"unlockOnUpload": True}
    scene.slowly(SLOW_CREATION, lambda: scene.live.call("alice", "POST", f"/attachments/{scene.file}/lock", body),
                 lambda: scene.upload("alice", "seconds before"))  # fmt: skip
    scene.live.settle()
    assert scene.audit("released") == []
    scene.upload("alice", "the awaited one")
    scene.live.settle()
    assert len(scene.audit("released")) == 1


def test_a_look_does_not_outlive_its_lock(scene: Scene) -> None:
    """G1: the worker reads the history slowly; Alice releases; Bob's upload is free."""
    lock_id = scene.live.lock("alice", scene.file)
    scene.live.settle()
    scene.upload("bob", "Bob's overwrite")
    scene.live.drain()

    def release_and_upload() -> None:
        scene.end("alice", "release", lock_id)
        scene.upload("bob", "Bob's free upload")

    slow = {"kind": "delay", "method": "GET", "path": "/versions", "seconds": 2.0}
    scene.slowly(slow, scene.live.run_jobs, release_and_upload)
    scene.live.settle()
    assert scene.now[0] == "Bob's free upload"
    assert len(scene.audit("conflict")) == 1


def test_a_new_name_is_no_new_content(scene: Scene) -> None:
    """G3: Bob overwrites, Alice renames before a look."""
    scene.live.lock("alice", scene.file)
    scene.upload("bob", "Bob's")
    scene.act("rename", "alice", title="Alice's name.txt")
    scene.live.settle()
    assert scene.now[:2] == ("first", "Alice's name.txt")
    assert scene.audit("conflict") == [(bob(scene), "undone")]


@pytest.mark.parametrize(("who", "how"), [("alice", "release"), ("dana", "break")])
def test_an_end_undoes_what_lies_below_the_trash(scene: Scene, who: str, how: str) -> None:
    """G4, L-46."""
    lock_id = scene.live.lock("alice", scene.file)
    scene.live.settle()
    scene.upload("bob", "Bob's")
    scene.act("trash", "bob", force="true")
    scene.end(who, how, lock_id)
    scene.live.settle()
    assert scene.now == ("first", "plan.txt", "text/plain", "current")
    assert scene.audit("conflict") == [(bob(scene), "undone")]
    assert scene.told("upload_undone") == 1


def test_the_holders_own_trashing_forgets_no_overwrite(scene: Scene) -> None:
    """G5."""
    scene.live.lock("alice", scene.file)
    scene.live.settle()
    for number in range(3):
        scene.upload("bob", f"Bob's {number}")
    scene.act("trash", "alice")
    scene.live.settle()
    assert scene.now[3] == "trashed"
    assert len(scene.audit("conflict")) == 3
    assert scene.told("upload_undone") == 3


def test_a_host_that_fails_while_a_release_settles_hides_no_overwrite(scene: Scene) -> None:
    """G5."""
    lock_id = scene.live.lock("alice", scene.file)
    scene.live.settle()
    for number in range(3):
        scene.upload("bob", f"Bob's {number}")
    scene.live.running.world.faults.add({"kind": "status", "status": 500, "path": "/versions", "times": 4})
    scene.end("alice", "release", lock_id)
    scene.live.running.world.faults.clear()
    scene.live.settle()
    assert len(scene.audit("conflict")) == 3
    assert scene.told("upload_undone") == 3


@pytest.mark.parametrize("way", ["operation", "copy"])
def test_name_and_type_come_back_with_the_bytes(scene: Scene, way: str) -> None:
    """B1: one undoing, one mail to each."""
    live = scene.live
    if way == "copy":
        live.control("sites/acme/behaviour", restoreAttachments="refused")
        revision = live.call("sam", "GET", "/settings").json()["revision"]
        change = {"copyMode": True, "usageCounts": False, "revision": revision}
        assert live.call("sam", "PUT", "/settings", change).ok
    try:
        live.lock("alice", scene.file)
        live.settle()
        scene.upload("bob", "Bob's", fileName="plan.pdf", mediaType=PDF)
        live.settle()
        assert scene.now == ("first", "plan.txt", "text/plain", "current")
        assert scene.audit("conflict") == [(bob(scene), "undone")]
        assert len(scene.audit("restored")) == 1
        assert scene.audit("renamed_back") == []
        assert (scene.told("upload_undone"), scene.told("overwrite_attempt")) == (1, 1)
    finally:
        if way == "copy":
            live.control("sites/acme/behaviour", restoreAttachments="allowed")
            revision = live.call("sam", "GET", "/settings").json()["revision"]
            live.call("sam", "PUT", "/settings", {"copyMode": False, "usageCounts": False, "revision": revision})
            live.work(JobKind.SELF_TEST)


def test_a_break_whose_answer_was_lost_is_told_to_a_holder_who_locks_again(scene: Scene) -> None:
    """G10: the tombstone lands after Dana was told that nothing is known."""
    lock_id = scene.live.lock("alice", scene.file)
    scene.live.settle()
    scene.live.running.world.faults.add({"kind": "late", "method": "PUT", "path": "/properties", "seconds": 3.5})
    scene.live.running.world.faults.add({"kind": "drop", "method": "PUT", "path": "/properties", "times": None})
    body = {"lockId": lock_id, "reason": "the audit needs it"}
    answer = scene.live.call("dana", "POST", f"/attachments/{scene.file}/lock/break", body)
    assert answer.status_code == 503, answer.text
    scene.live.running.world.faults.clear()
    wait_for("the tombstone", lambda: scene.live.properties(scene.file)["lockpointlock"][1]["state"] == "free" or None)
    scene.live.lock("alice", scene.file)
    assert scene.told("lock_ended_by_other") == 1
    assert len(scene.audit("broken")) == 1


def test_a_restore_that_lands_after_the_release_buries_no_free_upload(scene: Scene) -> None:
    """G1: its answer was lost; by then Alice had released the lock, and Bob had uploaded again."""
    lock_id = scene.live.lock("alice", scene.file)
    scene.upload("bob", "Bob's")
    late = {"kind": "late", "method": "POST", "path": "/version$", "seconds": 2.5}
    scene.live.running.world.faults.add(late)
    with pytest.raises(HostUnavailable):
        scene.live.work(JobKind.RECONCILE, scene.file)
    scene.end("alice", "release", lock_id)
    scene.upload("bob", "Bob's, free")
    wait_for("the restore", lambda: scene.now[0] == "first" or None)
    subject = (
        "select args ->> 'subject' from procrastinate_jobs where task_name = 'confirm' and args ->> 'subject' like %s"
    )
    waiting = scene.live.database.execute(subject, [f"{scene.file}:%"]).fetchall()
    assert waiting
    for (each,) in waiting:
        scene.live.work(JobKind.CONFIRM, each)
    assert scene.now == ("Bob's, free", "plan.txt", "text/plain", "current")
    assert scene.audit("conflict") == [(bob(scene), "undone")]
