"""Jobs: equal waiting ones are one, and of many files the locked ones get theirs."""

from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects
from tests.contracts.storage.stores import Store
from tests.fakes.world import BOB
from tests.storage.builders import about_person, free, witness


def test_equal_waiting_jobs_are_one(store: Store) -> None:
    """Same kind, tenant and subject, from either port."""
    job = Job(JobKind.RECONCILE, store.acme.id, "123")
    store.jobs.defer((job, job))
    store.effects.record(store.acme, Effects(jobs=(job,)))
    store.jobs.defer((job, Job(JobKind.RECONCILE, store.acme.id, "124"), Job(JobKind.SWEEP, store.acme.id)))
    store.jobs.defer(())
    assert store.waiting() == [
        ("reconcile", store.acme.id, "123"),
        ("reconcile", store.acme.id, "124"),
        ("sweep", store.acme.id, ""),
    ]


def test_only_locked_files_get_their_jobs(store: Store) -> None:
    """L-51: of the caller's site; once."""
    store.effects.record(store.acme, Effects(witness=witness("1")))
    store.effects.record(store.acme, Effects(witness=witness("2", record=free())))
    store.effects.record(store.globex, Effects(witness=witness("3")))
    jobs = {file: about_person(JobKind.TRASHED, store.acme.id, f"{file}:{BOB}") for file in ("1", "2", "3")}
    for _ in range(2):
        assert store.held_file_jobs.defer(store.acme, jobs) == 1
    assert store.waiting() == [("trashed", store.acme.id, f"1:{BOB}")]
    assert store.held_file_jobs.defer(store.acme, {}) == 0
