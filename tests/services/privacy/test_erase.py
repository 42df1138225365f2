"""Erasing one person in Confluence, Postgres, Redis and the queue."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import EndReason, Free, Held
from lockpoint.services.errors import Busy, Forbidden, GoneOrInvisible, HostUnavailable
from lockpoint.services.notifications import profiles
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.privacy import Origin
from lockpoint.services.privacy.erase import GRACE, Left, Rest, begin, erase
from lockpoint.services.privacy.export import export
from lockpoint.services.reconciliation.rediscover import rediscover
from lockpoint.storage.jobs.parked_jobs import put_off
from lockpoint.storage.tables import AUDIT_EVENT, EMAIL_INTENT, QUEUE
from tests.fakes.confluence.site import StoredFile
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, GLOBEX, SAM
from tests.services.privacy.stage import RightsStage, switch, uninstall
from tests.storage.builders import about_person, forget_witness


def _pseudonyms(stage: RightsStage) -> set[str]:
    with stage.database.single() as connection:
        accounts = connection.execute(select(AUDIT_EVENT.c.account)).scalars()
        return {account for account in accounts if account and account.startswith("erased-")}


def _run(stage: RightsStage, account: str = BOB, *, at_once: bool = False) -> Any:
    erasure = begin(stage.services, ACME, account, Origin.OPERATOR, at_once=at_once)
    return erase(stage.services, ACME, erasure.request_id)


def test_an_erased_person_is_nowhere(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """F51, L-72: properties are those listed by the witness."""
    assert BOB in stage.stored()
    assert BOB in stage.in_confluence()
    assert _run(stage, at_once=True) is None
    assert BOB not in stage.stored()
    assert BOB not in stage.in_confluence()
    assert len(_pseudonyms(stage)) == 1
    assert "Bob's own words" not in stage.in_confluence()
    assert stage.holder(busy["waited"]) == ALICE
    assert stage.holder(busy["lost"]) == SAM


def test_what_others_rely_on_stays(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """History keeps a pseudonym."""
    globex = stage.in_confluence(GLOBEX)
    _run(stage, at_once=True)
    waiting = export(stage.services, ACME, DANA, Origin.OPERATOR).waiting
    assert waiting == ({"attachment": busy["waited"].id, "position": 2},)
    ended = stage.world.found(busy["ended"].id)
    assert isinstance(ended, Free)
    pseudonym = _pseudonyms(stage).pop()
    assert (ended.ended.by, ended.ended.holder) == (pseudonym, pseudonym)
    others = stage.world.found(busy["uploaded"].id)
    assert isinstance(others, Held)
    assert (others.holder, others.base.author) == (ALICE, None)
    assert stage.in_confluence(GLOBEX) == globex


def test_pseudonyms_of_two_people_and_two_erasures_differ(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """A pseudonym links one person's rows of one erasure only."""
    assert busy
    _run(stage, BOB, at_once=True)
    _run(stage, SAM, at_once=True)
    assert len(_pseudonyms(stage)) == 2
    stage.lock(stage.world.add_file(), BOB)
    _run(stage, BOB, at_once=True)
    assert len(_pseudonyms(stage)) == 3
    assert BOB not in stage.stored()


def test_live_locks_end_after_the_grace_period(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """F51, L-72: 24 hours later; the administrator and waitlist are told."""
    stage.ask(busy["held"], CHARLIE)
    assert _run(stage) == Rest(Left.LOCKS, stage.world.clock.now() + GRACE)
    assert stage.holder(busy["held"]) == BOB
    assert stage.services.person_store.export(ACME, BOB)["audit_event"] == []
    stage.world.clock.advance(hours=24)
    stage.run_jobs(JobKind.ERASE)
    assert stage.holder(busy["held"]) is None
    record = stage.world.found(busy["held"].id)
    assert isinstance(record, Free)
    assert record.ended.reason is EndReason.HOLDER_GONE
    assert BOB not in stage.stored()
    assert BOB not in stage.in_confluence()
    with stage.database.single() as connection:
        mails = connection.execute(
            select(EMAIL_INTENT.c.kind, EMAIL_INTENT.c.recipient).where(EMAIL_INTENT.c.attachment_id == busy["held"].id)
        ).all()
    assert {tuple(mail) for mail in mails} == {
        ("lock_ended", DANA),
        ("file_available", CHARLIE),
        ("edit_answer", SAM),
    }


def test_rewritten_records_have_a_row_of_their_own(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """By compare and set: next version, one audit row."""
    before = stage.world.found(busy["ended"].id)
    assert isinstance(before, Free)
    _run(stage, at_once=True)
    after = stage.world.found(busy["ended"].id)
    assert isinstance(after, Free)
    assert (after.epoch, after.seq) == (before.epoch, before.seq + 1)
    with stage.database.single() as connection:
        audit = AUDIT_EVENT.c
        rows = connection.execute(
            select(audit.kind, audit.account).where(audit.attachment_id == busy["ended"].id).order_by(audit.seq)
        ).all()
    assert rows[-1].kind == AuditKind.PERSON_ERASED
    assert rows[-1].account is None


@pytest.mark.parametrize("calls", range(1, 24, 2))
def test_an_erasure_goes_on_after_a_crash(stage: RightsStage, busy: dict[str, StoredFile], calls: int) -> None:
    """The job completes the erasure."""
    erasure = begin(stage.services, ACME, BOB, Origin.OPERATOR, at_once=True)
    left = calls
    get, replace_ = stage.world.host.attachments.get, stage.world.host.lock_properties.replace

    def dying(call: Any) -> Any:
        def once(*args: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise HostUnavailable("gone")
            return call(*args, **options)

        return once

    host = stage.world.host
    host.attachments.get, host.lock_properties.replace = dying(get), dying(replace_)
    with suppress(HostUnavailable, Busy):
        erase(stage.services, ACME, erasure.request_id)
    host.attachments.get, host.lock_properties.replace = get, replace_
    stage.world.clock.advance(minutes=5)
    stage.run_jobs(JobKind.ERASE)
    assert busy
    assert BOB not in stage.stored()
    assert BOB not in stage.in_confluence()
    assert stage.services.person_store.erasures() == []


def test_files_that_are_closed_to_the_app_do_not_stop_an_erasure(
    stage: RightsStage, busy: dict[str, StoredFile]
) -> None:
    """Our rows are cleaned, and others' locks stay known."""
    page = stage.world.pages[ACME.id]
    page.restricted_to = {ALICE, BOB}
    other = _on_another_page(stage)
    stage.lock(other, BOB)
    rest = _run(stage, at_once=True)
    assert rest == Rest(Left.FILES, stage.world.clock.now() + timedelta(days=1), len(busy) - 1)
    assert stage.world.found(other.id).ended.holder in _pseudonyms(stage)
    assert {name for name, rows in stage.services.person_store.export(ACME, BOB).items() if rows} == STILL_OPEN
    assert stage.services.witnesses.count_held(ACME, BOB) == 1
    page.restricted_to = None
    stage.world.clock.advance(days=1)
    stage.run_jobs(JobKind.ERASE)
    _gone_everywhere(stage)


def test_files_that_the_app_may_only_read_do_not_stop_an_erasure(
    stage: RightsStage, busy: dict[str, StoredFile]
) -> None:
    """They are left for another day, without a write that cannot succeed; the person's lock ends at once."""
    site = stage.world.site()
    site.viewers.add(site.app_account)
    rest = _run(stage, at_once=True)
    assert rest is not None
    assert rest.left is Left.FILES
    assert stage.services.witnesses.count_held(ACME, BOB) == 0
    site.viewers.discard(site.app_account)
    stage.world.clock.advance(days=1)
    stage.run_jobs(JobKind.ERASE)
    _gone_everywhere(stage)
    assert busy


@pytest.mark.parametrize("active", [True, False])
def test_preferences_that_confluence_keeps(stage: RightsStage, busy: dict[str, StoredFile], active: bool) -> None:
    """A closed account's properties are inaccessible, which ends them; an active one's remain to be erased."""
    stage.set_active(BOB, active)
    stage.user_properties.trouble = Forbidden("no")
    assert busy
    rest = _run(stage, at_once=True)
    assert rest == (Rest(Left.PREFERENCES, stage.world.clock.now() + timedelta(days=1)) if active else None)
    stage.user_properties.trouble = None
    stage.run_jobs(JobKind.ERASE)
    assert (BOB in stage.in_confluence()) is not active


@pytest.mark.parametrize("name", ["held", "waited", "lost", "uploaded", "ended"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_passing_404_costs_nothing(stage: RightsStage, busy: dict[str, StoredFile], name: str, times: int) -> None:
    """A file missing once, or twice without a purge, stays listed and is cleaned."""
    get, left = stage.world.host.attachments.get, times

    def hiding(tenant: Any, attachment_id: str, **options: Any) -> Any:
        nonlocal left
        if attachment_id == busy[name].id and left > 0:
            left -= 1
            raise GoneOrInvisible("for a moment")
        return get(tenant, attachment_id, **options)

    setattr(stage.world.host.attachments, "get", hiding)  # noqa: B010 - a method
    rest = _run(stage, at_once=True)
    assert (rest is None) == (times == 1)
    if rest is not None:
        assert (rest.left, rest.files) == (Left.FILES, 1)
        assert stage.services.witnesses.get(ACME, busy[name].id) is not None
        stage.world.clock.advance(days=1)
        stage.run_jobs(JobKind.ERASE)
    _gone_everywhere(stage)


@pytest.mark.parametrize("name", ["held", "lost", "ended"])
def test_purged_files_do_not_keep_an_erasure_open(stage: RightsStage, busy: dict[str, StoredFile], name: str) -> None:
    """A purged file has no properties; its lock has ended."""
    stage.world.site().purge(busy[name].id)
    assert _run(stage, at_once=True) is None
    assert BOB not in stage.stored()
    witness = stage.services.witnesses.get(ACME, busy[name].id)
    assert name != "held" or witness.record.ended.reason is EndReason.FILE_GONE


def test_an_erasure_waits_until_the_app_is_switched_on_again(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """While disabled (or updated), our rows go; the rest waits."""
    away, before = switch(stage, ACME, on=False), stage.in_confluence()
    erasure = begin(stage.services, away, BOB, Origin.OPERATOR, at_once=True)
    rest = erase(stage.services, away, erasure.request_id)
    assert rest == Rest(Left.SITE, stage.world.clock.now() + timedelta(hours=1))
    assert {name for name, rows in stage.services.person_store.export(ACME, BOB).items() if rows} == STILL_OPEN
    assert stage.in_confluence() == before
    for _ in range(3):
        stage.world.clock.advance(hours=1)
        stage.run_jobs(JobKind.ERASE)
    assert stage.services.person_store.erasure(erasure.request_id) is not None
    switch(stage, ACME, on=True)
    stage.run_jobs(JobKind.ERASE)
    _gone_everywhere(stage)
    rediscover(stage.services, ACME)
    _gone_everywhere(stage)
    assert stage.holder(busy["held"]) is None


def test_an_erasure_lets_the_search_for_locks_end_first(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """After a long absence."""
    away = switch(stage, ACME, on=False)
    erasure = begin(stage.services, away, BOB, Origin.OPERATOR, at_once=True)
    for file in busy.values():
        forget_witness(stage.database, ACME, file.id)
    back = switch(stage, ACME, on=True)
    stage.services.jobs.defer([Job(JobKind.REDISCOVER, ACME.id)])
    rest = erase(stage.services, back, erasure.request_id)
    assert rest == Rest(Left.SEARCH, stage.world.clock.now() + timedelta(minutes=1))
    stage.world.site().search_works = False
    stage.run_jobs(JobKind.REDISCOVER, JobKind.ERASE)
    assert stage.services.person_store.erasures() == []
    assert stage.holder(busy["held"]) is None
    assert BOB not in stage.stored()


def test_a_site_that_left_is_not_called(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """Our rows are cleaned; Confluence's go when the site returns."""
    assert busy
    uninstall(stage, ACME)
    erasure = begin(stage.services, ACME, BOB, Origin.OPERATOR, at_once=True)
    host, before = stage.world.host, stage.in_confluence()
    with pytest.MonkeyPatch.context() as patch:
        for port in ("attachments", "lock_properties", "properties", "people"):
            patch.setattr(host, port, None)
        stage.run_jobs(JobKind.ERASE)
    assert {name for name, rows in stage.services.person_store.export(ACME, BOB).items() if rows} == STILL_OPEN
    assert stage.in_confluence() == before
    switch(stage, ACME, on=True)
    stage.run_jobs(JobKind.ERASE)
    assert stage.services.person_store.erasure(erasure.request_id) is None
    _gone_everywhere(stage)


def test_a_job_that_is_running_is_waited_for(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """It may finish its write after the erasure, or fail and be retried."""
    assert busy
    stage.services.jobs.defer([about_person(JobKind.PROFILE, ACME.id, BOB)])
    with stage.database.single() as connection:
        connection.execute(update(QUEUE).where(QUEUE.c.args["subject"].astext == BOB).values(status="doing"))
    rest = _run(stage, at_once=True)
    assert rest == Rest(Left.JOBS, stage.world.clock.now() + timedelta(minutes=1))
    profiles.refresh(stage.services, ACME, BOB)
    with stage.database.single() as connection:
        number = connection.execute(select(QUEUE.c.id).where(QUEUE.c.status == "doing")).scalar_one()
        put_off(connection, number, 0, 10)
        connection.execute(delete(QUEUE).where(QUEUE.c.id == number))
    stage.run_jobs(JobKind.ERASE)
    _gone_everywhere(stage)


@pytest.mark.parametrize("status", ["todo", "failed"])
def test_jobs_that_wait_or_were_given_up_go(stage: RightsStage, status: str) -> None:
    """Those that name the person are deleted."""
    stage.services.jobs.defer([about_person(JobKind.TRASHED, ACME.id, f"131203:{BOB}")])
    with stage.database.single() as connection:
        connection.execute(update(QUEUE).values(status=status))
    assert _run(stage, at_once=True) is None
    assert BOB not in stage.stored()


def _on_another_page(stage: RightsStage) -> StoredFile:
    site = stage.world.site()
    return site.add_file(site.add_page(), ALICE)


STILL_OPEN = {"lock_witness", "erasure"}
"""What names a person while an erasure is open: itself, and the copies of records that tell where to go on."""


def _gone_everywhere(stage: RightsStage) -> None:
    assert BOB not in stage.stored()
    assert BOB not in stage.in_confluence()
    assert stage.services.person_store.erasures() == []
