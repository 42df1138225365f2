"""Response headers on every route and status."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Blueprint, Response, request

from lockpoint.services import errors
from lockpoint.services.context import Tenant
from lockpoint.web.errors import STATUS_OF_CODE
from lockpoint.web.guards import Guard, guarded_by
from lockpoint.web.headers import NOTHING, origin_of, origins_of, page_policy
from lockpoint.web.health import Ping
from tests.fakes.connect import (
    ACME,
    ACME_URL,
    GLOBEX,
    GLOBEX_SECRET,
    ConnectWorld,
    make_world,
    registration,
    sample_routes,
)


class Boom(Exception): ...


RAISED: dict[str, tuple[Exception, int, str]] = {
    "Invalid": (errors.Invalid("no"), 422, "invalid_request"),
    "NotFound": (errors.NotFound("no"), 404, "not_found"),
    "AlreadyLocked": (errors.AlreadyLockedError("no", details={"lock": {"state": "other"}}), 409, "already_locked"),
    "LockLost": (errors.LockLostError("no"), 412, "lock_lost"),
    "Ending": (errors.EndingError("no", details={"retryAfter": 12.2}), 409, "ending"),
    "Busy": (errors.Busy("no"), 503, "busy"),
    "gone": (errors.GoneOrInvisible("acme's secret file.xlsx"), 404, "not_found"),
    "host forbids": (errors.Forbidden("x"), 403, "forbidden"),
    "host refuses us": (errors.Unauthorised("x"), 403, "forbidden"),
    "lost race": (errors.LostRace("x"), 503, "busy"),
    "quota": (errors.QuotaExceeded("x", 77), 503, "busy"),
    "host down": (errors.HostUnavailable("https://acme.atlassian.net?jwt=secret"), 503, "busy"),
    "bad answer": (errors.BadAnswer("x"), 503, "busy"),
    "operation removed": (errors.OperationRemoved("x"), 503, "busy"),
    "storage": (errors.StorageUnavailable("postgresql://user:password@host"), 503, "busy"),
    "boom": (Boom("budget.xlsx of alice@example.com"), 500, "internal_error"),
}


def failing_routes() -> Blueprint:
    routes = Blueprint("failing", __name__)

    @routes.get("/fail/<name>")
    @guarded_by(Guard.PUBLIC)
    def fail(name: str) -> Response:
        raise RAISED[name][0]

    @routes.post("/upload")
    @guarded_by(Guard.PUBLIC)
    def upload() -> Response:
        return Response(str(len(request.get_data())))

    return routes


@pytest.fixture
def world() -> ConnectWorld:
    return make_world(blueprints=[sample_routes(), failing_routes()])


def assert_safe(answer: Any) -> None:
    headers = answer.headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in headers["Cache-Control"]
    assert "no-cache" in headers["Cache-Control"]
    assert "X-Frame-Options" not in headers
    assert "Set-Cookie" not in headers
    assert "Access-Control-Allow-Origin" not in headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "frame-ancestors " in policy
    if answer.mimetype != "text/html":
        assert policy == NOTHING


METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")
PATHS = (
    "/",
    "/atlassian-connect.json",
    "/healthz",
    "/readyz",
    "/metrics",
    "/connect/installed",
    "/connect/uninstalled",
    "/connect/enabled",
    "/connect/disabled",
    "/connect/webhooks/attachment_updated",
    "/connect/webhooks/nothing",
    "/connect/page",
    "/connect/page/",
    "",
    "//connect//page",
    "/connect//page",
    "/api/v1/things/1",
    "/nothing",
    "/fail/boom",
    "/..%2f..%2fetc/passwd",
    "/%00",
)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", PATHS)
def test_every_route_and_method_without_a_token(world: ConnectWorld, path: str, method: str) -> None:
    """Every answer has all headers, no redirect, and the one error body."""
    # The environment takes the path unchanged: the test client reads `//connect` as a host.
    answer = world.client.open("/", method=method, environ_overrides={"PATH_INFO": path, "REQUEST_URI": path})
    assert_safe(answer)
    assert answer.status_code in {200, 401, 404, 405, 500}
    if answer.status_code >= 400 and method != "HEAD":
        body = answer.get_json()
        assert set(body) == {"error", "message"}
        assert STATUS_OF_CODE[body["error"]] == answer.status_code
    if answer.status_code == 405:
        assert answer.headers["Allow"]


@pytest.mark.parametrize("name", RAISED)
def test_every_failure_has_its_answer(world: ConnectWorld, name: str) -> None:
    """L-63: the error's own text stays inside."""
    error, status, code = RAISED[name]
    answer = world.client.get(f"/fail/{name}")
    assert_safe(answer)
    assert (answer.status_code, answer.get_json()["error"]) == (status, code)
    if not isinstance(error, errors.UseCaseError):
        assert str(error) not in answer.get_data(as_text=True) or len(str(error)) < 2
    assert ("Retry-After" in answer.headers) is (code in {"busy", "ending"})


def test_details_of_an_error(world: ConnectWorld) -> None:
    """Details stand beside code and message; Retry-After is whole seconds."""
    assert world.client.get("/fail/AlreadyLocked").get_json()["lock"] == {"state": "other"}
    assert world.client.get("/fail/Ending").headers["Retry-After"] == "13"
    assert world.client.get("/fail/quota").headers["Retry-After"] == "77"


def test_details_cannot_replace_the_code(world: ConnectWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    sly = errors.NotFound("gone", details={"error": "ok", "message": "fine", "x": 1})
    monkeypatch.setitem(RAISED, "sly", (sly, 404, "not_found"))
    assert world.client.get("/fail/sly").get_json() == {"error": "not_found", "message": "gone", "x": 1}


def test_a_large_body_is_refused(world: ConnectWorld) -> None:
    """Above 256 KB."""
    assert world.client.post("/upload", data=b"x" * 262_144).status_code == 200
    answer = world.client.post("/upload", data=b"x" * 262_145)
    assert_safe(answer)
    assert (answer.status_code, answer.get_json()["error"]) == (413, "too_large")


def frame(world: ConnectWorld, secret: str | None = None, **claims: Any) -> Any:
    arguments = {"secret": secret} if secret else {}
    return world.client.get(f"/connect/page?jwt={world.token('GET', '/connect/page', **arguments, **claims)}")


def test_a_page_is_framed_by_its_own_site_only(world: ConnectWorld) -> None:
    """The policy names the verified site's origin and custom domain only."""
    world.store(registration(display_url="https://wiki.acme.com/"))
    answer = frame(world)
    assert answer.status_code == 200
    assert_safe(answer)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://acme.atlassian.net https://wiki.acme.com")
    assert "script-src 'self' https://connect-cdn.example.net;" in policy
    other = frame(world, GLOBEX_SECRET, iss=GLOBEX).headers["Content-Security-Policy"]
    assert other.endswith("frame-ancestors https://globex.atlassian.net")


def test_the_front_page_is_framed_by_nobody(world: ConnectWorld) -> None:
    assert "frame-ancestors 'none'" in world.client.get("/").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (ACME_URL, "https://acme.atlassian.net"),
        ("http://localhost:8080/wiki", "http://localhost:8080"),
        ("http://acme.atlassian.net", None),
        ("https://a.com; script-src *", None),
        ("https://a.com\r\nX: y", None),
        ("https://*.com", None),
        ("https://a..com", None),
        (f"https://{'a' * 64}.com", None),
        ("https://user@a.com", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("", None),
    ],
)
def test_only_plain_origins_get_into_a_header(url: str, origin: str | None) -> None:
    """Only scheme, host and port of an address can enter a header."""
    assert origin_of(url) == origin


def test_a_site_without_a_plain_origin_frames_nothing() -> None:
    assert origins_of(Tenant(1, ACME, "ftp://x", "nonsense")) == ()
    assert page_policy(None, ()).endswith("frame-ancestors 'none'")


def test_ready_or_not() -> None:
    """F33: `/readyz` names the unavailable neighbours without the cause; `/healthz` does not ask them."""

    def down() -> None:
        raise ConnectionError("postgresql://user:password@host/db")

    client = make_world(pings=[Ping("postgres", down), Ping("redis", lambda: None)]).client
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (
        503,
        {"status": "unavailable", "unwell": ["postgres"], "degraded": []},
    )
    assert client.get("/healthz").get_json() == {"status": "ok"}
    assert make_world().client.get("/readyz").status_code == 200


def test_without_a_neighbour_that_is_not_needed_a_process_is_ready() -> None:
    """E2: it says what is missing."""

    def away() -> None:
        raise ConnectionError("rediss://:password@host")

    client = make_world(pings=[Ping("postgres", lambda: None), Ping("redis", away, needed=False)]).client
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (
        200,
        {"status": "degraded", "unwell": [], "degraded": ["redis"]},
    )


def test_metrics_hold_no_customer(world: ConnectWorld) -> None:
    """Labels are our own words: no site, person or file."""
    world.hook("attachment_updated", {"attachments": [{"id": "424242"}]})
    world.client.get("/api/v1/things/1")
    text = world.client.get("/metrics").get_data(as_text=True)
    assert 'lockpoint_hints_total{event="attachment_updated",outcome="not_locked"}' in text
    assert 'lockpoint_tokens_refused_total{guard="context",reason="missing"}' in text
    for secret in (ACME, GLOBEX, "acme", "424242"):
        assert secret not in text
