"""Outcomes of writing calls, by request id."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, case, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from lockpoint.domain.events import AuditKind
from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.locks import AuditEvent
from lockpoint.services.ports.runtime import BegunRequest, Clock, RequestState
from lockpoint.storage.engine import Database
from lockpoint.storage.tables import REQUEST_OUTCOME

KEPT: Final = timedelta(hours=24)
LEASE: Final = timedelta(seconds=60)
"""Longer than a request lasts: an older attempt has died."""

BEGINNINGS: Final = (AuditKind.ACQUIRED, AuditKind.TAKEN_OVER, AuditKind.HANDED_OVER)

_ROW: Final = REQUEST_OUTCOME.c
_KEY: Final = [_ROW.tenant_id, _ROW.account, _ROW.request_id]


class PostgresRequests:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(
        self, tenant: Tenant, account: str, request_id: str, *, digest: str, lock_id: str, op_id: str
    ) -> BegunRequest:
        values = {
            "tenant_id": tenant.id,
            "account": account,
            "request_id": request_id,
            "digest": digest,
            "lock_id": lock_id,
            "op_id": op_id,
        }
        with self._database.single() as connection:
            claimed = self._claim(connection, values)
            if claimed is not None:
                return _outcome(claimed, RequestState.FRESH if claimed.op_id == op_id else RequestState.RESUMED)
            known = connection.execute(select(REQUEST_OUTCOME).where(*_one(tenant, account, request_id))).one_or_none()
        if known is None:
            # Only the purge can delete the row between the two statements, after its 24 hours.
            raise StorageUnavailable("the stored outcome was being removed")
        return _outcome(known, RequestState.DONE if known.done else RequestState.RUNNING)

    def _claim(self, connection: Connection, values: dict[str, object]) -> Row[Any] | None:
        """Insert the row, or take it over from a dead attempt (with its ids) or a past day (with the new ones)."""
        now = self._clock.now()
        row = {**values, "done": False, "started_at": now, "busy_until": now + LEASE, "lock_began": False}
        statement = insert(REQUEST_OUTCOME).values(row)
        new = statement.excluded
        outdated = _ROW.started_at <= now - KEPT
        renewed = ("digest", "lock_id", "op_id", "done", "status", "error", "started_at", "lock_began")
        return connection.execute(
            statement.on_conflict_do_update(
                index_elements=_KEY,
                set_={name: case((outdated, new[name]), else_=_ROW[name]) for name in renewed}
                | {"busy_until": new.busy_until},
                where=or_(outdated, _ROW.done.is_(False) & (_ROW.busy_until <= now)),
            ).returning(REQUEST_OUTCOME)
        ).one_or_none()

    def abandon(self, tenant: Tenant, account: str, request_id: str) -> None:
        with self._database.single() as connection:
            connection.execute(
                update(REQUEST_OUTCOME)
                .where(*_one(tenant, account, request_id), _ROW.done.is_(False))
                .values(busy_until=self._clock.now())
            )

    def lock_began(self, tenant: Tenant, account: str, request_id: str) -> bool:
        statement = select(_ROW.lock_began).where(*_one(tenant, account, request_id))
        with self._database.single() as connection:
            return connection.execute(statement).scalar_one_or_none() is True


def note_found(connection: Connection, tenant_id: int, rows: Iterable[AuditEvent]) -> None:
    """Note that the lock of a call began, where others found it."""
    for row in rows:
        if row.recovered and row.kind in BEGINNINGS:
            connection.execute(
                update(REQUEST_OUTCOME)
                .where(_ROW.tenant_id == tenant_id, _ROW.account == row.account, _ROW.lock_id == row.lock_id)
                .values(lock_began=True)
            )


def finish(connection: Connection, tenant_id: int, request: tuple[str, str, int, str | None]) -> None:
    account, request_id, status, error = request
    connection.execute(
        update(REQUEST_OUTCOME)
        .where(_ROW.tenant_id == tenant_id, _ROW.account == account, _ROW.request_id == request_id)
        .values(done=True, status=status, error=error)
    )


def _one(tenant: Tenant, account: str, request_id: str) -> tuple[ColumnElement[bool], ...]:
    return _ROW.tenant_id == tenant.id, _ROW.account == account, _ROW.request_id == request_id


def _outcome(row: Row[Any], state: RequestState) -> BegunRequest:
    return BegunRequest(
        state=state, digest=row.digest, lock_id=row.lock_id, op_id=row.op_id, status=row.status, error=row.error
    )
