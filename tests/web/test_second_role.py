"""F11: the whole application as a role that owns nothing: a lock, an overwrite, mails, rights of people."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
import redis
from psycopg.errors import InsufficientPrivilege

from lockpoint.services.ports.jobs import JobKind
from lockpoint.storage.engine import libpq_url
from lockpoint.storage.migrate import migrate
from tests.commands.run import lockpoint
from tests.support import databases
from tests.support.roles import second_role
from tests.web.live_app import ERIN, LiveApp, live_app


@pytest.fixture(scope="module")
def live(servers: databases.Addresses, worker_id: str) -> Iterator[LiveApp]:
    cache = servers.valkey.format(databases.cache_number(worker_id))
    with redis.Redis.from_url(cache) as client:
        client.flushdb()
    with databases.database(servers, worker_id) as owner, second_role(owner) as (name, url):
        migrate(owner, role=name)
        with live_app(url, cache) as app:
            yield app


def test_people_work_as_before(live: LiveApp) -> None:
    """Lock, overwrite, undoing, waiting, release, break, preferences, audit and settings."""
    page = live.page()
    file = live.file(page, "plan.txt")
    lock = live.lock("alice", file)
    assert live.call("charlie", "PUT", f"/attachments/{file}/notify-me").status_code == 200
    live.file(page, "plan.txt", author="bob", text="Bob's")
    live.settle()
    assert live.running.world.sites["acme"].attachments[int(file)].versions[-1].data == b"first"
    assert live.call("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": lock}).status_code == 200
    lock = live.lock("bob", file)
    broken = live.call("dana", "POST", f"/attachments/{file}/lock/break", {"lockId": lock, "reason": "x"})
    assert broken.status_code == 200
    assert live.call("bob", "PUT", "/me/preferences", {"locale": "de", "timeZone": None}).status_code == 200
    revision = live.call("sam", "GET", "/settings").json()["revision"]
    assert live.call("sam", "PUT", "/settings", {"revision": revision, "usageCounts": True}).status_code == 200
    kinds = [row["event"] for row in live.call("sam", "GET", f"/audit?attachment={file}").json()["items"]]
    assert {"acquired", "conflict", "restored", "released", "broken"} <= set(kinds)
    live.settle()
    assert live.database.execute("select count(*) from procrastinate_jobs where status = 'failed'").fetchone() == (0,)


def test_a_person_can_be_erased(live: LiveApp) -> None:
    """Their account in the audit log becomes a pseudonym: the one change of it that the role may make."""
    file = live.file(live.page(), author="erin")
    live.lock("erin", file)
    erased = lockpoint(live, "privacy", "erase", "--account-id", ERIN, "--now", "--yes")
    assert (erased.exit_code, "done" in erased.output) == (0, True), erased.output
    found = live.database.execute("select count(*) from audit_event where account = %s", [ERIN]).fetchone()
    assert found == (0,)


def test_the_rarer_jobs_work_too(live: LiveApp) -> None:
    for kind in (JobKind.REPORT_ACCOUNTS, JobKind.HOLDERS, JobKind.TOMBSTONES, JobKind.SWEEP, JobKind.REDISCOVER):
        live.work(kind)
    live.settle()
    with psycopg.connect(libpq_url(live.settings.database_url)) as second, pytest.raises(InsufficientPrivilege):
        second.execute("drop table installation")
