"""`lockpoint worker` and `lockpoint clock`: one process each, as the Procfile starts them."""

import click

from lockpoint import clock as clock_process
from lockpoint import worker as worker_process
from lockpoint.commands.environment import settings_or_exit
from lockpoint.logs import configure_logs


@click.command()
def worker() -> None:
    """Work off the queue until told to stop."""
    settings = settings_or_exit()
    configure_logs(settings.log_level, settings.log_format)
    worker_process.run(settings)


@click.command()
def clock() -> None:
    """Put work into the queue when its time has come, until told to stop."""
    settings = settings_or_exit()
    configure_logs(settings.log_level, settings.log_format)
    clock_process.run(settings)
