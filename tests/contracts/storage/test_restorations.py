"""Restorations: our own versions, by file and by lock."""

from datetime import timedelta

from lockpoint.domain.history.judge import KnownRestoration
from lockpoint.services.ports.locks import Effects
from tests.contracts.storage.stores import Store
from tests.fakes.world import START
from tests.storage.builders import restoration


def test_known_by_file_and_by_hold(store: Store) -> None:
    """Our own versions are known with their sources; the restore budget counts those of one lock."""
    second = restoration(created=START + timedelta(hours=1), at=START + timedelta(hours=1), lock_id="2" * 32)
    for _ in range(2):
        store.effects.record(store.acme, Effects(restorations=(restoration(), second)))
    source = START - timedelta(hours=1)
    assert store.restorations.known(store.acme, "123") == (
        KnownRestoration(START, source),
        KnownRestoration(second.created, source),
    )
    assert list(store.restorations.recent(store.acme, "2" * 32)) == [second]
    assert store.restorations.known(store.globex, "123") == ()
    assert list(store.restorations.recent(store.globex, "2" * 32)) == []
