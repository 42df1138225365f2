"""Repeated calls: one of many goes ahead, and the others hear what became of it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from lockpoint.domain.events import AuditKind
from lockpoint.services.ports.locks import Effects
from lockpoint.services.ports.runtime import BegunRequest, RequestState
from tests.contracts.storage.stores import Store
from tests.fakes.world import ALICE, BOB
from tests.storage.builders import audit_event


def begin(
    store: Store, request_id: str = "r", account: str = ALICE, number: int = 1, digest: str = "d"
) -> BegunRequest:
    outcome: BegunRequest = store.requests.begin(
        store.acme, account, request_id, digest=digest, lock_id=f"lock {number}", op_id=f"op {number}"
    )
    return outcome


@pytest.mark.parametrize("kind", [AuditKind.ACQUIRED, AuditKind.TAKEN_OVER, AuditKind.HANDED_OVER])
def test_a_lock_that_others_found_is_known_to_its_call(store: Store, kind: AuditKind) -> None:
    """L-03: by person and lock id, on this site only, and only where its beginning was recovered."""
    begin(store)
    begin(store, "other", number=2)
    began = audit_event(kind=kind, lock_id="lock 1", recovered=True)
    store.effects.record(store.globex, Effects(audit=(began,)))
    for row in (replace(began, account=BOB), replace(began, seq=2, recovered=False)):
        store.effects.record(store.acme, Effects(audit=(replace(row, attachment_id="124"),)))
    store.effects.record(store.acme, Effects(audit=(replace(began, seq=3, kind=AuditKind.EXTENDED),)))
    assert not store.requests.lock_began(store.acme, ALICE, "r")
    store.effects.record(store.acme, Effects(audit=(began,)))
    assert store.requests.lock_began(store.acme, ALICE, "r")
    assert not store.requests.lock_began(store.acme, ALICE, "other")


def test_a_new_request_id_is_fresh_with_the_given_ids(store: Store) -> None:
    assert begin(store) == BegunRequest(state=RequestState.FRESH, digest="d", lock_id="lock 1", op_id="op 1")


def test_a_twin_in_flight_is_running(store: Store) -> None:
    """The twin's ids, not the new ones."""
    begin(store)
    again = begin(store, number=2)
    assert (again.state, again.lock_id) == (RequestState.RUNNING, "lock 1")


def test_an_attempt_that_died_is_resumed_with_its_ids(store: Store) -> None:
    """After a crash the repeated call works under the same lock id and op id."""
    begin(store)
    store.clock.advance(seconds=61)
    again = begin(store, number=2)
    assert (again.state, again.lock_id, again.op_id) == (RequestState.RESUMED, "lock 1", "op 1")
    assert begin(store, number=3).state is RequestState.RUNNING


def test_an_abandoned_attempt_is_resumed_at_once(store: Store) -> None:
    begin(store)
    store.requests.abandon(store.acme, ALICE, "r")
    assert begin(store, number=2).state is RequestState.RESUMED


def test_a_finished_request_tells_its_outcome(store: Store) -> None:
    """Status, error and lock id; abandoning it afterwards changes nothing."""
    begin(store)
    store.effects.record(store.acme, Effects(request=(ALICE, "r", 409, "already_locked")))
    store.requests.abandon(store.acme, ALICE, "r")
    again = begin(store, number=2)
    assert (again.state, again.status, again.error) == (RequestState.DONE, 409, "already_locked")
    assert again.lock_id == "lock 1"


def test_another_body_shows_in_the_digest(store: Store) -> None:
    """The caller compares digests."""
    begin(store)
    assert begin(store, number=2, digest="other").digest == "d"


def test_request_ids_belong_to_a_person_of_a_site(store: Store) -> None:
    begin(store)
    assert begin(store, account=BOB).state is RequestState.FRESH
    other = store.requests.begin(store.globex, ALICE, "r", digest="d", lock_id="l", op_id="o")
    assert other.state is RequestState.FRESH


def test_one_of_many_simultaneous_calls_is_fresh(store: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        states = [outcome.state for outcome in threads.map(lambda n: begin(store, number=n), range(8))]
    assert sorted(states) == [RequestState.FRESH] + [RequestState.RUNNING] * 7
