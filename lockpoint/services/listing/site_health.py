"""What needs an admin's eye: locks that do not protect, points, mails, parked jobs, access through Forge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from lockpoint.services.container import Services
from lockpoint.services.context import Actor, Door, Priority
from lockpoint.services.listing.lock_list import manages_space
from lockpoint.services.notifications.mail_health import mail_health
from lockpoint.services.ports.listing import WELL_PROTECTED, SiteReadings
from lockpoint.services.ports.notifications import MailHealth
from lockpoint.services.ports.tenancy import SiteState
from lockpoint.services.quota_accounting import SITE_SHARE, Counter, Share, spending_on
from lockpoint.services.tenancy.activity import is_active
from lockpoint.services.tenancy.forge_sites import former_site
from lockpoint.services.tenancy.site_settings import must_administer

HOUR: Final = timedelta(hours=1)
MAILS_OF: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class LocksHealth:
    """`unprotected` by reason."""

    live: int
    unprotected: Mapping[str, int]
    licensed: bool


@dataclass(frozen=True, slots=True)
class PointsHealth:
    """Of the present hour; `used` is None while nobody counts for all processes."""

    used: int | None
    most: int
    until: datetime
    blocked_until: datetime | None


@dataclass(frozen=True, slots=True)
class ForgeHealth:
    """`access_until` None: the app may not call the site until Forge brings a token again.

    `former_site`: the locks of an earlier installation by Connect do not count, and can be made to.
    `last_event_at` and `last_tick_at` None: there was none yet; one within a minute after another does not count.
    """

    access_until: datetime | None
    renewed_at: datetime | None
    last_event_at: datetime | None
    last_tick_at: datetime | None
    former_site: bool


@dataclass(frozen=True, slots=True)
class Health:
    """Of a space only `locks`; `forge` only of a site at Forge's door."""

    locks: LocksHealth
    points: PointsHealth | None = None
    readings: SiteReadings | None = None
    mails: MailHealth | None = None
    state: SiteState | None = None
    forge: ForgeHealth | None = None


def of_site(services: Services, actor: Actor) -> Health:
    """For site admins."""
    with spending_on("health"):
        must_administer(services, actor)
        readings = services.site_health.read(actor.tenant, services.clock.now() - MAILS_OF)
        state = services.site_states.get(actor.tenant)
        mails = mail_health(services, actor.tenant)
        forge = _forge(services, actor, readings) if actor.tenant.door is Door.FORGE else None
        return Health(_locks(services, actor, None), _points(services, actor), readings, mails, state, forge)


def of_space(services: Services, actor: Actor, space_key: str) -> Health:
    """For those who may end others' locks there."""
    with spending_on("health"):
        space_id, _ = manages_space(services, actor, space_key)
        return Health(_locks(services, actor, space_id))


def _locks(services: Services, actor: Actor, space_id: str | None) -> LocksHealth:
    counts = services.lock_index.protections(actor.tenant, space_id, services.clock.now())
    unprotected = {word.value: count for word, count in counts.items() if word not in WELL_PROTECTED}
    licensed = is_active(services, actor.tenant, priority=Priority.INTERACTIVE)
    return LocksHealth(sum(counts.values()), unprotected, licensed)


def _points(services: Services, actor: Actor) -> PointsHealth:
    hour = services.clock.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    counter = Counter(hour, Share.SITE, actor.tenant.id)
    known = services.shared_points.read([counter], actor.tenant.id)
    most = int(services.points_per_hour * SITE_SHARE)
    return PointsHealth(known.spent.get(counter), most, hour + HOUR, known.blocked_until)


def _forge(services: Services, actor: Actor, readings: SiteReadings) -> ForgeHealth:
    token, now = readings.token, services.clock.now()
    return ForgeHealth(
        access_until=token.expires_at if token and token.expires_at > now else None,
        renewed_at=token.received_at if token else None,
        last_event_at=readings.event_at,
        last_tick_at=readings.tick_at,
        former_site=former_site(services, actor.tenant) is not None,
    )
