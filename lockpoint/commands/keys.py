"""`lockpoint keys`: key rotation; steps in docs/secrets.md."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from lockpoint.bootstrap import Operator
from lockpoint.commands.operator import operator
from lockpoint.commands.output import OutputRow, as_json, print_fields, print_rows
from lockpoint.services.errors import HostError, QuotaExceeded
from lockpoint.services.key_rotation import SigningReport, sign_again

UNKNOWN: Final = "(unknown)"


@click.group()
def keys() -> None:
    """Rotate root keys."""


@keys.command()
@click.option("--locks", is_flag=True, help="Also sign locks, settings and preferences of all active sites again.")
@as_json
def rotate(locks: bool, json_wanted: bool) -> None:  # noqa: FBT001 - click passes flags
    """Bring stored data under the newest key of LOCKPOINT_SECRET_KEYS.

    Safe to stop and restart. Exits 1 when something could not be brought over.
    """
    with operator() as working:
        fields = _reseal(working)
        if locks:
            fields |= _sign(working)
    print_fields(fields, json_wanted=json_wanted)
    if any(fields.get(name) for name in ("unreadableSites", "locksLeft", "preferencesLeft", "sitesLeft")):
        raise click.ClickException("not everything is under the newest key; see docs/secrets.md")


@keys.command()
@click.option("--backups", "folder", metavar="DIR", help="Also count the backups in this folder.")
@as_json
def status(folder: str | None, json_wanted: bool) -> None:  # noqa: FBT001 - click passes a flag
    """Show what each key is needed for, and from when it may be dropped."""
    with operator() as working:
        uses = working.key_uses()
        made = [] if folder is None else [header.key_id for header in working.backups.in_folder(Path(folder))]
    rows: list[OutputRow] = [_row(asdict(use), made if folder else None) for use in uses]
    others = sorted(set(made) - {use.key_id for use in uses})
    rows += [{**dict.fromkeys(rows[0]), "key": key, "is": "unknown", "backups": made.count(key)} for key in others]
    print_rows(rows, json_wanted=json_wanted, none="There are no keys.")


def _reseal(working: Operator) -> dict[str, Any]:
    with _progress("Secrets", working.sealed.count()) as bar:
        report = working.sealed.reseal(bar.update)
    tokens = working.system_tokens.reseal()
    return {
        "sitesSealed": report.sealed,
        "sitesAlready": report.already,
        "unreadableSites": list(report.unreadable),
        "tokensSealed": tokens.sealed,
        "tokensErased": tokens.dropped,
        "usageRows": working.usage.bring_over(),
    }


def _sign(working: Operator) -> dict[str, Any]:
    services = working.services
    sites = services.tenants.active()
    reports, left, sites_left = list[SigningReport](), list[str](), list[int]()
    with _progress("Locks", sum(map(services.witnesses.count_held, sites))) as bar:
        for tenant in sites:
            try:
                report = sign_again(services, tenant, step=lambda: bar.update(1))
            except QuotaExceeded:
                raise
            except HostError:
                sites_left.append(tenant.id)
                continue
            reports.append(report)
            left += [f"{tenant.id}/{attachment_id}" for attachment_id in report.left]
    return {
        "locksSigned": sum(report.signed for report in reports),
        "locksAlready": sum(report.already for report in reports),
        "locksLeft": left,
        "preferencesSigned": sum(report.people for report in reports),
        "preferencesLeft": sum(report.people_left for report in reports),
        "sitesLeft": sites_left,
    }


def _row(use: dict[str, Any], made: list[str] | None) -> OutputRow:
    state = "newest" if use["newest"] else "old" if use["configured"] else "unknown"
    row = {
        "key": use["key_id"] or UNKNOWN,
        "is": state,
        "secrets": use["secrets"],
        "liveLocks": use["live_locks"],
        "locksElsewhere": use["locks_elsewhere"],
        "usageRows": use["usage_rows"],
        "addressHashes": use["address_hashes"],
        "hashesUntil": use["address_hashes_until"],
        "droppableFrom": use["droppable"],
    }
    return row if made is None else {**row, "backups": made.count(use["key_id"])}


def _progress(label: str, length: int) -> Any:
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=not sys.stderr.isatty())
