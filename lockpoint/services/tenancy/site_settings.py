"""Site settings: a signed app property with a revision, guarded against replays by a copy in Postgres."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from lockpoint.domain import signed_json
from lockpoint.domain.events import AuditKind
from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Priority, Tenant
from lockpoint.services.errors import BadAnswer, HostError, HostUnavailable, NotAllowed, OutOfDateError
from lockpoint.services.ports.locks import AuditEvent, Effects
from lockpoint.services.ports.tenancy import SettingsNote, SiteState, UsageRow
from lockpoint.services.tenancy.usage_counts import kept
from lockpoint.services.tenancy.waiting_files import FOR_COPY_MODE, looks

KEY = "lockpointsite"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """`revision` grows with every change."""

    copy_mode: bool = False
    usage_counts: bool = False
    revision: int = 0


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
        return _parse(json.loads(known.fields))
    fields = signed_json.verify(value, _place(tenant), services.mac_keys)
    known = services.site_states.get(tenant).settings
    if fields is not None and (known is None or _parse(fields).revision > known.revision):
        _remember(services, tenant, fields, account=None)
        return _parse(fields)
    if known is None:
        return SiteSettings()
    remembered: dict[str, object] = json.loads(known.fields)
    if fields != remembered:
        _write_again(services, tenant, remembered, priority)
    return _parse(remembered)


def overview(services: Services, actor: Actor) -> SiteOverview:
    """Return settings and self-test, for site admins only."""
    _must_administer(services, actor)
    settings = site_settings(services, actor.tenant, priority=Priority.INTERACTIVE)
    # A crash or a restored database may have left the old switch.
    if services.usage.counting(actor.tenant) is not settings.usage_counts:
        services.usage.switch(actor.tenant, on=settings.usage_counts)
    return _overview(services, actor.tenant, settings, services.site_states.get(actor.tenant))


def change(
    services: Services, actor: Actor, *, copy_mode: bool, revision: int, usage_counts: bool | None = None
) -> SiteOverview:
    """Store settings if `revision` is the one that the admin saw; `usage_counts` None leaves it as it is.

    Usage counts that are switched off are erased first.
    """
    _must_administer(services, actor)
    tenant = actor.tenant
    with services.site_states.exclusive(tenant):
        current = site_settings(services, tenant, priority=Priority.INTERACTIVE)
        if current.revision != revision:
            raise OutOfDateError("Somebody else has changed the settings. Reload and try again.")
        counts = current.usage_counts if usage_counts is None else usage_counts
        wanted = SiteSettings(copy_mode=copy_mode, usage_counts=counts, revision=revision + 1)
        fields: dict[str, object] = {"schema": 1, **asdict(wanted)}
        if not counts:
            services.usage.switch(tenant, on=False)
        _store(services, tenant, fields, Priority.INTERACTIVE)
        _remember(services, tenant, fields, account=actor.account_id)
        if counts:
            services.usage.switch(tenant, on=True)
    return _overview(services, tenant, wanted, services.site_states.get(tenant))


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

    Copy mode has the files looked at that waited for it.
    """
    wanted = _parse(fields)
    revision = wanted.revision
    row = AuditEvent(
        at=services.clock.now(),
        kind=AuditKind.SETTINGS_CHANGED,
        attachment_id=None,
        account=account,
        seq=revision,
        recovered=account is None,
    )
    note = SettingsNote(revision, json.dumps(fields, sort_keys=True))
    jobs = looks(services, tenant, FOR_COPY_MODE) if wanted.copy_mode else ()
    services.effects.record(tenant, Effects(settings=note, audit=(row,), jobs=jobs))


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
        seq=_parse(fields).revision,
        detail="settings",
    )
    services.effects.record(tenant, Effects(audit=(row,)))


def _overview(services: Services, tenant: Tenant, settings: SiteSettings, state: SiteState) -> SiteOverview:
    return SiteOverview(settings, state, tuple(kept(services, tenant)))


def _parse(fields: dict[str, object]) -> SiteSettings:
    revision = fields.get("revision")
    return SiteSettings(
        copy_mode=fields.get("copy_mode") is True,
        usage_counts=fields.get("usage_counts") is True,
        revision=revision if isinstance(revision, int) else 0,
    )


def _must_administer(services: Services, actor: Actor) -> None:
    if not services.people.administers_site(actor.tenant, actor.account_id, priority=Priority.INTERACTIVE):
        raise NotAllowed("Only site admins may see or change the settings of the site.")


def _place(tenant: Tenant) -> str:
    return f"{KEY}/{tenant.client_key}"
