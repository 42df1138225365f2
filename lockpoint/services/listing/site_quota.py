"""What an operator asks when a site says that the quota is gone: who spent the hour's points, and what goes on."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import ceil
from typing import Final

from lockpoint.services.container import Services
from lockpoint.services.context import Tenant
from lockpoint.services.quota_accounting import CEILING, HOUR, SITE_SHARE, Lane, Spending, hour_counters, lane_of

NO_SITE: Final = 0


@dataclass(frozen=True, slots=True)
class SpentPoints:
    """Of an hour, as all processes count together: by all sites, by one, and the lines of all."""

    everywhere: int
    here: int
    lines: Sequence[Spending]


@dataclass(frozen=True, slots=True)
class LaneQuota:
    """One lane, and at which points of all lanes together it stops, for all sites and for one.

    `reserved` cannot be touched by lanes that stop before it. None is said of points while nobody counts them.
    """

    lane: Lane
    stops_at: int
    stops_at_here: int
    reserved: int
    spent: int | None
    spent_here: int | None
    left: int | None


@dataclass(frozen=True, slots=True)
class HostRefusal:
    """Confluence's 429, which stops every lane: of one site, or of all."""

    until: datetime
    all_sites: bool


@dataclass(frozen=True, slots=True)
class SiteQuota:
    """The present hour of one site."""

    tenant_id: int
    since: datetime
    points_per_hour: int
    spent: SpentPoints | None
    refusal: HostRefusal | None
    lanes: Sequence[LaneQuota]

    @property
    def until(self) -> datetime:
        return self.since + HOUR


def site_quota(services: Services, tenant: Tenant) -> SiteQuota:
    """Ask Redis alone: what Confluence itself counts stands in its answers only."""
    now, pool = services.clock.now(), services.points_per_hour
    spent = _spent(services, tenant, now)
    since = hour_counters(tenant.id, now)[0].since
    return SiteQuota(tenant.id, since, pool, spent, _refusal(services, tenant, now), _lanes(pool, tenant, spent))


def use_cases(quota: SiteQuota) -> list[Spending]:
    """Return what this site spent its points on, the most first."""
    lines = quota.spent.lines if quota.spent else ()
    return sorted((one for one in lines if one.tenant_id == quota.tenant_id), key=lambda one: -one.points)


def by_site(quota: SiteQuota) -> Mapping[int, int]:
    """Return the points of each site, the most first."""
    tally = Tally[int]()
    for line in quota.spent.lines if quota.spent else ():
        tally[line.tenant_id] += line.points
    return dict(tally.most_common())


def advice(quota: SiteQuota) -> str:
    """Return a sentence or two: why it stands so, what goes on, what to do."""
    if quota.refusal:
        return _while_refused(quota.refusal)
    if quota.spent is None:
        return (
            "Redis does not answer: each process counts for itself and goes by what Confluence says in its answers, so"
            " the shares of people, pages and sites count in each. Start Redis (`lockpoint doctor`); no lock is lost."
        )
    stopped = [lane.lane for lane in quota.lanes if not lane.left]
    return _while_stopped(quota, quota.spent, stopped) if stopped else _while_open(quota)


def _while_refused(refusal: HostRefusal) -> str:
    whom = "any site" if refusal.all_sites else "this site"
    return (
        f"Confluence answered 429: no process calls {whom} until {refusal.until:%H:%M:%S} UTC. Wait; then overwrites"
        " are undone and mails leave by themselves."
    )


def _while_stopped(quota: SiteQuota, spent: SpentPoints, stopped: Sequence[Lane]) -> str:
    going = [lane.lane.value for lane in quota.lanes if lane.lane not in stopped]
    what = f"only {', '.join(going)} go on here" if going else "nothing goes on here, undoing included"
    most = use_cases(quota)
    own_share = any(spent.here >= lane.stops_at_here for lane in quota.lanes)
    why = (
        f"this site has spent its own share, most of it on {most[0].use_case}"
        if own_share and most
        else "all sites together have spent the points, see who under sites; more of them are Atlassian's to give"
    )
    return f"Until {quota.until:%H:%M} UTC {what}: {why}."


def _while_open(quota: SiteQuota) -> str:
    return (
        f"By our count every lane has points until {quota.until:%H:%M} UTC. Who reads that too much was asked has spent"
        " the share of one person or one page, which is new every ten minutes."
    )


def _spent(services: Services, tenant: Tenant, now: datetime) -> SpentPoints | None:
    of_all, of_site = hour_counters(tenant.id, now)
    lines = services.shared_points.report(of_all.since)
    known = services.shared_points.read([of_all, of_site], tenant.id).spent
    if lines is None or of_all not in known:
        return None
    return SpentPoints(known[of_all], known.get(of_site, 0), lines)


def _refusal(services: Services, tenant: Tenant, now: datetime) -> HostRefusal | None:
    until, of_all = (services.shared_points.read((), whom).blocked_until for whom in (tenant.id, NO_SITE))
    return HostRefusal(until, all_sites=until == of_all) if until and until > now else None


def _lanes(pool: int, tenant: Tenant, spent: SpentPoints | None) -> list[LaneQuota]:
    stops = [0, *(ceil(pool * share) for share in CEILING.values())]
    everywhere, here = _by_lane(spent, None), _by_lane(spent, tenant.id)
    return [
        LaneQuota(
            lane,
            stops_at=stop,
            stops_at_here=(own := ceil(pool * CEILING[lane] * SITE_SHARE)),
            reserved=stop - before if before else 0,
            spent=everywhere[lane] if spent else None,
            spent_here=here[lane] if spent else None,
            left=max(0, min(stop - spent.everywhere, own - spent.here)) if spent else None,
        )
        for lane, (before, stop) in zip(CEILING, pairwise(stops), strict=True)
    ]


def _by_lane(spent: SpentPoints | None, tenant_id: int | None) -> Tally[Lane]:
    tally = Tally[Lane]()
    for line in spent.lines if spent else ():
        if tenant_id in {None, line.tenant_id}:
            tally[lane_of(line.priority, line.use_case)] += line.points
    return tally
