"""Sites and spaces that are active again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, func, select, update

from lockpoint.services.ports.locks import Protection
from lockpoint.storage.tables import INSTALLATION, LOCK_WITNESS, SPACE_STATE


def come_back(connection: Connection, tenant_ids: Sequence[int]) -> None:
    """Note the time, and that no lock was read since.

    By the database's time: a wrong clock of a process must not decide whose uploads are accepted.
    """
    sites = INSTALLATION.c.id == func.any(list(tenant_ids))
    connection.execute(update(INSTALLATION).where(sites).values(returned_at=func.now()))
    _uncheck(connection, LOCK_WITNESS.c.tenant_id == func.any(list(tenant_ids)))


def uncheck_space(connection: Connection, tenant_id: int, space_id: str) -> None:
    """Note of a space's locks that none was read since it is active again."""
    _uncheck(connection, LOCK_WITNESS.c.tenant_id == tenant_id, LOCK_WITNESS.c.space_id == space_id)


def uncheck_inheriting(connection: Connection, tenant_id: int) -> None:
    """Note it of all locks of a site but those in spaces that say themselves whether they are active."""
    own = select(SPACE_STATE.c.space_id).where(SPACE_STATE.c.tenant_id == tenant_id, SPACE_STATE.c.active.is_not(None))
    inherits = LOCK_WITNESS.c.space_id.is_(None) | LOCK_WITNESS.c.space_id.not_in(own)
    _uncheck(connection, LOCK_WITNESS.c.tenant_id == tenant_id, inherits)


def _uncheck(connection: Connection, *which: ColumnElement[bool]) -> None:
    statement = update(LOCK_WITNESS).where(*which, LOCK_WITNESS.c.holder.is_not(None))
    connection.execute(statement.values(protection=Protection.UNCHECKED.value))
