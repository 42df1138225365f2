"""`lockpoint migrate`, run before every release."""

import click
from sqlalchemy.exc import SQLAlchemyError

from lockpoint.commands.environment import settings_for_answering
from lockpoint.storage.migrate import WrongDatabase
from lockpoint.storage.migrate import migrate as apply_migrations


@click.command()
def migrate() -> None:
    """Bring the database to the newest schema; safe to repeat or to run twice at once."""
    settings = settings_for_answering()
    try:
        apply_migrations(settings.database_url)
    except WrongDatabase as error:
        raise click.ClickException(str(error)) from None
    except SQLAlchemyError as error:
        # A driver's text may quote the address with its password; kind and code do not.
        raise click.ClickException(f"the database refused: {type(error).__name__}, {error.code}") from None
