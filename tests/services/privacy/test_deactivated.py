"""Locks of people whose account is deactivated, not closed: Atlassian's reports do not tell of these."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from lockpoint.domain.lock import EndReason, Free
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.privacy import deactivated, holder_gone
from lockpoint.services.privacy.erase import GRACE
from lockpoint.storage.tables import EMAIL_INTENT
from tests.fakes.confluence.site import StoredFile
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, GINA, GLOBEX
from tests.services.privacy.stage import RightsStage, switch

HOLDERS, HOLDER_GONE = JobKind.HOLDERS, JobKind.HOLDER_GONE


@pytest.fixture
def file(stage: RightsStage) -> StoredFile:
    """Bob locked it without an end, Charlie waits; he locked a file on the other site, too."""
    file = stage.world.add_file()
    stage.lock(file, BOB)
    stage.ask(file, CHARLIE)
    stage.lock(stage.world.add_file(GINA, GLOBEX), GINA, GLOBEX)
    return file


def look(stage: RightsStage) -> list[timedelta]:
    """Let a look find who is gone; return what waits, by how long."""
    stage.services.jobs.defer([Job(HOLDERS, ACME.id), Job(HOLDERS, GLOBEX.id)])
    stage.run_jobs(HOLDERS)
    return [row.scheduled_at for row in stage.waiting_jobs(HOLDER_GONE)]


def mails(stage: RightsStage, file: StoredFile) -> set[tuple[str, str]]:
    asked = select(EMAIL_INTENT.c.kind, EMAIL_INTENT.c.recipient).where(EMAIL_INTENT.c.attachment_id == file.id)
    with stage.database.single() as connection:
        return {(row.kind, row.recipient) for row in connection.execute(asked)}


def test_the_lock_of_a_deactivated_holder_ends_after_the_grace_period(stage: RightsStage, file: StoredFile) -> None:
    """C11, E35, F51: those who wait and the administrator are told, and nobody on the other site."""
    globex = stage.in_confluence(GLOBEX)
    assert look(stage) == []
    stage.set_active(BOB, active=False)
    (due,) = look(stage)
    assert look(stage) == [due]
    assert stage.holder(file) == BOB
    stage.world.clock.advance(seconds=int(GRACE.total_seconds()))
    stage.run_jobs(HOLDER_GONE)
    record = stage.world.found(file.id)
    assert isinstance(record, Free)
    assert (record.ended.reason, record.ended.by) == (EndReason.HOLDER_GONE, None)
    assert mails(stage, file) == {("lock_ended", DANA), ("file_available", CHARLIE)}
    assert look(stage) == []
    assert stage.in_confluence(GLOBEX) == globex


def test_versions_before_that_stay_authorised(stage: RightsStage, file: StoredFile) -> None:
    """E35: the account went while its owner uploaded."""
    stage.world.clock.advance(minutes=1)
    stage.world.site().upload(file.id, BOB, b"Bob's last")
    stage.set_active(BOB, active=False)
    look(stage)
    stage.run_jobs(HOLDER_GONE)
    assert stage.holder(file) is None
    assert file.versions[-1].content == b"Bob's last"


def test_an_account_that_is_used_again_keeps_its_lock(stage: RightsStage, file: StoredFile) -> None:
    """Also one that Confluence does not know: of it nothing is concluded."""
    stage.set_active(BOB, active=False)
    look(stage)
    stage.set_active(BOB, active=True)
    stage.run_jobs(HOLDER_GONE)
    assert stage.holder(file) == BOB
    del stage.world.site().people[BOB]
    assert look(stage) == []
    deactivated.end_locks(stage.services, ACME, BOB)
    assert stage.holder(file) == BOB


def test_a_file_that_is_closed_to_the_app_has_its_turn_at_the_next_look(stage: RightsStage, file: StoredFile) -> None:
    other = stage.world.add_file()
    stage.lock(other, BOB)
    stage.set_active(BOB, active=False)
    stage.world.site().pages[file.container.id].restricted_to = {ALICE}
    hidden = [one for one in (file, other) if one.container.id == file.container.id]
    look(stage)
    stage.run_jobs(HOLDER_GONE)
    assert all(stage.holder(one) == BOB for one in hidden)
    stage.world.site().pages[file.container.id].restricted_to = None
    assert len(look(stage)) == 1
    stage.run_jobs(HOLDER_GONE)
    assert (stage.holder(file), stage.holder(other)) == (None, None)


def test_an_inactive_site_is_not_asked(stage: RightsStage, file: StoredFile) -> None:
    stage.set_active(BOB, active=False)
    gone = switch(stage, ACME, on=False)
    assert deactivated.look_for(stage.services, gone) == 0
    deactivated.end_locks(stage.services, gone, BOB)
    assert stage.holder(file) == BOB


def test_a_crash_before_the_administrators_are_told_loses_no_mail(
    stage: RightsStage, file: StoredFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job comes again, finds a lock that ended so, and tells them."""

    def crash(*_: object) -> None:
        raise RuntimeError("died")

    stage.set_active(BOB, active=False)
    with monkeypatch.context() as patch:
        patch.setattr(holder_gone, "tell_administrators", crash)
        with pytest.raises(RuntimeError):
            deactivated.end_locks(stage.services, ACME, BOB)
    assert ("lock_ended", DANA) not in mails(stage, file)
    deactivated.end_locks(stage.services, ACME, BOB)
    assert ("lock_ended", DANA) in mails(stage, file)
