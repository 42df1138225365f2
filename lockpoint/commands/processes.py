"""`lockpoint worker` and `lockpoint clock`: one process each, started by the Procfile."""

import click

from lockpoint import clock as clock_process
from lockpoint import worker as worker_process
from lockpoint.commands.environment import settings_of_process


@click.command()
def worker() -> None:
    """Work off the queue until told to stop."""
    settings = settings_of_process()
    worker_process.run(settings)


@click.command()
def clock() -> None:
    """Put work into the queue when its time has come, until told to stop."""
    settings = settings_of_process()
    clock_process.run(settings)
