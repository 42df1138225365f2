"""`lockpoint site`: installations."""

from collections.abc import Sequence
from urllib.parse import urlsplit

import click

from lockpoint.commands.operator import operator
from lockpoint.commands.output import OutputRow, as_json, print_fields, print_report, print_rows
from lockpoint.services.container import Services
from lockpoint.services.context import Door, Priority, Tenant
from lockpoint.services.listing.site_quota import LaneQuota, SiteQuota, advice, by_site, site_quota, use_cases
from lockpoint.services.reconciliation.rediscover import rediscover
from lockpoint.services.reconciliation.sweep import sweep
from lockpoint.services.tenancy import forge_sites, licence
from lockpoint.services.tenancy.restore_probe import self_test
from lockpoint.services.tenancy.site_settings import site_settings

RESTORE_WORDS = {True: "works", False: "refused", None: "unknown"}


@click.group()
def site() -> None:
    """List, show, reconcile and forget installations."""


@site.command("list")
@as_json
def list_sites(json_wanted: bool) -> None:  # noqa: FBT001 - click passes a flag
    """List the sites with the app installed, and whether it is enabled."""
    with operator() as working:
        rows = [
            {"id": tenant.id, "site": tenant.base_url, "enabled": tenant.enabled}
            for tenant in working.services.tenants.installed()
        ]
    print_rows(rows, json_wanted=json_wanted, none="The app is installed nowhere.")


@site.command()
@click.argument("name", metavar="SITE")
@click.option("--test", is_flag=True, help="Try Confluence's restore operation again.")
@as_json
def show(name: str, test: bool, json_wanted: bool) -> None:  # noqa: FBT001 - click passes flags
    """Show a site's settings and licence, and whether Confluence restores attachments there.

    Tries the restore operation if it was never tried.
    """
    with operator() as working:
        services = working.services
        tenant = find_site(services, name)
        known = services.site_states.get(tenant)
        state = self_test(services, tenant) if test or known.restore_works is None else known
        settings = site_settings(services, tenant, priority=Priority.MAINTENANCE)
        fields = {
            "id": tenant.id,
            "site": tenant.base_url,
            "copyMode": settings.copy_mode,
            "settingsRevision": settings.revision,
            "restoreSelfTest": RESTORE_WORDS[state.restore_works],
            "restoreTestedAt": state.tested_at,
            "licence": licence.standing(services, tenant, priority=Priority.MAINTENANCE)
            if services.licensing
            else "not needed",
        }
    print_fields(fields, json_wanted=json_wanted)


@site.command()
@click.argument("name", metavar="SITE")
@as_json
def quota(name: str, json_wanted: bool) -> None:  # noqa: FBT001 - click passes a flag
    """Show who spent this hour's points of Confluence, what is left for a site, and what to do.

    Calls nobody but Redis and the database.
    """
    with operator() as working:
        services = working.services
        found = site_quota(services, find_installed_site(services, name))
        sites = {tenant.id: tenant.base_url for tenant in services.tenants.installed()}
    fields = {"site": sites[found.tenant_id], **_hour(found)}
    tables: dict[str, list[OutputRow]] = {
        "lanes": [_lane(lane) for lane in found.lanes],
        "useCases": [
            {"useCase": one.use_case, "for": one.priority.value, "points": one.points} for one in use_cases(found)
        ],
        "sites": [{"site": sites.get(one, str(one)), "points": points} for one, points in by_site(found).items()],
    }
    print_report(fields, tables, advice(found), json_wanted=json_wanted)


def _hour(found: SiteQuota) -> dict[str, object]:
    spent, refusal = found.spent, found.refusal
    return {
        "since": found.since,
        "until": found.until,
        "pointsPerHour": found.points_per_hour,
        "spent": spent and spent.everywhere,
        "spentHere": spent and spent.here,
        "refusedUntil": refusal and refusal.until,
        "refused": None if refusal is None else "all sites" if refusal.all_sites else "this site",
    }


def _lane(lane: LaneQuota) -> dict[str, object]:
    return {
        "lane": lane.lane.value,
        "stopsAt": lane.stops_at,
        "stopsAtHere": lane.stops_at_here,
        "reserved": lane.reserved,
        "spent": lane.spent,
        "spentHere": lane.spent_here,
        "leftHere": lane.left,
    }


@site.command()
@click.argument("name", metavar="SITE")
def reconcile(name: str) -> None:
    """Search a site for unknown locks, then check every locked file, now."""
    with operator() as working:
        services = working.services
        tenant = find_site(services, name)
        rediscover(services, tenant)
        count = sweep(services, tenant)
    click.echo(f"{count} locked files checked.")


@site.command()
@click.argument("name", metavar="SITE")
@click.confirmation_option(
    "--yes",
    prompt="This erases the site's secret: it must install the app again to use it. Go on?",
    help="Do not ask.",
)
def forget(name: str) -> None:
    """End the installation of a site whose uninstall never arrived.

    The app makes no calls and sends no mail there; the secret is erased at once, the rest in 30 days. Locks stay in
    Confluence and count again after a new install. A site that still has the app through Forge comes back by its next
    call.
    """
    with operator() as working:
        tenant = _named(working.services.tenants.installed(), name)
        if tenant is None:
            raise click.ClickException(f"no installed site {name}: lockpoint site list shows them")
        ended = forge_sites.forget_site(working.services, tenant)
    click.echo("Forgotten." if ended else "The site has just uninstalled the app itself.")


@site.command()
@click.argument("name", metavar="SITE")
@click.argument("former", metavar="[FORMER]", required=False)
@click.confirmation_option(
    "--yes",
    prompt="Locks of the earlier installation will count on this site, and that installation ends. Go on?",
    help="Do not ask.",
)
def adopt(name: str, former: str | None) -> None:
    """Let locks of an earlier installation by Connect count on a site that came by Forge and was not matched with it.

    FORMER is that installation's client key; without it, the one at the same address counts.
    """
    with operator() as working:
        services = working.services
        tenant = find_site(services, name)
        if tenant.door is not Door.FORGE:
            raise click.ClickException("this site uses Connect: there is nothing to adopt")
        found = services.forge_sites.former(tenant) if former is None else _by_key(services, former)
        if found is None:
            raise click.ClickException("no earlier installation of this site is known: name its client key")
        forge_sites.adopt(services, tenant, found)
    click.echo("Locks of the earlier installation count from now on; the worker searches for them.")


def _by_key(services: Services, site_key: str) -> Tenant | None:
    known = services.installations.find(site_key)
    return None if known is None else known.tenant


def find_site(services: Services, name: str) -> Tenant:
    """Active, by number, address or host; raises ClickException."""
    tenant = _named(services.tenants.active(), name)
    if tenant is None:
        raise click.ClickException(f"no active site {name}: lockpoint site list shows them")
    return tenant


def find_installed_site(services: Services, name: str) -> Tenant:
    """The same for installed sites, enabled or not."""
    tenant = _named(services.tenants.installed(), name)
    if tenant is None:
        raise click.ClickException(f"no installed site {name}: lockpoint site list shows them")
    return tenant


def _named(tenants: Sequence[Tenant], name: str) -> Tenant | None:
    for tenant in tenants:
        if name in {str(tenant.id), tenant.base_url, urlsplit(tenant.base_url).netloc}:
            return tenant
    return None
