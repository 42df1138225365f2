"""Our own restorations in memory."""

from __future__ import annotations

from collections.abc import Sequence

from lockpoint.domain.history.judge import KnownRestoration
from lockpoint.services.context import Tenant
from lockpoint.services.ports.locks import Restoration
from tests.fakes.storage.tables import Tables


class FakeRestorations:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def known(self, tenant: Tenant, attachment_id: str) -> tuple[KnownRestoration, ...]:
        self.tables.reachable()
        return tuple(
            KnownRestoration(r.created, r.source_created)
            for (tenant_id, file_id, _), r in self.tables.restorations.items()
            if (tenant_id, file_id) == (tenant.id, attachment_id)
        )

    def recent(self, tenant: Tenant, lock_id: str) -> Sequence[Restoration]:
        self.tables.reachable()
        rows = self.tables.restorations.items()
        return [r for (tenant_id, _, _), r in rows if tenant_id == tenant.id and r.lock_id == lock_id]
