"""Events, goodbyes and ticks of Forge, over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from lockpoint.services.errors import Invalid
from lockpoint.services.ports.jobs import JobKind
from lockpoint.web.event_door import EventDoor
from lockpoint.web.forge.events import read_event
from simulator.world.seed import BOB
from tests.commands.run import lockpoint
from tests.web.live_app import FORGE_APP, LiveApp


@pytest.fixture(params=["door", "flask"], autouse=True)
def answered_by(request: pytest.FixtureRequest, live: LiveApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every behaviour holds for the door in front of Flask and for the route behind it."""
    door: Any = live.flask.wsgi_app
    assert isinstance(door, EventDoor)
    if request.param == "flask":
        monkeypatch.setattr(live.flask, "wsgi_app", door._behind)


def send(live: LiveApp, body: object) -> requests.Response:
    headers = {"Authorization": f"Bearer {live.forge_token(module='ep-events')}", "Content-Type": "application/json"}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return live.http.post(f"{live.url}/forge/events", data=data, headers=headers)


def queued(live: LiveApp) -> list[tuple[str, str]]:
    rows = live.database.execute("select task_name, args->>'subject' from procrastinate_jobs where status = 'todo'")
    return sorted((str(kind), str(subject)) for kind, subject in rows.fetchall())


@pytest.fixture
def locked(live: LiveApp) -> Iterator[str]:
    """A file that Alice holds, and nothing waiting."""
    file = live.file(live.page())
    live.lock("alice", file)
    live.settle()
    live.run_jobs(JobKind.GOODBYE)
    live.sql("delete from procrastinate_jobs")
    yield file
    live.sql("delete from procrastinate_jobs")


def event(name: str, **fields: object) -> dict[str, object]:
    return {"eventType": f"avi:confluence:{name}", "atlassianId": BOB, "selfGenerated": False, **fields}


def test_an_overwrite_is_undone_by_its_event(live: LiveApp, locked: str) -> None:
    """Forge's events reach the queue, and the job restores what Alice holds."""
    live.control("sites/acme/upload", account="bob", attachmentId=locked, text="an overwrite")
    live.settle()
    with live.running.world.lock:
        head = live.running.world.sites["acme"].attachments[int(locked)].head
    assert (head.data, head.author_id) == (b"first", live.app_user)


def test_what_the_app_did_itself_is_dropped(live: LiveApp, locked: str) -> None:
    own = event("updated:attachment", attachment={"id": locked}) | {"selfGenerated": True}
    assert send(live, own).status_code == 204
    assert queued(live) == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("updated:attachment", JobKind.RECONCILE),
        ("created:attachment", JobKind.RECONCILE),
        ("trashed:attachment", JobKind.TRASHED),
        ("deleted:attachment", JobKind.TRASHED),
    ],
)
def test_attachment_events_name_files(live: LiveApp, locked: str, name: str, kind: JobKind) -> None:
    """With `att` or without, also without version and container, also below `payload`."""
    subject = f"{locked}:{BOB}" if kind is JobKind.TRASHED else locked
    for number in (locked, f"att{locked}", int(locked)):
        body = event(name, attachment={"id": number})
        for sent in (body, {"payload": body, "retryContext": {"retryCount": 1}}):
            assert send(live, sent).status_code == 204
            assert queued(live) == [(kind.value, subject)]
            live.sql("delete from procrastinate_jobs")


def test_container_and_space_events(live: LiveApp, locked: str) -> None:
    with live.running.world.lock:
        page = live.running.world.sites["acme"].attachments[int(locked)].container_id
    for name, kind in (
        ("moved:page", JobKind.MOVED),
        ("permissions_updated:page", JobKind.RECONCILE),
        ("trashed:blogpost", JobKind.RECONCILE),
    ):
        assert send(live, event(name, content={"id": str(page)})).status_code == 204
        assert queued(live) == [(kind.value, locked)]
        live.sql("delete from procrastinate_jobs")
    assert send(live, event("permissions_updated:space:V2", space={"key": "DS"})).status_code == 204
    assert (JobKind.SWEEP.value, "") in queued(live)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"eventType": 7},
        {"eventType": "avi:forge:uninstalled:app"},
        {"eventType": "avi:jira:updated:issue"},
        event("updated:attachment"),
        event("updated:attachment", attachment={"id": "../1"}),
        event("updated:attachment", attachment={"id": True}),
        event("updated:attachment", attachment={"id": "9" * 30}),
        event("updated:attachment", attachment=["1"]),
        event("updated:attachment", attachment={"id": "424242"}),
    ],
    ids=str,
)
def test_events_that_name_no_locked_file_queue_nothing(live: LiveApp, locked: str, body: dict[str, Any]) -> None:
    assert locked
    assert send(live, body).status_code == 204
    assert queued(live) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"x", b"\xff", b'"text"', b"[" * 100_000])
def test_bodies_that_are_no_object_are_refused(live: LiveApp, body: bytes) -> None:
    assert send(live, body).status_code == 422
    with pytest.raises(Invalid):
        read_event(body)


@pytest.mark.parametrize(
    ("module", "size", "refused"),
    [("page-menu", 2, (401, "unauthorized")), ("ep-events", 256 * 1024 + 1, (413, "too_large"))],
)
def test_refusals_are_those_of_every_route(live: LiveApp, module: str, size: int, refused: tuple[int, str]) -> None:
    """A screen's token is no platform's, and proof comes before the body."""
    headers = {"Authorization": f"Bearer {live.forge_token(module=module)}", "Content-Type": "application/json"}
    answer = live.http.post(f"{live.url}/forge/events", data=b" " * size, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == refused


def test_an_odd_actor_is_nobody(live: LiveApp, locked: str) -> None:
    body = event("trashed:attachment", attachment={"id": locked}) | {"atlassianId": "a b\n"}
    assert send(live, body).status_code == 204
    assert queued(live) == [(JobKind.RECONCILE.value, locked)]


def test_an_event_of_the_other_site_is_no_business_here(live: LiveApp, locked: str) -> None:
    """Ids are those of the token's site: a job of globex cannot be queued from acme."""
    numbers = {live.tenant_id("acme")}
    assert send(live, event("updated:attachment", attachment={"id": locked})).status_code == 204
    rows = live.database.execute("select (args->>'tenant_id')::int from procrastinate_jobs").fetchall()
    assert {row[0] for row in rows} == numbers


def test_events_are_delivered_again_after_a_refusal(live: LiveApp, locked: str) -> None:
    """The first try does not reach the app; a later one counts."""
    with live.running.world.lock:
        (installation,) = live.running.world.sites["acme"].forge.values()
        right, installation.app.remote_url = installation.app.remote_url, "http://127.0.0.1:9"
    live.control("sites/acme/upload", account="bob", attachmentId=locked, text="an overwrite")
    until = time.monotonic() + 10
    while not any(one.tries for one in live.running.world.webhooks.deliveries()) and time.monotonic() < until:
        time.sleep(0.01)
    with live.running.world.lock:
        installation.app.remote_url = right
    live.drain()
    assert (JobKind.RECONCILE.value, locked) in queued(live)


def test_a_goodbye_ends_the_site_when_its_tokens_are_dead(live: LiveApp, locked: str) -> None:
    """And its next installation finds number and lock again: the record in Confluence is signed for the same site."""
    number = live.tenant_id("acme")
    live.control("forge/uninstall", site="acme")
    live.sql("update procrastinate_jobs set scheduled_at = now()")
    assert live.run_jobs(JobKind.GOODBYE) == 1
    gone = "select installed, (select count(*) from forge_token) from installation where id = %s"
    assert live.database.execute(gone, [number]).fetchone() == (False, 0)
    live.control("forge/install", site="acme", appId=FORGE_APP, remoteUrl=live.url)
    live.run_jobs()
    assert live.tenant_id("acme") == number
    lock = live.call("bob", "GET", f"/attachments/{locked}/lock").json()["lock"]
    assert lock["state"] == "other"


def test_a_tick_brings_the_token_that_was_missing_and_wakes_what_waited(live: LiveApp, locked: str) -> None:
    """Gap: no token, so nothing can be asked; the next tick starts a catch-up that undoes what happened meanwhile."""
    live.sql("delete from forge_token")
    live.control("forge/install", site="acme", appId=FORGE_APP, remoteUrl=live.url, announce=False)
    live.control("webhooks/settings", site="acme", loseNext=1)
    live.control("sites/acme/upload", account="bob", attachmentId=locked, text="an overwrite")
    live.drain()
    assert queued(live) == []
    assert live.control("forge/tick", site="acme")["appStatus"] == 204
    live.settle()
    with live.running.world.lock:
        head = live.running.world.sites["acme"].attachments[int(locked)].head
    assert head.data == b"first"


def test_an_operator_can_forget_a_site(live: LiveApp, locked: str) -> None:
    """Its token is erased; a site that still has the app comes back by its next call, with its lock."""
    number = live.tenant_id("acme")
    done = lockpoint(live, "site", "forget", str(number), "--yes")
    assert (done.exit_code, done.output) == (0, "Forgotten.\n")
    gone = "select installed, (select count(*) from forge_token) from installation where id = %s"
    assert live.database.execute(gone, [number]).fetchone() == (False, 0)
    live.control("forge/install", site="acme", appId=FORGE_APP, remoteUrl=live.url)
    live.run_jobs()
    assert live.tenant_id("acme") == number
    assert live.call("bob", "GET", f"/attachments/{locked}/lock").json()["lock"]["state"] == "other"
