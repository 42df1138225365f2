"""What an open surface tells a person."""

from __future__ import annotations

import pytest

from lockpoint.services.errors import HostUnavailable
from lockpoint.services.listing import notices
from lockpoint.services.listing.notices import Notices
from tests.fakes.world import ACME, ALICE, APP_ACCOUNT, BOB, CHARLIE, DANA
from tests.services.stage import Stage


def told(stage: Stage, who: str) -> Notices:
    actor = stage.world.actor(who)
    return notices.read(stage.world.services, actor, notices.owed(stage.world.services, actor))


def kinds(stage: Stage, who: str) -> list[tuple[str, str | None]]:
    return [(one.intent.kind.value, one.intent.detail) for one in told(stage, who).items]


@pytest.fixture
def overwritten(stage: Stage) -> Stage:
    """Alice's lock, Bob's upload undone, Charlie waits."""
    stage.lock()
    stage.ask(CHARLIE)
    stage.upload(BOB, b"Bob's")
    stage.reconcile()
    return stage


def test_who_overwrote_hears_of_it(overwritten: Stage) -> None:
    """U-09, with the file and whose lock it was; the holder too."""
    (notice,) = told(overwritten, BOB).items
    assert (notice.intent.kind, notice.intent.detail, notice.title) == ("upload_undone", "undone", "plan.txt")
    assert notice.by is not None
    assert notice.by.display_name == "Alice"
    assert kinds(overwritten, ALICE) == [("overwrite_attempt", "undone")]
    assert kinds(overwritten, CHARLIE) == []


def test_holder_and_waiting_hear_of_the_end(overwritten: Stage) -> None:
    overwritten.break_(overwritten.held.lock_id, DANA)
    assert kinds(overwritten, ALICE)[0] == ("lock_ended_by_other", "broken")
    assert kinds(overwritten, CHARLIE) == [("file_available", None)]
    assert kinds(overwritten, DANA) == []


def test_a_notice_keeps_its_id_and_goes_after_minutes(overwritten: Stage) -> None:
    world, actor = overwritten.world, overwritten.world.actor(BOB)
    first = notices.owed(world.services, actor)
    tag = notices.tag_of(actor, first)
    world.clock.advance(minutes=9)
    again = notices.owed(world.services, actor)
    assert [notices.id_of(one) for one in again] == [notices.id_of(one) for one in first]
    assert notices.tag_of(actor, again) == tag
    world.clock.advance(minutes=2)
    assert notices.owed(world.services, actor) == ()
    assert notices.tag_of(actor, ()) != tag


def test_nothing_to_tell_costs_nothing(overwritten: Stage) -> None:
    overwritten.taps.clear()
    assert told(overwritten, DANA) == Notices((), whole=True)
    assert overwritten.taps.host_calls() == []


def test_what_is_known_of_a_file_is_asked_once(overwritten: Stage) -> None:
    """Every open screen asks every few seconds: several news of one file, a warning among them, are one question."""
    overwritten.world.clock.advance(hours=24)
    overwritten.sweep()
    overwritten.upload(BOB, b"again")
    overwritten.reconcile()
    overwritten.taps.clear()
    alice = overwritten.world.actor(ALICE)
    found = [one.intent.kind.value for one in notices.owed(overwritten.world.services, alice)]
    assert found == ["overwrite_attempt", "lock_will_end"]
    assert overwritten.taps.calls["witnesses.get"] == 1


def test_names_are_read_once(overwritten: Stage) -> None:
    overwritten.taps.clear()
    for _ in range(3):
        told(overwritten, BOB)
    assert overwritten.taps.calls["attachments.get"] == 1
    overwritten.world.clock.advance(minutes=9, seconds=59)
    told(overwritten, BOB)
    assert overwritten.taps.calls["attachments.get"] == 1


def test_who_does_not_see_the_file_hears_nothing_of_it(overwritten: Stage) -> None:
    """As with mails."""
    overwritten.world.pages[ACME.id].restricted_to = {ALICE, APP_ACCOUNT}
    assert told(overwritten, BOB).items == ()
    assert len(told(overwritten, ALICE).items) == 1


def test_a_purged_file_has_no_name(stage: Stage) -> None:
    """L-46: its holder hears of the loss."""
    stage.lock()
    stage.world.site().purge(stage.file.id)
    stage.reconcile()
    (notice,) = told(stage, ALICE).items
    assert (notice.intent.detail, notice.title) == ("file_gone", None)


def test_without_confluence_a_notice_has_no_name_yet(overwritten: Stage) -> None:
    """It is told all the same, and asked for again."""

    def away() -> None:
        raise HostUnavailable("time-out")

    overwritten.taps.clear()
    overwritten.taps.before["attachments.get", 1] = away
    found = told(overwritten, BOB)
    assert ([one.title for one in found.items], found.whole) == ([None], False)
    assert [one.title for one in told(overwritten, BOB).items] == ["plan.txt"]
