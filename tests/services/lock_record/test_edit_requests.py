"""Requests for a locked file, as they lie in Confluence."""

from __future__ import annotations

from lockpoint.services.lock_record.edit_requests import EditRequest, open_requests, read_requests, written
from tests.domain.build import L1, L2, at
from tests.fakes.world import ALICE, BOB, CHARLIE

ONE = EditRequest(id="1", lock_id=L1, account=BOB, at=at(), message="please")


def test_what_is_written_is_read() -> None:
    """P-11: open ones and answered ones."""
    answered = ONE.declined(at(5), "later")
    assert read_requests([written(ONE), written(answered)]) == (ONE, answered)
    assert (ONE.open, answered.open) == (True, False)


def test_odd_members_are_left_out() -> None:
    """F3: a signed list with something else in it."""
    whole = written(ONE)
    odd = [None, 1, "x", [], {}, {**whole, "at": 3}, {**whole, "at": "yesterday"}, {**whole, "message": 1}]
    without = [{k: v for k, v in whole.items() if k != left} for left in ("id", "lock_id", "account", "at")]
    assert read_requests([*odd, *without, whole]) == (ONE,)
    assert read_requests({"0": whole}) == read_requests("x") == read_requests(None) == ()


def test_the_holder_is_asked_by_others_for_this_lock() -> None:
    """P-11: what is answered, or was asked of an earlier lock, or by the holder, is no open request."""
    other = EditRequest(id="2", lock_id=L2, account=CHARLIE, at=at())
    own = EditRequest(id="3", lock_id=L1, account=ALICE, at=at())
    assert open_requests((ONE.declined(at(), None), other, own, ONE), L1, ALICE) == (ONE,)
