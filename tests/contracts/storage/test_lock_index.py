"""Lists of locks: chosen, ordered, in parts, counted."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lockpoint.services.ports.listing import ListedState, LockOrder, LockQuery
from lockpoint.services.ports.locks import Effects, Protection
from tests.contracts.storage.stores import Store
from tests.fakes.world import ALICE, BOB, START
from tests.storage.builders import PAGE, free, held, witness

LATER = START + timedelta(hours=72)
HIDDEN = Protection.APP_BLOCKED
INDEXED: dict[str, dict[str, Any]] = {
    "1": {"record": held(expires_at=LATER, acquired_at=START - timedelta(hours=1))},
    "2": {"record": held(expires_at=None, holder=BOB), "protection": HIDDEN},
    "3": {"record": held(holder=BOB), "space_id": "7", "container": replace(PAGE, id="9")},
    "4": {"record": held(expires_at=START), "space_id": None},
    "5": {"record": held(expires_at=START - timedelta(seconds=30))},
    "6": {"record": free()},
    "7": {"record": held(expires_at=LATER, acquired_at=START + timedelta(microseconds=500_000))},
}
"""1 and 7 end together, 2 is endless, 3 of another space and page, 4 ends, 5 has run out, 6 has ended."""


@pytest.fixture
def indexed(store: Store) -> Store:
    for number, values in INDEXED.items():
        store.effects.record(store.acme, Effects(witness=witness(number, **values)))
    store.effects.record(store.globex, Effects(witness=witness("8")))
    return store


def _ids(store: Store, **query: Any) -> str:
    found = store.lock_index.page(store.acme, LockQuery(viewer=ALICE, now=START, **query))
    return "".join(one.attachment_id for one in found)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, "43172"),
        ({"order": LockOrder.EXPIRES_DOWN}, "27134"),
        ({"order": LockOrder.SINCE}, "12347"),
        ({"order": LockOrder.SINCE_DOWN}, "74321"),
        ({"limit": 2}, "43"),
        ({"holder": BOB}, "32"),
        ({"page_id": "9"}, "3"),
        ({"space_id": "7"}, "43"),
        ({"space_id": "65538"}, "4172"),
        ({"state": ListedState.ENDING}, "4"),
        ({"state": ListedState.MINE}, "17"),
        ({"state": ListedState.OTHER}, "32"),
        ({"state": ListedState.UNPROTECTED}, "2"),
        ({"named": (frozenset("16"), frozenset([BOB]))}, "312"),
        ({"named": (frozenset(), frozenset())}, ""),
        ({"after": (LATER, "1")}, "72"),
        ({"after": (None, "2")}, ""),
        ({"order": LockOrder.EXPIRES_DOWN, "after": (None, "2")}, "7134"),
    ],
)
def test_locks_are_chosen_in_order(indexed: Store, query: dict[str, Any], wanted: str) -> None:
    """L-60"""
    assert _ids(indexed, **query) == wanted


@pytest.mark.parametrize("order", LockOrder)
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_parts_make_the_whole(indexed: Store, order: LockOrder, limit: int) -> None:
    """L-60: nothing lost, nothing twice."""
    parts, after = "", None
    while part := _ids(indexed, order=order, limit=limit, after=after):
        parts += part
        last = INDEXED[part[-1]]["record"]
        after = (last.acquired_at if "since" in order else last.expires_at, part[-1])
    assert parts == _ids(indexed, order=order)


def test_locks_are_counted_by_protection(indexed: Store) -> None:
    assert indexed.lock_index.protections(indexed.acme, None, START) == {Protection.PROTECTED: 4, HIDDEN: 1}
    assert indexed.lock_index.protections(indexed.acme, "7", START) == {Protection.PROTECTED: 2}
