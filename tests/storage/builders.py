"""Complete values for the storage tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, text

from lockpoint.domain.events import AuditKind, MailKind
from lockpoint.domain.lock import Base, Ended, EndReason, Free, Held
from lockpoint.domain.signed_json import MacKeys
from lockpoint.services.context import Tenant
from lockpoint.services.ports.confluence import Container, ContainerKind
from lockpoint.services.ports.jobs import Job, JobKind, job_about_person
from lockpoint.services.ports.locks import AuditEvent, Restoration, Witness
from lockpoint.services.ports.notifications import MailIntent
from lockpoint.storage.engine import Database
from lockpoint.storage.tables import LOCK_WITNESS, METADATA, QUEUE
from tests.fakes.world import ALICE, BOB, START

PAGE = Container(ContainerKind.PAGE, "65600")


def about_person(kind: JobKind, tenant_id: int, subject: str) -> Job:
    return job_about_person(kind, tenant_id, subject, MacKeys("k", {"k": b"a key of tests"}))


def held(**values: Any) -> Held:
    return replace(
        Held(
            epoch=1,
            seq=1,
            op_id="0" * 32,
            at=START,
            kind=AuditKind.ACQUIRED,
            lock_id="1" * 32,
            holder=ALICE,
            acquired_at=START,
            expires_at=START + timedelta(hours=48),
            base=Base(START - timedelta(days=1), BOB, 1234, 3),
        ),
        **values,
    )


def free(**values: Any) -> Free:
    ended = Ended(EndReason.BROKEN, BOB, START, "1" * 32, ALICE, pending=(START,))
    return replace(Free(epoch=1, seq=2, op_id="2" * 32, at=START, kind=AuditKind.BROKEN, ended=ended), **values)


def witness(attachment_id: str = "123", **values: Any) -> Witness:
    return replace(
        Witness(attachment_id=attachment_id, container=PAGE, space_id="65538", record=held(), seen_at=START), **values
    )


def audit_event(**values: Any) -> AuditEvent:
    event = AuditEvent(at=START, kind=AuditKind.ACQUIRED, attachment_id="123", account=ALICE, epoch=1, seq=1)
    return replace(event, **values)


def intent(**values: Any) -> MailIntent:
    return replace(
        MailIntent(kind=MailKind.FILE_AVAILABLE, recipient=BOB, attachment_id="123", event_key="1.2"), **values
    )


def restoration(**values: Any) -> Restoration:
    return replace(
        Restoration(
            attachment_id="123",
            lock_id="1" * 32,
            created=START,
            source_created=START - timedelta(hours=1),
            offenders=(BOB,),
            at=START,
        ),
        **values,
    )


def forget_witness(database: Database, tenant: Tenant, attachment_id: str) -> None:
    row = LOCK_WITNESS.c
    with database.single() as connection:
        connection.execute(delete(LOCK_WITNESS).where(row.tenant_id == tenant.id, row.attachment_id == attachment_id))


def count(database: Database, table: str) -> int:
    source = QUEUE if table == "queue" else METADATA.tables[table]
    with database.single() as connection:
        return connection.execute(select(func.count()).select_from(source)).scalar_one()


def queue(database: Database) -> list[Any]:
    with database.single() as connection:
        return list(connection.execute(select(QUEUE).order_by(QUEUE.c.id)))


def everything(database: Database) -> str:
    with database.single() as connection:
        names = connection.execute(
            text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        ).scalars()
        tables = [select(text("t::text")).select_from(text(f'"{name}" t')) for name in names.all()]
        rows = [connection.execute(table).scalars().all() for table in tables]
    return "\n".join(line for table in rows for line in table)
