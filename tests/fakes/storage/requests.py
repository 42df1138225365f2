"""Repeated calls, and the creation of a file's first record, in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from lockpoint.services.context import Tenant
from lockpoint.services.ports.runtime import BegunRequest, RequestState
from tests.fakes.storage.tables import Claim, Tables

LEASE = timedelta(seconds=60)  # an attempt older than this has crashed


class FakeRequests:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def begin(
        self, tenant: Tenant, account: str, request_id: str, *, digest: str, lock_id: str, op_id: str
    ) -> BegunRequest:
        self.tables.reachable()
        now, key = self.tables.clock.now(), (tenant.id, account, request_id)
        claim = self.tables.claims.get(key)
        if claim is None:
            running = BegunRequest(state=RequestState.RUNNING, digest=digest, lock_id=lock_id, op_id=op_id)
            self.tables.claims[key] = Claim(running, now + LEASE)
            return replace(running, state=RequestState.FRESH)
        if claim.outcome.state is RequestState.RUNNING and claim.busy_until <= now:
            claim.busy_until = now + LEASE
            return replace(claim.outcome, state=RequestState.RESUMED)
        return claim.outcome

    def abandon(self, tenant: Tenant, account: str, request_id: str) -> None:
        self.tables.reachable()
        self.tables.claims[tenant.id, account, request_id].busy_until = self.tables.clock.now()

    def lock_began(self, tenant: Tenant, account: str, request_id: str) -> bool:
        self.tables.reachable()
        return self.tables.claims[tenant.id, account, request_id].lock_began


class FakeCreationGuard:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def claim(self, tenant: Tenant, attachment_id: str, op_id: str, *, until: datetime) -> bool:
        self.tables.reachable()
        key = (tenant.id, attachment_id)
        owner, ends = self.tables.guards.get(key, (op_id, until))
        if owner != op_id and ends > self.tables.clock.now():
            return False
        self.tables.guards[key] = (op_id, until)
        return True

    def release(self, tenant: Tenant, attachment_id: str, op_id: str) -> None:
        self.tables.reachable()
        key = (tenant.id, attachment_id)
        if self.tables.guards.get(key, ("", None))[0] == op_id:
            del self.tables.guards[key]
