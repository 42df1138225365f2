"""Waiting jobs in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lockpoint.services.context import Tenant
from lockpoint.services.ports.jobs import Job, JobKind
from tests.fakes.storage.tables import Tables
from tests.fakes.storage.witnesses import FakeWitnesses


class FakeJobs:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def defer(self, jobs: Sequence[Job]) -> None:
        self.tables.reachable()
        self.tables.defer(jobs)

    def pending(self, tenant: Tenant, kind: JobKind) -> bool:
        self.tables.reachable()
        return any((job.tenant_id, job.kind) == (tenant.id, kind) for job in self.tables.jobs)


class FakeHeldFileJobs:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def defer(self, tenant: Tenant, jobs: Mapping[str, Job]) -> int:
        held = FakeWitnesses(self.tables).held_among(tenant, jobs)
        if self.tables.strict(tenant.id):
            held |= {file for file, job in jobs.items() if job.kind is JobKind.RECONCILE}
        self.tables.defer([jobs[file] for file in sorted(held)])
        return len(held)
