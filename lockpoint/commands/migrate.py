"""`lockpoint migrate`, run before every release."""

import time
from importlib import import_module

import click
import structlog
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from lockpoint.commands.environment import ASK_AGAIN_SECONDS, settings_for_answering
from lockpoint.services.errors import OperatorRefusal
from lockpoint.settings import Settings
from lockpoint.storage.migrate import WrongDatabase
from lockpoint.storage.migrate import migrate as apply_migrations

log = structlog.get_logger(__name__)


@click.command()
@click.option("--wait", is_flag=True, help="While the database is away, wait for it.")
@click.option(
    "--grant", "role", metavar="ROLE", help="Let this second role run web and worker; lasts for later migrations."
)
def migrate(wait: bool, role: str | None) -> None:  # noqa: FBT001 - click passes a flag
    """Bring the database to the newest schema; safe to repeat or to run twice at once."""
    settings = settings_for_answering()
    while (away := _migrate(settings, role)) is not None:
        if not wait:
            raise click.ClickException(away)
        log.warning("waiting", reason=away)
        time.sleep(ASK_AGAIN_SECONDS)


def _migrate(settings: Settings, role: str | None) -> str | None:
    """Return why not yet; exit 1 for what waiting will not mend."""
    try:
        apply_migrations(settings.database_url, role=role)
    except WrongDatabase as error:
        raise click.ClickException(str(error)) from None
    except SQLAlchemyError as error:
        # A driver's text may quote the address with its password; kind and code do not.
        refused = f"the database refused: {type(error).__name__}, {error.code}"
        if not isinstance(error, OperationalError):
            raise click.ClickException(refused) from None
        return _why_silent(settings) or refused
    return None


def _why_silent(settings: Settings) -> str | None:
    try:
        reason: str | None = import_module("lockpoint.bootstrap").check_neighbours(settings)
    except OperatorRefusal as error:
        raise click.ClickException(str(error)) from None
    return reason
