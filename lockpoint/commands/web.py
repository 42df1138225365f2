"""`lockpoint web`: the WSGI application under granian."""

from typing import Final

import click
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from lockpoint.commands.environment import settings_of_process

WORKERS: Final = 2
THREADS: Final = 16
STOP_SECONDS: Final = 25
"""Time for requests in flight after SIGTERM; Heroku kills after 30."""

TO_OURS: Final = {"loggers": {"_granian": {"handlers": [], "level": "INFO", "propagate": True}}}
"""Granian logs to our handlers."""


@click.command()
@click.option("--host", default="0.0.0.0", show_default=True, help="Address to listen on.")  # noqa: S104 - a container
@click.option("--workers", type=click.IntRange(1, 64), default=WORKERS, show_default=True, help="Processes.")
@click.option("--threads", type=click.IntRange(1, 128), default=THREADS, show_default=True, help="In each process.")
def web(host: str, workers: int, threads: int) -> None:
    """Answer HTTP requests on PORT until stopped."""
    settings = settings_of_process()
    Granian(
        "lockpoint.wsgi:app",
        address=host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=30_000),
        websockets=False,
        # Access lines would hold the tokens of query strings.
        log_access=False,
        log_dictconfig=TO_OURS,
        log_level=LogLevels(settings.log_level),
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
    ).serve()
