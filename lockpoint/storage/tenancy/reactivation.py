"""Sites that are active again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, update

from lockpoint.services.ports.locks import Protection
from lockpoint.storage.tables import INSTALLATION, LOCK_WITNESS


def come_back(connection: Connection, tenant_ids: Sequence[int]) -> None:
    """Note the time, and that no lock was read since.

    By the database's time: a wrong clock of a process must not decide whose uploads are accepted.
    """
    sites = INSTALLATION.c.id == func.any(list(tenant_ids))
    connection.execute(update(INSTALLATION).where(sites).values(returned_at=func.now()))
    holds = (LOCK_WITNESS.c.tenant_id == func.any(list(tenant_ids))) & LOCK_WITNESS.c.holder.is_not(None)
    connection.execute(update(LOCK_WITNESS).where(holds).values(protection=Protection.UNCHECKED.value))
