"""Who hears that a lock does not protect, or that undoing is paused."""

from __future__ import annotations

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.domain.settings import SpaceSettings
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.reconciliation.reconcile import reconcile
from lockpoint.services.tenancy import space_settings
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA
from tests.services.stage import Stage, untouched


def _appoint(stage: Stage, *managers: str) -> None:
    wanted = SpaceSettings(managers=managers, manager_groups=("keepers",))
    space_settings.change(stage.world.services, stage.world.actor(DANA), stage.world.site().space_id, wanted)


@pytest.fixture
def managed(stage: Stage) -> Stage:
    """Charlie and Bob manage the locks of the space, beside a group."""
    _appoint(stage, BOB, CHARLIE)
    stage.lock()
    stage.world.clock.advance(minutes=1)
    return stage


def _told(stage: Stage, kind: MailKind) -> set[tuple[str, str | None, str | None]]:
    mails = [one for one in stage.world.tables.mails_of(ACME) if one.kind is kind]
    assert len(mails) == len({one.recipient for one in mails})
    return {(one.recipient, one.actor, one.detail) for one in mails}


def test_lock_managers_hear_that_a_lock_does_not_protect(managed: Stage) -> None:
    """M-08: the holder and each manager who is named, once; in the managers' mail the holder is the other person."""
    managed.world.site().restore_refused = True
    managed.upload(BOB, b"Bob's")
    for _ in range(2):
        managed.reconcile()
    reason = "restore_refused"
    managers = {(who, ALICE, f"manager:{reason}") for who in (BOB, CHARLIE)}
    assert _told(managed, MailKind.UNPROTECTED) == {(ALICE, None, reason), *managers}
    managed.run_jobs(JobKind.SEND_MAIL)
    box = managed.world.services.mailer.box
    assert {f.actor_name for to, f, _ in box if f.kind is MailKind.UNPROTECTED and to[:5] != "alice"} == {"Alice"}
    assert untouched(managed)


def test_lock_managers_hear_that_a_file_is_out_of_reach(managed: Stage) -> None:
    """M-08: the page was restricted; whoever may not see it gets no mail."""
    site = managed.world.site()
    site.pages[managed.file.container.id].restricted_to = {ALICE, CHARLIE}
    for _ in range(2):
        managed.reconcile()
    managers = {(who, ALICE, "manager:app_blocked") for who in (BOB, CHARLIE)}
    assert _told(managed, MailKind.UNPROTECTED) == {(ALICE, None, "app_blocked"), *managers}
    managed.run_jobs(JobKind.SEND_MAIL)
    assert sorted(result for _, result in managed.world.tables.sent) == ["not_visible", "sent", "sent"]


def test_lock_managers_hear_of_a_pause(managed: Stage) -> None:
    """M-09: but not the one whose uploads are left alone."""
    for number in range(4):
        managed.upload(BOB, b"%d" % number)
        managed.world.clock.advance(seconds=1)
        reconcile(managed.world.services, ACME, managed.file.id)
    assert _told(managed, MailKind.PAUSED) == {(ALICE, BOB, "paused"), (CHARLIE, BOB, "manager:paused")}


def test_a_holder_who_manages_is_told_once(stage: Stage) -> None:
    _appoint(stage, ALICE)
    stage.lock()
    stage.world.clock.advance(minutes=1)
    stage.world.site().restore_refused = True
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    assert _told(stage, MailKind.UNPROTECTED) == {(ALICE, None, "restore_refused")}
