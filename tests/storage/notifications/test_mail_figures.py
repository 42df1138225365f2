"""Mails that were tried for a day are counted as parked, not as waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.locks import Effects
from lockpoint.storage.effects import PostgresEffects
from lockpoint.storage.engine import Database
from lockpoint.storage.notifications.mail_figures import PostgresMailFigures
from tests.fakes.world import START, FakeClock
from tests.storage.builders import intent


def test_parked_mails_are_counted_by_site(database: Database, acme: Tenant, globex: Tenant) -> None:
    """F45: a parked one waits no more; other parked jobs and the other site's do not count."""
    figures, effects = PostgresMailFigures(database), PostgresEffects(database, FakeClock())
    for site in (acme, globex):
        effects.record(site, Effects(intents=tuple(intent(event_key=str(number)) for number in range(3))))
    with database.transaction() as connection:
        parked = "update procrastinate_jobs set status = 'failed' where args ->> 'subject' = :intent"
        connection.execute(text(parked), {"intent": "1"})
        other = "update procrastinate_jobs set status = 'failed', task_name = 'sweep' where args ->> 'subject' = '2'"
        connection.execute(text(other))
    seen = figures.read(acme, START - timedelta(days=7))
    assert (seen.waiting, seen.parked) == (2, 1)
    others = figures.read(globex, START - timedelta(days=7))
    assert (others.waiting, others.parked) == (3, 0)


def test_a_database_that_is_away_is_said() -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/none", size=1)
    with pytest.raises(StorageUnavailable):
        PostgresMailFigures(away).read(Tenant(1, "a", "https://a.example/wiki"), START)
    away.close()
