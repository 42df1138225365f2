"""The Forge door over HTTP: who gets in, and the main job through it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import requests

from lockpoint.services.ports.jobs import JobKind
from simulator.world.seed import ALICE
from tests.web.live_app import FORGE_APP, SAME_FILE, LiveApp

UNAUTHORIZED = "The request is not signed correctly. Reload the page and try again."


@pytest.fixture(autouse=True)
def other_site(live: LiveApp) -> Iterator[None]:
    """The site at Connect's door keeps its state and rows and gets no call."""
    mark, state, rows = live.mark(), live.site_state("globex"), live.rows_of_site("globex")
    yield
    live.drain()
    assert not live.asked(mark, "globex")
    assert live.site_state("globex") == state
    assert live.rows_of_site("globex") == rows


def post(live: LiveApp, path: str, token: str | None, **headers: str) -> requests.Response:
    given = {**({"Authorization": f"Bearer {token}"} if token else {}), **headers}
    return live.http.post(f"{live.url}/forge{path}", json={}, headers=given)


def stored_tokens(live: LiveApp) -> list[str]:
    return live.rows()["forge_token"]


# The main job


def test_alice_s_lock_protects_from_bob(live: LiveApp) -> None:
    """A lock made at a Forge screen: Bob is refused, his upload undone, and after the release he may lock."""
    file = live.file(live.page())
    lock_id = live.lock("alice", file)
    refused = live.call("bob", "POST", f"/attachments/{file}/lock")
    assert (refused.status_code, refused.json()["error"]) == (409, "already_locked")
    live.control("sites/acme/upload", account="bob", attachmentId=file, text="an overwrite")
    live.work(JobKind.RECONCILE, file)
    with live.running.world.lock:
        head = live.running.world.sites["acme"].attachments[int(file)].head
    assert (head.data, head.author_id) == (b"first", live.app_user)
    released = live.call("alice", "POST", f"/attachments/{file}/lock/release", {"lockId": lock_id})
    assert released.status_code == 200
    live.lock("bob", file)


def test_charlie_may_look_and_not_lock(live: LiveApp) -> None:
    """Rights are checked as the person, by the token of their screen."""
    file = live.file(live.page())
    assert live.call("charlie", "GET", f"/attachments/{file}/lock").status_code == 200
    assert live.call("charlie", "POST", f"/attachments/{file}/lock").status_code == 403


def test_the_other_site_s_lock_on_the_same_id_is_no_business_here(live: LiveApp) -> None:
    """Both sites have a file of this id; Gina holds it on globex."""
    assert live.call("alice", "GET", f"/attachments/{SAME_FILE}/lock").json()["lock"]["state"] == "free"


def test_calls_go_to_the_gateway_with_tokens_of_forge(live: LiveApp) -> None:
    file, mark = live.file(live.page()), live.mark()
    live.lock("alice", file)
    calls = live.asked(mark, "acme")
    assert {call.caller for call in calls} == {"app", "user"}
    assert all(dict(call.request_headers)["Authorization"].startswith("Bearer ") for call in calls)


def test_site_settings_are_app_properties_of_forge(live: LiveApp) -> None:
    """Sam, site admin, changes a setting."""
    known = live.call("sam", "GET", "/settings").json()
    answer = live.call("sam", "PUT", "/settings", {"revision": known["revision"], "copyMode": not known["copyMode"]})
    assert answer.status_code == 200, answer.text
    with live.running.world.lock:
        (installation,) = live.running.world.sites["acme"].forge.values()
        assert "lockpointsite" in installation.properties


def test_health_tells_how_forge_reaches_us(live: LiveApp) -> None:
    """How long the stored token lives, when an event and the hourly call came last, and nothing else of it."""
    live.control("forge/tick", site="acme")
    live.file(live.page())
    live.drain()
    noted = """
        select received_at, expires_at, forge_event_at, forge_tick_at
        from installation join forge_token on tenant_id = id where id = %s
    """
    row = live.database.execute(noted, [live.tenant_id("acme")]).fetchone()
    assert row is not None
    answer = live.call("sam", "GET", "/health").json()
    assert answer["forge"].pop("formerSite") is False
    told = {name: datetime.fromisoformat(moment) for name, moment in answer["forge"].items()}
    kept = dict(zip(("renewedAt", "accessUntil", "lastEventAt", "lastTickAt"), row, strict=True))
    assert set(told) == set(kept)
    assert all(abs(told[name] - kept[name]) < timedelta(seconds=1) for name in kept)
    assert datetime.fromisoformat(answer["serverTime"]) - kept["lastTickAt"] < timedelta(minutes=2)


# Who gets in


def test_a_person_cannot_reach_what_is_the_platform_s(live: LiveApp) -> None:
    """Whatever a screen's token carries: no route of the platform takes it, and its system token is not stored."""
    before = stored_tokens(live)
    at = {"type": "confluence:contentAction", "content": {"id": SAME_FILE}}
    tokens = [
        live.forge_token(module="page-menu", account="alice", extension=at),
        live.forge_token(module="ep-ui", account="alice", extension=at),
        live.forge_token(module="ep-tick", account="alice", extension=at),
        live.forge_token(module="ep-ui", account="alice"),
        live.forge_token(module="macro-export"),
    ]
    for token in tokens:
        for path in ("/tick", "/lifecycle", "/events", "/goodbye"):
            answer = post(live, path, token, **{"x-forge-oauth-system": "invented"})
            assert (answer.status_code, answer.json()["message"]) == (401, UNAUTHORIZED)
    assert stored_tokens(live) == before


def test_the_platform_is_nobody_at_a_screen(live: LiveApp) -> None:
    token = live.forge_token(module="ep-tick")
    answer = live.raw(
        "GET", "/me/preferences", None, headers={"Authorization": f"Bearer {token}"}, below="/forge/api/v1"
    )
    assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized")


@pytest.mark.parametrize(
    "spoiling",
    [
        {"otherKey": True},
        {"algorithm": "none"},
        {"algorithm": "HS256"},
        {"claims": {"aud": "ari:cloud:ecosystem::app/x"}},
        {"app": {"id": "ari:cloud:ecosystem::app/x"}},
        {"claims": {"exp": 1, "iat": 1, "nbf": 1}},
        {"app": {"environment": {"type": "DEVELOPMENT"}}},
        {"app": {"apiBaseUrl": "https://evil.example/ex/confluence/d0d52620-3203-4cfa-8db5-f2587155f0dd"}},
        {"claims": {"icLabel": "ic"}},
        {"claims": {"iss": "forge/context-token"}},
        {"claims": {"jti": None}},
    ],
    ids=str,
)
def test_spoilt_tokens_open_nothing(live: LiveApp, spoiling: dict[str, object]) -> None:
    """Refused without a reason, on every route, and nothing is stored; screens get 403, Forge keeps 401 from them."""
    before = live.rows()
    person = live.forge_token(module="page-menu", account="alice", extension={}, **spoiling)
    api = live.raw("GET", "/me/preferences", None, headers={"Authorization": f"Bearer {person}"}, below="/forge/api/v1")
    platform = live.forge_token(module="ep-tick", **spoiling)
    answers = ((api, 403), (post(live, "/tick", platform), 401), (post(live, "/lifecycle", platform), 401))
    for answer, status in answers:
        assert (answer.status_code, answer.json()) == (status, {"error": "unauthorized", "message": UNAUTHORIZED})
    assert live.rows() == before


def test_connect_s_token_does_not_open_forge_s_door(live: LiveApp) -> None:
    token = live.token("gina", "globex")
    for header in (f"JWT {token}", f"Bearer {token}"):
        answer = live.raw("GET", "/me/preferences", None, headers={"Authorization": header}, below="/forge/api/v1")
        assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized")


def test_forge_s_token_does_not_open_connect_s_door(live: LiveApp) -> None:
    for header in live.forge_headers("alice")["Authorization"], live.forge_headers("alice")["Authorization"][7:]:
        assert live.raw("GET", "/me/preferences", None, headers={"Authorization": header}).status_code == 401


def test_no_answer_invites_other_origins(live: LiveApp) -> None:
    """No CORS: our screens ask through Forge."""
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    answer = live.http.options(f"{live.url}/forge/api/v1/me/preferences", headers=headers)
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


# Tokens that screens bring


def test_a_person_with_somebody_else_s_user_token_acts_as_themselves(live: LiveApp) -> None:
    """Charlie, who may only view, sends Alice's token: asked whose it is, Confluence does not name Charlie."""
    file = live.file(live.page())
    stolen = {"x-forge-oauth-user": live.forge_token("user", account="alice")}
    answer = live.call("charlie", "POST", f"/attachments/{file}/lock", headers=stolen)
    assert answer.status_code == 403


@pytest.mark.usefixtures("specs")
def test_what_was_bought_for_an_absent_person_hides_no_screen_s_token(live: LiveApp) -> None:
    """It has fewer scopes: Dana's screen finds groups although she was impersonated just before."""
    refused = live.call("dana", "GET", "/groups?q=con", headers={"x-forge-oauth-user": ""})
    assert (refused.status_code, refused.json()["error"]) == (503, "busy")
    answer = live.call("dana", "GET", "/groups?q=con")
    assert answer.status_code == 200, answer.text


def test_an_invented_system_token_is_not_stored(live: LiveApp) -> None:
    before = stored_tokens(live)
    file = live.file(live.page())
    invented = {"x-forge-oauth-system": "invented", "x-forge-oauth-user": "invented"}
    assert live.call("alice", "POST", f"/attachments/{file}/lock", headers=invented).status_code == 201
    assert stored_tokens(live) == before


def test_the_stored_token_is_sealed(live: LiveApp) -> None:
    token = live.forge_token("system")
    rows = str(live.rows())
    assert token not in rows
    assert len(stored_tokens(live)) == 1


# The site


def test_the_site_is_known_by_its_cloud_id(live: LiveApp) -> None:
    found = live.database.execute(
        "select client_key, door, base_url, display_url, app_accounts from installation where cloud_id = %s",
        [live.running.world.sites["acme"].cloud_id],
    ).fetchone()
    cloud_id = live.running.world.sites["acme"].cloud_id
    assert found is not None
    assert found[:3] == (f"cloud/{cloud_id}", "forge", "")
    assert found[3] == live.running.sites["acme"].base_url
    assert found[4] == [live.app_user]


def test_a_reinstalled_site_is_the_same_one(live: LiveApp) -> None:
    """Another installation id, the same cloud id: number, locks and name in signatures stay."""
    file = live.file(live.page())
    lock_id, number = live.lock("alice", file), live.tenant_id("acme")
    live.control("forge/install", site="acme", appId=FORGE_APP, remoteUrl=live.url)
    live.run_jobs()
    assert live.tenant_id("acme") == number
    lock = live.call("bob", "GET", f"/attachments/{file}/lock").json()["lock"]
    assert (lock["lockId"], lock["holder"]["accountId"]) == (lock_id, ALICE)
