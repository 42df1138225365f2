"""`lockpoint jobs`: parked jobs, after too many failures."""

from dataclasses import asdict
from typing import Final

import click

from lockpoint.commands.operator import operator
from lockpoint.commands.output import as_json, print_rows

ADVICE: Final = {
    "MailUnavailable": "correct the mail server (lockpoint doctor), then retry",
    "HostUnavailable": "Confluence was away: retry",
    "StorageUnavailable": "the database was away: retry",
    "QuotaExceeded": "the hour's points were used up: retry after the full hour",
    "Unauthorised": "the site refuses us: lockpoint site show SITE --test, then site forget",
    "Forbidden": "the app may not: give it access in the site, then retry",
    "NoTokenYet": "Forge has not called for this site: it retries by itself when it does",
    "OperationRemoved": "Confluence has no such operation any more: upgrade the app",
    "WorkerDied": "it ends its worker each time: look at the log before a retry",
}
OTHERWISE: Final = "look for it in the log by its kind, then retry or drop it"


@click.group()
def jobs() -> None:
    """List, retry or drop parked jobs."""


@jobs.command("list")
@as_json
def list_jobs(json_wanted: bool) -> None:  # noqa: FBT001 - click passes a flag
    """List parked jobs, oldest first, with what to do; they hold ids only."""
    with operator() as working:
        sites = {tenant.id: tenant.base_url for tenant in working.services.tenants.installed()}
        rows = [
            {**asdict(job), "site": sites.get(job.tenant_id), "advice": ADVICE.get(job.cause or "", OTHERWISE)}
            for job in working.parked.list()
        ]
    print_rows(rows, json_wanted=json_wanted, none="No job is parked.")


@jobs.command()
@click.argument("job_id", type=int, metavar="JOB", required=False)
@click.option("--kind", help="All parked jobs of this kind instead, such as send_mail.")
def retry(job_id: int | None, kind: str | None) -> None:
    """Let a parked job run again, or all of a kind."""
    if (job_id is None) == (kind is None):
        raise click.UsageError("Name a JOB or a --kind.")
    with operator() as working:
        if job_id is not None:
            _must_exist(working.parked.retry(job_id), job_id)
            click.echo("Queued for a worker.")
            return
        chosen = [job.id for job in working.parked.list() if job.kind == kind]
        click.echo(f"{sum(map(working.parked.retry, chosen))} queued for a worker.")


@jobs.command()
@click.argument("job_id", type=int, metavar="JOB")
def drop(job_id: int) -> None:
    """Delete a parked job."""
    with operator() as working:
        _must_exist(working.parked.drop(job_id), job_id)
    click.echo("Dropped.")


def _must_exist(found: bool, job_id: int) -> None:  # noqa: FBT001 - a result
    if not found:
        raise click.ClickException(f"no parked job {job_id}")
