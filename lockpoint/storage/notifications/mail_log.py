"""The log of mails: time, kind, result, hashed address; never address, subject or text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select, tuple_

from lockpoint.services.ports.notifications import LoggedMail
from lockpoint.storage.engine import Database
from lockpoint.storage.keyring import HashedAddress, Keyring
from lockpoint.storage.tables import EMAIL_LOG

_ROW: Final = EMAIL_LOG.c


class PostgresMailLog:
    def __init__(self, database: Database, keys: Keyring) -> None:
        self._database = database
        self._keys = keys

    def of(self, address: str) -> Sequence[LoggedMail]:
        """The mails to this address on all sites, oldest first, by any key. `StorageUnavailable`."""
        hashes = [(hashed.key_id, hashed.digest) for hashed in self._keys.hashes_of(address)]
        statement = (
            select(_ROW.tenant_id, _ROW.at, _ROW.kind, _ROW.result)
            .where(tuple_(_ROW.key_id, _ROW.address_hash).in_(hashes))
            .order_by(_ROW.at, _ROW.tenant_id)
        )
        with self._database.single() as connection:
            return [LoggedMail(*row) for row in connection.execute(statement)]


def append(
    connection: Connection, tenant_id: int, *, at: datetime, kind: str, result: str, address: HashedAddress | None
) -> None:
    """`IntegrityError` when the day has no partition."""
    connection.execute(
        insert(EMAIL_LOG).values(
            tenant_id=tenant_id,
            at=at,
            kind=str(kind),
            result=result,
            address_hash=None if address is None else address.digest,
            key_id=None if address is None else address.key_id,
        )
    )
