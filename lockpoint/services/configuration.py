"""Site configuration: a signed app property with a revision, guarded against replays by what Postgres remembers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace

from lockpoint.locking import signed
from lockpoint.locking.events import AuditKind
from lockpoint.locking.record import key_id_of
from lockpoint.services.context import Actor, Lane, Tenant
from lockpoint.services.errors import NotAllowed, OutOfDateError
from lockpoint.services.ports import AuditEvent, Effects, SiteState
from lockpoint.services.rights import administers_site
from lockpoint.services.services import Services

KEY = "lockpointsite"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """What a site admin can switch; `revision` grows with every change."""

    copy_mode: bool = False
    revision: int = 0


@dataclass(frozen=True, slots=True)
class SiteOverview:
    """The settings and what the restore self-test found (`restore_works` None: not tested yet)."""

    settings: SiteSettings
    state: SiteState


def site_settings(services: Services, tenant: Tenant, *, lane: Lane) -> SiteSettings:
    """The settings in force.

    An app property can be written by users: what is not signed, or older than the newest revision we know, is not
    obeyed, and the defaults (everything off) hold instead. A signed revision that is newer than what we know is ours:
    a crash came between storing it and remembering it.
    """
    fields = signed.verified(services.properties.read_app(tenant, KEY, lane=lane), _place(tenant), services.mac_keys)
    state = services.site_states.get(tenant)
    settings = _parse(fields) if fields is not None else SiteSettings()
    if fields is None or settings.revision < state.revision:
        return SiteSettings(revision=state.revision)
    replayed = settings.revision == state.revision and state.digest not in {None, _digest(fields)}
    return SiteSettings(revision=state.revision) if replayed else settings


def overview(services: Services, actor: Actor) -> SiteOverview:
    """Settings and self-test, for site admins only."""
    _must_administer(services, actor)
    settings = site_settings(services, actor.tenant, lane=Lane.PEOPLE)
    return SiteOverview(settings, services.site_states.get(actor.tenant))


def change(services: Services, actor: Actor, *, copy_mode: bool, revision: int) -> SiteOverview:
    """Store new settings on condition that `revision` is the one the admin looked at."""
    _must_administer(services, actor)
    tenant = actor.tenant
    with services.site_states.exclusive(tenant):
        current = site_settings(services, tenant, lane=Lane.PEOPLE)
        if current.revision != revision:
            raise OutOfDateError("Somebody else changed the settings meanwhile; reload and try again.")
        wanted = SiteSettings(copy_mode=copy_mode, revision=revision + 1)
        state = _store(services, tenant, wanted)
    row = AuditEvent(
        at=services.clock.now(),
        kind=AuditKind.SETTINGS_CHANGED,
        attachment_id=None,
        account=actor.account_id,
        seq=wanted.revision,
    )
    services.ledger.record(tenant, Effects(audit=(row,)))
    return SiteOverview(wanted, state)


def sign_again(services: Services, tenant: Tenant, *, lane: Lane) -> None:
    """Store the settings unchanged under the newest key, unless they carry its signature or nobody's."""
    with services.site_states.exclusive(tenant):
        value = services.properties.read_app(tenant, KEY, lane=lane)
        fields = signed.verified(value, _place(tenant), services.mac_keys)
        if fields is None or key_id_of(value) == services.mac_keys.newest:
            return
        services.properties.write_app(tenant, KEY, signed.sign(fields, _place(tenant), services.mac_keys), lane=lane)


def _store(services: Services, tenant: Tenant, wanted: SiteSettings) -> SiteState:
    fields: dict[str, object] = {"schema": 1, **asdict(wanted)}
    services.properties.write_app(tenant, KEY, signed.sign(fields, _place(tenant), services.mac_keys), lane=Lane.PEOPLE)
    state = replace(services.site_states.get(tenant), revision=wanted.revision, digest=_digest(fields))
    services.site_states.put(tenant, state)
    return state


def _parse(fields: dict[str, object]) -> SiteSettings:
    revision = fields.get("revision")
    return SiteSettings(
        copy_mode=fields.get("copy_mode") is True, revision=revision if isinstance(revision, int) else 0
    )


def _digest(fields: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _must_administer(services: Services, actor: Actor) -> None:
    if not administers_site(services, actor):
        raise NotAllowed("Only site admins may see or change the settings of the site.")


def _place(tenant: Tenant) -> str:
    return f"{KEY}/{tenant.client_key}"
