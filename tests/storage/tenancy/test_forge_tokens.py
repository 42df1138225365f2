"""The app's tokens at rest: sealed, of their site alone, gone when they end."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from lockpoint.services.context import Door, Tenant
from lockpoint.services.ports.forge import AccessToken, ForgeRegistration
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import PostgresJobs
from lockpoint.storage.jobs.parked_jobs import note_cause, put_off, put_off_for_token
from lockpoint.storage.keyring import keyring
from lockpoint.storage.retention.purge import EXPIRED_TOKENS, Retention
from lockpoint.storage.tables import FORGE_TOKEN, INSTALLATION, QUEUE
from lockpoint.storage.tenancy.forge_sites import PostgresForgeSites
from lockpoint.storage.tenancy.forge_tokens import PostgresForgeTokens, ResealedTokens
from tests.fakes.world import START, FakeClock

ROOT = "an invented root key of more than 32 characters"
CLOUDS = ("d0d52620-3203-4cfa-8db5-f2587155f0dd", "e1d52620-3203-4cfa-8db5-f2587155f0dd")
VALUE = "a-token-that-nobody-may-read"


def opened(database: Database, cloud: str, installation: str = "ari:1") -> Tenant:
    registration = ForgeRegistration(
        cloud_id=cloud,
        url=f"https://api.atlassian.com/ex/confluence/{cloud}/wiki",
        installation=installation,
        environment="PRODUCTION",
        version="1",
    )
    with PostgresForgeSites(database).change(cloud) as change:
        return change.open(registration, None, START)


@pytest.fixture
def sites(database: Database) -> tuple[Tenant, Tenant]:
    acme, globex = (opened(database, cloud) for cloud in CLOUDS)
    return acme, globex


@pytest.fixture
def store(database: Database) -> Iterator[PostgresForgeTokens]:
    return iter([PostgresForgeTokens(database, keyring([ROOT]))]).__next__()


def token(value: str = VALUE, **life: float) -> AccessToken:
    return AccessToken(value, START + timedelta(**(life or {"hours": 3})))


def rows(database: Database) -> list[Any]:
    with database.single() as connection:
        return list(connection.execute(select(FORGE_TOKEN).order_by(FORGE_TOKEN.c.tenant_id)).all())


def jobs(database: Database) -> list[Any]:
    with database.single() as connection:
        return list(connection.execute(select(QUEUE).order_by(QUEUE.c.id)).all())


def test_a_token_is_of_its_site_alone(store: PostgresForgeTokens, sites: tuple[Tenant, Tenant]) -> None:
    acme, globex = sites
    store.keep(acme, token(), START, ())
    assert store.find(acme, START) == token()
    assert store.find(globex, START) is None


def test_at_rest_it_is_sealed_for_its_row(
    store: PostgresForgeTokens, sites: tuple[Tenant, Tenant], database: Database
) -> None:
    """A row put under another site opens for nobody."""
    acme, globex = sites
    store.keep(acme, token(), START, ())
    assert VALUE not in str(rows(database))
    with database.single() as connection:
        connection.execute(update(FORGE_TOKEN).values(tenant_id=globex.id))
    assert store.find(globex, START) is None


def test_another_root_key_opens_nothing(
    store: PostgresForgeTokens, sites: tuple[Tenant, Tenant], database: Database
) -> None:
    """A lost key costs until the next invocation, which writes a new token."""
    store.keep(sites[0], token(), START, ())
    other = PostgresForgeTokens(database, keyring(["another root key of more than 32 characters"]))
    assert other.find(sites[0], START) is None


def test_an_expired_token_is_none_and_goes_with_the_purge(
    store: PostgresForgeTokens, sites: tuple[Tenant, Tenant], database: Database
) -> None:
    store.keep(sites[0], token(hours=3), START, ())
    store.keep(sites[1], token(hours=4), START, ())
    clock = FakeClock(START + timedelta(hours=3))
    assert store.find(sites[0], clock.now()) is None
    report = Retention(database, clock, 30).purge()
    assert (report.gone[EXPIRED_TOKENS], report.overdue[EXPIRED_TOKENS]) == (1, 0)
    assert [row.tenant_id for row in rows(database)] == [sites[1].id]


def test_only_a_token_that_lives_minutes_longer_is_written(
    store: PostgresForgeTokens, sites: tuple[Tenant, Tenant], database: Database
) -> None:
    store.keep(sites[0], token("first", hours=3), START, ())
    store.keep(sites[0], token("second", hours=3, minutes=10), START, ())
    assert store.find(sites[0], START) == token("first", hours=3)
    store.keep(sites[0], token("third", hours=3, minutes=11), START, ())
    assert store.find(sites[0], START) == token("third", hours=3, minutes=11)
    assert len(rows(database)) == 1


def test_a_refused_token_is_dropped_but_not_its_successor(
    store: PostgresForgeTokens, sites: tuple[Tenant, Tenant]
) -> None:
    """Two processes: one heard the refusal of the old token after the other stored a new one."""
    acme, globex = sites
    store.keep(globex, token(), START, ())
    store.keep(acme, token("old", hours=1), START, ())
    store.keep(acme, token("new", hours=3), START, ())
    store.drop(acme, token("old", hours=1))
    assert store.find(acme, START) == token("new", hours=3)
    store.drop(acme, token("new", hours=3))
    assert store.find(acme, START) is None
    assert store.find(globex, START) == token()


def test_a_refused_token_is_dropped_whatever_end_was_assumed(
    store: PostgresForgeTokens, sites: tuple[Tenant, Tenant]
) -> None:
    """One without a readable end, twice: the store has the first assumed end, the process the last."""
    store.keep(sites[0], token(minutes=110), START, ())
    store.keep(sites[0], token(minutes=115), START, ())
    store.drop(sites[0], token(minutes=115))
    assert store.find(sites[0], START) is None


@pytest.mark.parametrize("change", [{"installed": False}, {"enabled": False}, {"door": Door.CONNECT.value}], ids=str)
def test_an_inactive_site_has_no_token(
    store: PostgresForgeTokens, sites: tuple[Tenant, Tenant], database: Database, change: dict[str, object]
) -> None:
    store.keep(sites[0], token(), START, ())
    with database.single() as connection:
        connection.execute(update(INSTALLATION).where(INSTALLATION.c.id == sites[0].id).values(change))
    assert store.find(sites[0], START) is None


def test_a_new_installation_has_not_the_old_one_s_token(
    store: PostgresForgeTokens, sites: tuple[Tenant, Tenant], database: Database
) -> None:
    store.keep(sites[0], token(), START, ())
    assert opened(database, CLOUDS[0], "ari:2").id == sites[0].id
    assert store.find(sites[0], START) is None


def test_the_first_token_after_a_gap_starts_a_catch_up_and_wakes_what_waited(
    store: PostgresForgeTokens, sites: tuple[Tenant, Tenant], database: Database
) -> None:
    """Jobs of other sites, and those that wait for something else, stay as they are."""
    acme, globex = sites
    waiting = [Job(JobKind.RECONCILE, site.id, "1") for site in sites] + [Job(JobKind.RECONCILE, acme.id, "2")]
    PostgresJobs(database).defer(waiting)
    with database.transaction() as connection:
        for row in jobs(database):
            if row.args["subject"] == "1":
                note_cause(connection, row.id, "NoTokenYet")
        connection.execute(update(QUEUE).values(status="doing"))
        for row in jobs(database):
            put_off(connection, row.id, 0, 3600, counts=row.args["subject"] == "2")
    with database.single() as connection:
        connection.execute(QUEUE.delete().where(QUEUE.c.status == "doing"))
    sweep = Job(JobKind.SWEEP, acme.id)
    assert store.keep(acme, token(), START, (sweep,))
    assert not store.keep(acme, token(hours=5), START, (sweep,))
    due = {(row.task_name, row.args["tenant_id"], row.args["subject"]): row for row in jobs(database)}
    awake, others = due["reconcile", acme.id, "1"], due["reconcile", globex.id, "1"]
    retried = due["reconcile", acme.id, "2"]
    assert (awake.attempts, "cause" in awake.args) == (0, False)
    assert others.args["cause"] == "NoTokenYet"
    assert retried.attempts == 1
    assert awake.scheduled_at < others.scheduled_at
    assert awake.scheduled_at < retried.scheduled_at
    assert ("sweep", acme.id, "") in due


@pytest.mark.parametrize("came", ["long ago", "just now", "while the job is put off"])
def test_a_job_that_found_no_token_waits_long_only_where_none_came_meanwhile(
    store: PostgresForgeTokens, sites: tuple[Tenant, Tenant], database: Database, came: str
) -> None:
    """A token wakes those that wait; this one was still running."""
    acme = sites[0]
    PostgresJobs(database).defer([Job(JobKind.SELF_TEST, acme.id)])
    moment = func.now() - (timedelta(minutes=2) if came == "long ago" else timedelta())
    (row,) = jobs(database)
    with database.single() as connection:
        connection.execute(update(QUEUE).values(status="doing"))
    if came != "while the job is put off":
        store.keep(acme, token(), START, ())
    with ThreadPoolExecutor(1) as pool, database.transaction() as connection:
        connection.execute(update(FORGE_TOKEN).values(received_at=moment))
        put_off_for_token(connection, row.id, 0, acme.id, 3600)
        if came == "while the job is put off":
            keeping = pool.submit(store.keep, acme, token(), START, ())
            assert wait([keeping], timeout=0.3).not_done
    with database.single() as connection:
        least, most = {"long ago": (3590, 3601), "just now": (1, 6), "while the job is put off": (-60, 1)}[came]
        due_in = func.extract("epoch", QUEUE.c.scheduled_at - func.now())
        left = connection.execute(select(due_in).where(QUEUE.c.status == "todo")).scalar_one()
    assert least < float(left) < most


# The root key changes

OLD, NEW = ROOT, "another invented root key of 32 characters"


def test_a_change_of_keys_seals_every_token_again(
    store: PostgresForgeTokens, sites: tuple[Tenant, Tenant], database: Database
) -> None:
    """Both keys open until then; afterwards the old one may be dropped. A second time does nothing."""
    acme, globex = sites
    store.keep(acme, token(), START, ())
    both = PostgresForgeTokens(database, keyring([NEW, OLD]))
    both.keep(globex, token("of-globex"), START, ())
    assert both.find(acme, START) == token()
    assert [both.reseal(), both.reseal()] == [ResealedTokens(1, 0), ResealedTokens(0, 0)]
    after = PostgresForgeTokens(database, keyring([NEW]))
    assert (after.find(acme, START), after.find(globex, START)) == (token(), token("of-globex"))


def test_tokens_that_no_key_opens_are_erased(
    store: PostgresForgeTokens, sites: tuple[Tenant, Tenant], database: Database
) -> None:
    store.keep(sites[0], token(), START, ())
    after = PostgresForgeTokens(database, keyring([NEW]))
    assert after.reseal() == ResealedTokens(0, 1)
    assert rows(database) == []


def test_a_token_that_no_key_opens_gives_way_to_the_next(
    store: PostgresForgeTokens, sites: tuple[Tenant, Tenant], database: Database
) -> None:
    """Whoever dropped a key too early waits for the next invocation only: it brings the same token, and a catch-up."""
    acme = sites[0]
    store.keep(acme, token(), START, ())
    after = PostgresForgeTokens(database, keyring([NEW]))
    assert after.find(acme, START) is None
    assert after.keep(acme, token(), START, [Job(JobKind.SWEEP, acme.id)])
    assert after.find(acme, START) == token()
    assert [job.task_name for job in jobs(database)] == [JobKind.SWEEP.value]
