"""What admins of a site watch: its mails and its parked jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Integer, cast, func, select

from lockpoint.services.context import Tenant
from lockpoint.services.ports.listing import SiteReadings
from lockpoint.storage.engine import Database
from lockpoint.storage.tables import EMAIL_LOG, QUEUE

_LOG: Final = EMAIL_LOG.c
_JOB: Final = QUEUE.c
_of_job = cast(_JOB.args["tenant_id"].astext, Integer)


class PostgresSiteHealth:
    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, tenant: Tenant, since: datetime) -> SiteReadings:
        mails = (
            select(_LOG.result, func.count()).where(_LOG.tenant_id == tenant.id, _LOG.at >= since).group_by(_LOG.result)
        )
        parked = (
            select(_JOB.task_name, func.count())
            .where(_JOB.status == "failed", _of_job == tenant.id)
            .group_by(_JOB.task_name)
        )
        with self._database.transaction() as connection:
            return SiteReadings(
                mails=dict(connection.execute(mails).all()),
                parked=dict(connection.execute(parked).all()),
            )
