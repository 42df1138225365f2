"""Witnesses in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from lockpoint.domain.lock import Free, Held, Phase
from lockpoint.domain.pseudonyms import is_pseudonym
from lockpoint.domain.snapshots import phase
from lockpoint.services.context import Tenant
from lockpoint.services.ports.locks import Protection, Witness
from tests.fakes.storage.tables import Tables


class FakeWitnesses:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def _held(self, tenant: Tenant) -> list[Witness]:
        self.tables.reachable()
        rows = sorted(self.tables.witnesses.items(), key=lambda item: item[0])
        return [w for (tenant_id, _), w in rows if tenant_id == tenant.id and isinstance(w.record, Held)]

    def get(self, tenant: Tenant, attachment_id: str) -> Witness | None:
        self.tables.reachable()
        return self.tables.witnesses.get((tenant.id, attachment_id))

    def held_among(self, tenant: Tenant, attachment_ids: Iterable[str]) -> frozenset[str]:
        wanted = set(attachment_ids)
        return frozenset(w.attachment_id for w in self._held(tenant) if w.attachment_id in wanted)

    def held_in(self, tenant: Tenant, container_ids: Iterable[str]) -> frozenset[str]:
        wanted = set(container_ids)
        return frozenset(w.attachment_id for w in self._held(tenant) if w.container and w.container.id in wanted)

    def of_container(self, tenant: Tenant, container_id: str) -> Sequence[Witness]:
        self.tables.reachable()
        known = [w for (tenant_id, _), w in sorted(self.tables.witnesses.items()) if tenant_id == tenant.id]
        return [w for w in known if w.container and w.container.id == container_id]

    def live(
        self, tenant: Tenant, *, after: str | None = None, limit: int = 500, space_id: str | None = None
    ) -> Sequence[Witness]:
        held = [w for w in self._held(tenant) if space_id is None or w.space_id == space_id]
        return [w for w in held if w.attachment_id > (after or "")][:limit]

    def move(self, tenant: Tenant, attachment_id: str, space_id: str, *, returns: bool) -> None:
        witness = self.get(tenant, attachment_id)
        if witness is not None and isinstance(witness.record, Held):
            now = self.tables.clock.now()
            back = replace(witness, protection=Protection.UNCHECKED, returned_at=now) if returns else witness
            self.tables.witnesses[tenant.id, attachment_id] = replace(back, space_id=space_id)

    def count_held(self, tenant: Tenant, holder: str | None = None, *, running_at: datetime | None = None) -> int:
        held = [w.record for w in self._held(tenant) if isinstance(w.record, Held)]
        if running_at is not None:
            held = [one for one in held if phase(one, running_at) is not Phase.EXPIRED]
        return sum(holder is None or record.holder == holder for record in held)

    def holders(self, tenant: Tenant) -> Sequence[str]:
        return sorted({w.record.holder for w in self._held(tenant) if isinstance(w.record, Held)})

    def held_by(self, tenant: Tenant, holder: str) -> Sequence[Witness]:
        return [w for w in self._held(tenant) if isinstance(w.record, Held) and w.record.holder == holder]

    def set_protection(
        self, tenant: Tenant, attachment_id: str, protection: Protection, version: int | None = None
    ) -> bool:
        witness = self.get(tenant, attachment_id)
        if witness is None or not isinstance(witness.record, Held):
            return False
        found = replace(witness, protection=protection, version=witness.version if version is None else version)
        self.tables.witnesses[tenant.id, attachment_id] = found
        return found != witness

    def marked(self, tenant: Tenant, protections: Iterable[Protection]) -> frozenset[str]:
        self.tables.reachable()
        wanted, known = set(protections), self.tables.witnesses.items()
        return frozenset(file for (tenant_id, file), w in known if tenant_id == tenant.id and w.protection in wanted)

    def still_there(self, tenant: Tenant, attachment_id: str, at: datetime) -> None:
        witness = self.get(tenant, attachment_id)
        if witness is not None:
            self.tables.witnesses[tenant.id, attachment_id] = replace(witness, seen_at=max(at, witness.seen_at))

    def ended_naming(self, tenant: Tenant, before: datetime, *, after: str, limit: int) -> Sequence[str]:
        self.tables.reachable()
        known = [w for (tenant_id, _), w in sorted(self.tables.witnesses.items()) if tenant_id == tenant.id]
        return [
            w.attachment_id
            for w in known
            if isinstance(w.record, Free) and w.seen_at < before and w.attachment_id > after
            if any(not is_pseudonym(who) for who in (w.record.ended.holder, w.record.ended.by) if who)
        ][:limit]

    def any(self, tenant: Tenant) -> bool:
        self.tables.reachable()
        return any(tenant_id == tenant.id for tenant_id, _ in self.tables.witnesses)
