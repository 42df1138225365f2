# ruff: noqa: ARG002 - a fake takes whatever its port passes
"""Postgres, Redis and mail in memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from lockpoint.domain.events import AuditKind
from lockpoint.domain.history.judge import KnownRestoration
from lockpoint.domain.lock import MARGIN, Free, Held, Phase
from lockpoint.domain.mails.mail_budget import AT_ONCE, HOUR, takes_last_place, wait_until
from lockpoint.domain.mails.mail_templates import MAILS, MailTemplate
from lockpoint.domain.pseudonyms import is_pseudonym
from lockpoint.domain.settings import site_settings_from, space_settings_from
from lockpoint.domain.snapshots import phase
from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable, WitnessMoved
from lockpoint.services.ports.forge import AccessToken
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.listing import (
    WELL_PROTECTED,
    ListedState,
    LockOrder,
    LockQuery,
    SiteReadings,
    TokenTimes,
)
from lockpoint.services.ports.locks import AuditEvent, AuditQuery, Effects, Protection, Restoration, Witness
from lockpoint.services.ports.notifications import (
    COMMENT_BEGUN,
    COMMENTED,
    UNREACHABLE,
    MailFacts,
    MailHealth,
    MailIntent,
    NotBefore,
    ShortNotice,
    ShownMail,
    StoredIntent,
)
from lockpoint.services.ports.runtime import BegunRequest, Clock, RequestState
from lockpoint.services.ports.tenancy import SettingsNote, SiteState, Switches
from lockpoint.services.quota_accounting import Counter as PointsCounter
from lockpoint.services.quota_accounting import SharedState, Spending

BEGINNINGS = (AuditKind.ACQUIRED, AuditKind.TAKEN_OVER, AuditKind.HANDED_OVER)
LEASE = timedelta(seconds=60)  # an attempt older than this has crashed


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


class FakeLockIndex:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def page(self, tenant: Tenant, query: LockQuery) -> Sequence[Witness]:
        self.tables.reachable()
        rows = [w for (tenant_id, _), w in self.tables.witnesses.items() if tenant_id == tenant.id]
        down = query.order.startswith("-")
        found = sorted((w for w in rows if _listed(w, query)), key=lambda w: _key(w, query.order), reverse=down)
        if query.after is not None:
            at, file_id = query.after
            place = (NEVER if at is None else at, file_id)
            found = [w for w in found if (_key(w, query.order) < place if down else _key(w, query.order) > place)]
        return found[: query.limit]

    def protections(self, tenant: Tenant, space_id: str | None, now: datetime) -> Mapping[Protection, int]:
        self.tables.reachable()
        rows = [w for (tenant_id, _), w in self.tables.witnesses.items() if tenant_id == tenant.id]
        there = [w for w in rows if isinstance(w.record, Held) and (space_id is None or w.space_id in (None, space_id))]
        return Counter(w.protection for w in there if (_key(w, LockOrder.EXPIRES)[0]) > now - MARGIN)


class FakeSiteHealth:
    """Results are not kept here, and no job is parked."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def read(self, tenant: Tenant, since: datetime) -> SiteReadings:
        self.tables.reachable()
        token = self.tables.tokens.get(tenant.id)
        times = None if token is None else TokenTimes(self.tables.clock.now(), token.expires_at)
        return SiteReadings(mails={}, parked={}, token=times)


@dataclass
class FakeSharedPoints:
    """What the others have spent, and until when Confluence wants no calls: to a site, or 0 for all."""

    spent: dict[PointsCounter, int] = field(default_factory=dict)
    lines: list[tuple[datetime, Spending]] = field(default_factory=list)
    blocks: dict[int, datetime] = field(default_factory=dict)
    answers: bool = True

    def read(self, counters: Sequence[PointsCounter], tenant_id: int) -> SharedState:
        if not self.answers:
            return SharedState()
        ends = [self.blocks[whom] for whom in (0, tenant_id) if whom in self.blocks]
        spent = {counter: self.spent[counter] for counter in counters if counter in self.spent}
        return SharedState(spent, max(ends, default=None))

    def report(self, hour: datetime) -> Sequence[Spending] | None:
        return [line for at, line in self.lines if at == hour] if self.answers else None

    def add(self, counters: Sequence[PointsCounter], hour: datetime, spending: Spending) -> None:
        self.lines.append((hour, spending))
        for counter in counters:
            self.spent[counter] = self.spent.get(counter, 0) + spending.points

    def block(self, tenant_id: int | None, until: datetime) -> None:
        self.blocks[tenant_id or 0] = until


class FakeRecentIntents:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def of(self, tenant: Tenant, account: str, since: datetime, *, limit: int) -> Sequence[StoredIntent]:
        self.tables.reachable()
        mine = [
            one
            for one in self.tables.intents.values()
            if (one.tenant_id, one.intent.recipient) == (tenant.id, account) and one.created_at > since
        ]
        return sorted(mine, key=lambda one: -one.id)[:limit]


NEVER = datetime.max.replace(tzinfo=UTC)


def _key(witness: Witness, order: LockOrder) -> tuple[datetime, str]:
    held = witness.record
    assert isinstance(held, Held)
    at = held.acquired_at if order.endswith("since") else held.expires_at or NEVER
    return at, witness.attachment_id


def _listed(w: Witness, query: LockQuery) -> bool:
    held, container = w.record, w.container
    if not isinstance(held, Held):
        return False
    ends = held.expires_at or NEVER
    running = ends > query.now
    states = {
        None: True,
        ListedState.ENDING: not running,
        ListedState.MINE: running and held.holder == query.viewer,
        ListedState.OTHER: running and held.holder != query.viewer,
        ListedState.UNPROTECTED: w.protection not in WELL_PROTECTED,
    }
    files, holders = query.named or ((w.attachment_id,), ())
    return (
        ends > query.now - MARGIN
        and query.space_id in (None, w.space_id or query.space_id)
        and query.holder in (None, held.holder)
        and query.page_id in (None, container.id if container else None)
        and (w.attachment_id in files or held.holder in holders)
        and states[query.state]
    )


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


class FakeTenants:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def by_id(self, tenant_id: int) -> Tenant | None:
        self.tables.reachable()
        return self.tables.tenants.get(tenant_id)

    def active(self) -> Sequence[Tenant]:
        self.tables.reachable()
        return [tenant for tenant in self.tables.tenants.values() if tenant.active]

    def active_ids(self) -> Sequence[int]:
        return [tenant.id for tenant in self.active()]

    def installed(self) -> Sequence[Tenant]:
        self.tables.reachable()
        return [tenant for tenant in self.tables.tenants.values() if tenant.installed]


class FakeSiteStates:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def get(self, tenant: Tenant) -> SiteState:
        self.tables.reachable()
        return self.tables.states.get(tenant.id, SiteState())

    def note_test(self, tenant: Tenant, *, works: bool, at: datetime, scratch_id: str | None) -> None:
        state = self.get(tenant)
        kept = scratch_id if scratch_id is not None else state.scratch_id
        self.tables.states[tenant.id] = replace(state, restore_works=works, tested_at=at, scratch_id=kept)

    def note_place(self, tenant: Tenant, cursor: str | None) -> None:
        self.tables.states[tenant.id] = replace(self.get(tenant), cursor=cursor)

    def space_settings(self, tenant: Tenant, space_id: str) -> SettingsNote | None:
        self.tables.reachable()
        note = self.tables.space_settings.get((tenant.id, space_id))
        noted_at = self.tables.begun.get((tenant.id, space_id, "noted"))
        return None if note is None else replace(note, noted_at=noted_at)

    def revisions(self, tenant: Tenant, space_id: str | None) -> tuple[int | None, int | None]:
        site, space = self.get(tenant).settings, self.tables.space_settings.get((tenant.id, space_id or ""))
        return (site.revision if site else None), (space.revision if space else None)

    def switches(self, tenant: Tenant, space_id: str | None) -> Switches:
        self.tables.reachable()
        return Switches(
            returned_at=self.tables.switched_at(tenant.id, space_id, "active"),
            strict_at=self.tables.switched_at(tenant.id, space_id, "strict"),
            spaces_decide=any(
                self.tables.decides(tenant.id, space, "active")
                for tenant_id, space in self.tables.space_settings
                if tenant_id == tenant.id
            ),
            spaces_differ=any(
                self.tables.decides(tenant.id, space, rule)
                for tenant_id, space in self.tables.space_settings
                for rule in ("active", "unlock_after_hours", "warn_after_hours")
                if tenant_id == tenant.id
            ),
            strict_somewhere=self.tables.strict(tenant.id),
        )

    @contextmanager
    def exclusive(self, tenant: Tenant) -> Iterator[None]:
        self.tables.reachable()
        yield


class FakeIntents:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def get(self, intent_id: int) -> StoredIntent | None:
        self.tables.reachable()
        return next((stored for stored in self.tables.intents.values() if stored.id == intent_id), None)

    def claim(self, stored: StoredIntent) -> Sequence[StoredIntent] | NotBefore:
        now, told = self.tables.clock.now(), self.tables.told
        present = self.get(stored.id)
        if present is None or present.done or told.get(stored.id, (stored.id, now))[0] != stored.id:
            return ()
        if stored.id not in told or told[stored.id][1] <= now - HOUR:
            self.tables.told = told = {one: mail for one, mail in told.items() if mail[0] != stored.id}
            wait = self._take_turn(stored, now)
            if wait is not None:
                return wait
        return [one for one in self._of_person(stored) if self.tables.told.get(one.id, (None,))[0] == stored.id]

    def _take_turn(self, stored: StoredIntent, now: datetime) -> NotBefore | None:
        kind, told, theirs = stored.intent.kind, self.tables.told, self._of_person(stored)
        topic = [one for one in theirs if one.id == stored.id or one.intent.topic == stored.intent.topic is not None]
        mails = [
            told[one.id][1]
            for one in theirs
            if one.id in told and told[one.id][0] == one.id and one.intent.kind not in AT_ONCE
        ]
        until = wait_until(kind, sorted({told[one.id][1] for one in topic if one.id in told}), mails, now)
        waiting = [one for one in topic if not one.done and one.id not in told]
        if until is not None:
            return NotBefore(waiting[0].id, until)
        if takes_last_place(kind, mails, now):
            waiting = [one for one in theirs if not one.done and one.id not in told and one.intent.kind not in AT_ONCE]
        told.update({one.id: (stored.id, now) for one in waiting})
        return None

    def _of_person(self, stored: StoredIntent) -> list[StoredIntent]:
        whose = (stored.tenant_id, stored.intent.recipient)
        return [one for one in self.tables.intents.values() if (one.tenant_id, one.intent.recipient) == whose]

    def let_go(self, events: Sequence[StoredIntent]) -> None:
        self.tables.reachable()
        for event in events:
            self.tables.told.pop(event.id, None)

    def finish(self, stored: StoredIntent, *, result: str, address: str | None) -> None:
        self.tables.reachable()
        for key, one in self.tables.intents.items():
            told_by, at = self.tables.told.get(one.id, (None, self.tables.clock.now()))
            if stored.id in {one.id, told_by}:
                self.tables.intents[key] = replace(one, done=True)
                self.tables.outcomes[one.id] = result
                if one.id in self.tables.told and address is None and result != COMMENTED:
                    self.tables.told[one.id] = (None, at)
        self.tables.sent.append((stored.id, result))

    def begin_comment(self, stored: StoredIntent) -> bool:
        self.tables.reachable()
        before = self.tables.outcomes.get(stored.id)
        self.tables.outcomes[stored.id] = COMMENT_BEGUN
        return before == COMMENT_BEGUN

    def note_test(self, tenant: Tenant, *, result: str, address: str) -> None:
        self.tables.reachable()
        self.tables.sent.append((0, result))


class FakeMailFigures:
    """No job is ever parked here."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def read(self, tenant: Tenant, since: datetime) -> MailHealth:
        self.tables.reachable()
        theirs = [one for one in self.tables.intents.values() if one.tenant_id == tenant.id]
        lately = [one for one in theirs if one.created_at >= since and one.done and one.id in self.tables.outcomes]
        newest = {one.intent.recipient: self.tables.outcomes[one.id] for one in lately}
        ids = {one.id for one in lately}
        return MailHealth(
            waiting=sum(not one.done for one in theirs),
            parked=0,
            refused=sum(id_ in ids and result == "refused" for id_, result in self.tables.sent),
            unreachable=sum(result in UNREACHABLE for result in newest.values()),
            commented=sum(result == COMMENTED for result in newest.values()),
        )


class FakeMutexes:
    """`away` simulates an unavailable Redis."""

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.away = False

    @contextmanager
    def hold(self, name: str, seconds: float) -> Iterator[bool]:
        if self.away or name in self.held:
            yield self.away
            return
        self.held.add(name)
        try:
            yield True
        finally:
            self.held.discard(name)


@dataclass
class FakeMailer:
    """Keeps the mails, or raises `trouble`."""

    box: list[tuple[str, MailFacts, str]] = field(default_factory=list)
    trouble: Exception | None = None

    def send(self, address: str, facts: MailFacts, *, message_id: str) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.box.append((address, facts, message_id))

    def show(self, facts: MailFacts) -> ShownMail:
        template = facts.told.template if facts.told else None
        return ShownMail(*((template.subject, template.body, template.body) if template else ("", "", "")))

    def words(self, language: str) -> Mapping[str, MailTemplate]:
        return {mail: MailTemplate(f"{language} {mail}", "words of the app") for mail in MAILS}

    def shorten(self, facts: MailFacts) -> ShortNotice:
        return ShortNotice((facts.kind.value, facts.file_name, str(facts.more)), "See the files")
