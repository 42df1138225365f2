"""Bringing a test database to the newest schema, the way `lockpoint migrate` does."""

from pathlib import Path

from alembic import command
from alembic.config import Config

ROOT = Path(__file__).parents[1]


def migrate(url: str) -> None:
    """Apply every migration to this database."""
    if not (ROOT / "alembic.ini").exists():
        return
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("sqlalchemy.url", url.replace("postgresql://", "postgresql+psycopg://").replace("%", "%%"))
    command.upgrade(config, "head")
