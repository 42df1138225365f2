"""Requests of people, and running erasures: the only link between person and pseudonym, deleted at the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or

from lockpoint.services.context import Tenant
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.privacy import Erasure, ErasureOrder, Origin, PrivacyRight
from lockpoint.storage.advisory_locks import Purpose, hold_in_transaction
from lockpoint.storage.engine import in_batches
from lockpoint.storage.jobs.enqueue import enqueue
from lockpoint.storage.tables import CLOSED_ACCOUNT, ERASURE, INSTALLATION, PRIVACY_REQUEST

_ROW: Final = ERASURE.c
_REQUEST: Final = PRIVACY_REQUEST.c


ERASED_WITHIN: Final = timedelta(days=7)


def begin(connection: Connection, tenant: Tenant, orders: Sequence[ErasureOrder], at: datetime) -> list[Erasure]:
    hold_in_transaction(connection, Purpose.ERASURE, tenant.id)
    begun = [_begin(connection, tenant, order, at) for order in sorted(orders, key=lambda order: order.account)]
    now = [erasure for erasure in begun if erasure.due_at == at]
    enqueue(connection, [Job(JobKind.ERASE, tenant.id, str(erasure.request_id)) for erasure in now])
    digests = [{"tenant_id": tenant.id, "digest": order.digest} for order in orders if order.digest is not None]
    for some in in_batches(digests, len(CLOSED_ACCOUNT.c)):
        connection.execute(insert_or(CLOSED_ACCOUNT).values(some).on_conflict_do_nothing())
    return begun


def get(connection: Connection, request_id: int) -> Erasure | None:
    row = connection.execute(select(ERASURE).where(_ROW.request_id == request_id)).one_or_none()
    return None if row is None else _erasure(row)


def under_way(connection: Connection) -> Sequence[Erasure]:
    return [_erasure(row) for row in connection.execute(select(ERASURE).order_by(_ROW.request_id))]


def note(connection: Connection, request_id: int, **values: object) -> None:
    connection.execute(update(ERASURE).where(_ROW.request_id == request_id).values(values))


def finish(connection: Connection, erasure: Erasure, at: datetime) -> None:
    connection.execute(delete(ERASURE).where(_ROW.request_id == erasure.request_id))
    done(connection, erasure.request_id, at)


def asked(connection: Connection, tenant: Tenant, right: PrivacyRight, origin: Origin, at: datetime) -> int:
    statement = insert(PRIVACY_REQUEST).values(tenant_id=tenant.id, right=right.value, origin=origin.value, asked_at=at)
    number: int = connection.execute(statement.returning(_REQUEST.id)).scalar_one()
    return number


def done(connection: Connection, request_id: int, at: datetime) -> None:
    connection.execute(update(PRIVACY_REQUEST).where(_REQUEST.id == request_id).values(done_at=at))


def late(connection: Connection, now: datetime) -> int:
    """Count the erasures that should be over; those on inactive sites must wait and are not late.

    One that waits for a page closed to the app counts: only people can open that page.
    """
    asked = select(_REQUEST.id).where(_REQUEST.asked_at < now - ERASED_WITHIN)
    active = select(INSTALLATION.c.id).where(INSTALLATION.c.installed, INSTALLATION.c.enabled)
    unfinished = select(func.count()).select_from(ERASURE).where(_ROW.request_id.in_(asked), _ROW.tenant_id.in_(active))
    return connection.execute(unfinished).scalar_one()


def _begin(connection: Connection, tenant: Tenant, order: ErasureOrder, at: datetime) -> Erasure:
    """A running one starts again only where locks may now end earlier; else it continues when due."""
    same = (_ROW.tenant_id == tenant.id) & (_ROW.account == order.account)
    sooner = {"release_at": order.release_at, "due_at": at, "cursor": None, "skipped": 0}
    connection.execute(update(ERASURE).where(same, _ROW.release_at > order.release_at).values(sooner))
    known = connection.execute(select(ERASURE).where(same)).one_or_none()
    if known is not None:
        return _erasure(known)
    number = asked(connection, tenant, PrivacyRight.ERASURE, order.origin, at)
    values = {
        "request_id": number,
        "tenant_id": tenant.id,
        "account": order.account,
        "pseudonym": order.pseudonym,
        "release_at": order.release_at,
        "due_at": at,
        "skipped": 0,
    }
    return _erasure(connection.execute(insert(ERASURE).values(values).returning(ERASURE)).one())


def _erasure(row: Row[Any]) -> Erasure:
    return Erasure(
        request_id=row.request_id,
        tenant_id=row.tenant_id,
        account=row.account,
        pseudonym=row.pseudonym,
        release_at=row.release_at,
        due_at=row.due_at,
        cursor=row.cursor,
        skipped=row.skipped,
    )
