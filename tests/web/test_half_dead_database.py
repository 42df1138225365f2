"""A5 over HTTP: a proxy before Postgres that falls silent on every connection it has, and serves new ones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import requests

from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.jobs import JobKind
from lockpoint.storage.engine import libpq_url
from tests.support import databases
from tests.support.half_dead_proxy import HalfDeadProxy, half_dead_proxy
from tests.web.live_app import LiveApp, live_app

ANSWER_SECONDS = 25
WELL_SECONDS = 60
PEOPLE = ("alice", "bob", "charlie")


@pytest.fixture(scope="module")
def url(servers: databases.Addresses, worker_id: str) -> Iterator[str]:
    with databases.database(servers, worker_id) as url:
        yield url


@pytest.fixture(scope="module")
def proxy(url: str) -> Iterator[HalfDeadProxy]:
    with half_dead_proxy(url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def live(servers: databases.Addresses, worker_id: str, proxy: HalfDeadProxy) -> Iterator[LiveApp]:
    cache = servers.valkey.format(databases.cache_number(worker_id))
    with live_app(proxy.url, cache) as live:
        yield live


def _head(live: LiveApp, file: str) -> bytes:
    with live.running.world.lock:
        return live.running.world.sites["acme"].attachments[int(file)].head.data


def _within(seconds: float, live: LiveApp, file: str) -> None:
    """Do the worker's job again, as the queue does, until the file is Alice's version."""
    end = time.monotonic() + seconds
    while _head(live, file) != b"first":
        assert time.monotonic() < end
        try:
            live.work(JobKind.RECONCILE, file)
        except StorageUnavailable:
            continue


def test_calls_are_answered_and_soon_are_well(live: LiveApp, proxy: HalfDeadProxy, url: str) -> None:
    """Each answer within 25 s, with a wait where there is none; then none fails, and what Bob did is undone."""
    file = live.file(live.page())
    live.lock("alice", file)
    live.settle()
    untouched = live.rows_of_site("globex")

    def ask(person: str) -> requests.Response:
        return live.call(person, "GET", f"/attachments/{file}/lock")

    assert [ask(person).status_code for person in PEOPLE] == [200, 200, 200]
    assert proxy.freeze() >= 2
    live.database = psycopg.connect(libpq_url(url), autocommit=True)  # the test's own eyes
    live.control("sites/acme/upload", account="bob", attachmentId=file, text="over it")
    with ThreadPoolExecutor(len(PEOPLE) * 2) as threads:
        began = time.monotonic()
        answers = list(threads.map(ask, PEOPLE * 2))
        assert time.monotonic() - began < ANSWER_SECONDS
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert all("Retry-After" in answer.headers for answer in answers if answer.status_code != 200)

    _within(WELL_SECONDS - ANSWER_SECONDS, live, file)
    assert [ask(person).status_code for person in PEOPLE * 2] == [200] * 6
    assert live.rows_of_site("globex") == untouched
    live.database.close()
