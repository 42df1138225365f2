"""After an uninstall the process keeps nothing of the site in memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from unittest.mock import patch

import psycopg
import pytest
import redis

from lockpoint.connect import site_memory
from lockpoint.services.tenancy import activity
from simulator.world.seed import ALICE
from tests.support import databases
from tests.support.memory import places
from tests.web.live_app import SAME_PAGE, LiveApp, live_app

CACHES = {
    "lockpoint.confluence.http.circuit_breaker.CircuitBreaker._circuits",
    "lockpoint.services.quota_accounting.Counter.tenant_id",
    "lockpoint.confluence.people.ConfluencePeople._own",
    "lockpoint.connect.impersonation.Impersonation._kept",
    "lockpoint.connect.site_memory.SiteMemory._known",
    "lockpoint.services.tenancy.licence.HeardLicences._heard",
}
"""Places that certainly hold something of a site in use."""

FIRST_ID = 734_001  # a number used nowhere else in the process


@pytest.fixture
def live(servers: databases.Addresses, worker_id: str) -> Iterator[LiveApp]:
    """The whole application with licensing on and unique tenant ids."""
    cache = servers.valkey.format(databases.cache_number(worker_id))
    with redis.Redis.from_url(cache) as client:
        client.flushdb()
    with databases.database(servers, worker_id) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"alter table installation alter column id restart with {FIRST_ID}".encode())
        with live_app(url, cache, LOCKPOINT_LICENSING="on") as app:
            yield app


def tells_of(live: LiveApp, site: str) -> Callable[[object], bool]:
    """Whether a value names the site: its id, address, client key, secret, or one of its people."""
    with live.running.world.lock:
        there = live.running.world.sites[site]
        installation = next(iter(there.installations.values()))
        words = {installation.client_key, installation.shared_secret, f"{there.origin}/wiki", *there.people}
    number = live.tenant_id(site)
    words.add(str(number))
    octets = {word.encode() for word in words}

    def tells(value: object) -> bool:
        if isinstance(value, str):
            return any(word in value for word in words)
        if isinstance(value, bytes | bytearray):
            return any(word in value for word in octets)
        return type(value) is int and value == number

    return tells


def use(live: LiveApp, site: str, holder: str, other: str) -> None:
    """Fill every cache: a frame, a webhook, an overwritten file in a list, a failing Confluence."""
    frame = live.control(
        "tokens", site=site, kind="surface", moduleKey="lockpoint-page-dialog", account=holder, pageId=SAME_PAGE
    )
    assert live.http.get(frame["url"], timeout=10).status_code == 200
    file = live.file(SAME_PAGE, site=site, author=holder)
    live.lock(holder, file, site=site)
    live.control(f"sites/{site}/upload", account=other, attachmentId=file, text="against the lock")
    live.drain()
    send_webhook(live, site)
    assert live.call(holder, "GET", f"/pages/{SAME_PAGE}/attachments", site=site).status_code == 200
    live.control("faults", site=site, kind="status", status=500, times=None)
    assert live.call(holder, "GET", f"/attachments/{file}/lock", site=site).status_code == 503
    live.running.world.faults.clear(None)


def send_webhook(live: LiveApp, site: str) -> None:
    """A webhook whose address names a person."""
    person = next(iter(live.running.world.sites[site].people))
    path = f"/connect/webhooks/attachment_updated?lic=active&user_id={person}"
    token = live.control("tokens", site=site, kind="webhook", path=path)["token"]
    headers = {"Authorization": f"JWT {token}", "Content-Type": "application/json"}
    assert live.http.post(live.url + path, data="{}", headers=headers, timeout=10).status_code == 204


def test_after_an_uninstall_nothing_of_the_site_is_left_in_memory(
    live: LiveApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other site's data stays.

    Compiled statements keep the values of their first execution; they are dropped together. A look at the changes of
    all sites would drop what a slow machine has just read.
    """
    monkeypatch.setattr(site_memory, "LOOK_SECONDS", math.inf)
    use(live, "acme", "alice", "bob")
    use(live, "globex", "gina", "greta")
    of_acme, of_globex = tells_of(live, "acme"), tells_of(live, "globex")
    before = places(live.flask, of_globex)
    assert places(live.flask, of_acme) >= CACHES
    assert before >= CACHES
    live.control("sites/acme/uninstall")
    assert places(live.flask, of_acme) == set()
    assert {place for place in before if not place.startswith("lockpoint.storage.")} == places(live.flask, of_globex)


@pytest.mark.parametrize("event", ["install", "disable", "enable"])
def test_every_change_of_an_installation_makes_the_process_forget(live: LiveApp, event: str) -> None:
    """A new secret, app user or start must not meet old cached values."""
    use(live, "acme", "alice", "bob")
    live.control(f"sites/acme/{event}")
    left = places(live.flask, tells_of(live, "acme"))
    assert not left & {place for place in CACHES if place.endswith(("._own", "._kept", "._circuits"))}


def test_a_cache_that_nobody_empties_is_found(live: LiveApp) -> None:
    """The search finds a new cache in one of our objects, a module, or a cached function."""

    @cache
    def remembering(_of: object) -> None:
        """Nothing."""

    remembering.__wrapped__.__module__ = remembering.__module__ = "lockpoint.web"
    remembering(live.tenant_id("acme"))
    tells = tells_of(live, "acme")
    live.control("sites/acme/uninstall")
    for planted in ({live.tenant_id("acme"): 1}, [{"at": b"x" + ALICE.encode()}], remembering):
        with patch.object(activity, "_planted", planted, create=True):
            assert places(live.flask, tells) == {"lockpoint.services.tenancy.activity._planted"}
        live.flask.extensions["planted"] = planted
        assert places(live.flask, tells) == {"the application"}
        del live.flask.extensions["planted"]
