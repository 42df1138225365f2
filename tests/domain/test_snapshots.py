"""Phases of a record, its trust, and facts derived from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Absent, EndReason, Free, Held, Newer, Phase, Record, Unreadable
from lockpoint.domain.snapshots import ended_of, kind_of, newest, phase, trusted, unseen_between
from tests.domain.build import L1, at, ended, free, held


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (-1, Phase.HELD),
        (0, Phase.ENDING),
        (1, Phase.ENDING),
        (29, Phase.ENDING),
        (30, Phase.EXPIRED),
        (31, Phase.EXPIRED),
    ],
)
def test_phase_boundaries(second: int, expected: Phase) -> None:
    """E42, L-30."""
    assert phase(held(expires_at=at(0)), at(second)) is expected


def test_phases_without_time() -> None:
    assert phase(free(), at(days=-9)) is Phase.FREE
    assert phase(held(expires_at=None), at(days=4000)) is Phase.HELD


@pytest.mark.parametrize(
    ("found", "witness", "believed"),
    [
        (held(), None, True),
        (held(), held(), True),
        (held(seq=4), held(), True),
        (free(epoch=2, seq=1), held(), True),
        (held(seq=2), held(), False),
        (held(epoch=1, seq=9), free(epoch=2, seq=1), False),
    ],
)
def test_older_than_the_witness(found: Held | Free, witness: Record | None, *, believed: bool) -> None:
    """E28: it is a replay or stale read."""
    expected = found if believed else Unreadable("replayed", found.seq)
    assert trusted(found, witness) == expected


@pytest.mark.parametrize("found", [Absent(), Unreadable("x", 1), Newer(2, 1)])
def test_other_readings_pass(found: Any) -> None:
    """Only our own records can be replayed."""
    assert trusted(found, held()) == found
    assert ended_of(found) is None


def test_ended_of() -> None:
    """Amendment 5."""
    assert ended_of(free()) == ended()
    assert ended_of(held(ended=ended())) == ended()


MOVED = held(seq=4, at=at(60))


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        *[(free(ended=ended(reason)), AuditKind(reason.value)) for reason in EndReason],
        (held(), AuditKind.ACQUIRED),
        (held(ended=ended(EndReason.TAKEN_OVER)), AuditKind.TAKEN_OVER),
        (held(ended=ended(EndReason.TAKEN_OVER, at=at(-5))), AuditKind.ACQUIRED),
        (held(ended=ended(EndReason.EXPIRED)), AuditKind.ACQUIRED),
        (MOVED, AuditKind.EXTENDED),
        (replace(MOVED, kind=AuditKind.REBASED), AuditKind.REBASED),
        (free(kind=AuditKind.PERSON_ERASED), AuditKind.PERSON_ERASED),
        (held(kind=AuditKind.HEALED), AuditKind.HEALED),
    ],
)
def test_kind_of_a_found_record(record: Record, kind: AuditKind) -> None:
    """L-64, G7: the record says it; only one of the first schema is guessed at."""
    assert kind_of(record) is kind


def test_writes_between_two_records_are_ours_within_an_epoch() -> None:
    """Across epochs outsiders wrote, too."""
    assert list(unseen_between(held(seq=3), held(seq=6))) == [4, 5]
    assert list(unseen_between(held(seq=3), free(seq=4))) == []
    assert list(unseen_between(held(seq=3), held(epoch=2, seq=6))) == []
    assert list(unseen_between(None, held(seq=6))) == []


def test_builders_use_one_lock() -> None:
    assert held().lock_id == free().ended.lock_id == L1


def test_of_two_records_in_one_place_the_first_counts() -> None:
    """A higher epoch or a higher seq is newer."""
    one, other = held(), held(op_id="another")
    assert newest(one, other) is one
    assert newest(one, None) is one
    assert newest(one, replace(other, seq=one.seq + 1)).op_id == "another"
    assert newest(one, replace(other, epoch=one.epoch + 1, seq=1)).op_id == "another"
