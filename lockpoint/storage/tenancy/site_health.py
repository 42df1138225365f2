"""What admins of a site watch: its mails, its parked jobs, and how Forge reaches it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Integer, cast, func, select

from lockpoint.services.context import Tenant
from lockpoint.services.ports.listing import SiteReadings, TokenTimes
from lockpoint.storage.engine import Database
from lockpoint.storage.tables import EMAIL_LOG, FORGE_TOKEN, INSTALLATION, QUEUE

_LOG: Final = EMAIL_LOG.c
_JOB: Final = QUEUE.c
_TOKEN: Final = FORGE_TOKEN.c
_SITE: Final = INSTALLATION.c
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
        token = select(_TOKEN.received_at, _TOKEN.expires_at).where(_TOKEN.tenant_id == tenant.id)
        heard_at = select(_SITE.forge_event_at, _SITE.forge_tick_at).where(_SITE.id == tenant.id)
        with self._database.transaction() as connection:
            times = connection.execute(token).one_or_none()
            heard = connection.execute(heard_at).one()
            return SiteReadings(
                event_at=heard[0],
                tick_at=heard[1],
                token=None if times is None else TokenTimes(*times),
                mails=dict(connection.execute(mails).all()),
                parked=dict(connection.execute(parked).all()),
            )
