"""Space settings: a signed space property, written as the space admin who changes it, decided by its version.

The app itself cannot write space properties, so a value that was altered stays until an admin saves again. Until then
the rules that Postgres remembers hold, and nobody is a lock manager: people are remembered in Confluence alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum, auto

from lockpoint.domain import signed_json
from lockpoint.domain.events import AuditKind
from lockpoint.domain.settings import (
    SCHEMA,
    InForce,
    SiteSettings,
    SpaceSettings,
    Switched,
    problems_of,
    site_settings_from,
    space_fields,
    space_settings_from,
    switched,
)
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority, Tenant
from lockpoint.services.errors import (
    BadAnswer,
    Forbidden,
    GoneOrInvisible,
    HostUnavailable,
    LostRace,
    NotAllowed,
    NotFound,
    Rejected,
)
from lockpoint.services.ports.confluence import PropertyHost, StoredProperty
from lockpoint.services.ports.locks import AuditEvent, Effects
from lockpoint.services.ports.tenancy import SettingsNote
from lockpoint.services.tenancy.absence import jobs_after_switch
from lockpoint.services.tenancy.site_settings import (
    look_at_locks,
    refuse_newer,
    refuse_problems,
    settings_changed,
    site_settings,
)

KEY = "lockpointspace"


SHOWN_WITHIN = timedelta(minutes=1)
"""How long a read of Confluence may be older than the last change."""


class Doubt(Enum):
    """Why other settings were read than those that were stored last."""

    NOT_SHOWN_YET = auto()
    HIDDEN_OR_ALTERED = auto()


@dataclass(frozen=True, slots=True)
class StoredSpaceSettings:
    """`altered`: somebody changed the property without Lockpoint. `row` is the property as it is, ours or not.

    `not_shown_yet`: or what was read is ours, and older than a change of a moment ago.
    """

    settings: SpaceSettings
    row: StoredProperty | None
    altered: bool = False
    not_shown_yet: bool = False


def space_settings(
    services: Services, tenant: Tenant, space_id: str, *, priority: Priority
) -> tuple[SpaceSettings, Doubt | None]:
    """Return the settings that hold, also while Confluence cannot show them if we remember some.

    In doubt nobody is a lock manager, so it is read again soon.
    """
    known = services.site_states.space_settings(tenant, space_id)
    try:
        found = read(services, tenant, space_id, known, priority=priority)
    except (HostUnavailable, BadAnswer, Forbidden, GoneOrInvisible) as hidden:
        if known is None and not isinstance(hidden, Forbidden | GoneOrInvisible):
            raise
        return _remembered(known), Doubt.HIDDEN_OR_ALTERED
    if found.not_shown_yet:
        return found.settings, Doubt.NOT_SHOWN_YET
    return found.settings, Doubt.HIDDEN_OR_ALTERED if found.altered else None


def read(
    services: Services, tenant: Tenant, space_id: str, known: SettingsNote | None, *, priority: Priority
) -> StoredSpaceSettings:
    """Raises the host's errors. A newer signed value is ours: a crash came between storing and remembering."""
    row = services.properties.read(tenant, PropertyHost.SPACE, space_id, KEY, priority=priority)
    version = row.version if row else 0
    fields = _verified(services, tenant, space_id, row)
    if fields is not None and (known is None or version >= known.revision):
        settings = space_settings_from(fields, version)
        if known is None or version > known.revision:
            _remember(services, tenant, space_id, settings, account=None)
        return StoredSpaceSettings(settings, row)
    if row is None and known is None:
        return StoredSpaceSettings(SpaceSettings(), None)
    held = replace(_remembered(known), version=version)
    late = fields is not None and _changed_just_now(services, known)
    return StoredSpaceSettings(held, row, altered=True, not_shown_yet=late)


def id_of(services: Services, actor: Actor, key: str) -> str:
    """Return the id of the space with this key; `NotFound` when the person does not see it."""
    try:
        return services.people.space(actor.tenant, actor.account_id, key, priority=Priority.INTERACTIVE).id
    except (GoneOrInvisible, Forbidden, Rejected):
        raise NotFound("This space is not there, or you may not see it.") from None


def overview(services: Services, actor: Actor, space_id: str) -> StoredSpaceSettings:
    """For admins of the space or the site."""
    must_administer(services, actor, space_id)
    known = services.site_states.space_settings(actor.tenant, space_id)
    return read(services, actor.tenant, space_id, known, priority=Priority.INTERACTIVE)


def change(services: Services, actor: Actor, space_id: str, wanted: SpaceSettings) -> StoredSpaceSettings:
    """Store the settings if `wanted.version` is the one that the admin saw.

    Raises `SettingsChanged` with what differs, `Invalid` with the fields, `NewerSettings`, and `NotAllowed`, also where
    Confluence does not let this person write.
    """
    must_administer(services, actor, space_id)
    tenant = actor.tenant
    present = read(
        services, tenant, space_id, services.site_states.space_settings(tenant, space_id), priority=Priority.INTERACTIVE
    )
    refuse_newer(present.settings.schema, SCHEMA)
    if present.settings.version != wanted.version:
        raise settings_changed(_members(present.settings), _members(wanted))
    site = site_settings(services, tenant, priority=Priority.INTERACTIVE)
    refuse_problems(problems_of(replace(site.rules, **dict(wanted.own)), site.longest_days))  # type: ignore[arg-type]
    row = _store(services, actor, space_id, wanted, present)
    stored = replace(wanted, version=row.version)
    _remember(services, tenant, space_id, stored, account=actor.account_id, anew=present.row is None)
    look_at_locks(services, tenant, InForce(site, present.settings), InForce(site, stored))
    return StoredSpaceSettings(stored, row)


def must_administer(services: Services, actor: Actor, space_id: str) -> None:
    people, tenant, account = services.people, actor.tenant, actor.account_id
    if people.administers_space(tenant, account, space_id, priority=Priority.INTERACTIVE):
        return
    if not people.administers_site(tenant, account, priority=Priority.INTERACTIVE):
        raise NotAllowed("Only admins of the space may see or change its Lockpoint settings.")


def _store(
    services: Services, actor: Actor, space_id: str, wanted: SpaceSettings, present: StoredSpaceSettings
) -> StoredProperty:
    tenant, host, person = actor.tenant, PropertyHost.SPACE, actor.account_id
    place, now = _place(tenant.site_key, space_id), services.clock.now()
    value = signed_json.sign_dated(space_fields(wanted), place, wanted.version + 1, now, services.mac_keys)
    try:
        if present.row is None:
            return services.properties.create(
                tenant, host, space_id, KEY, value, priority=Priority.INTERACTIVE, person=person
            )
        return services.properties.replace(
            tenant, host, space_id, present.row, value, priority=Priority.INTERACTIVE, person=person
        )
    except LostRace:
        newest = overview(services, actor, space_id).settings
        raise settings_changed(_members(newest), _members(wanted)) from None
    except (Forbidden, GoneOrInvisible):
        text = "Confluence does not let you change this space. Ask one of its admins, or become one, then save again."
        raise NotAllowed(text) from None


def _verified(
    services: Services, tenant: Tenant, space_id: str, row: StoredProperty | None
) -> dict[str, object] | None:
    if row is None:
        return None
    places = (_place(name, space_id) for name in tenant.signed_names)
    return signed_json.verify_dated_anywhere(row.value, places, row.version, row.created, services.mac_keys)


def _remember(
    services: Services,
    tenant: Tenant,
    space_id: str,
    settings: SpaceSettings,
    *,
    account: str | None,
    anew: bool = False,
) -> None:
    """Store what Postgres may know, without people, with the row of the change; without an account a recovered one."""
    row = AuditEvent(
        at=services.clock.now(),
        kind=AuditKind.SETTINGS_CHANGED,
        attachment_id=None,
        account=account,
        seq=settings.version,
        detail=f"space/{space_id}",
        recovered=account is None,
    )
    fields = json.dumps(space_fields(replace(settings, managers=(), manager_groups=())), sort_keys=True)
    does = _switched(services, tenant, space_id, settings)
    note = SettingsNote(
        settings.version, fields, space_id, returns=does.returns, strict_begins=does.strict_begins, anew=anew
    )
    jobs = jobs_after_switch(tenant.id, space_id, returns=does.returns) if does.toggled else ()
    services.effects.record(tenant, Effects(settings=note, audit=(row,), jobs=jobs))
    services.settings_memory.forget(tenant)


def _changed_just_now(services: Services, known: SettingsNote | None) -> bool:
    noted = known.noted_at if known else None
    return noted is not None and services.clock.now() - noted < SHOWN_WITHIN


def _switched(services: Services, tenant: Tenant, space_id: str, settings: SpaceSettings) -> Switched:
    """Return what the settings change, by what Postgres knows of those before and of the site's."""
    known = services.site_states.get(tenant).settings
    site = SiteSettings() if known is None else site_settings_from(json.loads(known.fields))
    before = _remembered(services.site_states.space_settings(tenant, space_id))
    return switched(InForce(site, before), InForce(site, settings))


def _remembered(known: SettingsNote | None) -> SpaceSettings:
    return SpaceSettings() if known is None else space_settings_from(json.loads(known.fields), known.revision)


def _members(settings: SpaceSettings) -> dict[str, object]:
    """Return what an admin decides, one by one."""
    return {**settings.own, "managers": settings.managers, "manager_groups": settings.manager_groups}


def _place(name: str, space_id: str) -> str:
    return f"{KEY}/{name}/{space_id}"
