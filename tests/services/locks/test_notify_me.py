"""Notify me."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.services.context import Priority
from lockpoint.services.errors import Busy, HostUnavailable, Invalid, LostRace, NotFound, TooMany
from lockpoint.services.lock_record.waitlist import KEY, Waitlist, WaitlistPlace, waitlist_of
from lockpoint.services.locks import notify_me
from lockpoint.services.ports.confluence import PropertyHost
from lockpoint.services.ports.jobs import JobKind
from tests.fakes.world import ACME, ALICE, BOB, CHARLIE, DANA, GINA, SAM
from tests.services.stage import Stage, refusal_of


@pytest.fixture
def locked(stage: Stage) -> Stage:
    stage.lock()
    return stage


def test_first_come_order(locked: Stage) -> None:
    """P-10: asking twice counts once."""
    assert locked.ask(CHARLIE) == WaitlistPlace(asked=True, count=1, position=1)
    assert locked.ask(BOB) == WaitlistPlace(asked=True, count=2, position=2)
    assert locked.ask(BOB) == WaitlistPlace(asked=True, count=2, position=2)
    assert locked.show(BOB).notify_me == WaitlistPlace(asked=True, count=2, position=2)
    services = locked.world.services
    assert notify_me.cancel(services, locked.world.actor(CHARLIE), locked.file.id) == WaitlistPlace(
        asked=False, count=1, position=None
    )
    assert notify_me.cancel(services, locked.world.actor(CHARLIE), locked.file.id).count == 1
    assert locked.show(BOB).notify_me.position == 1


def test_who_may_not_see_the_file_may_not_ask(locked: Stage) -> None:
    """P-10."""
    site = locked.world.site()
    site.pages[locked.file.container.id].restricted_to = {ALICE, site.app_account}
    assert isinstance(refusal_of(locked.ask, BOB), NotFound)
    assert isinstance(refusal_of(locked.ask, GINA), NotFound)


@pytest.mark.parametrize("who", [ALICE])
def test_ones_own_lock_is_nothing_to_wait_for(locked: Stage, who: str) -> None:
    """I23."""
    assert isinstance(refusal_of(locked.ask, who), Invalid)


def test_a_doubled_waitlist_is_emptied(locked: Stage) -> None:
    """F06: Confluence stored the first asking twice."""
    locked.ask(CHARLIE)
    site, place = locked.world.site(), (PropertyHost.ATTACHMENT, locked.file.id, KEY)
    row = site.rows[place][0]
    site.put_rows(*place, [row, replace(row, id=str(int(row.id) + 1))])
    locked.release(locked.held.lock_id)
    locked.run_jobs()
    (left,) = site.rows[place]
    assert waitlist_of(locked.world.services, ACME, locked.file.id, left) == Waitlist()
    assert [(kind, person) for kind, person, _ in locked.mails()] == [(MailKind.FILE_AVAILABLE, CHARLIE)]


def test_a_free_file_is_nothing_to_wait_for(stage: Stage) -> None:
    """I23."""
    assert isinstance(refusal_of(stage.ask, BOB), Invalid)


def test_the_line_is_kept_in_confluence_and_signed(locked: Stage) -> None:
    """Privacy 1: foreign values are ignored."""
    locked.ask(BOB)
    site, place = locked.world.site(), (PropertyHost.ATTACHMENT, locked.file.id, KEY)
    row = site.rows[place][0]
    assert isinstance(row.value, dict)
    site.put_rows(*place, [replace(row, version=2, value={**row.value, "askers": [DANA]})])
    assert locked.show(BOB).notify_me == WaitlistPlace(asked=False, count=0, position=None)
    locked.release(locked.held.lock_id)
    locked.run_jobs()
    assert locked.mails() == []


def test_the_end_is_told_once_and_the_line_is_empty(locked: Stage) -> None:
    """P-10, L-26: not to the person who ended the lock."""
    locked.ask(CHARLIE)
    locked.ask(DANA)
    locked.break_(locked.held.lock_id, DANA)
    assert [m[:2] for m in locked.mails()] == [
        (MailKind.FILE_AVAILABLE, CHARLIE),
        (MailKind.LOCK_ENDED_BY_OTHER, ALICE),
    ]
    assert locked.show(CHARLIE).notify_me == WaitlistPlace(asked=False, count=0, position=None)
    locked.run_jobs()
    locked.reconcile()
    assert len(locked.mails()) == 2
    locked.lock(BOB)
    assert locked.show(CHARLIE).notify_me.count == 0


def test_who_asks_while_the_lock_ends_is_told(locked: Stage) -> None:
    """L-26: while the waitlist is emptied; the job notifies Bob."""
    locked.ask(CHARLIE)
    number = locked.taps.calls["properties.replace"] + 1
    site, place = locked.world.site(), (PropertyHost.ATTACHMENT, locked.file.id, KEY)
    before = site.rows[place]

    def bob() -> None:
        waitlist = (CHARLIE, BOB)
        notify_me.store_waitlist(
            locked.world.services,
            ACME,
            locked.file.id,
            before[0],
            Waitlist(waitlist),
            priority=notify_me.Priority.INTERACTIVE,
        )

    locked.taps.before["properties.replace", number] = bob
    locked.release(locked.held.lock_id)
    locked.run_jobs()
    told = [m[1] for m in locked.mails() if m[0] is MailKind.FILE_AVAILABLE]
    assert told == sorted([BOB, CHARLIE])


def test_a_host_that_fails_while_the_waitlist_is_emptied_spoils_nothing(locked: Stage) -> None:
    """L-26: a job repeats it; the release is answered."""
    locked.ask(CHARLIE)

    def lost() -> None:
        raise LostRace("409")

    locked.taps.before["properties.replace", 0] = lost
    assert locked.release(locked.held.lock_id).status == 200
    locked.taps.before.clear()
    locked.run_jobs()
    locked.lock()
    locked.release(locked.held.lock_id)
    assert len(locked.mails()) == 1


def test_a_waitlist_left_by_a_crash_is_served_before_the_next_lock(locked: Stage) -> None:
    """L-26: they do not wait for the next holder too."""
    locked.ask(CHARLIE)
    locked.taps.before["properties.replace", locked.taps.calls["properties.replace"] + 1] = _die
    with pytest.raises(KeyboardInterrupt):
        locked.release(locked.held.lock_id)
    locked.world.tables.jobs.clear()
    locked.release(locked.lock(BOB).lock.lock_id or "", BOB)
    assert [m[:2] for m in locked.mails()] == [(MailKind.FILE_AVAILABLE, CHARLIE)]


def _die() -> None:
    raise KeyboardInterrupt


def test_a_crowd(locked: Stage) -> None:
    """A property has at most 32 KB: 200 people can wait."""
    site, place = locked.world.site(), (PropertyHost.ATTACHMENT, locked.file.id, KEY)
    crowd = tuple(f"557058:{number:036}" for number in range(notify_me.MOST))
    notify_me.store_waitlist(
        locked.world.services, ACME, locked.file.id, None, Waitlist(crowd), priority=notify_me.Priority.INTERACTIVE
    )
    assert len(str(site.rows[place][0].value)) < 32_000
    assert isinstance(refusal_of(locked.ask, BOB), TooMany)


def test_everybody_at_once(locked: Stage) -> None:
    """F01: 503; a repeat is safe."""

    def lost() -> None:
        raise LostRace("409")

    locked.taps.before["properties.create", 0] = lost
    assert isinstance(refusal_of(locked.ask, BOB), Busy)
    locked.taps.before.clear()
    locked.taps.before["properties.create", locked.taps.calls["properties.create"] + 1] = lost
    assert locked.ask(BOB).position == 1


def test_who_takes_a_file_over_waits_no_longer(locked: Stage) -> None:
    """L-26: off the waitlist, not told of the end of their own lock as a free file, the others in their order."""
    for who in (CHARLIE, DANA, BOB):
        locked.ask(who)
    answer = locked.take_over(locked.held.lock_id, DANA).lock
    assert answer.notify_me == WaitlistPlace(asked=False, count=2, position=None)
    locked.run_jobs()
    assert _waiting(locked) == (CHARLIE, BOB)
    assert locked.show(BOB).notify_me == WaitlistPlace(asked=True, count=2, position=2)
    locked.break_(locked.held.lock_id, SAM)
    told = [(kind, who) for kind, who, _ in locked.mails() if kind is MailKind.FILE_AVAILABLE]
    assert {who for _, who in told} == {CHARLIE, BOB}


def test_a_holder_still_on_the_waitlist_is_told_once_that_the_lock_ended(locked: Stage) -> None:
    """L-26: also before anybody took them off."""
    locked.ask(DANA)
    locked.take_over(locked.held.lock_id, DANA)
    locked.world.tables.jobs.clear()
    locked.taps.after["lock_properties.replace", locked.taps.calls["lock_properties.replace"] + 1] = _die
    with pytest.raises(KeyboardInterrupt):
        locked.break_(locked.held.lock_id, SAM)
    locked.reconcile()
    assert [(kind, detail) for kind, who, detail in locked.mails() if who == DANA] == [
        (MailKind.LOCK_ENDED_BY_OTHER, "broken")
    ]


def _waiting(stage: Stage) -> tuple[str, ...]:
    row = stage.world.services.properties.read(
        ACME, PropertyHost.ATTACHMENT, stage.file.id, KEY, priority=Priority.EVENT
    )
    return waitlist_of(stage.world.services, ACME, stage.file.id, row).askers


def _die() -> None:
    raise KeyboardInterrupt


def test_who_came_while_the_waitlist_was_emptied_stays_alone_on_it(locked: Stage) -> None:
    """L-26: those who are told leave it, also after a lost race."""
    locked.ask(CHARLIE)
    services, row = locked.world.services, locked.world.site().rows[PropertyHost.ATTACHMENT, locked.file.id, KEY][0]

    def bob() -> None:
        notify_me.store_waitlist(
            services, ACME, locked.file.id, row, Waitlist((CHARLIE, BOB)), priority=notify_me.Priority.INTERACTIVE
        )

    locked.taps.before["properties.replace", locked.taps.calls["properties.replace"] + 1] = bob
    locked.release(locked.held.lock_id)
    left = notify_me.read_waitlist(services, ACME, locked.file.id, priority=notify_me.Priority.INTERACTIVE)
    assert notify_me.waitlist_of(services, ACME, locked.file.id, left) == Waitlist((BOB,))


def test_people_who_ask_at_once_wait_longer_each_time(locked: Stage) -> None:
    """F01: the fraction here is a half."""

    def lost() -> None:
        raise LostRace("409")

    locked.world.clock.slept.clear()
    locked.taps.before["properties.create", 0] = lost
    assert isinstance(refusal_of(locked.ask, BOB), Busy)
    assert locked.world.clock.slept == [0.025, 0.05, 0.1, 0.2]


def test_who_asks_while_nobody_can_tell_whether_the_lock_ended_is_looked_after(locked: Stage) -> None:
    """L-26: the answer stands, and a job looks."""
    locked.world.tables.jobs.clear()

    def away() -> None:
        raise HostUnavailable("503")

    locked.taps.before["attachments.get", locked.taps.calls["attachments.get"] + 2] = away
    assert locked.ask(BOB).position == 1
    assert [job.subject for job in locked.jobs(JobKind.RECONCILE)] == [locked.file.id]


def test_asking_about_a_lock_that_goes_on_needs_no_job(locked: Stage) -> None:
    locked.world.tables.jobs.clear()
    locked.ask(BOB)
    assert locked.jobs(JobKind.RECONCILE) == []
