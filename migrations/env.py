"""Alembic environment: uses the connection of `lockpoint.storage.migrate`, else `sqlalchemy.url`."""

from alembic import context
from sqlalchemy import Connection, NullPool, create_engine

from lockpoint.storage.tables import METADATA


def run(connection: Connection) -> None:
    """Run all requested migrations in one transaction."""
    context.configure(connection=connection, target_metadata=METADATA, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    """Find the connection; no offline mode: a migration may read data."""
    if context.is_offline_mode():
        raise SystemExit("migrations need a database")
    handed_over = context.config.attributes.get("connection")
    if handed_over is not None:
        run(handed_over)
        return
    url = context.config.get_main_option("sqlalchemy.url")
    if url is None:
        raise SystemExit("use `lockpoint migrate`, or set sqlalchemy.url")
    with create_engine(url, poolclass=NullPool).connect() as connection:
        run(connection)


main()
