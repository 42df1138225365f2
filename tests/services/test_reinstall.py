"""A site that comes back: live locks count again, those whose time was over end, and their owners hear of it once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lockpoint.locking.events import MailKind
from lockpoint.locking.lock import EndReason, Held, Limits
from lockpoint.services.context import Tenant
from lockpoint.services.ports import RETURNED, Job, JobKind
from tests.fakes import ACME, ALICE, BOB
from tests.services.stage import Stage, make_stage, untouched


def leave(stage: Stage) -> None:
    """Uninstall: the tenant is gone for every job."""
    gone = Tenant(ACME.id, ACME.client_key, ACME.base_url, installed=False, enabled=False)
    stage.world.tables.tenants[ACME.id] = gone


def come_back(stage: Stage, *, erased: bool) -> None:
    """Install again, 30 days later without anything that was known."""
    tables = stage.world.tables
    if erased:
        for table in (tables.witnesses, tables.audit, tables.intents, tables.restorations, tables.claims):
            table.clear()  # type: ignore[attr-defined]
    tables.jobs.clear()
    tables.tenants[ACME.id] = ACME
    tables.defer([Job(JobKind.REDISCOVER, ACME.id, RETURNED), Job(JobKind.SWEEP, ACME.id)])
    stage.run_jobs()


@pytest.mark.parametrize("erased", [False, True], ids=["within_30_days", "after_30_days"])
def test_live_and_expired_locks(erased: bool) -> None:
    """L-70, P-16: the live one is enforced from what is current now, the expired one ends; each owner is told once."""
    stage = make_stage(limits=Limits(longest=timedelta(days=90)))
    long = stage.world.add_file(BOB)
    stage.lock(life=timedelta(hours=2))
    stage.lock(BOB, file=long, life=timedelta(days=60))
    stage.run_jobs(JobKind.PAGE_HINT)
    leave(stage)
    stage.world.clock.advance(days=31 if erased else 3)
    stage.world.site().upload(long.id, ALICE, b"meanwhile")
    stage.reconcile()
    assert long.content == b"meanwhile"
    come_back(stage, erased=erased)
    assert stage.tombstone.ended.reason is EndReason.EXPIRED
    reading = stage.world.reading(long.id)
    assert isinstance(reading, Held)
    assert reading.base.created == long.versions[-1].created
    told = [(MailKind.LOCK_ENDED, ALICE, "expired"), (MailKind.OVERWRITE_ATTEMPT, BOB, "not_undone")]
    assert stage.mails() == told
    come_back(stage, erased=False)
    assert stage.mails() == told
    stage.world.clock.advance(minutes=1)
    stage.world.site().upload(long.id, ALICE, b"against the lock")
    stage.sweep()
    assert long.content == b"meanwhile"
    assert untouched(stage)
