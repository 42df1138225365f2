"""One creator of a file's first record at a time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from tests.contracts.storage.stores import Store
from tests.fakes.world import START


def _claim(store: Store, op_id: str, file_id: str = "1") -> bool:
    won: bool = store.guard.claim(store.acme, file_id, op_id, until=store.clock.now() + timedelta(seconds=60))
    return won


def test_one_of_many_simultaneous_claims_wins(store: Store) -> None:
    """One creator of a file's first record at a time."""
    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(lambda n: _claim(store, f"op {n}"), range(8)))
    assert won.count(True) == 1


def test_the_owner_may_claim_again(store: Store) -> None:
    """After a time-out the same op id still owns the guard."""
    assert _claim(store, "a")
    assert _claim(store, "a")
    assert not _claim(store, "b")


def test_a_claim_runs_out(store: Store) -> None:
    """Free once no write of its owner can land any more."""
    assert _claim(store, "a")
    store.clock.advance(seconds=59)
    assert not _claim(store, "b")
    store.clock.advance(seconds=1)
    assert _claim(store, "b")


def test_only_the_owner_gives_it_back(store: Store) -> None:
    """A late release of a former owner changes nothing."""
    assert _claim(store, "a")
    store.guard.release(store.acme, "1", "b")
    assert not _claim(store, "b")
    store.guard.release(store.acme, "1", "a")
    assert _claim(store, "b")


def test_files_and_sites_are_apart(store: Store) -> None:
    assert _claim(store, "a")
    assert _claim(store, "b", "2")
    assert store.guard.claim(store.globex, "1", "c", until=START + timedelta(minutes=1))
