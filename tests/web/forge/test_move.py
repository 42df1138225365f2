"""A site moves from Connect to Forge and back: no lock is lost, and one door is open at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from lockpoint import bootstrap, worker
from lockpoint.connect import site_memory
from lockpoint.services.ports.jobs import JobKind
from simulator.world.seed import ALICE
from tests.commands.run import lockpoint
from tests.support import databases
from tests.support.stored import unexplained
from tests.web.live_app import FORGE_APP, LiveApp, live_app, request_id


@pytest.fixture
def live(servers: databases.Addresses, worker_id: str) -> Iterator[LiveApp]:
    """Both sites by Connect; the Forge door is configured."""
    cache = servers.valkey.format(databases.cache_number(worker_id))
    with redis.Redis.from_url(cache) as client:
        client.flushdb()
    with databases.database(servers, worker_id) as url, live_app(url, cache, doors={"acme": "connect"}) as app:
        yield app
        assert unexplained(url, cache) == []


def overwritten(live: LiveApp, file: str) -> None:
    live.control("sites/acme/upload", account="bob", attachmentId=file, text="an overwrite")
    live.settle()


def head(live: LiveApp, file: str) -> tuple[bytes, str | None]:
    with live.running.world.lock:
        newest = live.running.world.sites["acme"].attachments[int(file)].head
    return newest.data, newest.author_id


def registered(live: LiveApp) -> tuple[object, ...]:
    cloud_id = live.running.world.sites["acme"].cloud_id
    found = "select door, installed, enabled, secret is not null, cardinality(app_accounts) from installation"
    row = live.database.execute(f"{found} where cloud_id = %s", [cloud_id]).fetchone()
    assert row is not None
    return row


def of_forge(live: LiveApp) -> str:
    (installation,) = live.running.world.sites["acme"].forge.values()
    return installation.account_id


def test_there_and_back(live: LiveApp) -> None:
    """Section by section, since each step stands on the one before."""
    # By Connect: a lock, and a restoration by Connect's user.
    assert registered(live) == ("connect", True, True, True, 1)
    file, number = live.file(live.page()), live.tenant_id("acme")
    lock_id = live.lock("alice", file)
    overwritten(live, file)
    of_connect = live.app_user
    assert head(live, file) == (b"first", of_connect)

    # The same site comes by Forge: same number, same lock; what Connect's user restored is ours, so nothing is undone.
    by_connect = live.token("alice")
    live.control("forge/install", site="acme", appId=FORGE_APP, remoteUrl=live.url)
    live.settle()
    assert registered(live) == ("forge", True, True, True, 2)
    assert head(live, file) == (b"first", of_connect)
    moved = live.raw("GET", f"/attachments/{file}/lock", by_connect)
    assert (moved.status_code, "has moved" in moved.json()["message"]) == (403, True)
    assert isinstance(live.doors, dict)
    live.doors["acme"] = "forge"
    live._tokens.clear()
    lock = live.call("bob", "GET", f"/attachments/{file}/lock").json()["lock"]
    assert (lock["lockId"], lock["holder"]["accountId"], live.tenant_id("acme")) == (lock_id, ALICE, number)

    # Protected as before, by Forge's user; Connect's webhooks and lifecycle calls change nothing.
    overwritten(live, file)
    assert head(live, file) == (b"first", of_forge(live))
    live.control("sites/acme/disable")
    live.control("sites/acme/enable")
    live.control("sites/acme/install")
    assert registered(live) == ("forge", True, True, True, 2)

    # Alice releases through Forge what she locked through Connect, and Bob locks.
    released = live.call("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": lock_id})
    assert released.status_code == 200, released.text
    theirs = live.lock("bob", file)

    # Forge says goodbye: Connect is still installed and gets the door back, with Bob's lock.
    live.control("forge/uninstall", site="acme")
    live.sql("update procrastinate_jobs set scheduled_at = now()")
    assert live.run_jobs(JobKind.GOODBYE) == 1
    live.settle()
    assert registered(live)[:2] == ("connect", True)
    live.doors["acme"] = "connect"
    lock = live.call("bob", "GET", f"/attachments/{file}/lock").json()["lock"]
    assert (lock["lockId"], lock["state"], live.tenant_id("acme")) == (theirs, "mine", number)

    # All this time the other site stayed at its door.
    found = live.database.execute("select door from installation where id = %s", [live.tenant_id("globex")]).fetchone()
    assert found == ("connect",)


TEMPLATES = "/settings/templates"
MAIL = "lock_ended"
TEXT = {"subject": "{attachment} is free", "body": "Please lock it again."}


def write_text(live: LiveApp, admin: str, site: str) -> None:
    known = live.call(admin, "GET", TEMPLATES, site=site).json()["revision"]
    body = {"revision": known, "language": "en", "templates": {MAIL: TEXT}}
    assert live.call(admin, "PUT", TEMPLATES, body, site=site).status_code == 200


def text_shown(live: LiveApp) -> tuple[bool, bool, str]:
    shown = live.call("sam", "GET", TEMPLATES).json()
    mine = next(one for one in shown["templates"] if one["mail"] == MAIL)
    return shown["altered"], mine["custom"], mine["subject"]


def app_properties(live: LiveApp, site: str) -> list[dict[str, object]]:
    """Of Connect's installation, and of Forge's if there is one."""
    with live.running.world.lock:
        found = live.running.world.sites[site]
        return [dict(one.properties) for one in (*found.installations.values(), *found.forge.values())]


def test_the_texts_of_mails_move_along(live: LiveApp) -> None:
    """The job of the move copies them, so they outlive Connect's installation; the other site is not touched."""
    write_text(live, "sam", "acme")
    write_text(live, "greta", "globex")
    others = app_properties(live, "globex")
    live.control("forge/install", site="acme", appId=FORGE_APP, remoteUrl=live.url)
    live.settle()
    assert isinstance(live.doors, dict)
    live.doors["acme"] = "forge"
    live.forget_tokens()
    connect, forge = app_properties(live, "acme")
    assert forge["lockpointmails"] == connect["lockpointmails"]
    live.control("sites/acme/uninstall")
    assert text_shown(live) == (False, True, TEXT["subject"])
    assert app_properties(live, "globex") == others


# A site that could not be matched


@pytest.fixture
def unmatched(live: LiveApp, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str, int]]:
    """Alice's lock through Connect, whose cloud id nobody noted, and the number of that installation.

    Then Forge comes: the site is a new one there. The other site stays as it is.
    """
    monkeypatch.setattr(site_memory, "FRESH_SECONDS", 0)
    file, number = live.file(live.page()), live.tenant_id("acme")
    lock_id = live.lock("alice", file, note="of Connect")
    live.settle()
    others = live.rows_of_site("globex")
    live.database.execute("update installation set cloud_id = null where id = %s", [number])
    live.control("forge/install", site="acme", appId=FORGE_APP, remoteUrl=live.url)
    assert isinstance(live.doors, dict)
    live.doors["acme"] = "forge"
    live.forget_tokens()
    live.run_jobs(JobKind.SWEEP, JobKind.REDISCOVER, JobKind.RECONCILE)
    yield file, lock_id, number
    assert live.rows_of_site("globex") == others


def by_forge(live: LiveApp) -> int:
    row = live.database.execute("select id from installation where door = 'forge'").fetchone()
    assert row is not None
    return int(row[0])


def shown_to_bob(live: LiveApp, file: str) -> str:
    answer = live.call("bob", "GET", f"/attachments/{file}/lock").json()
    return str(answer["lock"]["state"])


def holds_again(live: LiveApp, file: str, lock_id: str) -> None:
    """Bob sees Alice's lock, his upload is undone, and Alice may end it."""
    live.handlers = worker.handlers(bootstrap.build(live.settings))
    live.settle()
    lock = live.call("bob", "GET", f"/attachments/{file}/lock").json()["lock"]
    assert (lock["lockId"], lock["state"], lock["holder"]["accountId"]) == (lock_id, "other", ALICE)
    live.sql("update installation set returned_at = returned_at - interval '1 minute'")
    overwritten(live, file)
    assert head(live, file) == (b"first", of_forge(live))
    released = live.call("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": lock_id})
    assert released.status_code == 200, released.text


def test_a_lock_of_a_site_that_was_not_matched_counts_once_it_is(
    live: LiveApp, unmatched: tuple[str, str, int]
) -> None:
    """Connect is still there: its job tells the cloud id, so both are one site, and one door is open."""
    file, lock_id, number = unmatched
    assert shown_to_bob(live, file) == "free"
    live.handlers[JobKind.SELF_TEST](number, "")
    found = live.database.execute("select installed from installation where id = %s", [number]).fetchone()
    assert found == (False,)
    holds_again(live, file, lock_id)


def test_an_operator_lets_locks_of_an_installation_that_has_left_count(
    live: LiveApp, unmatched: tuple[str, str, int]
) -> None:
    """Connect is gone: its address, or its client key, says which installation it was."""
    file, lock_id, number = unmatched
    live.control("sites/acme/uninstall")
    shown_to_bob(live, file)  # a screen tells the site's own address
    here = str(by_forge(live))
    (other,) = (one.client_key for one in live.running.world.sites["globex"].installations.values())
    assert "another site" in lockpoint(live, "site", "adopt", here, other, "--yes").output
    done = lockpoint(live, "site", "adopt", here, "--yes")
    assert (done.exit_code, "count from now on" in done.output) == (0, True), done.output
    assert by_forge(live) != number
    holds_again(live, file, lock_id)


def test_a_site_admin_lets_the_locks_at_its_address_count(live: LiveApp, unmatched: tuple[str, str, int]) -> None:
    """P-18: Health offers it while there is something to gain; nobody else may, and no other site can be named."""
    file, lock_id, _ = unmatched
    live.control("sites/acme/uninstall")
    live.call("sam", "GET", "/me/preferences")  # a screen tells the site's own address
    assert live.call("sam", "GET", "/health").json()["forge"]["formerSite"] is True
    for other in ("alice", "bob", "charlie", "dana"):
        assert live.call(other, "POST", "/health/former-site").status_code == 403
    named = live.call("sam", "POST", "/health/former-site", {"clientKey": "of another"})
    assert (named.status_code, shown_to_bob(live, file)) == (422, "free")
    asked = {"requestId": request_id()}
    answers = [live.call("sam", "POST", "/health/former-site", asked) for _ in range(2)]
    assert [(one.status_code, one.json()) for one in answers] == [(200, {"formerSite": False})] * 2
    assert live.call("sam", "GET", "/health").json()["forge"]["formerSite"] is False
    holds_again(live, file, lock_id)
