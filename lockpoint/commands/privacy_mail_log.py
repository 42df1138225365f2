"""`lockpoint privacy mail-log`: which mails went to an address, asked by somebody who knows it."""

import re
import sys
from collections.abc import Callable, Iterable
from typing import Final

import click

from lockpoint.bootstrap import Operator
from lockpoint.commands.operator import operator
from lockpoint.commands.output import OutputRow, as_json, print_rows
from lockpoint.commands.sites import find_installed_site
from lockpoint.services.ports.privacy import Origin, PrivacyRight

LONGEST: Final = 320
ADDRESS: Final = re.compile(r"[^\s@]+@[^\s@]+")


@click.command("mail-log")
@click.option("--site", "site_name", metavar="SITE", help="One site only: number, address or host.")
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
    """Read one line; UsageError, which does not repeat it, unless it is an address."""
    read: Callable[[], str] = _asked if sys.stdin.isatty() else sys.stdin.readline
    address = read().strip()
    if len(address) > LONGEST or not ADDRESS.fullmatch(address):
        raise click.UsageError("standard input must have an e-mail address on its first line")
    return address


def _asked() -> str:
    answer: str = click.prompt("E-mail address", err=True)
    return answer


def _noted(working: Operator, tenant_ids: Iterable[int]) -> dict[int, str]:
    """Note on each site concerned that a person was answered; gives the sites' names."""
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
