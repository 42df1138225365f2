"""`lockpoint worker` and `lockpoint clock`, as in the Procfile."""

import click

from lockpoint import clock as clock_process
from lockpoint import worker as worker_process
from lockpoint.commands.environment import neighbours_or_exit, owner_or_exit, settings_of_process


@click.command()
def worker() -> None:
    """Run queued jobs until stopped."""
    settings = settings_of_process()
    neighbours_or_exit(settings, wait=True)
    worker_process.run(settings)


@click.command()
def clock() -> None:
    """Enqueue periodic jobs until stopped."""
    settings = settings_of_process()
    neighbours_or_exit(settings, wait=True)
    owner_or_exit(settings)
    clock_process.run(settings)
