"""Effects of a use case, stored together."""

from __future__ import annotations

from dataclasses import replace

from lockpoint.domain.events import AuditKind
from lockpoint.services.context import Tenant
from lockpoint.services.errors import WitnessMoved
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects, Witness
from lockpoint.services.ports.notifications import MailIntent, StoredIntent
from lockpoint.services.ports.runtime import RequestState
from lockpoint.services.ports.tenancy import SettingsNote, SiteState
from tests.fakes.storage.tables import Tables

BEGINNINGS = (AuditKind.ACQUIRED, AuditKind.TAKEN_OVER, AuditKind.HANDED_OVER)


class FakeEffects:
    """All effects or none."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def record(self, tenant: Tenant, effects: Effects) -> None:
        tables = self.tables
        tables.reachable()
        if effects.witness is not None:
            self._require_unmoved(tenant, effects.witness, effects.decided_on)
            self._store(tenant, effects.witness)
        for row in effects.audit:
            place = (tenant.id, row.attachment_id, row.epoch, row.seq)
            tables.audit.setdefault(place if row.epoch else (*place, row.kind, row.at), row)
            if row.recovered and row.kind in BEGINNINGS:
                tables.note_found(tenant, row)
        for restoration in effects.restorations:
            place = (tenant.id, restoration.attachment_id, restoration.created)
            tables.restorations.setdefault(place, restoration)
        for intent in effects.intents:
            self._intend(tenant, intent)
        tables.defer(effects.jobs)
        if effects.settings is not None:
            self._note(tenant, effects.settings)
        if effects.template_revision is not None:
            state = tables.states.get(tenant.id, SiteState())
            newest = max(effects.template_revision, state.template_revision or 0)
            tables.states[tenant.id] = replace(state, template_revision=newest)
        if effects.request is not None:
            account, request_id, status, error = effects.request
            claim = tables.claims[tenant.id, account, request_id]
            claim.outcome = replace(claim.outcome, state=RequestState.DONE, status=status, error=error)

    def _note(self, tenant: Tenant, note: SettingsNote) -> None:
        spaces, state = self.tables.space_settings, self.tables.states.get(tenant.id, SiteState())
        if note.space_id is not None:
            known = spaces.get((tenant.id, note.space_id))
            if known is None or note.anew or note.revision >= known.revision:
                carried = {
                    what: self.tables.switched_at(tenant.id, note.space_id, what) for what in ("active", "strict")
                }
                spaces[tenant.id, note.space_id] = note
                for what, at in {**carried, "noted": self.tables.clock.now()}.items():
                    if at is not None:
                        self.tables.begun[tenant.id, note.space_id, what] = at
                self._begin(tenant, note)
        elif state.settings is None or note.revision >= state.settings.revision:
            self.tables.states[tenant.id] = replace(state, settings=note)
            self._begin(tenant, note)

    def _begin(self, tenant: Tenant, note: SettingsNote) -> None:
        tables, space = self.tables, note.space_id
        for what, begins in (("active", note.returns), ("strict", note.strict_begins)):
            if begins:
                tables.begun[tenant.id, space or "", what] = tables.clock.now()
        if note.returns and space is not None:
            tables.uncheck(tenant.id, lambda witness: witness.space_id == space)
        elif note.returns:
            tables.uncheck(tenant.id, lambda witness: not tables.decides(tenant.id, witness.space_id, "active"))

    def _require_unmoved(self, tenant: Tenant, witness: Witness, decided_on: tuple[int, int] | None) -> None:
        known = self.tables.witnesses.get((tenant.id, witness.attachment_id))
        if known is None or decided_on is None:
            return
        place = (known.record.epoch, known.record.seq)
        if place > min(decided_on, (witness.record.epoch, witness.record.seq)):
            raise WitnessMoved(witness.attachment_id)

    def _store(self, tenant: Tenant, witness: Witness) -> None:
        key = (tenant.id, witness.attachment_id)
        known = self.tables.witnesses.get(key)
        if known is None:
            self.tables.witnesses[key] = witness
        elif (known.record.epoch, known.record.seq) <= (witness.record.epoch, witness.record.seq):
            self.tables.witnesses[key] = replace(
                witness,
                container=witness.container or known.container,
                space_id=witness.space_id or known.space_id,
                returned_at=known.returned_at,
                version=known.version if witness.version is None else witness.version,
            )

    def _intend(self, tenant: Tenant, intent: MailIntent) -> None:
        key = (tenant.id, intent.kind, intent.event_key, intent.recipient)
        if key not in self.tables.intents:
            stored = StoredIntent(
                id=len(self.tables.intents) + 1,
                tenant_id=tenant.id,
                intent=intent,
                created_at=self.tables.clock.now(),
                done=False,
            )
            self.tables.intents[key] = stored
            self.tables.defer([Job(JobKind.SEND_MAIL, tenant.id, str(stored.id))])
