import threading
from dataclasses import replace
from typing import Any

import pytest

from lockpoint import bootstrap, worker
from lockpoint.services.container import Services
from lockpoint.services.context import Tenant
from lockpoint.services.errors import QuotaExceeded
from lockpoint.services.ports.jobs import JobKind
from lockpoint.services.quota_accounting import current_use_case, spending_on
from tests.fakes.world import ACME, BOB, make_world


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Replaces the use cases; records their arguments."""
    calls: list[tuple[Any, ...]] = []

    def note(kind: JobKind) -> worker.UseCase:
        return lambda _services, tenant, subject: calls.append((kind, tenant, subject))

    for kind in worker.USE_CASES:
        monkeypatch.setitem(worker.USE_CASES, kind, note(kind))
    return calls


def handle(services: Services, kind: JobKind, subject: str = "1", tenant: Tenant = ACME) -> None:
    worker.handlers(services)[kind](tenant.id, subject)


def test_every_kind_of_job_has_a_handler() -> None:
    assert set(worker.handlers(make_world().services)) == set(JobKind)


@pytest.mark.parametrize("kind", worker.USE_CASES)
def test_a_job_of_an_active_site_is_done(kind: JobKind, called: list[tuple[Any, ...]]) -> None:
    handle(make_world().services, kind)
    assert called == [(kind, ACME, "1")]


@pytest.mark.parametrize("kind", worker.USE_CASES)
@pytest.mark.parametrize("tenant", [replace(ACME, installed=False), replace(ACME, enabled=False), None])
def test_a_job_of_a_site_that_is_gone_is_dropped(
    kind: JobKind, tenant: Tenant | None, called: list[tuple[Any, ...]]
) -> None:
    """I20: without a call to the site."""
    world = make_world()
    world.tables.tenants = {} if tenant is None else {ACME.id: tenant}
    handle(world.services, kind)
    assert called == []


def test_the_real_use_cases_take_what_the_queue_holds() -> None:
    """Account ids may contain colons."""
    world = make_world()
    file = world.add_file()
    for kind, subject in (
        (JobKind.RECONCILE, file.id),
        (JobKind.TRASHED, f"{file.id}:{BOB}"),
        (JobKind.CONFIRM, f"{file.id}:{'0' * 32}"),
        (JobKind.SWEEP, ""),
        (JobKind.REDISCOVER, ""),
        (JobKind.CONFIRM, f"{file.id}:{'0' * 32}"),
        (JobKind.SELF_TEST, ""),
        (JobKind.PAGE_HINT, f"page:{world.pages[ACME.id].container.id}"),
        (JobKind.SEND_MAIL, "1"),
    ):
        handle(world.services, kind, subject)
    assert world.tables.states[ACME.id].tested_at == world.clock.now()


def test_work_is_done_side_by_side_in_the_callers_context() -> None:
    """P-19: a sweep waits for several answers at a time, and its points are charged to it."""
    meeting, seen = threading.Barrier(bootstrap.AT_ONCE, timeout=5), set()

    def work(item: int) -> None:
        meeting.wait()
        seen.add((item, current_use_case()))

    with spending_on("sweep"):
        bootstrap.ThreadedParallel().each(work, range(2 * bootstrap.AT_ONCE))
    assert seen == {(item, "sweep") for item in range(2 * bootstrap.AT_ONCE)}


def test_after_an_error_nothing_more_begins() -> None:
    """Out of points: the sweep stops."""
    begun = []

    def work(item: int) -> None:
        begun.append(item)
        raise QuotaExceeded("out of points", 60)

    with pytest.raises(QuotaExceeded):
        bootstrap.ThreadedParallel().each(work, range(1000))
    assert len(begun) < 100
