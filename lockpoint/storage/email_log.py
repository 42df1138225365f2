"""The log of mails: time, kind, result and a hashed address; never the address, the subject or the text."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert

from lockpoint.locking.events import MailKind
from lockpoint.storage.crypto import HashedAddress
from lockpoint.storage.tables import EMAIL_LOG


def append(
    connection: Connection, tenant_id: int, *, at: datetime, kind: MailKind, result: str, address: HashedAddress | None
) -> None:
    """Add one row; IntegrityError when the day has no partition."""
    connection.execute(
        insert(EMAIL_LOG).values(
            tenant_id=tenant_id,
            at=at,
            kind=kind.value,
            result=result,
            address_hash=None if address is None else address.digest,
            key_id=None if address is None else address.key_id,
        )
    )
