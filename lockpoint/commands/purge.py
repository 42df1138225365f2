"""`lockpoint purge`: the clock's hourly purge, now."""

import json
from dataclasses import asdict

import click

from lockpoint import bootstrap
from lockpoint.commands.environment import settings_for_answering
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.maintenance import PurgeReport


@click.command()
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
def purge(json_wanted: bool) -> None:  # noqa: FBT001 - click passes a flag
    """Delete what has reached its age and report it; exits 1 when something is left or late."""
    settings = settings_for_answering()
    try:
        report = bootstrap.build_upkeep(settings).purge()
    except StorageUnavailable:
        raise click.ClickException("the database does not answer") from None
    click.echo(_as_json(report) if json_wanted else _as_text(report))
    if not report.complete or any(report.late.values()):
        raise click.exceptions.Exit(1)


def _as_json(report: PurgeReport) -> str:
    return json.dumps({**asdict(report), "complete": report.complete}, default=str, indent=2)


def _as_text(report: PurgeReport) -> str:
    places = sorted({*report.gone, *report.overdue, *report.failed})
    width = max(map(len, (*places, *report.late)))
    lines = [f"{report.at.isoformat(timespec='seconds')}, kept for {report.retention_days} days at most"]
    for place in places:
        gone = "not done" if place in report.failed else str(report.gone.get(place, 0))
        lines.append(f"{place:<{width}}  gone: {gone}, left over: {report.overdue.get(place, 0)}")
    lines += [f"{what:<{width}}  late: {count}" for what, count in report.late.items()]
    return "\n".join(lines)
