"""`lockpoint site` against the running application, with licensing on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from lockpoint.services.ports.jobs import JobKind
from tests.commands.run import lockpoint
from tests.support import databases
from tests.web.live_app import LiveApp, live_app


@pytest.fixture(scope="module")
def live(servers: databases.Addresses, worker_id: str) -> Iterator[LiveApp]:
    """The whole application with licensing on; both sites have a licence."""
    cache = servers.valkey.format(databases.cache_number(worker_id))
    with redis.Redis.from_url(cache) as client:
        client.flushdb()
    with databases.database(servers, worker_id) as url, live_app(url, cache, LOCKPOINT_LICENSING="on") as app:
        yield app


@pytest.fixture(autouse=True)
def there(live: LiveApp, other_site_untouched: None) -> Iterator[None]:
    """Each test ends with acme installed and licensed; globex is untouched."""
    del other_site_untouched
    yield
    live.control("sites/acme/licence", active=True)
    live.control("sites/acme/install")
    live.forget_tokens()
    live.run_jobs(*JobKind)


def told(live: LiveApp, *arguments: str) -> Any:
    result = lockpoint(live, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def address(live: LiveApp) -> str:
    return live.running.world.sites["acme"].base_url


def registration(live: LiveApp) -> dict[str, Any]:
    columns = "installed, enabled, secret, previous_secret, secret_changed_at, uninstalled_at"
    row = live.database.execute(
        f"select {columns} from installation where id = %s",  # noqa: S608 - our own columns
        [live.tenant_id("acme")],
    ).fetchone()
    assert row is not None
    return dict(zip(columns.split(", "), row, strict=True))


def test_the_licence_of_a_site_is_shown(live: LiveApp) -> None:
    """P-16: `site show` prints the current licence: active, none, active again."""
    site = address(live)
    shown = [told(live, "site", "show", site)["licence"]]
    for active in (False, True):
        live.control("sites/acme/licence", active=active)
        live.sql("update installation set licence_checked_at = null")
        shown.append(told(live, "site", "show", site)["licence"])
    assert shown == ["active", "none", "active"]
    assert "licence           active" in lockpoint(live, "site", "show", site).stdout


def test_a_site_that_left_unheard_can_be_forgotten(live: LiveApp) -> None:
    """`site forget` is an uninstall: secrets erased, no call, tokens refused; the site may install again."""
    page = live.page()
    file = live.file(page)
    live.lock("alice", file)
    live.control("sites/acme/disable")
    site = address(live)
    assert {row["site"]: row["enabled"] for row in told(live, "site", "list")}[site] is False
    mark = live.mark()
    done = lockpoint(live, "site", "forget", site, "--yes")
    assert (done.exit_code, done.stdout) == (0, "Forgotten.\n")
    row = registration(live)
    left = row.pop("uninstalled_at")
    assert left is not None
    assert set(row.values()) == {None, False}
    events = live.database.execute("select event from installation_event order by id desc limit 1").fetchone()
    assert events == ("uninstalled",)
    live.run_jobs(*JobKind)
    assert live.call("alice", "GET", f"/attachments/{file}/lock").status_code == 401
    assert live.asked(mark, "acme") == []
    again = lockpoint(live, "site", "forget", site, "--yes")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "no installed site" in again.stderr
    live.control("sites/acme/install")
    live.forget_tokens()
    answer = live.call("alice", "GET", f"/attachments/{file}/lock")
    assert answer.ok, answer.text
    assert answer.json()["lock"]["state"] == "mine"


def test_forgetting_asks_first(live: LiveApp) -> None:
    """Without `--yes` it asks; no answer is a no."""
    before = registration(live)
    for answer in ("n\n", ""):
        refused = lockpoint(live, "site", "forget", address(live), given=answer)
        assert refused.exit_code == 1
        assert "must install the app again" in refused.output
    assert registration(live) == before
    agreed = lockpoint(live, "site", "forget", address(live), given="y\n")
    assert agreed.exit_code == 0
    assert not registration(live)["installed"]


def test_a_site_whose_calls_are_refused_is_told_apart(live: LiveApp) -> None:
    """How to find a site that left unnoticed: Confluence refuses the call of `site show --test`."""
    with live.running.world.lock:
        installations = dict(live.running.world.sites["acme"].installations)
        live.running.world.sites["acme"].installations.clear()
    try:
        refused = lockpoint(live, "site", "show", address(live), "--test")
    finally:
        with live.running.world.lock:
            live.running.world.sites["acme"].installations.update(installations)
    assert refused.exit_code == 1
    assert "Confluence refuses the app" in refused.stderr
