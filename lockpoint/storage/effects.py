"""All effects of one cause, in one transaction."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from lockpoint.services.context import Tenant
from lockpoint.services.errors import WitnessMoved
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.locks import Effects, Witness
from lockpoint.services.ports.runtime import Clock
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import enqueue
from lockpoint.storage.locks import requests, restorations, witness
from lockpoint.storage.notifications import mail_intents
from lockpoint.storage.partitions import with_partitions
from lockpoint.storage.privacy import audit_log
from lockpoint.storage.retention.purge import first_kept
from lockpoint.storage.tenancy import site_states

MOST_DAYS: Final = 30


class PostgresEffects:
    def __init__(self, database: Database, clock: Clock, retention_days: int = MOST_DAYS) -> None:
        self._database = database
        self._clock = clock
        self._days = retention_days

    def record(self, tenant: Tenant, effects: Effects) -> None:
        """One statement for each kind of effect.

        Audit rows past their retention are left out: what is found in Confluence may be of any age.
        """
        now = self._clock.now()
        first = first_kept(now, self._days)
        rows = tuple(event for event in effects.audit if event.at >= first)

        def work(connection: Connection) -> None:
            newest = effects.witness is not None and _stored(connection, tenant, effects, effects.witness)
            audit_log.append(connection, tenant.id, rows, newest=newest)
            requests.note_found(connection, tenant.id, effects.audit)
            restorations.append(connection, tenant.id, effects.restorations)
            fresh = mail_intents.append(connection, tenant.id, effects.intents, now)
            mails = [Job(JobKind.SEND_MAIL, tenant.id, str(intent_id)) for intent_id in fresh]
            enqueue(connection, [*effects.jobs, *mails])
            if effects.settings is not None:
                site_states.note_settings(connection, tenant.id, effects.settings)
            if effects.template_revision is not None:
                site_states.note_templates(connection, tenant.id, effects.template_revision)
            if effects.request is not None:
                requests.finish(connection, tenant.id, effects.request)

        with_partitions(self._database, [event.at for event in rows], work)


def _stored(connection: Connection, tenant: Tenant, effects: Effects, seen: Witness) -> bool:
    """Return whether the witness is the newest now."""
    newest = witness.store(connection, tenant.id, seen, effects.decided_on)
    if effects.decided_on is not None and not newest:
        raise WitnessMoved(seen.attachment_id)
    return newest
