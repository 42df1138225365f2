"""Uninstalled, disabled and unlicensed sites: the whole application, over HTTP."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import redis
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from psycopg.rows import dict_row

from lockpoint.services.ports.jobs import JobKind
from lockpoint.storage.engine import Database, libpq_url
from lockpoint.storage.tenancy import departed_sites
from tests.support import databases
from tests.web.live_app import LiveApp, live_app

APART = 2.5  # seconds; versions closer together have no certain order


@dataclass
class Post:
    """A mail server; records recipients."""

    written_to: list[str] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.written_to += envelope.rcpt_tos
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def post() -> Post:
    return Post()


@pytest.fixture(scope="module")
def live(servers: databases.Addresses, worker_id: str, post: Post) -> Iterator[LiveApp]:
    """The whole application with licensing and a mail server; both sites have a licence."""
    cache = servers.valkey.format(databases.cache_number(worker_id))
    with redis.Redis.from_url(cache) as client:
        client.flushdb()
    mail = Controller(post, hostname="127.0.0.1", port=free_port())
    mail.start()
    given = {"LOCKPOINT_LICENSING": "on", "LOCKPOINT_MAIL_URL": f"smtp://127.0.0.1:{mail.port}"}
    try:
        with databases.database(servers, worker_id) as url, live_app(url, cache, **given) as app:
            yield app
    finally:
        mail.stop()


@pytest.fixture(autouse=True)
def quiet(live: LiveApp, post: Post, other_site_untouched: None) -> Iterator[None]:
    """Each test begins and ends with acme installed, licensed, without locks or pending work; globex is untouched."""
    del other_site_untouched
    settle(live)
    post.written_to.clear()
    yield
    live.control("sites/acme/licence", active=True)
    live.control("sites/acme/install")
    live._tokens.clear()
    settle(live)
    for file in held(live):
        lock_id = live.call("sam", "GET", f"/attachments/{file}/lock").json()["lock"]["lockId"]
        live.call("sam", "POST", f"/attachments/{file}/lock/break", {"lockId": lock_id, "reason": "the test is over"})


def held(live: LiveApp) -> list[str]:
    with psycopg.connect(libpq_url(live.settings.database_url)) as connection:
        rows = connection.execute(
            "select attachment_id from lock_witness where holder is not null and tenant_id = %s",
            [registration(live)["id"]],
        ).fetchall()
    return [str(file) for (file,) in rows]


def hurry(live: LiveApp) -> None:
    """Make all jobs due now."""
    with psycopg.connect(libpq_url(live.settings.database_url)) as connection:
        connection.execute("update procrastinate_jobs set scheduled_at = null")


def settle(live: LiveApp) -> None:
    live.control("webhooks/drain")
    live.run_jobs(*JobKind)


def registration(live: LiveApp) -> dict[str, Any]:
    with psycopg.connect(libpq_url(live.settings.database_url), row_factory=dict_row) as connection:
        row = connection.execute(
            "select * from installation where client_key = %s",
            [next(iter(live.running.world.sites["acme"].installations.values())).client_key],
        ).fetchone()
    assert row is not None
    return row


def waiting(live: LiveApp, tenant_id: int) -> int:
    with psycopg.connect(libpq_url(live.settings.database_url)) as connection:
        row = connection.execute(
            "select count(*) from procrastinate_jobs where (args ->> 'tenant_id')::int = %s", [tenant_id]
        ).fetchone()
    assert row is not None
    return int(row[0])


def texts(live: LiveApp, file: str) -> list[bytes]:
    with live.running.world.lock:
        return [version.data for version in live.running.world.sites["acme"].attachments[int(file)].versions]


@dataclass(frozen=True)
class Scene:
    """A page with a file locked by Alice."""

    page: str
    file: str
    name: str
    lock_id: str

    def upload(self, live: LiveApp, who: str, text: str) -> None:
        live.file(self.page, self.name, author=who, text=text)
        live.control("webhooks/drain")


@pytest.fixture
def scene(live: LiveApp) -> Scene:
    page = live.page()
    file = live.file(page, "plan.txt")
    lock_id = live.lock("alice", file)
    live.run_jobs()
    return Scene(page, file, "plan.txt", lock_id)


def make_noise(live: LiveApp, scene: Scene) -> None:
    """Bob joins the waitlist, Erin's lock is broken, Bob uploads: mails and jobs are queued."""
    assert live.call("bob", "PUT", f"/attachments/{scene.file}/notify-me").status_code == 200
    other = live.file(scene.page)
    broken = live.lock("erin", other)
    body = {"lockId": broken, "reason": "the audit needs it"}
    assert live.call("sam", "POST", f"/attachments/{other}/lock/break", body).status_code == 200
    scene.upload(live, "bob", "Bob's")


def test_after_an_uninstall_there_is_silence(live: LiveApp, post: Post, scene: Scene) -> None:
    """§5, F22, L-70: no call, no mail; the secret is erased, the token refused, queued jobs dropped."""
    make_noise(live, scene)
    before = registration(live)
    assert waiting(live, before["id"]) >= 2
    token = live.token("alice")
    live.control("sites/acme/uninstall")
    mark = live.mark()
    after = registration(live)
    assert before["secret"]
    assert (after["secret"], after["previous_secret"], after["secret_changed_at"]) == (None, None, None)
    assert after["uninstalled_at"] is not None
    assert live.raw("GET", f"/attachments/{scene.file}/lock", token).status_code == 401
    assert live.raw("GET", f"/pages/{scene.page}/attachments", token).status_code == 401
    hurry(live)
    live.run_jobs(*JobKind)
    scene.upload(live, "bob", "after the uninstall")
    live.run_jobs(*JobKind)
    assert [exchange.url for exchange in live.asked(mark, "acme")] == []
    assert post.written_to == []
    assert waiting(live, after["id"]) == 0
    assert texts(live, scene.file)[-1] == b"after the uninstall"


@pytest.mark.parametrize("days", [3, 31], ids=["within_30_days", "after_30_days"])
def test_locks_live_again_after_a_reinstall(live: LiveApp, post: Post, scene: Scene, days: int) -> None:
    """L-70, F22: the same tenant; the live lock protects the current head, its holder gets one mail."""
    number = registration(live)["id"]
    live.control("sites/acme/uninstall")
    scene.upload(live, "bob", "meanwhile")
    purge_later(live, days)
    erased = registration(live)["base_url"] == ""
    assert erased is (days > 30)
    assert any(live.rows_of_site("acme")[table] for table in ("lock_witness", "audit_event")) is not erased
    assert live.control("sites/acme/install")["installed"]
    live._tokens.clear()
    settle(live)
    assert registration(live)["id"] == number
    assert live.call("alice", "GET", f"/attachments/{scene.file}/lock").json()["lock"]["lockId"] == scene.lock_id
    assert texts(live, scene.file)[-1] == b"meanwhile"
    assert post.written_to == ["alice@acme.example"]
    a_while_after_the_return(live)
    scene.upload(live, "bob", "against the lock")
    live.run_jobs()
    assert texts(live, scene.file)[-1] == b"meanwhile"


def a_while_after_the_return(live: LiveApp) -> None:
    """Longer than clocks may differ."""
    live.control("clock", advanceSeconds=APART)
    with psycopg.connect(libpq_url(live.settings.database_url)) as connection:
        connection.execute("update installation set returned_at = returned_at - interval '1 minute'")


def purge_later(live: LiveApp, days: int) -> None:
    later = datetime.now(UTC) + timedelta(days=days)  # noqa: TID251 - the time of a purge to come
    database = Database(live.settings.database_url)
    try:
        with psycopg.connect(libpq_url(live.settings.database_url)) as connection:
            kept = connection.execute("select * from installation_event").fetchall()
        # Purge departed sites only: the other site has rows whose age does not matter here.
        for table in departed_sites.OF_SITES:
            departed_sites.erase_rows(database, table, later)
        departed_sites.drop_jobs(database, later)
        departed_sites.strip_registrations(database, later)
        with psycopg.connect(libpq_url(live.settings.database_url)) as connection:
            assert connection.execute("select * from installation_event").fetchall() == kept
    finally:
        database.close()


def test_a_disabled_app_does_nothing(live: LiveApp, post: Post, scene: Scene) -> None:
    """P-16: no page, call or mail while disabled; mails wait; once enabled, locks count again from the head."""
    make_noise(live, scene)
    live.control("sites/acme/disable")
    mark = live.mark()
    assert live.call("alice", "GET", f"/attachments/{scene.file}/lock").status_code == 403
    hurry(live)
    live.run_jobs()
    live.run_jobs(JobKind.SEND_MAIL)
    scene.upload(live, "bob", "while disabled")
    assert live.asked(mark, "acme") == []
    assert post.written_to == []
    live.control("sites/acme/enable")
    settle(live)
    assert texts(live, scene.file)[-1] == b"while disabled"
    assert live.call("alice", "GET", f"/attachments/{scene.file}/lock").json()["lock"]["lockId"] == scene.lock_id


def test_without_a_licence_locks_are_only_shown_and_ended(live: LiveApp, post: Post, scene: Scene) -> None:
    """P-16: `lic` of the next webhook suffices: no new lock, no restore; unlocking works."""
    live.control("sites/acme/licence", active=False)
    scene.upload(live, "bob", "free for all")
    live.run_jobs(*JobKind)
    assert registration(live)["licence"] == "none"
    assert texts(live, scene.file)[-1] == b"free for all"
    shown = live.call("alice", "GET", f"/attachments/{scene.file}/lock").json()["lock"]
    assert (shown["lockId"], shown["unprotectedReason"]) == (scene.lock_id, "unlicensed")
    assert shown["can"] == {**dict.fromkeys(shown["can"], False), "release": True}
    refused = live.call("erin", "POST", f"/attachments/{live.file(scene.page)}/lock")
    assert (refused.status_code, refused.json()["error"]) == (403, "unlicensed")
    body = {"lockId": scene.lock_id}
    assert live.call("alice", "POST", f"/attachments/{scene.file}/lock/release", body).status_code == 200
    assert texts(live, scene.file)[-1] == b"free for all"
    assert post.written_to == []


def test_a_licence_that_comes_back(live: LiveApp, scene: Scene) -> None:
    """The lock protects the head at the licence's return; a licence answer one hour old is read again."""
    live.control("sites/acme/licence", active=False)
    scene.upload(live, "bob", "free for all")
    live.run_jobs(*JobKind)
    live.control("sites/acme/licence", active=True)
    with psycopg.connect(libpq_url(live.settings.database_url)) as connection:
        connection.execute("update installation set licence_checked_at = licence_checked_at - interval '1 hour'")
    mark = live.mark()
    live.call("alice", "GET", f"/attachments/{scene.file}/lock")
    assert len([one for one in live.asked(mark, "acme") if one.path.endswith("/addons/lockpoint")]) == 1
    settle(live)
    assert registration(live)["licence"] == "active"
    assert texts(live, scene.file)[-1] == b"free for all"
    a_while_after_the_return(live)
    scene.upload(live, "bob", "against the lock")
    live.run_jobs()
    assert texts(live, scene.file)[-1] == b"free for all"


def test_an_unsigned_word_about_the_licence_is_not_heard(live: LiveApp, scene: Scene) -> None:
    """The query hash covers `lic`: a call with a changed value is refused and ignored."""
    path = "/connect/webhooks/attachment_updated?lic=active"
    token = live.control("tokens", site="acme", kind="webhook", path=path)["token"]
    headers = {"Authorization": f"JWT {token}", "Content-Type": "application/json"}
    forged = live.http.post(live.url + path.replace("active", "none"), data="{}", headers=headers, timeout=10)
    assert forged.status_code == 401
    assert registration(live)["licence"] == "active"
    assert live.http.post(live.url + path, data="{}", headers=headers, timeout=10).status_code == 204
    assert scene.lock_id


def test_usage_counts_by_the_settings(live: LiveApp, scene: Scene) -> None:
    """Opt-in by a site admin; GET shows exactly what is stored; switching off erases the site's rows."""
    first = live.call("sam", "GET", "/settings").json()
    assert (first["usageCounts"], first["kept"]) == (False, [])
    on = {"copyMode": False, "usageCounts": True, "revision": first["revision"]}
    changed = live.call("sam", "PUT", "/settings", on)
    assert (changed.status_code, changed.json()["usageCounts"]) == (200, True)
    live.lock("erin", live.file(scene.page))
    shown = live.call("sam", "GET", "/settings").json()
    assert [(row["event"], row["count"]) for row in shown["kept"]] == [("locked", 1)]
    stored = live.rows()["usage_daily"]
    assert len(stored) == 1
    assert registration(live)["client_key"] not in stored[0]
    kept_on = live.call("sam", "PUT", "/settings", {"copyMode": False, "revision": shown["revision"]}).json()
    assert kept_on["usageCounts"] is True
    off = {"copyMode": False, "usageCounts": False, "revision": kept_on["revision"]}
    assert live.call("sam", "PUT", "/settings", off).json()["kept"] == []
    assert live.rows()["usage_daily"] == []
