"""The connections of operators' commands, and their errors."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from lockpoint.bootstrap import Operator, operating
from lockpoint.commands.environment import settings_for_answering
from lockpoint.services.errors import HostError, OperatorRefusal, SecretUnreadable, StorageUnavailable, UseCaseError


@contextmanager
def operator() -> Iterator[Operator]:
    """A wrong setting, a refusal or a silent neighbour ends the command with code 1 and a reason.

    Stdout is for the answer, logs go to stderr.
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
