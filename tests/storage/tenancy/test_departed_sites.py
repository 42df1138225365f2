"""Uninstalled sites: after 30 days only their client key and the log remain."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Table, insert, select, text

from lockpoint.services.container import Services
from lockpoint.services.context import Tenant
from lockpoint.services.ports.jobs import Job, JobKind
from lockpoint.services.ports.maintenance import PurgeReport
from lockpoint.services.ports.tenancy import InstallationEvent
from lockpoint.services.tenancy.lifecycle import InstallRequest, install, uninstall
from lockpoint.storage.engine import Database
from lockpoint.storage.jobs.enqueue import PostgresJobs
from lockpoint.storage.partitions import ensure
from lockpoint.storage.retention.purge import UNINSTALLED, Retention
from lockpoint.storage.tables import ACCOUNT_PROFILE, INSTALLATION, INSTALLATION_EVENT
from lockpoint.storage.tenancy import departed_sites
from lockpoint.storage.tenancy.installations import PostgresInstallations
from tests.fakes.world import FakeClock, make_world
from tests.storage.builders import everything, queue

LEFT = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
MONTH = timedelta(days=30)
JOBS = 3  # from the install, and the sweep
SECRET = "a shared secret that is long enough"


@pytest.fixture
def lifecycle(clock: FakeClock, installations: PostgresInstallations) -> Services:
    return replace(make_world().services, clock=clock, installations=installations, allowed_hosts=("*.example",))


def request(site_key: str) -> InstallRequest:
    return InstallRequest(
        site_key=site_key,
        base_url=f"https://{site_key}.example/wiki",
        display_url=f"https://shown.{site_key}.example",
        oauth_client_id=f"oauth-of-{site_key}",
        secret=SECRET,
    )


@pytest.fixture
def gone(database: Database, lifecycle: Services, clock: FakeClock) -> Tenant:
    """Two sites with a row in every table; the first uninstalled."""
    clock.at = LEFT - timedelta(hours=1)
    tenants = [install(lifecycle, request(key)) for key in ("acme", "globex")]
    clock.at = LEFT
    with database.transaction() as connection:
        ensure(connection, [LEFT.date(), (LEFT + MONTH).date()])
        for tenant in tenants:
            for table in departed_sites.OF_SITES:
                fill(connection, table, tenant.id)
    PostgresJobs(database).defer([Job(JobKind.SWEEP, tenant.id) for tenant in tenants])
    uninstall(lifecycle, "acme")
    return tenants[0]


def fill(connection: Connection, table: Table, tenant_id: int) -> None:
    """Insert one row, too young for every other retention rule."""
    young = LEFT + MONTH + timedelta(hours=1)
    values: dict[str, object] = {"tenant_id": tenant_id}
    for column in table.columns:
        if column.name in values or column.identity is not None or (column.nullable and not column.primary_key):
            continue
        kind = column.type.python_type if table.name != "lock_witness" or column.name != "record" else dict
        samples = {int: tenant_id, str: f"words of {tenant_id}", bool: False, datetime: young, dict: {}, list: []}
        values[column.name] = samples[kind]
    connection.execute(insert(table).values(values))


def rows_of(database: Database, tenant: Tenant) -> dict[str, int]:
    with database.single() as connection:
        return {
            table.name: len(connection.execute(select(1).where(table.c.tenant_id == tenant.id)).all())
            for table in departed_sites.OF_SITES
        }


def purge(database: Database, clock: FakeClock, after: timedelta) -> PurgeReport:
    clock.at = LEFT + after
    return Retention(database, clock, 30).purge()


def test_every_table_with_rows_of_sites_is_known() -> None:
    """Privacy §5: tables are found by their column, except the log of installs."""
    names = {table.name for table in departed_sites.OF_SITES}
    assert {"lock_witness", "audit_event", "email_log", "email_intent", "request_outcome", "restoration"} <= names
    assert {"site_state", "account_profile", "creation_guard", "privacy_request", "erasure"} <= names
    assert not names & {"installation", "installation_event", "usage_daily"}


def test_everything_goes_30_days_after_the_uninstall(database: Database, gone: Tenant, clock: FakeClock) -> None:
    other = Tenant(gone.id + 1, "globex", "")
    assert set(rows_of(database, gone).values()) == {1}
    early = purge(database, clock, MONTH - timedelta(seconds=1))
    assert not any(count for place, count in early.gone.items() if place.startswith(UNINSTALLED))
    assert early.overdue[UNINSTALLED] == 0
    assert set(rows_of(database, gone).values()) == {1}
    report = purge(database, clock, MONTH)
    assert set(rows_of(database, gone).values()) == {0}
    assert {place: n for place, n in report.gone.items() if place.startswith(UNINSTALLED) and n} == {
        f"{UNINSTALLED}.{name}": 1 for name in (*(table.name for table in departed_sites.OF_SITES), "installation")
    } | {f"{UNINSTALLED}.procrastinate_jobs": JOBS}
    assert report.complete
    assert set(rows_of(database, other).values()) == {1}


@pytest.mark.parametrize(("after", "there"), [(timedelta(days=29, hours=23), True), (MONTH, False)])
def test_the_boundary(database: Database, gone: Tenant, clock: FakeClock, after: timedelta, there: bool) -> None:
    purge(database, clock, after)
    assert all(count == int(there) for count in rows_of(database, gone).values())


def test_the_client_key_and_the_log_stay(database: Database, gone: Tenant, clock: FakeClock) -> None:
    """Neither says anything about a person."""
    purge(database, clock, MONTH)
    with database.single() as connection:
        row = connection.execute(select(INSTALLATION).where(INSTALLATION.c.id == gone.id)).one()._asdict()
        log = connection.execute(select(INSTALLATION_EVENT.c.event).where(INSTALLATION_EVENT.c.tenant_id == gone.id))
        assert list(log.scalars()) == [InstallationEvent.INSTALLED, InstallationEvent.UNINSTALLED]
    kept = {name: value for name, value in row.items() if value not in (None, False, "", [])}
    assert kept == {"id": gone.id, "client_key": "acme", "uninstalled_at": LEFT, "door": "connect"}
    assert "acme.example" not in everything(database)
    assert "oauth-of-acme" not in everything(database)
    assert [job.args["tenant_id"] for job in queue(database) if job.task_name == JobKind.SWEEP] == [gone.id + 1]


def test_the_secret_is_gone_at_once(database: Database, gone: Tenant) -> None:
    """The previous secret and the date of the change, too."""
    with database.single() as connection:
        row = connection.execute(select(INSTALLATION).where(INSTALLATION.c.id == gone.id)).one()
    assert (row.secret, row.previous_secret, row.secret_changed_at) == (None, None, None)
    assert not row.installed


@pytest.mark.parametrize("after", [timedelta(days=3), timedelta(days=400)], ids=["within", "after"])
def test_a_site_that_returns_is_the_same_tenant(
    database: Database, gone: Tenant, lifecycle: Services, clock: FakeClock, after: timedelta
) -> None:
    """Nothing of it is erased then."""
    purge(database, clock, after)
    back = install(lifecycle, request("acme"))
    assert back.id == gone.id
    assert back.active
    with database.transaction() as connection:
        # The queue's own times are the database's, not the test clock's.
        connection.execute(text("UPDATE procrastinate_events SET at = :now"), {"now": clock.now()})
        fill(connection, ACCOUNT_PROFILE, back.id + 1000 if after < MONTH else back.id)
        log = select(INSTALLATION_EVENT.c.event).order_by(INSTALLATION_EVENT.c.id)
        events = list(connection.execute(log).scalars())
    assert events[-1] == InstallationEvent.REINSTALLED
    report = purge(database, clock, after + timedelta(hours=1))
    assert not any(count for place, count in report.gone.items() if place.startswith(UNINSTALLED))
    assert queue(database)


def test_it_can_be_stopped_and_repeated_and_two_at_once_share_it(
    database: Database, gone: Tenant, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row is counted once."""
    monkeypatch.setattr(departed_sites, "BATCH", 1)
    clock.at = LEFT + MONTH
    departed_sites.erase_rows(database, departed_sites.OF_SITES[0], clock.now())
    retention = Retention(database, clock, 30)
    with ThreadPoolExecutor(2) as threads:
        reports = list(threads.map(lambda _: retention.purge(), range(2)))
    total = sum(count for r in reports for place, count in r.gone.items() if place.startswith(UNINSTALLED))
    assert total == len(departed_sites.OF_SITES) - 1 + 1 + JOBS
    assert all(report.complete for report in reports)
    assert set(rows_of(database, gone).values()) == {0}
    assert not any(n for place, n in retention.purge().gone.items() if place.startswith(UNINSTALLED))


@pytest.mark.usefixtures("gone")
def test_what_could_not_be_erased_is_overdue(database: Database, clock: FakeClock) -> None:
    """S12: proved by a query; leftovers are tried again."""
    clock.at = LEFT + MONTH
    with database.single() as connection:
        assert departed_sites.left_over(connection, clock.now()) == len(departed_sites.OF_SITES) + 1 + JOBS
        connection.execute(text("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"))
        connection.execute(text("CREATE TRIGGER no BEFORE DELETE ON site_state FOR EACH ROW EXECUTE FUNCTION no()"))
    try:
        report = Retention(database, clock, 30).purge()
    finally:
        with database.single() as connection:
            connection.execute(text("DROP FUNCTION no CASCADE"))
    assert report.overdue[UNINSTALLED] == 1
    assert not report.complete
    assert Retention(database, clock, 30).purge().complete
