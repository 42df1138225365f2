"""The audit log in memory."""

from __future__ import annotations

from collections.abc import Sequence

from lockpoint.services.context import Tenant
from lockpoint.services.ports.locks import AuditEvent, AuditQuery
from tests.fakes.storage.tables import Tables


class FakeAuditLog:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def read(self, tenant: Tenant, query: AuditQuery) -> Sequence[AuditEvent]:
        self.tables.reachable()
        found = sorted(self.tables.audit_of(tenant), key=_place, reverse=True)
        seen = {
            key[1]
            for key, one in self.tables.witnesses.items()
            if key[0] == tenant.id and one.space_id == query.space_id
        }
        here = [row for row in found if _here(row, query, seen)]
        wanted = [row for row in here if _wanted(row, query)]
        return wanted[: query.limit]


def _place(row: AuditEvent) -> tuple[object, ...]:
    return (row.at, row.attachment_id or "", row.epoch, row.seq, row.kind.value)


def _here(row: AuditEvent, query: AuditQuery, seen: set[str]) -> bool:
    return query.space_id is None or row.attachment_id in seen or row.detail == query.space_settings


def _wanted(row: AuditEvent, query: AuditQuery) -> bool:
    within = (query.since is None or row.at >= query.since) and (query.until is None or row.at < query.until)
    before = query.after is None or _place(row) < _place(query.after)
    pairs = ((query.kind, row.kind), (query.account, row.account), (query.attachment_id, row.attachment_id))
    return within and before and all(asked in (None, own) for asked, own in pairs)
