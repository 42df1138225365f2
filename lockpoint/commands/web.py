"""`lockpoint web`: the WSGI application under granian."""

import ctypes
import gc
import importlib
import logging
import multiprocessing
import os
import socket
import sys
import tempfile
from typing import Final

import click
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from lockpoint.commands.environment import neighbours_or_exit, settings_of_process
from lockpoint.settings import Settings
from lockpoint.web.connect.frontend_bundle import BundleError

_ARENA_MAX: Final = -8  # of malloc.h

WORKERS: Final = 2
THREADS: Final = 16
STOP_SECONDS: Final = 25
"""Time for requests in flight after SIGTERM; Heroku kills after 30."""


def is_no_advice(record: logging.LogRecord) -> bool:
    """False for granian's advice to have fewer threads: ours wait for Confluence, not for a processor."""
    return "`backpressure`" not in record.getMessage()


TO_OURS: Final = {
    "filters": {"no advice": {"()": lambda: is_no_advice}},
    "loggers": {"_granian": {"handlers": [], "level": "INFO", "propagate": True, "filters": ["no advice"]}},
}
"""Granian logs to our handlers."""


def build_before_fork() -> None:
    """Let the workers share the memory of all modules and of the application, which so far has no thread or connection.

    By default Python 3.14 would have each worker load and build everything itself.
    """
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork", force=True)
        _fewer_arenas()
    importlib.import_module("lockpoint.wsgi")
    gc.collect()
    gc.freeze()


def _port_or_exit(host: str, port: int) -> None:
    """Exit 1 for a port that is taken or not ours to take: workers would die of it and be started again for ever."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise click.ClickException(f"PORT: cannot listen on {host}, port {port}: {reason}") from None


def _fewer_arenas() -> None:
    """Keep the C library from holding memory back for each thread; another C library has no such switch."""
    limit = getattr(ctypes.CDLL(None), "mallopt", None)
    if limit is not None:
        limit(_ARENA_MAX, 2)


@click.command()
@click.option("--host", default="0.0.0.0", show_default=True, help="Address to listen on.")  # noqa: S104 - a container
@click.option("--workers", type=click.IntRange(1, 64), default=WORKERS, show_default=True, help="Processes.")
@click.option("--threads", type=click.IntRange(1, 128), default=THREADS, show_default=True, help="In each process.")
def web(host: str, workers: int, threads: int) -> None:
    """Answer HTTP requests on PORT until stopped."""
    settings = settings_of_process()
    with tempfile.TemporaryDirectory(prefix="lockpoint-metrics-") as own:
        # Before anything is counted: the processes share their counters there.
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", own)
        _serve(settings, host, workers, threads)


def _serve(settings: Settings, host: str, workers: int, threads: int) -> None:
    neighbours_or_exit(settings, wait=False)
    _port_or_exit(host, settings.port)
    try:
        build_before_fork()
    except BundleError as error:
        raise click.ClickException(str(error)) from None
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
