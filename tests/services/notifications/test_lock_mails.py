"""Mails about running locks: what they say, and that nobody gets one that is not true any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.domain.settings import SpaceSettings
from lockpoint.services.notifications.mail_facts import FILES_NAMED
from lockpoint.services.notifications.mail_links import Extend, read_link
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.ports.notifications import MailFacts, SummaryLine
from lockpoint.services.tenancy import site_settings, space_settings
from tests.fakes.world import ACME, ALICE, BOB, DANA, SAM, START
from tests.services.notifications.sent import results
from tests.services.stage import Stage


def sent(stage: Stage) -> list[tuple[str, MailFacts]]:
    box: list[tuple[str, MailFacts, str]] = stage.world.services.mailer.box
    return [(address, facts) for address, facts, _ in box]


def kinds(stage: Stage) -> list[tuple[str, MailKind]]:
    return [(address, facts.kind) for address, facts in sent(stage)]


def post(stage: Stage) -> None:
    stage.run_jobs(JobKind.SEND_MAIL)


@pytest.fixture
def warned(stage: Stage) -> Stage:
    """Alice's warning is recorded, and has not left."""
    stage.lock()
    stage.world.clock.advance(hours=24)
    stage.sweep()
    return stage


def test_a_warning_says_when_the_lock_ends_and_leads_to_its_extension(warned: Stage) -> None:
    """M-01, P-12: the link names lock, person and end; nobody can read it."""
    post(warned)
    ((address, facts),) = sent(warned)
    assert (address, facts.kind) == ("alice@example.com", MailKind.LOCK_WILL_END)
    assert (facts.file_name, facts.at) == ("plan.txt", START + timedelta(hours=48))
    assert ALICE not in facts.extend_url
    link = read_link(warned.world.services, facts.extend_url.rpartition("/")[2])
    assert link is not None
    assert (link.actor, link.locale, link.time_zone) == (warned.world.actor(ALICE), facts.locale, facts.time_zone)
    assert link.wish == Extend(warned.file.id, warned.held.lock_id, START + timedelta(hours=48))


def take_over(stage: Stage) -> None:
    stage.take_over(stage.held.lock_id, DANA)


def extend(stage: Stage) -> None:
    stage.extend(stage.held.lock_id)


def release(stage: Stage) -> None:
    stage.release(stage.held.lock_id)


def expire(stage: Stage) -> None:
    stage.world.clock.advance(hours=24)


@pytest.mark.parametrize("change", [take_over, extend, release, expire])
def test_a_warning_that_is_overtaken_does_not_leave(warned: Stage, change: Callable[[Stage], None]) -> None:
    """L-33: just before it leaves, the lock is extended, taken over or over."""
    change(warned)
    post(warned)
    assert MailKind.LOCK_WILL_END not in dict(kinds(warned)).values()
    assert "overtaken" in results(warned)


@pytest.mark.parametrize("change", [take_over, extend, release])
def test_a_warning_is_checked_by_a_fresh_read(warned: Stage, change: Callable[[Stage], None]) -> None:
    """L-33: also when the change comes while the mail is made, and Postgres does not know yet."""
    known = warned.world.tables.witnesses[ACME.id, warned.file.id]
    change(warned)
    warned.world.tables.witnesses[ACME.id, warned.file.id] = known
    post(warned)
    assert ("alice@example.com", MailKind.LOCK_WILL_END) not in kinds(warned)
    assert "overtaken" in results(warned)


def test_a_warning_waits_for_no_second_mail(warned: Stage) -> None:
    """L-65: a repeated job sends nothing more."""
    jobs = list(warned.world.tables.jobs)
    post(warned)
    warned.world.tables.jobs.extend(jobs)
    warned.world.clock.advance(hours=1)
    warned.sweep()
    post(warned)
    assert kinds(warned) == [("alice@example.com", MailKind.LOCK_WILL_END)]


def test_many_warnings_at_once_end_in_a_summary_of_those_that_are_true(stage: Stage) -> None:
    """F6, L-33: 20 mails in the hour; what was unlocked meanwhile is told in none."""
    files = [stage.world.add_file(title=f"{number:02}.txt") for number in range(30)]
    locks = [stage.lock(file=file).lock.lock_id or "" for file in files]
    stage.world.clock.advance(hours=24)
    stage.sweep()
    stage.file = files[-1]
    stage.release(locks[-1])
    post(stage)
    facts = [one for _, one in sent(stage)]
    assert [one.kind for one in facts] == [MailKind.LOCK_WILL_END] * 19 + [MailKind.SUMMARY]
    assert (len(facts[-1].lines), facts[-1].count) == (FILES_NAMED, 10)
    assert "29.txt" not in {line.file_name for line in facts[-1].lines}


def test_a_summary_tells_nothing_of_an_inactive_space(stage: Stage) -> None:
    """P-15: what waits there goes on to wait, and is told after the return."""
    page = stage.world.site().add_page(space_id="65539")
    files = [stage.world.add_file(title=f"{number:02}.txt") for number in range(25)]
    asleep = [stage.world.site().add_file(page, ALICE, title=f"asleep {number}.txt") for number in range(2)]
    for file in (*files[:10], *asleep, *files[10:]):
        stage.lock(file=file)
    stage.world.clock.advance(hours=24)
    stage.sweep()
    dana = stage.world.actor(DANA)
    off, on = SpaceSettings(own={"active": False}), SpaceSettings(own={}, version=1)
    space_settings.change(stage.world.services, dana, "65539", off)
    post(stage)
    ((_, summary),) = [one for one in sent(stage) if one[1].kind is MailKind.SUMMARY]
    assert summary.count == 6
    space_settings.change(stage.world.services, dana, "65539", on)
    stage.world.clock.advance(hours=1, minutes=1)
    stage.run_jobs(JobKind.SEND_MAIL, also_later=True)
    assert sorted(facts.file_name for _, facts in sent(stage)[20:]) == ["asleep 0.txt", "asleep 1.txt"]


def endless(stage: Stage) -> None:
    services, sam = stage.world.services, stage.world.actor(SAM)
    site_settings.change(services, sam, revision=0, changes={"unlock_after_hours": None, "endless": True})


def test_a_reminder_lists_all_locks_without_an_end(stage: Stage) -> None:
    """M-10: one mail, the oldest lock first; those of others and with an end are not in it."""
    endless(stage)
    stage.lock()
    stage.world.clock.advance(hours=1)
    stage.lock(file=stage.world.add_file(title="second.txt"))
    stage.lock(file=stage.world.add_file(title="short.txt"), life=timedelta(days=20))
    stage.lock(BOB, file=stage.world.add_file(title="bob.txt"))
    for _ in range(16):
        stage.world.clock.advance(hours=12)
        stage.sweep()
        post(stage)
    (facts,) = [one for address, one in sent(stage) if address == "alice@example.com"]
    lines = tuple(
        SummaryLine(MailKind.ENDLESS_LOCKS, name, 1, START + timedelta(hours=hour))
        for name, hour in (("plan.txt", 0), ("second.txt", 1))
    )
    assert (facts.kind, facts.count, facts.lines, facts.more) == (MailKind.ENDLESS_LOCKS, 2, lines, 0)
    assert facts.unsubscribe_url is not None


def test_a_reminder_tells_nothing_of_an_inactive_space(stage: Stage) -> None:
    """M-10, P-15: its locks are neither named nor counted."""
    endless(stage)
    elsewhere = stage.world.site().add_page(space_id="65539")
    stage.lock()
    stage.lock(file=stage.world.site().add_file(elsewhere, ALICE, title="asleep.txt"))
    off = SpaceSettings(own={"active": False})
    space_settings.change(stage.world.services, stage.world.actor(DANA), "65539", off)
    for _ in range(16):
        stage.world.clock.advance(hours=12)
        stage.sweep()
    post(stage)
    ((_, facts),) = sent(stage)
    assert (facts.count, [line.file_name for line in facts.lines], facts.more) == (1, ["plan.txt"], 0)


def test_a_reminder_of_locks_that_are_gone_does_not_leave(stage: Stage) -> None:
    """M-10: unlocked in between."""
    endless(stage)
    lock_id = stage.lock().lock.lock_id or ""
    for _ in range(16):
        stage.world.clock.advance(hours=12)
        stage.sweep()
    stage.release(lock_id)
    post(stage)
    assert kinds(stage) == []
    assert results(stage) == ["overtaken"]


def test_a_reminder_names_ten_files_and_counts_the_others(stage: Stage) -> None:
    """M-10: each name is a call as the recipient; what they may not see is counted only."""
    endless(stage)
    for number in range(12):
        stage.lock(file=stage.world.add_file(title=f"{number:02}.txt"))
    for _ in range(16):
        stage.world.clock.advance(hours=12)
        stage.sweep()
    post(stage)
    ((_, facts),) = sent(stage)
    assert (facts.count, len(facts.lines), facts.more) == (12, FILES_NAMED, 2)
