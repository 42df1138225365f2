"""What operators' commands share: their neighbours, and how they end when something is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from lockpoint.bootstrap import Operator, operating
from lockpoint.commands.environment import settings_for_answering
from lockpoint.services.errors import HostError, OperatorRefusal, SecretUnreadable, StorageUnavailable, UseCaseError


@contextmanager
def operator() -> Iterator[Operator]:
    """Give what a command works with.

    Standard output is the answer's alone; log lines go to stderr. A wrong setting, a refusal or a neighbour that does
    not answer ends the command with code 1 and a reason.
    """
    try:
        with operating(settings_for_answering()) as working:
            yield working
    except UseCaseError as error:
        raise click.ClickException(error.message) from None
    except HostError as error:
        raise click.ClickException(f"Confluence: {type(error).__name__}") from None
    except (OperatorRefusal, SecretUnreadable) as error:
        raise click.ClickException(str(error)) from None
    except StorageUnavailable:
        raise click.ClickException("the database does not answer") from None
