"""A site's registration: it installs, enables, disables and uninstalls the app.

Confluence sends `installed` also for upgrades, new secrets, renamed and imported sites; `uninstalled` may be lost;
`enabled` and `disabled` come in any order. Every step works from any state and can be repeated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from lockpoint.services.context import Door
from lockpoint.services.errors import Invalid
from lockpoint.services.host_names import is_host_name
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.tenancy import ERASED, InstallationEvent, Registration
from lockpoint.services.tenancy.absence import jobs_after_return

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lockpoint.services.container import Services
    from lockpoint.services.context import Tenant
    from lockpoint.services.ports.tenancy import Installation, InstallationChange

SHORTEST_SECRET: Final = 16

_PATH: Final = re.compile(r"(/[A-Za-z0-9_-]+)*")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallRequest:
    """What a verified `installed` call says."""

    site_key: str
    base_url: str
    secret: str = field(repr=False)
    display_url: str | None = None
    oauth_client_id: str | None = None


def install(services: Services, request: InstallRequest) -> Tenant:
    """Register the site or renew its registration; its lock data stays, and so does a site at Forge's door.

    A replaced secret is kept beside the new one, with the time. Another client key at the same base URL is a site whose
    data was imported there: the former one is superseded. Raises Invalid for a host that is not allowed or a short
    secret; StorageUnavailable.
    """
    base_url = allowed_base_url(request.base_url, services.allowed_hosts)
    if base_url is None:
        raise Invalid("baseUrl is not on an allowed host.")
    if len(request.secret) < SHORTEST_SECRET:
        raise Invalid("sharedSecret is too short.")
    now = services.clock.now()
    with services.installations.change(request.site_key, base_url) as change:
        known = change.find_replaced(request.site_key)
        renewed = _renewed(known, replace(request, base_url=base_url), now)
        if known is not None and _on_forge(known.tenant):
            change.store(replace(renewed, door=Door.FORGE))
            return known.tenant
        away = known is None or not known.tenant.active
        tenant = change.store(renewed)
        for event in _events(known, tenant, request.secret):
            change.log(tenant.id, event, now)
        formers = change.sharing(base_url, other_than=request.site_key)
        for former in formers:
            _end(change, former, InstallationEvent.SUPERSEDED, now)
        if away:
            change.come_back(tenant.id)
        change.defer((*jobs_after_return(tenant.id), Job(JobKind.SELF_TEST, tenant.id)))
    forget(services, tenant, *(former.tenant for former in formers))
    return tenant


def uninstall(services: Services, site_key: str) -> Tenant | None:
    """Erase the site's secrets and end its installation; None when there is nothing to end."""
    with services.installations.change(site_key) as change:
        known = change.find_replaced(site_key)
        if known is None:
            return None
        if _on_forge(known.tenant):
            change.store(replace(known.registration, secret=None, previous_secret=None, secret_changed_at=None))
            return known.tenant
        now, live = services.clock.now(), known.tenant.installed
        ended = _end(change, known, InstallationEvent.UNINSTALLED, now) if live else None
    forget(services, known.tenant)
    return ended


def enable(services: Services, tenant: Tenant) -> None:
    """Activate the site again and look for its locks; ignores a site that is not installed.

    A site that was never disabled is only noted: Confluence sends `enabled` after every install, which has queued the
    search.
    """
    _switch(services, tenant, enabled=True, event=InstallationEvent.ENABLED)


def disable(services: Services, tenant: Tenant) -> None:
    """Stop all work for the site until it is enabled; ignores a site that is not installed."""
    _switch(services, tenant, enabled=False, event=InstallationEvent.DISABLED)


def allowed_base_url(url: str, patterns: Sequence[str]) -> str | None:
    """Return the base URL without its closing slash; None unless it is plain and on an allowed host.

    Plain: https (http on this machine only), a lower-case ASCII host, no user, query or fragment. The pattern must name
    a port.
    """
    try:
        parts = urlsplit(url.rstrip("/"))
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    place = host if port is None else f"{host}:{port}"
    plain = f"{parts.scheme}://{place}{parts.path}" == url.rstrip("/") and _PATH.fullmatch(parts.path)
    if not secure or not plain or not is_host_name(host) or not any(_matches(place, item) for item in patterns):
        return None
    return url.rstrip("/")


def _matches(place: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return place.endswith(pattern[1:]) and len(place) > len(pattern) - 1
    return place == pattern


def _renewed(known: Installation | None, request: InstallRequest, now: datetime) -> Registration:
    fresh = Registration(
        site_key=request.site_key,
        base_url=request.base_url,
        display_url=request.display_url,
        oauth_client_id=request.oauth_client_id,
        secret=request.secret,
    )
    if known is None or not known.tenant.installed:
        return fresh
    former = known.registration
    if former.secret == request.secret:
        return replace(fresh, previous_secret=former.previous_secret, secret_changed_at=former.secret_changed_at)
    return replace(fresh, previous_secret=former.secret, secret_changed_at=now)


def _events(known: Installation | None, tenant: Tenant, secret: str) -> list[InstallationEvent]:
    if known is None:
        return [InstallationEvent.INSTALLED]
    events = [InstallationEvent.REINSTALLED]
    if known.tenant.installed and known.registration.secret != secret:
        events.append(InstallationEvent.SECRET_CHANGED)
    if known.tenant.base_url not in {tenant.base_url, ERASED}:
        events.append(InstallationEvent.RENAMED)
    return events


def _end(change: InstallationChange, known: Installation, event: InstallationEvent, now: datetime) -> Tenant:
    ended = replace(
        known.registration,
        secret=None,
        previous_secret=None,
        secret_changed_at=None,
        installed=False,
        enabled=False,
        uninstalled_at=now,
    )
    tenant = change.store(ended)
    change.log(tenant.id, event, now)
    return tenant


def supersede(services: Services, tenant: Tenant) -> None:
    """End a registration whose site has another one."""
    with services.installations.change(tenant.site_key) as change:
        known = change.find_replaced(tenant.site_key)
        if known is not None and known.tenant.installed:
            _end(change, known, InstallationEvent.SUPERSEDED, services.clock.now())
    forget(services, tenant)


def _on_forge(tenant: Tenant) -> bool:
    """Whether Connect's calls change nothing but the secret: one door is open at a time."""
    return tenant.installed and tenant.door is Door.FORGE


def _switch(services: Services, tenant: Tenant, *, enabled: bool, event: InstallationEvent) -> None:
    with services.installations.change(tenant.site_key) as change:
        known = change.find(tenant.site_key)
        if known is not None and known.tenant.installed and not _on_forge(known.tenant):
            change.store(replace(known.registration, enabled=enabled))
            change.log(tenant.id, event, services.clock.now())
            if enabled and not known.tenant.enabled:
                change.come_back(tenant.id)
                change.defer(jobs_after_return(tenant.id))
    forget(services, tenant)


def forget(services: Services, *tenants: Tenant) -> None:
    """Empty this process's caches after the change is stored; other processes notice within seconds."""
    for tenant in tenants:
        for cache in services.caches:
            cache.forget(tenant)
