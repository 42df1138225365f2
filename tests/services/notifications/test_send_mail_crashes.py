"""Sending that is killed at every step: nothing is lost, and the ledger has each mail once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from lockpoint.domain.events import MailKind
from lockpoint.services.notifications import send_mail
from tests.fakes.world import ALICE, BOB, CHARLIE
from tests.services.notifications.test_comments import switch_on
from tests.services.stage import Stage, make_stage, untouched
from tests.services.taps import ProcessDied

MAILS = (
    (ALICE, MailKind.OVERWRITE_ATTEMPT),
    (BOB, MailKind.UPLOAD_UNDONE),
    (CHARLIE, MailKind.FILE_AVAILABLE),
)


def _with_mails() -> Stage:
    """Alice, Bob and Charlie are to be told something; Charlie waits for the file."""
    stage = make_stage()
    stage.lock()
    stage.ask(CHARLIE)
    stage.world.clock.advance(minutes=1)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    stage.release(stage.held.lock_id)
    stage.run_jobs()
    return stage


def _with_comments() -> Stage:
    stage = _with_mails()
    switch_on(stage)
    stage.world.site().addresses.clear()
    return stage


def _send_all(stage: Stage, *, die_before: int | None = None, die_after: int | None = None) -> bool:
    """Send like a worker that dies once, and whose job the next one takes up; return whether it died."""
    stage.taps.clear()
    stage.taps.die_before, stage.taps.die_after = die_before, die_after
    died = False
    for stored in list(stage.world.tables.intents.values()):
        try:
            send_mail.send(stage.world.services, stored.id)
        except ProcessDied as death:
            died = True
            stage.taps.die_before = stage.taps.die_after = None
            stage.dead_in = str(death)
            send_mail.send(stage.world.services, stored.id)
    return died


def _told(stage: Stage) -> Counter[tuple[str, str]]:
    mails = stage.world.services.mailer.box
    sent = [(address.partition("@")[0], facts.kind.value) for address, facts, _ in mails]
    names = {ALICE: "alice", BOB: "bob", CHARLIE: "charlie"}
    said = [(names[mention.account], mention.sentences[0]) for _, mention in stage.world.site().comments]
    return Counter((*sent, *said))


@pytest.mark.parametrize("make", [_with_mails, _with_comments], ids=["mails", "comments"])
@pytest.mark.parametrize("when", ["die_before", "die_after"])
def test_a_worker_killed_at_any_step_loses_and_doubles_nothing(make: Callable[[], Stage], when: str) -> None:
    """F38, F45, I17, L-65: only a kill between the server's answer and the ledger repeats a mail, under its old id."""
    clean = make()
    _send_all(clean)
    steps, deaths = len(clean.taps.order), 0
    for step in range(1, steps + 1):
        stage = make()
        deaths += _send_all(stage, **{when: step})
        told, done = _told(stage), Counter(id_ for id_, _ in stage.world.tables.sent)
        wanted = {(name, kind.value) for name, (_, kind) in zip(("alice", "bob", "charlie"), MAILS, strict=True)}
        assert told.keys() == wanted, step
        assert all(stored.done for stored in stage.world.tables.intents.values())
        assert set(done.values()) == {1}
        place = getattr(stage, "dead_in", "")
        between = (when, place) in {("die_after", "mailer.send"), ("die_before", "intents.finish")}
        assert sum(told.values()) == len(wanted) + (1 if between and make is _with_mails else 0), (step, place)
        assert untouched(stage)
    assert deaths > 20
