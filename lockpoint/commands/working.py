"""What operators' commands share: their neighbours, and how they end when something is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from lockpoint.bootstrap import Operator, operating
from lockpoint.commands.starting import settings_or_exit
from lockpoint.services.errors import HostError, StorageUnavailable, UseCaseError


@contextmanager
def operator() -> Iterator[Operator]:
    """Give what a command works with.

    A wrong setting, a refusal or a neighbour that does not answer ends the command with code 1 and a reason.
    """
    try:
        with operating(settings_or_exit()) as working:
            yield working
    except UseCaseError as error:
        raise click.ClickException(error.message) from None
    except HostError as error:
        raise click.ClickException(f"Confluence: {type(error).__name__}") from None
    except StorageUnavailable:
        raise click.ClickException("the database does not answer") from None
