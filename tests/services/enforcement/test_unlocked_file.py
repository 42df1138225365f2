"""P-09: in a strict space a file is locked before it is changed; what others upload or rename is undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.history.judge import FileStatus
from lockpoint.domain.settings import SpaceSettings
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.reconciliation.webhook_hints import Hint, take_hint
from lockpoint.services.tenancy import site_settings, space_settings
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, SAM
from tests.services.stage import Stage, untouched


def site_rules(stage: Stage, **changes: Any) -> None:
    sam = stage.world.actor(SAM)
    revision = site_settings.overview(stage.world.services, sam).settings.revision
    site_settings.change(stage.world.services, sam, revision=revision, changes=changes)


def space_rules(stage: Stage, space: str | None = None, **own: bool) -> None:
    dana, space = stage.world.actor(DANA), space or stage.world.site().space_id
    version = space_settings.overview(stage.world.services, dana, space).settings.version
    space_settings.change(stage.world.services, dana, space, SpaceSettings(own=own, version=version))


def upload(stage: Stage, who: str | None, content: bytes, *, minutes: float = 1) -> None:
    """Some time later, and the webhook arrives."""
    stage.world.clock.advance(minutes=minutes)
    stage.upload(who, content)
    hint(stage)


def hint(stage: Stage, **more: Any) -> int:
    queued = take_hint(stage.world.services, ACME, Hint(attachment_ids=(stage.file.id,), **more))
    stage.run_jobs(JobKind.RECONCILE, JobKind.TRASHED)
    return queued


@pytest.fixture(params=[site_rules, space_rules], ids=["the site", "the space"])
def strict(request: pytest.FixtureRequest, stage: Stage) -> Stage:
    """Alice's file has been there for a while."""
    stage.world.clock.advance(minutes=10)
    request.param(stage, strict=True)
    stage.world.clock.advance(minutes=1)
    return stage


def test_an_upload_without_a_lock_is_undone(strict: Stage) -> None:
    """P-09, M-04: its author is told to lock first, once; nobody else is."""
    upload(strict, BOB, b"Bob's")
    assert strict.content == b"first"
    assert strict.mails() == [(MailKind.UPLOAD_UNDONE, BOB, "strict")]
    rows = [(row.kind, row.account, row.lock_id, row.detail) for row in strict.world.tables.audit_of(ACME)]
    assert (AuditKind.CONFLICT, BOB, None, "undone") in rows
    for _ in range(3):
        hint(strict)
        strict.run_jobs(also_later=True)
    assert (strict.content, len(strict.file.versions), len(strict.mails())) == (b"first", 3, 1)


def test_also_that_of_the_author_of_the_file(strict: Stage) -> None:
    """Who owns it is nobody's word: the lock is."""
    upload(strict, ALICE, b"Alice's second")
    assert strict.content == b"first"


def test_several_uploads_at_once(strict: Stage) -> None:
    """L-45: one restore, both authors told."""
    strict.world.clock.advance(minutes=1)
    strict.upload(BOB, b"one")
    strict.upload(None, b"two")
    upload(strict, DANA, b"three")
    assert strict.content == b"first"
    assert strict.mails() == [(MailKind.UPLOAD_UNDONE, who, "strict") for who in sorted((BOB, DANA))]


def test_holders_change_their_files(strict: Stage) -> None:
    """The lock protects as ever; what it leaves is the base from then on."""
    lock_id = strict.lock().lock.lock_id or ""
    upload(strict, ALICE, b"Alice's second")
    assert strict.content == b"Alice's second"
    strict.world.clock.advance(minutes=1)
    strict.release(lock_id)
    strict.run_jobs()
    upload(strict, BOB, b"Bob's")
    assert strict.content == b"Alice's second"
    assert (MailKind.UPLOAD_UNDONE, BOB, "strict") in strict.mails()


def test_a_late_look_takes_our_undoing_for_no_late_restore(strict: Stage) -> None:
    """ADR 29: what is undone after a lock's end is not brought back."""
    lock_id = strict.lock().lock.lock_id or ""
    strict.release(lock_id)
    strict.run_jobs()
    upload(strict, BOB, b"Bob's")
    strict.run_jobs(also_later=True)
    assert (strict.content, strict.jobs(JobKind.CONFIRM)) == (b"first", [])


def test_an_upload_below_a_lock_that_begins_at_once_stands(strict: Stage) -> None:
    """Whoever locks finds what is there; nothing is undone below a lock."""
    strict.world.clock.advance(minutes=1)
    strict.upload(BOB, b"Bob's")
    strict.lock(BOB)
    hint(strict)
    assert strict.content == b"Bob's"


@pytest.mark.parametrize("call", ["attachments.versions", "attachments.version"])
def test_somebody_locks_between_read_and_write(strict: Stage, call: str) -> None:
    strict.world.clock.advance(minutes=1)
    strict.upload(BOB, b"Bob's")
    strict.taps.before[call, 1] = lambda: strict.lock(ALICE)
    strict.reconcile()
    assert strict.content == b"Bob's"


def test_it_is_switched_off_between_read_and_write(strict: Stage) -> None:
    strict.world.clock.advance(minutes=1)
    strict.upload(BOB, b"Bob's")

    def off() -> None:
        site_rules(strict, strict=False)
        space_rules(strict, strict=False)

    again = strict.taps.calls["attachments.get"] + 2
    strict.taps.before["attachments.get", again] = off
    strict.reconcile()
    assert strict.taps.calls["attachments.get"] >= again
    assert strict.content == b"Bob's"


def test_the_first_version_of_a_file_is_free(strict: Stage) -> None:
    """And is the base of the second."""
    strict.file = strict.world.add_file(BOB, content=b"new")
    hint(strict)
    assert (strict.content, strict.mails()) == (b"new", [])
    upload(strict, BOB, b"newer")
    assert strict.content == b"new"


def test_what_was_there_before_stands(stage: Stage) -> None:
    """The base is the newest version of when strictness began."""
    stage.world.clock.advance(minutes=10)
    stage.upload(BOB, b"before")
    stage.world.clock.advance(minutes=1)
    space_rules(stage, strict=True)
    upload(stage, CHARLIE, b"after")
    assert stage.content == b"before"
    assert untouched(stage)


def test_what_was_there_before_an_absence_and_during_it_stands(strict: Stage) -> None:
    """L-71: strict and switched off is switched off."""
    site_rules(strict, active=False)
    upload(strict, BOB, b"meanwhile")
    assert strict.content == b"meanwhile"
    strict.world.clock.advance(minutes=1)
    site_rules(strict, active=True)
    upload(strict, CHARLIE, b"after")
    assert strict.content == b"meanwhile"


def test_the_return_of_others_makes_nothing_free_here(stage: Stage) -> None:
    """L-71: a space that decides for itself was on all the time; no record says where an unlocked file is."""
    stage.world.clock.advance(minutes=10)
    space_rules(stage, active=True, strict=True)
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's, not heard of yet")
    for active in (False, True):
        stage.world.clock.advance(minutes=1)
        site_rules(stage, active=active)
    stage.world.clock.advance(minutes=1)
    hint(stage)
    assert stage.content == b"first"


def test_an_old_version_that_nobody_told_of_stands(strict: Stage) -> None:
    """What was not looked at within three hours was, for all people know, accepted."""
    strict.world.clock.advance(minutes=1)
    strict.upload(BOB, b"unheard")
    upload(strict, CHARLIE, b"heard", minutes=181)
    assert strict.content == b"unheard"


def test_names_are_given_back(strict: Stage) -> None:
    """P-06, P-09: as the switch for names says."""
    strict.world.clock.advance(minutes=1)
    title = strict.file.title
    strict.world.site().rename(strict.file.id, BOB, "other.txt")
    hint(strict)
    assert strict.file.title == title
    assert strict.mails() == [(MailKind.UPLOAD_UNDONE, BOB, "strict_renamed")]


def test_the_trash_is_left_alone(strict: Stage) -> None:
    """No version says whose it was; who holds no lock may throw away what nobody holds."""
    strict.world.clock.advance(minutes=1)
    strict.world.site().trash(strict.file.id)
    assert hint(strict, trashed_by=BOB) == 0
    strict.reconcile()
    assert strict.file.status is FileStatus.TRASHED


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        (CHARLIE, {"allowed_apps": [CHARLIE]}),
        (DANA, {"admins_may_overwrite": True}),
        (SAM, {"admins_may_overwrite": True}),
    ],
)
def test_who_may_overwrite_locks_needs_none(strict: Stage, who: str, allowed: dict[str, Any]) -> None:
    """P-07, P-08: such a version is the base from then on."""
    site_rules(strict, **allowed)
    upload(strict, who, b"theirs")
    assert strict.content == b"theirs"
    upload(strict, BOB, b"Bob's")
    assert strict.content == b"theirs"


def test_the_restore_budget(strict: Stage) -> None:
    """P-20: a client that uploads again and again comes to a pause."""
    for number in range(4):
        upload(strict, BOB, b"%d" % number)
    assert strict.content == b"3"
    assert {mail[0] for mail in strict.mails()} == {MailKind.UPLOAD_UNDONE}
    (again,) = strict.jobs(JobKind.RECONCILE)
    assert again.delay > timedelta()


def test_the_last_word_after_a_pause(strict: Stage) -> None:
    """P-20: is the version before."""
    for number in range(4):
        upload(strict, BOB, b"%d" % number)
    strict.world.clock.advance(minutes=11)
    strict.run_jobs(also_later=True)
    assert strict.content == b"first"


WHERE: dict[str, Callable[[Stage], object]] = {
    "elsewhere": lambda stage: space_rules(stage, "65539", strict=True),
    "not here": lambda stage: (site_rules(stage, strict=True), space_rules(stage, strict=False)),
    "nowhere any more": lambda stage: (space_rules(stage, strict=True), space_rules(stage)),
}


@pytest.mark.parametrize("where", WHERE)
def test_other_spaces_are_left_alone(stage: Stage, where: str) -> None:
    WHERE[where](stage)
    upload(stage, BOB, b"Bob's", minutes=10)
    assert (stage.content, stage.mails()) == (b"Bob's", [])


def test_a_site_without_strict_spaces_pays_nothing(stage: Stage) -> None:
    """No job, no call, and one round trip, as ever."""
    stage.upload(BOB, b"Bob's")
    stage.taps.clear()
    assert hint(stage) == 0
    assert stage.taps.order == ["held_file_jobs.defer"]
    assert stage.world.tables.jobs == []


def test_our_own_undoing_is_known_at_once(strict: Stage) -> None:
    """The webhook of our restore costs the look and the page, no list of versions."""
    upload(strict, BOB, b"Bob's")
    strict.taps.clear()
    hint(strict)
    assert "attachments.versions" not in strict.taps.calls


def test_a_crash_after_the_restore_tells_all_the_same(strict: Stage) -> None:
    """The next look finds our version by its comment."""
    strict.world.clock.advance(minutes=1)
    strict.upload(BOB, b"Bob's")
    strict.taps.before["effects.record", strict.taps.calls["effects.record"] + 1] = _die
    with pytest.raises(RuntimeError):
        strict.reconcile()
    strict.world.clock.advance(minutes=1)
    hint(strict)
    assert (strict.content, len(strict.file.versions)) == (b"first", 3)
    assert strict.mails() == [(MailKind.UPLOAD_UNDONE, BOB, "strict")]


def _die() -> None:
    raise RuntimeError
