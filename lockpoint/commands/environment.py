"""Settings and logs of a sub-command; light, since `web` and `migrate` need no more."""

import sys

import click

from lockpoint.crash_reports import reporter
from lockpoint.logs import configure_logs
from lockpoint.settings import Settings, SettingsError, load_settings


def settings_or_exit() -> Settings:
    """Read the environment; exit 1 for a wrong variable, named on stderr."""
    try:
        return load_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def settings_of_process() -> Settings:
    """Read a long-running process's environment; configure its logs."""
    settings = settings_or_exit()
    configure_logs(settings.log_level, settings.log_format, report=reporter(settings.sentry_dsn))
    return settings


def settings_for_answering() -> Settings:
    """Read the environment of a command answering on stdout: logs go to stderr."""
    settings = settings_or_exit()
    configure_logs(settings.log_level, settings.log_format, sys.stderr)
    return settings
