"""Advisory locks, a class for each purpose."""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import Connection, text


class Purpose(IntEnum):
    """First key of an advisory lock; the second is a tenant id or 0."""

    MIGRATION = 7_701
    PARTITIONS = 7_702
    CLOCK = 7_703
    SITE_CONFIGURATION = 7_704
    INSTALLATION = 7_705
    ERASURE = 7_706
    MAILS = 7_707
    FORGE_TOKEN = 7_708


def hold_in_transaction(connection: Connection, purpose: Purpose, key: int = 0) -> None:
    """Wait for it; it ends with the transaction."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:purpose, :key)"), {"purpose": purpose.value, "key": key})


def hold_names_in_transaction(connection: Connection, purpose: Purpose, names: list[str]) -> None:
    """Wait for all, always in one order; they end with the transaction."""
    statement = text("SELECT pg_advisory_xact_lock(:purpose, hashtext(:name))")
    for name in sorted(names):
        connection.execute(statement, {"purpose": purpose.value, "name": name})
