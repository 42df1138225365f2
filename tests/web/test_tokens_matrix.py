"""The token matrix: every kind of token on every kind of route, and every defect on every place that accepts it.

The cases are made by combination, not written one by one; each runs against the real application. A case says which
token goes where and whether it may pass; nothing passes but the right kind, whole, on its own route.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jwt
import pytest
import structlog.testing
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from lockpoint.connect import qsh
from tests.fakes.connect import (
    ACME,
    ACME_SECRET,
    ALICE,
    APP_URL,
    BOB,
    GLOBEX,
    GLOBEX_SECRET,
    START,
    ConnectWorld,
    install_body,
    make_world,
    private_key,
    public_pem,
    registration,
)

NEW_SECRET = "acme-new-secret-acme-new-secret-acme-new-0"
NOW = int(START.timestamp())
UNAUTHORIZED = {
    "error": "unauthorized",
    "message": "The request is not signed correctly. Reload the page and try again.",
}
GUEST = {**UNAUTHORIZED, "message": "Lockpoint is for people with an account. Log in to Confluence and try again."}


@dataclass(frozen=True)
class Route:
    """One route and where its token travels."""

    name: str
    method: str
    target: str
    kind: str
    passed: int

    @property
    def in_query(self) -> bool:
        return self.kind == "frame"


ROUTES = [
    Route("installed", "POST", "/connect/installed", "install", 204),
    Route("uninstalled", "POST", "/connect/uninstalled", "install", 204),
    Route("enabled", "POST", "/connect/enabled?lic=none", "server", 204),
    Route("disabled", "POST", "/connect/disabled?lic=none", "server", 204),
    Route("webhook", "POST", "/connect/webhooks/attachment_updated?lic=none", "server", 204),
    Route("page", "GET", "/connect/page?pageId=98311&spaceKey=DS&xdm_e=https%3A%2F%2Facme.atlassian.net", "frame", 200),
    Route("api read", "GET", "/api/v1/things/7?limit=5", "context", 200),
    Route("api write", "POST", "/api/v1/things/7", "context", 200),
]
PUBLIC = ["/atlassian-connect.json", "/", "/healthz", "/readyz", "/metrics"]


@dataclass(frozen=True)
class Sent:
    """What a case sends: tokens by place, the target, and the body of lifecycle calls."""

    header: str | None = None
    query: str | None = None
    target: str | None = None
    body: Any = None


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims_of(route: Route, **changes: Any) -> dict[str, Any]:
    hashed = "context-qsh" if route.kind == "context" else qsh.request_hash(route.method, route.target)
    usual: dict[str, Any] = {"iss": ACME, "iat": NOW, "exp": NOW + 180, "qsh": hashed, "sub": ALICE}
    if route.kind == "install":
        usual["aud"] = [APP_URL]
    usual.update(changes)
    return {name: value for name, value in usual.items() if value is not None}


def sign(route: Route, claims: dict[str, Any], headers: dict[str, Any] | None = None) -> str:
    if route.kind == "install":
        return jwt.encode(claims, private_key(), "RS256", headers={"kid": "kid-1", **(headers or {})})
    return jwt.encode(claims, ACME_SECRET, "HS256", headers=headers)


def good(route: Route, headers: dict[str, Any] | None = None, **changes: Any) -> str:
    return sign(route, claims_of(route, **changes), headers)


def place(route: Route, token: str, **more: Any) -> Sent:
    return Sent(query=token, **more) if route.in_query else Sent(header=token, **more)


def by_hand(route: Route, header: bytes, payload: bytes | None = None) -> str:
    """A token with exactly this header, signed with the right key of its kind."""
    body = payload if payload is not None else json.dumps(claims_of(route)).encode()
    text = f"{b64(header)}.{b64(body)}"
    if route.kind == "install":
        return f"{text}.{b64(private_key().sign(text.encode(), PKCS1v15(), SHA256()))}"
    return f"{text}.{b64(hmac.new(ACME_SECRET.encode(), text.encode(), hashlib.sha256).digest())}"


def other_family(route: Route) -> str:
    """A token of the other algorithm, with the strongest key an attacker may have for it."""
    if route.kind == "install":
        header = b64(b'{"alg":"HS256","typ":"JWT","kid":"kid-1"}')
        text = f"{header}.{b64(json.dumps(claims_of(route)).encode())}"
        return f"{text}.{b64(hmac.new(public_pem(private_key()), text.encode(), hashlib.sha256).digest())}"
    return jwt.encode(claims_of(route), private_key(), "RS256", headers={"kid": "kid-1"})


def alg(route: Route) -> str:
    return "RS256" if route.kind == "install" else "HS256"


def flipped(token: str) -> str:
    first, _, signature = token.rpartition(".")
    return f"{first}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"


def last_bit(token: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


def elsewhere(route: Route, target: str) -> str | None:
    """The hash of another address; None where the hash is fixed."""
    return None if route.kind == "context" else qsh.request_hash(route.method, target)


Make = Callable[[Route], Sent | None]

DEFECTS: dict[str, Make] = {
    "missing": lambda _r: Sent(),
    "empty": lambda r: place(r, ""),
    "alg none": lambda r: place(r, jwt.encode(claims_of(r), "", "none")),
    "alg none with signature": lambda r: place(r, by_hand(r, b'{"alg":"none","typ":"JWT","kid":"kid-1"}')),
    "other length": lambda r: place(
        r,
        jwt.encode(claims_of(r), private_key(), "RS384", headers={"kid": "kid-1"})
        if r.kind == "install"
        else jwt.encode(claims_of(r), ACME_SECRET + "0" * 40, "HS384"),
    ),
    "other family": lambda r: place(r, other_family(r)),
    "alg in other case": lambda r: place(r, by_hand(r, json.dumps({"alg": alg(r).lower(), "kid": "kid-1"}).encode())),
    "alg missing": lambda r: place(r, by_hand(r, b'{"typ":"JWT","kid":"kid-1"}')),
    "alg twice": lambda r: place(r, by_hand(r, f'{{"alg":"none","alg":"{alg(r)}","kid":"kid-1"}}'.encode())),
    "claims twice": lambda r: place(
        r,
        by_hand(
            r,
            json.dumps({"alg": alg(r), "kid": "kid-1"}).encode(),
            json.dumps(claims_of(r)).encode()[:-1] + b',"sub":"557058:mallory"}',
        ),
    ),
    "signature changed": lambda r: place(r, flipped(good(r))),
    "signature's last bit changed": lambda r: place(r, last_bit(good(r))),
    "signature empty": lambda r: place(r, good(r).rpartition(".")[0] + "."),
    "signature of another token": lambda r: place(
        r, good(r).rpartition(".")[0] + "." + good(r, sub=BOB).rpartition(".")[2]
    ),
    "cut": lambda r: place(r, good(r)[:-12]),
    "cut in the claims": lambda r: place(r, good(r)[:60]),
    "something before": lambda r: place(r, "a" + good(r)),
    "100 KB": lambda r: place(r, good(r, pad="x" * 100_000)),
    "other tenant's secret": lambda r: (
        None if r.kind == "install" else place(r, jwt.encode(claims_of(r), GLOBEX_SECRET, "HS256"))
    ),
    "other tenant as issuer": lambda r: place(r, good(r, iss=GLOBEX)),
    "unknown issuer": lambda r: place(r, good(r, iss="33333333-cccc-4ccc-8ccc-cccccccccccc")),
    "issuer missing": lambda r: place(r, good(r, iss=None)),
    "our app as issuer": lambda r: place(r, good(r, iss="lockpoint")),
    "audience of another app": lambda r: place(r, good(r, aud="https://evil.example.com")),
    "audience around ours": lambda r: place(r, good(r, aud=APP_URL + ".evil.example.com")),
    "audience a part of ours": lambda r: place(r, good(r, aud=APP_URL[:-4])),
    "audience a list of others": lambda r: place(r, good(r, aud=["https://evil.example.com", "x"])),
    "exp past": lambda r: place(r, good(r, exp=NOW - 31, iat=NOW - 200)),
    "exp missing": lambda r: place(r, good(r, exp=None)),
    "exp text": lambda r: place(
        r,
        by_hand(
            r,
            json.dumps({"alg": alg(r), "kid": "kid-1"}).encode(),
            json.dumps(claims_of(r, exp=str(NOW + 180))).encode(),
        ),
    ),
    "exp in ten years": lambda r: place(r, good(r, exp=NOW + 10 * 365 * 86400)),
    "iat future": lambda r: place(r, good(r, iat=NOW + 60, exp=NOW + 180)),
    "iat missing": lambda r: place(r, good(r, iat=None)),
    "nbf future": lambda r: place(r, good(r, nbf=NOW + 60)),
    "qsh missing": lambda r: place(r, good(r, qsh=None)),
    "qsh empty": lambda r: place(r, good(r, qsh="")),
    "qsh of other path": lambda r: place(r, good(r, qsh=elsewhere(r, "/connect/other") or "context-qsh2")),
    "qsh of other query": lambda r: place(r, good(r, qsh=elsewhere(r, r.target + "&a=1") or "no-context-qsh")),
    "qsh of other method": lambda r: place(
        r, good(r, qsh=qsh.request_hash("PUT", r.target) if r.kind != "context" else "CONTEXT-QSH")
    ),
    "extra parameter": lambda r: (
        None
        if r.kind == "context"
        else place(r, good(r), target=r.target + ("&" if "?" in r.target else "?") + "admin=true")
    ),
    "fixed and computed hash swapped": lambda r: place(
        r, good(r, qsh="context-qsh" if r.kind != "context" else qsh.request_hash(r.method, r.target))
    ),
    "account no account": lambda r: place(r, good(r, sub="../../admin")),
    "account missing": lambda r: place(r, good(r, sub=None)) if r.kind == "context" else None,
    "header and query differ": lambda r: Sent(header=good(r), query=good(r, sub=BOB)),
    "header and junk in the query": lambda r: Sent(header=good(r), query="junk"),
    "two in the query": lambda r: (
        Sent(query=good(r) + "&jwt=" + good(r, sub=BOB)) if r.kind in {"frame", "install"} else None
    ),
    "in the wrong place": lambda r: (
        None if r.kind == "install" else (Sent(header=good(r)) if r.in_query else Sent(query=good(r)))
    ),
    "as a bearer": lambda r: None if r.in_query else Sent(header="Bearer:" + good(r)),
    "two headers joined": lambda r: None if r.in_query else Sent(header=f"{good(r)},JWT {good(r)}"),
    "crit": lambda r: place(r, good(r, {"crit": ["x"], "x": 1})),
    **{
        f"kid {name}": (lambda r, kid=kid: place(r, good(r, {"kid": kid})) if r.kind == "install" else None)
        for name, kid in {
            "unknown": "kid-404",
            "with a slash": "kid/1",
            "with dots": "../kid-1",
            "escaped": "kid%2f1",
            "with a newline": "kid-1\n",
            "of 10 KB": "k" * 10_240,
            "empty": "",
        }.items()
    },
    "kid missing": lambda r: (
        place(r, jwt.encode(claims_of(r), private_key(), "RS256")) if r.kind == "install" else None
    ),
    "key of another pair": lambda r: (
        place(r, jwt.encode(claims_of(r), private_key("mallory"), "RS256", headers={"kid": "kid-1"}))
        if r.kind == "install"
        else None
    ),
    "body of another site": lambda r: (
        place(r, good(r), body=install_body(clientKey=GLOBEX)) if r.kind == "install" else None
    ),
    "body of another app": lambda r: (
        place(r, good(r), body=install_body(key="other-app")) if r.kind == "install" else None
    ),
    "body of another product": lambda r: (
        place(r, good(r), body=install_body(productType="jira")) if r.kind == "install" else None
    ),
    "body with two client keys": lambda r: (
        place(r, good(r), body=json.dumps(install_body()).encode()[:-1] + b', "clientKey": "x"}')
        if r.kind == "install"
        else None
    ),
    "body no JSON": lambda r: place(r, good(r), body=b"<html>") if r.kind == "install" else None,
    "body a list": lambda r: place(r, good(r), body=b"[]") if r.kind == "install" else None,
}

FINE: dict[str, Make] = {
    "whole": lambda r: place(r, good(r)),
    "exp past, within the leeway": lambda r: place(r, good(r, exp=NOW - 20, iat=NOW - 200)),
    "iat ahead, within the leeway": lambda r: place(r, good(r, iat=NOW + 20)),
    "nbf past": lambda r: place(r, good(r, nbf=NOW - 10)),
    "other user": lambda r: place(r, good(r, sub=BOB)),
    "audience a list with ours first": lambda r: place(r, good(r, aud=[APP_URL, "other"])),
    "audience ours as text": lambda r: place(r, good(r, aud=APP_URL)),
    "nobody": lambda r: place(r, good(r, sub=None)) if r.kind != "context" else None,
    "scheme in other case": lambda r: None if r.in_query else Sent(header="\0" + good(r)),
    "same token twice": lambda r: None if r.kind == "context" else Sent(header=good(r), query=good(r)),
    "unknown claims": lambda r: place(r, good(r, context={"user": {"accountId": BOB}}, jti="1")),
    "in the query": lambda r: Sent(query=good(r)) if r.kind == "install" else None,
}


def send(world: ConnectWorld, route: Route, sent: Sent) -> Any:
    target = sent.target or route.target
    if sent.query is not None:
        target += ("&" if "?" in target else "?") + f"jwt={sent.query}"
    headers = {}
    if sent.header is not None:
        lower = sent.header.startswith("\0")
        headers["Authorization"] = f"{'jwt' if lower else 'JWT'} {sent.header.lstrip(chr(0))}"
    body = None
    if route.method == "POST":
        body = sent.body if sent.body is not None else (install_body() if route.kind == "install" else {})
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return world.client.open(
        target, method=route.method, headers=headers, data=body, content_type="application/json" if body else None
    )


def snapshot(world: ConnectWorld) -> tuple[Any, ...]:
    stored = world.installations
    return dict(stored.rows), list(stored.events), list(stored.jobs), list(world.jobs.queue)


def assert_refused(world: ConnectWorld, route: Route, sent: Sent) -> None:
    before = snapshot(world)
    with structlog.testing.capture_logs() as logs:
        answer = send(world, route, sent)
    assert answer.status_code == 401, answer.get_data(as_text=True)
    assert "WWW-Authenticate" not in answer.headers
    assert snapshot(world) == before
    lines = [line for line in logs if line["event"] == "token_refused"]
    assert len(lines) == 1
    assert lines[0]["reason"]
    assert answer.get_json() == (GUEST if lines[0]["reason"] == "no_account" else UNAUTHORIZED)
    written = repr(logs)
    parts = [part for token in (sent.header, sent.query) if token for part in token.split(".") if len(part) > 10]
    assert not any(part in written for part in parts)
    assert ACME not in written


@pytest.fixture(scope="module")
def shared() -> ConnectWorld:
    """One world for all that is refused, since nothing of it may change."""
    return make_world()


def cases(table: dict[str, Make]) -> list[Any]:
    """Every route with everything of the table that makes sense there."""
    made = [(route, name, make(route)) for route in ROUTES for name, make in table.items()]
    return [pytest.param(route, sent, id=f"{route.name}: {name}") for route, name, sent in made if sent is not None]


@pytest.mark.parametrize(("route", "sent"), cases(DEFECTS))
def test_defects(shared: ConnectWorld, route: Route, sent: Sent) -> None:
    """A defect on a legal place is refused: 401, one body, nothing changed, one log line with a reason and no token."""
    assert_refused(shared, route, sent)


@pytest.mark.parametrize(("route", "sent"), cases(FINE))
def test_no_wrong_rejects(route: Route, sent: Sent) -> None:
    """What is whole passes, with everything that the rules allow."""
    assert send(make_world(), route, sent).status_code == route.passed


KINDS: dict[str, Callable[[Route], str]] = {
    "frame or server": lambda r: sign(replace(r, kind="server"), claims_of(replace(r, kind="server"))),
    "context": lambda r: sign(replace(r, kind="context"), claims_of(replace(r, kind="context"))),
    "install": lambda r: sign(replace(r, kind="install"), claims_of(replace(r, kind="install"))),
    "our own call": lambda r: jwt.encode(
        {"iss": "lockpoint", "iat": NOW, "exp": NOW + 180, "qsh": qsh.request_hash(r.method, r.target)},
        ACME_SECRET,
        "HS256",
    ),
    "session": lambda _r: jwt.encode(
        {"iss": "lockpoint", "aud": [ACME], "sub": ALICE, "iat": NOW, "exp": NOW + 900}, ACME_SECRET, "HS256"
    ),
    "assertion": lambda _r: jwt.encode(
        {"iss": "urn:atlassian:connect:clientid:oauth-client", "sub": ALICE, "iat": NOW, "exp": NOW + 60},
        ACME_SECRET,
        "HS256",
    ),
}
BELONGS = {"frame or server": {"frame", "server"}, "context": {"context"}, "install": {"install"}}


@pytest.mark.parametrize("where", ["header", "query"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])
def test_only_the_diagonal_passes(shared: ConnectWorld, route: Route, kind: str, where: str) -> None:
    """A token of one kind passes on routes of that kind and in that kind's place, and nowhere else."""
    token = KINDS[kind](route)
    sent = Sent(query=token) if where == "query" else Sent(header=token)
    right_place = route.kind == "install" or (where == "query") == route.in_query
    if route.kind in BELONGS.get(kind, set()) and right_place:
        assert send(make_world(), route, sent).status_code == route.passed
    else:
        assert_refused(shared, route, sent)


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("junk", [None, "JWT junk", "JWT a.b.c", "Basic x"])
def test_public_routes_ask_for_nothing(path: str, junk: str | None) -> None:
    """Public routes answer everybody alike."""
    headers = {"Authorization": junk} if junk else {}
    assert make_world().client.get(path, headers=headers).status_code == 200


STATES = [route for route in ROUTES if route.kind != "install"]


@pytest.mark.parametrize("route", STATES, ids=[route.name for route in STATES])
@pytest.mark.parametrize(("seconds", "passes"), [(0, True), (100, True), (179, True), (181, False), (86_400, False)])
def test_the_previous_secret(route: Route, seconds: float, passes: bool) -> None:
    """After a new secret the previous one is accepted for three minutes and no longer; the new one at once."""
    world = make_world()
    send(world, route, Sent(header=good(route)) if not route.in_query else Sent(query=good(route)))
    changed_at = world.time.now()
    world.store(registration(secret=NEW_SECRET, previous_secret=ACME_SECRET, secret_changed_at=changed_at))
    fresh = claims_of(route)
    assert send(world, route, place(route, jwt.encode(fresh, NEW_SECRET, "HS256"))).status_code == route.passed
    world.time.advance(seconds)
    late = claims_of(route, iat=NOW + int(seconds), exp=NOW + int(seconds) + 180)
    world.store(registration(secret=NEW_SECRET, previous_secret=ACME_SECRET, secret_changed_at=changed_at))
    answer = send(world, route, place(route, jwt.encode(late, ACME_SECRET, "HS256")))
    assert answer.status_code == (route.passed if passes else 401)


@pytest.mark.parametrize("route", STATES, ids=[route.name for route in STATES])
@pytest.mark.parametrize("changes", [{"installed": False, "secret": None}, {"installed": False}, {"secret": None}])
def test_an_uninstalled_site_is_nobody(route: Route, changes: dict[str, Any]) -> None:
    """Traffic of a site that is uninstalled is refused, also when the secret should still be there."""
    world = make_world()
    world.store(registration(**changes))
    assert_refused(world, route, place(route, good(route)))


@pytest.mark.parametrize("route", STATES, ids=[route.name for route in STATES])
def test_a_disabled_site(route: Route) -> None:
    """Where the app is disabled pages and API say so; server calls are still taken, since one of them enables it."""
    world = make_world()
    world.store(registration(enabled=False))
    answer = send(world, route, place(route, good(route)))
    assert answer.status_code == (204 if route.kind == "server" else 403)


def test_size_of_the_matrix() -> None:
    """The matrix has the size that was asked for: at least four hundred cases."""
    assert len(cases(DEFECTS)) + len(cases(FINE)) + 2 * len(ROUTES) * len(KINDS) >= 400
