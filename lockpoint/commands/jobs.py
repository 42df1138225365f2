"""`lockpoint jobs`: parked jobs, after too many failures."""

from dataclasses import asdict

import click

from lockpoint.commands.operator import operator
from lockpoint.commands.output import as_json, print_rows


@click.group()
def jobs() -> None:
    """List, retry or drop parked jobs."""


@jobs.command("list")
@as_json
def list_jobs(json_wanted: bool) -> None:  # noqa: FBT001 - click passes a flag
    """List parked jobs, oldest first; they hold ids only."""
    with operator() as working:
        rows = [asdict(job) for job in working.parked.list()]
    print_rows(rows, json_wanted=json_wanted, none="No job is parked.")


@jobs.command()
@click.argument("job_id", type=int, metavar="JOB")
def retry(job_id: int) -> None:
    """Let a parked job run again."""
    with operator() as working:
        _must_exist(working.parked.retry(job_id), job_id)
    click.echo("Queued for a worker.")


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
