"""Neighbours and failures of operators' commands."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from lockpoint.bootstrap import Operator, check_neighbours, operating
from lockpoint.commands.environment import settings_for_answering
from lockpoint.services.errors import HostError, OperatorRefusal, SecretUnreadable, StorageUnavailable, UseCaseError
from lockpoint.settings import Settings


@contextmanager
def operator() -> Iterator[Operator]:
    """Stdout is the answer's, logs go to stderr.

    Exits 1 with a reason on a wrong setting, a refusal or a silent neighbour.
    """
    settings = settings_for_answering()
    try:
        with operating(settings) as working:
            yield working
    except UseCaseError as error:
        raise click.ClickException(error.message) from None
    except HostError as error:
        raise click.ClickException(f"Confluence: {type(error).__name__}") from None
    except (OperatorRefusal, SecretUnreadable) as error:
        raise click.ClickException(str(error)) from None
    except StorageUnavailable:
        raise click.ClickException(_why_silent(settings)) from None


def _why_silent(settings: Settings) -> str:
    try:
        return check_neighbours(settings) or "the database did not answer, and does now: try again"
    except OperatorRefusal as error:
        return str(error)
