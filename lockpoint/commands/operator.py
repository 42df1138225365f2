"""Neighbours and failures of operators' commands."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import click

from lockpoint.bootstrap import Operator, check_neighbours, operating
from lockpoint.commands.environment import settings_for_answering
from lockpoint.services.errors import (
    Forbidden,
    GoneOrInvisible,
    HostError,
    HostUnavailable,
    NoTokenYet,
    OperationRemoved,
    OperatorRefusal,
    QuotaExceeded,
    SecretUnreadable,
    StorageUnavailable,
    Unauthorised,
    UseCaseError,
)
from lockpoint.settings import Settings

_TOLD: Final[Mapping[type[HostError], str]] = {
    GoneOrInvisible: "There is no such attachment, page or person on this site, or the app may not see it.",
    Unauthorised: "Confluence refuses the app: it is gone from this site, or has another secret there.",
    Forbidden: "Confluence does not let the app do this here: look at restrictions of the page.",
    QuotaExceeded: "No points are left for this now: `lockpoint site quota SITE` says until when.",
    NoTokenYet: "Forge has given no token for this site: it comes with Forge's next call, within an hour.",
    OperationRemoved: "Confluence has removed this operation: a newer Lockpoint may do without.",
    HostUnavailable: "Confluence does not answer as it should. Try again; Atlassian's status page may say more.",
}


def told_of(error: HostError) -> str:
    """Say what is wrong and what to do; the nearest kind counts."""
    known = (_TOLD[kind] for kind in type(error).__mro__ if kind in _TOLD)
    return next(known, f"Confluence answered oddly ({type(error).__name__}). Try again; the log has the call.")


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
        raise click.ClickException(told_of(error)) from None
    except (OperatorRefusal, SecretUnreadable) as error:
        raise click.ClickException(str(error)) from None
    except StorageUnavailable:
        raise click.ClickException(_why_silent(settings)) from None


def _why_silent(settings: Settings) -> str:
    try:
        return check_neighbours(settings) or "the database did not answer, and does now: try again"
    except OperatorRefusal as error:
        return str(error)
