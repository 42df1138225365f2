"""`lockpoint privacy`: requests of people to an operator."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Final

import click

from lockpoint.bootstrap import Operator
from lockpoint.commands.operator import operator
from lockpoint.commands.output import OutputRow, as_json, print_rows
from lockpoint.commands.privacy_scan import scan
from lockpoint.commands.sites import find_installed_site
from lockpoint.services.container import Services
from lockpoint.services.context import Tenant
from lockpoint.services.errors import HostError
from lockpoint.services.ports.privacy import Origin, PrivacyRight
from lockpoint.services.privacy.erase import Left, Rest, begin, erase
from lockpoint.services.privacy.export import PersonalData, export
from lockpoint.services.privacy.restriction import restrict

ACCOUNT: Final = re.compile(r"[A-Za-z0-9:_-]{1,128}", re.ASCII)
ADDRESS: Final = re.compile(r"[^\s@]+@[^\s@]+")
LONGEST_ADDRESS: Final = 320


def _account(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not ACCOUNT.fullmatch(value):
        raise click.BadParameter("an account id has letters, digits, colons, hyphens and underscores only")
    return value


for_account = click.option(
    "--account-id", "account", required=True, metavar="ID", callback=_account, help="Whose data."
)
on_site = click.option("--site", "site_name", metavar="SITE", help="One site only: number, address or host.")


@click.group()
def privacy() -> None:
    """Hand out or erase what is held about one person; look for what must not be held at all."""


privacy.add_command(scan)


@privacy.command("export")
@for_account
@on_site
@as_json
def export_data(account: str, site_name: str | None, json_wanted: bool) -> None:  # noqa: FBT001 - click passes a flag
    """Show everything that is held about an account, on every site or on one, and nothing about anybody else."""
    found, failed = list[PersonalData](), list[str]()
    with operator() as working:
        services = working.services
        for tenant in _sites(services, account, site_name):
            try:
                found.append(export(services, tenant, account, Origin.OPERATOR))
            except HostError as error:
                failed.append(f"{tenant.base_url} ({type(error).__name__})")
    if json_wanted:
        click.echo(json.dumps([asdict(one) for one in found], default=str, indent=2))
    else:
        rows = [{"site": data.site, "what": what, "rows": count} for data in found for what, count in _counts(data)]
        print_rows(rows, json_wanted=False, none="Nothing is held about this account.")
        click.echo("--json prints the data.")
    if failed:
        raise click.ClickException(f"not answered by {', '.join(failed)}: ask again for these sites")


@privacy.command("erase")
@for_account
@on_site
@click.confirmation_option(
    "--yes",
    prompt="This cannot be undone: the account leaves every row, list and record, and its locks end. Go on?",
    help="Do not ask.",
)
@click.option("--now", "at_once", is_flag=True, help="End live locks of the person at once, not in 24 hours.")
@as_json
def erase_data(
    account: str,
    site_name: str | None,
    at_once: bool,  # noqa: FBT001 - click passes flags
    json_wanted: bool,  # noqa: FBT001
) -> None:
    """Erase an account: its name leaves every row, list and record; a random pseudonym keeps the history together.

    What cannot be done now is done by the worker, also when this command is interrupted; the answer says what is left.
    """
    with operator() as working:
        services = working.services
        tenants = _sites(services, account, site_name)
        begun = [
            (tenant, begin(services, tenant, account, Origin.OPERATOR, at_once=at_once).request_id)
            for tenant in tenants
        ]
        rows = [
            {"request": request, "site": tenant.base_url, "state": _outcome(services, tenant, request)}
            for tenant, request in begun
        ]
    print_rows(rows, json_wanted=json_wanted, none="Nothing is held about this account.")


@privacy.command("restrict")
@for_account
@on_site
@as_json
def restrict_use(account: str, site_name: str | None, json_wanted: bool) -> None:  # noqa: FBT001 - click passes a flag
    """Only keep an account's data, do not use them: no optional mail, nothing of a profile. Locks work as before."""
    _restrict(account, site_name, json_wanted=json_wanted, on=True)


@privacy.command("unrestrict")
@for_account
@on_site
@as_json
def unrestrict_use(account: str, site_name: str | None, json_wanted: bool) -> None:  # noqa: FBT001 - click passes a flag
    """Use an account's data again, as the person asks."""
    _restrict(account, site_name, json_wanted=json_wanted, on=False)


def _restrict(account: str, site_name: str | None, *, json_wanted: bool, on: bool) -> None:
    """On each active site, since the choice lies in Confluence; ClickException where one did not answer."""
    rows, failed = list[OutputRow](), list[str]()
    with operator() as working:
        for tenant in _sites(working.services, account, site_name):
            try:
                changed = restrict(working.services, tenant, account, on=on)
            except HostError as error:
                failed.append(f"{tenant.base_url} ({type(error).__name__})")
                continue
            rows.append({"site": tenant.base_url, "restricted": on, "changed": changed})
    print_rows(rows, json_wanted=json_wanted, none="No site was changed.")
    if failed:
        raise click.ClickException(f"not answered by {', '.join(failed)}: ask again for these sites")


def _outcome(services: Services, tenant: Tenant, request_id: int) -> str:
    try:
        rest = erase(services, tenant, request_id)
    except HostError as error:
        return f"the worker goes on ({type(error).__name__})"
    return "done" if rest is None else told(rest, tenant)


def told(rest: Rest, tenant: Tenant) -> str:
    when = rest.due_at.isoformat(timespec="minutes")
    back = "is switched on" if tenant.installed else "is installed, within 30 days of its uninstall,"
    files = f"{rest.files} {'file' if rest.files == 1 else 'files'} that the app cannot change"
    holds = f"except {files} and live locks, which" if rest.files else "but live locks"
    return {
        Left.SITE: f"done in our database; will go on in Confluence when the app {back} again",
        Left.SEARCH: f"begun; waits for the search for the site's locks, will go on at {when}",
        Left.FILES: f"done except {files}; will go on at {when}",
        Left.PREFERENCES: f"done except preferences that Confluence does not let go of; will go on at {when}",
        Left.LOCKS: f"done, {holds} stand until {when}",
        Left.JOBS: f"done except a job that is running; will go on at {when}",
    }[rest.left]


def _sites(services: Services, account: str, name: str | None) -> list[Tenant]:
    """Return the named site, or all active ones and those with a row about the account."""
    return [find_installed_site(services, name)] if name is not None else list(_all_sites(services, account))


def _all_sites(services: Services, account: str) -> Iterator[Tenant]:
    active = list(services.tenants.active())
    yield from active
    known = {tenant.id for tenant in active}
    for tenant_id in services.person_store.tenants_naming(account):
        tenant = None if tenant_id in known else services.tenants.by_id(tenant_id)
        if tenant is not None:
            yield tenant


def _counts(data: PersonalData) -> Iterator[tuple[str, int]]:
    held = {
        **data.database,
        "locks in Confluence": data.locks,
        "ended locks in Confluence": data.ended,
        "waiting in Confluence": data.waiting,
        "requests in Confluence": data.requests,
    }
    yield from ((what, len(rows)) for what, rows in held.items() if rows)


@privacy.command("mail-log")
@on_site
@as_json
def mail_log(site_name: str | None, json_wanted: bool) -> None:  # noqa: FBT001 - click passes a flag
    """List when which kind of mail went to an address, and with what result.

    The address is read from standard input, so that it is in no list of processes and in no history of a shell. It is
    hashed under each key of LOCKPOINT_SECRET_KEYS, compared and forgotten.
    """
    address = _address()
    with operator() as working:
        only = None if site_name is None else find_installed_site(working.services, site_name).id
        found = [mail for mail in working.mail_log.of(address) if only in {None, mail.tenant_id}]
        names = _noted(working, {mail.tenant_id for mail in found} | ({only} if only is not None else set()))
    rows: list[OutputRow] = [
        {"at": mail.at, "site": names[mail.tenant_id], "kind": mail.kind, "result": mail.result} for mail in found
    ]
    print_rows(rows, json_wanted=json_wanted, none="No mail to this address is in the log.")


def _address() -> str:
    """UsageError, never repeating the line, unless an address."""
    read: Callable[[], str] = _asked if sys.stdin.isatty() else sys.stdin.readline
    address = read().strip()
    if len(address) > LONGEST_ADDRESS or not ADDRESS.fullmatch(address):
        raise click.UsageError("standard input must have an e-mail address on its first line")
    return address


def _asked() -> str:
    answer: str = click.prompt("E-mail address", err=True)
    return answer


def _noted(working: Operator, tenant_ids: Iterable[int]) -> dict[int, str]:
    """Record the answer on each site; return their names."""
    services, names = working.services, dict[int, str]()
    for tenant_id in tenant_ids:
        tenant = services.tenants.by_id(tenant_id)
        names[tenant_id] = f"site {tenant_id}" if tenant is None else tenant.base_url
        if tenant is not None:
            request = services.person_store.note_request(
                tenant, PrivacyRight.COPY, Origin.OPERATOR, services.clock.now()
            )
            services.person_store.note_fulfilled(request, services.clock.now())
    return names
