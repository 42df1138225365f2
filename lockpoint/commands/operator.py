"""Neighbours and failures of operators' commands."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from lockpoint.bootstrap import Operator, operating
from lockpoint.commands.environment import settings_for_answering
from lockpoint.services.errors import HostError, OperatorRefusal, SecretUnreadable, StorageUnavailable, UseCaseError


@contextmanager
def operator() -> Iterator[Operator]:
    """Stdout is the answer's, logs go to stderr.

    Exits 1 with a reason on a wrong setting, a refusal or a silent neighbour.
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
