"""What survives a crash of our processes, in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from lockpoint.domain.lock import Held
from lockpoint.domain.settings import site_settings_from, space_settings_from
from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.forge import AccessToken
from lockpoint.services.ports.jobs import Job
from lockpoint.services.ports.locks import AuditEvent, Protection, Restoration, Witness
from lockpoint.services.ports.notifications import MailIntent, StoredIntent
from lockpoint.services.ports.runtime import BegunRequest, Clock
from lockpoint.services.ports.tenancy import SettingsNote, SiteState


@dataclass
class Claim:
    outcome: BegunRequest
    busy_until: datetime
    lock_began: bool = False


@dataclass
class Tables:
    """Everything that survives a crash of our processes; `down` makes every access fail."""

    clock: Clock
    down: bool = False
    tenants: dict[int, Tenant] = field(default_factory=dict)
    audit: dict[tuple[object, ...], AuditEvent] = field(default_factory=dict)
    intents: dict[tuple[object, ...], StoredIntent] = field(default_factory=dict)
    outcomes: dict[int, str] = field(default_factory=dict)
    told: dict[int, tuple[int | None, datetime]] = field(default_factory=dict)  # by intent: by which mail, when
    sent: list[tuple[int, str]] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    witnesses: dict[tuple[int, str], Witness] = field(default_factory=dict)
    restorations: dict[tuple[int, str, datetime], Restoration] = field(default_factory=dict)
    claims: dict[tuple[int, str, str], Claim] = field(default_factory=dict)
    guards: dict[tuple[int, str], tuple[str, datetime]] = field(default_factory=dict)
    states: dict[int, SiteState] = field(default_factory=dict)
    space_settings: dict[tuple[int, str], SettingsNote] = field(default_factory=dict)
    tokens: dict[int, AccessToken] = field(default_factory=dict)
    begun: dict[tuple[int, str, str], datetime] = field(default_factory=dict)  # by site, space or "", and what began

    def reachable(self) -> None:
        if self.down:
            raise StorageUnavailable("the database is away")

    def audit_of(self, tenant: Tenant) -> list[AuditEvent]:
        return [row for key, row in self.audit.items() if key[0] == tenant.id]

    def mails_of(self, tenant: Tenant) -> list[MailIntent]:
        return [stored.intent for stored in self.intents.values() if stored.tenant_id == tenant.id]

    def come_back(self, tenant_id: int) -> None:
        """As in `storage.tenancy.reactivation`."""
        self.tenants[tenant_id] = replace(self.tenants[tenant_id], returned_at=self.clock.now())
        self.uncheck(tenant_id, lambda _: True)

    def uncheck(self, tenant_id: int, where: Callable[[Witness], bool]) -> None:
        for key, witness in self.witnesses.items():
            if key[0] == tenant_id and isinstance(witness.record, Held) and where(witness):
                self.witnesses[key] = replace(witness, protection=Protection.UNCHECKED)

    def decides(self, tenant_id: int, space_id: str | None, rule: str) -> bool:
        note = self.space_settings.get((tenant_id, space_id or ""))
        return note is not None and rule in space_settings_from(json.loads(note.fields), 1).own

    def switched_at(self, tenant_id: int, space_id: str | None, what: str) -> datetime | None:
        """As `_SWITCHES` in `storage.tenancy.site_states`."""
        own, site = (self.begun.get((tenant_id, place, what)) for place in (space_id or "", ""))
        noted = self.begun.get((tenant_id, space_id or "", "noted"))
        counts = noted is None or (site and site >= noted and not self.decides(tenant_id, space_id, what))
        return max((one for one in (own, site if counts else None) if one), default=None)

    def strict(self, tenant_id: int) -> bool:
        """Whether the site or one of its spaces is."""
        site = self.states.get(tenant_id, SiteState()).settings
        spaces = [note for (tenant, _), note in self.space_settings.items() if tenant == tenant_id]
        own = [space_settings_from(json.loads(note.fields), 1).own.get("strict") for note in spaces]
        return any(own) or (site is not None and site_settings_from(json.loads(site.fields)).rules.strict)

    def note_found(self, tenant: Tenant, row: AuditEvent) -> None:
        for (tenant_id, account, _), claim in self.claims.items():
            same = (tenant_id, account, claim.outcome.lock_id) == (tenant.id, row.account, row.lock_id)
            claim.lock_began = claim.lock_began or same

    def defer(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            same = [j for j in self.jobs if (j.kind, j.tenant_id, j.subject) == (job.kind, job.tenant_id, job.subject)]
            if not same:
                self.jobs.append(job)
            elif job.delay < same[0].delay:
                self.jobs[self.jobs.index(same[0])] = job
