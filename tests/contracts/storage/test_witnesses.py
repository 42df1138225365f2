"""Witnesses: the newest known record of each file, and where, whose and how protected it is."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lockpoint.domain.pseudonyms import tombstone
from lockpoint.services.errors import WitnessMoved
from lockpoint.services.ports.locks import Effects, Protection
from tests.contracts.storage.stores import Store
from tests.fakes.world import ALICE, BOB, START
from tests.storage.builders import PAGE, audit_event, free, held, intent, witness


def test_effects_that_were_decided_on_less_than_is_known_are_not_stored(store: Store) -> None:
    """L-21: who saw no lock, or an older record, owes other mails than who saw its beginning."""
    store.effects.record(store.acme, Effects(witness=witness(record=held(seq=2))))
    ends = Effects(witness=witness(record=free(seq=3)), audit=(audit_event(seq=3),), intents=(intent(),))
    for less in ((0, 0), (1, 1)):
        with pytest.raises(WitnessMoved):
            store.effects.record(store.acme, replace(ends, decided_on=less))
    assert (store.witnesses.get(store.acme, "123").record, store.audit_rows()) == (held(seq=2), 0)
    store.effects.record(store.globex, replace(ends, decided_on=(0, 0)))
    store.effects.record(store.acme, replace(ends, decided_on=(1, 2)))
    assert (store.witnesses.get(store.acme, "123").record.seq, store.audit_rows()) == (3, 2)
    assert sorted(job[:2] for job in store.waiting()) == [
        ("send_mail", store.acme.id),
        ("send_mail", store.globex.id),
    ]


def test_what_was_recorded_is_read_back(store: Store) -> None:
    """Without notes and reasons."""
    kept = witness(record=held(ended=free().ended, expires_at=None, unlock_on_upload=True))
    ended = witness("124", record=free(), protection=Protection.APP_BLOCKED)
    store.effects.record(store.acme, Effects(witness=kept))
    store.effects.record(store.acme, Effects(witness=ended))
    assert store.witnesses.get(store.acme, "123") == kept
    assert store.witnesses.get(store.acme, "124") == ended
    assert store.witnesses.get(store.globex, "123") is None


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [((1, 5), (1, 6), (1, 6)), ((1, 6), (1, 5), (1, 6)), ((2, 1), (1, 9), (2, 1)), ((1, 9), (2, 1), (2, 1))],
)
def test_an_older_record_never_replaces_a_newer_one(
    store: Store, first: tuple[int, int], second: tuple[int, int], kept: tuple[int, int]
) -> None:
    """The witness is the newest known record, by epoch and then seq."""
    for epoch, seq in (first, second):
        store.effects.record(store.acme, Effects(witness=witness(record=held(epoch=epoch, seq=seq))))
    record = store.witnesses.get(store.acme, "123").record
    assert (record.epoch, record.seq) == kept


def test_a_record_without_a_place_keeps_the_known_one(store: Store) -> None:
    """A write that did not read the page."""
    store.effects.record(store.acme, Effects(witness=witness()))
    store.effects.record(store.acme, Effects(witness=witness(container=None, space_id=None, record=held(seq=2))))
    known = store.witnesses.get(store.acme, "123")
    assert (known.container, known.space_id) == (PAGE, "65538")


def test_held_files_are_found_by_id_and_page(store: Store) -> None:
    """Unlocked files and other sites' are not named."""
    store.effects.record(store.acme, Effects(witness=witness("1")))
    store.effects.record(store.acme, Effects(witness=witness("2", record=free())))
    store.effects.record(store.globex, Effects(witness=witness("3")))
    assert store.witnesses.held_among(store.acme, iter(["1", "2", "3", "99999999999999999999"])) == {"1"}
    assert store.witnesses.held_among(store.acme, []) == frozenset()
    assert store.witnesses.held_in(store.acme, [PAGE.id, "7"]) == {"1"}
    assert store.witnesses.held_in(store.globex, [PAGE.id]) == {"3"}


def test_live_locks_are_listed_in_pieces(store: Store) -> None:
    for number in ("3", "1", "2"):
        store.effects.record(store.acme, Effects(witness=witness(number)))
    first = store.witnesses.live(store.acme, limit=2)
    rest = store.witnesses.live(store.acme, after=first[-1].attachment_id, limit=2)
    assert [row.attachment_id for row in (*first, *rest)] == ["1", "2", "3"]


def test_locks_that_are_over_are_counted_apart(store: Store) -> None:
    """L-17: caps are about live locks; the margin of 30 s belongs to them."""
    store.effects.record(store.acme, Effects(witness=witness("1")))
    store.effects.record(store.acme, Effects(witness=witness("2", record=held(holder=BOB))))
    endless = held(lock_id="4" * 32, expires_at=None)
    store.effects.record(store.acme, Effects(witness=witness("4", record=endless)))
    over = held().expires_at
    assert over is not None
    for seconds, running in ((29, 3), (30, 1)):
        at = over + timedelta(seconds=seconds)
        assert store.witnesses.count_held(store.acme, running_at=at) == running
    assert store.witnesses.count_held(store.acme, BOB, running_at=over + timedelta(seconds=30)) == 0


def test_locks_are_counted_per_site_and_person(store: Store) -> None:
    """Caps are per person and per tenant."""
    store.effects.record(store.acme, Effects(witness=witness("1")))
    store.effects.record(store.acme, Effects(witness=witness("2", record=held(holder=BOB))))
    store.effects.record(store.acme, Effects(witness=witness("3", record=free())))
    assert store.witnesses.count_held(store.acme) == 2
    assert store.witnesses.count_held(store.acme, ALICE) == 1
    assert store.witnesses.count_held(store.globex) == 0
    later = START + timedelta(days=1)
    assert store.witnesses.ended_naming(store.acme, later, after="", limit=9) == ["3"]
    assert store.witnesses.ended_naming(store.acme, later, after="3", limit=9) == []
    assert store.witnesses.ended_naming(store.acme, START, after="", limit=9) == []
    assert store.witnesses.ended_naming(store.globex, later, after="", limit=9) == []
    store.effects.record(store.acme, Effects(witness=witness("3", record=tombstone(free()))))
    assert store.witnesses.ended_naming(store.acme, later, after="", limit=9) == []
    assert [one.record.holder for one in store.witnesses.held_by(store.acme, ALICE)] == [ALICE]
    store.effects.record(store.acme, Effects(witness=witness("4")))
    assert list(store.witnesses.holders(store.acme)) == sorted((ALICE, BOB))
    assert list(store.witnesses.holders(store.globex)) == []
    assert list(store.witnesses.held_by(store.globex, ALICE)) == []


def test_a_change_of_protection_is_told_once(store: Store) -> None:
    """An unlocked or unknown file has no protection."""
    store.effects.record(store.acme, Effects(witness=witness("1")))
    store.effects.record(store.acme, Effects(witness=witness("2", record=free())))
    assert store.witnesses.set_protection(store.acme, "1", Protection.APP_BLOCKED)
    assert not store.witnesses.set_protection(store.acme, "1", Protection.APP_BLOCKED)
    assert not store.witnesses.set_protection(store.acme, "2", Protection.APP_BLOCKED)
    assert not store.witnesses.set_protection(store.globex, "1", Protection.APP_BLOCKED)
    assert store.witnesses.get(store.acme, "1").protection is Protection.APP_BLOCKED


def test_the_newest_version_that_was_seen_is_kept(store: Store) -> None:
    """A new number is a change; a look without one, and a record without one, leave it as it was."""
    store.effects.record(store.acme, Effects(witness=witness("1")))
    assert store.witnesses.get(store.acme, "1").version is None
    assert store.witnesses.set_protection(store.acme, "1", Protection.PROTECTED, 3)
    assert not store.witnesses.set_protection(store.acme, "1", Protection.PROTECTED, 3)
    assert not store.witnesses.set_protection(store.acme, "1", Protection.PROTECTED)
    assert not store.witnesses.set_protection(store.globex, "1", Protection.PROTECTED, 4)
    store.effects.record(store.acme, Effects(witness=witness("1", record=held(seq=9))))
    assert store.witnesses.get(store.acme, "1").version == 3
    store.effects.record(store.acme, Effects(witness=replace(witness("1", record=held(seq=10)), version=2)))
    assert store.witnesses.get(store.acme, "1").version == 2


def test_files_are_found_by_how_they_are_marked(store: Store) -> None:
    """Of this site only, ended ones too."""
    store.effects.record(store.acme, Effects(witness=witness("1", protection=Protection.APP_BLOCKED)))
    store.effects.record(store.acme, Effects(witness=witness("2", record=free(), protection=Protection.END_UNWRITTEN)))
    store.effects.record(store.acme, Effects(witness=witness("3")))
    store.effects.record(store.globex, Effects(witness=witness("4", protection=Protection.APP_BLOCKED)))
    marks = (Protection.APP_BLOCKED, Protection.END_UNWRITTEN)
    assert store.witnesses.marked(store.acme, marks) == {"1", "2"}
    assert store.witnesses.marked(store.acme, marks[:1]) == {"1"}
    assert store.witnesses.marked(store.acme, ()) == frozenset()


def test_a_record_that_was_seen_again_stays(store: Store) -> None:
    """A record seen again is kept another 30 days; an older read changes nothing."""
    store.effects.record(store.acme, Effects(witness=witness()))
    for days in (3, 1):
        store.witnesses.still_there(store.acme, "123", START + timedelta(days=days))
    store.witnesses.still_there(store.globex, "123", START)
    assert store.witnesses.get(store.acme, "123") == witness(seen_at=START + timedelta(days=3))


def test_it_can_be_told_whether_a_site_has_any(store: Store) -> None:
    """An ended lock counts, too."""
    assert not store.witnesses.any(store.acme)
    store.effects.record(store.acme, Effects(witness=witness("1", record=free())))
    assert store.witnesses.any(store.acme)
    assert not store.witnesses.any(store.globex)
