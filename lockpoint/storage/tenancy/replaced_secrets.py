"""Erasing secrets that a new one replaced more than three minutes ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from lockpoint.storage.engine import Database
from lockpoint.storage.tables import INSTALLATION

ACCEPTED: Final = timedelta(minutes=3)
"""How long `connect.sites` accepts a replaced secret."""

_ROW: Final = INSTALLATION.c


def erase(database: Database, now: datetime) -> int:
    """Return how many there were."""
    statement = update(INSTALLATION).where(_useless(now)).values(previous_secret=None, secret_changed_at=None)
    with database.single() as connection:
        return connection.execute(statement).rowcount


def left_over(connection: Connection, now: datetime) -> int:
    return connection.execute(select(func.count()).select_from(INSTALLATION).where(_useless(now))).scalar_one()


def _useless(now: datetime) -> ColumnElement[bool]:
    """One without a date was never accepted."""
    changed = _ROW.secret_changed_at
    return _ROW.previous_secret.is_not(None) & or_(changed.is_(None), changed <= now - ACCEPTED)
