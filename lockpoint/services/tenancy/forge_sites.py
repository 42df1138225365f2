"""Sites that come through the Forge door: found by cloud id, and opened by their first verified invocation.

A site that Connect knew keeps its number, its locks and its name in signatures; one door is open at a time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from lockpoint.services.context import Door, Priority
from lockpoint.services.errors import Forbidden, NoTokenYet, OperatorRefusal, Unauthorised
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.tenancy import InstallationEvent
from lockpoint.services.tenancy.absence import jobs_after_return
from lockpoint.services.tenancy.lifecycle import forget, supersede, uninstall
from lockpoint.services.tenancy.site_settings import must_administer

if TYPE_CHECKING:
    from datetime import datetime

    from lockpoint.services.container import Services
    from lockpoint.services.context import Actor, Tenant
    from lockpoint.services.ports.forge import AccessToken, ForgeRegistration, ForgeSite, KnownSites, Sign

SEEN_EVERY: Final = timedelta(minutes=1)
GOODBYE_AFTER: Final = timedelta(minutes=2)
SILENCE: Final = timedelta(hours=26)
"""The schedule comes hourly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """`display_url` None: this call does not tell the site's own address. `lifecycle`: the version may have changed.

    `sign`: what kind of call it is, if its time is kept.
    """

    registration: ForgeRegistration
    display_url: str | None = None
    lifecycle: bool = False
    sign: Sign | None = None


def arrive(services: Services, sites: KnownSites, arrival: Arrival) -> Tenant:
    """Return the site of a verified invocation, active from now on; `StorageUnavailable`.

    Costs nothing where `sites` remembers it and nothing is new. A site that was away, or came by Connect, gets the jobs
    of a return; where another process ended it seconds ago, a later invocation opens it.
    """
    known = sites.find(arrival.registration.cloud_id)
    now = services.clock.now()
    if known is None or arrival.lifecycle or not _as_before(known, arrival):
        tenant = _open(services, arrival)
        if arrival.sign is not None:
            sites.note_seen(tenant, now, arrival.sign)
        return tenant
    sign = None if arrival.sign is None or _lately(known.heard.get(arrival.sign), now) else arrival.sign
    if sign is not None or not _lately(known.seen_at, now):
        sites.note_seen(known.tenant, now, sign)
    return known.tenant


def as_connect_knows(services: Services, tenant: Tenant) -> Tenant | None:
    """Return a site of Forge's as it is called through Connect, where Connect's secret is kept since the move."""
    if tenant.door is not Door.FORGE:
        return None
    known = services.installations.find(tenant.site_key)
    if known is None or known.registration.secret is None:
        return None
    return replace(tenant, door=Door.CONNECT, base_url=known.registration.base_url)


def receive(services: Services, tenant: Tenant, token: AccessToken) -> None:
    """Store a token that the platform brought; after a time without one, look for what was missed."""
    services.system_tokens.keep(tenant, token, services.clock.now(), jobs_after_return(tenant.id))


def hear_goodbye(services: Services, tenant: Tenant) -> None:
    """Look in two minutes whether the app is still there: at a goodbye it is, and the goodbye can be false."""
    site = services.forge_sites.find(tenant.cloud_id or "")
    if site is not None and site.registration is not None:
        job = Job(JobKind.GOODBYE, tenant.id, site.registration.installation, delay=GOODBYE_AFTER)
        services.jobs.defer([job])


def end_if_gone(services: Services, tenant: Tenant, installation: str) -> None:
    """End the site if Confluence refuses its token and nothing was installed since; raises the host's other errors."""
    try:
        services.site_facts.address(tenant, priority=Priority.MAINTENANCE)
    except (Unauthorised, Forbidden, NoTokenYet):
        _end(services, tenant, InstallationEvent.UNINSTALLED, installation)


def forget_site(services: Services, tenant: Tenant) -> Tenant | None:
    """End a site at either door, as an operator asks: secret and token are erased, and a live one comes back by itself.

    None when there is nothing to end.
    """
    ended = uninstall(services, tenant.site_key)
    site = services.forge_sites.find(tenant.cloud_id or "")
    if site is not None and site.registration is not None:
        _end(services, tenant, InstallationEvent.UNINSTALLED, site.registration.installation)
    return ended


def adopt(services: Services, tenant: Tenant, former: Tenant) -> None:
    """Take over what an operator named; `OperatorRefusal` where it is in use at another address."""
    if former.installed and former.base_url != tenant.display_url:
        raise OperatorRefusal(f"that installation is in use at {former.base_url}: it is another site")
    take_over(services, tenant, former)


def take_over(services: Services, tenant: Tenant, former: Tenant) -> None:
    """Let what was signed for an installation by Connect count for a site on Forge that could not be matched with it.

    Locks are searched for again and signed anew at their next write. The former installation ends: one door is open.
    """
    with services.forge_sites.change(tenant.cloud_id or "") as change:
        change.adopt(former.site_key)
        change.log(tenant.id, InstallationEvent.MOVED, services.clock.now())
        change.come_back(tenant.id)
        change.defer(jobs_after_return(tenant.id))
    supersede(services, former)
    forget(services, tenant)


def former_site(services: Services, tenant: Tenant) -> Tenant | None:
    """Return the installation by Connect that left the same address, whose locks do not count.

    None for a site by Connect, and for one that has a former name: a second one would take its place.
    """
    matched = tenant.door is not Door.FORGE or tenant.former_key is not None
    return None if matched else services.forge_sites.former(tenant)


def adopt_former(services: Services, actor: Actor) -> None:
    """Let its locks count, if there is one, for a site admin: who cannot say which, since the address does."""
    must_administer(services, actor)
    found = former_site(services, actor.tenant)
    if found is not None:
        take_over(services, actor.tenant, found)


def end_silent(services: Services) -> int:
    """End the sites that Forge has not called for a day, whose last token is over; return how many.

    The next invocation opens them again.
    """
    now = services.clock.now()
    silent = services.forge_sites.silent(now - SILENCE, now)
    for site in silent:
        if site.registration is not None:
            _end(services, site.tenant, InstallationEvent.SILENT, site.registration.installation)
    return len(silent)


def _end(services: Services, tenant: Tenant, event: InstallationEvent, installation: str) -> None:
    """Give the door back to Connect where that is still installed."""
    now = services.clock.now()
    with services.forge_sites.change(tenant.cloud_id or "") as change:
        known = change.find()
        if known is None or not _is_here(known, installation):
            return
        ended = change.close(now)
        change.log(ended.id, event, now)
        if ended.active:
            change.come_back(ended.id)
            change.defer(jobs_after_return(ended.id))
    forget(services, tenant, ended)


def _is_here(known: ForgeSite, installation: str) -> bool:
    same = known.registration is not None and known.registration.installation == installation
    return same and known.tenant.installed and known.tenant.door is Door.FORGE


def _open(services: Services, arrival: Arrival) -> Tenant:
    now = services.clock.now()
    with services.forge_sites.change(arrival.registration.cloud_id) as change:
        known = change.find()
        tenant = change.open(arrival.registration, arrival.display_url, now)
        events = _events(known, arrival)
        for event in events:
            change.log(tenant.id, event, now)
        if known is None or not known.tenant.active:
            change.come_back(tenant.id)
        if known is None or not _same_place(known, arrival):
            change.defer((*jobs_after_return(tenant.id), Job(JobKind.SELF_TEST, tenant.id)))
        if InstallationEvent.MOVED in events:
            change.defer((Job(JobKind.COPY_TEXTS, tenant.id),))
    forget(services, tenant, *(() if known is None else (known.tenant,)))
    return tenant


def _lately(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and timedelta() <= now - moment < SEEN_EVERY


def _as_before(known: ForgeSite, arrival: Arrival) -> bool:
    """An older version's screen may still be open: its number is no news."""
    address = arrival.display_url is None or arrival.display_url == known.display_url
    return address and _same_place(known, arrival)


def _same_place(known: ForgeSite, arrival: Arrival) -> bool:
    before, now = known.registration, arrival.registration
    if before is None or known.tenant.door is not Door.FORGE or not known.tenant.active:
        return False
    return (before.url, before.installation, before.environment) == (now.url, now.installation, now.environment)


def _events(known: ForgeSite | None, arrival: Arrival) -> list[InstallationEvent]:
    if known is None:
        return [InstallationEvent.INSTALLED]
    if known.tenant.installed and known.tenant.door is not Door.FORGE:
        return [InstallationEvent.MOVED]
    return [] if _same_place(known, arrival) else [InstallationEvent.REINSTALLED]
