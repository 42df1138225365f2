"""Site settings: a signed app property with a revision, guarded against replays by a copy in Postgres."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from lockpoint.domain import signed_json
from lockpoint.domain.events import AuditKind
from lockpoint.domain.settings import (
    SCHEMA,
    InForce,
    Problem,
    SiteSettings,
    changed,
    difference,
    problems_of,
    site_fields,
    site_settings_from,
    switched,
)
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority, Tenant
from lockpoint.services.errors import (
    BadAnswer,
    HostError,
    HostUnavailable,
    Invalid,
    NewerSettings,
    NotAllowed,
    SettingsChanged,
)
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import AuditEvent, Effects
from lockpoint.services.ports.tenancy import SettingsNote, SiteState, UsageRow
from lockpoint.services.tenancy.absence import jobs_after_switch
from lockpoint.services.tenancy.usage_counts import kept
from lockpoint.services.tenancy.waiting_files import FOR_COPY_MODE, looks

KEY = "lockpointsite"
KNOWN_EVERYWHERE = timedelta(seconds=5)
"""How long other processes may go on with the settings before."""


@dataclass(frozen=True, slots=True)
class SiteOverview:
    """`restore_works` None: not tested yet."""

    settings: SiteSettings
    state: SiteState
    kept: tuple[UsageRow, ...] = ()


def site_settings(services: Services, tenant: Tenant, *, priority: Priority) -> SiteSettings:
    """Return the settings in force.

    Users can write app properties, so only what we signed counts, and nothing older than what we remember: then the
    remembered settings hold and are written again. A newer signed revision is ours: a crash came between storing and
    remembering, or the database was lost. They hold, too, while Confluence cannot show what lies there.
    """
    try:
        value = services.properties.read_app(tenant, KEY, priority=priority)
    except (HostUnavailable, BadAnswer):
        known = services.site_states.get(tenant).settings
        if known is None:
            raise
        return site_settings_from(json.loads(known.fields))
    fields = signed_json.verify(value, _place(tenant), services.mac_keys)
    known = services.site_states.get(tenant).settings
    if fields is not None and (known is None or site_settings_from(fields).revision > known.revision):
        _remember(services, tenant, fields, account=None)
        return site_settings_from(fields)
    if known is None:
        return SiteSettings()
    remembered: dict[str, object] = json.loads(known.fields)
    if fields != remembered:
        _write_again(services, tenant, remembered, priority)
    return site_settings_from(remembered)


def overview(services: Services, actor: Actor) -> SiteOverview:
    """Return settings and self-test, for site admins only."""
    must_administer(services, actor)
    settings = site_settings(services, actor.tenant, priority=Priority.INTERACTIVE)
    # A crash or a restored database may have left the old switch.
    if services.usage.counting(actor.tenant) is not settings.usage_counts:
        services.usage.switch(actor.tenant, on=settings.usage_counts)
    return _overview(services, actor.tenant, settings, services.site_states.get(actor.tenant))


def change(services: Services, actor: Actor, *, revision: int, changes: Mapping[str, object]) -> SiteOverview:
    """Change some settings if `revision` is the one that the admin saw.

    Raises `SettingsChanged` with what differs, `Invalid` with the fields, and `NewerSettings`. Usage counts that are
    switched off are erased first.
    """
    must_administer(services, actor)
    tenant = actor.tenant
    with services.site_states.exclusive(tenant):
        current = site_settings(services, tenant, priority=Priority.INTERACTIVE)
        refuse_newer(current.schema, SCHEMA)
        wanted = changed(current, changes)
        if current.revision != revision:
            raise settings_changed(site_fields(current), site_fields(wanted))
        refuse_problems(problems_of(wanted.rules, wanted.longest_days))
        wanted = replace(wanted, revision=revision + 1)
        _store_and_remember(services, actor, wanted)
    look_at_locks(services, tenant, InForce(current), InForce(wanted))
    return _overview(services, tenant, wanted, services.site_states.get(tenant))


def look_at_locks(services: Services, tenant: Tenant, before: InForce, after: InForce) -> None:
    """Queue a sweep when running locks may end sooner; when every process knows the settings. It would come anyway."""
    if after.limits.shorter_than(before.limits):
        services.jobs.defer((Job(JobKind.SWEEP, tenant.id, delay=KNOWN_EVERYWHERE),))


def settings_changed(current: Mapping[str, object], wanted: Mapping[str, object]) -> SettingsChanged:
    text = "Somebody else has changed the settings. Look at what differs, then save again."
    differing = [name for name in difference(current, wanted) if name != "revision"]
    return SettingsChanged(text, details={"differs": differing})


def refuse_newer(schema: int, known: int) -> None:
    """Raise `NewerSettings`: writing what we know would lose what we do not."""
    if schema > known:
        text = "A newer version of Lockpoint saved these settings. This one obeys them as far as it knows them, and"
        raise NewerSettings(f"{text} changes nothing: whoever runs Lockpoint has to update it first.")


def refuse_problems(problems: tuple[Problem, ...]) -> None:
    """Raise `Invalid` with each field and what is wrong with it."""
    if problems:
        wrong = [{"field": problem.field, "problem": problem.text} for problem in problems]
        raise Invalid(problems[0].text, details={"fields": wrong})


def _store_and_remember(services: Services, actor: Actor, wanted: SiteSettings) -> None:
    tenant, fields = actor.tenant, site_fields(wanted)
    if not wanted.usage_counts:
        services.usage.switch(tenant, on=False)
    _store(services, tenant, fields, Priority.INTERACTIVE)
    _remember(services, tenant, fields, account=actor.account_id)
    if wanted.usage_counts:
        services.usage.switch(tenant, on=True)


def sign_again(services: Services, tenant: Tenant, *, priority: Priority) -> None:
    """Store the settings under the newest key, unless it signed them or nobody did."""
    with services.site_states.exclusive(tenant):
        site_settings(services, tenant, priority=priority)  # an older value that was put back goes first
        value = services.properties.read_app(tenant, KEY, priority=priority)
        fields = signed_json.verify(value, _place(tenant), services.mac_keys)
        if fields is not None and signed_json.key_id_of(value) != services.mac_keys.newest:
            _store(services, tenant, fields, priority)


def _store(services: Services, tenant: Tenant, fields: dict[str, object], priority: Priority) -> None:
    services.properties.write_app(
        tenant, KEY, signed_json.sign(fields, _place(tenant), services.mac_keys), priority=priority
    )


def _remember(services: Services, tenant: Tenant, fields: dict[str, object], *, account: str | None) -> None:
    """Store the newest settings with the row of their change; without an account the row is a recovered one.

    Copy mode has the files looked at that waited for it, and activation all of them.
    """
    wanted, known = site_settings_from(fields), services.site_states.get(tenant).settings
    before = SiteSettings() if known is None else site_settings_from(json.loads(known.fields))
    does = switched(InForce(before), InForce(wanted))
    revision = wanted.revision
    row = AuditEvent(
        at=services.clock.now(),
        kind=AuditKind.SETTINGS_CHANGED,
        attachment_id=None,
        account=account,
        seq=revision,
        recovered=account is None,
    )
    text = json.dumps(fields, sort_keys=True)
    note = SettingsNote(revision, text, returns=does.returns, strict_begins=does.strict_begins)
    jobs = looks(services, tenant, FOR_COPY_MODE) if wanted.copy_mode else ()
    jobs += jobs_after_switch(tenant.id, None, returns=does.returns) if does.toggled else ()
    services.effects.record(tenant, Effects(settings=note, audit=(row,), jobs=jobs))
    services.settings_memory.forget(tenant)


def _write_again(services: Services, tenant: Tenant, fields: dict[str, object], priority: Priority) -> None:
    """Restore and record what outsiders removed, garbled or rolled back."""
    try:
        _store(services, tenant, fields, priority)
    except HostError:
        return  # our copy counts, and the next read tries again
    row = AuditEvent(
        at=services.clock.now(),
        kind=AuditKind.HEALED,
        attachment_id=None,
        account=None,
        seq=site_settings_from(fields).revision,
        detail="settings",
    )
    services.effects.record(tenant, Effects(audit=(row,)))


def _overview(services: Services, tenant: Tenant, settings: SiteSettings, state: SiteState) -> SiteOverview:
    return SiteOverview(settings, state, tuple(kept(services, tenant)))


def must_administer(services: Services, actor: Actor) -> None:
    if not services.people.administers_site(actor.tenant, actor.account_id, priority=Priority.INTERACTIVE):
        raise NotAllowed("Only site admins may do this.")


def _place(tenant: Tenant) -> str:
    return f"{KEY}/{tenant.site_key}"
