"""Our own copy of a record: everything but people's words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import EndReason, Free, Held
from lockpoint.domain.record_json import Fields, WrongFieldError, read_witness, witness_fields
from tests.domain.build import at, ended, free, held

BROKEN = ended(EndReason.BROKEN, by="dana", why="her words", pending=(at(1), at(2)))
RECORDS = {
    "held": held(note="his words", began=at(1), kind=AuditKind.ACQUIRED, unlock_on_upload=True),
    "held after another": held(note="his words", ended=BROKEN),
    "free": free(ended=BROKEN, kind=AuditKind.BROKEN),
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_witness_keeps_everything_but_words(record: Held | Free) -> None:
    """Privacy 1: neither the note nor the reason is copied; other members are ignored when it is read."""
    copy = witness_fields(record)
    assert "words" not in repr(copy)
    silent = None if record.ended is None else replace(record.ended, why=None)
    assert read_witness({**copy, "why": None, "note": None, "later": 1}) == (
        replace(record, note=None, ended=silent)
        if isinstance(record, Held)
        else replace(record, ended=replace(record.ended, why=None))
    )


def test_a_witness_has_no_member_for_words() -> None:
    copy = witness_fields(RECORDS["held after another"])
    assert "note" not in copy
    inner = copy["ended"]
    assert isinstance(inner, dict)
    assert "why" not in inner
    assert witness_fields(RECORDS["held"])["ended"] is None


@pytest.mark.parametrize("value", [None, "x", {"a": 1}, 5, ["x"], [1], [None]])
def test_times_are_a_list_of_times(value: object) -> None:
    with pytest.raises(WrongFieldError):
        Fields({"unsettled": value}).times("unsettled")
