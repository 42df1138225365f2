"""Fakes and builders for inbound authentication."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Blueprint, Flask, Response, jsonify
from flask.testing import FlaskClient

from lockpoint.app import Shell, create_app
from lockpoint.connect import descriptor, qsh
from lockpoint.connect.inbound import Inbound
from lockpoint.connect.install_keys import InstallKeys, KeyUnavailableError
from lockpoint.connect.signed_install import SignedInstalls
from lockpoint.connect.sites import SiteDirectory
from lockpoint.domain.signed_json import MacKeys
from lockpoint.services.context import Tenant
from lockpoint.services.errors import StorageUnavailable
from lockpoint.services.ports.jobs import Job
from lockpoint.services.ports.locks import Protection
from lockpoint.services.ports.maintenance import Readings
from lockpoint.services.ports.tenancy import Registration
from lockpoint.web.forge.door import ForgeDoor
from lockpoint.web.guards import Guard, current_actor, current_viewer, guarded_by
from lockpoint.web.health import Ping
from tests.fakes.tenancy import FakeInstallations

APP_KEY = "lockpoint"
APP_URL = "https://lockpoint.example.com"
BRIDGE = "https://connect-cdn.example.net/all.js"
ALLOWED = ("*.atlassian.net", "*.jira.com")
START = datetime(2026, 11, 21, 12, tzinfo=UTC)

ACME = "11111111-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
GLOBEX = "22222222-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
ACME_URL = "https://acme.atlassian.net/wiki"
GLOBEX_URL = "https://globex.atlassian.net/wiki"
ACME_SECRET = "acme-secret-acme-secret-acme-secret-acme"
GLOBEX_SECRET = "globex-secret-globex-secret-globex-secret"
ALICE = "557058:11111111-0000-4000-8000-00000000a11c"
BOB = "557058:11111111-0000-4000-8000-000000000b0b"

_numbers = itertools.count()


@dataclass
class FakeTime:
    """Wall and monotonic time are the same."""

    moment: datetime = START

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def seconds(self) -> float:
        return self.moment.timestamp()

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class MemoryWitnesses:
    """Counts its look-ups."""

    held: dict[tuple[int, str], str] = field(default_factory=dict)
    closed: dict[tuple[int, str], Protection] = field(default_factory=dict)
    lookups: int = 0
    down: bool = False

    def held_among(self, tenant: Tenant, attachment_ids: Iterable[str]) -> frozenset[str]:
        self._look()
        return frozenset(item for item in attachment_ids if (tenant.id, item) in self.held)

    def held_in(self, tenant: Tenant, container_ids: Iterable[str]) -> frozenset[str]:
        self._look()
        wanted = set(container_ids)
        return frozenset(item for (site, item), place in self.held.items() if site == tenant.id and place in wanted)

    def marked(self, tenant: Tenant, protections: Iterable[Protection]) -> frozenset[str]:
        self._look()
        wanted = set(protections)
        return frozenset(item for (site, item), mark in self.closed.items() if site == tenant.id and mark in wanted)

    def any(self, tenant: Tenant) -> bool:
        self._look()
        return any(site == tenant.id for site, _ in self.held)

    def _look(self) -> None:
        self.lookups += 1
        if self.down:
            raise StorageUnavailable


@dataclass
class MemoryJobs:
    queue: list[Job] = field(default_factory=list)

    def defer(self, jobs: Sequence[Job]) -> None:
        self.queue.extend(job for job in jobs if job not in self.queue)


@dataclass
class FakeHeldFileJobs:
    witnesses: Any
    jobs: Any

    def defer(self, tenant: Tenant, jobs: Mapping[str, Job]) -> int:
        held = sorted(self.witnesses.held_among(tenant, jobs))
        self.jobs.defer([jobs[file] for file in held])
        return len(held)


@dataclass
class ConnectServices:
    """What Connect's routes use of the services."""

    installations: Any
    witnesses: Any
    jobs: Any
    held_file_jobs: Any
    clock: Any
    tag_keys: MacKeys = field(default_factory=lambda: MacKeys("k", {"k": b"a key of tests"}))
    allowed_hosts: Sequence[str] = ALLOWED
    app_url: str = "https://lockpoint.example.com"
    caches: Sequence[Any] = ()


@cache
def private_key(name: str = "atlassian", bits: int = 2048) -> rsa.RSAPrivateKey:
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def public_pem(key: Any) -> bytes:
    pem: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem


@dataclass
class MemoryKeys:
    """The key hosts in memory."""

    keys: dict[str, rsa.RSAPublicKey] = field(default_factory=lambda: {"kid-1": private_key().public_key()})
    trouble: bool = False
    asked: Counter[str] = field(default_factory=Counter)

    def fetch(self, key_id: str) -> rsa.RSAPublicKey | None:
        self.asked[key_id] += 1
        if self.trouble:
            raise KeyUnavailableError("down")
        return self.keys.get(key_id)


@dataclass
class MemoryInstalls:
    """Keys and install tokens that came; tokens never run out."""

    pems: dict[str, bytes] = field(default_factory=dict)
    bodies: dict[str, bytes] = field(default_factory=dict)

    def find(self, key_id: str) -> bytes | None:
        return self.pems.get(key_id)

    def keep(self, key_id: str, pem: bytes) -> None:
        self.pems[key_id] = pem

    def drop(self, key_id: str) -> None:
        self.pems.pop(key_id, None)

    def fits(self, token: str, body: bytes, seconds: float) -> bool:
        assert seconds > 0
        return self.bodies.setdefault(token, body) == body


def registration(site_key: str = ACME, **changes: Any) -> Registration:
    usual = Registration(
        site_key=site_key,
        base_url=ACME_URL if site_key == ACME else GLOBEX_URL,
        oauth_client_id="oauth-client",
        secret=ACME_SECRET if site_key == ACME else GLOBEX_SECRET,
    )
    return replace(usual, **changes)


@dataclass
class ConnectWorld:
    """A web process and two installed sites."""

    time: FakeTime
    installations: Any
    witnesses: Any
    jobs: Any
    services: Any
    keys: MemoryKeys
    inbound: Inbound
    app: Flask

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def store(self, registration: Registration) -> Tenant:
        with self.installations.change(registration.site_key) as change:
            tenant: Tenant = change.store(registration)
        return tenant

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return valid claims of acme; a change to None omits the claim."""
        now = int(self.time.seconds())
        claims = {"iss": ACME, "iat": now, "exp": now + 180, "sub": ALICE, **changes}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, method: str, target: str, secret: str = ACME_SECRET, **changes: Any) -> str:
        """Return a server or frame token for this address."""
        changes.setdefault("qsh", qsh.request_hash(method, target))
        return jwt.encode(self.claims(**changes), secret, "HS256")

    def context(self, secret: str = ACME_SECRET, **changes: Any) -> str:
        return jwt.encode(self.claims(qsh=changes.pop("qsh", "context-qsh"), **changes), secret, "HS256")

    def signed(
        self,
        target: str,
        *,
        key: Any = None,
        kid: str | None = "kid-1",
        algorithm: str = "RS256",
        headers: Mapping[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """Return the token of a signed install."""
        changes.setdefault("qsh", qsh.request_hash("POST", target))
        claims = self.claims(**{"aud": [APP_URL], "sub": None, "jti": str(next(_numbers)), **changes})
        fields = {**({"kid": kid} if kid is not None else {}), **(headers or {})}
        return jwt.encode(claims, key or private_key(), algorithm, headers=fields)

    def hook(self, event: str, body: Any, *, token: str | None = None, query: str = "") -> Any:
        """Send a webhook; bytes are sent unchanged."""
        target = f"/connect/webhooks/{event}{query}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(
            target,
            data=data,
            headers={"Authorization": f"JWT {token or self.token('POST', target)}"},
            content_type="application/json",
        )


def install_body(site_key: str = ACME, **changes: Any) -> dict[str, Any]:
    body = {
        "key": APP_KEY,
        "clientKey": site_key,
        "sharedSecret": ACME_SECRET,
        "baseUrl": ACME_URL,
        "oauthClientId": "oauth-client",
        "productType": "confluence",
        "eventType": "installed",
        "description": "a field that nobody asked for",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def sample_routes() -> Blueprint:
    """One route for each guard of other folders."""
    routes = Blueprint("sample", __name__)

    @routes.get("/connect/page")
    @guarded_by(Guard.FRAME)
    def page() -> Response:
        viewer = current_viewer()
        return Response(f"<p>{viewer.tenant.site_key} {viewer.account_id}</p>", content_type="text/html")

    @routes.get("/api/v1/things/<thing>")
    @guarded_by(Guard.CONTEXT)
    def read(thing: str) -> Response:
        actor = current_actor()
        return jsonify(thing=thing, site=actor.tenant.site_key, account=actor.account_id)

    @routes.post("/api/v1/things/<thing>")
    @guarded_by(Guard.CONTEXT)
    def write(thing: str) -> Response:
        return read(thing)

    return routes


class FakeGauges:
    """Nothing waits, nothing is locked."""

    def read(self) -> Readings:
        return Readings(waiting={}, oldest_seconds=0.0, parked={}, locks={}, mails_waiting=0)


def make_world(
    *,
    installations: Any = None,
    witnesses: Any = None,
    jobs: Any = None,
    held_file_jobs: Any = None,
    blueprints: Sequence[Blueprint] | None = None,
    webhook_door: bool = True,
    pings: Sequence[Ping] = (),
    forge: ForgeDoor | None = None,
) -> ConnectWorld:
    """Build a web process over these ports or fakes, with acme and globex installed."""
    time = FakeTime()
    installations = installations if installations is not None else FakeInstallations()
    keys, seen = MemoryKeys(), MemoryInstalls()
    inbound = Inbound(
        sites=SiteDirectory(installations, clock=time.seconds),
        signed_installs=SignedInstalls(InstallKeys(keys, seen, clock=time.seconds), seen, APP_KEY, APP_URL),
        app_key=APP_KEY,
        base_url=APP_URL,
        now=time.seconds,
    )
    witnesses = witnesses if witnesses is not None else MemoryWitnesses()
    jobs = jobs if jobs is not None else MemoryJobs()
    held_file_jobs = held_file_jobs or FakeHeldFileJobs(witnesses, jobs)
    services: Any = ConnectServices(installations, witnesses, jobs, held_file_jobs, time, caches=[inbound.sites])
    shell = Shell(
        gauges=FakeGauges(),
        inbound=inbound,
        descriptor=descriptor.build(app_key=APP_KEY, base_url=APP_URL, licensing=False),
        services=services,
        pings=pings,
        blueprints=[sample_routes()] if blueprints is None else blueprints,
        connect_js_url=BRIDGE,
        forge=forge,
    )
    app: Any = create_app(shell)
    if not webhook_door:
        app.wsgi_app = app.wsgi_app._behind
    world = ConnectWorld(time, installations, witnesses, jobs, services, keys, inbound, app)
    world.store(registration(ACME))
    world.store(registration(GLOBEX))
    return world
