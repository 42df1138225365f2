"""Settings and logs of sub-commands; light for `web` and `migrate`."""

import sys
import time
from importlib import import_module
from typing import Final

import click
import structlog

from lockpoint.crash_reports import reporter
from lockpoint.logs import configure_logs
from lockpoint.services.errors import OperatorRefusal
from lockpoint.settings import Settings, SettingsError, load_settings

ASK_AGAIN_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


def settings_or_exit() -> Settings:
    """Exit 1 for a wrong variable, named on stderr."""
    try:
        return load_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def settings_of_process() -> Settings:
    settings = settings_or_exit()
    configure_logs(settings.log_level, settings.log_format, report=reporter(settings.sentry_dsn))
    return settings


def neighbours_or_exit(settings: Settings, *, wait: bool) -> None:
    """Exit 1 for a neighbour that will never do; of one that is away tell, and where nothing else is to do, wait."""
    check = import_module("lockpoint.bootstrap").check_neighbours
    try:
        while (missing := check(settings)) is not None:
            log.warning("waiting", reason=missing)
            if not wait:
                return
            time.sleep(ASK_AGAIN_SECONDS)
    except OperatorRefusal as error:
        raise click.ClickException(str(error)) from None


def owner_or_exit(settings: Settings) -> None:
    """Exit 1 where the database's role may not change tables."""
    try:
        import_module("lockpoint.bootstrap").check_owner(settings)
    except OperatorRefusal as error:
        raise click.ClickException(str(error)) from None


def settings_for_answering() -> Settings:
    """Logs go to stderr: stdout is the answer's."""
    settings = settings_or_exit()
    configure_logs(settings.log_level, settings.log_format, sys.stderr)
    return settings
