"""Many mails become few: digests of one lock, and a summary for who gets twenty an hour."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import Held
from lockpoint.services.errors import HostUnavailable
from lockpoint.services.locks import notify_me
from lockpoint.services.locks.release import release
from lockpoint.services.notifications import send_mail
from lockpoint.services.notifications.mail_facts import FILES_NAMED
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.notifications import MailFacts
from lockpoint.services.reconciliation.reconcile import reconcile
from tests.fakes.confluence.site import StoredFile
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, START
from tests.services.stage import Stage


def _kinds(stage: Stage, address: str) -> list[tuple[MailKind, str | None, int]]:
    box: list[tuple[str, MailFacts, str]] = stage.world.services.mailer.box
    return [(facts.kind, facts.detail, facts.count) for to, facts, _ in box if to == address]


def _overwrites(stage: Stage, times: int, file: StoredFile | None = None) -> None:
    for number in range(times):
        stage.world.site().upload((file or stage.file).id, BOB, b"Bob's %d" % number)
        stage.world.clock.advance(seconds=1)
        reconcile(stage.world.services, ACME, (file or stage.file).id)
        stage.run_jobs(JobKind.SEND_MAIL)


def test_many_overwrites_are_one_mail_and_a_digest(stage: Stage) -> None:
    """F6: the first at once, the rest ten minutes later with their number; the pause besides. Each is audited."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    _overwrites(stage, 15)
    first = [(MailKind.OVERWRITE_ATTEMPT, "undone", 1), (MailKind.PAUSED, "paused", 1)]
    assert _kinds(stage, "alice@example.com") == first
    assert _kinds(stage, "bob@example.com") == [(MailKind.UPLOAD_UNDONE, "undone", 1)]
    assert stage.audit().count(AuditKind.CONFLICT) == 15
    assert len(stage.jobs(JobKind.SEND_MAIL)) == 2
    stage.world.clock.advance(minutes=10)
    stage.run_jobs(JobKind.SEND_MAIL, also_later=True)
    digests = [(MailKind.OVERWRITE_ATTEMPT, "digest", 14), (MailKind.UPLOAD_UNDONE, "digest", 14)]
    assert _kinds(stage, "alice@example.com")[2:] + _kinds(stage, "bob@example.com")[1:] == digests
    _, facts, _ = stage.world.services.mailer.box[-1]
    assert facts.since == START + timedelta(minutes=1, seconds=2)
    assert facts.history_url == f"{ACME.base_url}/pages/viewpageattachments.action?pageId={stage.file.container.id}"
    assert stage.jobs(JobKind.SEND_MAIL) == []


def test_a_mail_an_hour_for_an_upload_a_second(stage: Stage) -> None:
    """F6: for four hours, sampled each minute: a handful of digests, and the pauses."""
    stage.lock(life=timedelta(days=2))
    for minute in range(240):
        stage.upload(BOB, b"%d" % minute)
        stage.reconcile()
        stage.run_jobs(JobKind.SEND_MAIL, also_later=minute % 60 == 10)
        stage.world.clock.advance(minutes=1)
    told = [kind for kind, _, _ in _kinds(stage, "alice@example.com") if kind is not MailKind.PAUSED]
    assert len(told) <= 5
    counts = [count for kind, _, count in _kinds(stage, "alice@example.com") if kind is MailKind.OVERWRITE_ATTEMPT]
    waiting = [one for one in stage.world.tables.intents.values() if not one.done]
    theirs = [one for one in waiting if one.intent.kind is MailKind.OVERWRITE_ATTEMPT]
    assert sum(counts) + len(theirs) == stage.audit().count(AuditKind.CONFLICT)


def test_twenty_mails_an_hour_are_enough(stage: Stage) -> None:
    """F6: 3 overwrites on each of 30 files; the 20th mail and the one after an hour name files and counts."""
    files = [stage.world.add_file(title=f"file {number}.txt") for number in range(30)]
    for file in files:
        stage.lock(file=file)
    stage.world.clock.advance(minutes=1)
    for file in files:
        _overwrites(stage, 3, file)
    kinds = _kinds(stage, "alice@example.com")
    assert len(kinds) == 20
    assert kinds[-1][0] is MailKind.SUMMARY
    stage.world.clock.advance(hours=1)
    stage.run_jobs(JobKind.SEND_MAIL, also_later=True)
    box = [facts for to, facts, _ in stage.world.services.mailer.box if to == "alice@example.com"]
    assert sum(facts.count for facts in box) == 90
    summaries = [facts for facts in box if facts.kind is MailKind.SUMMARY]
    for facts in summaries:
        assert sum(line.count for line in facts.lines) + facts.more == facts.count
    assert len(summaries[0].lines) == FILES_NAMED
    assert all(one.done for one in stage.world.tables.intents.values())


def test_a_manager_who_ends_a_lock_is_told_at_once(stage: Stage) -> None:
    """Exempt: however many mails went out before."""
    files = [stage.world.add_file(title=f"file {number}.txt") for number in range(25)]
    for file in files:
        stage.lock(file=file)
    stage.world.clock.advance(minutes=1)
    for file in files:
        _overwrites(stage, 1, file)
    stage.lock()
    stage.break_(stage.held.lock_id, DANA)
    stage.run_jobs(JobKind.SEND_MAIL)
    assert _kinds(stage, "alice@example.com")[-1][0] is MailKind.LOCK_ENDED_BY_OTHER


def test_a_summary_leaves_out_what_its_recipient_may_not_see_or_does_not_want(stage: Stage) -> None:
    """A file that is closed now has no name in it, and unwanted kinds are not told."""
    files = [stage.world.add_file(title=f"file {number}.txt") for number in range(23)]
    for file in files:
        stage.lock(file=file)
        notify_me.ask(stage.world.services, stage.world.actor(CHARLIE), file.id)
    for file in files:
        held = stage.world.found(file.id)
        assert isinstance(held, Held)
        release(stage.world.services, stage.world.actor(ALICE), file.id, stage.key(), held.lock_id)
    hidden = stage.world.site().files.pop(files[-1].id)
    stage.run_jobs(JobKind.SEND_MAIL)
    box = [facts for to, facts, _ in stage.world.services.mailer.box if to == "charlie@example.com"]
    assert [facts.kind for facts in box] == [MailKind.FILE_AVAILABLE] * 19 + [MailKind.SUMMARY]
    assert [line.file_name for line in box[-1].lines] == [file.title for file in files[19:22]]
    assert (box[-1].count, box[-1].more) == (4, 1)
    assert hidden.title not in str(box)


def test_a_crash_after_the_claim_loses_no_mail(undone: Stage) -> None:
    """The same job comes back and tells the same; what came since has its own time."""

    def away() -> None:
        raise HostUnavailable("503")

    undone.taps.before["people.describe", undone.taps.calls["people.describe"] + 1] = away
    stored = next(iter(undone.world.tables.intents.values()))
    with pytest.raises(HostUnavailable):
        send_mail.send(undone.world.services, stored.id)
    undone.upload(BOB, b"again")
    undone.reconcile()
    undone.run_jobs(JobKind.SEND_MAIL)
    assert _kinds(undone, "alice@example.com") == [(MailKind.OVERWRITE_ATTEMPT, "undone", 1)]
    assert [job.delay for job in undone.jobs(JobKind.SEND_MAIL)] == [timedelta(minutes=10)]
    undone.world.clock.advance(minutes=10)
    undone.run_jobs(JobKind.SEND_MAIL, also_later=True)
    assert [count for _, _, count in _kinds(undone, "alice@example.com")] == [1, 1]


def test_the_mail_of_a_pause_says_until_when(stage: Stage) -> None:
    """M-09: read from the restorations when it is sent."""
    stage.lock()
    stage.world.clock.advance(minutes=1)
    _overwrites(stage, 4)
    paused = next(facts for _, facts, _ in stage.world.services.mailer.box if facts.kind is MailKind.PAUSED)
    assert (paused.at, paused.actor_name) == (stage.show().paused_until, "Bob")
