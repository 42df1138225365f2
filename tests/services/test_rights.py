"""Rights of people: a copy of their data, erasure, and Atlassian's reports of closed and changed accounts."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from lockpoint.locking.events import AuditKind, MailKind
from lockpoint.locking.lock import EndReason, Free, Held
from lockpoint.services import preferences, profiles
from lockpoint.services.context import Lane
from lockpoint.services.erasing import GRACE, Left, Rest, begin, erase
from lockpoint.services.errors import Busy, Forbidden, GoneOrInvisible, HostUnavailable, QuotaExceeded
from lockpoint.services.people_ports import Origin
from lockpoint.services.ports import Job, JobKind
from lockpoint.services.preferences import Preferences
from lockpoint.services.privacy import export
from lockpoint.services.reconcile import reconcile
from lockpoint.services.rediscover import rediscover
from lockpoint.services.reporting import report
from lockpoint.storage.parked import put_off
from lockpoint.storage.tables import ACCOUNT_REPORT, AUDIT_EVENT, EMAIL_INTENT, PRIVACY_REQUEST, QUEUE
from tests.fake_confluence import StoredFile
from tests.fakes import ACME, ALICE, BOB, CHARLIE, DANA, GINA, GLOBEX, SAM
from tests.services.rights_stage import RightsStage, rights_stage, switch, uninstall

WEEK = timedelta(days=7)


@pytest.fixture
def stage(database_url: str, redis_url: str) -> Iterator[RightsStage]:
    with rights_stage(database_url, redis_url) as made:
        yield made


@pytest.fixture
def busy(stage: RightsStage) -> dict[str, StoredFile]:
    """Bob is everywhere: he holds, waited, lost a hold, took one over, uploaded what others hold, and chose mails."""
    world = stage.world
    files = {name: world.add_file(BOB if name == "uploaded" else ALICE) for name in
             ("held", "waited", "lost", "taken", "uploaded", "ended", "overwritten")}  # fmt: skip
    stage.lock(files["held"], BOB, note="Bob's own words")
    stage.lock(files["waited"], ALICE)
    for who in (CHARLIE, BOB, DANA):
        stage.ask(files["waited"], who)
    stage.take_over(files["lost"], stage.lock(files["lost"], BOB), SAM)
    stage.lock(files["uploaded"], ALICE)
    stage.release(files["ended"], stage.lock(files["ended"], BOB), BOB)
    stage.lock(files["overwritten"], ALICE)
    world.clock.advance(minutes=1)
    world.site().upload(files["overwritten"].id, BOB, b"Bob's")
    reconcile(stage.services, ACME, files["overwritten"].id)
    preferences.change(stage.services, world.actor(BOB), Preferences(off=frozenset({MailKind.UNPROTECTED})))
    stage.run_jobs(JobKind.PROFILE)
    stage.lock(world.add_file(GINA, GLOBEX), GINA, GLOBEX)
    return files


def _pseudonyms(stage: RightsStage) -> set[str]:
    with stage.database.single() as connection:
        accounts = connection.execute(select(AUDIT_EVENT.c.account)).scalars()
        return {account for account in accounts if account and account.startswith("erased-")}


def _run(stage: RightsStage, account: str = BOB, *, at_once: bool = False) -> Any:
    erasure = begin(stage.services, ACME, account, Origin.OPERATOR, at_once=at_once)
    return erase(stage.services, ACME, erasure.request_id)


def test_a_copy_has_everything_of_one_person_and_nobody_else(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """Subject access: rows, locks with the person's own words, places in lines, preferences; no other id in it."""
    found = export(stage.services, ACME, BOB, Origin.OPERATOR)
    assert [lock["attachment"] for lock in found.locks] == [busy["held"].id]
    assert found.locks[0]["note"] == "Bob's own words"
    assert found.waiting == ({"attachment": busy["waited"].id, "position": 2},)
    assert found.preferences["mails"] == {"lock_ended": True, "overwrite_attempt": True, "unprotected": False}
    assert found.complete
    with_rows = {name for name, rows in found.database.items() if rows}
    assert with_rows >= {
        "audit_event",
        "lock_witness",
        "email_intent",
        "request_outcome",
        "restoration",
        "account_profile",
    }
    assert any("hash" in note for note in found.notes)
    text = repr(found)
    for other in (ALICE, CHARLIE, DANA, SAM, GINA):
        assert other not in text


def test_a_copy_says_how_ones_locks_ended(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """The reason that somebody gave is in their own copy, and in nobody else's; so is their part in an ending."""
    owners = {row["attachment"]: row for row in export(stage.services, ACME, BOB, Origin.OPERATOR).ended}
    assert set(owners) == {busy["lost"].id, busy["ended"].id}
    lost = owners[busy["lost"].id]
    assert (lost["reason"], lost["was_owner"], lost["ended_it"], lost["words"]) == ("taken_over", True, False, None)
    assert owners[busy["ended"].id]["ended_it"]
    (enders,) = export(stage.services, ACME, SAM, Origin.OPERATOR).ended
    assert (enders["attachment"], enders["was_owner"], enders["ended_it"]) == (busy["lost"].id, False, True)
    assert enders["words"] == "words of a person"
    assert export(stage.services, ACME, CHARLIE, Origin.OPERATOR).ended == ()


def test_a_person_who_waits_gets_what_a_hundred_files_tell(stage: RightsStage) -> None:
    """A copy for somebody who waits reads a bounded number of files, their own first, and says if there may be more."""
    world = stage.world
    for file in [world.add_file() for _ in range(5)]:
        stage.lock(file, ALICE)
    mine, waited = world.add_file(), world.add_file()
    stage.lock(mine, BOB)
    stage.lock(waited, ALICE)
    stage.ask(waited, BOB)
    found = export(stage.services, ACME, BOB, Origin.PERSON, most_files=3)
    assert [lock["attachment"] for lock in found.locks] == [mine.id]
    assert not found.complete
    every = export(stage.services, ACME, BOB, Origin.PERSON, most_files=7)
    assert ([place["attachment"] for place in every.waiting], every.complete) == ([waited.id], True)


@pytest.mark.usefixtures("busy")
def test_a_copy_does_without_preferences_that_confluence_keeps_back(stage: RightsStage) -> None:
    """As for a closed account: the rest is handed out, and the copy says that it is not complete."""
    stage.user_properties.trouble = Forbidden("closed")
    copy = export(stage.services, ACME, BOB, Origin.OPERATOR)
    assert copy.locks
    assert copy.preferences == {}
    assert not copy.complete


def test_requests_for_copies_are_logged_without_a_name(stage: RightsStage) -> None:
    """When, which right, done when."""
    export(stage.services, ACME, BOB, Origin.PERSON)
    with stage.database.single() as connection:
        row = connection.execute(select(PRIVACY_REQUEST)).one()
    assert (row.right, row.origin, row.done_at is not None) == ("copy", "person", True)
    assert BOB not in stage.stored()


def test_an_erased_person_is_nowhere(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """After erasure the account is nowhere in Postgres, Redis, the queue, or in a property that the witness lists."""
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
    """History keeps a pseudonym, the line keeps its order, other sites keep everything."""
    globex = stage.in_confluence(GLOBEX)
    _run(stage, at_once=True)
    waiting = export(stage.services, ACME, DANA, Origin.OPERATOR).waiting
    assert waiting == ({"attachment": busy["waited"].id, "position": 2},)
    ended = stage.world.reading(busy["ended"].id)
    assert isinstance(ended, Free)
    pseudonym = _pseudonyms(stage).pop()
    assert (ended.ended.by, ended.ended.holder) == (pseudonym, pseudonym)
    others = stage.world.reading(busy["uploaded"].id)
    assert isinstance(others, Held)
    assert (others.holder, others.base.author) == (ALICE, None)
    assert stage.in_confluence(GLOBEX) == globex


def test_pseudonyms_of_two_people_and_two_erasures_differ(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """A pseudonym links the rows of one person after one erasure, and nothing else."""
    assert busy
    _run(stage, BOB, at_once=True)
    _run(stage, SAM, at_once=True)
    assert len(_pseudonyms(stage)) == 2
    stage.lock(stage.world.add_file(), BOB)
    _run(stage, BOB, at_once=True)
    assert len(_pseudonyms(stage)) == 3
    assert BOB not in stage.stored()


def test_live_locks_end_after_the_grace_period(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """Live locks of somebody who is gone stand for 24 hours, then they end; the administrator and askers are told."""
    stage.ask(busy["held"], CHARLIE)
    assert _run(stage) == Rest(Left.HOLDS, stage.world.clock.now() + GRACE)
    assert stage.holder(busy["held"]) == BOB
    assert stage.services.people_data.export(ACME, BOB)["audit_event"] == []
    stage.world.clock.advance(hours=24)
    stage.run_jobs(JobKind.ERASE)
    assert stage.holder(busy["held"]) is None
    record = stage.world.reading(busy["held"].id)
    assert isinstance(record, Free)
    assert record.ended.reason is EndReason.HOLDER_GONE
    assert BOB not in stage.stored()
    assert BOB not in stage.in_confluence()
    with stage.database.single() as connection:
        mails = connection.execute(
            select(EMAIL_INTENT.c.kind, EMAIL_INTENT.c.recipient).where(EMAIL_INTENT.c.attachment_id == busy["held"].id)
        ).all()
    assert {tuple(mail) for mail in mails} == {("lock_ended", DANA), ("file_available", CHARLIE)}


def test_rewritten_records_have_a_row_of_their_own(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """A record is rewritten by the ordinary conditional write: the next version, one audit row, no new mail."""
    before = stage.world.reading(busy["ended"].id)
    assert isinstance(before, Free)
    _run(stage, at_once=True)
    after = stage.world.reading(busy["ended"].id)
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
    """Whatever call the process dies at, the job finds the erasure as it was left, and ends it."""
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
    host.attachments.get, host.lock_properties.replace = dying(get), dying(replace_)  # type: ignore[method-assign]
    with suppress(HostUnavailable, Busy):
        erase(stage.services, ACME, erasure.request_id)
    host.attachments.get, host.lock_properties.replace = get, replace_  # type: ignore[method-assign]
    stage.world.clock.advance(minutes=5)
    stage.run_jobs(JobKind.ERASE)
    assert busy
    assert BOB not in stage.stored()
    assert BOB not in stage.in_confluence()
    assert stage.services.erasures.under_way() == []


def test_files_that_are_closed_to_the_app_do_not_stop_an_erasure(
    stage: RightsStage, busy: dict[str, StoredFile]
) -> None:
    """Where the app may not look any more its own rows are cleaned all the same, and others' locks stay known."""
    page = stage.world.pages[ACME.id]
    page.restricted_to = {ALICE, BOB}
    other = _on_another_page(stage)
    stage.lock(other, BOB)
    rest = _run(stage, at_once=True)
    assert rest == Rest(Left.FILES, stage.world.clock.now() + timedelta(days=1), len(busy) - 1)
    assert stage.world.reading(other.id).ended.holder in _pseudonyms(stage)
    assert {name for name, rows in stage.services.people_data.export(ACME, BOB).items() if rows} == STILL_OPEN
    assert stage.services.witnesses.count_held(ACME, BOB) == 1
    page.restricted_to = None
    stage.world.clock.advance(days=1)
    stage.run_jobs(JobKind.ERASE)
    _gone_everywhere(stage)


@pytest.mark.parametrize("active", [True, False])
def test_preferences_that_confluence_keeps(stage: RightsStage, busy: dict[str, StoredFile], active: bool) -> None:
    """Nobody is let at the properties of a closed account, which is its end; those of one in use are not forgotten."""
    _set_active(stage, BOB, active)
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
    """A file that is not there once, or twice although it is not purged, keeps its place in the list and is cleaned."""
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
    """What is gone with all its properties has nothing left to clean; a hold on it has ended."""
    stage.world.site().purge(busy[name].id)
    assert _run(stage, at_once=True) is None
    assert BOB not in stage.stored()
    witness = stage.services.witnesses.get(ACME, busy[name].id)
    assert name != "held" or witness.record.ended.reason is EndReason.FILE_GONE


def test_an_erasure_waits_until_the_app_is_switched_on_again(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """Ordered while the app is switched off (or just updated): our rows go, the rest waits, and then goes, too."""
    away, before = switch(stage, ACME, on=False), stage.in_confluence()
    erasure = begin(stage.services, away, BOB, Origin.OPERATOR, at_once=True)
    rest = erase(stage.services, away, erasure.request_id)
    assert rest == Rest(Left.SITE, stage.world.clock.now() + timedelta(hours=1))
    assert {name for name, rows in stage.services.people_data.export(ACME, BOB).items() if rows} == STILL_OPEN
    assert stage.in_confluence() == before
    for _ in range(3):
        stage.world.clock.advance(hours=1)
        stage.run_jobs(JobKind.ERASE)
    assert stage.services.erasures.get(erasure.request_id) is not None
    switch(stage, ACME, on=True)
    stage.run_jobs(JobKind.ERASE)
    _gone_everywhere(stage)
    rediscover(stage.services, ACME)
    _gone_everywhere(stage)
    assert stage.holder(busy["held"]) is None


def test_an_erasure_lets_the_search_for_locks_end_first(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """A site that was away so long that nothing of it is known any more is searched before anything is called done."""
    away = switch(stage, ACME, on=False)
    erasure = begin(stage.services, away, BOB, Origin.OPERATOR, at_once=True)
    for file in busy.values():
        stage.services.witnesses.forget(ACME, file.id)
    back = switch(stage, ACME, on=True)
    stage.services.jobs.defer([Job(JobKind.REDISCOVER, ACME.id)])
    rest = erase(stage.services, back, erasure.request_id)
    assert rest == Rest(Left.SEARCH, stage.world.clock.now() + timedelta(minutes=1))
    stage.world.site().search_works = False
    stage.run_jobs(JobKind.REDISCOVER, JobKind.ERASE)
    assert stage.services.erasures.under_way() == []
    assert stage.holder(busy["held"]) is None
    assert BOB not in stage.stored()


def test_a_site_that_left_is_not_called(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """Silence after uninstall holds for erasures, too: our rows are cleaned; Confluence's go when the site returns."""
    assert busy
    uninstall(stage, ACME)
    erasure = begin(stage.services, ACME, BOB, Origin.OPERATOR, at_once=True)
    host, before = stage.world.host, stage.in_confluence()
    with pytest.MonkeyPatch.context() as patch:
        for port in ("attachments", "lock_properties", "properties", "people"):
            patch.setattr(host, port, None)
        stage.run_jobs(JobKind.ERASE)
    assert {name for name, rows in stage.services.people_data.export(ACME, BOB).items() if rows} == STILL_OPEN
    assert stage.in_confluence() == before
    switch(stage, ACME, on=True)
    stage.run_jobs(JobKind.ERASE)
    assert stage.services.erasures.get(erasure.request_id) is None
    _gone_everywhere(stage)


def test_a_job_that_is_running_is_waited_for(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """A job that names the person may write what it knows after the erasure, or fail and be tried again."""
    assert busy
    stage.services.jobs.defer([Job(JobKind.PROFILE, ACME.id, BOB)])
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
    """A job that names the person does not outlive the erasure, whatever became of it."""
    stage.services.jobs.defer([Job(JobKind.TRASHED, ACME.id, f"131203:{BOB}")])
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
    assert stage.services.erasures.under_way() == []


def _list_all(stage: RightsStage) -> None:
    stage.services.account_reports.gather(ACME, stage.world.clock.now())
    stage.world.clock.advance(days=7)


def test_reports_name_each_account_once_in_a_cycle(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """Accounts are reported once per cycle, never the app's own, in batches of 90, with their oldest date."""
    assert busy
    _list_all(stage)
    report(stage.services, ACME)
    assert sorted(stage.reports.accounts()) == sorted([ALICE, BOB, SAM])
    assert report(stage.services, ACME) == 0
    stage.world.clock.advance(days=7)
    report(stage.services, ACME)
    assert stage.reports.accounts().count(ALICE) == 2


def test_large_sites_are_reported_in_batches_of_ninety(stage: RightsStage) -> None:
    """At most 90 accounts go into one call."""
    for number in range(100):
        stage.lock(stage.world.add_file(), _colleague(stage, number))
    _list_all(stage)
    report(stage.services, ACME)
    assert [len(batch) for _, batch in stage.reports.batches] == [90, len(stage.reports.accounts()) - 90]
    assert len(set(stage.reports.accounts())) == len(stage.reports.accounts()) >= 100


def _colleague(stage: RightsStage, number: int) -> str:
    account = f"712020:{number:08x}-0000-4000-8000-000000000000"
    site = stage.world.site()
    site.people[account] = type(site.people[BOB])(account, f"Person {number}", active=True)
    return account


def _set_active(stage: RightsStage, account: str, active: bool) -> None:
    people = stage.world.site().people
    people[account] = replace(people[account], active=active)


def _close(stage: RightsStage) -> None:
    """Atlassian closes Bob's account and tells us so."""
    stage.reports.closed = {BOB}
    _set_active(stage, BOB, active=False)
    _list_all(stage)
    report(stage.services, ACME)
    stage.run_jobs(JobKind.ERASE)
    stage.world.clock.advance(hours=24)
    stage.run_jobs(JobKind.ERASE)
    assert BOB not in stage.stored()


def test_a_closed_account_is_erased_and_never_reported_again(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """Closed → erase, its live locks after the grace period; when old versions bring it back it goes unasked."""
    _close(stage)
    assert stage.holder(busy["held"]) is None
    stage.lock(busy["ended"], ALICE)
    stage.world.site().upload(busy["ended"].id, BOB, b"from an old client")
    reconcile(stage.services, ACME, busy["ended"].id)
    assert BOB in stage.stored()
    stage.world.clock.advance(days=8)
    report(stage.services, ACME)
    stage.run_jobs(JobKind.ERASE)
    assert stage.reports.accounts().count(BOB) == 1
    assert BOB not in stage.stored()


def test_an_open_erasure_is_not_begun_anew_by_the_next_report(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """It goes on when it is due: an hourly report would read every locked file of the site each time."""
    stage.reports.closed = {BOB}
    _list_all(stage)
    report(stage.services, ACME)
    stage.run_jobs(JobKind.ERASE)
    [waiting] = stage.waiting_jobs(JobKind.ERASE)
    [open_now] = stage.services.erasures.under_way()
    for _ in range(6):
        stage.world.clock.advance(hours=1)
        report(stage.services, ACME)
    assert [job.scheduled_at for job in stage.waiting_jobs(JobKind.ERASE)] == [waiting.scheduled_at]
    assert stage.services.erasures.under_way() == [open_now]
    assert stage.holder(busy["held"]) == BOB


@pytest.mark.parametrize("told", [True, False])
def test_an_account_that_is_in_use_again_is_closed_no_more(
    stage: RightsStage, busy: dict[str, StoredFile], told: bool
) -> None:
    """Who comes back keeps their new lock and is reported like everybody.

    As long as Confluence does not say that the account is active, the lock ends, but not before the grace period does.
    """
    _close(stage)
    stage.reports.closed = set()
    _set_active(stage, BOB, active=True)
    stage.lock(busy["held"], BOB, life=timedelta(days=10))
    if not told:
        setattr(stage.world.host.people, "describe", _refuse)  # noqa: B010 - a method
    report(stage.services, ACME)
    stage.run_jobs(JobKind.ERASE)
    assert stage.holder(busy["held"]) == BOB
    assert bool(stage.services.account_reports.closed(ACME)) is not told
    stage.world.clock.advance(days=8)
    stage.run_jobs(JobKind.ERASE)
    report(stage.services, ACME)
    assert (stage.holder(busy["held"]) == BOB) is told
    assert (stage.reports.accounts().count(BOB) == 2) is told


def _refuse(*_: Any, **__: Any) -> Any:
    raise Forbidden("no")


@pytest.mark.parametrize("count", [1, 3])
def test_an_account_that_atlassian_refuses_stops_nobody_else(
    stage: RightsStage, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A 400 for a whole batch: it is halved until the offenders are found, the others are reported the same hour."""
    people = [_colleague(stage, number) for number in range(100)]
    for account in people:
        stage.lock(stage.world.add_file(), account)
    _list_all(stage)
    stage.reports.refused = set(people[:count])
    for _ in range(3):
        report(stage.services, ACME)
        stage.world.clock.advance(hours=1)
    assert sorted(stage.reports.accounts()) == sorted({*people[count:], ALICE})
    assert stage.reports.calls < 50
    told = [line for line in caplog.records if "refused" in line.message]
    assert sum(line.__dict__["count"] for line in told) == count
    assert not any(account in caplog.text for account in people)
    with stage.database.single() as connection:
        assert None not in set(connection.execute(select(ACCOUNT_REPORT.c.reported_at)).scalars())


def test_a_site_whose_every_report_is_refused_pauses(stage: RightsStage) -> None:
    """When nobody of a batch is accepted, it is not the accounts: the next batch waits a day, and has its turn then."""
    people = {_colleague(stage, number) for number in range(100)}
    for account in people:
        stage.lock(stage.world.add_file(), account)
    _list_all(stage)
    stage.reports.refused = people | {ALICE}
    report(stage.services, ACME)
    calls = stage.reports.calls
    assert calls < 180
    stage.world.clock.advance(hours=23)
    report(stage.services, ACME)
    assert stage.reports.calls == calls
    stage.reports.refused = set()
    stage.world.clock.advance(hours=1)
    report(stage.services, ACME)
    assert sorted(stage.reports.accounts()) == sorted({*people, ALICE})


def test_a_changed_account_loses_its_profile(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """Updated → what was fetched of the person goes, and comes back at their next use."""
    assert busy
    _list_all(stage)
    stage.reports.updated = {BOB}
    assert stage.services.profiles.get(ACME, BOB) is not None
    report(stage.services, ACME)
    assert stage.services.profiles.get(ACME, BOB) is None
    stage.lock(stage.world.add_file(), BOB)
    stage.run_jobs(JobKind.PROFILE)
    assert stage.services.profiles.get(ACME, BOB) is not None


def test_a_429_makes_the_site_wait(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """Retry-After is obeyed, across processes; nothing of the cycle is lost."""
    assert busy
    _list_all(stage)
    stage.reports.trouble = [QuotaExceeded("later", 3600)]
    assert report(stage.services, ACME) == 0
    stage.world.clock.advance(minutes=59)
    assert report(stage.services, ACME) == 0
    stage.world.clock.advance(minutes=1)
    assert report(stage.services, ACME) > 0
    assert sorted(stage.reports.accounts()) == sorted([ALICE, BOB, SAM])


def test_a_refused_report_is_tried_again_a_day_later(stage: RightsStage, busy: dict[str, StoredFile]) -> None:
    """A 403 does not become a stream of calls."""
    assert busy
    _list_all(stage)
    stage.reports.trouble = [Forbidden("no")]
    assert report(stage.services, ACME) == 0
    stage.world.clock.advance(hours=23)
    assert report(stage.services, ACME) == 0
    stage.world.clock.advance(hours=1)
    assert report(stage.services, ACME) > 0
    assert sorted(stage.reports.accounts()) == sorted([ALICE, BOB, SAM])


def test_a_cycle_goes_on_after_a_crash(stage: RightsStage) -> None:
    """What was answered is written down batch by batch; after a crash only the rest is reported."""
    for number in range(100):
        stage.lock(stage.world.add_file(), _colleague(stage, number))
    _list_all(stage)
    real = stage.reports.report
    calls = 0

    def dying(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise HostUnavailable("gone")
        return real(*args, **options)

    stage.reports.report = dying  # type: ignore[method-assign]
    with pytest.raises(HostUnavailable):
        report(stage.services, ACME)
    report(stage.services, ACME)
    assert len(set(stage.reports.accounts())) == len(stage.reports.accounts()) >= 100
    with stage.database.single() as connection:
        assert None not in set(connection.execute(select(ACCOUNT_REPORT.c.reported_at)).scalars())


@dataclass
class Meeting:
    """User properties whose readers go on together, when they can meet at all."""

    inner: Any
    both_read: Barrier

    def read(self, *place: Any, **options: Any) -> object | None:
        found: object | None = self.inner.read(*place, **options)
        with suppress(BrokenBarrierError):
            self.both_read.wait()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_two_changes_of_preferences_at_once_lose_nothing(stage: RightsStage) -> None:
    """Whoever follows the links of two mails at the same moment gets neither kind any more."""
    services, kinds = stage.services, (MailKind.LOCK_ENDED, MailKind.OVERWRITE_ATTEMPT)
    racing = replace(services, user_properties=Meeting(services.user_properties, Barrier(2, timeout=1)))
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda kind: preferences.switch_off(racing, ACME, BOB, kind), kinds))
    assert preferences.read(services, ACME, BOB, lane=Lane.PEOPLE).off == set(kinds)


def test_preferences_are_believed_only_with_our_signature(stage: RightsStage) -> None:
    """What another app or a browser writes under our key, or copies from another account, counts as nothing."""
    services, bob = stage.services, stage.world.actor(BOB)
    chosen = Preferences(off=frozenset({MailKind.LOCK_ENDED}), locale="de", time_zone="Europe/Berlin")
    preferences.change(services, bob, chosen)
    assert preferences.read(services, ACME, BOB, lane=Lane.PEOPLE) == chosen
    place = (ACME.id, BOB, preferences.KEY)
    stored = stage.user_properties.stored[place]
    stage.user_properties.stored[ACME.id, ALICE, preferences.KEY] = stored
    assert preferences.read(services, ACME, ALICE, lane=Lane.PEOPLE) == Preferences()
    stage.user_properties.stored[place] = {**stored, "locale": "fr"}  # type: ignore[dict-item]
    assert preferences.read(services, ACME, BOB, lane=Lane.PEOPLE) == Preferences()
