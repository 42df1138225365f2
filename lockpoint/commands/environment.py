"""What every sub-command does first; light, because `web` and `migrate` need no more of the product than this."""

import sys

import click

from lockpoint.crash_reports import reporter
from lockpoint.logs import configure_logs
from lockpoint.settings import Settings, SettingsError, load_settings


def settings_or_exit() -> Settings:
    """Read the environment; a missing or wrong variable ends the command with code 1 and its name on stderr."""
    try:
        return load_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def settings_of_process() -> Settings:
    """Read the environment for a process that runs until told to stop, and send its log lines where they go."""
    settings = settings_or_exit()
    configure_logs(settings.log_level, settings.log_format, report=reporter(settings.sentry_dsn))
    return settings


def settings_for_answering() -> Settings:
    """Read the environment for a command whose answer is on standard output: its log lines go to stderr."""
    settings = settings_or_exit()
    configure_logs(settings.log_level, settings.log_format, sys.stderr)
    return settings
