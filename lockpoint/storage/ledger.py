"""Everything that one cause leaves in Postgres, in one transaction."""

from __future__ import annotations

from sqlalchemy import Connection

from lockpoint.services.context import Tenant
from lockpoint.services.ports import Clock, Effects, Job, JobKind
from lockpoint.storage import audit, intents, outcomes, restorations, site_states, witness
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs import enqueue
from lockpoint.storage.partitions import with_partitions


class Ledger:
    """Implements `ports.Ledger`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def record(self, tenant: Tenant, effects: Effects) -> None:
        """Write all effects, or none; repeating is harmless. Mail intents that are new get their send job.

        One statement for each kind of effect that there is. StorageUnavailable.
        """
        now = self._clock.now()

        def work(connection: Connection) -> None:
            if effects.witness is not None:
                witness.store(connection, tenant.id, effects.witness)
            audit.append(connection, tenant.id, effects.audit)
            restorations.append(connection, tenant.id, effects.restorations)
            fresh = intents.append(connection, tenant.id, effects.intents, now)
            mails = [Job(JobKind.SEND_MAIL, tenant.id, str(intent_id)) for intent_id in fresh]
            enqueue(connection, [*effects.jobs, *mails])
            if effects.settings is not None:
                site_states.note_settings(connection, tenant.id, effects.settings)
            if effects.request is not None:
                outcomes.finish(connection, tenant.id, effects.request)

        with_partitions(self._database, [event.at for event in effects.audit], work)
