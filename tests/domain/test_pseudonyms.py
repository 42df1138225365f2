"""A person who is erased: what names them in a record, and what stands there afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from lockpoint.domain import pseudonyms, rules
from lockpoint.domain.events import AuditKind
from lockpoint.domain.lock import Free, Held
from tests.domain.build import ALICE, BOB, DANA, L1, base, ended, free, held, snapshot

SOMEBODY = "erased:1f"


def forget(record: Held | Free, account: str, **more: Any) -> rules.Decision:
    return rules.forget(snapshot(record), account=account, pseudonym=SOMEBODY, op_id="op", **more)


def test_a_pseudonym_says_that_it_is_one() -> None:
    made = pseudonyms.pseudonym_from("1f")
    assert made == f"{pseudonyms.PREFIX}1f"
    assert made != "1f"
    assert pseudonyms.is_pseudonym(made)
    assert not pseudonyms.is_pseudonym(DANA)


PLACES = {
    "holder": held(holder=DANA),
    "author of the protected version": held(base=base(author=DANA)),
    "who ended the lock before": held(ended=ended(by=DANA)),
    "holder of the lock before": held(ended=ended(holder=DANA)),
    "who ended it": free(ended=ended(by=DANA)),
    "whose lock ended": free(ended=ended(holder=DANA)),
}


@pytest.mark.parametrize("record", PLACES.values(), ids=PLACES)
def test_a_record_names_a_person_in_six_places(record: Held | Free) -> None:
    assert pseudonyms.names(record, DANA)
    assert not pseudonyms.names(record, "charlie")
    assert pseudonyms.without(record, "charlie", SOMEBODY) == record


def test_who_is_forgotten_leaves_a_pseudonym_and_no_words() -> None:
    """But no author: the version's number leads to them in Confluence's own history."""
    own = held(note="hers", base=base(author=ALICE), ended=ended(by=ALICE, holder=ALICE, why="hers"))
    assert pseudonyms.without(own, ALICE, SOMEBODY) == held(
        holder=SOMEBODY, base=base(author=None), ended=ended(by=SOMEBODY, holder=SOMEBODY)
    )
    tombstone = free(ended=ended(by=ALICE, holder=ALICE, why="hers"))
    assert pseudonyms.without(tombstone, ALICE, SOMEBODY) == free(ended=ended(by=SOMEBODY, holder=SOMEBODY))


def test_what_others_wrote_stays_with_them() -> None:
    record = held(note="Alice's", ended=ended(by=DANA, holder=BOB, why="Dana's"))
    assert pseudonyms.without(record, BOB, SOMEBODY) == held(
        note="Alice's", base=base(author=None), ended=ended(by=DANA, holder=SOMEBODY, why="Dana's")
    )


def test_forgetting_writes_the_pseudonym_in_the_next_place() -> None:
    """An erasure is a write of its own."""
    record = free(ended=ended(by=DANA))
    decision = forget(record, DANA)
    assert isinstance(decision, rules.Write)
    assert (decision.record.seq, decision.record.op_id) == (record.seq + 1, "op")
    assert isinstance(decision.record, Free)
    assert (decision.record.ended.by, decision.record.ended.holder) == (SOMEBODY, ALICE)
    assert decision.record.kind is AuditKind.PERSON_ERASED


def test_there_is_nothing_to_forget_where_nobody_is_named() -> None:
    record = held()
    assert forget(record, DANA) == rules.Already(record)


def test_a_person_is_not_forgotten_in_their_own_live_lock() -> None:
    """It has to end first: nobody would hold it."""
    own = held()
    assert forget(own, ALICE) == rules.LockLost(own)
    assert isinstance(forget(own, BOB), rules.Write)
    assert own.lock_id == L1
